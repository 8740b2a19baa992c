"""Exports a checkpoint to ONNX (8-bit and 16-bit luma) with its descriptor, and checks the files in ONNX Runtime.

The check runs `check-export.mjs` with Node.js: results must equal PyTorch's within one code value, and tiles must
equal the whole frame exactly. Files are replaced only when the check has passed.
"""

import argparse
import hashlib
import json
import os
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import onnx
import torch

from networks import SHAPES, LumaUpscaler, count_parameters, flipped_axes
from onnx_graph import build_graph

PEAK_10_BIT = 1023
TEST_FRAME = (180, 248)  # height, width in input pixels, without halo


def load_average(network_id: str, checkpoints: Path) -> LumaUpscaler:
    """The averaged weights of a checkpoint, ready for inference."""
    network = LumaUpscaler(SHAPES[network_id])
    state = torch.load(checkpoints / f"{network_id}.pt", map_location="cpu")
    network.load_state_dict(state["average"])
    return network.eval()


def upscale(network: LumaUpscaler, frames: np.ndarray, peak: int) -> np.ndarray:
    """One whole frame in PyTorch, its border replicated.

    Shape: [H, W], or [frames, H, W] -> [H, W] times the scale, integers of the same type.
    """
    halo = network.shape.halo_pixels
    stack = frames.reshape(-1, *frames.shape[-2:])
    padded = np.pad(stack, ((0, 0), (halo, halo), (halo, halo)), mode="edge").astype(np.float32)
    source, results = torch.from_numpy(padded)[None] / peak, []
    for view in range(network.shape.views):
        axes = flipped_axes(view, 2)
        with torch.no_grad():
            results.append(network(source.flip(axes)).flip(axes)[0, 0])
    result = torch.stack(results).mean(dim=0).numpy()
    return np.floor(np.clip(result, 0, 1) * peak + 0.5).astype(frames.dtype)


def check_in_runtime(network: LumaUpscaler, folder: Path, names: dict[str, str], node: str) -> None:
    """Compare the exported files with PyTorch, in ONNX Runtime."""
    generator = np.random.default_rng(7)
    rows, columns = np.mgrid[: TEST_FRAME[0], : TEST_FRAME[1]]
    noise = generator.standard_normal((network.shape.frames, *TEST_FRAME))
    picture = 0.5 + 0.3 * np.sin(rows / 5) * np.cos(columns / 7) + 0.15 * noise
    for kind, (peak, dtype) in {"u8": (255, np.uint8), "u16": (PEAK_10_BIT, np.uint16)}.items():
        frame = np.rint(np.clip(picture, 0, 1) * peak).astype(dtype)
        frame.tofile(folder / "frame.raw")
        upscale(network, frame, peak).tofile(folder / "expected.raw")
        script = Path(__file__).with_name("check-export.mjs")
        facts = [str(value) for value in (*TEST_FRAME, network.shape.halo_pixels, peak, network.shape.frames, network.shape.scale)]
        subprocess.run([node, str(script), str(folder), names[kind], kind, *facts], check=True)


def export(network_id: str, checkpoints: Path, models: Path, node: str) -> None:
    """Write both ONNX files and the descriptor, checked."""
    network = load_average(network_id, checkpoints)
    shape = network.shape
    names = {"u8": f"{network_id}.onnx", "u16": f"{network_id}.u16.onnx"}
    models.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=models, prefix=".export-") as scratch:
        folder, files = Path(scratch), {}
        for kind, bits in {"u8": 8, "u16": 16}.items():
            onnx.save(build_graph(network, bits), folder / names[kind])
            content = (folder / names[kind]).read_bytes()
            digest = hashlib.sha256(content).hexdigest()
            files[kind] = {"name": names[kind], "sha256": digest, "sizeBytes": len(content)}
        check_in_runtime(network, folder, names, node)
        descriptor = {
            "id": shape.id,
            "title": shape.title,
            "scale": shape.scale,
            "tier": shape.tier,
            "preset": shape.preset,
            **({"frames": shape.frames} if shape.frames > 1 else {}),
            "haloPixels": shape.halo_pixels,
            "sizeMultiple": 2,
            "parameters": count_parameters(network),
            "macsPerInputPixel": shape.macs_per_input_pixel,
            "licence": "Apache-2.0",
            "files": files,
        }
        (folder / f"{network_id}.json").write_text(json.dumps(descriptor, indent=2) + "\n")
        for name in (*names.values(), f"{network_id}.json"):
            (folder / name).replace(models / name)


def main() -> None:
    """Command line."""
    here = Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("network", choices=sorted(SHAPES))
    parser.add_argument("--checkpoints", type=Path, default=here / "checkpoints")
    parser.add_argument("--models", type=Path, default=here.parent / "models")
    parser.add_argument("--node", default=os.environ.get("NODE", "node"))
    arguments = parser.parse_args()
    export(arguments.network, arguments.checkpoints, arguments.models, arguments.node)


if __name__ == "__main__":
    main()
