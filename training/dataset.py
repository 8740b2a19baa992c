"""Random patches of the prepared pairs."""

from pathlib import Path

import numpy as np
import torch

# Share of the draws per kind of scene.
KIND_SHARES = {"still": 0.72, "text": 0.16, "clip": 0.12}
INVERTED_SHARE = 0.05
ALONE_SHARE = 0.03  # of the draws with neighbours: each replaced by the frame itself, as at a cut


class PairPatches:
    """Batches of (input window with halo, output patch), uint8 in the files and float from 0 to 1 in the batches.

    Windows start at even pixels, so a patch keeps its place in the encoder's block grid up to two pixels.
    `variant_shares` says how often each variant is drawn: the clean one, then by rising rate factor.
    Pairs of twice the network's `scale` give targets averaged down to it.
    What `align.py` wrote holds the frame, then its aligned neighbours: the first `frames` of them are the input.
    `folder_shares` says how often each folder is drawn from; by default as often as it holds scenes.
    """

    def __init__(
        self, folders: list[Path], halo_pixels: int, patch: int, variant_shares: tuple[float, ...], seed: object,
        frames: int = 1, scale: int = 2, folder_shares: list[float] | None = None,
    ) -> None:
        self.halo, self.patch, self.variant_shares = halo_pixels, patch, variant_shares
        self.frames, self.scale = frames, scale
        self.generator = np.random.default_rng(seed)
        self.folders = [self._scenes_of(folder, patch + 2 * halo_pixels) for folder in folders]
        shares = folder_shares or [sum(map(len, scenes.values())) for scenes in self.folders]
        self.shares = np.array(shares) / sum(shares)

    def _scenes_of(self, folder: Path, window: int) -> dict[str, list[tuple[np.ndarray, np.ndarray]]]:
        """By kind: (input of [V, F, H, W] or [V, F, frames, H, W], target of [F, sH, sW]), those of a window's size."""
        scenes: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {}
        for high_path in sorted(folder.glob("*-high.npy")):
            low_path = high_path.with_name(high_path.name.replace("-high", "-aligned"))
            if not low_path.exists() and self.frames == 1:
                low_path = high_path.with_name(high_path.name.replace("-high", "-low"))
            if not low_path.exists():
                continue
            low, high = np.load(low_path, mmap_mode="r"), np.load(high_path, mmap_mode="r")
            if min(low.shape[-2:]) >= window and low.shape[1] == len(high):
                scenes.setdefault(high_path.name.split("-")[0], []).append((low, high))
        if not scenes:
            raise FileNotFoundError(f"no prepared pairs of at least {window} pixels in {folder}")
        return scenes

    def _draw_scene(self) -> tuple[np.ndarray, np.ndarray]:
        """Folder, kind and scene, each by its share."""
        scenes = self.folders[self.generator.choice(len(self.folders), p=self.shares)]
        weights = np.array([KIND_SHARES[kind] for kind in scenes])
        choices = scenes[list(scenes)[self.generator.choice(len(scenes), p=weights / weights.sum())]]
        return choices[self.generator.integers(len(choices))]

    def draw(self) -> tuple[np.ndarray, np.ndarray]:
        """One pair, of code values. Shape: [frames, P + 2R, P + 2R] and [sP, sP], s the scale."""
        random, halo, patch = self.generator, self.halo, self.patch
        low, high = self._draw_scene()
        variant = int(random.choice(len(self.variant_shares), p=self.variant_shares))
        frame = int(random.integers(low.shape[1]))
        window = patch + 2 * halo
        top = 2 * int(random.integers((low.shape[-2] - window) // 2 + 1))
        left = 2 * int(random.integers((low.shape[-1] - window) // 2 + 1))
        source = low[variant, frame, ..., top : top + window, left : left + window].reshape(-1, window, window)[: self.frames]
        if self.frames > 1 and random.random() < ALONE_SHARE:
            source = np.repeat(source[:1], self.frames, axis=0)
        ratio = high.shape[-1] // low.shape[-1]
        y, x, side = ratio * (top + halo), ratio * (left + halo), ratio * patch
        target = high[frame, y : y + side, x : x + side]
        if ratio != self.scale:
            reduction = ratio // self.scale
            target = target.reshape(side // reduction, reduction, -1, reduction).mean(axis=(1, 3), dtype=np.float32)
        flip_rows, flip_columns, swap = random.integers(0, 2, 3)
        if flip_rows:
            source, target = source[:, ::-1], target[::-1]
        if flip_columns:
            source, target = source[:, :, ::-1], target[:, ::-1]
        if swap:
            source, target = source.transpose(0, 2, 1), target.T
        if random.random() < INVERTED_SHARE:
            source, target = 251 - np.minimum(source, 251), 251 - np.minimum(target, 251)
        return source, target

    def batch(self, size: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Shape: float32 [N, frames, P + 2R, P + 2R] and [N, 1, sP, sP]."""
        pairs = [self.draw() for _ in range(size)]
        sources, targets = (np.stack(arrays).astype(np.float32) / 255 for arrays in zip(*pairs))
        targets = targets[:, None]
        return torch.from_numpy(sources), torch.from_numpy(targets)
