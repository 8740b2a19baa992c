"""How low-resolution input is made from high-resolution video: the recipes as data, and their application."""

import subprocess
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

# Kernel of the reduction, with its share of the scenes.
KERNELS = {"area": 0.70, "bicubic": 0.12, "lanczos": 0.10, "bilinear": 0.08}
RESAMPLING = {"bicubic": Image.BICUBIC, "lanczos": Image.LANCZOS, "bilinear": Image.BILINEAR}
BLUR_SHARE, BLUR_SIGMA = 0.08, (0.3, 0.8)  # of the low-resolution frame, in its pixels
NOISE_SHARE, NOISE_SIGMA = 0.08, (0.5, 2.0)  # of the low-resolution frame, in 8-bit code values

# The x264 presets and rate factors of encoded variants.
PRESETS = ("veryfast", "faster", "fast", "medium", "medium", "medium")
CRF_BANDS = ((17, 22), (22, 26), (26, 35))  # one encoded variant from each band
FRAME_RATES = (24, 25, 30, 50)


@dataclass(frozen=True)
class Encoding:
    """One H.264 encode."""

    crf: float
    preset: str
    frame_rate: int


def pick(generator: np.random.Generator, shares: dict[str, float]) -> str:
    """A key, drawn by its share."""
    names = list(shares)
    weights = np.array([shares[name] for name in names])
    return names[generator.choice(len(names), p=weights / weights.sum())]


def reduce(frames: np.ndarray, kernel: str, factor: int) -> np.ndarray:
    """Smaller frames. Shape: uint8 [T, H, W] -> uint8 [T, H / factor, W / factor]."""
    if kernel == "area":
        parts = [(row, column) for row in range(factor) for column in range(factor)]
        sums = sum(frames[:, row::factor, column::factor].astype(np.uint16) for row, column in parts)
        return ((sums + factor**2 // 2) // factor**2).astype(np.uint8)
    size = (frames.shape[2] // factor, frames.shape[1] // factor)
    return np.stack([np.asarray(Image.fromarray(frame).resize(size, RESAMPLING[kernel])) for frame in frames])


def add_noise(frames: np.ndarray, sigma: float, generator: np.random.Generator, grain: bool = False) -> np.ndarray:
    """Independent Gaussian noise per frame; `grain` spreads it over neighbouring pixels. Units: 8-bit code values."""
    noise = generator.standard_normal(frames.shape, dtype=np.float32)
    if grain:
        noise = (noise + np.roll(noise, 1, 1) + np.roll(noise, 1, 2) + np.roll(noise, (1, 1), (1, 2))) / 2
    return np.clip(np.rint(frames + sigma * noise), 0, 255).astype(np.uint8)


def blur(frames: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian blur. Units: pixels."""
    kernel = ImageFilter.GaussianBlur(sigma)
    return np.stack([np.asarray(Image.fromarray(frame).filter(kernel)) for frame in frames])


def degrade_before_coding(frames: np.ndarray, factor: int, generator: np.random.Generator) -> np.ndarray:
    """Smaller frames as a camera or an editor may have made them."""
    low = reduce(frames, pick(generator, KERNELS), factor)
    if generator.random() < BLUR_SHARE:
        low = blur(low, generator.uniform(*BLUR_SIGMA))
    if generator.random() < NOISE_SHARE:
        low = add_noise(low, generator.uniform(*NOISE_SIGMA), generator)
    return low


def random_encoding(generator: np.random.Generator, band: tuple[int, int]) -> Encoding:
    """An encode with a rate factor from the band."""
    return Encoding(
        crf=round(float(generator.uniform(*band)), 1),
        preset=str(generator.choice(PRESETS)),
        frame_rate=int(generator.choice(FRAME_RATES)),
    )


def through_h264(frames: np.ndarray, encoding: Encoding) -> np.ndarray:
    """Luma after a real multi-frame encode (I, P and B frames). Shape: uint8 [T, H, W], H and W even."""
    count, height, width = frames.shape
    chroma = np.full((count, height * width // 2), 128, np.uint8)
    raw = np.concatenate([frames.reshape(count, -1), chroma], axis=1)
    layout = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", f"{width}x{height}"]
    quiet = ["ffmpeg", "-v", "error", "-threads", "1"]
    rate = str(encoding.frame_rate)
    options = ["-c:v", "libx264", "-preset", encoding.preset, "-crf", str(encoding.crf), "-threads", "1"]
    encoded = subprocess.run(
        [*quiet, *layout, "-r", rate, "-i", "-", *options, "-f", "h264", "-"],
        input=raw.tobytes(), stdout=subprocess.PIPE, check=True,
    ).stdout
    decoded = subprocess.run(
        [*quiet, "-f", "h264", "-i", "-", "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-"],
        input=encoded, stdout=subprocess.PIPE, check=True,
    ).stdout
    planes = np.frombuffer(decoded, np.uint8).reshape(-1, height * width * 3 // 2)
    if len(planes) != count:
        raise RuntimeError(f"encoded {count} frames, decoded {len(planes)}")
    return planes[:, : height * width].reshape(count, height, width)
