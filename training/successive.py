"""Patches of two pictures in succession, and how much the error of what a network makes of them changes between them.

An error that stays where the object goes is hardly seen; one that comes and goes flickers.
"""

from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from dataset import KIND_SHARES

SUCCESSIVE = (1, 2)  # which of the kept frames follow each other (prepare.CENTRE_FRAMES)
MARGIN = 8  # input pixels on each side that only moved content is taken from
BLOCK = 8  # input pixels of one vector


class SuccessivePatches:
    """Batches of two windows each, their targets, and where the first one's content lies in the second.

    Reads what `prepare.py --neighbours` and `align.py` wrote.
    """

    def __init__(
        self, folders: list[Path], halo_pixels: int, patch: int, variant_shares: tuple[float, ...], seed: object,
        frames: int = 1, scale: int = 2,
    ) -> None:
        self.halo, self.patch, self.variant_shares = halo_pixels, patch, variant_shares
        self.frames, self.scale = frames, scale
        self.generator = np.random.default_rng(seed)
        self.scenes: dict[str, list[tuple[np.ndarray, np.ndarray, np.ndarray]]] = {}
        for path in sorted(path for folder in folders for path in folder.glob("*-motion.npy")):
            aligned, high = (path.with_name(path.name.replace("-motion", f"-{kind}")) for kind in ("aligned", "high"))
            low = np.load(aligned, mmap_mode="r")
            if min(low.shape[-2:]) >= patch + 2 * (halo_pixels + MARGIN):
                scene = (low, np.load(high, mmap_mode="r"), np.load(path, mmap_mode="r"))
                self.scenes.setdefault(path.name.split("-")[0], []).append(scene)
        if not self.scenes:
            raise FileNotFoundError(f"no scenes with motion in {folders}")

    def draw(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
        """Two inputs, their targets, vectors for the targets' inner part in their pixels (x, then y), and the variant.

        Shape: [2, frames, W, W], [2, s (P + 2M), s (P + 2M)] and [2, sP, sP], W = P + 2 (M + R), M the margin, R the halo.
        """
        random, side = self.generator, self.patch + 2 * MARGIN
        window = side + 2 * self.halo
        weights = np.array([KIND_SHARES[kind] for kind in self.scenes])
        scenes = self.scenes[list(self.scenes)[random.choice(len(self.scenes), p=weights / weights.sum())]]
        low, high, motion = scenes[random.integers(len(scenes))]
        variant, way = int(random.choice(len(self.variant_shares), p=self.variant_shares)), int(random.integers(2))
        pair = SUCCESSIVE if way == 0 else SUCCESSIVE[::-1]
        top, left = (2 * int(random.integers((size - window) // 2 + 1)) for size in low.shape[-2:])
        sources = np.stack([low[variant, index, : self.frames, top : top + window, left : left + window] for index in pair])
        y, x = (self.scale * (start + self.halo) for start in (top, left))
        targets = np.stack([high[index, y : y + self.scale * side, x : x + self.scale * side] for index in pair])
        vectors = spread(motion[way], top + self.halo + MARGIN, left + self.halo + MARGIN, self.patch, self.scale)
        for axis, sign in ((1, (1, -1)), (2, (-1, 1))):  # by rows, then by columns
            if random.integers(2):
                sources, targets = np.flip(sources, axis + 1), np.flip(targets, axis)
                vectors = np.flip(vectors, axis) * np.array(sign, np.float32)[:, None, None]
        if random.integers(2):
            sources, targets = sources.swapaxes(2, 3), targets.swapaxes(1, 2)
            vectors = vectors.swapaxes(1, 2)[::-1]
        return sources, targets, vectors, variant

    def batch(self, size: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        """Shape: [N, 2, frames, W, W], [N, 2, 1, s (P + 2M), …] from 0 to 1, [N, 2, sP, sP] and the variants [N]."""
        sources, targets, vectors, variants = zip(*(self.draw() for _ in range(size)))
        return (
            torch.from_numpy(np.stack(sources).astype(np.float32) / 255),
            torch.from_numpy(np.stack(targets).astype(np.float32)[:, :, None] / 255),
            torch.from_numpy(np.stack(vectors)),
            torch.tensor(variants),
        )


def spread(blocks: np.ndarray, top: int, left: int, side: int, scale: int) -> np.ndarray:
    """Vectors for each target pixel of a square of the input, between those of the blocks around it, in target pixels.

    Shape: [2, rows, columns] in quarters of input pixels -> float32 [2, scale * side, scale * side].
    """
    vectors = blocks.astype(np.float32) * scale / 4
    for axis, start in ((1, top), (2, left)):
        count = blocks.shape[axis]
        centres = (np.arange(scale * side) + 0.5) / scale + start
        places = np.clip(centres / BLOCK - 0.5, 0, count - 1)
        before = np.minimum(places.astype(int), max(count - 2, 0))
        share = (places - before).astype(np.float32)
        share = share[:, None] if axis == 1 else share
        after = np.minimum(before + 1, count - 1)
        vectors = vectors.take(before, axis) * (1 - share) + vectors.take(after, axis) * share
    return vectors


def changes(errors: torch.Tensor, vectors: torch.Tensor, scale: int) -> torch.Tensor:
    """By how much the first picture's error differs from the second's where the same content lies; 0 beyond the window.

    Shape: [N, 2, 1, s (P + 2M), s (P + 2M)] and [N, 2, sP, sP] -> [N, 1, sP, sP].
    """
    margin, size = scale * MARGIN, errors.shape[-1]
    inner = torch.arange(vectors.shape[-1], dtype=torch.float32) + margin
    x, y = vectors[:, 0] + inner, vectors[:, 1] + inner[:, None]
    grid = torch.stack([(x + 0.5) * 2 / size - 1, (y + 0.5) * 2 / size - 1], dim=-1)
    moved = functional.grid_sample(errors[:, 1], grid, mode="bicubic", padding_mode="border", align_corners=False)
    is_inside = (vectors.abs() < margin - 2).all(dim=1, keepdim=True)
    return (errors[:, 0, :, margin:-margin, margin:-margin] - moved) * is_inside
