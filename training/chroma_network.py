"""The chroma x2 network: its shape and the PyTorch module.

It sees a frame's luma and both chroma planes in 4:2:0 and returns the chroma planes at twice their size, in the place where
the doubled frame's chroma samples lie. Every convolution is valid, so that a window with `halo_pixels` chroma samples
around it gives exactly the same result as the whole frame.

Beside Lanczos there is a guess: what the luma has more than its own reduction has, times the slope of chroma over luma
around the sample. The network sees the planes and the guess, says how much of it holds, and adds what it finds itself. The
result leaves the chroma that Lanczos sees by no more than its own range, so that plain chroma, as of black and white, stays
exactly what it is.
"""

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

from chroma_resampling import LANCZOS_TAPS, SITINGS, cubic_weights, doubling_weights, luma_weights

LUMA_KERNEL = 6  # stride 2: the 2x2 luma samples of a chroma sample and of its neighbours
SLOPE_KERNEL = 5
SLOPE_TAPS = (1 / 12, 3 / 12, 4 / 12, 3 / 12, 1 / 12)
SLOPE_FLOOR = (1.5 / 255) ** 2  # variance of luma below which there is no slope to speak of
GUESSES = 8  # 2x2 samples of Cb, then of Cr
OUTPUT_CHANNELS = 2 * GUESSES  # what is added, then how much of the guess holds
LUMA_GAIN, CHROMA_GAIN, GUESS_GAIN, OUTPUT_GAIN = 4.0, 16.0, 32.0, 1 / 16  # bring all to the size that training expects


@dataclass(frozen=True)
class ChromaShape:
    """Width and depth. Sitings share the body; what reads the planes and what writes them is each one's own."""

    channels: int = 16
    layers: int = 2

    @property
    def halo_pixels(self) -> int:
        """Chroma samples needed on each side of a window: by luma kernel, slope, reading, body and writing."""
        return 1 + SLOPE_KERNEL // 2 + 1 + self.layers + 1

    @property
    def macs_per_input_pixel(self) -> int:
        """Multiply-adds per luma sample of the input."""
        guess = 5 * LUMA_KERNEL**2 + (6 + 4) * SLOPE_KERNEL**2
        first = (LUMA_KERNEL**2 + (2 + GUESSES) * 9) * self.channels
        body = self.layers * 9 * self.channels**2
        last = 9 * self.channels * OUTPUT_CHANNELS
        return (guess + first + body + last + LANCZOS_TAPS**2 * GUESSES) // 4


SHAPE = ChromaShape()


def inner(planes: torch.Tensor, margin: int) -> torch.Tensor:
    """Without `margin` samples on each side."""
    return planes[:, :, margin:-margin, margin:-margin]


class Ends(nn.Module):
    """What depends on the siting: fixed weights of the guess, the layers that read and the one that writes."""

    def __init__(self, shape: ChromaShape, siting: str) -> None:
        super().__init__()
        self.luma = nn.Conv2d(1, shape.channels, LUMA_KERNEL, stride=2)
        self.chroma = nn.Conv2d(2 + GUESSES, shape.channels, 3, bias=False)
        self.last = nn.Conv2d(shape.channels, OUTPUT_CHANNELS, 3)
        fixed = {"lanczos": doubling_weights(siting), "at": luma_weights(siting), "cubic": cubic_weights(siting)}
        for name, weights in fixed.items():
            self.register_buffer(name, torch.tensor(weights, dtype=torch.float32)[:, None])
        taps = torch.tensor(SLOPE_TAPS)
        self.register_buffer("window", torch.outer(taps, taps)[None, None])
        nn.init.kaiming_normal_(self.luma.weight, nonlinearity="relu")
        nn.init.kaiming_normal_(self.chroma.weight, nonlinearity="relu")
        nn.init.zeros_(self.luma.bias)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)
        with torch.no_grad():
            self.luma.weight -= self.luma.weight.mean(dim=(1, 2, 3), keepdim=True)
            self.chroma.weight[:, :2] -= self.chroma.weight[:, :2].mean(dim=(2, 3), keepdim=True)

    def guess(self, luma: torch.Tensor, chroma: torch.Tensor) -> torch.Tensor:
        """What the luma suggests to add to the doubled chroma; three samples less on each side. Shape: [N, 8, h - 6, w - 6]."""
        at = functional.conv2d(luma, self.at, stride=2)
        small, near = at[:, :1], inner(chroma, 1)
        products = torch.cat([small, near, small * small, small * near], dim=1)
        means = functional.conv2d(products, self.window.repeat(6, 1, 1, 1), groups=6)
        mean_luma, mean_chroma = means[:, :1], means[:, 1:3]
        variance = means[:, 3:4] - mean_luma * mean_luma
        slope = (means[:, 4:6] - mean_luma * mean_chroma) / (variance.clamp(min=0) + SLOPE_FLOOR)
        detail = inner(at[:, 1:], 2) - functional.conv2d(small, self.cubic)
        return torch.cat([slope[:, :1] * detail, slope[:, 1:] * detail], dim=1)


