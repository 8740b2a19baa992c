"""The fusion network: where a picture's content lies in its neighbours in time and what they are worth for an average.

It is told, cell by cell of 4x4 samples of the enlarged picture, how well each neighbour matches as its motion brings it there and
shifted by up to two samples (`kernels/fusion.c`), and says by how much more to move it, and how strictly and how much it counts.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

CELL = 4
SHIFTS = 2  # samples, each way
COSTS = (2 * SHIFTS + 1) ** 2
OFFSETS = (-1, 1, -2, 2)  # of the neighbours, in frames
NEIGHBOURS = len(OFFSETS)
FEATURES, FINDINGS = COSTS + 6, 6
MOST_APART, COST_GAIN = 8.0, 0.3  # code values beside the cost as it lies
LOG_GAIN = 0.5
MOST_UNSTEADY, UNSTEADY_GAIN = 4.0, 0.5  # samples beside the steady motion
MOST_MOVED = 3.0  # samples
STRICTNESS, GAIN = (-3.0, 1.5), (-2.0, 1.5)  # powers of e
SLOPE = 0.1  # of the leaky rectifier


class FusionShape(NamedTuple):
    """Channels for each neighbour and for all together."""

    each: int = 24
    joint: int = 64


class FusionNetwork(nn.Module):
    """Valid convolutions: what lies beyond the picture repeats its edge."""

    halo_cells = 8

    def __init__(self, shape: FusionShape = FusionShape()) -> None:
        super().__init__()
        each, joint = shape
        self.shape = shape
        self.each = nn.ModuleList([nn.Conv2d(FEATURES, each, 3), nn.Conv2d(each, each, 3)])
        self.joint = nn.ModuleList([
            nn.Conv2d(NEIGHBOURS * each, joint, 3),
            nn.Conv2d(joint, joint, 3, dilation=2),
            nn.Conv2d(joint, joint, 3, dilation=2),
        ])
        self.last = nn.Conv2d(joint, NEIGHBOURS * FINDINGS, 3)
        nn.init.zeros_(self.last.weight)  # begins as the plain average
        nn.init.zeros_(self.last.bias)

    def forward(self, features: Tensor) -> Tensor:
        """Raw findings. Shape: [N, 4, 31, h, w] -> [N, 4, 6, h, w]."""
        count, _, _, height, width = features.shape
        seen = functional.pad(features.flatten(0, 1), (self.halo_cells,) * 4, mode="replicate")
        for layer in self.each:
            seen = functional.leaky_relu(layer(seen), SLOPE)
        seen = seen.reshape(count, -1, *seen.shape[-2:])
        for layer in self.joint:
            seen = functional.leaky_relu(layer(seen), SLOPE)
        return self.last(seen).reshape(count, NEIGHBOURS, FINDINGS, height, width)


def read_findings(raw: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Samples to move by, right and down; strictness and gain as powers of e, coarse and fine. Shape: each [N, 4, 2, h, w]."""
    moved = torch.tanh(raw[:, :, :2]) * MOST_MOVED
    return moved, raw[:, :, 2:4].clamp(*STRICTNESS), raw[:, :, 4:6].clamp(*GAIN)


def count_parameters(network: nn.Module) -> int:
    """All weights and biases."""
    return sum(parameter.numel() for parameter in network.parameters())


def multiply_adds(network: FusionNetwork) -> int:
    """For one cell of a large picture."""
    shared = sum(layer.weight.numel() for layer in network.each)
    return NEIGHBOURS * shared + sum(layer.weight.numel() for layer in [*network.joint, network.last])
