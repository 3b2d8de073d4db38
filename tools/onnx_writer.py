"""Write ONNX files without the `onnx` package: field numbers are those of onnx.proto (IR version 8).

    graph = Graph("tiny", inputs=[("x", F32, ["N", 4])], outputs=[("y", F32, ["N", 2])])
    graph.initializer("w", array)
    graph.node("Gemm", ["x", "w"], ["y"], transB=1)
    open("tiny.onnx", "wb").write(graph.model(opset=17))
"""

import numpy as np

import protobuf_wire as wire

F32, U8, I8, U16, I16, I32, I64, BOOL, F16, F64, U32, U64 = 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13
_TYPES = {
    "float32": F32, "uint8": U8, "int8": I8, "int32": I32, "int64": I64, "bool": BOOL, "float16": F16, "float64": F64,
    "uint16": U16, "int16": I16, "uint32": U32, "uint64": U64,
}  # fmt: skip
_FLOAT, _INT, _STRING, _TENSOR, _FLOATS, _INTS, _STRINGS = 1, 2, 3, 4, 6, 7, 8


def data_type(array):
    """TensorProto.DataType of a numpy array."""
    return _TYPES[array.dtype.name]


def tensor(name, array):
    """TensorProto with raw_data (little-endian)."""
    array = np.asarray(array)
    raw = array.astype(array.dtype.newbyteorder("<")).tobytes()
    dims = b"".join(wire.integer(1, d) for d in array.shape)
    return dims + wire.integer(2, data_type(array)) + wire.block(8, name) + wire.block(9, raw)


def attribute(name, value):
    """AttributeProto of an int, float, string, array, or list of ints, floats or strings."""
    if isinstance(value, (list, tuple)) and all(isinstance(v, int) for v in value):
        kind, body = _INTS, b"".join(wire.integer(8, v) for v in value)
    elif isinstance(value, (list, tuple)) and isinstance(value[0], str):
        kind, body = _STRINGS, b"".join(wire.block(9, v) for v in value)
    elif isinstance(value, (list, tuple)):
        kind, body = _FLOATS, b"".join(wire.float32(7, v) for v in value)
    elif isinstance(value, np.ndarray):
        kind, body = _TENSOR, wire.block(5, tensor("", value))
    elif isinstance(value, str):
        kind, body = _STRING, wire.block(4, value)
    elif isinstance(value, float):
        kind, body = _FLOAT, wire.float32(2, value)
    else:
        kind, body = _INT, wire.integer(3, value)
    return wire.block(1, name) + body + wire.integer(20, kind)


def value_info(name, kind, shape):
    """ValueInfoProto; a dimension is an integer or the name of a symbol. `kind` None: name only."""
    if kind is None:
        return wire.block(1, name)
    dims = b"".join(wire.block(1, wire.block(2, d) if isinstance(d, str) else wire.integer(1, d)) for d in shape)
    return wire.block(1, name) + wire.block(2, wire.block(1, wire.integer(1, kind) + wire.block(2, dims)))


class Graph:
    """Collects nodes and initializers; `inputs` and `outputs` are (name, data type, shape)."""

    def __init__(self, name, inputs, outputs):
        self.name, self.inputs, self.outputs = name, inputs, outputs
        self.nodes, self.initializers, self.domains = [], [], set()

    def initializer(self, name, array):
        """Add a constant and return its name."""
        self.initializers.append(tensor(name, array))
        return name

    def node(self, op, inputs, outputs, name="", **attrs):
        """Add a node (named after its first output unless told) and return that output. `op` may have a domain and a dot before it."""
        domain, _, op = op.rpartition(".")
        body = [wire.block(1, x) for x in inputs] + [wire.block(2, x) for x in outputs]
        body += [wire.block(3, name or outputs[0]), wire.block(4, op)] + ([wire.block(7, domain)] if domain else [])
        self.domains |= {domain} - {""}
        self.nodes.append(b"".join(body + [wire.block(5, attribute(k, v)) for k, v in attrs.items()]))
        return outputs[0]

    def model(self, opset, producer="fastserve"):
        """The bytes of the ModelProto."""
        graph = b"".join(wire.block(1, n) for n in self.nodes) + wire.block(2, self.name)
        graph += b"".join(wire.block(5, t) for t in self.initializers)
        graph += b"".join(wire.block(11, value_info(*v)) for v in self.inputs)
        graph += b"".join(wire.block(12, value_info(*v)) for v in self.outputs)
        imports = [("", opset), *((domain, 1) for domain in sorted(self.domains))]
        imports = b"".join(wire.block(8, wire.block(1, domain) + wire.integer(2, version)) for domain, version in imports)
        return wire.integer(1, 8) + wire.block(2, producer) + wire.block(7, graph) + imports
