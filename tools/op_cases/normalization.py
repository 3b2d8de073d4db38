"""Softmax, LogSoftmax and BatchNormalization."""

from op_cases.case import INF, case, cases, f32


def _softmax(s):
    """Before opset 13 all axes from `axis` on are one; from 13 on only `axis` counts."""
    yield case("opset_11_default", s.f32(2, 3, 4), opset=11)
    yield case("opset_11_axis_0", s.f32(2, 3), opset=11, axis=0)
    yield case("opset_11_axis_2", s.f32(2, 3, 5), opset=11, axis=2)
    yield case("opset_11_axis_minus_2", s.f32(2, 3, 5), opset=11, axis=-2)
    yield case("default", s.f32(3, 17, low=-5, high=5))
    yield case("axis_0", s.f32(5, 3), axis=0)
    yield case("axis_1", s.f32(2, 5, 3), axis=1)
    yield case("axis_minus_2", s.f32(1, 4, 2, 3), axis=-2)
    yield case("one_element", s.f32(3, 1))
    yield case("large", f32(1000, 1001, 999, -1000, -1001, -999).reshape(2, 3))
    yield case("one_dimension", s.f32(35, low=-9, high=9))


@cases("Softmax", "input -> output")
def softmax(s):
    yield from _softmax(s)
    yield case("minus_infinity", f32(0, -INF, 1, -INF, 2, -INF).reshape(2, 3))


@cases("LogSoftmax", "input -> output")
def log_softmax(s):
    yield from _softmax(s)


@cases("BatchNormalization", "X scale B input_mean input_var -> Y")
def batch_normalization(s):
    stats = lambda c: (s.f32(c), s.f32(c), s.f32(c), s.f32(c, low=0.1, high=3))
    yield case("images", s.f32(2, 3, 4, 5), *stats(3), opset=15)
    yield case("epsilon", s.f32(1, 2, 3, 3), *stats(2), opset=15, epsilon=0.01)
    yield case("one_dimension", s.f32(2, 3, 7), *stats(3), opset=15)
    yield case("vectors", s.f32(5, 3), *stats(3), opset=15)
    yield case("channels_17", s.f32(1, 17, 2, 2), *stats(17), opset=15)
    yield case("opset_9", s.f32(2, 3, 2, 2), *stats(3), opset=9, epsilon=1e-3)
    yield case("zero_variance", s.f32(1, 2, 2, 2), s.f32(2), s.f32(2), s.f32(2), f32(0, 1), opset=15)
