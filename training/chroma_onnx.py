"""The ONNX form of the chroma networks, with integer planes in and out."""

import numpy as np
import onnx
from onnx import TensorProto, helper

from chroma_network import (
    CHROMA_GAIN,
    GUESS_GAIN,
    GUESSES,
    LUMA_GAIN,
    OUTPUT_GAIN,
    SLOPE_FLOOR,
    SLOPE_KERNEL,
    ChromaUpscaler,
)
from chroma_resampling import LANCZOS_TAPS
from onnx_graph import HALF_CODE, OPSET, PEAK_8_BIT, GraphBuilder


class ChromaGraph(GraphBuilder):
    """What chroma networks need beside convolutions of one group."""

    def inner(self, source: str, name: str, margin: int) -> str:
        """Without `margin` samples on each side."""
        window = {"start": [margin, margin], "end": [-margin, -margin], "axes": [2, 3]}
        edges = [self.constant(f"{name}_{part}", np.array(value, np.int64)) for part, value in window.items()]
        return self.add("Slice", [source, *edges], name)

    def channels(self, source: str, name: str, start: int, end: int) -> str:
        """Some channels of a tensor."""
        window = {"start": [start], "end": [end], "axes": [1]}
        edges = [self.constant(f"{name}_{part}", np.array(value, np.int64)) for part, value in window.items()]
        return self.add("Slice", [source, *edges], name)

    def each(self, source: str, name: str, weight: np.ndarray, groups: int) -> str:
        """The same valid convolution on every channel."""
        stored = self.constant(f"{name}_weight", np.tile(weight, (groups, 1, 1, 1)).astype(np.float32))
        size = weight.shape[-1]
        return self.add("Conv", [source, stored], name, kernel_shape=[size, size], group=groups)


