"""The chroma network: how luma detail goes over to chroma, at chroma resolution and without padding."""

import torch
import torch.nn.functional as F
from torch import nn

CHANNELS = 16


class ChromaNetwork(nn.Module):
    """Adds to resampled chroma what the luma shows: detail times predicted slopes, and a free part where luma has detail.

    Where luma is flat, its detail is zero and so is everything that is added. Shifts of all luma or chroma change nothing,
    because the weights over each plane sum to zero.
    """

    input_gain = 4.0
    gate_gain = 16.0
    free_gain = 0.1

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(6, CHANNELS, 3)
        self.second = nn.Conv2d(CHANNELS, CHANNELS, 1)
        self.last = nn.Conv2d(CHANNELS, 16, 3)
        self.detail = nn.Conv2d(4, 4, 3, bias=False)
        with torch.no_grad():
            self.last.weight.mul_(0.1)
            self.last.bias.zero_()
            self.detail.weight.mul_(0.1)
            self.detail.weight[:, :, 1, 1] += torch.eye(4) - 0.25

    def centred_weights(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Weights of the first and the detail convolution, zero in sum over each plane."""
        luma, chroma = self.first.weight[:, :4], self.first.weight[:, 4:]
        luma = luma - luma.mean((1, 2, 3), keepdim=True)
        chroma = chroma - chroma.mean((2, 3), keepdim=True)
        detail = self.detail.weight
        return torch.cat([luma, chroma], 1), detail - detail.mean((1, 2, 3), keepdim=True)

    def forward(self, luma: torch.Tensor, chroma: torch.Tensor, base: torch.Tensor) -> torch.Tensor:
        """Shape: luma in 2x2 blocks [N, 4, H, W], chroma [N, 2, H, W], resampled chroma in blocks [N, 8, H, W], all divided
        by the peak; result [N, 8, H - 4, W - 4]."""
        first, detail_weight = self.centred_weights()
        samples = torch.cat([luma, chroma], 1) * self.input_gain
        features = F.relu(F.conv2d(samples, first, self.first.bias))
        last = self.last(F.relu(self.second(features)))
        detail = F.conv2d(luma[..., 1:-1, 1:-1], detail_weight)
        gate = (detail.abs().sum(1, keepdim=True) * self.gate_gain).clamp(max=1)
        added = last[:, :8] * detail.repeat(1, 2, 1, 1) + gate * last[:, 8:] * self.free_gain
        return base[..., 2:-2, 2:-2] + added
