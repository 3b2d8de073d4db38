"""Write one of ONNX's light models with random weights, and with a dynamic batch `N` if asked for.

The light models take their weights from ConstantOfShape nodes, all equal, so that their answers are the same for every
class. Here each of these nodes becomes a constant: convolutions and linear layers get normal numbers of variance
2 / fan-in (He et al., 2015, arXiv 1502.01852), scales are near 0.8 where branches are summed and near 1 elsewhere, variances are
positive, biases and means small.
A dynamic batch is written into the input and the outputs, and into the shapes of Reshape nodes that begin with 1.

example:
  python tools/make_light_variant.py light_resnet50.onnx resnet50.onnx --batch
"""

import argparse
import math
from pathlib import Path

import numpy as np

import onnx_writer as ow
import protobuf_wire as wire

MODEL_GRAPH, NODE, GRAPH_INITIALIZER, GRAPH_INPUT, GRAPH_OUTPUT = 7, 1, 5, 11, 12
INPUT, OUTPUT, OP_TYPE = 1, 2, 4
TENSOR_DIMS, TENSOR_TYPE, TENSOR_INT64S, TENSOR_NAME, TENSOR_RAW = 1, 2, 7, 8, 9
# What the inputs after the first of an operator are.
ROLES = {"Conv": ["", "kernel", "bias"], "Gemm": ["", "linear", "bias"], "BatchNormalization": ["", "scale", "bias", "mean", "variance"]}


def text(field):
    """A string field."""
    return bytes(field).decode()


class Node:
    """What matters here of a NodeProto."""

    def __init__(self, data):
        self.inputs = [text(x) for x in wire.blocks(data, INPUT)]
        self.outputs = [text(x) for x in wire.blocks(data, OUTPUT)]
        self.op = text(wire.blocks(data, OP_TYPE)[0])


def numbers(field_number, data):
    """A repeated int64 field, packed or not."""
    found = []
    for number, kind, value in wire.fields(data):
        if number == field_number and kind == wire.VARINT:
            found.append(value)
        elif number == field_number:
            at = 0
            while at < len(value):
                one, at = wire.read_varint(value, at)
                found.append(one)
    return [v - (1 << 64) if v >> 63 else v for v in found]


def integers(data):
    """The int64 elements of a TensorProto."""
    raw = wire.blocks(data, TENSOR_RAW)
    return np.frombuffer(raw[0], "<i8").tolist() if raw else numbers(TENSOR_INT64S, data)


def role_of(name, nodes):
    """What a weight is for: told by its first user that says, through nodes that only reshape."""
    for node in nodes:
        if name not in node.inputs:
            continue
        place = node.inputs.index(name)
        if node.op in ROLES:
            return ROLES[node.op][place]
        if node.op in ("Unsqueeze", "Reshape") and place == 0:
            return role_of(node.outputs[0], nodes)
        if node.op in ("Mul", "Add"):
            return "scale" if node.op == "Mul" else "bias"
    return "bias"


def weights(role, shape, scale, rng):
    """Numbers for a role; scales are around `scale`."""
    normal = rng.standard_normal(shape, dtype=np.float32)
    if role in ("kernel", "linear"):
        gain = 0.25 if role == "linear" else 1  # softmax of the last layer should not be all or nothing
        return normal * np.float32(gain * math.sqrt(2 / max(1, math.prod(shape[1:]))))
    return {
        "scale": np.float32(scale) + normal * np.float32(0.1),
        "variance": 1 + np.abs(normal) * np.float32(0.2),
    }.get(role, normal * np.float32(0.05))


class Variant:
    """A light model's graph, rewritten field by field."""

    def __init__(self, graph, seed, batch):
        self.graph, self.batch, self.rng = graph, batch, np.random.default_rng(seed)
        self.nodes = [Node(n) for n in wire.blocks(graph, NODE)]
        self.initializers = {text(wire.blocks(t, TENSOR_NAME)[0]): t for t in wire.blocks(graph, GRAPH_INITIALIZER)}
        self.made = {n.outputs[0]: n.inputs[0] for n in self.nodes if n.op == "ConstantOfShape"}
        self.gone = set(self.made.values())
        self.trained = {x for n in self.nodes if n.op == "BatchNormalization" for x in n.inputs[1:]}
        self.scale = 0.8 if any(n.op == "Sum" for n in self.nodes) else 1.0
        self.shapes = {n.inputs[1] for n in self.nodes if n.op == "Reshape"}

    def fields(self):
        """The fields of the new graph."""
        for number, kind, value in wire.fields(self.graph):
            if number == NODE and Node(value).op == "ConstantOfShape":
                yield wire.block(GRAPH_INITIALIZER, self.weight(Node(value).outputs[0]))
            elif number == GRAPH_INITIALIZER:
                yield from self.initializer(value)
            elif number in (GRAPH_INPUT, GRAPH_OUTPUT):
                yield from self.port(number, value)
            elif kind == wire.BYTES:
                yield wire.block(number, bytes(value))

    def weight(self, name):
        """A constant instead of a ConstantOfShape."""
        shape = integers(self.initializers[self.made[name]])
        return ow.tensor(name, weights(role_of(name, self.nodes), shape, self.scale, self.rng))

    def initializer(self, data):
        """Kept, but for shapes that nothing uses now, the batch in those of Reshape, and what was trained beside other weights."""
        name = text(wire.blocks(data, TENSOR_NAME)[0])
        if name in self.gone:
            return
        if name in self.trained:
            shape, role = numbers(TENSOR_DIMS, data), role_of(name, self.nodes)
            data = ow.tensor(name, weights(role, shape, self.scale, self.rng))
        if self.batch and name in self.shapes and integers(data)[0] == 1:
            data = ow.tensor(name, np.array([0, *integers(data)[1:]], np.int64))
        yield wire.block(GRAPH_INITIALIZER, bytes(data))

    def port(self, number, data):
        """Inputs that are no constants, and outputs."""
        name = text(wire.blocks(data, 1)[0])
        if number == GRAPH_INPUT and name in self.initializers:
            return
        if self.batch:
            shape = wire.blocks(wire.blocks(wire.blocks(data, 2)[0], 1)[0], 2)[0]
            dims = [numbers(1, d)[0] for d in wire.blocks(shape, 1)]
            data = ow.value_info(name, ow.F32, ["N", *dims[1:]])
        yield wire.block(number, bytes(data))


def to_onnx(model, seed, batch):
    """The bytes of the new model."""
    out = []
    for number, kind, value in wire.fields(model):
        if number == MODEL_GRAPH:
            out.append(wire.block(number, b"".join(Variant(value, seed, batch).fields())))
        elif number == 1:  # constants that are no inputs came with IR version 4
            out.append(wire.integer(number, max(4, value)))
        else:
            out.append(wire.integer(number, value) if kind == wire.VARINT else wire.block(number, bytes(value)))
    return b"".join(out)


def main():
    """Command line."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("model", type=Path, help="such as light_resnet50.onnx")
    p.add_argument("out", type=Path, help="ONNX file to write")
    p.add_argument("--batch", action="store_true", help="a dynamic batch")
    p.add_argument("--seed", type=int, default=1)
    args = p.parse_args()
    print(f"wrote {args.out}: {args.out.write_bytes(to_onnx(args.model.read_bytes(), args.seed, args.batch))} bytes")


if __name__ == "__main__":
    main()
