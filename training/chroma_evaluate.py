"""Measures the chroma networks against Lanczos on the evaluation clips: PSNR of Cb and Cr, clean and after encodes.

Pictures are halved by area with their siting kept; clips that name none count as `left`. Prints Markdown.
"""

import argparse
import os
import subprocess
from pathlib import Path

import numpy as np
import torch
from PIL import Image

import splits
from chroma_export import load_average, upscale
from chroma_resampling import SITINGS, doubled, to_codes
from chroma_video import Picture, duration_of, half_size, read_stretch, through_h264, with_noise
from degradations import Encoding

CONDITIONS = ("clean", "CRF 23", "CRF 28", "UGC", "grain")
SMALLEST_ERROR = 1e-3  # mean square; a plane without colour counts no better


def siting_of(clip: Path) -> str:
    """As tagged; `left` where nothing is said."""
    probe = ["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "stream=chroma_location", "-of", "csv=p=0"]
    tagged = subprocess.check_output([*probe, str(clip)], text=True).strip().strip(",")
    return tagged if tagged in SITINGS else "left"


def degraded(picture: Picture, condition: str) -> Picture:
    """The small picture as a source of that kind."""
    generator = np.random.default_rng(5)
    if condition == "UGC":
        recorded = through_h264(with_noise(picture, 3, generator), Encoding(26, "veryfast", 25))
        return through_h264(recorded, Encoding(29, "medium", 25))
    if condition == "grain":
        return through_h264(with_noise(picture, 6, generator), Encoding(18, "medium", 25))
    return picture if condition == "clean" else through_h264(picture, Encoding(int(condition.split()[1]), "medium", 25))


def psnr(result: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Of Cb and of Cr in dB. Shape: uint8 [2, H, W] both."""
    errors = np.square(result.astype(np.float32) - reference).mean(axis=(1, 2))
    return 10 * np.log10(255**2 / np.maximum(errors, SMALLEST_ERROR))


def main() -> None:
    """Command line."""
    here = Path(__file__).resolve().parent
    shared = Path(os.environ.get("UPRES_SHARED", here.parent.parent / "shared"))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=Path, default=shared / "clips")
    parser.add_argument("--checkpoint", type=Path, default=here / "checkpoints/chroma.pt")
    parser.add_argument("--frames", type=int, default=12, help="consecutive frames encoded per clip")
    parser.add_argument("--every", type=int, default=5, help="measure every n-th of them")
    parser.add_argument("--conditions", nargs="+", choices=CONDITIONS, default=list(CONDITIONS))
    parser.add_argument("--names", nargs="+", default=list(splits.MEASURED_CLIPS))
    parser.add_argument("--planes", type=Path, help="a folder for pictures of each clip's first measured frame")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    network, rows = load_average(arguments.checkpoint), {}
    print("| clip | " + " | ".join(arguments.conditions) + " |\n|---|" + "---|" * len(arguments.conditions))
    for name in arguments.names:
        siting = siting_of(arguments.clips / name)
        middle = max(0.0, duration_of(arguments.clips / name) / 2 - 0.5)
        original = read_stretch(arguments.clips / name, middle, arguments.frames, 4)
        small, gains = half_size(original, siting, "area"), []
        for condition in arguments.conditions:
            luma, chroma = degraded(small, condition)
            found = []
            for index in range(0, len(luma), arguments.every):
                truth = original[1][index]
                plain = np.stack([to_codes(doubled(plane, siting)) for plane in chroma[index]])
                result = upscale(network, luma[index], chroma[index], siting, 255)
                found.append(psnr(result, truth) - psnr(plain, truth))
                if arguments.planes is not None and index == 0:
                    show(arguments.planes / f"{name.split('.')[0]}-{condition}", luma[0], [plain, result, truth])
            gains.append(np.mean(found, axis=0))
        rows[name] = gains
        cells = [f"{gain.mean():+.2f} ({gain[0]:+.2f}, {gain[1]:+.2f})" for gain in gains]
        print(f"| {name} ({siting}) | " + " | ".join(cells) + " |", flush=True)
    means = np.mean(list(rows.values()), axis=0)
    print("| **mean** | " + " | ".join(f"{gain.mean():+.2f} ({gain[0]:+.2f}, {gain[1]:+.2f})" for gain in means) + " |")


def show(stem: Path, luma: np.ndarray, ways: list[np.ndarray]) -> None:
    """Lanczos, the network and the truth as colour pictures, with the small picture's luma."""
    for label, (cb, cr) in zip(("lanczos", "network", "truth"), ways):
        Image.merge("YCbCr", [Image.fromarray(plane) for plane in (luma, cb, cr)]).convert("RGB").save(f"{stem}-{label}.png")


if __name__ == "__main__":
    main()
