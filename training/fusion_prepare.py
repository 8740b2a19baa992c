"""Enlarges prepared scenes with a published network and finds their motion as the engine does, for the fusion network.

`<scene>-low.npy` [V, T, H, W] of `prepare.py --neighbours` becomes `<scene>-enlarged.npy` [V - 1, F, 5, 2H, 2W], each kept frame of the
encoded variants and its neighbours -1, +1, -2, +2, and `<scene>-vectors.npy` [V - 1, F, 4, 2, rows, columns], where blocks of 8x8 of the
frame, halved, lie in each neighbour. Units: quarter pixels of the halved frames, right and down.
"""

import argparse
import os
from multiprocessing import Pool
from pathlib import Path

import numpy as np
import torch

import degradations
from align import save
from fine_tune import load_published
from fusion_network import OFFSETS
from motion import Aligner
from networks import SHAPES, LumaUpscaler
from prepare import CENTRE_FRAMES

MODELS = Path(__file__).resolve().parent.parent / "models"


def enlarge(network: LumaUpscaler, frames: np.ndarray) -> np.ndarray:
    """One frame after the other, their borders replicated. Shape: uint8 [T, H, W] -> [T, 2H, 2W]."""
    halo, results = network.shape.halo_pixels, []
    for frame in frames:
        seen = torch.from_numpy(np.pad(frame.astype(np.float32) / 255, halo, mode="edge"))[None, None]
        with torch.no_grad():
            results.append(network(seen)[0, 0].clamp(0, 1).mul(255).round().byte().numpy())
    return np.stack(results)


def prepare_scene(job: tuple[Path, Path, str]) -> None:
    """Write one scene's enlarged frames and vectors."""
    path, library, name = job
    torch.set_num_threads(1)
    network = LumaUpscaler(SHAPES[name]).eval()
    load_published(network, MODELS / f"{name}.u16.onnx")
    variants = np.load(path)[1:]
    aligner = Aligner(library, variants.shape[3], variants.shape[2])
    enlarged, vectors = [], []
    for low in variants:
        large = enlarge(network, low)
        halved = degradations.reduce(large, "area", 2)
        around = [[centre + offset for offset in OFFSETS] for centre in CENTRE_FRAMES]
        enlarged.append([large[[centre, *near]] for centre, near in zip(CENTRE_FRAMES, around)])
        vectors.append([[aligner.vectors(halved[centre], halved[other]) for other in near]
                        for centre, near in zip(CENTRE_FRAMES, around)])
    save(np.array(enlarged), path, "enlarged")
    save(np.array(vectors), path, "vectors")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=Path, required=True)
    parser.add_argument("--kernels", type=Path, required=True, help="what ../kernels/build-native.sh built")
    parser.add_argument("--network", default="general-standard-x2")
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    scenes = [path for path in sorted(arguments.pairs.glob("*-low.npy"))
              if path.with_name(path.name.replace("-low", "-high")).exists()
              and not path.with_name(path.name.replace("-low", "-vectors")).exists()]
    with Pool(arguments.workers) as pool:
        jobs = [(path, arguments.kernels, arguments.network) for path in scenes]
        for number, _ in enumerate(pool.imap_unordered(prepare_scene, jobs), 1):
            if number % 50 == 0:
                print(f"{number} of {len(jobs)} scenes", flush=True)


if __name__ == "__main__":
    main()
