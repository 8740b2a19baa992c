"""The luma x2 networks: shape as data, the PyTorch module, and its costs.

A network sees the luma plane of one frame, some also of its neighbours laid on it, and returns it at twice the size. Every convolution is valid (no padding),
so a window of the frame with `halo_pixels` input pixels around it gives exactly the same result as the whole frame.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional

SCALE = 2
FIRST_KERNEL = 6  # stride 2: space-to-depth(2) followed by a 3x3 convolution, in one
SKIP_KERNEL = 8  # stride 2: wide enough for the six taps of Lanczos-3 at all four output phases
OUTPUT_CHANNELS = 16  # 4x4 output pixels for every 2x2 input pixels


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

    @property
    def halo_pixels(self) -> int:
        """Input pixels needed on each side of a window."""
        return 2 * (self.layers + 2)

    @property
    def macs_per_input_pixel(self) -> int:
        """Multiply-adds per input pixel; each convolution runs once per 2x2 input pixels."""
        first = FIRST_KERNEL**2 * self.frames * self.channels
        body = self.layers * 9 * self.channels**2
        last = 9 * self.channels * OUTPUT_CHANNELS
        skip = SKIP_KERNEL**2 * self.frames * OUTPUT_CHANNELS
        return (first + body + last + skip) // 4


SHAPES = {
    shape.id: shape
    for shape in (
        NetworkShape("general-fast-x2", "General, fast, 2x", "fast", channels=16, layers=3),
        NetworkShape("general-standard-x2", "General, standard, 2x", "standard", channels=48, layers=4),
        NetworkShape("general-pro-x2", "General, pro, 2x", "pro", channels=64, layers=7, frames=5),
        NetworkShape("ugc-fast-x2", "Shared video, fast, 2x", "fast", 16, 3, preset="ugc"),
        NetworkShape("ugc-standard-x2", "Shared video, standard, 2x", "standard", 48, 4, preset="ugc"),
        NetworkShape("old-film-fast-x2", "Old film, fast, 2x", "fast", 16, 3, preset="old_film"),
        NetworkShape("old-film-standard-x2", "Old film, standard, 2x", "standard", 48, 4, preset="old_film"),
    )
}


def lanczos_taps(offset: float, count: int) -> np.ndarray:
    """Normalised Lanczos-3 weights for a sample lying at `offset` pixels from the first of `count` pixels."""
    distance = np.arange(count) - offset
    weights = np.where(np.abs(distance) < 3, np.sinc(distance) * np.sinc(distance / 3), 0.0)
    return weights / weights.sum()


def lanczos_skip_weight() -> torch.Tensor:
    """The linear path as Lanczos-3 interpolation.

    Shape: [16, 1, 8, 8]; output channel 4 * row + column, as depth-to-space in CRD order expects.
    """
    first_block_pixel = SKIP_KERNEL // 2 - 1
    rows = [lanczos_taps(first_block_pixel + (phase + 0.5) / 2 - 0.5, SKIP_KERNEL) for phase in range(4)]
    kernels = [np.outer(vertical, horizontal) for vertical in rows for horizontal in rows]
    return torch.tensor(np.stack(kernels), dtype=torch.float32).unsqueeze(1)


class LumaUpscaler(nn.Module):
    """Valid convolutions at half resolution beside a linear path from the input to the output.

    Shape: [N, frames, H, W] -> [N, 1, 2 (H - 2R), 2 (W - 2R)], H and W even, R the halo.
    Units: luma divided by its peak code value.
    """

    def __init__(self, shape: NetworkShape) -> None:
        super().__init__()
        self.shape = shape
        self.first = nn.Conv2d(shape.frames, shape.channels, FIRST_KERNEL, stride=2)
        self.body = nn.ModuleList(nn.Conv2d(shape.channels, shape.channels, 3) for _ in range(shape.layers))
        self.last = nn.Conv2d(shape.channels, OUTPUT_CHANNELS, 3)
        self.skip = nn.Conv2d(shape.frames, OUTPUT_CHANNELS, SKIP_KERNEL, stride=2, bias=False)
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
            self.skip.weight[:, :1] = lanczos_skip_weight()

    @torch.no_grad()
    def grow_from(self, smaller: "LumaUpscaler") -> None:
        """Start where a narrower, shallower network of one frame ended: it is computed unchanged inside this one."""
        kept = smaller.shape.channels
        self.first.weight[:kept] = 0
        self.first.weight[:kept, :1] = smaller.first.weight
        self.first.bias[:kept] = smaller.first.bias
        for index, layer in enumerate(self.body):
            layer.weight[:kept] = 0
            layer.bias[:kept] = 0
            if index < smaller.shape.layers:
                layer.weight[:kept, :kept] = smaller.body[index].weight
                layer.bias[:kept] = smaller.body[index].bias
            else:
                layer.weight[:kept, :kept, 1, 1] = torch.eye(kept)
        self.last.weight.zero_()
        self.last.weight[:, :kept] = smaller.last.weight
        self.last.bias.copy_(smaller.last.bias)
        self.skip.weight.zero_()
        self.skip.weight[:, :1] = smaller.skip.weight

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
        return functional.pixel_shuffle(detail.float() + linear, 2 * SCALE)


def count_parameters(network: nn.Module) -> int:
    """Number of weights and biases."""
    return sum(parameter.numel() for parameter in network.parameters())
