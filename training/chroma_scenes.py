"""Builds the training pairs of the chroma networks: 4:2:0 video at full size, and at half size as it was degraded.

Each scene becomes `<kind>-<siting>-<number>-luma.npy` [V, F, H, W], `-low.npy` [V, F, 2, H/2, W/2] and `-high.npy`
[F, 2, H, W] (Cb and Cr), uint8: V variants (clean, then one per band of rate factors), F kept frames.
"""

import argparse
import os
from multiprocessing import Pool
from pathlib import Path

import numpy as np
from PIL import Image

import degradations
import scenes
import splits
from chroma_resampling import to_codes
from chroma_video import (
    Picture,
    duration_of,
    half_size,
    read_stretch,
    soft_chroma,
    through_h264,
    to_video,
    with_noise,
)
from prepare import KEPT_FRAMES, LARGE_PIXELS, SKIPPED_FONTS, VIEW, still_paths

CRF_BANDS = ((17, 24), (24, 33))
LEFT_SHARE = 0.6  # of the scenes not made of clips, which are all `left`
MISTAGGED_SHARE = 0.2  # chroma that lies where the other siting says
SOFT_SHARE, SOFT_SIGMA = 0.4, (0.4, 1.5)  # of the full-size chroma, in its samples
NOISE_SHARE, NOISE_SIGMA = 0.3, (0.5, 3.0)  # 8-bit code values, half of that in chroma
CODED_SOURCE_SHARE, CODED_SOURCE_CRF = 0.4, (14, 28)
VIEWS_OF_LARGE, VIEWS_OF_SMALL, SCENES_PER_CLIP, TEXT_SCENES = 8, 1, 9, 80


def text_frames(job: dict, generator: np.random.Generator) -> np.ndarray:
    """Coloured text and boxes on a plain ground or a still. Shape: uint8 [T, H, W, 3]."""
    width, height = VIEW
    tall = (width, height + 4 * scenes.FRAMES)
    canvas = np.empty((tall[1], width, 3), np.float32)
    canvas[:] = generator.uniform(0, 255, 3) * generator.choice([0.1, 0.5, 1.0])
    if generator.random() < 0.3:
        with Image.open(job["other"]) as still:
            canvas[:] = np.asarray(still.convert("RGB").resize(tall))
    for _ in range(int(generator.integers(2, 5))):
        mask = scenes.draw_text(Image.new("L", tall), job["fonts"], generator)
        cover = np.clip(np.asarray(mask, np.float32) / 180, 0, 1)[..., None]
        colour = generator.uniform(0, 255, 3) if generator.random() < 0.5 else generator.choice([0, 128, 255], 3)
        canvas += cover * (colour - canvas)
    page, step = to_codes(canvas), int(generator.choice([0, 0, 1, 2, 4]))
    return np.stack([page[index * step : index * step + height] for index in range(scenes.FRAMES)])


def still_frames(job: dict, generator: np.random.Generator) -> np.ndarray:
    """A moving view of a still. Shape: uint8 [T, H, W, 3]."""
    with Image.open(job["path"]) as still:
        picture = still.convert("RGB")
    fit = max(VIEW[0] / picture.width, VIEW[1] / picture.height) * 1.12
    zoom = generator.uniform(max(fit, 0.35), 1.2) if picture.width * picture.height > LARGE_PIXELS else 1.0
    if zoom < 0.9:
        picture = picture.resize((round(picture.width * zoom), round(picture.height * zoom)), Image.LANCZOS)
        zoom = 1.0
    view = scenes.pan(picture, VIEW if fit * 0.99 <= zoom else (480, 480), zoom, generator)
    return view[:, :, ::-1] if generator.random() < 0.5 else view


