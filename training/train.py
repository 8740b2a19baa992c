"""Trains one network on prepared pairs; resumes from its checkpoint."""

import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch

from dataset import PairPatches
from networks import SHAPES, LumaUpscaler
from successive import SuccessivePatches, changes


@dataclass(frozen=True)
class Recipe:
    """How one network is trained.

    Units: `patch` in input pixels per side, without halo; `variant_shares` for clean input, then by rising rate factor.
    """

    steps: int
    batch: int
    patch: int
    peak_rate: float
    variant_shares: tuple[float, ...]
    final_rate: float = 1e-5
    warm_up_steps: int = 300
    average_decay: float = 0.999


RECIPES = {
    "general-fast-x2": Recipe(
        steps=110_000, batch=16, patch=64, peak_rate=2e-3, variant_shares=(0.16, 0.16, 0.26, 0.42),
    ),
    "general-standard-x2": Recipe(
        steps=22_000, batch=8, patch=96, peak_rate=1e-3, variant_shares=(0.22, 0.20, 0.28, 0.30),
    ),
    "general-pro-x2": Recipe(
        steps=60_000, batch=8, patch=64, peak_rate=3e-4, variant_shares=(0.2, 0.2, 0.27, 0.33),
    ),
    "general-pro-x3": Recipe(
        steps=60_000, batch=12, patch=32, peak_rate=4e-4, variant_shares=(0.22, 0.2, 0.26, 0.32),
    ),
    "clean-standard-x2": Recipe(
        steps=22_000, batch=8, patch=96, peak_rate=3e-4, variant_shares=(0.85, 0.15, 0, 0),
    ),
    "clean-pro-x2": Recipe(
        steps=22_000, batch=8, patch=64, peak_rate=2e-4, variant_shares=(0.85, 0.15, 0, 0),
    ),
    "ugc-fast-x2": Recipe(
        steps=60_000, batch=16, patch=64, peak_rate=1e-3, variant_shares=(0.1, 0.3, 0.35, 0.25),
    ),
    "ugc-standard-x2": Recipe(
        steps=22_000, batch=8, patch=96, peak_rate=6e-4, variant_shares=(0.1, 0.3, 0.35, 0.25),
    ),
    "old-film-fast-x2": Recipe(
        steps=60_000, batch=16, patch=64, peak_rate=1e-3, variant_shares=(0.15, 0.35, 0.3, 0.2),
    ),
    "old-film-standard-x2": Recipe(
        steps=22_000, batch=8, patch=96, peak_rate=6e-4, variant_shares=(0.15, 0.35, 0.3, 0.2),
    ),
    "general-standard-x3": Recipe(
        steps=40_000, batch=12, patch=56, peak_rate=6e-4, variant_shares=(0.22, 0.18, 0.25, 0.35),
    ),
    "general-fast-x3": Recipe(
        steps=110_000, batch=24, patch=56, peak_rate=1e-3, variant_shares=(0.16, 0.16, 0.26, 0.42),
    ),
    "ugc-standard-x3": Recipe(
        steps=22_000, batch=12, patch=56, peak_rate=6e-4, variant_shares=(0.1, 0.3, 0.35, 0.25),
    ),
    "old-film-standard-x3": Recipe(
        steps=22_000, batch=12, patch=56, peak_rate=6e-4, variant_shares=(0.15, 0.35, 0.3, 0.2),
    ),
    "general-standard-x4": Recipe(
        steps=40_000, batch=16, patch=48, peak_rate=6e-4, variant_shares=(0.22, 0.18, 0.25, 0.35),
    ),
    "clean-standard-x4": Recipe(
        steps=40_000, batch=16, patch=48, peak_rate=3e-4, variant_shares=(0.85, 0.15, 0, 0),
    ),
    "ugc-fast-x1": Recipe(
        steps=60_000, batch=16, patch=64, peak_rate=6e-4, variant_shares=(0.1, 0.3, 0.35, 0.25),
    ),
    "ugc-standard-x1": Recipe(
        steps=22_000, batch=8, patch=96, peak_rate=4e-4, variant_shares=(0.1, 0.3, 0.35, 0.25),
    ),
    "old-film-fast-x1": Recipe(
        steps=60_000, batch=16, patch=64, peak_rate=6e-4, variant_shares=(0.15, 0.35, 0.3, 0.2),
    ),
    "old-film-standard-x1": Recipe(
        steps=22_000, batch=8, patch=96, peak_rate=4e-4, variant_shares=(0.15, 0.35, 0.3, 0.2),
    ),
}
ABSOLUTE_SHARE = 0.5  # of the training, before the loss follows the squared error
SMALLEST_SQUARE = (0.5 / 255) ** 2  # below half a code value nothing is left to gain
LOGARITHM_WEIGHT = 0.005  # gradients of about the absolute error's size
EXACT_SHARE = 0.15  # at the end, with features in float32
CHECKPOINT_SECONDS = 60
REPORT_STEPS = 500


def learning_rate(recipe: Recipe, progress: float, step: int) -> float:
    """Linear warm-up, then half a cosine from the peak to the final rate."""
    cosine = (1 + np.cos(np.pi * min(progress, 1.0))) / 2
    rate = recipe.final_rate + (recipe.peak_rate - recipe.final_rate) * cosine
    return float(rate * min(1.0, (step + 1) / recipe.warm_up_steps))


