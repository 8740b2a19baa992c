"""Where chroma samples lie in 4:2:0 video, and resampling that keeps them there.

Units: positions in samples of the plane that is read; `left`, as nearly all H.264: on a luma column, between two rows;
`center`: between both.
"""

import numpy as np

from networks import lanczos_taps

SITINGS = ("left", "center")
HORIZONTAL_START = {"left": 0.25, "center": 0.5}  # of the first sample of a plane halved with its siting kept
SUBSAMPLED_START = {"left": 0.0, "center": 0.5}  # of the first chroma sample in luma columns
CENTRED_START = 0.5  # rows, and luma
LANCZOS_TAPS = 7  # reach every phase of a doubling


def _kernel_weights(name: str, distance: np.ndarray) -> np.ndarray:
    """Weights of a reduction by two. Units: `distance` in samples of the plane that is read."""
    size, scaled = np.abs(distance), np.abs(distance) / 2
    if name == "area":
        return np.clip(1.5 - size, 0, 1)
    if name == "bilinear":
        return np.clip(1 - scaled, 0, None)
    if name == "bicubic":
        near = 1.5 * scaled**3 - 2.5 * scaled**2 + 1
        far = -0.5 * scaled**3 + 2.5 * scaled**2 - 4 * scaled + 2
        return np.where(scaled < 1, near, np.where(scaled < 2, far, 0))
    return np.where(scaled < 3, np.sinc(scaled) * np.sinc(scaled / 3), 0)


def _halved_columns(plane: np.ndarray, start: float, kernel: str) -> np.ndarray:
    """Half as many columns, the border replicated. Units: `start` in columns, of the first one that is kept."""
    taps = np.arange(-6, 8)
    weights = _kernel_weights(kernel, taps - start)
    weights = (weights / weights.sum()).astype(np.float32)
    padding = [(0, 0)] * (plane.ndim - 1) + [(6, 8)]
    padded = np.pad(plane.astype(np.float32), padding, mode="edge")
    width = plane.shape[-1]
    reached = [(tap, weight) for tap, weight in zip(taps, weights) if weight != 0]
    return sum(weight * padded[..., 6 + tap : 6 + tap + width : 2] for tap, weight in reached)


def halved(plane: np.ndarray, horizontal_start: float, kernel: str) -> np.ndarray:
    """Half the size in both directions. Shape: [..., H, W] -> float32 [..., H/2, W/2]."""
    narrow = _halved_columns(plane, horizontal_start, kernel)
    return _halved_columns(narrow.swapaxes(-1, -2), CENTRED_START, kernel).swapaxes(-1, -2)


def to_codes(plane: np.ndarray) -> np.ndarray:
    """Rounded to 8-bit code values."""
    return np.clip(np.rint(plane), 0, 255).astype(np.uint8)


def doubling_weights(siting: str) -> np.ndarray:
    """Lanczos-3 for a chroma plane doubled with its siting kept.

    Shape: float64 [4, 7, 7]; output 2 * row + column of the 2x2 samples that stand for the window's central one.
    """
    first = {"left": -0.125, "center": -0.25}[siting]
    middle = LANCZOS_TAPS // 2
    columns = [lanczos_taps(middle + first + 0.5 * phase, LANCZOS_TAPS) for phase in (0, 1)]
    rows = [lanczos_taps(middle - 0.25 + 0.5 * phase, LANCZOS_TAPS) for phase in (0, 1)]
    return np.stack([np.outer(row, column) for row in rows for column in columns])


def luma_weights(siting: str) -> np.ndarray:
    """What of a 6x6 luma window, which begins two samples before a chroma sample's own four, lies where chroma does.

    Shape: float64 [5, 6, 6]; the luma at the chroma sample, then at the four of the doubled plane.
    """
    at_sample = {"left": [0, 0.25, 0.5, 0.25, 0, 0], "center": [0, 0, 0.5, 0.5, 0, 0]}[siting]
    beside = {"left": 0.25, "center": 0.0}[siting]
    columns = [np.roll([0, beside, 1 - beside, 0, 0, 0], phase) for phase in (0, 1)]
    rows = [np.roll([0, 0, 1, 0, 0, 0], phase) for phase in (0, 1)]
    kernels = [np.outer(row, column) for row in rows for column in columns]
    return np.stack([np.outer([0, 0, 0.5, 0.5, 0, 0], at_sample), *kernels])


def cubic_weights(siting: str) -> np.ndarray:
    """A doubling of few taps. Shape: float64 [4, 5, 5], as `doubling_weights`."""
    first = {"left": -0.125, "center": -0.25}[siting]

    def taps(offset: float) -> np.ndarray:
        weights = _kernel_weights("bicubic", 2 * (np.arange(5) - 2 - offset))
        return weights / weights.sum()

    return np.stack([np.outer(taps(-0.25 + row), taps(first + column)) for row in (0, 0.5) for column in (0, 0.5)])


def doubled(plane: np.ndarray, siting: str) -> np.ndarray:
    """Twice the size by Lanczos, borders replicated. Shape: [H, W] -> float64 [2H, 2W]."""
    height, width = plane.shape
    margin = LANCZOS_TAPS // 2
    padded = np.pad(plane.astype(np.float64), margin, mode="edge")
    result = np.zeros((2 * height, 2 * width))
    for index, weights in enumerate(doubling_weights(siting)):
        part = sum(weights[y, x] * padded[y : y + height, x : x + width]
                   for y in range(LANCZOS_TAPS) for x in range(LANCZOS_TAPS) if weights[y, x] != 0)
        result[index // 2 :: 2, index % 2 :: 2] = part
    return result
