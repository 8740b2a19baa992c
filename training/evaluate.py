"""Measures checkpoints against Lanczos on the evaluation clips: luma PSNR and VIF, clean, after x264 and as presets' sources.

FFmpeg decodes, reduces (area), encodes and interpolates (Lanczos); the networks run in PyTorch. Prints Markdown. At another
`--scale` than 2 a network runs as often as it takes and one resample (Lanczos) ends at the size; at 1 the source itself is
what it is measured against.
"""

import argparse
import json
import os
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

import degradations
import presets
import splits
from export import load_average, upscale
from motion import Aligner, stack_neighbours
from networks import SHAPES, LumaUpscaler

CONDITIONS = {"clean": None, "CRF 23": 23, "CRF 28": 28, "UGC": "ugc", "old film": "old_film"}
GRAIN_AT_FULL_SIZE = 0.5  # of its strength: what averaging four pixels leaves
QUIET = ["ffmpeg", "-v", "error", "-y"]


@dataclass(frozen=True)
class Video:
    """Raw planar 4:2:0 video in a file."""

    path: Path
    width: int
    height: int
    pixel_format: str

    @property
    def arguments(self) -> list[str]:
        """FFmpeg's input arguments."""
        size = f"{self.width}x{self.height}"
        return ["-f", "rawvideo", "-pix_fmt", self.pixel_format, "-s", size, "-r", "25", "-i", str(self.path)]

    def luma(self) -> np.ndarray:
        """Shape: uint8 [T, H, W]."""
        planes = np.fromfile(self.path, np.uint8).reshape(-1, self.width * self.height * 3 // 2)
        return planes[:, : self.width * self.height].reshape(-1, self.height, self.width)


def decode_middle(clip: Path, frames: int, folder: Path, multiple: int) -> Video:
    """Consecutive frames from a clip's middle, cropped to multiples of a size."""
    probe = ["ffprobe", "-v", "error", "-select_streams", "v:0", "-of", "json"]
    probe += ["-show_entries", "stream=width,height,pix_fmt:format=duration", str(clip)]
    facts = json.loads(subprocess.run(probe, stdout=subprocess.PIPE, check=True).stdout)
    stream = facts["streams"][0]
    width, height = stream["width"] // multiple * multiple, stream["height"] // multiple * multiple
    video = Video(folder / "original.yuv", width, height, stream["pix_fmt"])
    start = max(0.0, float(facts["format"]["duration"]) / 2 - 0.5)
    command = [*QUIET, "-noautorotate", "-ss", f"{start:.3f}", "-i", str(clip), "-map", "0:v:0"]
    command += ["-vf", f"crop={width}:{height}:0:0", "-frames:v", str(frames), "-fps_mode", "passthrough"]
    subprocess.run([*command, "-pix_fmt", video.pixel_format, "-f", "rawvideo", str(video.path)], check=True)
    return video


def resized(video: Video, width: int, height: int, kernel: str, name: str) -> Video:
    """The video at another size, by swscale."""
    result = Video(video.path.with_name(name), width, height, video.pixel_format)
    command = [*QUIET, *video.arguments, "-vf", f"scale={width}:{height}:flags={kernel}", "-f", "rawvideo"]
    subprocess.run([*command, "-pix_fmt", result.pixel_format, str(result.path)], check=True)
    return result


def encoded(video: Video, crf: int) -> Video:
    """The video after x264 at its default preset."""
    stream, result = video.path.with_name("coded.mkv"), Video(
        video.path.with_name("coded.yuv"), video.width, video.height, video.pixel_format)
    subprocess.run([*QUIET, *video.arguments, "-c:v", "libx264", "-crf", str(crf), str(stream)], check=True)
    command = [*QUIET, "-i", str(stream), "-fps_mode", "passthrough", "-f", "rawvideo"]
    subprocess.run([*command, "-pix_fmt", result.pixel_format, str(result.path)], check=True)
    return result


def written(video: Video, luma: np.ndarray, name: str) -> Video:
    """The video with other luma of its size. Shape: uint8 [T, H, W]."""
    planes = np.fromfile(video.path, np.uint8).reshape(len(luma), -1)
    planes[:, : luma[0].size] = luma.reshape(len(luma), -1)
    result = Video(video.path.with_name(name), video.width, video.height, video.pixel_format)
    planes.tofile(result.path)
    return result


def as_shared(small: Video) -> Video:
    """As shared from a phone: its noise, sharpened, encoded by the camera and by the service."""
    low, generator = small.luma(), np.random.default_rng(5)
    deviation = np.sqrt(2 + low.astype(np.float32) * 0.06)
    noisy = np.clip(np.rint(low + deviation * generator.standard_normal(low.shape, dtype=np.float32)), 0, 255)
    sharp = presets.sharpened(noisy.astype(np.uint8), 0.6)
    recorded = degradations.through_h264(sharp, degradations.Encoding(26, "veryfast", 25))
    return written(small, degradations.through_h264(recorded, degradations.Encoding(29, "medium", 25)), "ugc.yuv")


def as_film(original: Video, small: Video, overlays: Path) -> tuple[Video, np.ndarray]:
    """A worn print after a gentle encode, and what it shows beneath dirt and grain: faded as it is."""
    target = np.rint(30 + (original.luma().astype(np.float32) - 16) * 0.82)
    generator, factor = np.random.default_rng(6), original.width // small.width
    amount = GRAIN_AT_FULL_SIZE if factor == 1 else 1.0
    worn = target + amount * presets.film_grain(target.shape, generator) * (3 + 7 * (1 - np.abs(target - 118) / 118))
    dirt = [path for path in sorted(overlays.glob("*.png")) if splits.matches(path.name, splits.EVALUATION_OVERLAYS)]
    for frame in worn:
        presets.add_overlay(frame, dirt[generator.integers(len(dirt))], generator)
    low = degradations.reduce(np.clip(np.rint(worn), 0, 255).astype(np.uint8), "area", factor)
    coded = degradations.through_h264(low, degradations.Encoding(18, "medium", 25))
    return written(small, coded, "film.yuv"), target.astype(np.uint8)


def psnr(result: np.ndarray, reference: np.ndarray) -> float:
    """Mean over frames of the luma PSNR in dB. Shape: uint8 [T, H, W] both."""
    errors = [np.mean((a.astype(np.float32) - b) ** 2) for a, b in zip(result, reference, strict=True)]
    return float(np.mean([10 * np.log10(255**2 / max(error, 1e-6)) for error in errors]))


def vif(result: np.ndarray, reference: np.ndarray, folder: Path) -> float:
    """Mean over frames and scales of FFmpeg's VIF. Shape: uint8 [T, H, W] both."""
    inputs = []
    for name, frames in (("result.gray", result), ("reference.gray", reference)):
        np.ascontiguousarray(frames).tofile(folder / name)
        size = f"{frames.shape[2]}x{frames.shape[1]}"
        inputs += ["-f", "rawvideo", "-pix_fmt", "gray", "-s", size, "-i", str(folder / name)]
    command = ["ffmpeg", "-hide_banner", *inputs, "-lavfi", "vif", "-f", "null", "-"]
    log = subprocess.run(command, stderr=subprocess.PIPE, check=True, text=True).stderr
    return float(np.mean([float(value) for value in re.findall(r"VIF scale=\d average:([\d.]+)", log)]))


def stacks(low: np.ndarray, count: int, kernels: Path | None, every: int) -> list[np.ndarray]:
    """What networks of `count` frames see of every n-th frame. Shape: uint8 [T, H, W] -> each [count, H, W]."""
    if count == 1:
        return [frame[None] for frame in low[::every]]
    if kernels is None:
        raise ValueError("networks of several frames need --kernels")
    aligner = Aligner(kernels, low.shape[2], low.shape[1])
    return [stack_neighbours(aligner, low, index, count) for index in range(0, len(low), every)]


def enlarge(network: LumaUpscaler, stack: np.ndarray, scale: int) -> np.ndarray:
    """One frame at `scale` times its size. Shape: uint8 [frames, H, W] -> [H, W] times the scale."""
    height, width = stack.shape[-2:]
    result = upscale(network, stack, 255)
    while result.shape[0] < scale * height:
        result = upscale(network, result, 255)
    if result.shape[0] == scale * height:
        return result
    return np.asarray(Image.fromarray(result).resize((scale * width, scale * height), Image.LANCZOS))


def measure_clip(
    clip: Path, networks: dict[str, LumaUpscaler], arguments: argparse.Namespace,
) -> dict[tuple[str, str], tuple[float, float]]:
    """Gains over Lanczos (over the source at its own size), in dB and in VIF, by network and condition."""
    gains, scale = {}, arguments.scale
    frames, every, with_vif = arguments.frames, arguments.every, arguments.vif
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        original = decode_middle(clip, frames, folder, 2 * scale)
        small = original
        if scale > 1:
            small = resized(original, original.width // scale, original.height // scale, "area", "small.yuv")
        for condition in arguments.conditions:
            reference, recipe = original.luma(), CONDITIONS[condition]
            if recipe == "ugc":
                low = as_shared(small)
            elif recipe == "old_film":
                low, reference = as_film(original, small, arguments.overlays)
            else:
                low = small if recipe is None else encoded(small, recipe)
            reference = reference[::every]
            lanczos = resized(low, original.width, original.height, "lanczos", "lanczos.yuv").luma()[::every]
            base_psnr = psnr(lanczos, reference)
            base_vif = vif(lanczos, reference, folder) if with_vif else 0.0
            for network_id, network in networks.items():
                seen = stacks(low.luma(), network.shape.frames, arguments.kernels, every)
                result = np.stack([enlarge(network, stack, scale) for stack in seen])
                gain_vif = vif(result, reference, folder) - base_vif if with_vif else 0.0
                gains[network_id, condition] = (psnr(result, reference) - base_psnr, gain_vif)
    return gains


def print_table(network_id: str, rows: dict[str, dict], arguments: argparse.Namespace) -> None:
    """One network's gains per clip, and their means."""
    conditions, with_vif = arguments.conditions, arguments.vif
    other = "the source" if arguments.scale == 1 else "Lanczos"
    print(f"\n{network_id}, {arguments.scale}x: gain over {other}, dB of luma PSNR" + (" (VIF)" if with_vif else "") + "\n")
    print("| clip | " + " | ".join(conditions) + " |\n|---|" + "---|" * len(conditions))
    columns = {condition: [gains[network_id, condition] for gains in rows.values()] for condition in conditions}
    lines = {name: [gains[network_id, condition] for condition in conditions] for name, gains in rows.items()}
    lines["**mean**"] = [tuple(np.mean(column, axis=0)) for column in columns.values()]
    for name, cells in lines.items():
        texts = [f"{gain:+.2f}" + (f" ({fidelity:+.3f})" if with_vif else "") for gain, fidelity in cells]
        print(f"| {name} | " + " | ".join(texts) + " |", flush=True)


def main() -> None:
    """Command line."""
    here = Path(__file__).resolve().parent
    shared = Path(os.environ.get("UPRES_SHARED", here.parent.parent / "shared"))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("networks", nargs="+", choices=sorted(SHAPES))
    parser.add_argument("--clips", type=Path, default=shared / "clips")
    parser.add_argument("--checkpoints", type=Path, default=here / "checkpoints")
    parser.add_argument("--frames", type=int, default=24, help="consecutive frames encoded per clip")
    parser.add_argument("--every", type=int, default=6, help="measure every n-th of them")
    parser.add_argument("--scale", type=int, choices=(1, 2, 3, 4), default=2, help="of the original to what is enlarged")
    parser.add_argument("--conditions", nargs="+", choices=list(CONDITIONS), default=list(CONDITIONS))
    parser.add_argument("--overlays", type=Path, default=shared / "training-data/film_damage_overlays")
    parser.add_argument("--kernels", type=Path, help="what ../kernels/build-native.sh built; for networks of several frames")
    parser.add_argument("--vif", action="store_true", help="measure VIF as well")
    arguments = parser.parse_args()
    networks = {network_id: load_average(network_id, arguments.checkpoints) for network_id in arguments.networks}
    rows = {}
    for name in splits.MEASURED_CLIPS:
        rows[name] = measure_clip(arguments.clips / name, networks, arguments)
    for network_id in arguments.networks:
        print_table(network_id, rows, arguments)


if __name__ == "__main__":
    main()