def loss_of(result: torch.Tensor, target: torch.Tensor, progress: float) -> torch.Tensor:
    """First the (smoothed) absolute error, then the logarithm of each patch's squared error, as PSNR counts."""
    squared = (result - target).square()
    if progress < ABSOLUTE_SHARE:
        return (squared + 1e-6).sqrt().mean()
    return logarithm_of(squared).mean()


def logarithm_of(squared: torch.Tensor) -> torch.Tensor:
    """Of each patch's mean square. Shape: [N, 1, H, W] -> [N]."""
    return LOGARITHM_WEIGHT * (squared.mean(dim=(1, 2, 3)) / SMALLEST_SQUARE + 1).log()


@dataclass(frozen=True)
class Steadiness:
    """Training against flicker: what else is seen in each step, and how much the change of its error counts."""

    folders: list[Path]
    weights: tuple[float, ...]  # by variant
    batch: int = 3
    patch: int = 48


class Training:
    """Weights, their running average, the optimiser and how far they are."""

    def __init__(self, network_id: str, folder: Path, device: torch.device) -> None:
        self.recipe, self.device = RECIPES[network_id], device
        self.network = LumaUpscaler(SHAPES[network_id]).to(device, memory_format=torch.channels_last)
        self.average = deepcopy(self.network)
        self.optimiser = torch.optim.Adam(self.network.parameters(), lr=self.recipe.peak_rate, betas=(0.9, 0.99))
        self.step, self.seconds = 0, 0.0
        self.path = folder / f"{network_id}.pt"
        folder.mkdir(parents=True, exist_ok=True)
        if self.path.exists():
            state = torch.load(self.path, map_location=device)
            self.network.load_state_dict(state["network"])
            self.average.load_state_dict(state["average"])
            self.optimiser.load_state_dict(state["optimiser"])
            self.step, self.seconds = state["step"], state["seconds"]

    def save(self) -> None:
        """Write the checkpoint in one move."""
        state = {
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "seconds": self.seconds,
        }
        part = self.path.with_suffix(".part")
        torch.save(state, part)
        part.replace(self.path)

    def progress(self, limit_seconds: float) -> float:
        """From 0 to 1, by steps or by the time allowed, whichever is further."""
        return max(self.step / self.recipe.steps, self.seconds / limit_seconds)

    def loss_of_successive(self, pictures: SuccessivePatches, steadiness: Steadiness, progress: float) -> torch.Tensor:
        """The loss of two pictures each, and of the change between them."""
        sources, targets, vectors, variants = (tensor.to(self.device) for tensor in pictures.batch(steadiness.batch))
        results = self.network(sources.flatten(0, 1), half_features=progress < 1 - EXACT_SHARE)
        loss = loss_of(results, targets.flatten(0, 1), progress)
        change = changes(results.unflatten(0, (-1, 2)) - targets, vectors, pictures.scale)
        return loss + (logarithm_of(change.square()) * torch.tensor(steadiness.weights)[variants]).mean()

    def advance(self, pairs: PairPatches, progress: float, extra: Callable[[float], torch.Tensor] | None = None) -> float:
        """One optimiser step, `extra` added to the loss; returns the loss."""
        source, target = (tensor.to(self.device) for tensor in pairs.batch(self.recipe.batch))
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate(self.recipe, progress, self.step)
        result = self.network(source, half_features=progress < 1 - EXACT_SHARE)
        loss = loss_of(result, target, progress) + (extra(progress) if extra else 0)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimiser.step()
        decay = min(self.recipe.average_decay, (self.step + 1) / (self.step + 10))
        with torch.no_grad():
            for kept, fresh in zip(self.average.parameters(), self.network.parameters()):
                kept.lerp_(fresh, 1 - decay)
        self.step += 1
        return loss.item()


def train(
    network_id: str, pairs_folders: list[Path], checkpoints: Path, limit_minutes: float = float("inf"),
    folder_shares: list[float] | None = None, steadiness: Steadiness | None = None,
) -> Path:
    """Train until the recipe's steps or the time limit are reached. Returns the checkpoint's path."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(1)
    training = Training(network_id, checkpoints, device)
    shape, recipe = SHAPES[network_id], training.recipe
    pairs = PairPatches(
        pairs_folders, shape.halo_pixels, recipe.patch, recipe.variant_shares, seed=[1, training.step],
        frames=shape.frames, scale=shape.scale, folder_shares=folder_shares,
    )
    extra = None
    if steadiness:
        successive = SuccessivePatches(
            steadiness.folders, shape.halo_pixels, steadiness.patch, recipe.variant_shares, seed=[2, training.step],
            frames=shape.frames, scale=shape.scale,
        )
        extra = partial(training.loss_of_successive, successive, steadiness)
    limit_seconds = limit_minutes * 60
    losses, saved_at, last = [], time.monotonic(), time.monotonic()
    while (progress := training.progress(limit_seconds)) < 1:
        losses.append(training.advance(pairs, progress, extra))
        now = time.monotonic()
        training.seconds, last = training.seconds + now - last, now
        if training.step % REPORT_STEPS == 0:
            print(f"{network_id} step {training.step} {progress:.1%} loss {np.mean(losses):.6f}", flush=True)
            losses = []
        if now - saved_at > CHECKPOINT_SECONDS:
            training.save()
            saved_at = now
    training.save()
    return training.path
