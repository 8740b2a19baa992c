"""The ONNX form of the chroma network, with integer planes in and out."""

import numpy as np
import onnx
from onnx import TensorProto, helper

from chroma_network import ChromaNetwork
from onnx_graph import HALF_CODE, OPSET, PEAK_8_BIT, GraphBuilder

LANCZOS_TAPS = 7  # chroma samples that the two phases of Lanczos-3 reach together
HALO = LANCZOS_TAPS // 2
REACH = HALO - 2  # what the network's two 3x3 convolutions do not use of the halo
MARGIN = 2 / PEAK_8_BIT


def lanczos_phases(offset: float) -> np.ndarray:
    """Weights of two output samples for one chroma sample. `offset`: of a coarse sample in fine ones, 0.25 or 0.5."""
    weights = np.zeros((2, LANCZOS_TAPS))
    for phase in range(2):
        for tap in range(LANCZOS_TAPS):
            x = tap - HALO - (phase - offset) / 2
            weights[phase, tap] = np.sinc(x) * np.sinc(x / 3) if abs(x) < 3 else 0
    return weights / weights.sum(1, keepdims=True)


def build_chroma_graph(network: ChromaNetwork, bits: int, offsets: tuple[float, float]) -> onnx.ModelProto:
    """Inputs: `luma` [1, 1, 2H, 2W] and `chroma` [2, 1, H, W], uint8 or uint16, and for 16 bits `peak` float32 [1].

    Output: `upscaled` [2, 1, 2(H - 2 HALO), 2(W - 2 HALO)]. `offsets`: horizontal and vertical, see `lanczos_phases`.
    """
    graph = GraphBuilder()
    kind = TensorProto.UINT8 if bits == 8 else TensorProto.UINT16
    inputs = [
        helper.make_tensor_value_info("luma", kind, [1, 1, "luma_height", "luma_width"]),
        helper.make_tensor_value_info("chroma", kind, [2, 1, "height", "width"]),
    ]
    luma = graph.add("Cast", ["luma"], "luma_float", to=TensorProto.FLOAT)
    chroma = graph.add("Cast", ["chroma"], "chroma_float", to=TensorProto.FLOAT)
    gain = PEAK_8_BIT
    if bits != 8:
        inputs.append(helper.make_tensor_value_info("peak", TensorProto.FLOAT, [1]))
        gain = 1.0
        luma = graph.add("Div", [luma, "peak"], "luma_unit")
        chroma = graph.add("Div", [chroma, "peak"], "chroma_unit")

    def crop(source: str, name: str, border: int) -> str:
        window = [graph.constant(f"{name}_{key}", np.array(values, np.int64)) for key, values in (
            ("start", [border, border]), ("end", [-border, -border]), ("axes", [2, 3]))]
        return graph.add("Slice", [source, *window], name)

    def number(name: str, value: float) -> str:
        return graph.constant(name, np.float32(value))

    def shape(name: str, values: list[int]) -> str:
        return graph.constant(name, np.array(values, np.int64))

    horizontal, vertical = (lanczos_phases(offset) for offset in offsets)
    kernels = np.einsum("py,qx->pqyx", vertical, horizontal).reshape(4, 1, LANCZOS_TAPS, LANCZOS_TAPS)
    base = graph.convolution(chroma, "lanczos", kernels, None)

    blocks = graph.add("SpaceToDepth", [crop(luma, "luma_window", 2 * REACH)], "luma_blocks", blocksize=2)
    near = crop(chroma, "chroma_window", REACH)
    flat_shape = graph.add("Concat", [shape("one", [1]), shape("two", [2]), graph.add(
        "Slice", [graph.add("Shape", [near], "near_shape"), shape("from_2", [2]), shape("to_4", [4])], "near_sides",
    )], "pair_shape", axis=0)
    pair = graph.add("Reshape", [near, flat_shape], "pair")
    features = graph.add("Concat", [blocks, pair], "samples", axis=1)
    first, detail_weight = (weight.detach().cpu().double().numpy() for weight in network.centred_weights())
    for name, weight, bias in (
        ("first", first * network.input_gain / gain, network.first.bias),
        ("second", network.second.weight.detach().double().numpy(), network.second.bias),
    ):
        features = graph.add("Relu", [graph.convolution(features, name, weight, bias.detach().numpy())], f"{name}_relu")
    last_weight, last_bias = (value.detach().double().numpy().copy() for value in (network.last.weight, network.last.bias))
    last_weight[8:] *= network.free_gain * gain
    last_bias[8:] *= network.free_gain * gain
    last = graph.convolution(features, "last", last_weight, last_bias)
    detail = graph.convolution(crop(blocks, "detail_window", 1), "detail", detail_weight, None)
    activity = graph.convolution(
        graph.add("Abs", [detail], "detail_size"), "activity", np.full((1, 4, 1, 1), network.gate_gain / gain), None
    )
    gate = graph.add("Clip", [activity, "", number("open", 1)], "gate")

    def planes(start: int, name: str) -> str:
        part = graph.add("Slice", [last, shape(f"{name}_from", [start]), shape(f"{name}_to", [start + 8]), shape(
            f"{name}_axis", [1])], f"{name}_part")
        target = graph.add("Concat", [shape(f"{name}_two", [2]), shape(f"{name}_four", [4]), graph.add(
            "Slice", [graph.add("Shape", [part], f"{name}_shape"), shape(f"{name}_2", [2]), shape(f"{name}_4", [4])],
            f"{name}_sides")], f"{name}_target", axis=0)
        return graph.add("Reshape", [part, target], name)

    guided = graph.add("Mul", [planes(0, "slopes"), detail], "guided")
    free = graph.add("Mul", [planes(8, "free"), gate], "gated")
    result = graph.add("Add", [graph.add("Add", [base, guided], "base_guided"), free], "unlimited")

    middle = crop(chroma, "middle", HALO - 1)
    highest = graph.add("MaxPool", [middle], "highest", kernel_shape=[3, 3])
    lowest = graph.add("Neg", [graph.add("MaxPool", [graph.add("Neg", [middle], "negative")], "negative_lowest",
                                         kernel_shape=[3, 3])], "lowest")
    margin = number("margin", MARGIN * gain)
    upper = graph.add("Max", [base, graph.add("Add", [highest, margin], "highest_margin")], "upper")
    lower = graph.add("Min", [base, graph.add("Sub", [lowest, margin], "lowest_margin")], "lower")
    result = graph.add("Max", [graph.add("Min", [result, upper], "below_upper"), lower], "limited")
    if bits != 8:
        result = graph.add("Mul", [result, "peak"], "coded")
    result = graph.add("Add", [result, number("half_code", HALF_CODE)], "rounded")
    if bits == 8:
        result = graph.add("Clip", [result, number("zero", 0), number("largest", PEAK_8_BIT + HALF_CODE / 2)], "clipped")
    else:
        top = graph.add("Add", ["peak", number("quarter", HALF_CODE / 2)], "top")
        result = graph.add("Min", [graph.add("Max", [result, number("zero", 0)], "not_negative"), top], "clipped")
    picture = graph.add("DepthToSpace", [result], "picture", blocksize=2, mode="CRD")
    graph.add("Cast", [picture], "upscaled", to=kind)

    outputs = [helper.make_tensor_value_info("upscaled", kind, [2, 1, "upscaled_height", "upscaled_width"])]
    body = helper.make_graph(graph.nodes, "chroma", inputs, outputs, graph.constants)
    model = helper.make_model(body, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="upres-training")
    model.ir_version = 8
    onnx.checker.check_model(model)
    return model
