"""Integers as rows of bits, casts by another tensor, running products, determinants."""

import numpy as np

from op_cases import narrow as nw
from op_cases.case import case, cases, f32


def _pairs(s):
    yield case("i32", s.ints(3, 4, dtype=np.int32), s.ints(3, 4, dtype=np.int32), opset=18)
    yield case("u8_broadcast", s.ints(3, 4, low=0, high=255, dtype=np.uint8), s.ints(4, low=0, high=255, dtype=np.uint8), opset=18)
    yield case("i64_scalar", s.ints(5), np.int64(6), opset=18)
    yield case("u16", s.ints(5, low=0, high=999, dtype=np.uint16), s.ints(5, low=0, high=999, dtype=np.uint16), opset=18)


@cases("BitwiseAnd", "A B -> C")
def bitwise_and(s):
    yield from _pairs(s)


@cases("BitwiseOr", "A B -> C")
def bitwise_or(s):
    yield from _pairs(s)


@cases("BitwiseXor", "A B -> C")
def bitwise_xor(s):
    yield from _pairs(s)


@cases("BitwiseNot", "X -> Y")
def bitwise_not(s):
    yield case("i32", s.ints(3, 4, dtype=np.int32), opset=18)
    yield case("u8", s.ints(5, low=0, high=255, dtype=np.uint8), opset=18)
    yield case("u64", s.ints(5, low=0, high=255, dtype=np.uint64), opset=18)


@cases("BitShift", "X Y -> Z")
def bit_shift(s):
    yield case("left_u8", s.ints(7, low=0, high=255, dtype=np.uint8), s.ints(7, low=0, high=7, dtype=np.uint8), direction="LEFT")
    yield case("right_u32", s.ints(2, 3, low=0, high=9999, dtype=np.uint32), s.ints(3, low=0, high=9, dtype=np.uint32), direction="RIGHT")
    far = np.array([1, 3, 200], np.uint64), np.array([63, 62, 1], np.uint64)
    yield case("left_u64", *far, direction="LEFT")
    # Signed elements, and shifts that leave nothing: opset 28.
    x, by = np.array([-7, 7, -7, 100, -1], np.int8), np.array([1, 1, 9, 8, -1], np.int8)
    yield case("right_i8", x, by, opset=28, expected=(np.array([-4, 3, -1, 0, -1], np.int8),), direction="RIGHT")
    yield case("left_i8", x, by, opset=28, expected=(np.array([-14, 14, 0, 0, 0], np.int8),), direction="LEFT")


@cases("CastLike", "input target_type -> output")
def cast_like(s):
    yield case("to_i32", s.f32(2, 3), np.zeros(1, np.int32), opset=19)
    yield case("to_f16", s.f32(2, 3), np.zeros(2, np.float16), opset=19)
    yield case("to_bool", f32(0, 1, -0.5), np.zeros((), np.bool_), opset=15)
    x = f32(0.1, -3, 449, 1e6, -1e6, 7.5)
    yield nw.narrow_case("CastLike", "to_e4m3fn", x, np.zeros(1, nw.E4M3))
    yield nw.narrow_case("CastLike", "to_e5m2_unsaturated", x, np.zeros(1, nw.E5M2), saturate=0)
    yield nw.narrow_case("CastLike", "to_u4", s.f32(2, 3, low=0, high=15), np.zeros(1, nw.U4))


@cases("BitCast", "input -> output")
def bit_cast(s):
    x = s.f32(2, 3)
    yield case("f32_to_i32", x, opset=26, expected=(x.view(np.int32),), to=6)
    x = s.ints(4, dtype=np.int16)
    yield case("i16_to_u16", x, opset=26, expected=(x.view(np.uint16),), to=4)
    x = s.ints(2, 2)
    yield case("i64_to_f64", x, opset=26, expected=(x.view(np.float64),), to=11)
    x = s.ints(2, 4, low=-8, high=7)
    yield case("i4_to_u4", x.astype(nw.I4), opset=26, expected=((x & 15).astype(nw.U4),), to=nw.number_of(nw.U4))
    x = s.f32(2, 4).astype(nw.E5M2)
    yield case("e5m2_to_i8", x, opset=26, expected=(x.view(np.int8),), to=3)


@cases("CumProd", "x axis -> y")
def cum_prod(s):
    x = s.f32(2, 4)
    yield case("rows", x, np.array(1), opset=26, expected=(np.cumprod(x.astype(np.float64), 1).astype(np.float32),))
    x = s.nonzero(4, 2)
    yield case("i64_columns", x, np.array(-2), opset=26, expected=(np.cumprod(x, 0),))
    back = np.cumprod(x[::-1], 0)[::-1]
    yield case("i64_reverse", x, np.array(0), opset=26, expected=(back,), reverse=1)
    moved = np.concatenate([np.ones((1, 2), np.int64), np.cumprod(x, 0)[:-1]])
    yield case("i64_exclusive", x, np.array(0), opset=26, expected=(moved,), exclusive=1)


@cases("Det", "X -> Y")
def det(s):
    yield case("small", s.f32(2, 2))
    yield case("batch", s.f32(2, 3, 4, 4))
    yield case("singular", f32(1, 2, 2, 4).reshape(2, 2))
    yield case("rows_to_swap", f32(0, 2, 3, 1, 0, 4, 5, 6, 0).reshape(3, 3), opset=11)
