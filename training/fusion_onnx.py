"""The ONNX form of the fusion network, with bytes in and out (see `FusionModelDescriptor` in the engine)."""

import numpy as np
import onnx
from onnx import TensorProto, helper

from fusion_network import (
    COST_GAIN,
    COSTS,
    FEATURES,
    FINDINGS,
    GAIN,
    LOG_GAIN,
    MOST_APART,
    MOST_MOVED,
    MOST_UNSTEADY,
    NEIGHBOURS,
    SLOPE,
    STRICTNESS,
    UNSTEADY_GAIN,
    FusionNetwork,
)
from onnx_graph import HALF_CODE, OPSET, GraphBuilder

MIDDLE = 128  # the byte of a cost, and of a motion, that is neither more nor less
COST_STEPS = 127 / MOST_APART
LOG_STEPS = 46
UNSTEADY_STEPS = 127 / MOST_UNSTEADY
VECTOR_PARTS, VERDICT_PARTS = 16, 32


def byte_scales() -> tuple[np.ndarray, np.ndarray]:
    """What a byte of each feature stands for: (byte - zero) * scale. Shape: two of [31]."""
    scale = np.array([COST_GAIN / COST_STEPS] * COSTS + [LOG_GAIN / LOG_STEPS] * 4 + [UNSTEADY_GAIN / UNSTEADY_STEPS] * 2)
    zero = np.array([MIDDLE] * COSTS + [0] * 4 + [MIDDLE] * 2)
    return zero, scale


class FusionGraph(GraphBuilder):
    """Convolutions in groups, apart, and with a leak."""

    def layer(self, source: str, name: str, weight: np.ndarray, bias: np.ndarray, groups: int = 1, dilation: int = 1) -> str:
        """A valid convolution."""
        stored = [self.constant(f"{name}_weight", np.tile(weight, (groups, 1, 1, 1)).astype(np.float32)),
                  self.constant(f"{name}_bias", np.tile(bias, groups).astype(np.float32))]
        return self.add("Conv", [source, *stored], name, kernel_shape=[3, 3], group=groups, dilations=[dilation, dilation])

    def leaky(self, source: str) -> str:
        """The leaky rectifier."""
        return self.add("LeakyRelu", [source], f"{source}_leaky", alpha=SLOPE)


def build_graph(network: FusionNetwork) -> onnx.ModelProto:
    """Bytes of features to bytes of findings, which round to the nearest."""
    graph = FusionGraph()
    weights = {name: value.detach().cpu().numpy().astype(np.float64) for name, value in network.state_dict().items()}
    zero, scale = byte_scales()
    first = weights["each.0.weight"] * scale[None, :, None, None]
    weights["each.0.bias"] = weights["each.0.bias"] - (first * zero[None, :, None, None]).sum((1, 2, 3))
    weights["each.0.weight"] = first
    features = graph.add("Cast", ["features"], "features_float", to=TensorProto.FLOAT)
    for index in range(len(network.each)):
        layer = weights[f"each.{index}.weight"], weights[f"each.{index}.bias"]
        features = graph.leaky(graph.layer(features, f"each_{index}", *layer, groups=NEIGHBOURS))
    for index, layer in enumerate(network.joint):
        values = weights[f"joint.{index}.weight"], weights[f"joint.{index}.bias"]
        features = graph.leaky(graph.layer(features, f"joint_{index}", *values, dilation=layer.dilation[0]))
    raw = graph.layer(features, "last", weights["last.weight"], weights["last.bias"])

    kinds = [index % FINDINGS for index in range(NEIGHBOURS * FINDINGS)]
    places = [np.array([index for index, kind in enumerate(kinds) if kind in chosen], np.int64) for chosen in ((0, 1), (2, 3), (4, 5))]
    moved = graph.add("Tanh", [graph.add("Gather", [raw, graph.constant("moved_at", places[0])], "moved_raw", axis=1)], "moved")
    told = [graph.add("Add", [graph.add("Mul", [moved, graph.constant("moved_parts", np.float32(MOST_MOVED * VECTOR_PARTS))], "moved_scaled"),
                              graph.constant("moved_middle", np.float32(MIDDLE + HALF_CODE))], "moved_told")]
    for name, at, (least, most) in (("strictness", places[1], STRICTNESS), ("gain", places[2], GAIN)):
        part = graph.add("Gather", [raw, graph.constant(f"{name}_at", at)], f"{name}_raw", axis=1)
        limits = [graph.constant(f"{name}_least", np.float32(least)), graph.constant(f"{name}_most", np.float32(most))]
        part = graph.add("Clip", [part, *limits], name)
        part = graph.add("Mul", [part, graph.constant(f"{name}_parts", np.float32(VERDICT_PARTS))], f"{name}_scaled")
        told.append(graph.add("Add", [part, graph.constant(f"{name}_zero", np.float32(HALF_CODE - least * VERDICT_PARTS))], f"{name}_told"))
    together = graph.add("Concat", told, "together", axis=1)
    back = np.argsort(np.concatenate(places), kind="stable")
    ordered = graph.add("Gather", [together, graph.constant("order", back.astype(np.int64))], "ordered", axis=1)
    graph.add("Cast", [ordered], "upscaled", to=TensorProto.UINT8)

    inputs = [helper.make_tensor_value_info("features", TensorProto.UINT8, [1, NEIGHBOURS * FEATURES, "height", "width"])]
    outputs = [helper.make_tensor_value_info("upscaled", TensorProto.UINT8, [1, NEIGHBOURS * FINDINGS, "found_height", "found_width"])]
    body = helper.make_graph(graph.nodes, "fusion-general", inputs, outputs, graph.constants)
    model = helper.make_model(body, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="upres-training")
    model.ir_version = 8
    onnx.checker.check_model(model)
    return model
