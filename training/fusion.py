"""Trains the fusion network, resuming from its checkpoint, and exports it.

For example `python3 training/fusion.py --pairs pairs-5 pairs-ugc --shares 0.8 0.2 --minutes 70`, from folders that
`fusion_prepare.py` went through.
"""

import argparse
import math
import os
import time
from copy import deepcopy
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from fusion_average import PEAK, fused
from fusion_export import export
from fusion_network import CELL, NEIGHBOURS, FusionNetwork
from motion import BLOCK

HERE = Path(__file__).resolve().parent
PATCH, MARGIN, BORDER = 192, 24, 16  # samples; the border is not judged
BATCH, PEAK_RATE, WARM_UP_STEPS = 6, 2.5e-4, 50
KIND_SHARES = {"still": 0.5, "text": 0.1, "clip": 0.4}
VARIANT_SHARES = (0.25, 0.35, 0.4)  # of the encoded ones, by rising rate factor
MISSING = (((2, 3), 0.05), ((0, 2), 0.03), ((2,), 0.02))  # neighbours as at the ends of a video, and how often
STRANGE_SHARE = 0.2  # of the batches: one neighbour of one of its patches is from another patch
AVERAGE_DECAY, HALF_CODE = 0.998, 0.5 / PEAK
REPORT_STEPS, CHECKPOINT_SECONDS = 100, 60


class Scene(NamedTuple):
    """Enlarged frames with their neighbours, their truth and their vectors (`fusion_prepare.py`)."""

    enlarged: np.ndarray
    truth: np.ndarray
    vectors: np.ndarray


