"""Operators that move or convert elements: Transpose, Concat, Gather, Pad, Cast, Identity, Dropout, Constant."""

import numpy as np

import onnx_writer as ow
from op_cases import narrow as nw
from op_cases.case import INF, NAN, case, cases, f32, i64


@cases("Transpose", "data -> transposed")
def transpose(s):
    yield case("default", s.f32(2, 3, 4))
    yield case("matrix", s.f32(5, 7), perm=[1, 0])
    yield case("nchw_to_nhwc", s.f32(2, 3, 2, 5), perm=[0, 2, 3, 1])
    yield case("nhwc_to_nchw", s.f32(1, 3, 4, 5), perm=[0, 3, 1, 2])
    yield case("middle_axes", s.f32(2, 3, 2, 4), perm=[0, 2, 1, 3])
    yield case("unit_axes", s.f32(1, 5, 1, 3), perm=[2, 1, 0, 3])
    yield case("i64", s.ints(3, 2), perm=[1, 0])
    yield case("bool", s.ints(2, 3, low=0, high=1).astype(bool), perm=[1, 0])


@cases("Concat", "inputs* -> concat_result")
def concat(s):
    yield case("axis_0", s.f32(2, 3), s.f32(1, 3), axis=0)
    yield case("axis_1", s.f32(2, 1, 3), s.f32(2, 4, 3), axis=1)
    yield case("last_axis", s.f32(2, 2, 3), s.f32(2, 2, 1), s.f32(2, 2, 2), axis=-1)
    yield case("one_input", s.f32(2, 3), axis=1)
    yield case("empty_input", s.f32(2, 0), s.f32(2, 3), axis=1)
    yield case("i64", s.ints(2), s.ints(1), s.ints(3), axis=0)


@cases("Gather", "data indices -> output")
def gather(s):
    yield case("rows", s.f32(5, 3), i64(4, 0, 2, 2), axis=0)
    yield case("default_axis", s.f32(3, 2, 2), i64(2, 0))
    yield case("columns", s.f32(3, 5), i64(1, 4), axis=1)
    yield case("negative_indices", s.f32(5, 2), i64(-1, -5, 0), axis=0)
    yield case("matrix_of_indices", s.f32(2, 4, 3), i64(0, 3, 1, -1).reshape(2, 2), axis=1)
    yield case("scalar_index", s.f32(4, 3), np.array(2), axis=0)
    yield case("last_axis_i32", s.f32(2, 5), np.array([3, 0, 3], np.int32), axis=-1)
    yield case("i64_data", s.ints(4), i64(1, 3))


@cases("Pad", "data pads constant_value axes -> output")
def pad(s):
    one = lambda v: np.array(v, np.float32)
    yield case("zeros", s.f32(2, 3), i64(1, 0, 0, 2), mode="constant")
    yield case("value", s.f32(2, 3), i64(1, 2, 0, 1), one(-1.5))
    yield case("images", s.f32(1, 2, 3, 3), i64(0, 0, 1, 1, 0, 0, 2, 1))
    yield case("negative_crops", s.f32(4, 5), i64(-1, 1, 0, -2), one(9))
    yield case("nothing", s.f32(2, 2), i64(0, 0, 0, 0))
    yield case("minus_infinity", s.f32(3), i64(1, 1), one(-INF))
    yield case("i64", s.ints(2, 2), i64(0, 1, 1, 0), np.array(7))
    yield case("axes_opset_18", s.f32(2, 3, 2), i64(1, 2, 0, 1), one(0.5), i64(0, -1), opset=18)
    for mode in ("reflect", "edge"):
        yield case(mode, s.f32(4, 5), i64(2, 3, 1, 4), mode=mode)
        yield case(f"{mode}_images", s.f32(1, 2, 3, 3), i64(0, 0, 1, 1, 0, 0, 2, 1), mode=mode)
        yield case(f"{mode}_opset_10", s.f32(2, 3), opset=10, pads=[0, 1, 1, 2], mode=mode)
    yield case("wrap", s.f32(4, 5), i64(1, 2, 3, 0), opset=19, mode="wrap")
    yield case("attributes_opset_10", s.f32(2, 3), opset=10, pads=[0, 1, 1, 2], value=2.5)
    x = s.f32(2, 3)
    yield case("opset_1", x, opset=1, expected=(np.pad(x, ((1, 0), (2, 1)), constant_values=1.5),), paddings=[1, 2, 0, 1], value=1.5)


