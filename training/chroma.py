"""Trains the chroma networks on pairs of `chroma_scenes.py` and exports them, one for each siting.

For example `python3 training/chroma.py --pairs pairs-chroma --minutes 30`. Resumes from its checkpoint; `--export` alone
writes the files again.
"""

import argparse
import os
import time
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

import degradations
from chroma_export import export
from chroma_network import SHAPE, ChromaUpscaler
from chroma_resampling import SITINGS
from train import CHECKPOINT_SECONDS, EXACT_SHARE, REPORT_STEPS, Recipe, learning_rate

RECIPE = Recipe(steps=60_000, batch=16, patch=26, peak_rate=2e-3, variant_shares=(0.35, 0.3, 0.35))
KIND_SHARES = {"still": 0.55, "text": 0.17, "clip": 0.28}
SITING_SHARES = {"left": 0.65, "center": 0.35}
NOISE_SHARE, NOISE_SIGMA = 0.15, 6.0  # of the patches; up to so many code values in luma, half of that in chroma
SMALLEST_SQUARE = (0.3 / 255) ** 2  # what rounding leaves
LOSS_WEIGHT = 1.0  # of what a patch is worse than Lanczos, beside its error
CHANGED_SHARE = 0.3  # of the patches whose planes are swapped, and of those with one of them turned about grey


