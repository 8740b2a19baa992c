"""4:2:0 video in memory: made of R'G'B', read from clips, halved, and degraded as sources are."""

import subprocess
from pathlib import Path

import numpy as np

import degradations
from chroma_resampling import CENTRED_START, HORIZONTAL_START, SUBSAMPLED_START, halved, to_codes

FULL_RANGE_SHARE = 0.2
MATRICES = {"bt709": (0.2126, 0.0722), "bt601": (0.299, 0.114)}  # the weights of red and of blue

Picture = tuple[np.ndarray, np.ndarray]  # luma [T, H, W] and chroma [T, 2, H/2, W/2], uint8


def to_video(frames: np.ndarray, siting: str, generator: np.random.Generator) -> Picture:
    """4:2:0 of R'G'B'. Shape: uint8 [T, H, W, 3] in."""
    red, blue = MATRICES[str(generator.choice(list(MATRICES)))]
    colour = frames.astype(np.float32)
    luma = colour @ np.array([red, 1 - red - blue, blue], np.float32)
    difference = [(colour[..., 2] - luma) / (2 - 2 * blue), (colour[..., 0] - luma) / (2 - 2 * red)]
    chroma = np.stack(difference, axis=1)
    if generator.random() >= FULL_RANGE_SHARE:
        luma, chroma = 16 + luma * (219 / 255), chroma * (224 / 255)
    kernel = str(generator.choice(["area", "bilinear", "bicubic"]))
    return to_codes(luma), to_codes(halved(chroma, SUBSAMPLED_START[siting], kernel) + 128)


def through_h264(picture: Picture, encoding: degradations.Encoding) -> Picture:
    """After a real multi-frame encode of all three planes."""
    luma, chroma = picture
    count, height, width = luma.shape
    raw = np.concatenate([luma.reshape(count, -1), chroma.reshape(count, -1)], axis=1)
    quiet = ["ffmpeg", "-v", "error", "-threads", "1"]
    layout = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", f"{width}x{height}", "-r", str(encoding.frame_rate)]
    options = ["-c:v", "libx264", "-preset", encoding.preset, "-crf", str(encoding.crf), "-threads", "1"]
    encoded = subprocess.run([*quiet, *layout, "-i", "-", *options, "-f", "h264", "-"],
                             input=raw.tobytes(), stdout=subprocess.PIPE, check=True).stdout
    command = [*quiet, "-f", "h264", "-i", "-", "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-"]
    decoded = subprocess.run(command, input=encoded, stdout=subprocess.PIPE, check=True).stdout
    planes = np.frombuffer(decoded, np.uint8).reshape(count, -1)
    size = height * width
    return planes[:, :size].reshape(luma.shape), planes[:, size:].reshape(chroma.shape)


def half_size(picture: Picture, siting: str, kernel: str) -> Picture:
    """Both sides halved, the siting kept."""
    luma, chroma = picture
    small = halved(luma, CENTRED_START, kernel), halved(chroma, HORIZONTAL_START[siting], kernel)
    return to_codes(small[0]), to_codes(small[1])


def with_noise(picture: Picture, sigma: float, generator: np.random.Generator) -> Picture:
    """Noise in all planes, weaker in chroma."""
    luma, chroma = picture
    return (degradations.add_noise(luma, sigma, generator), degradations.add_noise(chroma, sigma / 2, generator, True))


def soft_chroma(picture: Picture, sigma: float) -> Picture:
    """Chroma blurred, as that of cameras is."""
    luma, chroma = picture
    flat = chroma.reshape(-1, *chroma.shape[-2:])
    return luma, degradations.blur(flat, sigma).reshape(chroma.shape)


def duration_of(path: Path) -> float:
    """Seconds."""
    probe = ["ffprobe", "-v", "error", "-of", "csv=p=0", "-show_entries", "format=duration", str(path)]
    return float(subprocess.check_output(probe, text=True))


def read_stretch(path: Path, start_seconds: float, frames: int, multiple: int) -> Picture:
    """Consecutive frames of a clip, at most so many, cropped to sides that are multiples; 8-bit 4:2:0."""
    probe = ["ffprobe", "-v", "error", "-select_streams", "v:0", "-of", "csv=p=0", "-show_entries", "stream=width,height"]
    sides = subprocess.check_output([*probe, str(path)], text=True).strip().split(",")
    width, height = (int(side) // multiple * multiple for side in sides[:2])
    command = ["ffmpeg", "-v", "error", "-noautorotate", "-ss", f"{start_seconds:.3f}", "-i", str(path), "-map", "0:v:0"]
    command += ["-vf", f"crop={width}:{height}:0:0,format=yuv420p|yuvj420p", "-frames:v", str(frames)]
    command += ["-fps_mode", "passthrough", "-f", "rawvideo", "-"]
    raw = np.frombuffer(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout, np.uint8)
    planes, size = raw.reshape(-1, width * height * 3 // 2), width * height
    return planes[:, :size].reshape(-1, height, width), planes[:, size:].reshape(-1, 2, height // 2, width // 2)