def cell_vectors(blocks: np.ndarray, top: int, left: int) -> np.ndarray:
    """The vectors of blocks for the cells of a patch. Shape: [4, 2, rows, columns] -> [4, 2, PATCH / 4, PATCH / 4]."""
    def nearest(start: int, count: int) -> tuple[np.ndarray, np.ndarray]:
        centres = (np.arange(PATCH // CELL) * CELL + CELL / 2 + start) / 2 - 0.5  # in the halved frame
        at = np.clip((centres - (BLOCK - 1) / 2) / BLOCK, 0, count - 1)
        before = np.minimum(at.astype(int), count - 2)
        return before, (at - before).astype(np.float32)
    (y, below), (x, right) = nearest(top, blocks.shape[-2]), nearest(left, blocks.shape[-1])
    samples = blocks.astype(np.float32) / 2  # quarter pixels of the halved frame
    rows = samples[..., y, :] * (1 - below)[:, None] + samples[..., y + 1, :] * below[:, None]
    return rows[..., x] * (1 - right) + rows[..., x + 1] * right


class FusionPatches:
    """Random patches of scenes, flipped and turned."""

    def __init__(self, folders: list[Path], shares: list[float] | None) -> None:
        self.random = np.random.default_rng()
        self.folders = [self._scenes_of(folder) for folder in folders]
        found = shares or [sum(map(len, scenes.values())) for scenes in self.folders]
        self.shares = np.array(found) / sum(found)

    def _scenes_of(self, folder: Path) -> dict[str, list[Scene]]:
        scenes: dict[str, list[Scene]] = {}
        for path in sorted(folder.glob("*-vectors.npy")):
            files = [path.with_name(path.name.replace("-vectors", f"-{kind}")) for kind in Scene._fields]
            files[1] = path.with_name(path.name.replace("-vectors", "-high"))
            scene = Scene(*(np.load(file, mmap_mode="r") for file in files))
            if min(scene.enlarged.shape[-2:]) >= PATCH + 2 * MARGIN:
                scenes.setdefault(path.name.split("-")[0], []).append(scene)
        if not scenes:
            raise FileNotFoundError(f"fusion_prepare.py has left nothing large enough in {folder}")
        return scenes

    def draw(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Frames [5, P + 2M, P + 2M], truth [P, P], vectors [4, 2, P / 4, P / 4], and 1 for neighbours that are there [4]."""
        random, window = self.random, PATCH + 2 * MARGIN
        scenes = self.folders[random.choice(len(self.folders), p=self.shares)]
        weights = np.array([KIND_SHARES[kind] for kind in scenes])
        choices = scenes[list(scenes)[random.choice(len(scenes), p=weights / weights.sum())]]
        scene = choices[random.integers(len(choices))]
        variant, frame = random.choice(len(VARIANT_SHARES), p=VARIANT_SHARES), random.integers(len(scene.truth))
        top, left = (2 * int(random.integers((side - window) // 2 + 1)) for side in scene.truth.shape[-2:])
        frames = scene.enlarged[variant, frame, :, top : top + window, left : left + window].astype(np.float32) / PEAK
        top, left = top + MARGIN, left + MARGIN
        truth = scene.truth[frame, top : top + PATCH, left : left + PATCH].astype(np.float32) / PEAK
        vectors = cell_vectors(scene.vectors[variant, frame], top, left)
        for axis, turned in ((-2, (1, -1)), (-1, (-1, 1))):
            if random.random() < 0.5:
                frames, truth = np.flip(frames, axis), np.flip(truth, axis)
                vectors = np.flip(vectors, axis) * np.array(turned, np.float32)[None, :, None, None]
        if random.random() < 0.5:
            frames, truth, vectors = frames.swapaxes(-2, -1), truth.T, vectors.swapaxes(-2, -1)[:, ::-1]
        if random.random() < 0.5:  # back in time
            frames, vectors = frames[[0, 2, 1, 4, 3]], vectors[[1, 0, 3, 2]]
        present = np.ones(NEIGHBOURS, np.float32)
        chance = random.random()
        for missing, share in MISSING:
            if 0 <= chance < share:
                present[list(missing)] = 0
            chance -= share
        return frames, truth, vectors, present

    def batch(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """The same, stacked."""
        drawn = [self.draw() for _ in range(BATCH)]
        frames, truth, vectors, present = (torch.from_numpy(np.stack(parts)) for parts in zip(*drawn))
        if self.random.random() < STRANGE_SHARE:
            patch, neighbour = self.random.integers(BATCH), 1 + self.random.integers(NEIGHBOURS)
            frames[patch, neighbour] = frames[(patch + 1) % BATCH, neighbour]
        return frames, truth[:, None], vectors, present


def errors(result: Tensor, truth: Tensor) -> Tensor:
    """Mean squared error of each patch within its border. Shape: [N, 1, P, P] -> [N]."""
    inner = slice(BORDER, -BORDER)
    return (result - truth)[..., inner, inner].square().mean((1, 2, 3))


def train(patches: FusionPatches, checkpoint: Path, minutes: float) -> None:
    """Until so many minutes are used up, over all runs."""
    network = FusionNetwork()
    average = deepcopy(network)
    optimiser = torch.optim.Adam(network.parameters(), lr=PEAK_RATE, betas=(0.9, 0.99))
    step, seconds = 0, 0.0
    if checkpoint.exists():
        state = torch.load(checkpoint, map_location="cpu")
        network.load_state_dict(state["network"])
        average.load_state_dict(state["average"])
        optimiser.load_state_dict(state["optimiser"])
        step, seconds = state["step"], state["seconds"]

    def save() -> None:
        part = checkpoint.with_suffix(".part")
        state = {"network": network.state_dict(), "average": average.state_dict(), "optimiser": optimiser.state_dict()}
        torch.save({**state, "step": step, "seconds": seconds}, part)
        part.replace(checkpoint)

    gains, last, saved_at = [], time.monotonic(), time.monotonic()
    while (progress := seconds / 60 / minutes) < 1:
        for group in optimiser.param_groups:
            group["lr"] = PEAK_RATE * (0.5 + 0.5 * math.cos(math.pi * progress)) * min(1, (step + 1) / WARM_UP_STEPS) + 1e-6
        frames, truth, vectors, present = patches.batch()
        centre = frames[:, :1, MARGIN:-MARGIN, MARGIN:-MARGIN]
        result, plain = fused(network, centre, frames[:, 1:], vectors, present, MARGIN)
        error, before = errors(result, truth), errors(plain, truth).detach()
        loss = (error / HALF_CODE**2 + 1).log().mean()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        with torch.no_grad():
            for kept, fresh in zip(average.parameters(), network.parameters()):
                kept.lerp_(fresh, 1 - min(AVERAGE_DECAY, (step + 1) / (step + 10)))
            gains.append(10 * torch.log10((before + 1e-6) / (error + 1e-6)).mean().item())
        step, now = step + 1, time.monotonic()
        seconds, last = seconds + now - last, now
        if step % REPORT_STEPS == 0:
            print(f"step {step} {progress:.1%} {np.mean(gains):+.3f} dB over the plain average", flush=True)
            gains = []
        if now - saved_at > CHECKPOINT_SECONDS:
            save()
            saved_at = now
    save()


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=Path, nargs="+", required=True)
    parser.add_argument("--shares", type=float, nargs="+", help="how often each folder is drawn from; default: by its scenes")
    parser.add_argument("--checkpoint", type=Path, default=HERE / "checkpoints/fusion-general.pt")
    parser.add_argument("--models", type=Path, default=HERE.parent / "models")
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--node", default=os.environ.get("NODE", "node"), help="Node.js, for the check of the export")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    arguments.checkpoint.parent.mkdir(parents=True, exist_ok=True)
    train(FusionPatches(arguments.pairs, arguments.shares), arguments.checkpoint, arguments.minutes)
    export(arguments.checkpoint, arguments.models, arguments.node)


if __name__ == "__main__":
    main()
