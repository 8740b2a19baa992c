"""Writes a network's model card from its descriptor, its recipe and a measured table."""

import argparse
import json
from pathlib import Path
from textwrap import fill

import degradations
import presets
import splits
from fine_tune import PEAK_RATE
from networks import SHAPES
from train import RECIPES

TEMPLATE = """# {title}

{purpose}

| | |
|---|---|
| id | `{id}` |
| parameters | {parameters:,} |
| multiply-adds per input pixel | {macs:,} |
| halo | {halo} input pixels on each side, replicated at the frame's border |
| input sizes | multiples of {multiple} |
| licence of the weights | {licence} |

| file | luma | sha256 | bytes |
|---|---|---|---|
{files}

{views}`luma` is [1, {frames}, H, W]{planes}; `upscaled` is [1, 1, {times}(H - 2R), {times}(W - 2R)] with R the halo. The 16-bit file takes a second
input, `peak` (float32 [1]): the largest code value, 1023 for 10-bit video. Limited and full range both go as they are.

## Figures

Gain over {other} in dB of luma PSNR, and in brackets of VIF (FFmpeg's `vif`, mean of four scales; 1 is
perfect). Clips of 720p and above, {reduced}, clean and through x264 at its default preset (`UGC`: noisy,
sharpened and encoded twice; `old film`: grain and dirt); {counted} of 12 or 24 consecutive frames from each clip's
middle. None of these clips, nor other footage of their films or shoots, took
part in training; one is a pan over a photograph whose author has other photographs among the training stills. Interim
figures on these clips guided the loss and the shares of the degradations.

{table}

## Training

{training}
Data and licences:

- CID22 training set, 209 stills (imazen/codec-corpus): CC BY-SA 4.0
- 18 photographs and paintings of the Debian packages lomiri-wallpapers-16.04 and -20.04: CC BY 4.0, CC BY-SA 3.0,
  CC BY-SA 4.0, CC0
- Sintel, (c) Blender Foundation: CC BY 3.0
- of `general-pro-x2`, `general-standard-x2`, `clean`, `ugc` and those for three and four times also Tears of Steel, (c) Blender Foundation: CC BY 3.0; an Intel sample video: CC BY 4.0; an MDN clip of a film
  of 1940: CC0
- MDN flower, hhoppe river: CC0; GoPro gpmf-parser sample: Apache-2.0 or MIT; Udacity CarND and VHS samples: MIT
- text drawn with free fonts

Clips: {clips}.

{degradations}

## Limits

- Trained on H.264 only; other codecs' artefacts are treated as if they were H.264's.
- Made for fidelity: it restores edges and texture that the input still hints at and invents nothing, so heavily
  compressed video (CRF 30 and above) gains little.
- Progressive video only; deinterlace first. Luma only; chroma needs another scaler.
- 10-bit and HDR video goes through the same weights; they were trained on 8-bit SDR.
{limits}"""

