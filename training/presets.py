"""What the pairs of each preset's weights are made of: the degradation recipes, as data and as functions.

`general` degrades blindly; `sharpened`, a part of general's, as it does and with halos that the result shall not have; `ugc` is video as shared from phones: noise, sharpening by the camera, two encodes;
`old_film` a worn print: grain, dirt and scratches, under a gentle encode. What is removed later by other stages or
cannot be known (flicker, weave, fading) is in input and target alike.
"""

from pathlib import Path

import numpy as np
from PIL import Image

import degradations
import splits

# Weights of a 5x5 binomial blur, which sharpening subtracts.
BINOMIAL = np.array([1, 4, 6, 4, 1], np.float32) / 16
UGC_AREA_SHARE = 0.85  # reduced by area; else by the general kernels
UGC_NOISE_SHARE, UGC_NOISE = 0.85, (0.3, 1.4)  # times the noise of a phone in daylight
UGC_SHARPEN_SHARE, UGC_SHARPEN = 0.85, (0.2, 1.0)
UGC_BANDS = (((20, 26), (20, 26)), ((23, 28), (25, 30)), ((25, 31), (28, 34)))  # camera, then service

SHARPENED, SHARPENED_CODED_SHARE, SHARPENED_CODED = (0.2, 1.0), 0.4, (20, 29)  # some were encoded once before

FILM_GRAIN_SHARE, FILM_GRAIN = 0.9, (0.3, 1.3)  # times the grain of 35 mm stock after a few copies
FILM_FADE_SHARE, FILM_FADE = 0.6, (0.65, 0.95)  # contrast left
FILM_DIRT_SHARE, FILM_SCRATCH_SHARE = 0.5, 0.5
FILM_BANDS = ((14, 17), (17, 20), (20, 26))


def sharpened(frames: np.ndarray, amount: float) -> np.ndarray:
    """Unsharp mask. Shape: uint8 [T, H, W]."""
    padded = np.pad(frames.astype(np.float32), ((0, 0), (2, 2), (2, 2)), mode="edge")
    rows = sum(weight * padded[:, shift : shift + frames.shape[1]] for shift, weight in enumerate(BINOMIAL))
    blurred = sum(weight * rows[:, :, shift : shift + frames.shape[2]] for shift, weight in enumerate(BINOMIAL))
    return np.clip(np.rint(frames + amount * (frames - blurred)), 0, 255).astype(np.uint8)


def ugc_variants(
    frames: np.ndarray, factor: int, generator: np.random.Generator,
) -> tuple[np.ndarray, list[np.ndarray]]:
    """The target, and the input before coding and after each pair of encodes."""
    kernel = "area" if generator.random() < UGC_AREA_SHARE else degradations.pick(generator, degradations.KERNELS)
    low = degradations.reduce(frames, kernel, factor)
    if generator.random() < UGC_NOISE_SHARE:
        amount = generator.uniform(*UGC_NOISE)
        deviation = amount * np.sqrt(2 + low.astype(np.float32) * 0.06)
        noise = generator.standard_normal(low.shape, dtype=np.float32)
        low = np.clip(np.rint(low + deviation * noise), 0, 255).astype(np.uint8)
    if generator.random() < UGC_SHARPEN_SHARE:
        low = sharpened(low, generator.uniform(*UGC_SHARPEN))
    variants = [low]
    for camera, service in UGC_BANDS:
        recorded = degradations.through_h264(low, degradations.random_encoding(generator, camera))
        variants.append(degradations.through_h264(recorded, degradations.random_encoding(generator, service)))
    return frames, variants


def sharpened_variants(
    frames: np.ndarray, factor: int, generator: np.random.Generator,
) -> tuple[np.ndarray, list[np.ndarray]]:
    """The target, and the sharpened input before coding and after an encode of each of general's bands."""
    low = sharpened(degradations.degrade_before_coding(frames, factor, generator), generator.uniform(*SHARPENED))
    variants = [low]
    for band in degradations.CRF_BANDS:
        source = low
        if generator.random() < SHARPENED_CODED_SHARE:
            source = degradations.through_h264(low, degradations.random_encoding(generator, SHARPENED_CODED))
        variants.append(degradations.through_h264(source, degradations.random_encoding(generator, band)))
    return frames, variants


