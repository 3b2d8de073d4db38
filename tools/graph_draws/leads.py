"""Operators whose attributes, types and extents are all drawn."""

import numpy as np

from op_cases.case import case

LEADS = {}


def lead(*ops):
    """Registers `draw(op, rng)`, which makes a case, under each of `ops`."""

    def register(draw):
        LEADS.update((op, draw) for op in ops)
        return draw

    return register


def one(rng, *choices):
    """One of them, as it is."""
    return choices[int(rng.integers(len(choices)))]


def some(rng, low, high):
    """An integer from `low` to `high`, both included."""
    return int(rng.integers(low, high + 1))


def extents(rng, low=0, high=4, largest=6):
    """A shape of `low` to `high` axes."""
    return [some(rng, 1, largest) for _ in range(some(rng, low, high))]


def floats(rng, shape, low=-2.0, high=2.0, dtype=np.float32):
    """Elements that differ: no ties."""
    return rng.uniform(low, high, shape).astype(dtype)


def ints(rng, shape, low=-9, high=9, dtype=np.int64):
    """Both bounds included."""
    return rng.integers(low, high + 1, shape).astype(dtype)


def vector(*values):
    """Of i64."""
    return np.array(values, np.int64)


def axis(rng, rank):
    """From either end."""
    return some(rng, -rank, rank - 1)


def axes(rng, rank):
    """Different ones, from either end."""
    chosen = rng.permutation(rank)[: some(rng, 1, rank)]
    return [int(a) - (rank if rng.random() < 0.4 else 0) for a in chosen]


def some_attrs(rng, **all_of):
    """Each with a chance of 0.6: else the default holds."""
    return {k: v for k, v in all_of.items() if rng.random() < 0.6}


_ANYWHERE = ["Sin", "Cos", "Sinh", "Cosh", "Tanh", "Atan", "Asinh", "Erf", "Sigmoid", "Exp", "Softplus", "Softsign", "HardSwish", "Relu", "Neg",
             "Abs", "Sign", "Floor", "Ceil", "Round", "Mish", "Tan"]  # fmt: skip
_WITHIN = {"Sqrt": (0, 9), "Log": (0.01, 9), "Asin": (-1, 1), "Acos": (-1, 1), "Acosh": (1, 9), "Atanh": (-0.95, 0.95), "Reciprocal": (0.2, 4),
           "Tan": (-1.2, 1.2)}  # fmt: skip


@lead(*_ANYWHERE, *_WITHIN)
def unary(op, rng):
    low, high = _WITHIN.get(op, (-4, 4))
    dtype = one(rng, np.float32, np.float32, np.float64) if op not in ("Softplus", "HardSwish", "Mish", "Softsign") else np.float32
    return case("", floats(rng, extents(rng), low, high, dtype), opset=18)


@lead("LeakyRelu", "Elu", "Celu", "Selu", "HardSigmoid", "ThresholdedRelu", "Shrink", "Gelu")
def activation(op, rng):
    alpha, beta = float(np.float32(rng.uniform(0.1, 2))), float(np.float32(rng.uniform(0.1, 2)))
    attrs = {
        "LeakyRelu": {"alpha": alpha}, "Elu": {"alpha": alpha}, "Celu": {"alpha": alpha}, "Selu": {"alpha": alpha, "gamma": beta},
        "HardSigmoid": {"alpha": alpha, "beta": beta}, "ThresholdedRelu": {"alpha": alpha}, "Shrink": {"lambd": alpha, "bias": beta},
        "Gelu": {"approximate": one(rng, "none", "tanh")},
    }[op]  # fmt: skip
    return case("", floats(rng, extents(rng), -4, 4), opset=20, **some_attrs(rng, **attrs))


def pair_of_extents(rng):
    """Two shapes that broadcast."""
    whole = extents(rng, 0, 4, 5)

    def part():
        shape = [d if rng.random() < 0.7 else 1 for d in whole]
        return shape[some(rng, 0, len(whole)) if rng.random() < 0.4 else 0 :]

    return part(), part()


@lead("Add", "Sub", "Mul", "Div")
def arithmetic(op, rng):
    a, b = pair_of_extents(rng)
    dtype = one(rng, np.float32, np.float32, np.float32, np.float64, np.int32, np.int64)
    if np.issubdtype(dtype, np.integer):
        return case("", ints(rng, a, dtype=dtype), ints(rng, b, 1, 9, dtype), opset=14)
    return case("", floats(rng, a, dtype=dtype), floats(rng, b, 0.5, 3, dtype) * one(rng, 1, -1), opset=14)


