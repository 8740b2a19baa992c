"""High-resolution scenes: moving views of stills, rendered text, and stretches of real clips. All luma, uint8."""

import json
import string
import subprocess
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

FRAMES = 12  # frames per scene, enough for P and B frames
# Share of each text size, in pixels.
TEXT_SIZES = {
    10: 0.10, 11: 0.10, 12: 0.12, 13: 0.12, 14: 0.12, 16: 0.12,
    18: 0.10, 20: 0.07, 24: 0.06, 30: 0.04, 40: 0.03, 56: 0.02,
}
LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)


def to_luma(image: Image.Image, full_range: bool) -> Image.Image:
    """BT.709 luma of an RGB picture, limited range (16..235) unless told."""
    luma = np.asarray(image.convert("RGB"), np.float32) @ LUMA
    if not full_range:
        luma = 16 + luma * (219 / 255)
    return Image.fromarray(np.rint(luma).astype(np.uint8))


def pan(picture: Image.Image, size: tuple[int, int], zoom: float, generator: np.random.Generator) -> np.ndarray:
    """A moving view: constant sub-pixel velocity, a slight zoom and turn, and the shake of a hand in some.

    Shape: uint8 [FRAMES, height, width]. Units: `size` in pixels; `zoom` in view pixels per picture pixel.
    """
    width, height = size
    speed = generator.choice([0.0, 0.4, 1.5, 5.0]) * generator.uniform(0.5, 1.5)
    direction = generator.uniform(0, 2 * np.pi)
    step = np.array([np.cos(direction), np.sin(direction)]) * speed
    growth = generator.choice([0.0, generator.uniform(-0.004, 0.004)])
    turn = generator.choice([0.0, generator.uniform(-0.003, 0.003)])
    margin = 1.0 + FRAMES * abs(growth) + FRAMES * abs(turn)
    shake = generator.normal(0, generator.choice([0.0, 0.0, 0.5, 1.5]), (FRAMES, 2))
    reach = np.array(size) / zoom * margin / 2 + (np.abs(step) * FRAMES / 2 + np.abs(shake).max()) / zoom
    room = np.array(picture.size) / 2 - reach - 2
    centre = np.array(picture.size) / 2 + generator.uniform(-1, 1, 2) * np.maximum(room, 0)
    frames = []
    for index in range(FRAMES):
        time = index - FRAMES / 2
        angle, factor = turn * time, (1 + growth * time) / zoom
        cosine, sine = np.cos(angle) * factor, np.sin(angle) * factor
        x, y = centre + (step * time + shake[index]) / zoom
        left, top = x - cosine * width / 2 + sine * height / 2, y - sine * width / 2 - cosine * height / 2
        matrix = (cosine, -sine, left, sine, cosine, top)
        frames.append(np.asarray(picture.transform(size, Image.AFFINE, matrix, Image.BICUBIC)))
    return np.stack(frames)