PURPOSES = {
    "general": "{verb}. One set of weights for all degradations; nothing to set.",
    "clean": "{verb}, for video that was hardly or never compressed; trained so that what is\nwrong changes little from frame to frame.",
    "ugc": "{verb}, for video as phones record and services share it: its noise, the halos\n"
    "of its sharpening and the marks of two encodes are taken out.",
    "old_film": "{verb}, for film: grain and what is left of dirt and scratches are taken out.",
}
VERBS = {
    1: "Cleans the luma plane of video at its own size",
    2: "Upscales the luma plane of video by two",
    3: "Upscales the luma plane of video by three",
    4: "Upscales the luma plane of video by four",
}
REDUCED = {
    1: "at their own size",
    2: "halved by area averaging",
    3: "reduced to a third of width and height by area averaging",
    4: "reduced to a quarter of width and height by area averaging",
}
STEP = {1: "halved", 2: "halved", 3: "reduced to a third", 4: "reduced to a quarter"}
VIEWS = """The network runs on the picture and its flips by rows, by columns and by both, and gives the mean.

"""
PLANES = """ with the frame itself, then its neighbours -1, +1, -2, +2 moved onto it by their motion (the
frame again where there is none)"""
OWN_TRAINING = """    python3 training/run.py {id} --stills ../shared/training-data/cid22_training_512 /usr/share/backgrounds

{steps:,} steps of {batch} patches of {patch}x{patch} input pixels, Adam, peak rate {rate:g}, weights averaged over
steps. First the absolute error, then the logarithm of each patch's squared error, which is what PSNR in dB counts.
In the published run the shares of soft, coded and strongly compressed material rose part-way to those given here.
"""
GROWN_TRAINING = """    python3 training/prepare.py {options} --out pairs --stills ../shared/training-data/cid22_training_512 /usr/share/backgrounds
{align}    python3 training/fine_tune.py {id} --start {start} --pairs pairs{steady} --minutes {minutes}

{steps:,} steps from the weights of `{start}`, of {batch} patches of {patch}x{patch} input pixels from {scenes} scenes, Adam,
peak rate {rate:g}, weights averaged over steps, the logarithm of each patch's squared error.
"""
STEADY = " --steady pairs --steady-weights 1.5 0 0 0"
ALIGN = "    python3 training/align.py --pairs pairs --kernels $(kernels/build-native.sh)\n"
DEGRADATIONS = {
    "general": """Stills become 12-frame views with sub-pixel motion, slight zoom and turn; some with a moving object, blur, sensor noise
or grain, or a first encode. Degradations: reduced by {kernels};
blur in {blur:.0%} and noise in {noise:.0%} of the scenes; then clean ({clean:.0%}) or through x264
at CRF {lowest} to {highest} with presets {presets}, as a multi-frame encode.""",
    "ugc": """Stills become 12-frame views with sub-pixel motion, slight zoom and turn; some with a moving object. Degradations: {reduced},
by area in {area:.0%} of the scenes; noise that grows with brightness in {noise:.0%}; sharpened by up to {sharpen:g} times
what a 5x5 blur takes away in {sharpened:.0%}; then ({coded:.0%}) through x264 twice, at CRF {camera} and then {service}.""",
    "old_film": """Stills become 12-frame views with sub-pixel motion, slight zoom and turn; some with a moving object. Degradations: faded in
{faded:.0%} of the scenes (the target too), grain in {grain:.0%}, pictures of dirt and of scratches each in {dirt:.0%} (those
of FilmDamageSimulator, MIT, whose number ends in neither 0 nor 5), {reduced} by area, then ({coded:.0%}) through x264 at CRF
{film}.""",
}
LIMITS = {
    "general": """- The gain is smallest on noisy, soft phone video at strong compression, where it nears zero; on sharpened sources it
  makes halos stronger or leaves them and can be worse than Lanczos: `ugc` is for those.
""",
    "clean": "- Where a codec shows, `general` is better, above all averaged over time.\n",
    "ugc": "- Takes sharpening back: a source that was never sharpened comes out softer than with `general`.\n",
    "old_film": "- Takes texture of the size of grain with the grain. Flicker, weave and fading are other stages' work.\n",
}
ALONE = "- Works frame by frame: no detail is gathered over time.\n"


FINE_TUNING = """Then `fine_tune.py`: {steps:,} steps more from these weights, squared error only, peak rate {rate:g}.
"""


def describe_training(network_id: str, start: str | None, steps: int, minutes: int, scenes: int) -> str:
    """The commands and the schedule."""
    shape, recipe = SHAPES[network_id], RECIPES[network_id]
    facts = {"id": network_id, "batch": recipe.batch, "patch": recipe.patch, "rate": recipe.peak_rate}
    if start is None:
        more = FINE_TUNING.format(steps=steps, rate=PEAK_RATE) if steps else ""
        return OWN_TRAINING.format(**facts, steps=recipe.steps) + more
    neighbours = shape.frames > 1 or shape.preset == "clean"
    options = "--neighbours --seed 2" if neighbours else f"--preset {shape.preset}"
    if shape.scale > 2:
        preset = "" if shape.preset in ("general", "clean") else f"--preset {shape.preset} "
        options = f"{'--neighbours ' if neighbours else ''}{preset}--scale {shape.scale} --seed 11 --text-scenes 120"
    align = ALIGN if neighbours else ""
    return GROWN_TRAINING.format(
        **facts, options=options, align=align, steady=STEADY if shape.preset == "clean" else "", start=start, steps=steps, minutes=minutes, scenes=scenes)


