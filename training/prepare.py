"""Builds the training pairs: high-resolution scenes and their degraded reductions, as uint8 arrays.

Each scene becomes `<kind>-<number>-high.npy` [F, H, W] and `<kind>-<number>-low.npy` [V, F, H/s, W/s]:
F kept frames, V variants; variant 0 is never encoded, the others are, one per band of rate factors. For networks that
see several frames (`--neighbours`) the input keeps every frame of the scene; `align.py` then lays neighbours on frames.
"""

import argparse
import os
from multiprocessing import Pool
from pathlib import Path

import numpy as np
from PIL import Image

import degradations
import presets
import scenes
import splits

KEPT_FRAMES = (0, 4, 7, 10)  # of scenes.FRAMES; x264 makes I, P and B frames of them
CENTRE_FRAMES = (3, 5, 6, 8)  # kept instead where two neighbours on each side are needed
VIEW = (640, 480)
FULL_RANGE_SHARE, OBJECT_SHARE = 0.2, 0.35
SOFT_SHARE, SOFT_SIGMA = 0.15, (0.5, 1.8)  # out of focus, or enlarged before; high-resolution pixels
NOISE_SHARE, NOISE_SIGMA = 0.35, (0.5, 4.0)  # 8-bit code values
CODED_SOURCE_SHARE, CODED_SOURCE_CRF = 0.5, (14, 30)
LARGE_PIXELS = 1_500_000  # stills above this size give several views
VIEWS_OF_LARGE, VIEWS_OF_SMALL, SCENES_PER_CLIP = 20, 3, 16
SKIPPED_FONTS = ("Math", "Emoji", "Symbol", "Noto", "Music")  # many of their fonts lack Latin letters


def still_paths(folders: list[Path]) -> list[Path]:
    """Training stills, the evaluated ones left out."""
    found = [path for folder in folders for path in sorted(folder.rglob("*"))]
    pictures = [path for path in found if path.suffix in (".webp", ".jpg", ".png")]
    return [path for path in pictures if not splits.matches(path.name, splits.EVALUATION_STILLS)]


def still_view(path: Path, generator: np.random.Generator) -> np.ndarray:
    """A moving view of a still, from sharper than camera video to softer."""
    picture = scenes.to_luma(Image.open(path), generator.random() < FULL_RANGE_SHARE)
    large = picture.width * picture.height > LARGE_PIXELS
    fit = max(VIEW[0] / picture.width, VIEW[1] / picture.height) * 1.12
    if large:
        zoom = generator.uniform(max(fit, 0.45), 1.3)
    else:
        zoom = generator.choice([1.0, fit, generator.uniform(fit, 1.8)])
    if zoom < 0.9:
        picture = picture.resize((round(picture.width * zoom), round(picture.height * zoom)), Image.LANCZOS)
        zoom = 1.0
    size = VIEW if fit * 0.99 <= zoom else (480, 480)
    return scenes.pan(picture, size, zoom, generator)