@lead("Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual")
def comparison(op, rng):
    a, b = pair_of_extents(rng)
    dtype = one(rng, np.float32, np.int32, np.int64, np.float64)
    return case("", ints(rng, a, -2, 2, dtype), ints(rng, b, -2, 2, dtype), opset=16)


@lead("And", "Or", "Xor")
def logic(op, rng):
    a, b = pair_of_extents(rng)
    return case("", rng.random(a) < 0.5, rng.random(b) < 0.5)


@lead("BitwiseAnd", "BitwiseOr", "BitwiseXor")
def bits(op, rng):
    a, b = pair_of_extents(rng)
    dtype = one(rng, np.int32, np.int64, np.uint8, np.int8, np.uint16, np.uint32)
    low = -9 if np.issubdtype(dtype, np.signedinteger) else 0
    return case("", ints(rng, a, low, 99, dtype), ints(rng, b, low, 99, dtype), opset=18)


@lead("BitShift")
def shift(op, rng):
    a, b = pair_of_extents(rng)
    dtype = one(rng, np.uint8, np.uint32, np.uint64)
    return case("", ints(rng, a, 0, 200, dtype), ints(rng, b, 0, 7, dtype), direction=one(rng, "LEFT", "RIGHT"))


@lead("Mod")
def mod(op, rng):
    a, b = pair_of_extents(rng)
    if rng.random() < 0.4:
        return case("", floats(rng, a, -9, 9), floats(rng, b, 0.5, 4) * np.float32(one(rng, 1, -1)), fmod=1)
    dtype = one(rng, np.int32, np.int64, np.int8, np.int16)
    return case("", ints(rng, a, -50, 50, dtype), (ints(rng, b, 1, 9) * one(rng, 1, -1)).astype(dtype), fmod=some(rng, 0, 1))


@lead("Pow")
def power(op, rng):
    a, b = pair_of_extents(rng)
    return case("", floats(rng, a, 0.1, 3), one(rng, floats(rng, b, -2, 3), ints(rng, b, -2, 3, np.int32), ints(rng, b, 0, 3)), opset=15)


@lead("Min", "Max", "Sum", "Mean")
def variadic(op, rng):
    whole = extents(rng, 0, 4, 5)
    parts = [[d if rng.random() < 0.7 else 1 for d in whole][some(rng, 0, len(whole)) if rng.random() < 0.3 else 0 :] for _ in range(some(rng, 1, 4))]
    return case("", *(floats(rng, p) for p in parts))


@lead("ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2", "ReduceSumSquare", "ReduceLogSum", "ReduceLogSumExp")
def reduction(op, rng):
    shape = extents(rng, 1, 5, 5)
    dtype = one(rng, np.float32, np.float32, np.float32, np.int32 if op not in ("ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMean") else np.float32)
    data = floats(rng, shape, 0.3, 2.0) if op == "ReduceLogSum" else ints(rng, shape, -3, 3, dtype) if dtype == np.int32 else floats(rng, shape)
    attrs = some_attrs(rng, keepdims=some(rng, 0, 1))
    if rng.random() < 0.2:
        return case("", data, opset=18, **attrs, **some_attrs(rng, noop_with_empty_axes=some(rng, 0, 1)))
    if rng.random() < 0.3 and op != "ReduceSum":
        return case("", data, opset=13, axes=axes(rng, len(shape)), **attrs)
    return case("", data, vector(*axes(rng, len(shape))), opset=18, **attrs)


@lead("ArgMax", "ArgMin")
def arg_extreme(op, rng):
    shape = extents(rng, 1, 4)
    attrs = some_attrs(rng, axis=axis(rng, len(shape)), keepdims=some(rng, 0, 1), select_last_index=some(rng, 0, 1))
    return case("", one(rng, floats(rng, shape), ints(rng, shape, -2, 2, np.int32)), **attrs)


@lead("Softmax", "LogSoftmax", "Hardmax")
def softmax(op, rng):
    shape = extents(rng, 1, 4, 20)
    return case("", floats(rng, shape, -5, 5), opset=one(rng, 11, 13), **some_attrs(rng, axis=axis(rng, len(shape))))


