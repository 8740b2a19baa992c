"""The ONNX form of a trained network, with integer luma in and out."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from networks import LumaUpscaler, flipped_axes

OPSET = 17
PEAK_8_BIT = 255.0
HALF_CODE = 0.5  # casting truncates, so this rounds


class GraphBuilder:
    """Nodes and constants in the order they are added."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, name: str, values: object) -> str:
        """Store an array; returns its name."""
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def add(self, operator: str, inputs: list[str], output: str, **attributes: object) -> str:
        """Append a node; returns its output."""
        self.nodes.append(helper.make_node(operator, inputs, [output], name=output, **attributes))
        return output

    def convolution(self, source: str, name: str, weight: np.ndarray, bias: np.ndarray | None, stride: int = 1) -> str:
        """A valid convolution, its weights scaled beforehand by the caller."""
        inputs = [source, self.constant(f"{name}_weight", weight.astype(np.float32))]
        if bias is not None:
            inputs.append(self.constant(f"{name}_bias", bias.astype(np.float32)))
        size = weight.shape[2]
        return self.add("Conv", inputs, name, kernel_shape=[size, size], strides=[stride, stride])

    def flipped(self, weight: str, axes: list[int], output: str) -> str:
        """Stored weights in reverse along some axes; a runtime does this once, when it loads the file."""
        ends = [np.iinfo(np.int64).min] * len(axes)
        limits = {"starts": [-1] * len(axes), "ends": ends, "axes": axes, "steps": [-1] * len(axes)}
        names = [self.constant(f"{output}_{key}", np.array(values, np.int64)) for key, values in limits.items()]
        return self.add("Slice", [weight, *names], output)


def add_features(graph: GraphBuilder, network: LumaUpscaler, weights: dict[str, np.ndarray], luma: str, view: int) -> str:
    """All convolutions but the linear path, as they would see the picture flipped: it stays and the weights are flipped."""
    layers = ["first", *(f"body.{index}" for index in range(network.shape.layers)), "last"]
    features = luma
    for layer in layers:
        name, stride = layer.replace(".", "_"), 2 if layer == "first" else 1
        if view == 0:
            features = graph.convolution(features, name, weights[f"{layer}.weight"], weights[f"{layer}.bias"], stride)
        else:
            weight, bias = graph.flipped(f"{name}_weight", flipped_axes(view, 2), f"{name}_weight_{view}"), f"{name}_bias"
            if layer == "last":
                pixels = graph.constant(f"pixels_{view}", pixel_order(2 * network.shape.scale, view))
                weight = graph.add("Gather", [weight, pixels], f"last_weight_placed_{view}", axis=0)
                bias = graph.add("Gather", [bias, pixels], f"last_bias_placed_{view}", axis=0)
            size = weights[f"{layer}.weight"].shape[2]
            features = graph.add(
                "Conv", [features, weight, bias], f"{name}_{view}", kernel_shape=[size, size], strides=[stride, stride])
        if layer != "last":
            features = graph.add("Relu", [features], f"{name}_relu_{view}" if view else f"{name}_relu")
    return features


def pixel_order(side: int, view: int) -> np.ndarray:
    """Which pixel of a flipped block lies at each place of the block. Shape: int64 [side * side]."""
    return np.flip(np.arange(side * side, dtype=np.int64).reshape(side, side), flipped_axes(view, 0)).flatten()


def mean_skip(network: LumaUpscaler, weight: np.ndarray) -> np.ndarray:
    """The linear path over all views: one convolution still. Shape: [outputs, frames, k, k]."""
    side, total = 2 * network.shape.scale, np.zeros_like(weight)
    for view in range(network.shape.views):
        total += np.flip(weight, flipped_axes(view, 2))[pixel_order(side, view)]
    return total / network.shape.views


def build_graph(network: LumaUpscaler, bits: int) -> onnx.ModelProto:
    """The network with 8-bit or 16-bit luma.

    8 bits: code values go straight into the convolutions, whose weights carry the scale.
    16 bits: a second input `peak` float32 [1] is the largest code value (1023 for 10-bit video).
    """
    graph = GraphBuilder()
    kind = TensorProto.UINT8 if bits == 8 else TensorProto.UINT16
    inputs = [helper.make_tensor_value_info("luma", kind, [1, network.shape.frames, "height", "width"])]
    luma = graph.add("Cast", ["luma"], "luma_float", to=TensorProto.FLOAT)
    gain = PEAK_8_BIT
    if bits != 8:
        inputs.append(helper.make_tensor_value_info("peak", TensorProto.FLOAT, [1]))
        luma, gain = graph.add("Div", [luma, "peak"], "luma_unit"), 1.0

    weights = {name: value.detach().cpu().numpy().astype(np.float64) for name, value in network.state_dict().items()}
    rounding = HALF_CODE if bits == 8 else 0.0
    weights["first.weight"] /= gain
    weights["last.weight"] *= gain
    weights["last.bias"] = weights["last.bias"] * gain + rounding
    details = [add_features(graph, network, weights, luma, view) for view in range(network.shape.views)]
    detail = details[0]
    for view, other in enumerate(details[1:], 1):
        detail = graph.add("Add", [detail, other], f"sum_{view}")
    if len(details) > 1:
        detail = graph.add("Mul", [detail, graph.constant("share", np.float32(1 / len(details)))], "detail")

    crop = network.skip_crop
    window = [
        graph.constant("crop_start", np.array([crop, crop], np.int64)),
        graph.constant("crop_end", np.array([-crop, -crop], np.int64)),
        graph.constant("crop_axes", np.array([2, 3], np.int64)),
    ]
    centre = graph.add("Slice", [luma, *window], "centre")
    linear = graph.convolution(centre, "linear", mean_skip(network, weights["skip.weight"]), None, stride=2)
    blocks = graph.add("Add", [detail, linear], "blocks")
    limits = [graph.constant("lowest", np.float32(0)), graph.constant("highest", np.float32(gain))]
    blocks = graph.add("Clip", [blocks, *limits], "clipped")
    if bits != 8:
        blocks = graph.add("Mul", [blocks, "peak"], "coded")
        blocks = graph.add("Add", [blocks, graph.constant("half_code", np.float32(HALF_CODE))], "rounded")
    picture = graph.add("DepthToSpace", [blocks], "picture", blocksize=2 * network.shape.scale, mode="CRD")
    graph.add("Cast", [picture], "upscaled", to=kind)

    outputs = [helper.make_tensor_value_info("upscaled", kind, [1, 1, "upscaled_height", "upscaled_width"])]
    body = helper.make_graph(graph.nodes, network.shape.id, inputs, outputs, graph.constants)
    model = helper.make_model(body, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="upres-training")
    model.ir_version = 8
    onnx.checker.check_model(model)
    return model