class ChromaUpscaler(nn.Module):
    """Valid convolutions at the chroma's size beside Lanczos, which stays as it is.

    Shape: luma [N, 1, 2h, 2w] and chroma [N, 2, h, w] -> [N, 2, 2 (h - 2R), 2 (w - 2R)], R the halo.
    Units: code values divided by their peak.
    """

    def __init__(self, shape: ChromaShape = SHAPE) -> None:
        super().__init__()
        self.shape = shape
        self.ends = nn.ModuleDict({siting: Ends(shape, siting) for siting in SITINGS})
        self.body = nn.ModuleList(nn.Conv2d(shape.channels, shape.channels, 3) for _ in range(shape.layers))
        for layer in self.body:
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)

    def forward(
        self, luma: torch.Tensor, chroma: torch.Tensor, siting: str, half_features: bool = False,
    ) -> torch.Tensor:
        """`half_features` computes the features in bfloat16 (training only)."""
        ends = self.ends[siting]
        guess = ends.guess(luma, chroma)
        seen = torch.cat([inner(chroma, 3) * CHROMA_GAIN, guess * GUESS_GAIN], dim=1)
        with torch.autocast(luma.device.type, dtype=torch.bfloat16, enabled=half_features):
            features = functional.relu(inner(ends.luma(luma * LUMA_GAIN), 3) + ends.chroma(seen))
            for layer in self.body:
                features = functional.relu(layer(features))
            found = ends.last(features)
        found = found.float()
        lowest, highest = self.limits(chroma)
        held = found[:, GUESSES:] * inner(guess, self.shape.layers + 2)
        detail = found[:, :GUESSES] * OUTPUT_GAIN + held
        blocks = torch.maximum(torch.minimum(detail + self.linear(chroma, siting), highest), lowest)
        return functional.pixel_shuffle(blocks, 2)

    def limits(self, chroma: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The lowest and the highest result for each output channel."""
        seen = inner(chroma, self.shape.halo_pixels - LANCZOS_TAPS // 2)
        highest, lowest = (sign * functional.max_pool2d(sign * seen, LANCZOS_TAPS, stride=1) for sign in (1, -1))
        change = highest - lowest
        return tuple(limit.repeat_interleave(4, dim=1) for limit in (lowest - change, highest + change))

    def linear(self, chroma: torch.Tensor, siting: str) -> torch.Tensor:
        """Lanczos, before its samples are put in place."""
        weights = self.ends[siting].lanczos.repeat(2, 1, 1, 1)
        return functional.conv2d(inner(chroma, self.shape.halo_pixels - LANCZOS_TAPS // 2), weights, groups=2)


def count_parameters(network: ChromaUpscaler, siting: str) -> int:
    """Trained weights and biases that one siting uses."""
    parts = [*network.body.parameters(), *network.ends[siting].parameters()]
    return sum(parameter.numel() for parameter in parts)