def make_scene(job: dict) -> None:
    """Renders, degrades and stores one scene."""
    generator = np.random.default_rng(job["seed"])
    siting = "left" if job["kind"] == "clip" or generator.random() < LEFT_SHARE else "center"
    if job["kind"] == "clip":
        picture = job["picture"]
    else:
        frames = text_frames(job, generator) if job["kind"] == "text" else still_frames(job, generator)
        placed = siting if generator.random() >= MISTAGGED_SHARE else {"left": "center", "center": "left"}[siting]
        picture = to_video(frames, placed, generator)
        if generator.random() < SOFT_SHARE:
            picture = soft_chroma(picture, generator.uniform(*SOFT_SIGMA))
        if generator.random() < NOISE_SHARE:
            picture = with_noise(picture, generator.uniform(*NOISE_SIGMA), generator)
        if generator.random() < CODED_SOURCE_SHARE:
            picture = through_h264(picture, degradations.random_encoding(generator, CODED_SOURCE_CRF))
    low = half_size(picture, siting, degradations.pick(generator, degradations.KERNELS))
    variants = [low, *(through_h264(low, degradations.random_encoding(generator, band)) for band in CRF_BANDS)]
    kept = list(KEPT_FRAMES)
    stem = job["out"] / f"{job['kind']}-{siting}-{job['number']:04d}"
    np.save(f"{stem}-luma.npy", np.stack([luma[kept] for luma, _ in variants]))
    np.save(f"{stem}-low.npy", np.stack([chroma[kept] for _, chroma in variants]))
    np.save(f"{stem}-high.npy", picture[1][kept])


def clip_pictures(path: Path, count: int, is_halved: bool) -> list[Picture]:
    """Stretches of a clip, evenly spread; sides are multiples of four."""
    length, pictures = duration_of(path), []
    for index in range(count):
        picture = read_stretch(path, length * (index + 0.5) / (count + 1), scenes.FRAMES, 8 if is_halved else 4)
        if len(picture[0]) == scenes.FRAMES:
            pictures.append(half_size(picture, "left", "area") if is_halved else picture)
    return pictures


def plan(arguments: argparse.Namespace) -> list[dict]:
    """One job per scene, in an order that makes every prefix a fair mixture."""
    generator = np.random.default_rng(arguments.seed)
    stills, jobs = still_paths(arguments.stills), []
    fonts = [path for folder in arguments.fonts for path in sorted(folder.rglob("*.ttf"))]
    fonts = [path for path in fonts if not any(word in path.name for word in SKIPPED_FONTS)]
    for path in stills:
        with Image.open(path) as picture:
            views = VIEWS_OF_LARGE if picture.width * picture.height > LARGE_PIXELS else VIEWS_OF_SMALL
        jobs += [{"kind": "still", "path": path} for _ in range(views)]
    jobs += [{"kind": "text", "fonts": fonts} for _ in range(TEXT_SCENES)]
    for path in sorted(arguments.clips.iterdir()):
        for patterns, is_halved in ((splits.TRAINING_CLIPS_HALVED, True), (splits.TRAINING_CLIPS_FULL, False)):
            if splits.matches(path.name, patterns) and not splits.matches(path.name, splits.EVALUATION_CLIPS):
                pictures = clip_pictures(path, SCENES_PER_CLIP, is_halved)
                jobs += [{"kind": "clip", "picture": picture} for picture in pictures]
    generator.shuffle(jobs)
    for number, job in enumerate(jobs):
        job |= {"seed": [arguments.seed, number], "number": number, "out": arguments.out}
        job["other"] = stills[generator.integers(len(stills))]
    return jobs


def main() -> None:
    """Command line."""
    here = Path(__file__).resolve().parent
    shared = Path(os.environ.get("UPRES_SHARED", here.parent.parent / "shared"))
    parser = argparse.ArgumentParser(description=__doc__)
    stills = [shared / "training-data/cid22_training_512", Path("/usr/share/backgrounds")]
    parser.add_argument("--stills", type=Path, nargs="+", default=stills)
    parser.add_argument("--clips", type=Path, default=shared / "clips")
    parser.add_argument("--fonts", type=Path, nargs="+", default=[Path("/usr/share/fonts")])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    jobs = [job for job in plan(arguments) if not list(arguments.out.glob(f"*-{job['number']:04d}-high.npy"))]
    with Pool(arguments.workers) as pool:
        for number, _ in enumerate(pool.imap_unordered(make_scene, jobs), 1):
            if number % 50 == 0:
                print(f"{number} of {len(jobs)} scenes", flush=True)


if __name__ == "__main__":
    main()
