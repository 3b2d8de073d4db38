"""Nodes behind a value of f32 that change it without a jump: what a compiler fuses, folds and moves."""

import numpy as np

_UNARY = ["Relu", "Sigmoid", "Tanh", "Neg", "Abs", "Erf", "Elu", "LeakyRelu", "HardSigmoid", "HardSwish", "Softplus", "Selu", "Softsign"]


def _f32(g, *shape, low=-2.0, high=2.0):
    return g.rng.uniform(low, high, shape).astype(np.float32)


def _like(g, a):
    """Extents that broadcast to those of `a`."""
    shape = [d if g.rng.random() < 0.6 else 1 for d in a.shape]
    return shape[int(g.rng.integers(0, a.ndim + 1)) :]


def _axis(g, a):
    return int(g.rng.integers(-a.ndim, a.ndim))


def unary(g, x, a):
    """A function of one element."""
    return g.node(g.rng.choice(_UNARY), [x])


def clip(g, x, a):
    """Bounds as constants."""
    return g.node("Clip", [x, g.feed(np.float32(-0.5), True), g.feed(np.float32(g.rng.choice([0.75, 6.0])), True)])


def binary(g, x, a):
    """With a tensor that broadcasts, on either side."""
    pair = [x, g.feed(_f32(g, *_like(g, a)))]
    return g.node(g.rng.choice(["Add", "Sub", "Mul", "Max", "Min"]), pair if g.rng.random() < 0.7 else pair[::-1])


def bias_and_activation(g, x, a):
    """What follows a convolution or a product."""
    shape = (a.shape[1], *[1] * (a.ndim - 2)) if a.ndim > 2 and g.rng.random() < 0.7 else a.shape[-1:]
    (y,) = g.node("Add", [x, g.feed(_f32(g, *shape), True)])
    return g.node(g.rng.choice(["Relu", "Sigmoid", "Tanh", "LeakyRelu", "HardSwish"]), [y])


def silu(g, x, a):
    """x * sigmoid(x)."""
    (s,) = g.node("Sigmoid", [x])
    return g.node("Mul", [x, s] if g.rng.random() < 0.5 else [s, x])


def mish(g, x, a):
    """x * tanh(softplus(x))."""
    (s,) = g.node("Softplus", [x])
    return g.node("Mul", [x, *g.node("Tanh", [s])])


def gelu(g, x, a):
    """x / 2 * (1 + erf(x / sqrt 2))."""
    (e,) = g.node("Erf", g.node("Div", [x, g.feed(np.float32(2**0.5), True)]))
    (h,) = g.node("Mul", [x, *g.node("Add", [e, g.feed(np.float32(1), True)])])
    return g.node("Mul", [h, g.feed(np.float32(0.5), True)])


def reduced(g, x, a):
    """Over one axis; the axes are an attribute before version 18."""
    axis = _axis(g, a)
    op = g.rng.choice(["ReduceMean", "ReduceMax", "ReduceSum", "ReduceL2"])
    keep = int(g.rng.integers(0, 2))
    if g.opset >= 18 or op == "ReduceSum":
        return g.node(op, [x, g.feed(np.array([axis], np.int64), True)], keepdims=keep)
    return g.node(op, [x], axes=[axis], keepdims=keep)


def softmax(g, x, a):
    """Along any axis."""
    return g.node("Softmax", [x], axis=_axis(g, a))


def moved(g, x, a):
    """Transposed twice, or transposed and made flat."""
    perm = [int(p) for p in g.rng.permutation(a.ndim)]
    (y,) = g.node("Transpose", [x], perm=perm)
    if g.rng.random() < 0.5:
        return g.node("Transpose", [y], perm=[int(p) for p in g.rng.permutation(a.ndim)])
    return g.node("Reshape", [y, g.feed(np.array([0, -1] if a.ndim > 1 else [-1], np.int64), True)])


def concat(g, x, a):
    """With itself or with something else."""
    other = x if g.rng.random() < 0.3 else g.feed(_f32(g, *a.shape))
    return g.node("Concat", [x, other], axis=_axis(g, a))


def pad(g, x, a):
    """Zeros around."""
    pads = g.rng.integers(0, 3, 2 * a.ndim).astype(np.int64)
    return g.node("Pad", [x, g.feed(pads, True)], mode=str(g.rng.choice(["constant", "edge"])))


def batch_normalization(g, x, a):
    """Behind a convolution it goes into the weights."""
    if a.ndim < 2:
        return unary(g, x, a)
    c = a.shape[1]
    parts = [_f32(g, c), _f32(g, c), _f32(g, c), _f32(g, c, low=0.5, high=2.0)]
    return g.node("BatchNormalization", [x, *(g.feed(p, True) for p in parts)])


def matmul(g, x, a):
    """With a matrix."""
    if a.ndim < 2:
        return unary(g, x, a)
    return g.node("MatMul", [x, g.feed(_f32(g, a.shape[-1], int(g.rng.integers(1, 20)), low=-1.0, high=1.0))])


def residual(g, x, a):
    """x + f(x)."""
    (y,) = g.node(g.rng.choice(_UNARY), [x])
    return g.node("Add", [x, y] if g.rng.random() < 0.5 else [y, x])


AFTER = [
    unary, unary, clip, binary, binary, bias_and_activation, bias_and_activation, silu, mish, gelu, reduced, softmax, moved, concat, pad,
    batch_normalization, matmul, residual,
]  # fmt: skip
#: A value beyond it is not gone on with: a difference of one rounding would be carried into all that follows.
LARGEST = 50


def after(g, x):
    """The name of a value that is made from `x`, or `x` where it is nothing to go on with."""
    a = g.array(x)
    if a.dtype != np.float32 or a.ndim == 0 or a.size == 0 or not np.isfinite(a).all() or np.abs(a).max() > LARGEST:
        return x
    return g.rng.choice(AFTER)(g, x, a)[0]
