"""Lays neighbouring frames on the kept frames of prepared scenes, for networks that see several frames.

`<scene>-low.npy` [V, T, H, W] becomes `<scene>-aligned.npy` [V, F, frames, H, W]; see `prepare.py --neighbours`.
`<scene>-motion.npy` [2, 2, rows, columns] is the motion between the two kept frames that follow each other, there and back.
"""

import argparse
import os
from multiprocessing import Pool
from pathlib import Path

import numpy as np

import degradations
from motion import Aligner, stack_neighbours
from prepare import CENTRE_FRAMES
from successive import SUCCESSIVE


def align_scene(job: tuple[Path, Path, int]) -> None:
    """Write one scene's aligned stacks."""
    path, library, frames = job
    variants = np.load(path)
    aligner = Aligner(library, variants.shape[3], variants.shape[2])
    stacks = [[stack_neighbours(aligner, low, centre, frames) for centre in CENTRE_FRAMES] for low in variants]
    save(np.array(stacks), path, "aligned")
    target = np.load(path.with_name(path.name.replace("-low", "-high")))[list(SUCCESSIVE)]
    first, second = degradations.reduce(target, "area", target.shape[2] // variants.shape[3])
    save(np.array([aligner.vectors(first, second), aligner.vectors(second, first)]), path, "motion")


def save(array: np.ndarray, beside: Path, kind: str) -> None:
    """Write one of a scene's files in one move."""
    part = beside.with_name(beside.name.replace("-low.npy", f"-{kind}.part.npy"))
    np.save(part, array)
    part.replace(beside.with_name(beside.name.replace("-low", f"-{kind}")))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=Path, required=True)
    parser.add_argument("--kernels", type=Path, required=True, help="what ../kernels/build-native.sh built")
    parser.add_argument("--frames", type=int, default=5)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    scenes = [path for path in sorted(arguments.pairs.glob("*-low.npy"))
              if path.with_name(path.name.replace("-low", "-high")).exists()
              and not path.with_name(path.name.replace("-low", "-motion")).exists()]
    with Pool(arguments.workers) as pool:
        jobs = [(path, arguments.kernels, arguments.frames) for path in scenes]
        for number, _ in enumerate(pool.imap_unordered(align_scene, jobs), 1):
            if number % 50 == 0:
                print(f"{number} of {len(jobs)} scenes", flush=True)


if __name__ == "__main__":
    main()