def add_guess(graph: ChromaGraph, luma: str, chroma: str, weights: dict[str, np.ndarray], ends: str) -> str:
    """What the luma suggests to add to the doubled chroma, as `Ends.guess`."""
    at = graph.convolution(luma, "at", weights[f"{ends}.at"], None, stride=2)
    small, near = graph.channels(at, "small", 0, 1), graph.inner(chroma, "near", 1)
    squares = [graph.add("Mul", [small, small], "luma_square"), graph.add("Mul", [small, near], "luma_chroma")]
    products = graph.add("Concat", [small, near, *squares], "products", axis=1)
    means = graph.each(products, "means", weights[f"{ends}.window"], 6)
    mean_luma, mean_chroma = graph.channels(means, "mean_luma", 0, 1), graph.channels(means, "mean_chroma", 1, 3)
    square = graph.add("Mul", [mean_luma, mean_luma], "mean_square")
    variance = graph.add("Sub", [graph.channels(means, "square_mean", 3, 4), square], "variance")
    variance = graph.add("Relu", [variance], "variance_positive")
    variance = graph.add("Add", [variance, graph.constant("slope_floor", np.float32(SLOPE_FLOOR))], "variance_floored")
    product = graph.add("Mul", [mean_luma, mean_chroma], "mean_product")
    covariance = graph.add("Sub", [graph.channels(means, "product_mean", 4, 6), product], "covariance")
    slope = graph.add("Div", [covariance, variance], "slope")
    cubic = graph.convolution(small, "cubic", weights[f"{ends}.cubic"], None)
    here = graph.channels(graph.inner(at, "at_inner", SLOPE_KERNEL // 2), "here", 1, 5)
    detail = graph.add("Sub", [here, cubic], "luma_detail")
    parts = [graph.add("Mul", [graph.channels(slope, f"slope_{plane}", index, index + 1), detail], f"guess_{plane}")
             for index, plane in enumerate(("cb", "cr"))]
    return graph.add("Concat", parts, "guess", axis=1)


def add_limits(graph: ChromaGraph, centre: str) -> tuple[str, str]:
    """The lowest and the highest result for each output channel, as `ChromaUpscaler.limits`."""
    window = {"kernel_shape": [LANCZOS_TAPS, LANCZOS_TAPS], "strides": [1, 1]}
    highest = graph.add("MaxPool", [centre], "highest_seen", **window)
    turned = graph.add("MaxPool", [graph.add("Neg", [centre], "centre_turned")], "lowest_turned", **window)
    lowest = graph.add("Neg", [turned], "lowest_seen")
    change = graph.add("Sub", [highest, lowest], "change")
    planes = graph.constant("limit_planes", np.array([0] * 4 + [1] * 4, np.int64))
    limits = graph.add("Sub", [lowest, change], "lowest"), graph.add("Add", [highest, change], "highest")
    return tuple(graph.add("Gather", [limit, planes], f"{limit}_each", axis=1) for limit in limits)


def build_graph(network: ChromaUpscaler, siting: str, bits: int) -> onnx.ModelProto:
    """One siting's network with 8-bit or 16-bit samples; the latter take `peak` float32 [1], the largest code value."""
    graph, ends, layers = ChromaGraph(), f"ends.{siting}", network.shape.layers
    kind = TensorProto.UINT8 if bits == 8 else TensorProto.UINT16
    inputs = [
        helper.make_tensor_value_info("luma", kind, [1, 1, "luma_height", "luma_width"]),
        helper.make_tensor_value_info("chroma", kind, [1, 2, "height", "width"]),
    ]
    peak = graph.constant("peak", np.float32([PEAK_8_BIT])) if bits == 8 else "peak"
    if bits != 8:
        inputs.append(helper.make_tensor_value_info("peak", TensorProto.FLOAT, [1]))
    codes = {name: graph.add("Cast", [name], f"{name}_float", to=TensorProto.FLOAT) for name in ("luma", "chroma")}
    luma, chroma = (graph.add("Div", [source, peak], f"{name}_unit") for name, source in codes.items())

    weights = {name: value.detach().cpu().numpy().astype(np.float64) for name, value in network.state_dict().items()}
    guess = add_guess(graph, luma, chroma, weights, ends)
    seen = graph.add("Concat", [graph.inner(chroma, "chroma_inner", 3), guess], "seen", axis=1)
    gains = np.array([CHROMA_GAIN] * 2 + [GUESS_GAIN] * GUESSES)[None, :, None, None]
    of_luma, bias = weights[f"{ends}.luma.weight"] * LUMA_GAIN, weights[f"{ends}.luma.bias"]
    read = [graph.inner(graph.convolution(luma, "first_luma", of_luma, bias, stride=2), "first_inner", 3)]
    read.append(graph.convolution(seen, "first_chroma", weights[f"{ends}.chroma.weight"] * gains, None))
    features = graph.add("Relu", [graph.add("Add", read, "first")], "first_relu")
    for index in range(layers):
        layer = weights[f"body.{index}.weight"], weights[f"body.{index}.bias"]
        features = graph.convolution(features, f"body_{index}", *layer)
        features = graph.add("Relu", [features], f"body_{index}_relu")
    gains = np.array([OUTPUT_GAIN] * GUESSES + [1.0] * GUESSES)
    last = weights[f"{ends}.last.weight"] * gains[:, None, None, None], weights[f"{ends}.last.bias"] * gains
    found = graph.convolution(features, "last", *last)
    share = graph.channels(found, "share", GUESSES, 2 * GUESSES)
    held = graph.add("Mul", [share, graph.inner(guess, "guess_inner", layers + 2)], "held")
    detail = graph.add("Add", [graph.channels(found, "own", 0, GUESSES), held], "detail")

    centre = graph.inner(chroma, "centre", network.shape.halo_pixels - LANCZOS_TAPS // 2)
    linear = graph.each(centre, "linear", weights[f"{ends}.lanczos"], 2)
    blocks = graph.add("Add", [detail, linear], "blocks")
    lowest, highest = add_limits(graph, centre)
    blocks = graph.add("Max", [graph.add("Min", [blocks, highest], "not_above"), lowest], "limited")
    ends_of_codes = [graph.constant("zero", np.float32(0)), graph.constant("one", np.float32(1))]
    blocks = graph.add("Mul", [graph.add("Clip", [blocks, *ends_of_codes], "clipped"), peak], "coded")
    blocks = graph.add("Add", [blocks, graph.constant("half_code", np.float32(HALF_CODE))], "rounded")
    picture = graph.add("DepthToSpace", [blocks], "picture", blocksize=2, mode="CRD")
    graph.add("Cast", [picture], "upscaled", to=kind)

    outputs = [helper.make_tensor_value_info("upscaled", kind, [1, 2, "upscaled_height", "upscaled_width"])]
    body = helper.make_graph(graph.nodes, f"chroma-{siting}-x2", inputs, outputs, graph.constants)
    model = helper.make_model(body, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="upres-training")
    model.ir_version = 8
    onnx.checker.check_model(model)
    return model