@lead("CumSum")
def cum_sum(op, rng):
    shape = extents(rng, 1, 4)
    attrs = some_attrs(rng, exclusive=some(rng, 0, 1), reverse=some(rng, 0, 1))
    dtype = one(rng, np.int32, np.int64)
    return case("", one(rng, floats(rng, shape), ints(rng, shape)), np.array(axis(rng, len(shape)), dtype), opset=14, **attrs)


def window(rng, spatial, groups=False):
    """Kernel, and the attributes of a window over `spatial`, which grows where the window needs it."""
    rank = len(spatial)
    kernel = [some(rng, 1, 4) for _ in range(rank)]
    attrs = some_attrs(rng, strides=[some(rng, 1, 3) for _ in range(rank)], dilations=[some(rng, 1, 2) for _ in range(rank)])
    reach = [(k - 1) * d + 1 for k, d in zip(kernel, attrs.get("dilations", [1] * rank))]
    if rng.random() < 0.5:
        attrs["pads"] = [some(rng, 0, r - 1) for r in reach] + [some(rng, 0, r - 1) for r in reach]
    elif rng.random() < 0.5:
        attrs["auto_pad"] = one(rng, "SAME_UPPER", "SAME_LOWER", "VALID", "NOTSET")
        if attrs["auto_pad"].startswith("SAME"):
            attrs.pop("dilations", None)
    return kernel, [max(s, r) for s, r in zip(spatial, reach)], attrs


@lead("Conv")
def conv(op, rng):
    kernel, spatial, attrs = window(rng, extents(rng, 1, 3, 9))
    group = one(rng, 1, 1, 2, 3, 4)
    inner, outer = (1, some(rng, 1, 2)) if rng.random() < 0.4 else (some(rng, 1, 18), some(rng, 1, 18))
    x, w = floats(rng, [some(rng, 1, 2), group * inner, *spatial]), floats(rng, [group * outer, inner, *kernel], -0.5, 0.5)
    bias = [floats(rng, [group * outer])] if rng.random() < 0.5 else []
    return case("", x, w, *bias, opset=14, group=group, **attrs, **some_attrs(rng, kernel_shape=kernel))


