"""Random small graphs, and what onnxruntime answers. The differential test runs them here (crates/fastserve/tests/differential.rs).

`make` writes DIR/cases.bin: graphs of 1 to 6 nodes with their inputs and onnxruntime's outputs. The first node of case i is of the i-th
operator of tools/op_cases that onnxruntime has, again and again; its attributes, extents and values are those of a case, changed at random.
The others are drawn from a list of operators that fit what was made. What onnxruntime refuses is drawn anew. `--skip` names operators.

`judge` reads DIR/ours/N.bin, other answers to some cases, and says a line (JSON) for each: whether the ONNX reference implementation sides
with them, and how far onnxruntime is from itself when its inputs are a millionth larger. Needs the onnx package.

examples:
  python tools/random_graphs.py make out --cases 200 --seed 1
  python tools/random_graphs.py judge out
"""

import argparse
import json
import struct
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnxruntime as ort

import onnx_writer as ow
from op_cases import REGISTRY

# Draws of a generator of one's own.
RANDOM = ["Bernoulli", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike"]
# What makes a small difference a large one: these come only where everything before rounds once or not at all.
JUMPS = {"Floor", "Ceil", "Round", "Sign", "ArgMax", "ArgMin", "TopK", "Greater", "Less", "Equal", "Hardmax", "ToInt"}
EXACT = {
    "Abs", "Add", "Cast", "Ceil", "Clip", "Concat", "DepthToSpace", "Div", "Equal", "Expand", "Flatten", "Floor", "Gather", "Greater",
    "Identity", "Less", "Max", "MaxPool", "Min", "Mul", "Neg", "Pad", "PRelu", "ReduceMax", "ReduceMin", "Relu", "Reshape", "Round", "Sign",
    "Slice", "SpaceToDepth", "Split", "Sqrt", "Squeeze", "Sub", "Tile", "Transpose", "Trilu", "Unsqueeze", "Where",
}  # fmt: skip
MAX_NODES, MAX_ELEMENTS, TRIES = 6, 4096, 12
LATEST_OPSET = 22


@dataclass
class Node:
    """A node to be: its inputs are names or arrays (None: left out)."""

    op: str
    inputs: list
    attrs: dict = field(default_factory=dict)
    outputs: int = 1


@dataclass
class Draft:
    """A graph to be, and the value of everything in it."""

    opset: int
    values: dict = field(default_factory=dict)
    given: dict = field(default_factory=dict)
    nodes: list = field(default_factory=list)

    def model(self, nodes, outputs, constants, symbols=()):
        """A model of some of the nodes."""
        used = dict.fromkeys(n for _, inputs, _, _ in nodes for n in inputs if n)
        made = {o for _, _, outs, _ in nodes for o in outs}
        free = [n for n in used if n not in made]
        extents = lambda a: [f"n{d}" if d in symbols else d for d in a.shape]
        inputs = [(n, ow.data_type(self.values[n]), extents(self.values[n])) for n in free if n not in constants]
        graph = ow.Graph("random", inputs, [(o, None, ()) for o in outputs])
        for name in free:
            if name in constants:
                graph.initializer(name, self.values[name])
        for op, ins, outs, attrs in nodes:
            graph.node(op, ins, outs, **attrs)
        return graph.model(self.opset), [n for n, _, _ in inputs]

    def add(self, rng, node):
        """Add a node if onnxruntime takes it; whether it did."""
        values = dict(self.values)
        names, fresh = [], []
        for given in node.inputs:
            if given is None or isinstance(given, str):
                names.append(given or "")
                continue
            names.append(f"v{len(self.values) + len(fresh)}")
            fresh.append(names[-1])
            self.values[names[-1]] = given
        outs = [f"y{len(self.nodes)}_{i}" for i in range(node.outputs)]
        nodes = [(node.op, names, outs, node.attrs)]
        constants = {n for n in fresh if rng.random() < 0.5}
        try:
            model, inputs = self.model(nodes, outs, constants)
            made = run(model, {n: self.values[n] for n in inputs}, outs)
            fits = all(isinstance(a, np.ndarray) and a.dtype.name in ow._TYPES and a.size <= MAX_ELEMENTS and a.ndim <= 6 for a in made)
        except Exception:  # onnxruntime has many, and each means no
            fits = False
        if not fits:
            self.values = values
            return False
        self.given |= {n: n in constants for n in fresh}
        self.values |= dict(zip(outs, made))
        self.nodes += nodes
        return True


def run(model, feeds, outputs):
    """What onnxruntime answers, without its optimisations."""
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"]).run(outputs, feeds)


# The first node: a case of the operator, changed.


def seen(spec, name):
    """The values that an attribute has in the cases of an operator."""
    return [c.attrs[name] for c in CASES[spec.op] if name in c.attrs]


def changed_attr(rng, spec, name, value):
    """An attribute, changed at times."""
    near = lambda v: int(v + rng.integers(-1, 2))
    if rng.random() < 0.5:
        return value
    if isinstance(value, str):
        return str(rng.choice(seen(spec, name)))
    if isinstance(value, int):
        flag = set(seen(spec, name)) <= {0, 1}
        return int(rng.integers(0, 2)) if flag else near(value)
    if isinstance(value, float):
        return float(np.round(value * rng.uniform(0.5, 1.5), 2))
    if isinstance(value, (list, tuple)) and value and isinstance(value[0], int):
        at = rng.integers(len(value))
        return [near(v) if i == at else v for i, v in enumerate(value)]
    return value


def fresh_values(rng, array, shape):
    """Other values of the same type and range."""
    finite = array[np.isfinite(array)] if array.dtype.kind == "f" else array.reshape(-1)
    low, high = (finite.min(), finite.max()) if finite.size else (-2, 2)
    if array.dtype.kind == "f":
        return np.asarray(np.round(rng.uniform(float(low), float(high) + 0.01, shape), 2), array.dtype)
    if array.dtype.kind == "b":
        return rng.random(shape) < 0.5
    return rng.integers(int(low), int(high) + 1, shape, dtype=array.dtype if array.dtype.kind == "u" else np.int64).astype(array.dtype)


def changed_inputs(rng, inputs):
    """The inputs, of other values and at times of other extents."""
    first = inputs[0] if inputs and inputs[0] is not None else np.zeros(0)
    old = int(rng.choice(first.shape)) if first.ndim else -1
    new = old if rng.random() < 0.5 else int(max(1, old + rng.integers(-2, 4)))
    out = []
    for array in inputs:
        if array is None:
            out.append(None)
            continue
        # Lists of integers are sizes, axes and indices more often than data.
        data = array.dtype.kind != "i" or array.ndim > 1
        shape = tuple(new if d == old else d for d in array.shape) if data else array.shape
        keep = shape == array.shape and rng.random() < (0.2 if data else 0.8)
        out.append(array if keep else np.asarray(fresh_values(rng, array, shape)))
    return out


def first_node(rng, spec):
    """(node, opset) of a case, changed at random."""
    case = CASES[spec.op][rng.integers(len(CASES[spec.op]))]
    other = CASES[spec.op][rng.integers(len(CASES[spec.op]))]
    attrs = {n: changed_attr(rng, spec, n, v) for n, v in case.attrs.items()}
    if other.opset == case.opset and rng.random() < 0.2:
        attrs = {**other.attrs, **attrs}
    opset = case.opset
    if rng.random() < 0.3 and opset < LATEST_OPSET:
        opset = int(rng.integers(opset, LATEST_OPSET + 1))
    return Node(spec.op, changed_inputs(rng, case.inputs), attrs, count_outputs(spec, case)), opset


def count_outputs(spec, case):
    """How many outputs a case asks for."""
    return len(spec.outputs) if case.outputs is None else case.outputs


def plain_node(rng, spec):
    """(node, opset) of a case as it is."""
    case = CASES[spec.op][rng.integers(len(CASES[spec.op]))]
    return Node(spec.op, list(case.inputs), dict(case.attrs), count_outputs(spec, case)), case.opset


# The nodes after it: functions of what was made.


def floats(rng, *shape, low=-1.5, high=1.5):
    """Values for a second operand."""
    return np.asarray(np.round(rng.uniform(low, high, shape), 2), np.float32)


def ints(*values):
    """A list of i64."""
    return np.array(values, np.int64)


def broadcast(rng, shape):
    """Extents that broadcast to `shape`."""
    kept = shape[rng.integers(0, len(shape) + 1) :]
    return tuple(1 if rng.random() < 0.3 else d for d in kept)


UNARY = ["Relu", "Sigmoid", "Tanh", "Neg", "Abs", "Erf", "Softplus", "Softsign", "Sin", "Cos", "Atan", "Identity", "HardSwish"]
WITH_ALPHA = ["LeakyRelu", "Elu", "Celu", "ThresholdedRelu"]


def unary(rng, x, _):
    """A function of one element."""
    if rng.random() < 0.3:
        op = str(rng.choice(WITH_ALPHA))
        return Node(op, [x.name], dict(alpha=float(np.round(rng.uniform(0.1, 1.5), 2))))
    if rng.random() < 0.2:
        return Node("HardSigmoid", [x.name], dict(alpha=0.25, beta=0.4))
    return Node(str(rng.choice(UNARY)), [x.name])


def clip(rng, x, _):
    """Bounds, of which one may be left out."""
    low, high = np.float32(np.round(rng.uniform(-1, 0.2), 2)), np.float32(np.round(rng.uniform(0.3, 2), 2))
    return Node("Clip", [x.name, np.asarray(low) if rng.random() < 0.8 else None, np.asarray(high)])


def jump(rng, x, _):
    """Functions with steps."""
    return Node(str(rng.choice(["Floor", "Ceil", "Round", "Sign"])), [x.name])


def compare(rng, x, _):
    """Numbers of 0 and 1."""
    return Node(str(rng.choice(["Greater", "Less", "Equal"])), [x.name, floats(rng, *broadcast(rng, x.shape))])


def binary(rng, x, draft):
    """Two operands: a new one, an earlier value, or the same one twice."""
    op = str(rng.choice(["Add", "Sub", "Mul", "Div", "Max", "Min"]))
    like = [n for n, v in draft.values.items() if v.dtype == np.float32 and v.shape == x.shape and n.startswith("y")]
    if op != "Div" and like and rng.random() < 0.4:
        return Node(op, [x.name, str(rng.choice(like))])
    other = floats(rng, *broadcast(rng, x.shape), low=0.5 if op == "Div" else -1.5)
    swap = op != "Div" and rng.random() < 0.4
    return Node(op, [other, x.name] if swap else [x.name, other])


def variadic(rng, x, _):
    """Sums, means and extremes of three."""
    return Node(str(rng.choice(["Sum", "Mean", "Max", "Min"])), [x.name, floats(rng, *x.shape), floats(rng, *broadcast(rng, x.shape))])


def where(rng, x, _):
    """A choice."""
    return Node("Where", [rng.random(broadcast(rng, x.shape)) < 0.5, x.name, floats(rng, *broadcast(rng, x.shape))])


def softmax(rng, x, _):
    """Along one axis."""
    return Node(str(rng.choice(["Softmax", "LogSoftmax"])), [x.name], dict(axis=axis(rng, x)))


def axis(rng, x):
    """An axis, counted from either end."""
    return int(rng.integers(-len(x.shape), len(x.shape)))


def reduce(rng, x, draft):
    """Some axes, or all of them."""
    op = "Reduce" + str(rng.choice(["Mean", "Sum", "Max", "Min", "L1", "L2", "SumSquare", "LogSumExp"]))
    rank = len(x.shape)
    axes = [int(a) for a in sorted(rng.choice(rank, rng.integers(1, rank + 1), replace=False))] if rank else []
    attrs = dict(keepdims=int(rng.integers(0, 2)))
    if not axes:
        return Node(op, [x.name], attrs)
    if draft.opset >= 18 or op == "ReduceSum":
        return Node(op, [x.name, ints(*axes)], attrs)
    return Node(op, [x.name], attrs | dict(axes=axes))


def transpose(rng, x, _):
    """Any order of the axes."""
    return Node("Transpose", [x.name], dict(perm=[int(p) for p in rng.permutation(len(x.shape))]))


def reshape(rng, x, _):
    """Other extents of as many elements, one of them perhaps left open."""
    left, dims = int(np.prod(x.shape, dtype=np.int64)), []
    while left > 1 and len(dims) < 3:
        dims.append(int(rng.choice([d for d in range(1, left + 1) if left % d == 0])))
        left //= dims[-1]
    dims.append(left)
    if rng.random() < 0.5:
        dims[rng.integers(len(dims))] = -1
    return Node("Reshape", [x.name, ints(*dims)])


def flatten(rng, x, _):
    """Two axes."""
    return Node("Flatten", [x.name], dict(axis=axis(rng, x)))


def unsqueeze(rng, x, _):
    """An axis of one."""
    return Node("Unsqueeze", [x.name, ints(int(rng.integers(-len(x.shape) - 1, len(x.shape) + 1)))])


def squeeze(rng, x, _):
    """Axes of one go."""
    return Node("Squeeze", [x.name])


def expand(rng, x, _):
    """Axes of one grow, and new ones come."""
    dims = [int(rng.integers(1, 4)) if d == 1 else d for d in x.shape]
    return Node("Expand", [x.name, ints(*([2] if rng.random() < 0.3 else []), *dims)])


def tile(rng, x, _):
    """Repeats."""
    return Node("Tile", [x.name, ints(*(int(n) for n in rng.integers(1, 3, len(x.shape))))])


def concat(rng, x, _):
    """Beside itself and something new."""
    at = axis(rng, x)
    shape = list(x.shape)
    shape[at] = int(rng.integers(1, 4))
    parts = [x.name, floats(rng, *shape)] + ([x.name] if rng.random() < 0.3 else [])
    return Node("Concat", [parts[i] for i in rng.permutation(len(parts))], dict(axis=at))


def slice_(rng, x, _):
    """A part of one axis, forward or backward."""
    at = axis(rng, x)
    step = int(rng.choice([1, 1, 2, -1]))
    start = int(rng.integers(-x.shape[at], x.shape[at])) if step > 0 else x.shape[at]
    end = (1 << 40) if step > 0 else -x.shape[at] - 1
    return Node("Slice", [x.name, ints(start), ints(end), ints(at), ints(step)])


def split(rng, x, _):
    """Two parts."""
    at = axis(rng, x)
    first = int(rng.integers(1, x.shape[at] + 1))
    return Node("Split", [x.name, ints(first, x.shape[at] - first)], dict(axis=at), outputs=2)


def pad(rng, x, _):
    """Before and after, by every mode."""
    mode = str(rng.choice(["constant", "constant", "reflect", "edge"]))
    room = [d if mode != "reflect" else d - 1 for d in x.shape]
    amounts = [int(rng.integers(0, min(2, max(r, 0)) + 1)) for r in room * 2]
    value = [np.asarray(np.float32(0.5))] if mode == "constant" and rng.random() < 0.5 else []
    return Node("Pad", [x.name, ints(*amounts), *value], dict(mode=mode))


def gather(rng, x, _):
    """Rows of an axis."""
    at = axis(rng, x)
    shape = tuple(int(n) for n in rng.integers(1, 4, rng.integers(0, 3)))
    return Node("Gather", [x.name, rng.integers(-x.shape[at], x.shape[at], shape)], dict(axis=at))


def cum_sum(rng, x, _):
    """Running sums."""
    attrs = dict(exclusive=int(rng.integers(0, 2)), reverse=int(rng.integers(0, 2)))
    return Node("CumSum", [x.name, np.asarray(np.int64(axis(rng, x)))], attrs)


def trilu(rng, x, _):
    """One side of the diagonal."""
    return Node("Trilu", [x.name, np.asarray(np.int64(rng.integers(-2, 3)))], dict(upper=int(rng.integers(0, 2))))


def extreme(rng, x, _):
    """Where the largest is."""
    attrs = dict(axis=axis(rng, x), keepdims=int(rng.integers(0, 2)), select_last_index=int(rng.integers(0, 2)))
    return Node(str(rng.choice(["ArgMax", "ArgMin"])), [x.name], attrs)


def top_k(rng, x, _):
    """The largest, in order."""
    at = axis(rng, x)
    return Node("TopK", [x.name, ints(int(rng.integers(1, x.shape[at] + 1)))], dict(axis=at, largest=int(rng.integers(0, 2))), outputs=2)


def matmul(rng, x, _):
    """A product with weights on either side."""
    n = int(rng.integers(1, 20))
    if rng.random() < 0.3 and len(x.shape) > 1:
        return Node("MatMul", [floats(rng, n, x.shape[-2], low=-1, high=1), x.name])
    return Node("MatMul", [x.name, floats(rng, x.shape[-1], n, low=-1, high=1)])


def gemm(rng, x, _):
    """A product with factors, transposed operands and an addend of any form."""
    attrs = dict(transA=int(rng.integers(0, 2)), transB=int(rng.integers(0, 2)))
    m, k = x.shape[::-1] if attrs["transA"] else x.shape
    n = int(rng.integers(1, 20))
    attrs |= dict(alpha=0.5) if rng.random() < 0.3 else {}
    attrs |= dict(beta=2.0) if rng.random() < 0.3 else {}
    c = [floats(rng, *broadcast(rng, (m, n)))] if rng.random() < 0.7 else []
    return Node("Gemm", [x.name, floats(rng, *((n, k) if attrs["transB"] else (k, n)), low=-1, high=1), *c], attrs)


def window(rng, rank, whole_pads=True):
    """Attributes of a window over `rank` axes."""
    kernel = [int(k) for k in rng.integers(1, 4, rank)]
    attrs = dict(kernel_shape=kernel)
    if rng.random() < 0.5:
        attrs["strides"] = [int(s) for s in rng.integers(1, 3, rank)]
    kind = rng.random()
    if kind < 0.4:
        attrs["pads"] = [int(rng.integers(0, k if whole_pads else max(k // 2 + 1, 1))) for k in kernel * 2]
    elif kind < 0.6:
        attrs["auto_pad"] = str(rng.choice(["SAME_UPPER", "SAME_LOWER", "VALID"]))
    return attrs


def conv(rng, x, _):
    """One group, or one for each channel."""
    rank = len(x.shape) - 2
    attrs = window(rng, rank)
    if rng.random() < 0.3:
        attrs["dilations"] = [int(d) for d in rng.integers(1, 3, rank)]
    c = x.shape[1]
    group = c if rng.random() < 0.3 else 1
    o = group * int(rng.integers(1, 3)) if group > 1 else int(rng.integers(1, 19))
    weights = floats(rng, o, c // group, *attrs["kernel_shape"], low=-1, high=1)
    return Node("Conv", [x.name, weights] + ([floats(rng, o)] if rng.random() < 0.6 else []), attrs | dict(group=group))


def conv_transpose(rng, x, _):
    """The other way round."""
    rank = len(x.shape) - 2
    attrs = dict(kernel_shape=[int(k) for k in rng.integers(1, 4, rank)], strides=[int(s) for s in rng.integers(1, 3, rank)])
    if rng.random() < 0.4:
        attrs["pads"] = [int(rng.integers(0, k)) for k in attrs["kernel_shape"] * 2]
    if rng.random() < 0.3:
        attrs["output_padding"] = [int(rng.integers(0, s)) for s in attrs["strides"]]
    o = int(rng.integers(1, 6))
    weights = floats(rng, x.shape[1], o, *attrs["kernel_shape"], low=-1, high=1)
    return Node("ConvTranspose", [x.name, weights] + ([floats(rng, o)] if rng.random() < 0.5 else []), attrs)


def pool(rng, x, _):
    """Largest and mean of a window, or of everything."""
    if rng.random() < 0.2:
        return Node(str(rng.choice(["GlobalAveragePool", "GlobalMaxPool"])), [x.name])
    attrs = window(rng, len(x.shape) - 2) | dict(ceil_mode=int(rng.integers(0, 2)))
    if rng.random() < 0.5:
        return Node("MaxPool", [x.name], attrs)
    return Node("AveragePool", [x.name], attrs | dict(count_include_pad=int(rng.integers(0, 2))))


def batch_norm(rng, x, _):
    """Over channels."""
    c = x.shape[1]
    return Node("BatchNormalization", [x.name, *(floats(rng, c) for _ in range(3)), floats(rng, c, low=0.5)])


def instance_norm(rng, x, _):
    """Over the pixels of a channel."""
    return Node("InstanceNormalization", [x.name, floats(rng, x.shape[1]), floats(rng, x.shape[1])], dict(epsilon=0.01))


def layer_norm(rng, x, _):
    """Over the last axes."""
    at = int(rng.integers(0, len(x.shape)))
    scale = floats(rng, *x.shape[at:])
    bias = [floats(rng, *x.shape[at:])] if rng.random() < 0.6 else []
    return Node("LayerNormalization", [x.name, scale, *bias], dict(axis=at, epsilon=0.01))


def resize(rng, x, _):
    """The last two axes, by scales."""
    modes = ["half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel"]
    attrs = dict(mode=str(rng.choice(["nearest", "linear", "cubic"])), coordinate_transformation_mode=str(rng.choice(modes)))
    if attrs["mode"] == "nearest":
        attrs["nearest_mode"] = str(rng.choice(["floor", "ceil", "round_prefer_floor", "round_prefer_ceil"]))
    scales = [1.0] * (len(x.shape) - 2) + [float(s) for s in rng.choice([0.5, 1.0, 1.5, 2.0, 3.0], 2)]
    return Node("Resize", [x.name, None, np.array(scales, np.float32)], attrs)


def blocks(rng, x, _):
    """Channels to pixels and back."""
    if rng.random() < 0.5:
        return Node("SpaceToDepth", [x.name], dict(blocksize=2))
    return Node("DepthToSpace", [x.name], dict(blocksize=2, mode=str(rng.choice(["DCR", "CRD"]))))


def from_bool(rng, x, _):
    """Numbers again."""
    return Node("Not", [x.name]) if rng.random() < 0.3 else Node("Cast", [x.name], dict(to=int(rng.choice([ow.F32, ow.I64, ow.I32]))))


def of_ints(rng, x, draft):
    """What integers go through."""
    dtype = draft.values[x.name].dtype
    if rng.random() < 0.4:
        return Node("Cast", [x.name], dict(to=ow.F32))
    op = str(rng.choice(["Add", "Sub", "Mul", "Max", "Min"]))
    return Node(op, [x.name, rng.integers(-5, 6, broadcast(rng, x.shape)).astype(dtype)])


ANY = [unary, unary, clip, binary, binary, variadic, where, reduce, unsqueeze, squeeze, expand]
RANKED = [softmax, transpose, reshape, flatten, tile, concat, slice_, split, pad, gather, cum_sum, layer_norm, matmul]
IMAGES = [conv, conv, pool, pool, batch_norm, conv_transpose, instance_norm, resize, blocks]
STEPS = [jump, compare, extreme, top_k]
JOINED = [unary, clip, binary, batch_norm]


@dataclass
class Value:
    """A value that a node may take."""

    name: str
    shape: tuple


def next_node(rng, draft, name, exact):
    """A node that takes this value; None where the list has none."""
    value = draft.values[name]
    x = Value(name, value.shape)
    if value.dtype == np.bool_:
        return from_bool(rng, x, draft)
    if value.dtype in (np.int64, np.int32):
        return of_ints(rng, x, draft)
    if value.dtype != np.float32 or value.size == 0 or not np.all(np.abs(value) < 1e3):
        return None
    choices = ANY + (RANKED if value.ndim else [])
    choices = choices + (STEPS if exact and value.ndim else [])
    choices = choices + ([gemm, trilu, matmul] if value.ndim == 2 else []) + ([trilu] if value.ndim > 2 else [])
    choices = choices + (IMAGES * 2 if value.ndim == 4 else [conv, batch_norm] if value.ndim == 3 else [])
    joined = draft.nodes[-1][0] in ("Conv", "Gemm", "MatMul") and rng.random() < 0.5
    make = choices[rng.integers(len(choices))] if not joined else JOINED[rng.integers(len(JOINED))]
    return make(rng, x, draft) if make is not batch_norm or value.ndim > 1 else unary(rng, x, draft)


def grow(rng, draft):
    """Add nodes behind the first."""
    exact = draft.nodes[0][0] in EXACT
    for _ in range(int(rng.integers(0, MAX_NODES))):
        name = draft.nodes[-1][2][0]
        node = next_node(rng, draft, name, exact)
        if node is None:
            return
        if draft.add(rng, node):
            exact = exact and node.op in EXACT
    return


def begin(rng, spec):
    """A graph of one node."""
    for attempt in range(TRIES):
        node, opset = first_node(rng, spec) if attempt < TRIES - 4 else plain_node(rng, spec)
        draft = Draft(opset)
        if draft.add(rng, node):
            return draft
    return None


def outputs(rng, draft):
    """What is asked for: everything that nothing takes, and at times something between."""
    taken = {n for _, inputs, _, _ in draft.nodes for n in inputs}
    made = [o for _, _, outs, _ in draft.nodes for o in outs]
    last = set(draft.nodes[-1][2])
    return [o for o in made if o in last or o not in taken or rng.random() < 0.1]


def finish(rng, draft):
    """(model, inputs, outputs) of a graph as a whole; None where onnxruntime does not take that."""
    names = outputs(rng, draft)
    constants = {n for n, constant in draft.given.items() if constant}
    sizes = {d for n, constant in draft.given.items() if not constant for d in draft.values[n].shape}
    symbols = {d for d in sizes if d > 1 and rng.random() < 0.5} if rng.random() < 0.3 else set()
    try:
        model, inputs = draft.model(draft.nodes, names, constants, symbols)
        feeds = {n: draft.values[n] for n in inputs}
        return model, list(feeds.items()), list(zip(names, run(model, feeds, names)))
    except Exception:  # a whole may be refused where its parts were not
        return None


def blob(data):
    """Bytes behind their number."""
    return struct.pack("<I", len(data)) + data


def record(index, draft, whole):
    """A case as bytes."""
    model, inputs, made = whole
    head = dict(case=index, ops=[n[0] for n in draft.nodes], inputs=[n for n, _ in inputs], outputs=[n for n, _ in made])
    parts = [json.dumps(head).encode(), model, *(ow.tensor(n, a) for n, a in inputs + made)]
    return b"".join(map(blob, parts))


CASES = {}


def operators(skip):
    """The operators of tools/op_cases that onnxruntime takes in some case."""
    for op, spec in REGISTRY.items():
        usable = [c for c in spec.cases() if all(a is None or a.dtype.name in ow._TYPES for a in c.inputs)]
        if op not in RANDOM + skip and usable:
            CASES[op] = usable
    probe = np.random.default_rng(0)
    return [op for op in CASES if any(begin(probe, REGISTRY[op]) for _ in range(2))]


def one(index, seed, ops):
    """A case; operators that seldom fit come round again."""
    for attempt in range(5):
        rng = np.random.default_rng([seed, index, attempt])
        draft = begin(rng, REGISTRY[ops[index % len(ops)]])
        if draft is None:
            continue
        grow(rng, draft)
        whole = finish(rng, draft)
        if whole:
            return record(index, draft, whole)
    return b""


def make(args):
    """The `make` command."""
    args.folder.mkdir(parents=True, exist_ok=True)
    ops = operators(args.skip)
    with open(args.folder / "cases.bin", "wb") as file:
        for index in range(args.cases) if args.only is None else args.only:
            file.write(one(index, args.seed, ops))


# Who is right.


def blobs(data):
    """The parts of a file."""
    at = 0
    while at < len(data):
        (size,) = struct.unpack_from("<I", data, at)
        yield data[at + 4 : at + 4 + size]
        at += 4 + size


def records(path):
    """(head, model, inputs, outputs) of each case, tensors as arrays."""
    from onnx import TensorProto, numpy_helper

    array = lambda part: numpy_helper.to_array(TensorProto.FromString(part))
    parts = blobs(path.read_bytes())
    for head in parts:
        head = json.loads(head)
        model = next(parts)
        inputs = [array(next(parts)) for _ in head["inputs"]]
        yield head, model, inputs, [array(next(parts)) for _ in head["outputs"]]


def apart(got, expected, rtol=1e-4, atol=1e-5):
    """The largest distance in units of the tolerance; infinite where types or extents differ."""
    if got is None or (got.dtype, got.shape) != (expected.dtype, expected.shape):
        return float("inf")
    a, b = got.astype(np.float64), expected.astype(np.float64)
    with np.errstate(all="ignore"):
        ratio = np.abs(a - b) / (atol + rtol * np.abs(b))
    ratio[(a == b) | (np.isnan(a) & np.isnan(b))] = 0
    ratio[np.isnan(ratio)] = np.inf
    return float(ratio.max(initial=0))


def reference(model, feeds, names):
    """What the reference implementation answers, or its error."""
    import onnx
    from onnx.reference import ReferenceEvaluator

    try:
        made = ReferenceEvaluator(onnx.load_model_from_string(model)).run(names, feeds)
        return [np.asarray(a) for a in made], None
    except Exception as e:  # it has many, and each is an answer
        return [None] * len(names), f"{type(e).__name__}: {e}".splitlines()[0]


def scaled(array):
    """A millionth larger."""
    return np.asarray(array * array.dtype.type(1 + 1e-6)) if array.dtype.kind == "f" else array


def judge(args):
    """The `judge` command."""
    from onnx import TensorProto, numpy_helper

    for head, model, inputs, theirs in records(args.folder / "cases.bin"):
        path = args.folder / "ours" / f"{head['case']}.bin"
        if not path.exists():
            continue
        ours = [numpy_helper.to_array(TensorProto.FromString(p)) for p in blobs(path.read_bytes())]
        feeds = dict(zip(head["inputs"], inputs))
        truth, error = reference(model, feeds, head["outputs"])
        moved = run(model, {n: scaled(a) for n, a in feeds.items()}, head["outputs"])
        worst = lambda a, b: max((apart(x, y) for x, y in zip(a, b)), default=0.0)
        ask = lambda a: None if error else worst(a, truth)
        answer = dict(case=head["case"], ours=ask(ours), onnxruntime=ask(theirs), itself=worst(moved, theirs), error=error)
        print(json.dumps(answer), flush=True)


def main():
    """Command line."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = p.add_subparsers(dest="command", required=True)
    m = commands.add_parser("make", help="draw graphs and run them with onnxruntime")
    m.add_argument("folder", type=Path)
    m.add_argument("--cases", type=int, default=200)
    m.add_argument("--seed", type=int, default=1)
    m.add_argument("--skip", nargs="*", default=[], help="operators that are not drawn")
    m.add_argument("--only", type=int, nargs="*", help="only these cases")
    j = commands.add_parser("judge", help="ask the reference implementation")
    j.add_argument("folder", type=Path)
    args = p.parse_args()
    {"make": make, "judge": judge}[args.command](args)


if __name__ == "__main__":
    main()
