"""Trains on from a published network: weights from its ONNX file, squared error only, a rate that ends in nothing.

For example `python3 training/fine_tune.py general-standard-x2 --minutes 45`, or a preset's weights from the general
ones: `python3 training/fine_tune.py ugc-standard-x2 --start general-standard-x2 --pairs pairs-ugc --minutes 35`; `--start`
also takes a file `….u16.onnx`, of an earlier release say, whose shape is read from it. Resumes from its own checkpoint.
"""

import argparse
import math
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper

import train
from export import export
from networks import SHAPES, LumaUpscaler, NetworkShape

HERE = Path(__file__).resolve().parent
PEAK_RATE = 4e-4  # where the weights go on as what they were; a preset takes its recipe's


def start_from(network: LumaUpscaler, start: str, models: Path) -> None:
    """Begin with the weights of a published network's id or file; those of another shape are computed inside this one."""
    path = Path(start) if start.endswith(".u16.onnx") else models / f"{start}.u16.onnx"
    shape = stored_shape(path)
    same = ("channels", "layers", "frames", "scale")
    if all(getattr(shape, name) == getattr(network.shape, name) for name in same):
        load_published(network, path)
        return
    smaller = LumaUpscaler(shape)
    load_published(smaller, path)
    network.grow_from(smaller)


def stored_shape(path: Path) -> NetworkShape:
    """What a 16-bit ONNX file's weights say of its network; its tier and preset stay unknown."""
    sizes = {item.name: tuple(item.dims) for item in onnx.load(path).graph.initializer}
    channels, frames = sizes["first_weight"][:2]
    layers = sum(name.startswith("body_") and name.count("_") == 2 and name.endswith("_weight") for name in sizes)
    scale = math.isqrt(sizes["last_weight"][0]) // 2
    return NetworkShape(path.name.removesuffix(".u16.onnx"), "", "", channels, layers, frames=frames, scale=scale)


def load_published(network: LumaUpscaler, path: Path) -> None:
    """Take the weights of a 16-bit ONNX file, whose convolutions are not scaled."""
    stored = {item.name: numpy_helper.to_array(item) for item in onnx.load(path).graph.initializer}
    state = network.state_dict()
    for key in state:
        name = key.replace("skip.", "linear.").replace("body.", "body_")
        state[key] = torch.tensor(np.array(stored[name.replace(".weight", "_weight").replace(".bias", "_bias")]))
    network.load_state_dict(state)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("network", choices=sorted(SHAPES))
    parser.add_argument("--start", help="whose weights to begin with: an id, or a file of 16-bit luma; default: its own")
    parser.add_argument("--pairs", type=Path, nargs="+", default=[HERE / "pairs"], help="one or more folders made by prepare.py")
    parser.add_argument("--shares", type=float, nargs="+", help="how often each folder is drawn from; default: by its scenes")
    parser.add_argument("--steady", type=Path, nargs="+", help="folders that align.py went through, to train against flicker")
    parser.add_argument("--steady-weights", type=float, nargs="+", default=[1.2, 0, 0, 0], help="by variant")
    parser.add_argument("--checkpoints", type=Path, default=HERE / "fine-tuning")
    parser.add_argument("--models", type=Path, default=HERE.parent / "models")
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--node", default=os.environ.get("NODE", "node"), help="Node.js, for the check of the export")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    recipe = train.RECIPES[arguments.network]
    start_id = arguments.start or arguments.network
    rate = PEAK_RATE if start_id == arguments.network else recipe.peak_rate
    train.RECIPES[arguments.network] = replace(recipe, steps=10**9, peak_rate=rate, warm_up_steps=200)
    train.ABSOLUTE_SHARE = 0.0
    checkpoint = arguments.checkpoints / f"{arguments.network}.pt"
    if not checkpoint.exists():
        start = train.Training(arguments.network, arguments.checkpoints, torch.device("cpu"))
        start_from(start.network, start_id, arguments.models)
        start.average.load_state_dict(start.network.state_dict())
        start.save()
    steadiness = train.Steadiness(arguments.steady, tuple(arguments.steady_weights)) if arguments.steady else None
    train.train(arguments.network, arguments.pairs, arguments.checkpoints, arguments.minutes, arguments.shares, steadiness)
    export(arguments.network, arguments.checkpoints, arguments.models, arguments.node)


if __name__ == "__main__":
    main()
