"""Operators that work element by element, with one input or two."""

import numpy as np

from op_cases.case import INF, NAN, case, cases, f32


def _unary(source, special, opset=13, **attrs):
    """Shapes that are not multiples of a vector, a scalar, nothing, and the values at the edges."""
    yield case("odd_17", source.f32(17), opset=opset, **attrs)
    yield case("rank_3", source.f32(2, 3, 5, low=-6, high=6), opset=opset, **attrs)
    yield case("scalar", source.f32(), opset=opset, **attrs)
    yield case("empty", source.f32(0, 3), opset=opset, **attrs)
    yield case("special", f32(*special), opset=opset, **attrs)


@cases("Relu", "X -> Y")
def relu(s):
    yield from _unary(s, (0.0, INF, -INF, 3.4e38, -3.4e38, 1e-40), opset=14)


@cases("LeakyRelu", "X -> Y")
def leaky_relu(s):
    yield from _unary(s, (0.0, INF, -INF, NAN), opset=16)
    yield case("alpha", s.f32(3, 5), opset=16, alpha=0.2)


@cases("Sigmoid", "X -> Y")
def sigmoid(s):
    yield from _unary(s, (0.0, -0.0, 90.0, -90.0, NAN))
    yield case("steps", f32(-16, -8, -4, -1, -0.5, -1e-3, 1e-3, 0.5, 1, 4, 8, 16))


@cases("Tanh", "input -> output")
def tanh(s):
    yield from _unary(s, (0.0, INF, -INF, NAN, 20.0, -20.0, 1e-6))
    yield case("steps", f32(-8, -4, -1, -0.5, -1e-3, 1e-3, 0.5, 1, 4, 8))


@cases("Exp", "input -> output")
def exp(s):
    yield from _unary(s, (0.0, -0.0, INF, -INF, NAN, 88.0, -87.0, 89.0, -104.5))
    yield case("steps", f32(-20, -10, -1, -1e-4, 1e-4, 1, 10, 20))


@cases("Neg", "X -> Y")
def neg(s):
    yield from _unary(s, (0.0, -0.0, INF, -INF, NAN, 1e-40))
    yield case("i64", s.ints(7))
    yield case("i32", s.ints(2, 3, dtype=np.int32))


@cases("Abs", "X -> Y")
def abs_(s):
    yield from _unary(s, (0.0, -0.0, INF, -INF, NAN, -1e-40))
    yield case("i64", s.ints(7))
    yield case("i32", s.ints(2, 3, dtype=np.int32))


@cases("Sqrt", "X -> Y")
def sqrt(s):
    yield case("odd_17", s.f32(17, low=0, high=9))
    yield case("rank_3", s.f32(2, 3, 5, low=0, high=100))
    yield case("scalar", s.f32(low=1))
    yield case("special", f32(0.0, INF, NAN, -1.0, -INF, 1e30, 1e-30))


@cases("Erf", "input -> output")
def erf(s):
    yield from _unary(s, (0.0, INF, -INF, NAN, 6.0, -6.0, 1e-6))
    yield case("steps", f32(-4, -2, -1, -0.9, -0.5, -0.1, 0.1, 0.5, 0.9, 1, 2, 4))


@cases("HardSigmoid", "X -> Y")
def hard_sigmoid(s):
    yield from _unary(s, (0.0, 2.5, -2.5, 3.0, -3.0, 100.0, INF, -INF))
    yield case("parameters", s.f32(3, 5), alpha=0.25, beta=0.4)
    yield case("opset_6", s.f32(9), opset=6)


@cases("HardSwish", "X -> Y")
def hard_swish(s):
    yield from _unary(s, (0.0, 3.0, -3.0, 2.999, -2.999, 1e4, -1e4), opset=14)


@cases("Reciprocal", "X -> Y")
def reciprocal(s):
    yield from _unary(s, (1.0, -4.0, 3.0, INF, -INF, NAN, 0.0, -0.0, 1e-30))


def _rounding(s):
    yield from _unary(s, (0.5, -0.5, 1.5, 2.5, -2.5, 0.49999997, 8388609.0, -0.0, INF, -INF, NAN))