def add_moving_object(frames: np.ndarray, other: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """An ellipse of a second scene moving over the first, so that blocks get covered and uncovered."""
    _, height, width = frames.shape
    radius = generator.uniform(0.1, 0.3, 2) * (width, height)
    start, velocity = generator.uniform(0.2, 0.8, 2) * (width, height), generator.uniform(-6, 6, 2)
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    mixed = []
    for index, frame in enumerate(frames):
        x, y = start + velocity * index
        distance = np.hypot((columns - x) / radius[0], (rows - y) / radius[1])
        alpha = np.clip((1 - distance) * radius.min() / 1.5 + 0.5, 0, 1)
        mixed.append(np.rint(frame + alpha * (other[index].astype(np.float32) - frame)).astype(np.uint8))
    return np.stack(mixed)


def random_line(generator: np.random.Generator, length: int) -> str:
    """Word-like text, mostly lower case, with figures and signs."""
    letters = "etaoinshrdlucmfwypvbgkjqxz" + string.ascii_uppercase + string.digits + ".,:;/-_()[]{}#$%&*+=<>"
    weights = np.concatenate([np.linspace(12, 1, 26), np.full(26, 0.9), np.full(10, 1.2), np.full(22, 0.5)])
    text = "".join(generator.choice(list(letters), size=length, p=weights / weights.sum()))
    return "".join(" " if generator.random() < 0.16 else letter for letter in text)


def draw_text(canvas: Image.Image, fonts: list[Path], generator: np.random.Generator) -> Image.Image:
    """Lines, boxes and text drawn on a picture. Shape: mode L in and out."""
    draw = ImageDraw.Draw(canvas)
    width, height = canvas.size
    dark = np.asarray(canvas).mean() < 110
    for _ in range(generator.integers(0, 6)):
        x, y = generator.integers(0, width), generator.integers(0, height)
        corner = (x + int(generator.integers(8, 260)), y + int(generator.integers(8, 160)))
        fill = int(generator.integers(16, 235)) if generator.random() < 0.5 else None
        draw.rectangle(((x, y), corner), fill=fill, outline=int(generator.integers(16, 235)))
    y = int(generator.integers(0, 20))
    while y < height - 12:
        size = int(generator.choice(list(TEXT_SIZES), p=list(TEXT_SIZES.values())))
        font = ImageFont.truetype(str(fonts[generator.integers(len(fonts))]), size)
        light_ink = dark != (generator.random() < 0.15)
        ink = int(generator.integers(150, 236) if light_ink else generator.integers(16, 110))
        outline = {"stroke_width": 2, "stroke_fill": 16} if generator.random() < 0.15 else {}
        for _ in range(generator.integers(1, 5)):
            line = random_line(generator, int(generator.integers(6, max(8, 2 * width // size))))
            draw.text((int(generator.integers(0, max(1, width // 3))), y), line, fill=ink, font=font, **outline)
            y += int(size * generator.uniform(1.1, 1.5))
        y += int(generator.integers(0, 16))
    return canvas


def text_scene(
    size: tuple[int, int], fonts: list[Path], backdrop: np.ndarray | None, generator: np.random.Generator,
) -> np.ndarray:
    """Text on a flat, shaded or photographic ground: still, or scrolling by whole pixels. Shape: [FRAMES, h, w]."""
    width, height = size
    tall = (width, height + 4 * FRAMES)
    if backdrop is not None:
        canvas = Image.fromarray(backdrop).resize(tall, Image.BICUBIC)
    else:
        ramp = np.linspace(0, 1, tall[1], dtype=np.float32)[:, None] * generator.choice([0, 0, 30])
        ground = generator.choice([generator.uniform(16, 60), generator.uniform(200, 235), generator.uniform(60, 200)])
        canvas = Image.fromarray(np.clip(np.broadcast_to(ground + ramp, tall[::-1]), 16, 235).astype(np.uint8))
    page = np.asarray(draw_text(canvas, fonts, generator))
    step = int(generator.choice([0, 0, 0, 1, 2, 4]))
    return np.stack([page[index * step : index * step + height] for index in range(FRAMES)])


def clip_scenes(path: Path, count: int, halved: bool) -> list[np.ndarray]:
    """Stretches of a clip, evenly spread. Shape: each uint8 [FRAMES, H, W], H and W multiples of four."""
    probe = ["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "stream=width,height:format=duration"]
    facts = json.loads(subprocess.run([*probe, "-of", "json", str(path)], stdout=subprocess.PIPE, check=True).stdout)
    stream, duration = facts["streams"][0], float(facts["format"]["duration"])
    divisor = 2 if halved else 1
    width, height = (stream["width"] // divisor) // 4 * 4, (stream["height"] // divisor) // 4 * 4
    filters = f"crop={width * divisor}:{height * divisor},scale={width}:{height}:flags=area"
    scenes = []
    for index in range(count):
        start = duration * (index + 0.5) / (count + 1)
        command = ["ffmpeg", "-v", "error", "-ss", f"{start:.3f}", "-i", str(path), "-map", "0:v:0", "-vf", filters,
                   "-frames:v", str(FRAMES), "-fps_mode", "passthrough", "-pix_fmt", "yuv420p", "-f", "rawvideo", "-"]
        raw = np.frombuffer(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout, np.uint8)
        planes = raw.reshape(-1, height * width * 3 // 2)[:, : height * width].reshape(-1, height, width)
        if len(planes) == FRAMES:
            scenes.append(planes)
    return scenes
