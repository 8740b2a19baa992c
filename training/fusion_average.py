"""What the engine does around the fusion network, so that it learns through it: features of the neighbours (`kernels/fusion.c`), moved
pictures (`kernels/compensate.c`) and their average over time (`kernels/average.c`).

Luma is float from 0 to 1. Vectors: samples of the enlarged picture, right and down, one for each cell of 4x4.
"""

import torch
from torch import Tensor
from torch.nn import functional

from fusion_network import (
    CELL,
    COST_GAIN,
    COSTS,
    LOG_GAIN,
    MOST_APART,
    MOST_UNSTEADY,
    NEIGHBOURS,
    OFFSETS,
    SHIFTS,
    UNSTEADY_GAIN,
    FusionNetwork,
    read_findings,
)

PEAK = 255
DISTANCES = (3.0, 9.0)  # coarse and fine, in code values: what general's networks are averaged with where fully compressed
BLUR = torch.tensor([1.0, 2, 3, 4, 3, 2, 1]) / 16  # what is coarse, along each axis


def cell_means(plane: Tensor) -> Tensor:
    """Shape: [..., h, w] -> [..., h / 4, w / 4]."""
    return functional.avg_pool2d(plane, CELL)


def spread(cells: Tensor) -> Tensor:
    """Values of cells, at their centres, for each sample between. Shape: [N, C, h / 4, w / 4] -> [N, C, h, w]."""
    return functional.interpolate(cells, scale_factor=CELL, mode="bilinear", align_corners=False)


def move(pictures: Tensor, vectors: Tensor, margin: int) -> Tensor:
    """Each picture where its vectors lead, bicubic. Shape: [N, 4, H, W], [N, 4, 2, h / 4, w / 4] -> [N, 4, h, w], without the margin."""
    count, height, width = len(pictures), *pictures.shape[-2:]
    rows, columns = vectors.shape[-2] * CELL, vectors.shape[-1] * CELL
    field = spread(vectors.flatten(0, 1))
    x = torch.arange(columns)[None, None, :] + margin + field[:, 0]
    y = torch.arange(rows)[None, :, None] + margin + field[:, 1]
    grid = torch.stack([(x + 0.5) * 2 / width - 1, (y + 0.5) * 2 / height - 1], -1)
    source = pictures.reshape(count * NEIGHBOURS, 1, height, width)
    moved = functional.grid_sample(source, grid, mode="bicubic", padding_mode="border", align_corners=False)
    return moved.reshape(count, NEIGHBOURS, rows, columns)


