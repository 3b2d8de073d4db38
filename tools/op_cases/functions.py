"""Functions of one element that are made of exponentials, logarithms and angles."""

import numpy as np

from op_cases.case import INF, NAN, case, cases, f32
from op_cases.elementwise import _unary as unary


@cases("Log", "input -> output")
def log(s):
    yield case("odd_17", s.f32(17, low=0.01, high=9))
    yield case("rank_3", s.f32(2, 3, 5, low=0.5, high=1.5))
    yield case("special", f32(1.0, 0.0, INF, NAN, -1.0, 1e-40, 1e38))


@cases("Sin", "input -> output")
def sin(s):
    yield from unary(s, (0.0, -0.0, INF, NAN, 1e-20, 1.5707964, 3.1415927))
    yield case("wide", s.f32(19, low=-400, high=400))


@cases("Cos", "input -> output")
def cos(s):
    yield from unary(s, (0.0, -0.0, -INF, NAN, 1e-20, 1.5707964, 3.1415927))
    yield case("wide", s.f32(19, low=-400, high=400))


def _angles(s, low, high, special):
    yield case("odd_17", s.f32(17, low=low, high=high))
    yield case("rank_3", s.f32(2, 3, 5, low=low, high=high))
    yield case("special", f32(*special))


@cases("Tan", "input -> output")
def tan(s):
    yield from _angles(s, -1.4, 1.4, (0.0, NAN, 1e-20, 0.7853982))


@cases("Asin", "input -> output")
def asin(s):
    yield from _angles(s, -1, 1, (0.0, NAN, 1.0, -1.0, 1.5))


@cases("Acos", "input -> output")
def acos(s):
    yield from _angles(s, -1, 1, (0.0, NAN, 1.0, -1.0, 1.5))


@cases("Atan", "input -> output")
def atan(s):
    yield from _angles(s, -9, 9, (0.0, NAN, INF, -INF, 1e-20))


@cases("Sinh", "input -> output")
def sinh(s):
    yield from _angles(s, -5, 5, (0.0, NAN, INF, -INF, 1e-20))


@cases("Cosh", "input -> output")
def cosh(s):
    yield from _angles(s, -5, 5, (0.0, NAN, INF, -INF))


@cases("Asinh", "input -> output")
def asinh(s):
    yield from _angles(s, -9, 9, (0.0, NAN, INF, 1e-20))


@cases("Acosh", "input -> output")
def acosh(s):
    yield from _angles(s, 1, 9, (1.0, NAN, INF, 0.5))


@cases("Atanh", "input -> output")
def atanh(s):
    yield from _angles(s, -0.95, 0.95, (0.0, NAN, 1e-20, 2.0))


@cases("Sign", "input -> output")
def sign(s):
    yield from unary(s, (0.0, INF, -INF, 1e-40, -1e-40))
    yield case("i64", s.ints(7))
    yield case("i32", s.ints(2, 3, dtype=np.int32))


@cases("Softplus", "X -> Y")
def softplus(s):
    yield from unary(s, (0.0, INF, -INF, NAN, 80.0, -80.0, 1e-6))


@cases("Softsign", "input -> output")
def softsign(s):
    yield from unary(s, (0.0, -0.0, NAN, 1e30, -1e30, 1e-20))


@cases("Elu", "X -> Y")
def elu(s):
    yield from unary(s, (0.0, -0.0, INF, -INF, NAN, -90.0))
    yield case("alpha", s.f32(3, 5), alpha=2.0)
    yield case("opset_6", s.f32(9), opset=6, alpha=0.5)


@cases("Selu", "X -> Y")
def selu(s):
    yield from unary(s, (0.0, INF, -INF, NAN, -90.0))
    yield case("parameters", s.f32(3, 5), alpha=2.0, gamma=3.0)
    yield case("opset_6", s.f32(9), opset=6)


@cases("Celu", "X -> Y")
def celu(s):
    yield from unary(s, (0.0, INF, -INF, -90.0))
    yield case("alpha", s.f32(3, 5), alpha=2.0)


@cases("ThresholdedRelu", "X -> Y")
def thresholded_relu(s):
    yield from unary(s, (0.0, 1.0, 1.0000001, INF, -INF))
    yield case("alpha", s.f32(3, 5), alpha=0.5)
    yield case("alpha_below_zero", s.f32(9), alpha=-0.5)


@cases("Mish", "X -> Y")
def mish(s):
    yield from unary(s, (0.0, INF, NAN, 30.0, -30.0, 1e-6), opset=18)


@cases("Gelu", "X -> Y")
def gelu(s):
    yield from unary(s, (0.0, INF, NAN, 30.0, -30.0, 1e-6), opset=20)
    yield case("none", s.f32(3, 5), opset=20, approximate="none")
    yield case("tanh", s.f32(17, low=-6, high=6), opset=20, approximate="tanh")
    yield case("tanh_special", f32(0.0, INF, NAN, 30.0, -30.0, 1e-6), opset=20, approximate="tanh")