def errors(result: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """The logarithm of each plane's squared error, as PSNR counts. Units: dB. Shape: [N, 2]."""
    return 10 * ((result - target).square().mean(dim=(2, 3)) + SMALLEST_SQUARE).log10()


class ChromaPatches:
    """Batches of one siting: luma and chroma windows with their halo, and the chroma at twice the size.

    Units: `patch` of the recipe in chroma samples of the input.
    """

    def __init__(self, folder: Path, recipe: Recipe, seed: object) -> None:
        self.recipe, self.generator = recipe, np.random.default_rng(seed)
        self.window = recipe.patch + 2 * SHAPE.halo_pixels
        self.scenes: dict[str, dict[str, list[tuple[np.ndarray, ...]]]] = {siting: {} for siting in SITINGS}
        for path in sorted(folder.glob("*-high.npy")):
            kind, siting = path.name.split("-")[:2]
            stem = str(path).removesuffix("-high.npy")
            scene = tuple(np.load(f"{stem}-{name}.npy", mmap_mode="r") for name in ("luma", "low", "high"))
            if min(scene[1].shape[-2:]) >= self.window:
                self.scenes[siting].setdefault(kind, []).append(scene)

    def draw(self, siting: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """One pair. Shape: uint8 [1, 2w, 2w], [2, w, w] and [2, 2P, 2P]."""
        random, halo, patch = self.generator, SHAPE.halo_pixels, self.recipe.patch
        kinds = [kind for kind in KIND_SHARES if kind in self.scenes[siting]]
        shares = np.array([KIND_SHARES[kind] for kind in kinds])
        choices = self.scenes[siting][kinds[random.choice(len(kinds), p=shares / shares.sum())]]
        luma, low, high = choices[random.integers(len(choices))]
        variant = int(random.choice(len(self.recipe.variant_shares), p=self.recipe.variant_shares))
        frame = int(random.integers(low.shape[1]))
        top, left = (int(random.integers(side - self.window + 1)) for side in low.shape[-2:])
        below, beside = top + self.window, left + self.window
        seen = luma[variant, frame, None, 2 * top : 2 * below, 2 * left : 2 * beside]
        source = low[variant, frame, :, top:below, left:beside]
        y, x = 2 * (top + halo), 2 * (left + halo)
        target = high[frame, :, y : y + 2 * patch, x : x + 2 * patch]
        if random.random() < 0.5:  # rows lie alike in both sitings, columns do not
            seen, source, target = seen[:, ::-1], source[:, ::-1], target[:, ::-1]
        if random.random() < CHANGED_SHARE:
            source, target = source[::-1], target[::-1]
        for plane in (0, 1):
            if random.random() < CHANGED_SHARE:
                source, target = source.copy(), target.copy()
                source[plane], target[plane] = (256 - np.maximum(values[plane], 1) for values in (source, target))
        if random.random() < NOISE_SHARE:
            sigma = random.uniform(1, NOISE_SIGMA)
            seen = degradations.add_noise(seen, sigma, random)
            source = degradations.add_noise(source, sigma / 2, random, random.random() < 0.5)
        return seen, source, target

    def batch(self) -> tuple[str, list[torch.Tensor]]:
        """The siting; float32 [N, 1, 2w, 2w], [N, 2, w, w] and [N, 2, 2P, 2P] from 0 to 1."""
        siting = str(self.generator.choice(list(SITING_SHARES), p=list(SITING_SHARES.values())))
        drawn = [self.draw(siting) for _ in range(self.recipe.batch)]
        return siting, [torch.from_numpy(np.stack(arrays).astype(np.float32) / 255) for arrays in zip(*drawn)]


def train(pairs_folder: Path, path: Path, limit_minutes: float, recipe: Recipe) -> None:
    """Until the recipe's steps or the time limit are reached; the checkpoint holds weights and their average."""
    torch.manual_seed(1)
    network = ChromaUpscaler()
    average, step, seconds = deepcopy(network), 0, 0.0
    optimiser = torch.optim.Adam(network.parameters(), lr=recipe.peak_rate, betas=(0.9, 0.99))
    if path.exists():
        state = torch.load(path, map_location="cpu")
        network.load_state_dict(state["network"])
        average.load_state_dict(state["average"])
        optimiser.load_state_dict(state["optimiser"])
        step, seconds = state["step"], state["seconds"]

    def save() -> None:
        state = {"network": network.state_dict(), "average": average.state_dict(), "step": step, "seconds": seconds}
        torch.save(state | {"optimiser": optimiser.state_dict()}, path.with_suffix(".part"))
        path.with_suffix(".part").replace(path)

    pairs = ChromaPatches(pairs_folder, recipe, [1, step])
    losses, gains, last = [], [], time.monotonic()
    saved_at = last
    while (progress := max(step / recipe.steps, seconds / (limit_minutes * 60))) < 1:
        siting, (luma, chroma, target) = pairs.batch()
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(recipe, progress, step)
        result = network(luma, chroma, siting, half_features=progress < 1 - EXACT_SHARE)
        with torch.no_grad():
            plain = errors(torch.nn.functional.pixel_shuffle(network.linear(chroma, siting), 2), target)
        found = errors(result, target)
        loss = found.mean() + LOSS_WEIGHT * torch.relu(found - plain).mean()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        with torch.no_grad():
            decay = min(recipe.average_decay, (step + 1) / (step + 10))
            for kept, fresh in zip(average.parameters(), network.parameters()):
                kept.lerp_(fresh, 1 - decay)
            gains.append(float((plain - found).mean()))
        step, now = step + 1, time.monotonic()
        seconds, last = seconds + now - last, now
        losses.append(loss.item())
        if step % REPORT_STEPS == 0:
            print(f"step {step} {progress:.1%} loss {np.mean(losses):.6f} gain {np.mean(gains):.3f} dB", flush=True)
            losses, gains = [], []
        if now - saved_at > CHECKPOINT_SECONDS:
            save()
            saved_at = now
    save()


def main() -> None:
    """Command line."""
    here = Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=Path, default=here / "pairs-chroma", help="made by chroma_scenes.py")
    parser.add_argument("--checkpoint", type=Path, default=here / "checkpoints/chroma.pt")
    parser.add_argument("--models", type=Path, default=here.parent / "models")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="finish the schedule within this time")
    parser.add_argument("--steps", type=int, default=RECIPE.steps)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--node", default=os.environ.get("NODE", "node"))
    parser.add_argument("--export", action="store_true", help="only write the files")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    arguments.checkpoint.parent.mkdir(parents=True, exist_ok=True)
    if not arguments.export:
        train(arguments.pairs, arguments.checkpoint, arguments.minutes, replace(RECIPE, steps=arguments.steps))
    export(arguments.checkpoint, arguments.models, arguments.node)


if __name__ == "__main__":
    main()
