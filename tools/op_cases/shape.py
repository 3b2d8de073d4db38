"""Operators on shapes: Shape, Reshape, Flatten, Squeeze, Unsqueeze."""

from op_cases.case import case, cases, i64


@cases("Shape", "data -> shape")
def shape(s):
    yield case("rank_4", s.f32(2, 3, 1, 5))
    yield case("scalar", s.f32())
    yield case("empty", s.f32(0, 3))
    yield case("i64_data", s.ints(4))
    yield case("start", s.f32(2, 3, 4), opset=15, start=1)
    yield case("start_end_negative", s.f32(2, 3, 4, 1), opset=15, start=-3, end=-1)
    yield case("end_beyond", s.f32(2, 3), opset=15, start=-9, end=9)


@cases("Reshape", "data shape -> reshaped")
def reshape(s):
    yield case("plain", s.f32(2, 6), i64(3, 4))
    yield case("minus_one", s.f32(2, 3, 4), i64(2, -1))
    yield case("zero_copies", s.f32(2, 3, 4), i64(0, 0, 2, 2))
    yield case("zero_and_minus_one", s.f32(2, 3, 4), i64(0, -1))
    yield case("allow_zero", s.f32(0, 3), i64(3, 0, 5), opset=14, allowzero=1)
    yield case("empty_minus_one", s.f32(0, 3), i64(3, -1))
    yield case("to_scalar", s.f32(1, 1), i64())
    yield case("from_scalar", s.f32(), i64(1, 1))
    yield case("i64_data", s.ints(6), i64(2, 3))
    x = s.f32(2, 3, 4)
    yield case("opset_1", x, opset=1, expected=(x.reshape(2, 2, 6),), shape=[0, 2, -1])


@cases("Flatten", "input -> output")
def flatten(s):
    yield case("default", s.f32(2, 3, 4))
    yield case("axis_0", s.f32(2, 3), axis=0)
    yield case("axis_2", s.f32(2, 3, 2, 2), axis=2)
    yield case("axis_minus_1", s.f32(2, 3, 4), axis=-1)
    yield case("axis_is_rank", s.f32(2, 3), axis=2)
    yield case("vector", s.f32(5))
    yield case("empty_batch", s.f32(0, 3, 2))


@cases("Squeeze", "data axes -> squeezed")
def squeeze(s):
    yield case("opset_11", s.f32(1, 3, 1, 2), opset=11, axes=[0, 2])
    yield case("opset_11_negative", s.f32(1, 3, 1), opset=11, axes=[-1])
    yield case("opset_11_all", s.f32(1, 3, 1), opset=11)
    yield case("one_axis", s.f32(1, 3, 1, 2), i64(0))
    yield case("negative", s.f32(1, 3, 1, 2), i64(-2))
    yield case("all", s.f32(1, 3, 1, 2))
    yield case("to_scalar", s.f32(1, 1))


@cases("Unsqueeze", "data axes -> expanded")
def unsqueeze(s):
    yield case("opset_11", s.f32(3, 2), opset=11, axes=[0, 3])
    yield case("opset_11_negative", s.f32(3), opset=11, axes=[-1])
    yield case("one_axis", s.f32(3, 2), i64(1))
    yield case("two_axes", s.f32(3, 2), i64(0, 2))
    yield case("negative", s.f32(3, 2), i64(-1))
    yield case("unsorted", s.f32(2, 3), i64(3, 0))
    yield case("scalar", s.f32(), i64(0))