@lead("ConvTranspose")
def conv_transpose(op, rng):
    rank = some(rng, 1, 3)
    kernel, strides = [some(rng, 1, 4) for _ in range(rank)], [some(rng, 1, 3) for _ in range(rank)]
    group, inner, outer = one(rng, 1, 1, 2, 3), some(rng, 1, 5), some(rng, 1, 5)
    x = floats(rng, [some(rng, 1, 2), group * inner, *(some(rng, 2, 6) for _ in range(rank))])
    w = floats(rng, [group * inner, outer, *kernel], -0.5, 0.5)
    attrs = {"strides": strides, **some_attrs(rng, dilations=[some(rng, 1, 2) for _ in range(rank)], output_padding=[some(rng, 0, s - 1) for s in strides])}
    if rng.random() < 0.5:
        attrs["pads"] = [some(rng, 0, (k - 1) // 2) for k in kernel] * 2
    bias = [floats(rng, [group * outer])] if rng.random() < 0.5 else []
    return case("", x, w, *bias, opset=14, group=group, **attrs)


@lead("MaxPool", "AveragePool", "LpPool")
def pool(op, rng):
    kernel, spatial, attrs = window(rng, extents(rng, 1, 3, 9))
    if "pads" in attrs:
        attrs["pads"] = [min(p, k - 1) for p, k in zip(attrs["pads"], kernel * 2)]
    more = {"MaxPool": {"storage_order": 0}, "AveragePool": {"count_include_pad": some(rng, 0, 1)}, "LpPool": {"p": some(rng, 1, 3)}}[op]
    attrs |= some_attrs(rng, ceil_mode=some(rng, 0, 1), **more)
    x = floats(rng, [some(rng, 1, 2), some(rng, 1, 18), *spatial])
    return case("", x, opset=22, kernel_shape=kernel, outputs=some(rng, 1, 2) if op == "MaxPool" else 1, **attrs)


@lead("GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool")
def global_pool(op, rng):
    return case("", floats(rng, [some(rng, 1, 2), some(rng, 1, 18), *extents(rng, 1, 3)]))


@lead("Gemm")
def gemm(op, rng):
    m, n, k = (some(rng, 1, 20) for _ in range(3))
    ta, tb = some(rng, 0, 1), some(rng, 0, 1)
    c = [floats(rng, one(rng, [n], [m, n], [1, n], [m, 1], [1], []))] if rng.random() < 0.8 else []
    attrs = some_attrs(rng, alpha=float(np.float32(rng.uniform(-2, 2))), beta=float(np.float32(rng.uniform(-2, 2))))
    return case("", floats(rng, [k, m] if ta else [m, k]), floats(rng, [n, k] if tb else [k, n]), *c, transA=ta, transB=tb, **attrs)


@lead("MatMul")
def matmul(op, rng):
    m, n, k = (some(rng, 1, 20) for _ in range(3))
    a, b = pair_of_extents(rng)
    a, b = a[-2:], b[-2:]
    if rng.random() < 0.2:
        return case("", floats(rng, [k]), floats(rng, [*b, k, n]))
    if rng.random() < 0.2:
        return case("", floats(rng, [*a, m, k]), floats(rng, [k]))
    return case("", floats(rng, [*a, m, k]), floats(rng, [*b, k, n]))


@lead("Slice")
def slice_(op, rng):
    shape = extents(rng, 1, 4, 8)
    chosen = axes(rng, len(shape))
    steps = [one(rng, 1, 1, 2, 3, -1, -2) for _ in chosen]
    data = one(rng, floats(rng, shape), ints(rng, shape), rng.random(shape) < 0.5)
    bounds = [vector(*(some(rng, -10, 10) for _ in chosen)) for _ in range(2)]
    return case("", data, *bounds, vector(*chosen), *([vector(*steps)] if rng.random() < 0.8 else []))


@lead("Pad")
def pad(op, rng):
    shape = [d + 2 for d in extents(rng, 1, 4, 4)]
    mode = one(rng, "constant", "reflect", "edge", "wrap")
    chosen = axes(rng, len(shape)) if rng.random() < 0.4 else list(range(len(shape)))
    low = -1 if mode == "constant" else 0
    pads = vector(*(some(rng, low, 2) for _ in range(2 * len(chosen))))
    value = np.float32(rng.uniform(-2, 2)) if rng.random() < 0.6 and mode == "constant" else None
    return case("", floats(rng, shape), pads, value, vector(*chosen), opset=19, mode=mode)


@lead("Tile", "Expand")
def repeat(op, rng):
    shape = extents(rng, 1, 4, 4)
    if op == "Tile":
        return case("", one(rng, floats(rng, shape), ints(rng, shape, dtype=np.int32)), vector(*(some(rng, 0, 3) for _ in shape)))
    small = [d if rng.random() < 0.5 else 1 for d in shape]
    to = vector(*([some(rng, 1, 3)] if rng.random() < 0.3 else []), *(d if rng.random() < 0.8 else 1 for d in shape))
    return case("", one(rng, floats(rng, small), ints(rng, small)), to)


@lead("Transpose")
def transpose(op, rng):
    shape = extents(rng, 0, 5, 6)
    data = one(rng, floats(rng, shape), ints(rng, shape, dtype=np.int8), rng.random(shape) < 0.5)
    return case("", data, **some_attrs(rng, perm=[int(p) for p in rng.permutation(len(shape))]) if shape else {})


@lead("Concat")
def concat(op, rng):
    shape = extents(rng, 1, 4, 5)
    at = axis(rng, len(shape))
    parts = []
    for _ in range(some(rng, 1, 4)):
        part = list(shape)
        part[at] = some(rng, 0, 4)
        parts.append(floats(rng, part))
    return case("", *parts, axis=at)


@lead("Split")
def split(op, rng):
    shape = extents(rng, 1, 4, 5)
    at, parts = axis(rng, len(shape)), some(rng, 1, 4)
    sizes = [some(rng, 0, 4) for _ in range(parts)]
    shape[at] = sum(sizes)
    if rng.random() < 0.4 and shape[at] >= parts:
        return case("", floats(rng, shape), opset=18, axis=at, num_outputs=parts, outputs=parts)
    return case("", floats(rng, shape), vector(*sizes), opset=one(rng, 13, 18), axis=at, outputs=parts)


@lead("Reshape")
def reshape(op, rng):
    shape = extents(rng, 1, 4, 6)
    to = [int(d) for d in rng.permutation(shape)]
    if rng.random() < 0.5:
        to[some(rng, 0, len(to) - 1)] = -1
    elif rng.random() < 0.5:
        to = [0, -1] if len(shape) > 1 else [0]
    return case("", floats(rng, shape), vector(*to), opset=14)


@lead("Flatten")
def flatten(op, rng):
    shape = extents(rng, 1, 4)
    return case("", floats(rng, shape), **some_attrs(rng, axis=some(rng, -len(shape), len(shape))))


def positions(rng, shape, extent, dtype=np.int64):
    """Indices from either end."""
    return ints(rng, shape, -extent, extent - 1, dtype)


@lead("Gather")
def gather(op, rng):
    shape = extents(rng, 1, 4)
    at = axis(rng, len(shape))
    where = positions(rng, extents(rng, 0, 3, 4), shape[at], one(rng, np.int64, np.int32))
    return case("", one(rng, floats(rng, shape), ints(rng, shape, dtype=np.int32)), where, **({"axis": at} if at else {}))


@lead("GatherElements")
def gather_elements(op, rng):
    shape = extents(rng, 1, 4)
    at = axis(rng, len(shape))
    size = [some(rng, 1, d) for d in shape]
    size[at] = some(rng, 1, 8)
    return case("", floats(rng, shape), positions(rng, size, shape[at]), axis=at)


@lead("ScatterElements")
def scatter_elements(op, rng):
    shape = extents(rng, 1, 4)
    at = axis(rng, len(shape))
    size = [some(rng, 1, d) for d in shape]
    how = one(rng, "none", "add", "mul", "max", "min")
    if how == "none":
        # Positions that occur twice have no order.
        order = np.argsort(rng.random([*size[: at % len(shape)], shape[at], *size[at % len(shape) + 1 :]]), axis=at)
        where = np.take(order, range(size[at]), axis=at)
    else:
        where = positions(rng, size, shape[at])
    return case("", floats(rng, shape), where, floats(rng, size), opset=18, axis=at, reduction=how)


@lead("GatherND")
def gather_nd(op, rng):
    shape = extents(rng, 2, 4, 5)
    batch = some(rng, 0, 1)
    depth = some(rng, 1, len(shape) - batch)
    outer = shape[:batch] + extents(rng, 0, 2, 4)
    where = np.stack([positions(rng, outer, shape[batch + i]) for i in range(depth)], -1)
    return case("", floats(rng, shape), where, batch_dims=batch)


@lead("ScatterND")
def scatter_nd(op, rng):
    shape = extents(rng, 1, 4, 5)
    depth = some(rng, 1, len(shape))
    flat = rng.permutation(int(np.prod(shape[:depth])))[: some(rng, 1, 4)]
    where = np.stack(np.unravel_index(flat, shape[:depth]), -1).astype(np.int64)
    updates = floats(rng, [len(flat), *shape[depth:]])
    return case("", floats(rng, shape), where, updates, opset=18, reduction=one(rng, "none", "add", "mul", "max", "min"))


@lead("TopK")
def top_k(op, rng):
    shape = extents(rng, 1, 4, 8)
    at = axis(rng, len(shape))
    attrs = some_attrs(rng, largest=some(rng, 0, 1))
    data = one(rng, floats(rng, shape), rng.permutation(int(np.prod(shape))).reshape(shape).astype(np.int64))
    return case("", data, vector(some(rng, 0, shape[at])), axis=at, outputs=2, **attrs)


@lead("OneHot")
def one_hot(op, rng):
    shape, depth = extents(rng, 1, 3), some(rng, 1, 6)
    values = one(rng, floats(rng, [2]), ints(rng, [2]))
    return case("", ints(rng, shape, -8, 8), np.array(depth, np.int64), values, **some_attrs(rng, axis=axis(rng, len(shape) + 1)))


@lead("Where")
def where_(op, rng):
    a, b = pair_of_extents(rng)
    return case("", rng.random(a) < 0.5, floats(rng, b), floats(rng, one(rng, a, b, [])), opset=16)


@lead("Clip")
def clip(op, rng):
    dtype = one(rng, np.float32, np.float32, np.int32, np.int64)
    bounds = [np.array(v, dtype) if rng.random() < 0.7 else None for v in (one(rng, -1, 0), one(rng, 1, 2))]
    data = ints(rng, extents(rng), -5, 5, dtype)
    return case("", data / dtype(2) if dtype == np.float32 else data, *bounds)


_CAST = [np.float32, np.float64, np.float16, np.int32, np.int64, np.int8, np.uint8, np.int16, np.uint16, np.uint32, np.uint64, np.bool_]
_CODES = [1, 11, 10, 6, 7, 3, 2, 5, 4, 12, 13, 9]


@lead("Cast")
def cast(op, rng):
    data = rng.uniform(0, 100, extents(rng)).astype(one(rng, *_CAST))
    return case("", data, opset=13, to=one(rng, *_CODES))


@lead("LayerNormalization")
def layer_normalization(op, rng):
    shape = extents(rng, 1, 4, 20)
    shape[-1] += 3
    at = axis(rng, len(shape))
    parts = [floats(rng, shape[at:])] + ([floats(rng, shape[at:])] if rng.random() < 0.6 else [])
    return case("", floats(rng, shape), *parts, opset=17, axis=at, outputs=one(rng, 1, 3), **some_attrs(rng, epsilon=0.001))


@lead("InstanceNormalization")
def instance_normalization(op, rng):
    shape = [some(rng, 1, 2), some(rng, 1, 5), *(some(rng, 3, 7) for _ in range(some(rng, 1, 3)))]
    return case("", floats(rng, shape), floats(rng, shape[1:2]), floats(rng, shape[1:2]), **some_attrs(rng, epsilon=0.001))


@lead("BatchNormalization")
def batch_normalization(op, rng):
    shape = [some(rng, 1, 2), some(rng, 1, 9), *extents(rng, 0, 3)]
    parts = [floats(rng, shape[1:2]) for _ in range(3)] + [floats(rng, shape[1:2], 0.5, 2)]
    return case("", floats(rng, shape), *parts, opset=15, **some_attrs(rng, epsilon=0.001))


@lead("LRN")
def lrn(op, rng):
    shape = [some(rng, 1, 2), some(rng, 1, 9), *extents(rng, 1, 2)]
    attrs = some_attrs(rng, alpha=float(np.float32(rng.uniform(0, 1))), beta=float(np.float32(rng.uniform(0, 1))), bias=float(np.float32(rng.uniform(1, 2))))
    return case("", floats(rng, shape), size=one(rng, 1, 3, 5), **attrs)


@lead("LpNormalization")
def lp_normalization(op, rng):
    shape = extents(rng, 1, 4)
    return case("", floats(rng, shape), opset=22, **some_attrs(rng, axis=axis(rng, len(shape)), p=some(rng, 1, 2)))


@lead("DepthToSpace", "SpaceToDepth")
def blocks(op, rng):
    b, c, h, w = (some(rng, 1, 3) for _ in range(4))
    if op == "SpaceToDepth":
        return case("", floats(rng, [1, c, h * b, w * b]), blocksize=b)
    return case("", floats(rng, [1, c * b * b, h, w]), blocksize=b, **some_attrs(rng, mode=one(rng, "DCR", "CRD")))


@lead("Trilu")
def trilu(op, rng):
    shape = extents(rng, 2, 4)
    return case("", floats(rng, shape), np.array(some(rng, -4, 4)), opset=14, upper=some(rng, 0, 1))


@lead("LSTM", "GRU", "RNN")
def recurrent(op, rng):
    gates, states = {"LSTM": (4, 2), "GRU": (3, 1), "RNN": (1, 1)}[op]
    steps, batch, size, hidden = some(rng, 1, 5), some(rng, 1, 3), some(rng, 1, 6), some(rng, 1, 6)
    direction = one(rng, "forward", "reverse", "bidirectional")
    d = 2 if direction == "bidirectional" else 1
    attrs = {"hidden_size": hidden, "direction": direction, **({"linear_before_reset": some(rng, 0, 1)} if op == "GRU" else {})}
    attrs |= some_attrs(rng, clip=0.5)
    x = floats(rng, [steps, batch, size])
    w, r = floats(rng, [d, gates * hidden, size], -0.7, 0.7), floats(rng, [d, gates * hidden, hidden], -0.7, 0.7)
    bias = floats(rng, [d, 2 * gates * hidden]) if rng.random() < 0.6 else None
    lengths = ints(rng, [batch], 1, steps, np.int32) if rng.random() < 0.3 else None
    start = [floats(rng, [d, batch, hidden]) if rng.random() < 0.5 else None for _ in range(states)]
    peepholes = [floats(rng, [d, 3 * hidden])] if op == "LSTM" and rng.random() < 0.3 else []
    inputs = [x, w, r, bias, lengths, *start, *peepholes]
    while inputs[-1] is None:
        inputs.pop()
    return case("", *inputs, opset=14, outputs=1 + states, **attrs)


@lead("Resize")
def resize(op, rng):
    shape = [1, some(rng, 1, 3), some(rng, 2, 6), some(rng, 2, 6)]
    mode = one(rng, "nearest", "linear", "cubic")
    modes = ["half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric", *(["half_pixel_symmetric"] if mode != "cubic" else [])]
    attrs = {"mode": mode, "coordinate_transformation_mode": one(rng, *modes)}
    if mode == "nearest":
        attrs["nearest_mode"] = one(rng, "round_prefer_floor", "round_prefer_ceil", "floor", "ceil")
    if mode == "cubic":
        attrs |= some_attrs(rng, cubic_coeff_a=-0.5, exclude_outside=some(rng, 0, 1))
    if rng.random() < 0.5:
        return case("", floats(rng, shape), None, np.array([1, 1, *(one(rng, 0.5, 0.6, 1.5, 2, 2.5, 3) for _ in range(2))], np.float32), opset=19, **attrs)
    return case("", floats(rng, shape), None, None, vector(*shape[:2], some(rng, 1, 9), some(rng, 1, 9)), opset=19, **attrs)


@lead("GridSample")
def grid_sample(op, rng):
    n, c, h, w = 1, some(rng, 1, 3), some(rng, 2, 5), some(rng, 2, 5)
    grid = floats(rng, [n, some(rng, 1, 4), some(rng, 1, 4), 2], -1.3, 1.3)
    attrs = {"mode": one(rng, "linear", "nearest", "cubic"), "padding_mode": one(rng, "zeros", "border", "reflection"), "align_corners": some(rng, 0, 1)}
    return case("", floats(rng, [n, c, h, w]), grid, opset=20, **attrs)


@lead("QuantizeLinear", "DequantizeLinear")
def quantize(op, rng):
    shape = extents(rng, 1, 4)
    dtype = one(rng, np.uint8, np.int8)
    at = axis(rng, len(shape))
    many = rng.random() < 0.5
    scale = floats(rng, [shape[at]] if many else [], 0.01, 0.2)
    zero = ints(rng, scale.shape, 0, 20, dtype)
    data = floats(rng, shape, -3, 3) if op == "QuantizeLinear" else ints(rng, shape, 0, 100, dtype)
    return case("", data, scale, *([zero] if rng.random() < 0.7 else [] if op == "QuantizeLinear" or dtype == np.uint8 else [zero]), opset=13, axis=at)


@lead("MatMulInteger")
def matmul_integer(op, rng):
    m, n, k = (some(rng, 1, 12) for _ in range(3))
    ta, tb = one(rng, np.uint8, np.int8), one(rng, np.uint8, np.int8)
    zeros = [ints(rng, [], 0, 9, ta), ints(rng, one(rng, [], [n]), 0, 9, tb)][: some(rng, 0, 2)]
    return case("", ints(rng, [m, k], 0, 100, ta), ints(rng, [k, n], 0, 100, tb), *zeros)


@lead("ConvInteger")
def conv_integer(op, rng):
    kernel, spatial, attrs = window(rng, extents(rng, 2, 2, 7))
    x, w = ints(rng, [1, 3, *spatial], 0, 200, np.uint8), ints(rng, [some(rng, 1, 4), 3, *kernel], 0, 200, np.uint8)
    return case("", x, w, *[ints(rng, [], 0, 99, np.uint8)][: some(rng, 0, 1)], **attrs)


@lead("Einsum")
def einsum(op, rng):
    letters = {c: some(rng, 1, 5) for c in "abcd"}
    first, second = ("".join(rng.permutation(list("abcd"))[: some(rng, 1, 3)]) for _ in range(2))
    both = "".join(dict.fromkeys(first + second))
    out = "".join(rng.permutation(list(both))[: some(rng, 0, len(both))])
    inputs = (floats(rng, [letters[c] for c in term]) for term in (first, second))
    return case("", *inputs, equation=f"{first},{second}->{out}")
