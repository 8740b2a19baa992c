"""Exports the fusion network to ONNX with its descriptor, checked in ONNX Runtime.

The check runs `check-fusion-export.mjs` with Node.js: findings must equal PyTorch's within one step, and tiles the whole
exactly. Files are replaced only when the check has passed.
"""

import hashlib
import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import onnx
import torch

from fusion_network import FEATURES, GAIN, NEIGHBOURS, STRICTNESS, FusionNetwork, count_parameters, multiply_adds, read_findings
from fusion_onnx import MIDDLE, VECTOR_PARTS, VERDICT_PARTS, build_graph, byte_scales

NETWORK_ID = "fusion-general"
TEST_SIZE = (33, 47)  # cells, without halo


def load_average(checkpoint: Path) -> FusionNetwork:
    """The averaged weights of a checkpoint, ready for inference."""
    network = FusionNetwork()
    network.load_state_dict(torch.load(checkpoint, map_location="cpu")["average"])
    return network.eval()


def find(network: FusionNetwork, features: np.ndarray) -> np.ndarray:
    """The findings as bytes, in PyTorch. Shape: uint8 [4, 31, h, w] with the halo -> [4, 6, h - 2 halo, w - 2 halo]."""
    zero, scale = byte_scales()
    seen = (features - zero[None, :, None, None]) * scale[None, :, None, None]
    halo = network.halo_cells
    with torch.no_grad():
        raw = network(torch.from_numpy(seen.astype(np.float32))[None])[..., halo:-halo, halo:-halo]
        moved, strictness, gain = (part[0].numpy() for part in read_findings(raw))
    told = [moved * VECTOR_PARTS + MIDDLE, (strictness - STRICTNESS[0]) * VERDICT_PARTS, (gain - GAIN[0]) * VERDICT_PARTS]
    return np.floor(np.concatenate(told, 1) + 0.5).astype(np.uint8)


def check_in_runtime(network: FusionNetwork, folder: Path, name: str, node: str) -> None:
    """Compare the exported file with PyTorch, in ONNX Runtime."""
    height, width = (side + 2 * network.halo_cells for side in TEST_SIZE)
    features = np.random.default_rng(7).integers(0, 256, (NEIGHBOURS, FEATURES, height, width), np.uint8)
    (folder / "features.raw").write_bytes(features.tobytes())
    (folder / "expected.raw").write_bytes(find(network, features).tobytes())
    script = Path(__file__).with_name("check-fusion-export.mjs")
    facts = [str(value) for value in (*TEST_SIZE, network.halo_cells)]
    subprocess.run([node, str(script), str(folder), name, *facts], check=True)


def export(checkpoint: Path, models: Path, node: str) -> None:
    """Write the ONNX file and the descriptor, checked."""
    network, name = load_average(checkpoint), f"{NETWORK_ID}.onnx"
    with tempfile.TemporaryDirectory(dir=models, prefix=".export-") as scratch:
        folder = Path(scratch)
        onnx.save(build_graph(network), folder / name)
        check_in_runtime(network, folder, name, node)
        (folder / name).replace(models / name)
    content = (models / name).read_bytes()
    descriptor = {
        "kind": "fusion",
        "id": NETWORK_ID,
        "title": "Fusion of neighbouring pictures",
        "scale": 1,
        "haloPixels": network.halo_cells,
        "sizeMultiple": 1,
        "parameters": count_parameters(network),
        "macsPerInputPixel": multiply_adds(network),
        "licence": "Apache-2.0",
        "file": {"name": name, "sha256": hashlib.sha256(content).hexdigest(), "sizeBytes": len(content)},
    }
    (models / f"{NETWORK_ID}.json").write_text(json.dumps(descriptor, indent=2) + "\n", encoding="utf-8")
