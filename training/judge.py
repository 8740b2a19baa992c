"""Trains the network that tells video as phones record and services share it, and exports it.

Its target is by how many dB `ugc-standard-x2` is nearer to the truth than `general-standard-x2`, measured on every scene and variant of
the pairs, from -2 to 2. For example
`python3 training/judge.py --pairs pairs-5 --shared pairs-ugc-5 --sharpened pairs-sharpened --minutes 13`.
"""

import argparse
import hashlib
import json
import math
import os
import time
from copy import deepcopy
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper
from torch import Tensor, nn
from torch.nn import functional

from fine_tune import load_published
from networks import SHAPES, LumaUpscaler
from onnx_graph import OPSET, GraphBuilder
from prepare import CENTRE_FRAMES, KEPT_FRAMES

HERE = Path(__file__).resolve().parent
NETWORK_ID = "judge-shared"
PATCH, BATCHES = 100, (14, 10, 8)  # of a batch: general, shared, sharpened
PEAK_RATE, AVERAGE_STEP, MOST = 1.5e-3, 0.005, 2.0
REPORT_STEPS = 500
CONTRASTS, LIFTS = (0.8, 1.15), (-20.0, 20.0)  # so that it does not go by brightness
STRIDES = (1, 2, 1, 2, 1, 1)
NEAR, FINE_GAIN = 5, 8.0


