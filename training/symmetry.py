"""Keeps a network equivariant: a flipped or transposed picture gives the flipped or transposed result, exactly.

Under each of the square's eight symmetries the channels of a layer change places: the first few stay, the others turn in
groups of eight ("orbits"). Weights that change places with them are the mean of themselves over the eight; so are
gradients that keep them so. The network stays one of plain convolutions. Source: Cohen and Welling, "Group equivariant
convolutional networks" (2016).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from networks import LumaUpscaler

# Transposed or not, then rows and columns flipped or not.
GROUP = [(transposed, rows, columns) for transposed in (0, 1) for rows in (0, 1) for columns in (0, 1)]
LARGEST_GAIN = 3.0  # of random weights, to keep their deviation although they are means


def moved(picture: torch.Tensor, element: tuple[int, int, int]) -> torch.Tensor:
    """One symmetry, applied to the last two axes."""
    transposed, rows, columns = element
    if transposed:
        picture = picture.transpose(-1, -2)
    axes = [axis for axis, flipped in ((-2, rows), (-1, columns)) if flipped]
    return picture.flip(axes) if axes else picture


def same_channels(count: int) -> list[torch.Tensor]:
    """Channels that stay: for each symmetry, which channel comes to each place."""
    return [torch.arange(count)] * len(GROUP)


def turning_channels(count: int, orbits: int) -> list[torch.Tensor]:
    """Feature channels, those of the orbits last."""
    grid = torch.arange(9).reshape(3, 3)
    pictures = [moved(grid, element).flatten().tolist() for element in GROUP]
    result = []
    for element in GROUP:
        places = torch.arange(count)
        for index, other in enumerate(GROUP):
            product = pictures.index(moved(moved(grid, other), element).flatten().tolist())
            for start in range(count - len(GROUP) * orbits, count, len(GROUP)):
                places[start + product] = start + index
        result.append(places)
    return result


def pixel_channels(side: int) -> list[torch.Tensor]:
    """Channels that are the pixels of a block, row by row."""
    grid = torch.arange(side * side).reshape(side, side)
    return [moved(grid, element).flatten() for element in GROUP]


class Symmetry:
    """The symmetric weights nearest to a network's, and the part of its gradients that keeps them."""

    def __init__(self, network: LumaUpscaler) -> None:
        shape = network.shape
        source = same_channels(shape.frames)
        features = turning_channels(shape.channels, shape.orbits)
        pixels = pixel_channels(2 * shape.scale)
        self.layers = [
            (network.first, features, source),
            *((layer, features, features) for layer in network.body),
            (network.last, pixels, features),
            (network.skip, pixels, source),
        ]

    @staticmethod
    def mean(values: torch.Tensor, outputs: list[torch.Tensor], inputs: list[torch.Tensor]) -> torch.Tensor:
        """Over the eight symmetries. Shape: [outputs, inputs, k, k] -> the same."""
        terms = [moved(values[out][:, into], element) for element, out, into in zip(GROUP, outputs, inputs)]
        return sum(terms) / len(GROUP)

    @staticmethod
    def mean_bias(values: torch.Tensor, outputs: list[torch.Tensor]) -> torch.Tensor:
        """Over the eight symmetries. Shape: [outputs] -> the same."""
        return sum(values[out] for out in outputs) / len(GROUP)

    @torch.no_grad()
    def apply(self, keep_deviation: bool = False) -> None:
        """Make the weights symmetric; of random ones `keep_deviation` keeps how large they are."""
        for layer, outputs, inputs in self.layers:
            mean = self.mean(layer.weight, outputs, inputs)
            if keep_deviation:
                mean *= (layer.weight.std() / mean.std().clamp(min=1e-9)).clamp(max=LARGEST_GAIN)
            layer.weight.copy_(mean)
            if layer.bias is not None:
                layer.bias.copy_(self.mean_bias(layer.bias, outputs))

    @torch.no_grad()
    def apply_to_gradients(self) -> None:
        """Leave of the gradients what changes the weights symmetrically."""
        for layer, outputs, inputs in self.layers:
            layer.weight.grad = self.mean(layer.weight.grad, outputs, inputs)
            if layer.bias is not None:
                layer.bias.grad = self.mean_bias(layer.bias.grad, outputs)
