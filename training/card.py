"""Writes a network's model card from its descriptor, its recipe and a measured table."""

import argparse
import json
from pathlib import Path

import degradations
import splits
from fine_tune import PEAK_RATE
from networks import SHAPES
from train import RECIPES

TEMPLATE = """# {title}

Upscales the luma plane of video by two. One set of weights for all degradations; nothing to set.

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

`luma` is [1, 1, H, W]; `upscaled` is [1, 1, 2 (H - 2R), 2 (W - 2R)] with R the halo. The 16-bit file takes a second
input, `peak` (float32 [1]): the largest code value, 1023 for 10-bit video. Limited and full range both go as they are.

## Figures

Gain over Lanczos (swscale) in dB of luma PSNR, and in brackets of VIF (FFmpeg's `vif`, mean of four scales; 1 is
perfect). Clips of 720p and above, halved by area averaging, clean and through x264 at its default preset; four of 24
consecutive frames from each clip's middle. None of these clips, nor other footage of their films or shoots, took
part in training; one is a pan over a photograph whose author has other photographs among the training stills. Interim
figures on these clips guided the loss and the shares of the degradations.

{table}

## Training

    python3 training/run.py {id} --stills ../shared/training-data/cid22_training_512 /usr/share/backgrounds

{steps:,} steps of {batch} patches of {patch}x{patch} input pixels, Adam, peak rate {rate:g}, weights averaged over
steps. First the absolute error, then the logarithm of each patch's squared error, which is what PSNR in dB counts.
In the published run the shares of soft, coded and strongly compressed material rose part-way to those given here.
{fine_tuning}
Data and licences:

- CID22 training set, 209 stills (imazen/codec-corpus): CC BY-SA 4.0
- 18 photographs and paintings of the Debian packages lomiri-wallpapers-16.04 and -20.04: CC BY 4.0, CC BY-SA 3.0,
  CC BY-SA 4.0, CC0
- Sintel, (c) Blender Foundation: CC BY 3.0
- MDN flower, hhoppe river: CC0; GoPro gpmf-parser sample: Apache-2.0 or MIT; Udacity CarND and VHS samples: MIT
- text drawn with free fonts

Clips: {clips}.

Stills become 12-frame views with sub-pixel motion, slight zoom and turn; some with a moving object, blur, sensor noise
or grain, or a first encode. Degradations: halved by {kernels};
blur in {blur:.0%} and noise in {noise:.0%} of the scenes; then clean ({clean:.0%}) or through x264
at CRF {lowest} to {highest} with presets {presets}, as a multi-frame encode.

## Limits

- Trained on H.264 only; other codecs' artefacts are treated as if they were H.264's.
- Works frame by frame: no detail is gathered over time.
- Made for fidelity: it restores edges and texture that the input still hints at and invents nothing, so heavily
  compressed video (CRF 30 and above) gains little.
- Progressive video only; deinterlace first. Luma only; chroma needs another scaler.
- The gain is smallest on noisy, soft phone video at strong compression, where it nears zero.
- 10-bit and HDR video goes through the same weights; they were trained on 8-bit SDR.
"""


def kernel_list() -> str:
    """The reduction kernels with their shares."""
    return ", ".join(f"{name} ({share:.0%})" for name, share in degradations.KERNELS.items())


FINE_TUNING = """Then `fine_tune.py`: {steps:,} steps more from these weights, squared error only, peak rate {rate:g}, on the first
half of the scenes.
"""


def write_card(network_id: str, models: Path, table: str, fine_tuned_steps: int) -> None:
    """Write `<id>.md` beside the descriptor."""
    descriptor = json.loads((models / f"{network_id}.json").read_text())
    recipe = RECIPES[network_id]
    lines = [
        f"| `{file['name']}` | {'8-bit' if kind == 'u8' else '16-bit'} | `{file['sha256']}` | {file['sizeBytes']:,} |"
        for kind, file in descriptor["files"].items()
    ]
    text = TEMPLATE.format(
        id=network_id,
        title=descriptor["title"],
        parameters=descriptor["parameters"],
        macs=descriptor["macsPerInputPixel"],
        halo=descriptor["haloPixels"],
        multiple=descriptor["sizeMultiple"],
        licence=descriptor["licence"],
        files="\n".join(lines),
        table="\n".join(line for line in table.splitlines() if line.startswith("|")),
        steps=recipe.steps,
        batch=recipe.batch,
        patch=recipe.patch,
        rate=recipe.peak_rate,
        fine_tuning=FINE_TUNING.format(steps=fine_tuned_steps, rate=PEAK_RATE) if fine_tuned_steps else "",
        clips=", ".join(f"`{name}`" for name in (*splits.TRAINING_CLIPS_HALVED, *splits.TRAINING_CLIPS_FULL)),
        kernels=kernel_list(),
        blur=degradations.BLUR_SHARE,
        noise=degradations.NOISE_SHARE,
        clean=recipe.variant_shares[0],
        lowest=degradations.CRF_BANDS[0][0],
        highest=degradations.CRF_BANDS[-1][1],
        presets=" to ".join((degradations.PRESETS[0], degradations.PRESETS[-1])),
    )
    (models / f"{network_id}.md").write_text(text)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("network", choices=sorted(SHAPES))
    parser.add_argument("--table", type=Path, required=True, help="what evaluate.py printed for this network")
    parser.add_argument("--models", type=Path, default=Path(__file__).resolve().parent.parent / "models")
    parser.add_argument("--fine-tuned-steps", type=int, default=0, help="steps of fine_tune.py after the recipe's own")
    arguments = parser.parse_args()
    write_card(arguments.network, arguments.models, arguments.table.read_text(), arguments.fine_tuned_steps)


if __name__ == "__main__":
    main()