def features(centre: Tensor, moved: Tensor, vectors: Tensor, present: Tensor) -> Tensor:
    """What the network is told. Shape: [N, 1, h, w], [N, 4, h, w], [N, 4, 2, ...], [N, 4] -> [N, 4, 31, h / 4, w / 4]."""
    height, width = centre.shape[-2:]
    down = functional.pad((centre[..., 1:, :] - centre[..., :-1, :]).abs(), (0, 0, 0, 1))
    across = functional.pad((centre[..., 1:] - centre[..., :-1]).abs(), (0, 1))
    texture = cell_means(torch.cat([down, across], 1)) * PEAK
    offsets = torch.tensor(OFFSETS)[None, :, None, None, None]
    is_there = present[:, :, None, None, None]
    rates = vectors / offsets
    steady = (rates * is_there).sum(1) / is_there.sum(1).clamp(min=1)
    told = []
    for index, offset in enumerate(OFFSETS):
        around = functional.pad(moved[:, index : index + 1], (SHIFTS,) * 4, mode="replicate")
        shifts = [(row, column) for row in range(2 * SHIFTS + 1) for column in range(2 * SHIFTS + 1)]
        costs = torch.cat([cell_means((centre - around[..., row : row + height, column : column + width]).abs())
                           for row, column in shifts], 1) * PEAK
        here = costs[:, COSTS // 2 : COSTS // 2 + 1]
        brighter = cell_means(moved[:, index : index + 1] - centre).abs() * PEAK
        means = torch.cat([here, texture, brighter], 1)
        unsteady = ((steady - rates[:, index]) * offset).clamp(-MOST_UNSTEADY, MOST_UNSTEADY)
        parts = [(costs - here).clamp(-MOST_APART, MOST_APART) * COST_GAIN, (means + 1).log() * LOG_GAIN, unsteady * UNSTEADY_GAIN]
        told.append(torch.cat(parts, 1) * present[:, index, None, None, None])
    return torch.stack(told, 1)


def blurred(plane: Tensor) -> Tensor:
    """The coarse part. Shape: [N, C, h, w]."""
    count, channels, height, width = plane.shape
    seen = functional.pad(plane.reshape(-1, 1, height, width), (3,) * 4, mode="replicate")
    seen = functional.conv2d(functional.conv2d(seen, BLUR.view(1, 1, 1, 7)), BLUR.view(1, 1, 7, 1))
    return seen.reshape(count, channels, height, width)


def corner_means(cells: Tensor) -> Tensor:
    """Of the four cells around each corner. Shape: [N, C, r, c] -> [N, C, r + 1, c + 1]."""
    return functional.avg_pool2d(functional.pad(cells, (1,) * 4, mode="replicate"), 2, 1)


def judged_corners(corners: Tensor) -> Tensor:
    """From the corners of cells of 8x8, by which a neighbour's difference is told, to those of cells of 4x4."""
    rows, columns = corners.shape[-2:]
    return functional.interpolate(corners, size=(2 * rows - 1, 2 * columns - 1), mode="bilinear", align_corners=True)


def between_corners(corners: Tensor) -> Tensor:
    """For each sample of the cells. Shape: [N, C, r + 1, c + 1] -> [N, C, 4r, 4c]."""
    rows, columns = corners.shape[-2:]
    y, x = (torch.arange((count - 1) * CELL) / CELL + 0.5 / CELL for count in (rows, columns))
    places = torch.stack(torch.meshgrid(y, x, indexing="ij")[::-1], -1)
    grid = (places + 0.5) * 2 / torch.tensor([columns, rows]) - 1
    return functional.grid_sample(corners, grid[None].expand(len(corners), -1, -1, -1), mode="bilinear",
                                  padding_mode="border", align_corners=False)


def average(centre: Tensor, moved: Tensor, present: Tensor, verdicts: tuple[Tensor, Tensor] | None = None) -> Tensor:
    """The picture with what its neighbours show the same. `verdicts`: strictness and gain. Shape: as for `features` -> [N, 1, h, w]."""
    differences = moved - centre
    coarse = blurred(differences)
    result = centre
    for band, part in enumerate((coarse, differences - coarse)):
        told = corner_means(functional.avg_pool2d(part.abs(), 2 * CELL))
        apart = (judged_corners(told) * PEAK / DISTANCES[band]).square()
        gain = torch.ones_like(apart)
        if verdicts is not None:
            strictness, worth = (corner_means(verdict[:, :, band]).exp() for verdict in verdicts)
            apart, gain = apart * strictness, worth
        weights = (1 - apart / 8).clamp(min=0) ** 8 * gain * present[:, :, None, None]
        shares = between_corners(weights / (1 + weights.sum(1, keepdim=True)))
        result = result + (shares * part).sum(1, keepdim=True)
    return result


def fused(
    network: FusionNetwork, centre: Tensor, neighbours: Tensor, vectors: Tensor, present: Tensor, margin: int,
) -> tuple[Tensor, Tensor]:
    """The average with the network's findings, and the plain one. Shape: centre [N, 1, h, w], neighbours with a margin around."""
    plain = move(neighbours, vectors, margin)
    found, strictness, gain = read_findings(network(features(centre, plain, vectors, present)))
    moved = move(neighbours, vectors + found, margin)
    return average(centre, moved, present, (strictness, gain)), average(centre, plain, present)