def describe_degradations(network_id: str) -> str:
    """What the pairs are made of."""
    preset, shares = SHAPES[network_id].preset, RECIPES[network_id].variant_shares
    recipe = "general" if preset == "clean" else preset
    camera, service = ("to".join(f" {crf} " for crf in (pairs[0][0], pairs[-1][1])).strip()
                       for pairs in zip(*presets.UGC_BANDS))
    return DEGRADATIONS[recipe].format(
        reduced=STEP[SHAPES[network_id].scale],
        kernels=kernel_list(),
        blur=degradations.BLUR_SHARE,
        noise=presets.UGC_NOISE_SHARE if preset == "ugc" else degradations.NOISE_SHARE,
        clean=shares[0],
        coded=1 - shares[0],
        lowest=degradations.CRF_BANDS[0][0],
        highest=degradations.CRF_BANDS[0 if preset == "clean" else -1][1],
        presets=" to ".join((degradations.PRESETS[0], degradations.PRESETS[-1])),
        area=presets.UGC_AREA_SHARE,
        sharpen=presets.UGC_SHARPEN[1],
        sharpened=presets.UGC_SHARPEN_SHARE,
        camera=camera,
        service=service,
        faded=presets.FILM_FADE_SHARE,
        grain=presets.FILM_GRAIN_SHARE,
        dirt=presets.FILM_DIRT_SHARE,
        film=f"{presets.FILM_BANDS[0][0]} to {presets.FILM_BANDS[-1][1]}",
    )


def write_card(network_id: str, models: Path, table: str, training: str) -> None:
    """Write `<id>.md` beside the descriptor."""
    descriptor = json.loads((models / f"{network_id}.json").read_text())
    shape = SHAPES[network_id]
    lines = [
        f"| `{file['name']}` | {'8-bit' if kind == 'u8' else '16-bit'} | `{file['sha256']}` | {file['sizeBytes']:,} |"
        for kind, file in descriptor["files"].items()
    ]
    text = TEMPLATE.format(
        id=network_id,
        title=descriptor["title"],
        purpose=PURPOSES[shape.preset].format(verb=VERBS[shape.scale]),
        times=f"{shape.scale} " if shape.scale > 1 else "",
        other="the source itself" if shape.scale == 1 else "Lanczos (swscale)",
        reduced=REDUCED[shape.scale],
        counted="three or four" if shape.scale == 2 else "one or two",
        frames=shape.frames,
        planes=PLANES if shape.frames > 1 else "",
        views=VIEWS if shape.views > 1 else "",
        parameters=descriptor["parameters"],
        macs=descriptor["macsPerInputPixel"],
        halo=descriptor["haloPixels"],
        multiple=descriptor["sizeMultiple"],
        licence=descriptor["licence"],
        files="\n".join(lines),
        table="\n".join(line for line in table.splitlines() if line.startswith("|")),
        training=training,
        clips=", ".join(f"`{name}`" for name in (*splits.TRAINING_CLIPS_HALVED, *splits.TRAINING_CLIPS_FULL)),
        degradations=describe_degradations(network_id),
        limits=LIMITS[shape.preset] + (ALONE if shape.frames == 1 else ""),
    )
    (models / f"{network_id}.md").write_text(text)


def kernel_list() -> str:
    """The reduction kernels with their shares."""
    return ", ".join(f"{name} ({share:.0%})" for name, share in degradations.KERNELS.items())


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("network", choices=sorted(SHAPES))
    parser.add_argument("--table", type=Path, required=True, help="what evaluate.py printed for this network")
    parser.add_argument("--models", type=Path, default=Path(__file__).resolve().parent.parent / "models")
    parser.add_argument("--fine-tuned-steps", type=int, default=0, help="steps of fine_tune.py")
    parser.add_argument("--start", choices=sorted(SHAPES), help="whose weights fine_tune.py began with, if not its own")
    parser.add_argument("--minutes", type=int, default=0, help="of fine_tune.py")
    parser.add_argument("--note", default="", help="what else there is to say of the published run")
    parser.add_argument("--scenes", type=int, default=0, help="that fine_tune.py drew from")
    arguments = parser.parse_args()
    training = describe_training(
        arguments.network, arguments.start, arguments.fine_tuned_steps, arguments.minutes, arguments.scenes)
    if arguments.note:
        training += "\n" + fill(arguments.note, 120) + "\n"
    write_card(arguments.network, arguments.models, arguments.table.read_text(), training)


if __name__ == "__main__":
    main()