def with_camera_traits(frames: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Softness, sensor noise or grain, and sometimes a first encode, as distributed video has."""
    if generator.random() < SOFT_SHARE:
        frames = degradations.blur(frames, generator.uniform(*SOFT_SIGMA))
    if generator.random() < NOISE_SHARE:
        grain = generator.random() < 0.5
        frames = degradations.add_noise(frames, generator.uniform(*NOISE_SIGMA), generator, grain)
    return maybe_coded(frames, generator)


def maybe_coded(frames: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """The frames, in some cases after an encode at full size."""
    if generator.random() < CODED_SOURCE_SHARE:
        encoding = degradations.random_encoding(generator, CODED_SOURCE_CRF)
        frames = degradations.through_h264(frames, encoding)
    return frames


def make_scene(job: dict) -> None:
    """Renders, degrades and stores one scene."""
    generator = np.random.default_rng(job["seed"])
    if job["kind"] == "still":
        frames = still_view(job["path"], generator)
        if generator.random() < OBJECT_SHARE:
            other = still_view(job["other"], generator)
            if other.shape == frames.shape:
                frames = scenes.add_moving_object(frames, other, generator)
        if job["preset"] == "general":
            frames = with_camera_traits(frames, generator)
    elif job["kind"] == "text":
        backdrop = still_view(job["other"], generator)[0] if generator.random() < 0.3 else None
        frames = scenes.text_scene(VIEW, job["fonts"], backdrop, generator)
        frames = maybe_coded(frames, generator)
    else:
        frames = job["frames"]
    height, width = (side - side % (2 * job["scale"]) for side in frames.shape[1:])
    frames = frames[:, :height, :width]
    if job["preset"] == "ugc":
        target, variants = presets.ugc_variants(frames, job["scale"], generator)
    elif job["preset"] == "sharpened":
        target, variants = presets.sharpened_variants(frames, job["scale"], generator)
    elif job["preset"] == "old_film":
        target, variants = presets.old_film_variants(frames, job["scale"], generator, job["overlays"])
    else:
        target, variants = presets.general_variants(frames, job["scale"], generator)
    kept = list(CENTRE_FRAMES if job["neighbours"] else KEPT_FRAMES)
    low = np.stack(variants)
    np.save(job["stem"] + "-low.npy", low if job["neighbours"] else low[:, kept])
    np.save(job["stem"] + "-high.npy", target[kept])


def plan(arguments: argparse.Namespace) -> list[dict]:
    """One job per scene, in an order that makes every prefix a fair mixture."""
    generator = np.random.default_rng(arguments.seed)
    stills = still_paths(arguments.stills)
    overlays = presets.overlay_paths(arguments.overlays)
    fonts = [path for folder in arguments.fonts for path in sorted(folder.rglob("*.ttf"))]
    fonts = [path for path in fonts if not any(word in path.name for word in SKIPPED_FONTS)]
    jobs = []
    for path in stills:
        with Image.open(path) as picture:
            views = VIEWS_OF_LARGE if picture.width * picture.height > LARGE_PIXELS else VIEWS_OF_SMALL
        jobs += [{"kind": "still", "path": path} for _ in range(views)]
    jobs += [{"kind": "text", "fonts": fonts} for _ in range(arguments.text_scenes)]
    for path in sorted(arguments.clips.iterdir()):
        for patterns, halved in ((splits.TRAINING_CLIPS_HALVED, True), (splits.TRAINING_CLIPS_FULL, False)):
            if splits.matches(path.name, patterns) and not splits.matches(path.name, splits.EVALUATION_CLIPS):
                stretches = scenes.clip_scenes(path, SCENES_PER_CLIP, halved)
                jobs += [{"kind": "clip", "frames": frames} for frames in stretches]
    generator.shuffle(jobs)
    for number, job in enumerate(jobs):
        job["seed"] = [arguments.seed, number]
        job["preset"] = arguments.preset
        job["overlays"] = overlays
        job["neighbours"] = arguments.neighbours
        job["scale"] = arguments.scale
        job["other"] = stills[generator.integers(len(stills))]
        job["stem"] = str(arguments.out / f"{job['kind']}-{number:04d}")
    return jobs


def main() -> None:
    """Command line."""
    here = Path(__file__).resolve().parent
    shared = Path(os.environ.get("UPRES_SHARED", here.parent.parent / "shared"))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stills", type=Path, nargs="+", default=[shared / "training-data/cid22_training_512"])
    parser.add_argument("--preset", choices=("general", "sharpened", "ugc", "old_film"), default="general")
    parser.add_argument("--scale", type=int, choices=(2, 3, 4), default=2, help="how much smaller the input is")
    parser.add_argument("--neighbours", action="store_true", help="keep every frame of the input, for align.py")
    parser.add_argument("--overlays", type=Path, default=shared / "training-data/film_damage_overlays")
    parser.add_argument("--clips", type=Path, default=shared / "clips")
    parser.add_argument("--fonts", type=Path, nargs="+", default=[Path("/usr/share/fonts")])
    parser.add_argument("--text-scenes", type=int, default=180)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    jobs = [job for job in plan(arguments) if not Path(job["stem"] + "-high.npy").exists()]
    with Pool(arguments.workers) as pool:
        for number, _ in enumerate(pool.imap_unordered(make_scene, jobs), 1):
            if number % 50 == 0:
                print(f"{number} of {len(jobs)} scenes", flush=True)


if __name__ == "__main__":
    main()
