"""Exports the chroma networks to ONNX (8-bit and 16-bit) with their descriptors, checked in ONNX Runtime.

The check runs `check-chroma-export.mjs` with Node.js: results must equal PyTorch's within one code value, and tiles must
equal the whole frame exactly. Files are replaced only when the check has passed.
"""

import hashlib
import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import onnx
import torch

from chroma_network import ChromaUpscaler, count_parameters
from chroma_onnx import build_graph
from chroma_resampling import SITINGS
from export import PEAK_10_BIT

TEST_SIZE = (90, 124)  # chroma rows and columns, without halo


def load_average(checkpoint: Path) -> ChromaUpscaler:
    """The averaged weights of a checkpoint, ready for inference."""
    network = ChromaUpscaler()
    network.load_state_dict(torch.load(checkpoint, map_location="cpu")["average"])
    return network.eval()


def upscale(network: ChromaUpscaler, luma: np.ndarray, chroma: np.ndarray, siting: str, peak: int) -> np.ndarray:
    """One whole frame in PyTorch, its border replicated.

    Shape: integers [2h, 2w] and [2, h, w] -> [2, 2h, 2w].
    """
    halo = network.shape.halo_pixels
    seen = np.pad(luma.astype(np.float32), 2 * halo, mode="edge")[None, None]
    source = np.pad(chroma.astype(np.float32), ((0, 0), (halo, halo), (halo, halo)), mode="edge")[None]
    with torch.no_grad():
        result = network(torch.from_numpy(seen) / peak, torch.from_numpy(source) / peak, siting)[0].numpy()
    return np.floor(np.clip(result, 0, 1) * peak + 0.5).astype(chroma.dtype)


def check_in_runtime(network: ChromaUpscaler, siting: str, folder: Path, names: dict[str, str], node: str) -> None:
    """Compare the exported files with PyTorch, in ONNX Runtime."""
    generator = np.random.default_rng(7)
    height, width = TEST_SIZE
    rows, columns = np.mgrid[: 2 * height, : 2 * width]
    waves = 0.5 + 0.3 * np.sin(rows / 5) * np.cos(columns / 7)
    luma = waves + 0.15 * generator.standard_normal(waves.shape)
    chroma = waves[None, ::2, ::2] * [[[0.8]], [[1.1]]] + 0.1 * generator.standard_normal((2, height, width))
    for kind, (peak, dtype) in {"u8": (255, np.uint8), "u16": (PEAK_10_BIT, np.uint16)}.items():
        planes = [np.rint(np.clip(plane, 0, 1) * peak).astype(dtype) for plane in (luma, chroma)]
        (folder / "frame.raw").write_bytes(b"".join(plane.tobytes() for plane in planes))
        upscale(network, *planes, siting, peak).tofile(folder / "expected.raw")
        script = Path(__file__).with_name("check-chroma-export.mjs")
        facts = [str(value) for value in (height, width, network.shape.halo_pixels, peak)]
        subprocess.run([node, str(script), str(folder), names[kind], kind, *facts], check=True)


def export(checkpoint: Path, models: Path, node: str) -> None:
    """Write each siting's ONNX files and descriptor, checked."""
    network = load_average(checkpoint)
    models.mkdir(parents=True, exist_ok=True)
    for siting in SITINGS:
        network_id = f"chroma-{siting}-x2"
        names = {"u8": f"{network_id}.onnx", "u16": f"{network_id}.u16.onnx"}
        with tempfile.TemporaryDirectory(dir=models, prefix=".export-") as scratch:
            folder, files = Path(scratch), {}
            for kind, bits in {"u8": 8, "u16": 16}.items():
                onnx.save(build_graph(network, siting, bits), folder / names[kind])
                content = (folder / names[kind]).read_bytes()
                digest = hashlib.sha256(content).hexdigest()
                files[kind] = {"name": names[kind], "sha256": digest, "sizeBytes": len(content)}
            check_in_runtime(network, siting, folder, names, node)
            descriptor = {
                "kind": "chroma",
                "id": network_id,
                "title": f"Chroma, {siting} siting, 2x",
                "scale": 2,
                "siting": siting,
                "haloPixels": network.shape.halo_pixels,
                "sizeMultiple": 1,
                "parameters": count_parameters(network, siting),
                "macsPerInputPixel": network.shape.macs_per_input_pixel,
                "licence": "Apache-2.0",
                "files": files,
            }
            (folder / f"{network_id}.json").write_text(json.dumps(descriptor, indent=2) + "\n")
            for name in (*names.values(), f"{network_id}.json"):
                (folder / name).replace(models / name)