@cases("Cast", "input -> output")
def cast(s):
    yield case("f32_to_i64", f32(0, 1.5, -1.5, 2.99, -0.4, 1e9, -7), to=ow.I64)
    yield case("f32_to_i32", f32(0.9, -0.9, 100.5, -100.5), to=ow.I32)
    yield case("f32_to_u8", f32(0, 0.5, 1.9, 254.99, 255), to=ow.U8)
    yield case("f32_to_bool", f32(0, -0.0, 0.3, -2, NAN, INF), to=ow.BOOL)
    yield case("f32_to_f16", f32(1, 1.0004883, 1.0014648, 65504, 65519.9, 65520, -1e6, 1e-7, 2e-8, 6.1e-5, INF, -INF, NAN), to=ow.F16)
    yield case("f32_to_f64", s.f32(5), to=ow.F64)
    yield case("f16_to_f32", np.array([0.1, -2.5, 65504, 6e-8, INF, -INF, NAN], np.float16), to=ow.F32)
    yield case("i64_to_f32", i64(0, -3, 16777217, 9007199254740993, -(2**63)), to=ow.F32)
    yield case("i64_to_i32", i64(0, -1, 2147483647, -2147483648), to=ow.I32)
    yield case("i64_to_bool", i64(0, 1, -5), to=ow.BOOL)
    yield case("i32_to_i64", np.array([0, -1, 2147483647], np.int32), to=ow.I64)
    yield case("u8_to_f32", np.array([0, 1, 127, 128, 255], np.uint8), to=ow.F32)
    yield case("bool_to_f32", np.array([True, False, True]), to=ow.F32)
    yield case("bool_to_i64", np.array([[True], [False]]), to=ow.I64)
    yield case("same_type", s.f32(2, 2), to=ow.F32)
    floats = f32(0, -0.0, 1, -1.0625, 0.001, 17, 25, 300, 464, 465, -57345, 65000, 1e9, INF, -INF, 1e-9, 5, 2.5, -0.24)
    for name, kind in nw.FLOATS.items():
        yield nw.narrow_case("Cast", f"f32_to_{name}", floats, to=nw.number_of(kind))
        codes = np.arange(0, 16 if kind is nw.E2M1 else 256, 3, np.uint8).view(kind)
        yield nw.narrow_case("Cast", f"{name}_to_f32", codes, to=ow.F32)
    for name in ("e4m3fn", "e4m3fnuz", "e5m2", "e5m2fnuz"):
        yield nw.narrow_case("Cast", f"f32_to_{name}_unsaturated", floats, to=nw.number_of(nw.FLOATS[name]), saturate=0)
    yield nw.narrow_case("Cast", "e4m3fn_to_e5m2", np.arange(0, 127, 5, np.uint8).view(nw.E4M3), to=nw.number_of(nw.E5M2))
    for name, kind in nw.INTS.items():
        ints = np.arange(-9, 17, dtype=np.float32)
        yield nw.narrow_case("Cast", f"f32_to_{name}", ints, to=nw.number_of(kind))
        yield nw.narrow_case("Cast", f"{name}_to_f16", ints.astype(np.int8).astype(kind), to=ow.F16)
        yield nw.narrow_case("Cast", f"i32_to_{name}", s.ints(9, low=-99, high=99, dtype=np.int32), to=nw.number_of(kind))
    scales = f32(1, 1.25, 1.5, 1.75, 2, 3, 0.7, 1e-30, 1e30, 0)
    for mode in ("up", "down", "nearest"):
        yield nw.narrow_case("Cast", f"f32_to_e8m0_{mode}", scales, to=nw.number_of(nw.E8M0), round_mode=mode)
    yield nw.narrow_case("Cast", "e8m0_to_f32", np.array([1, 100, 127, 128, 254, 255], np.uint8).view(nw.E8M0), to=ow.F32)


@cases("Identity", "input -> output")
def identity(s):
    yield case("f32", s.f32(2, 3))
    yield case("scalar", s.f32())
    yield case("i64", s.ints(5))
    yield case("bool", np.array([True, False]))
    yield case("special", f32(NAN, INF, -INF, -0.0, 1e-40))
    yield nw.narrow_case("Identity", "i4", s.ints(3, 3, low=-8, high=7).astype(nw.I4))
    yield nw.narrow_case("Identity", "e5m2", s.f32(3, 3).astype(nw.E5M2))


@cases("Dropout", "data ratio training_mode -> output")
def dropout(s):
    yield case("opset_7", s.f32(3, 5), opset=7, ratio=0.4)
    yield case("opset_10_default", s.f32(2, 3), opset=10)
    yield case("opset_12_ratio", s.f32(2, 3), np.array(0.3, np.float32), opset=12)
    yield case("not_training", s.f32(7), np.array(0.9, np.float32), np.array(False))
    yield case("special", f32(NAN, INF, -0.0))


@cases("Constant", " -> output")
def constant(s):
    yield case("value", value=s.f32(2, 3))
    yield case("value_scalar", value=s.f32())
    yield case("value_i64", value=s.ints(3))
    yield case("value_float", value_float=1.5)
    yield case("value_floats", value_floats=[0.5, -1.25, 3.0])
    yield case("value_int", value_int=-7)
    yield case("value_ints", value_ints=[3, -1, 2])