@cases("Ceil", "X -> Y")
def ceil(s):
    yield from _rounding(s)


@cases("Floor", "X -> Y")
def floor(s):
    yield from _rounding(s)


@cases("Round", "X -> Y")
def round_(s):
    yield from _rounding(s)


@cases("Clip", "input min max -> output")
def clip(s):
    one = lambda v: np.array(v, np.float32)
    yield case("attributes", s.f32(3, 5), opset=10, min=-1.0, max=1.5)
    yield case("attribute_max_only", s.f32(7), opset=10, max=0.5)
    yield case("attributes_default", s.f32(7), opset=10)
    yield case("both", s.f32(2, 9), one(-1), one(1.5))
    yield case("min_only", s.f32(11), one(-0.5))
    yield case("max_only", s.f32(11), None, one(0.5))
    yield case("no_bounds", s.f32(5))
    yield case("infinities", f32(INF, -INF, 0.0, -7.0, 7.0), one(0), one(6))
    yield case("i64", s.ints(9), np.array(-3), np.array(4))


def _binary(s, number):
    """The ways two shapes can meet; `number(shape...)` makes the second operand."""
    yield case("same_shape", s.f32(3, 7), number(3, 7))
    yield case("scalar", s.f32(2, 5), number())
    yield case("last_axis", s.f32(2, 3, 5), number(5))
    yield case("channel", s.f32(2, 3, 2, 3), number(1, 3, 1, 1))
    yield case("outer", s.f32(4, 1), number(1, 5))
    yield case("both_broadcast", s.f32(2, 1, 4), number(3, 1))
    yield case("left_smaller", s.f32(3), number(2, 2, 3))
    yield case("empty", s.f32(0, 3), number(3))


def _integers(s):
    """i64 and i32, where the divisor is never zero."""
    yield case("i64", s.ints(3, 5), s.nonzero(5))
    yield case("i32", s.ints(7, dtype=np.int32), s.nonzero(7, dtype=np.int32))


@cases("Add", "A B -> C")
def add(s):
    yield from _binary(s, s.f32)
    yield from _integers(s)
    yield case("special", f32(INF, INF, NAN, -0.0, 3e38), f32(1, -INF, 1, -0.0, 3e38))
    a, b = s.f32(2, 3, 4), s.f32(3)
    made = (a + b[:, None],)
    yield case("opset_6_axis", a, b, opset=6, expected=made, axis=1, broadcast=1)
    yield case("opset_1_suffix", a, a[0, 0], opset=1, expected=(a + a[0, 0],), broadcast=1, consumed_inputs=[0, 0])


@cases("Sub", "A B -> C")
def sub(s):
    yield from _binary(s, s.f32)
    yield from _integers(s)
    yield case("special", f32(INF, INF, NAN, 0.0, -3e38), f32(1, INF, 1, 0.0, 3e38))


@cases("Mul", "A B -> C")
def mul(s):
    yield from _binary(s, s.f32)
    yield from _integers(s)
    yield case("special", f32(INF, INF, NAN, -1.0, 1e30), f32(-1, 0, 0, 0, 1e30))


@cases("Div", "A B -> C")
def div(s):
    yield from _binary(s, lambda *shape: s.f32(*shape, low=0.5, high=3))
    yield from _integers(s)
    yield case("i64_rounds_to_zero", np.array([7, -7, 7, -7, 0, 5]), np.array([2, 2, -2, -2, 3, 7]))
    yield case("special", f32(1, -1, 0, INF, 1, NAN), f32(0, 0, 0, INF, INF, 1))


@cases("PRelu", "X slope -> Y")
def prelu(s):
    yield case("one_slope", s.f32(3, 17), s.f32(1), opset=16)
    yield case("a_slope_a_channel", s.f32(2, 3, 4, 5), s.f32(3, 1, 1), opset=16)
    yield case("a_slope_a_column", s.f32(2, 3, 5), s.f32(5), opset=9)
    yield case("a_slope_an_element", s.f32(3, 5), s.f32(3, 5), opset=16)
    yield case("special", f32(0, -0.0, INF, NAN), f32(2), opset=16)
