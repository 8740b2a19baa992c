"""The luma networks: shape as data, the PyTorch module, and its costs.

A network sees the luma plane of one frame, some also of its neighbours laid on it, and returns it `scale` times larger.
Every convolution is valid (no padding), so a window of the frame with `halo_pixels` input pixels around it gives exactly
the same result as the whole frame.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional

FIRST_KERNEL = 6  # stride 2: space-to-depth(2) followed by a 3x3 convolution, in one
VIEWS = ((False, False), (False, True), (True, False), (True, True))  # the picture, flipped by rows or columns or both
SKIP_KERNEL = 8  # stride 2: wide enough for the six taps of Lanczos-3 at every output phase


@dataclass(frozen=True)
class NetworkShape:
    """Width and depth of one network."""

    id: str
    title: str
    tier: str
    channels: int
    layers: int
    preset: str = "general"
    frames: int = 1  # the frame itself, then its neighbours aligned with it: -1, +1, -2, +2
    scale: int = 2
    views: int = 1  # of VIEWS: the result is the mean of theirs, flipped back (export and inference; training sees one)

    @property
    def output_channels(self) -> int:
        """Output pixels for every 2x2 input pixels."""
        return (2 * self.scale) ** 2

    @property
    def halo_pixels(self) -> int:
        """Input pixels needed on each side of a window."""
        return 2 * (self.layers + 2)

    @property
    def macs_per_input_pixel(self) -> int:
        """Multiply-adds per input pixel; each convolution runs once per 2x2 input pixels."""
        first = FIRST_KERNEL**2 * self.frames * self.channels
        body = self.layers * 9 * self.channels**2
        last = 9 * self.channels * self.output_channels
        skip = SKIP_KERNEL**2 * self.frames * self.output_channels
        return (self.views * (first + body + last) + skip) // 4


SHAPES = {
    shape.id: shape
    for shape in (
        NetworkShape("general-fast-x2", "General, fast, 2x", "fast", channels=16, layers=3),
        NetworkShape("general-standard-x2", "General, standard, 2x", "standard", channels=48, layers=5),
        NetworkShape("clean-standard-x2", "Hardly compressed, standard, 2x", "standard", 48, 5, preset="clean"),
        NetworkShape("general-standard-x3", "General, standard, 3x", "standard", channels=48, layers=5, scale=3),
        NetworkShape("general-standard-x4", "General, standard, 4x", "standard", channels=48, layers=5, scale=4),
        NetworkShape("clean-standard-x4", "Hardly compressed, standard, 4x", "standard", 48, 5, preset="clean", scale=4),
        NetworkShape("general-pro-x2", "General, pro, 2x", "pro", channels=64, layers=10, frames=5, views=4),
        NetworkShape("general-pro-x3", "General, pro, 3x", "pro", 64, 10, frames=5, views=4, scale=3),
        NetworkShape("ugc-fast-x2", "Shared video, fast, 2x", "fast", 16, 3, preset="ugc"),
        NetworkShape("ugc-standard-x2", "Shared video, standard, 2x", "standard", 48, 5, preset="ugc"),
        NetworkShape("old-film-fast-x2", "Old film, fast, 2x", "fast", 16, 3, preset="old_film"),
        NetworkShape("old-film-standard-x2", "Old film, standard, 2x", "standard", 48, 5, preset="old_film"),
        NetworkShape("general-fast-x3", "General, fast, 3x", "fast", 16, 3, scale=3),
        NetworkShape("clean-pro-x2", "Hardly compressed, pro, 2x", "pro", 64, 10, preset="clean", frames=5, views=4),
        NetworkShape("ugc-standard-x3", "Shared video, standard, 3x", "standard", 48, 5, preset="ugc", scale=3),
        NetworkShape("old-film-standard-x3", "Old film, standard, 3x", "standard", 48, 5, preset="old_film", scale=3),
        NetworkShape("ugc-fast-x1", "Shared video, fast, same size", "fast", 16, 3, preset="ugc", scale=1),
        NetworkShape("ugc-standard-x1", "Shared video, standard, same size", "standard", 48, 4, preset="ugc", scale=1),
        NetworkShape("old-film-fast-x1", "Old film, fast, same size", "fast", 16, 3, preset="old_film", scale=1),
        NetworkShape("old-film-standard-x1", "Old film, standard, same size", "standard", 48, 4, preset="old_film", scale=1),
    )
}


def lanczos_taps(offset: float, count: int) -> np.ndarray:
    """Normalised Lanczos-3 weights for a sample lying at `offset` pixels from the first of `count` pixels."""
    distance = np.arange(count) - offset
    weights = np.where(np.abs(distance) < 3, np.sinc(distance) * np.sinc(distance / 3), 0.0)
    return weights / weights.sum()


def lanczos_skip_weight(scale: int) -> torch.Tensor:
    """The linear path as Lanczos-3 interpolation; at scale 1 it repeats the input.

    Shape: [n * n, 1, 8, 8] with n = 2 * scale; output channel n * row + column, as depth-to-space in CRD order expects.
    """
    first_block_pixel = SKIP_KERNEL // 2 - 1
    rows = [lanczos_taps(first_block_pixel + (phase + 0.5) / scale - 0.5, SKIP_KERNEL) for phase in range(2 * scale)]
    kernels = [np.outer(vertical, horizontal) for vertical in rows for horizontal in rows]
    return torch.tensor(np.stack(kernels), dtype=torch.float32).unsqueeze(1)


def phase_map(scale: int, other: int) -> torch.Tensor:
    """Takes the output pixels of one scale to those of another, by the area that they share.

    Shape: [(2 * other)^2, (2 * scale)^2], rows that sum to 1.
    """
    many, few = 2 * scale, 2 * other
    edges = np.arange(few + 1) * many / few
    columns = np.arange(many)
    shared = np.minimum(edges[1:, None], columns + 1) - np.maximum(edges[:-1, None], columns)
    line = np.clip(shared, 0, None) * few / many
    return torch.tensor(np.kron(line, line), dtype=torch.float32)


def flipped_axes(view: int, rows: int) -> list[int]:
    """Which axes a view reverses of an array whose rows lie along axis `rows` and columns along the next."""
    return [rows + offset for offset, is_flipped in enumerate(VIEWS[view]) if is_flipped]


class LumaUpscaler(nn.Module):
    """Valid convolutions at half resolution beside a linear path from the input to the output.

    Shape: [N, frames, H, W] -> [N, 1, s (H - 2R), s (W - 2R)], H and W even, R the halo, s the scale.
    Units: luma divided by its peak code value.
    """

    def __init__(self, shape: NetworkShape) -> None:
        super().__init__()
        self.shape = shape
        self.first = nn.Conv2d(shape.frames, shape.channels, FIRST_KERNEL, stride=2)
        self.body = nn.ModuleList(nn.Conv2d(shape.channels, shape.channels, 3) for _ in range(shape.layers))
        self.last = nn.Conv2d(shape.channels, shape.output_channels, 3)
        self.skip = nn.Conv2d(shape.frames, shape.output_channels, SKIP_KERNEL, stride=2, bias=False)
        self._initialise()

    def _initialise(self) -> None:
        """Start as Lanczos: the linear path interpolates, the features add nothing yet."""
        nn.init.kaiming_normal_(self.first.weight, nonlinearity="relu")
        with torch.no_grad():
            self.first.weight -= self.first.weight.mean(dim=(1, 2, 3), keepdim=True)
            self.first.bias.zero_()
            for layer in self.body:
                nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
                layer.weight.mul_(0.5)
                layer.weight[:, :, 1, 1] += 0.7 * torch.eye(self.shape.channels)
                layer.bias.zero_()
            self.last.weight.zero_()
            self.last.bias.zero_()
            self.skip.weight.zero_()
            self.skip.weight[:, :1] = lanczos_skip_weight(self.shape.scale)

    @torch.no_grad()
    def grow_from(self, smaller: "LumaUpscaler") -> None:
        """Start where another network ended, not wider or deeper: it is computed unchanged inside this one.

        Made for a larger scale, its output is averaged down; for a smaller one, what it adds to Lanczos is enlarged.
        """
        kept, seen = smaller.shape.channels, smaller.shape.frames
        self.first.weight[:kept] = 0
        self.first.weight[:kept, :seen] = smaller.first.weight
        self.first.bias[:kept] = smaller.first.bias
        for index, layer in enumerate(self.body):
            layer.weight[:kept] = 0
            layer.bias[:kept] = 0
            if index < smaller.shape.layers:
                layer.weight[:kept, :kept] = smaller.body[index].weight
                layer.bias[:kept] = smaller.body[index].bias
            else:
                layer.weight[:kept, :kept, 1, 1] = torch.eye(kept)
        to_own = phase_map(smaller.shape.scale, self.shape.scale)
        self.last.weight.zero_()
        self.last.weight[:, :kept] = torch.einsum("os,sihw->oihw", to_own, smaller.last.weight)
        self.last.bias.copy_(to_own @ smaller.last.bias)
        linear = smaller.skip.weight.clone()
        if self.shape.scale > smaller.shape.scale:
            linear[:, :1] -= lanczos_skip_weight(smaller.shape.scale)
        self.skip.weight.zero_()
        self.skip.weight[:, :seen] = torch.einsum("os,sihw->oihw", to_own, linear)
        if self.shape.scale > smaller.shape.scale:
            self.skip.weight[:, :1] += lanczos_skip_weight(self.shape.scale)

    @property
    def skip_crop(self) -> int:
        """Input pixels by which the linear path's window is smaller on each side."""
        return self.shape.halo_pixels - (SKIP_KERNEL // 2 - 1)

    def forward(self, luma: torch.Tensor, half_features: bool = False) -> torch.Tensor:
        """`half_features` computes the features in bfloat16 (training only); the linear path stays exact."""
        with torch.autocast(luma.device.type, dtype=torch.bfloat16, enabled=half_features):
            features = functional.relu(self.first(luma), inplace=True)
            for layer in self.body:
                features = functional.relu(layer(features), inplace=True)
            detail = self.last(features)
        crop = self.skip_crop
        linear = self.skip(luma[:, :, crop:-crop, crop:-crop])
        return functional.pixel_shuffle(detail.float() + linear, 2 * self.shape.scale)


def count_parameters(network: nn.Module) -> int:
    """Number of weights and biases."""
    return sum(parameter.numel() for parameter in network.parameters())
