"""Exports the chroma networks to ONNX (8-bit and 16-bit) with their descriptors, checked in ONNX Runtime against PyTorch."""

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
import torch.nn.functional as F

from chroma_graph import HALO, LANCZOS_TAPS, MARGIN, build_chroma_graph, lanczos_phases
from chroma_network import ChromaNetwork

# Of a coarse chroma sample in fine ones, horizontally and vertically.
SITINGS = {"left": (0.25, 0.5), "center": (0.5, 0.5)}
TEST_PLANE = (46, 62)  # height, width in chroma samples, halo included
MACS_PER_CHROMA_SAMPLE = 6 * 16 * 9 + 16 * 16 + 16 * 16 * 9 + 4 * 4 * 9 + 2 * 4 * LANCZOS_TAPS**2


def expected(network: ChromaNetwork, luma: np.ndarray, chroma: np.ndarray, siting: str, peak: int) -> np.ndarray:
    """One window in PyTorch. Shape: [2H, 2W], [2, H, W] -> [2, 2(H - 2 HALO), 2(W - 2 HALO)]."""
    across, down = (lanczos_phases(offset) for offset in SITINGS[siting])
    kernels = torch.from_numpy(np.einsum("py,qx->pqyx", down, across).reshape(4, 1, LANCZOS_TAPS, LANCZOS_TAPS)).float()
    y = torch.from_numpy(luma.astype(np.float32) / peak)[None, None]
    c = torch.from_numpy(chroma.astype(np.float32) / peak)[:, None]
    base = F.conv2d(c, kernels)
    blocks = F.pixel_unshuffle(y, 2)[..., 1:-1, 1:-1]
    pair = c[:, 0][None][..., 1:-1, 1:-1]
    with torch.no_grad():
        result = network(blocks, pair, F.pad(base.reshape(1, 8, *base.shape[2:]), (2, 2, 2, 2)))
    middle = c[..., HALO - 1 : 1 - HALO, HALO - 1 : 1 - HALO]
    upper = torch.maximum(base, F.max_pool2d(middle, 3, 1) + MARGIN)
    lower = torch.minimum(base, -F.max_pool2d(-middle, 3, 1) - MARGIN)
    result = torch.maximum(torch.minimum(result.reshape(base.shape), upper), lower)
    return np.floor(np.clip(F.pixel_shuffle(result, 2)[:, 0].numpy(), 0, 1) * peak + 0.5).astype(luma.dtype)


def check(network: ChromaNetwork, folder: Path, names: dict[str, str], siting: str, node: str) -> None:
    """Compare the files with PyTorch on a random picture."""
    generator = np.random.default_rng(5)
    height, width = TEST_PLANE
    for kind, (peak, dtype) in {"u8": (255, np.uint8), "u16": (1023, np.uint16)}.items():
        luma = (generator.random((2 * height, 2 * width)) * peak).astype(dtype)
        chroma = (generator.random((2, height, width)) * peak).astype(dtype)
        luma[:, :width] = peak // 3
        luma.tofile(folder / "luma.raw")
        chroma.tofile(folder / "chroma.raw")
        expected(network, luma, chroma, siting, peak).tofile(folder / "expected.raw")
        script = Path(__file__).with_name("check-chroma.mjs")
        facts = [str(value) for value in (height, width, peak)]
        subprocess.run([node, str(script), str(folder), names[kind], kind, *facts], check=True)


def export(siting: str, checkpoint: Path, models: Path, node: str) -> None:
    """Write both files and the descriptor."""
    network = ChromaNetwork()
    network.load_state_dict(torch.load(checkpoint, map_location="cpu"))
    network.eval()
    identity = f"chroma-{siting}-x2"
    names = {"u8": f"{identity}.onnx", "u16": f"{identity}.u16.onnx"}
    with tempfile.TemporaryDirectory(dir=models, prefix=".export-") as scratch:
        folder, files = Path(scratch), {}
        for kind, bits in {"u8": 8, "u16": 16}.items():
            onnx.save(build_chroma_graph(network, bits, SITINGS[siting]), folder / names[kind])
            content = (folder / names[kind]).read_bytes()
            files[kind] = {"name": names[kind], "sha256": hashlib.sha256(content).hexdigest(), "sizeBytes": len(content)}
        check(network, folder, names, siting, node)
        descriptor = {
            "kind": "chroma",
            "id": identity,
            "title": f"Chroma guided by luma, siting {siting}, 2x",
            "scale": 2,
            "chromaLocation": siting,
            "haloPixels": HALO,
            "sizeMultiple": 1,
            "parameters": sum(parameter.numel() for parameter in network.parameters()),
            "macsPerInputPixel": MACS_PER_CHROMA_SAMPLE / 4,
            "licence": "Apache-2.0",
            "files": files,
        }
        (folder / f"{identity}.json").write_text(json.dumps(descriptor, indent=2) + "\n")
        for name in (*names.values(), f"{identity}.json"):
            (folder / name).replace(models / name)


def main() -> None:
    """Command line."""
    here = Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("siting", choices=sorted(SITINGS))
    parser.add_argument("--checkpoints", type=Path, default=here / "checkpoints")
    parser.add_argument("--models", type=Path, default=here.parent / "models")
    parser.add_argument("--node", default=os.environ.get("NODE", "node"))
    arguments = parser.parse_args()
    export(arguments.siting, arguments.checkpoints / f"chroma-{arguments.siting}.pt", arguments.models, arguments.node)


if __name__ == "__main__":
    main()
