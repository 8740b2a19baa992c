"""Trains on from a published network: weights from its ONNX file, squared error only, a rate that ends in nothing.

For example `python3 training/fine_tune.py general-standard-x2 --minutes 45`, or a preset's weights from the general
ones: `python3 training/fine_tune.py ugc-standard-x2 --start general-standard-x2 --pairs pairs-ugc --minutes 35`.
Resumes from its own checkpoint.
"""

import argparse
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper

import train
from export import export
from networks import SHAPES, LumaUpscaler

HERE = Path(__file__).resolve().parent
PEAK_RATE = 4e-4  # where the weights go on as what they were; a preset takes its recipe's


def start_from(network: LumaUpscaler, start_id: str, models: Path) -> None:
    """Begin with a published network's weights; another one's are computed inside this one."""
    if start_id == network.shape.id:
        load_published(network, models / f"{start_id}.u16.onnx")
        return
    smaller = LumaUpscaler(SHAPES[start_id])
    load_published(smaller, models / f"{start_id}.u16.onnx")
    network.grow_from(smaller)


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
    parser.add_argument("--start", choices=sorted(SHAPES), help="whose weights to begin with; default: its own")
    parser.add_argument("--pairs", type=Path, nargs="+", default=[HERE / "pairs"], help="one or more folders made by prepare.py")
    parser.add_argument("--shares", type=float, nargs="+", help="how often each folder is drawn from; default: by its scenes")
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
    train.train(arguments.network, arguments.pairs, arguments.checkpoints, arguments.minutes, arguments.shares)
    export(arguments.network, arguments.checkpoints, arguments.models, arguments.node)


if __name__ == "__main__":
    main()
