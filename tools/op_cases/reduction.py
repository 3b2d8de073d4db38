"""The reductions."""

import numpy as np

from op_cases.case import INF, NAN, case, cases, f32, i64


@cases("ReduceMean", "data axes -> reduced")
def reduce_mean(s):
    yield case("all", s.f32(2, 3, 5))
    yield case("last_axis", s.f32(3, 17), axes=[-1])
    yield case("first_axis", s.f32(5, 3), axes=[0], keepdims=0)
    yield case("middle_axis", s.f32(2, 5, 3), axes=[1], keepdims=1)
    yield case("two_axes", s.f32(2, 3, 4, 5), axes=[2, 3], keepdims=0)
    yield case("outer_axes", s.f32(3, 2, 4), axes=[0, -1])
    yield case("to_scalar", s.f32(7), keepdims=0)
    yield case("opset_18_input", s.f32(2, 3, 5), i64(1), opset=18, keepdims=0)
    yield case("opset_18_noop", s.f32(2, 3), opset=18, noop_with_empty_axes=1)


@cases("ReduceSum", "data axes -> reduced")
def reduce_sum(s):
    yield case("all", s.f32(2, 3, 5))
    yield case("last_axis", s.f32(3, 17), i64(-1))
    yield case("first_axis", s.f32(5, 3), i64(0), keepdims=0)
    yield case("two_axes", s.f32(2, 3, 4, 5), i64(1, 3), keepdims=0)
    yield case("noop", s.f32(2, 3), noop_with_empty_axes=1)
    yield case("empty_axes_reduce_all", s.f32(2, 3), i64(), keepdims=0)
    yield case("i64", s.ints(3, 4), i64(1))
    yield case("i32", s.ints(3, 4, dtype=np.int32), i64(0), keepdims=0)
    yield case("special", f32(1, INF, 2, NAN, INF, -INF).reshape(3, 2), i64(1))
    yield case("empty_sum", s.f32(2, 0), i64(1), keepdims=0)
    yield case("opset_11_attribute", s.f32(2, 3, 4), opset=11, axes=[1], keepdims=0)


def _extreme(s):
    """Both forms of the axes, and integers."""
    yield case("all", s.f32(2, 3, 5))
    yield case("last_axis", s.f32(3, 17), axes=[-1])
    yield case("first_axis", s.f32(5, 3), axes=[0], keepdims=0)
    yield case("two_axes", s.f32(2, 3, 4, 5), axes=[1, 3], keepdims=0)
    yield case("i64", s.ints(3, 4), axes=[1])
    yield case("i32", s.ints(3, 4, dtype=np.int32), axes=[0], keepdims=0)
    yield case("opset_18_input", s.f32(2, 3, 5), i64(1), opset=18, keepdims=0)
    yield case("opset_18_noop", s.f32(2, 3), opset=18, noop_with_empty_axes=1)


@cases("ReduceMax", "data axes -> reduced")
def reduce_max(s):
    yield from _extreme(s)
    yield case("infinities", f32(-INF, -INF, 2, -INF, INF, -INF).reshape(3, 2), axes=[1])


@cases("ReduceMin", "data axes -> reduced")
def reduce_min(s):
    yield from _extreme(s)
    yield case("infinities", f32(INF, INF, 2, -INF, INF, 1).reshape(3, 2), axes=[1])


@cases("ReduceProd", "data axes -> reduced")
def reduce_prod(s):
    yield from _extreme(s)
    yield case("special", f32(INF, 0, 2, NAN, INF, -1).reshape(3, 2), axes=[1])


def _sums(s, **positive):
    """Both forms of the axes."""
    yield case("all", s.f32(2, 3, 5, **positive))
    yield case("last_axis", s.f32(3, 17, **positive), axes=[-1])
    yield case("first_axis", s.f32(5, 3, **positive), axes=[0], keepdims=0)
    yield case("two_axes", s.f32(2, 3, 4, 5, **positive), axes=[1, 3], keepdims=0)
    yield case("one_element", s.f32(3, 1, **positive), axes=[1])
    yield case("opset_18_input", s.f32(2, 3, 5, **positive), i64(1), opset=18, keepdims=0)


@cases("ReduceL1", "data axes -> reduced")
def reduce_l1(s):
    yield from _sums(s)
    yield case("i32", s.ints(3, 4, dtype=np.int32), axes=[0], keepdims=0)


@cases("ReduceL2", "data axes -> reduced")
def reduce_l2(s):
    yield from _sums(s)


@cases("ReduceLogSum", "data axes -> reduced")
def reduce_log_sum(s):
    yield from _sums(s, low=0.1)


@cases("ReduceLogSumExp", "data axes -> reduced")
def reduce_log_sum_exp(s):
    yield from _sums(s)
    yield case("large", f32(1000, 1001, -1000, -1001).reshape(2, 2), axes=[1])
    yield case("minus_infinity", f32(0, -INF, 1, -INF, 2, -INF).reshape(2, 3), axes=[1])


@cases("ReduceSumSquare", "data axes -> reduced")
def reduce_sum_square(s):
    yield from _sums(s)
    yield case("i32", s.ints(3, 4, dtype=np.int32), axes=[0], keepdims=0)