class JudgeNetwork(nn.Module):
    """What lies beside each sample's surroundings, and the surroundings; convolutions; the mean of their features."""

    def __init__(self, channels: int = 16) -> None:
        super().__init__()
        wide = [2, channels, channels, 2 * channels, 2 * channels, 3 * channels, 3 * channels]
        self.body = nn.ModuleList([nn.Conv2d(a, b, 3, stride=stride) for a, b, stride in zip(wide, wide[1:], STRIDES)])
        self.hidden = nn.Linear(wide[-1], 32)
        self.last = nn.Linear(32, 1)

    def forward(self, luma: Tensor) -> Tensor:
        """Code values [N, 1, h, w] -> dB [N]."""
        luma = luma / 255
        around = functional.avg_pool2d(functional.pad(luma, (NEAR // 2,) * 4, mode="reflect"), NEAR, 1)
        features = torch.cat([(luma - around) * FINE_GAIN, around - 0.5], 1)
        for layer in self.body:
            features = functional.relu(layer(features))
        return self.last(functional.relu(self.hidden(features.mean((2, 3)))))[:, 0]


class Example(NamedTuple):
    """A picture and what is expected of it."""

    picture: np.ndarray
    gain: float


def enlarged(network: LumaUpscaler, picture: np.ndarray) -> np.ndarray:
    """Shape: uint8 [h, w] -> float32 [2h, 2w] in code values."""
    seen = np.pad(picture.astype(np.float32) / 255, network.shape.halo_pixels, mode="edge")[None, None]
    with torch.no_grad():
        return network(torch.from_numpy(seen))[0, 0].clamp(0, 1).numpy() * 255


def examples_of(folder: Path, networks: tuple[LumaUpscaler, LumaUpscaler]) -> list[Example]:
    """One kept frame of every scene and variant."""
    found = []
    for path in sorted(folder.glob("*-low.npy")):
        truth_path = path.with_name(path.name.replace("-low", "-high"))
        if path.name.startswith("text") or not truth_path.exists():
            continue
        low, high = np.load(path, mmap_mode="r"), np.load(truth_path, mmap_mode="r")
        if min(low.shape[-2:]) < PATCH:
            continue
        frame = 1 if low.shape[1] == len(KEPT_FRAMES) else CENTRE_FRAMES[1]
        for variant in low:
            errors = [np.square(enlarged(network, variant[frame]) - high[1]).mean() for network in networks]
            gain = 10 * math.log10(errors[0] / errors[1])
            found.append(Example(np.array(variant[frame]), max(-MOST, min(MOST, gain))))
    return found


def draw(examples: list[Example], random: np.random.Generator) -> tuple[np.ndarray, float]:
    """A patch, flipped and turned, in half of the cases of another contrast and brightness."""
    picture, gain = examples[random.integers(len(examples))]
    top, left = (int(random.integers(side - PATCH + 1)) for side in picture.shape)
    patch = picture[top : top + PATCH, left : left + PATCH].astype(np.float32)
    for axis in (0, 1):
        patch = np.flip(patch, axis) if random.random() < 0.5 else patch
    patch = patch.T if random.random() < 0.5 else patch
    if random.random() < 0.5:
        patch = np.clip((patch - 128) * random.uniform(*CONTRASTS) + 128 + random.uniform(*LIFTS), 0, 255)
    return patch.astype(np.float32), gain


def train(kinds: list[list[Example]], minutes: float) -> JudgeNetwork:
    """The averaged network after so many minutes."""
    random, network = np.random.default_rng(0), JudgeNetwork()
    average = deepcopy(network)
    optimiser = torch.optim.Adam(network.parameters(), lr=PEAK_RATE)
    start, step, losses = time.monotonic(), 0, []
    while (progress := (time.monotonic() - start) / 60 / minutes) < 1:
        for group in optimiser.param_groups:
            group["lr"] = PEAK_RATE * (0.5 + 0.5 * math.cos(math.pi * progress)) + 1e-6
        drawn = [draw(examples, random) for examples, count in zip(kinds, BATCHES) for _ in range(count)]
        patches, gains = (torch.from_numpy(np.array(part, np.float32)) for part in zip(*drawn))
        loss = functional.smooth_l1_loss(network(patches[:, None]), gains, beta=0.5)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        with torch.no_grad():
            for kept, fresh in zip(average.parameters(), network.parameters()):
                kept.lerp_(fresh, AVERAGE_STEP)
        losses.append(loss.item())
        step += 1
        if step % REPORT_STEPS == 0:
            print(f"step {step} {progress:.1%} loss {np.mean(losses):.3f}", flush=True)
            losses = []
    return average.eval()


def build_graph(network: JudgeNetwork) -> onnx.ModelProto:
    """Luma in code values to one number."""
    graph = GraphBuilder()
    weights = {name: value.detach().numpy().astype(np.float32) for name, value in network.state_dict().items()}
    unit = graph.add("Div", ["luma", graph.constant("peak", np.float32(255))], "unit")
    beside = NEAR // 2
    pads = graph.constant("beside", np.array([0, 0, beside, beside, 0, 0, beside, beside], np.int64))
    padded = graph.add("Pad", [unit, pads], "padded", mode="reflect")
    around = graph.add("AveragePool", [padded], "around", kernel_shape=[NEAR, NEAR], strides=[1, 1])
    fine = graph.add("Mul", [graph.add("Sub", [unit, around], "apart"), graph.constant("fine_gain", np.float32(FINE_GAIN))], "fine")
    level = graph.add("Sub", [around, graph.constant("middle", np.float32(0.5))], "level")
    features = graph.add("Concat", [fine, level], "seen", axis=1)
    for index, stride in enumerate(STRIDES):
        layer = weights[f"body.{index}.weight"], weights[f"body.{index}.bias"]
        features = graph.add("Relu", [graph.convolution(features, f"body_{index}", *layer, stride=stride)], f"body_{index}_relu")
    mean = graph.add("Flatten", [graph.add("GlobalAveragePool", [features], "mean")], "means")
    for name in ("hidden", "last"):
        stored = [graph.constant(f"{name}_{part}", weights[f"{name}.{part}"]) for part in ("weight", "bias")]
        mean = graph.add("Gemm", [mean, *stored], f"{name}_sum", transB=1)
        mean = graph.add("Relu", [mean], f"{name}_relu") if name == "hidden" else mean
    graph.add("Reshape", [mean, graph.constant("one", np.array([1], np.int64))], "verdict")
    inputs = [helper.make_tensor_value_info("luma", TensorProto.FLOAT, [1, 1, "height", "width"])]
    outputs = [helper.make_tensor_value_info("verdict", TensorProto.FLOAT, [1])]
    body = helper.make_graph(graph.nodes, NETWORK_ID, inputs, outputs, graph.constants)
    model = helper.make_model(body, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="upres-training")
    model.ir_version = 8
    onnx.checker.check_model(model)
    return model


def multiply_adds(network: JudgeNetwork) -> float:
    """For each pixel of a large picture."""
    total, share = 0.0, 1.0
    for layer in network.body:
        share /= layer.stride[0] ** 2
        total += layer.weight.numel() * share
    return total


def export(network: JudgeNetwork, models: Path) -> None:
    """Write the ONNX file and its descriptor."""
    name = f"{NETWORK_ID}.onnx"
    onnx.save(build_graph(network), models / name)
    content = (models / name).read_bytes()
    descriptor = {
        "kind": "judge",
        "id": NETWORK_ID,
        "title": "Judge of shared video",
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        "macsPerInputPixel": multiply_adds(network),
        "licence": "Apache-2.0",
        "file": {"name": name, "sha256": hashlib.sha256(content).hexdigest(), "sizeBytes": len(content)},
    }
    (models / f"{NETWORK_ID}.json").write_text(json.dumps(descriptor, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    for kind in ("pairs", "shared", "sharpened"):
        parser.add_argument(f"--{kind}", type=Path, nargs="+", required=True, help="folders made by prepare.py")
    parser.add_argument("--models", type=Path, default=HERE.parent / "models")
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    networks = tuple(LumaUpscaler(SHAPES[name]).eval() for name in ("general-standard-x2", "ugc-standard-x2"))
    for network in networks:
        load_published(network, HERE.parent / "models" / f"{network.shape.id}.u16.onnx")
    folders = (arguments.pairs, arguments.shared, arguments.sharpened)
    kinds = [[example for folder in each for example in examples_of(folder, networks)] for each in folders]
    print(f"{[len(examples) for examples in kinds]} examples", flush=True)
    export(train(kinds, arguments.minutes), arguments.models)


if __name__ == "__main__":
    main()