def film_grain(shape: tuple[int, ...], generator: np.random.Generator) -> np.ndarray:
    """Noise of deviation 1, a little larger than a pixel."""
    raw = generator.standard_normal(shape, dtype=np.float32)
    around = np.roll(raw, 1, 1) + np.roll(raw, -1, 1) + np.roll(raw, 1, 2) + np.roll(raw, -1, 2)
    side = generator.uniform(0.0, 0.35)
    return np.sqrt(1 - 4 * side**2) * raw + side * around


def overlay_paths(folder: Path) -> list[Path]:
    """Pictures of film damage that train."""
    return [path for path in sorted(folder.glob("*.png")) if not splits.matches(path.name, splits.EVALUATION_OVERLAYS)]


def add_overlay(frame: np.ndarray, path: Path, generator: np.random.Generator) -> None:
    """Dirt, a hair or a scratch, drawn into a float32 frame."""
    with Image.open(path) as picture:
        side = int(generator.integers(200, 420))
        opacity = np.asarray(picture.convert("RGBA").getchannel("A").resize((side, side), Image.BOX), np.float32) / 255
    if generator.random() < 0.5:
        opacity = opacity.T
    height, width = frame.shape
    top, left = (int(generator.uniform(-0.1, 1.1) * size) - side // 2 for size in (height, width))
    rows = slice(min(height, max(0, top)), max(0, min(height, top + side)))
    columns = slice(min(width, max(0, left)), max(0, min(width, left + side)))
    part = opacity[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    covered = part * generator.uniform(0.5, 0.95)
    tone = 225.0 if generator.random() < 0.6 else 25.0
    frame[rows, columns] += covered * (tone - frame[rows, columns])


def old_film_variants(
    frames: np.ndarray, factor: int, generator: np.random.Generator, overlays: list[Path],
) -> tuple[np.ndarray, list[np.ndarray]]:
    """The target (faded as the input is), and the input before coding and after each encode."""
    target = frames.astype(np.float32)
    if generator.random() < FILM_FADE_SHARE:
        contrast = generator.uniform(*FILM_FADE)
        target = 16 + generator.uniform(0, 20) + (target - 16) * contrast
    target = np.clip(np.rint(target), 0, 255)
    worn = target.copy()
    if generator.random() < FILM_GRAIN_SHARE:
        amount = generator.uniform(*FILM_GRAIN)
        worn += amount * film_grain(worn.shape, generator) * (3 + 7 * (1 - np.abs(target - 118) / 118))
    with_dirt, with_scratch = generator.random() < FILM_DIRT_SHARE, generator.random() < FILM_SCRATCH_SHARE
    scratch = overlays[generator.integers(len(overlays))]
    place = int(generator.integers(1 << 30))
    for frame in worn:
        if with_scratch:  # one that stays where it is
            add_overlay(frame, scratch, np.random.default_rng(place))
        if with_dirt:
            add_overlay(frame, overlays[generator.integers(len(overlays))], generator)
    low = degradations.reduce(np.clip(np.rint(worn), 0, 255).astype(np.uint8), "area", factor)
    variants = [low]
    for band in FILM_BANDS:
        variants.append(degradations.through_h264(low, degradations.random_encoding(generator, band)))
    return target.astype(np.uint8), variants


def general_variants(
    frames: np.ndarray, factor: int, generator: np.random.Generator,
) -> tuple[np.ndarray, list[np.ndarray]]:
    """The target, and the input before coding and after one encode of each band."""
    low = degradations.degrade_before_coding(frames, factor, generator)
    encodings = [degradations.random_encoding(generator, band) for band in degradations.CRF_BANDS]
    return frames, [low, *(degradations.through_h264(low, encoding) for encoding in encodings)]
