"""Operators that take parts, repeat, compare or choose: Slice, Split, Expand, Where, comparisons, logic, Resize and the like."""

import numpy as np

import onnx_writer as ow
from op_cases.case import INF, NAN, case, cases, f32, i64


@cases("Slice", "data starts ends axes steps -> output")
def slice_(s):
    far = 2**63 - 1
    yield case("opset_9", s.f32(4, 5), opset=9, starts=[1, 0], ends=[3, -1], axes=[0, 1])
    yield case("opset_9_default_axes", s.f32(4, 5), opset=9, starts=[1], ends=[1000])
    yield case("two_axes", s.f32(4, 5), i64(1, 2), i64(3, 5), i64(0, 1))
    yield case("default_axes", s.f32(4, 5, 2), i64(1, 0), i64(4, 3))
    yield case("steps", s.f32(9, 7), i64(1, 0), i64(9, 7), i64(0, 1), i64(3, 2))
    yield case("negative_axes_and_ends", s.f32(3, 4, 5), i64(-3), i64(-1), i64(-1))
    yield case("to_the_end", s.f32(3, 6), i64(2), i64(far), i64(1), i64(1))
    yield case("reversed", s.f32(5, 3), i64(-1), i64(-far), i64(0), i64(-1))
    yield case("negative_steps", s.f32(2, 9), i64(7), i64(1), i64(1), i64(-3))
    yield case("beyond", s.f32(2, 5), i64(-9), i64(9), i64(1), i64(2))
    yield case("nothing", s.f32(2, 5), i64(4), i64(2), i64(1))
    yield case("all", s.f32(2, 3), i64(0), i64(far), i64(1))
    yield case("i64_data", s.ints(7), i64(1), i64(-1), i64(0), i64(2))
    yield case("i32_bounds", s.f32(4, 4), np.array([1], np.int32), np.array([3], np.int32), np.array([1], np.int32))


@cases("Split", "input split -> output0 output1 output2")
def split(s):
    yield case("opset_11", s.f32(6, 2), opset=11, axis=0, split=[1, 2, 3])
    yield case("lengths", s.f32(2, 9), i64(4, 3, 2), axis=1)
    yield case("middle_axis", s.f32(2, 6, 3), i64(1, 4, 1), axis=1)
    yield case("empty_part", s.f32(3, 2), i64(3, 0, 0))
    yield case("negative_axis", s.ints(2, 2, 3), i64(1, 1, 1), axis=-1)
    yield case("num_outputs", s.f32(2, 9), None, opset=18, axis=1, num_outputs=3)
    yield case("num_outputs_uneven", s.f32(8, 2), None, opset=18, num_outputs=3)


@cases("Expand", "input shape -> output")
def expand(s):
    yield case("rows", s.f32(1, 3), i64(4, 3))
    yield case("new_axes", s.f32(3, 1), i64(2, 3, 4))
    yield case("ones_keep", s.f32(2, 3), i64(1, 1, 1))
    yield case("both_ways", s.f32(3, 1), i64(1, 5))
    yield case("scalar", s.f32(), i64(2, 3))
    yield case("i64", s.ints(1, 2), i64(3, 1))
    yield case("bool", np.array([[True], [False]]), i64(2, 3))
    yield case("same", s.f32(2, 3), i64(2, 3))


@cases("Tile", "input repeats axis -> output")
def tile(s):
    yield case("both_axes", s.f32(2, 3), i64(2, 2))
    yield case("rank_3", s.f32(2, 1, 3), i64(1, 3, 2))
    yield case("once", s.f32(2, 3), i64(1, 1))
    yield case("none", s.f32(2, 3), i64(0, 1))
    yield case("i64", s.ints(3), i64(3))
    x = s.f32(2, 3)
    yield case("opset_1", x, f32(2).reshape(()), f32(1).reshape(()), opset=1, expected=(np.tile(x, (1, 2)),))


@cases("ConstantOfShape", "input -> output")
def constant_of_shape(s):
    yield case("default", i64(2, 3))
    yield case("f32", i64(3), value=f32(1.5))
    yield case("i64", i64(2, 2), value=i64(-7))
    yield case("bool", i64(4), value=np.array([True]))
    yield case("nothing", i64(0, 3), value=i64(1))


@cases("Range", "start limit delta -> output")
def range_(s):
    one = lambda v: np.array(v, np.float32)
    yield case("f32", one(0), one(5), one(1))
    yield case("f32_fraction", one(1), one(3), one(0.3))
    yield case("i64", np.array(2), np.array(11), np.array(3))
    yield case("i64_down", np.array(5), np.array(-4), np.array(-2))
    yield case("i32", np.array(0, np.int32), np.array(4, np.int32), np.array(1, np.int32))
    yield case("empty", np.array(3), np.array(3), np.array(1))
    half = lambda v: np.array(v, np.float16)
    yield case("f16", half(1), half(2.5), half(0.25), opset=27, expected="reference", stash_type=1)


@cases("EyeLike", "input -> output")
def eye_like(s):
    yield case("square", s.f32(3, 3))
    yield case("wide_above", s.f32(2, 4), k=1)
    yield case("tall_below", s.f32(4, 2), k=-2)
    yield case("to_i64", s.f32(3, 2), dtype=ow.I64)


@cases("Where", "condition X Y -> output")
def where(s):
    flags = lambda *shape: s.ints(*shape, low=0, high=1).astype(bool)
    yield case("same_shape", flags(3, 7), s.f32(3, 7), s.f32(3, 7))
    yield case("scalars", flags(2, 5), s.f32(), s.f32())
    yield case("broadcast", flags(4, 1), s.f32(5), s.f32(2, 1, 1))
    yield case("i64", flags(6), s.ints(6), s.ints(1))
    yield case("u8", flags(6), s.ints(6, low=0, dtype=np.uint8), s.ints(6, low=0, dtype=np.uint8))
    yield case("special", flags(4), f32(NAN, INF, -0.0, 1), f32(0, NAN, 2, -INF))


def _compared(s, opset=13):
    yield case("same_shape", s.f32(3, 5, low=-1, high=1), s.f32(3, 5, low=-1, high=1), opset=opset)
    yield case("some_equal", f32(1, 2, 3, -0.0, 0.0), f32(1, 3, 2, 0.0, -1), opset=opset)
    yield case("broadcast", s.f32(4, 1), s.f32(3), opset=opset)
    yield case("i64", s.ints(9, low=0, high=3), s.ints(9, low=0, high=3), opset=opset)
    yield case("i32", s.ints(2, 9, low=0, high=3, dtype=np.int32), s.ints(9, low=0, high=3, dtype=np.int32), opset=opset)
    yield case("special", f32(NAN, NAN, INF, INF, -INF), f32(NAN, 1, INF, -INF, 0), opset=opset)


@cases("Equal", "A B -> C")
def equal(s):
    yield from _compared(s)
    yield case("bool", np.array([True, False, True, False]), np.array([True, True, False, False]))


@cases("Greater", "A B -> C")
def greater(s):
    yield from _compared(s)


@cases("GreaterOrEqual", "A B -> C")
def greater_or_equal(s):
    yield from _compared(s, opset=16)


@cases("Less", "A B -> C")
def less(s):
    yield from _compared(s)


@cases("LessOrEqual", "A B -> C")
def less_or_equal(s):
    yield from _compared(s, opset=16)


def _joined(s):
    flags = lambda *shape: s.ints(*shape, low=0, high=1).astype(bool)
    yield case("table", np.array([False, False, True, True]), np.array([False, True, False, True]))
    yield case("broadcast", flags(3, 1), flags(5))


@cases("And", "A B -> C")
def and_(s):
    yield from _joined(s)


@cases("Or", "A B -> C")
def or_(s):
    yield from _joined(s)


@cases("Xor", "A B -> C")
def xor(s):
    yield from _joined(s)


@cases("Not", "X -> Y")
def not_(s):
    yield case("flags", np.array([[True, False, True]]))
    yield case("empty", np.zeros((0, 2), bool))


@cases("IsNaN", "X -> Y")
def is_nan(s):
    yield case("f32", f32(0, NAN, INF, -INF, 1))
    yield case("f16", np.array([NAN, 1, INF], np.float16))


@cases("IsInf", "X -> Y")
def is_inf(s):
    yield case("both", f32(0, NAN, INF, -INF, 1))
    yield case("positive", f32(INF, -INF, 2), detect_negative=0)
    yield case("negative", f32(INF, -INF, 2), detect_positive=0)


def _variadic(s):
    yield case("one", s.f32(2, 3))
    yield case("two", s.f32(3, 5), s.f32(3, 5))
    yield case("three", s.f32(2, 3, 4), s.f32(3, 1), s.f32(4))
    yield case("broadcast", s.f32(4, 1), s.f32(1, 3), s.f32())


@cases("Max", "data* -> max")
def max_(s):
    yield from _variadic(s)
    yield case("i64", s.ints(2, 3), s.ints(3))
    yield case("special", f32(NAN, 1, INF, -INF), f32(0, NAN, 1, -1))


@cases("Min", "data* -> min")
def min_(s):
    yield from _variadic(s)
    yield case("i64", s.ints(2, 3), s.ints(3))
    yield case("special", f32(NAN, 1, INF, -INF), f32(0, NAN, 1, -1))


@cases("Sum", "data* -> sum")
def sum_(s):
    yield from _variadic(s)


@cases("Mean", "data* -> mean")
def mean(s):
    yield from _variadic(s)


@cases("Pow", "X Y -> Z")
def pow_(s):
    yield case("square", s.f32(3, 5), f32(2))
    yield case("root", s.f32(7, low=0.1, high=9), np.array(0.5, np.float32))
    yield case("each", s.f32(2, 4, low=0.1, high=3), s.f32(4))
    yield case("negative_base", f32(-2, -3, -1.5), f32(3, 2, -1))
    yield case("special", f32(0, 0, 1, INF, NAN, -1), f32(0, 2, NAN, -1, 0, INF))
    yield case("i64", i64(2, -3, 5, 0), i64(10, 3, 0, 2))
    yield case("f32_to_i64", f32(1.5, -2), i64(3, 2))


@cases("Mod", "A B -> C")
def mod(s):
    yield case("i64", i64(-4, 7, 5, 4, -7, 8), i64(2, -3, 8, -2, 3, 5))
    yield case("i64_fmod", i64(-4, 7, 5, 4, -7, 8), i64(2, -3, 8, -2, 3, 5), fmod=1)
    yield case("f32", s.f32(3, 4, low=-9, high=9), f32(1.5, -2, 3, 0.7), fmod=1)
    x, y = s.f32(3, 4, low=-9, high=9), f32(1.5, -2, 3, -0.7)
    yield case("f32_floored", x, y, opset=28, expected=(np.mod(x, y),))
    x, y = f32(-3, 3, 0, -0.0, INF, 2, NAN, 5, -5, 4), f32(INF, -INF, -2, 2, 3, 0, 1, INF, -INF, -2)
    yield case("special_floored", x, y, opset=28, expected=(f32(INF, -INF, -0.0, 0, NAN, NAN, NAN, 5, -5, -0.0),))


@cases("Size", "data -> size")
def size(s):
    yield case("rank_3", s.f32(2, 3, 4))
    yield case("scalar", s.f32())
    yield case("empty", s.f32(0, 3))


def _scales(*values):
    return np.array(values, np.float32)


@cases("Upsample", "X scales -> Y")
def upsample(s):
    yield case("nearest", s.f32(1, 2, 2, 3), _scales(1, 1, 2, 3), opset=9, mode="nearest")
    yield case("linear", s.f32(1, 1, 3, 2), _scales(1, 1, 2, 2), opset=9, mode="linear")
    yield case("opset_7", s.f32(1, 1, 2, 2), opset=7, mode="nearest", scales=[1.0, 1.0, 2.0, 2.0])
    x = s.f32(1, 1, 2, 2)
    yield case("opset_1", x, opset=1, expected=(x.repeat(3, 2).repeat(2, 3),), mode="nearest", height_scale=3.0, width_scale=2.0)


@cases("Resize", "X roi scales sizes -> Y")
def resize(s):
    none = np.zeros(0, np.float32)
    yield case("opset_10_nearest", s.f32(1, 1, 3, 4), _scales(1, 1, 2, 1.5), opset=10, mode="nearest")
    yield case("opset_10_nearest_down", s.f32(1, 1, 5, 4), _scales(1, 1, 0.6, 0.5), opset=10, mode="nearest")
    yield case("opset_10_linear", s.f32(1, 2, 3, 4), _scales(1, 1, 2, 2), opset=10, mode="linear")
    yield case("opset_11_empty_roi", s.f32(1, 1, 2, 2), none, _scales(1, 1, 2, 2), opset=11,
               mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor")  # fmt: skip
    for nearest in ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil"):
        for coordinates in ("half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric"):
            yield case(f"nearest_{nearest}_{coordinates}", s.f32(1, 1, 4, 5), None, None, i64(1, 1, 7, 3),
                       mode="nearest", nearest_mode=nearest, coordinate_transformation_mode=coordinates)  # fmt: skip
    for coordinates in ("half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric"):
        # onnxruntime aligns the corners of whole extents, ONNX those of scaled ones: the same where they are whole.
        height = 1.5 if coordinates == "align_corners" else 1.7
        yield case(f"linear_{coordinates}", s.f32(1, 2, 4, 5), None, _scales(1, 1, height, 0.6),
                   mode="linear", coordinate_transformation_mode=coordinates)  # fmt: skip
        yield case(f"cubic_{coordinates}", s.f32(1, 1, 4, 5), None, None, i64(1, 1, 7, 3),
                   mode="cubic", coordinate_transformation_mode=coordinates)  # fmt: skip
    yield case("nearest_scales", s.f32(2, 3), None, _scales(2.5, 0.7), mode="nearest")
    yield case("nearest_integers", s.f32(1, 2, 3, 2), None, _scales(1, 1, 2, 3), mode="nearest",
               coordinate_transformation_mode="asymmetric", nearest_mode="floor")  # fmt: skip
    yield case("linear_symmetric", s.f32(1, 1, 1, 5), None, _scales(1, 1, 1, 1.3), opset=19, mode="linear",
               coordinate_transformation_mode="half_pixel_symmetric")  # fmt: skip
    yield case("linear_one", s.f32(1, 1, 4, 4), None, None, i64(1, 1, 1, 1), mode="linear",
               coordinate_transformation_mode="pytorch_half_pixel")  # fmt: skip
    yield case("cubic_exclude_outside", s.f32(1, 1, 4, 4), None, _scales(1, 1, 2, 1.5), mode="cubic",
               cubic_coeff_a=-0.5, exclude_outside=1)  # fmt: skip
    yield case("axes", s.f32(1, 2, 3, 4), None, None, i64(6, 5), opset=18, axes=[2, 3], mode="linear")
    yield from _resized_otherwise(s)


def _resized_otherwise(s):
    for mode in ("linear", "cubic"):
        for outside in (0, 1):
            yield case(f"antialias_{mode}_{outside}", s.f32(1, 1, 7, 9), None, _scales(1, 1, 0.6, 0.37), opset=18, mode=mode, antialias=1,
                       exclude_outside=outside, expected="reference")  # fmt: skip
        yield case(f"antialias_{mode}_up", s.f32(1, 1, 3, 8), None, None, i64(1, 1, 5, 3), opset=19, mode=mode, antialias=1,
                   expected="reference")  # fmt: skip
        yield case(f"antialias_{mode}_corners", s.f32(1, 1, 7, 9), None, None, i64(1, 1, 3, 2), opset=19, mode=mode, antialias=1,
                   coordinate_transformation_mode="align_corners", expected="reference")  # fmt: skip
    crop = dict(coordinate_transformation_mode="tf_crop_and_resize")
    roi = f32(0, 0, 0.31, 0.23, 1, 1, 0.73, 0.87)
    for mode in ("nearest", "linear", "cubic"):
        yield case(f"crop_{mode}", s.f32(1, 1, 5, 6), roi, None, i64(1, 1, 3, 4), mode=mode, **crop)
        yield case(f"crop_{mode}_beyond", s.f32(1, 1, 4, 4), f32(0, 0, -0.37, 0.4, 1, 1, 0.6, 1.43), None, i64(1, 1, 4, 3), mode=mode,
                   extrapolation_value=7.5, expected="reference", **crop)  # fmt: skip
    yield case("crop_to_one", s.f32(1, 1, 5, 6), roi, None, i64(1, 1, 1, 3), mode="linear", expected="reference", **crop)
    yield case("crop_axes", s.f32(1, 2, 4, 5), f32(0.1, 0.2, 0.9, 0.7), None, i64(3, 4), opset=18, axes=[3, 2], mode="linear",
               expected="reference", **crop)  # fmt: skip
    for policy in ("not_larger", "not_smaller"):
        for mode in ("nearest", "linear"):
            yield case(f"{policy}_{mode}", s.f32(1, 1, 4, 7), None, None, i64(9, 8), opset=18, axes=[2, 3], mode=mode,
                       keep_aspect_ratio_policy=policy, expected="reference")  # fmt: skip
    yield case("linear_integers", s.ints(1, 1, 3, 4, low=0, high=255, dtype=np.uint8), None, _scales(1, 1, 2, 2), mode="linear",
               expected="reference")  # fmt: skip
    yield case("cubic_integers", s.ints(1, 1, 4, 4, low=-128, high=127, dtype=np.int8), None, _scales(1, 1, 2, 1.5), mode="cubic",
               expected="reference")  # fmt: skip


def _extremes(s):
    yield case("default", s.f32(3, 4))
    yield case("last_axis", s.f32(2, 3, 5), axis=-1)
    yield case("middle_without_dims", s.f32(2, 4, 3), axis=1, keepdims=0)
    yield case("ties", f32(1, 3, 3, 1, 1, 3).reshape(2, 3), axis=1)
    yield case("ties_last", f32(1, 3, 3, 1, 1, 3).reshape(2, 3), axis=1, select_last_index=1)
    yield case("i32", s.ints(5, dtype=np.int32))


@cases("ArgMax", "data -> reduced")
def arg_max(s):
    yield from _extremes(s)


@cases("ArgMin", "data -> reduced")
def arg_min(s):
    yield from _extremes(s)


@cases("CumSum", "x axis -> y")
def cum_sum(s):
    yield case("vector", s.f32(6), np.array(0))
    yield case("rows", s.f32(2, 3, 4), np.array(1))
    yield case("exclusive", s.f32(2, 5), np.array(-1), exclusive=1)
    yield case("reverse", s.f32(2, 5), np.array(1), reverse=1)
    yield case("reverse_exclusive", s.ints(2, 5), np.array(1), reverse=1, exclusive=1)


@cases("Trilu", "input k -> output")
def trilu(s):
    yield case("upper", s.f32(4, 4), opset=14)
    yield case("lower", s.f32(3, 5), opset=14, upper=0)
    yield case("upper_above", s.f32(2, 3, 4), np.array(1), opset=14)
    yield case("lower_below", s.ints(4, 3), np.array(-1), opset=14, upper=0)


@cases("DepthToSpace", "input -> output")
def depth_to_space(s):
    yield case("dcr", s.f32(1, 8, 2, 3), blocksize=2)
    yield case("crd", s.f32(2, 8, 2, 3), blocksize=2, mode="CRD")
    yield case("blocks_of_3", s.f32(1, 9, 1, 2), blocksize=3, mode="DCR")


@cases("SpaceToDepth", "input -> output")
def space_to_depth(s):
    yield case("blocks_of_2", s.f32(1, 2, 4, 6), blocksize=2)
    yield case("blocks_of_3", s.f32(2, 1, 3, 6), blocksize=3)
    for mode in ("DCR", "CRD"):
        yield case(f"mode_{mode.lower()}", s.f32(1, 3, 4, 2), opset=28, expected="reference", blocksize=2, mode=mode)


@cases("GatherElements", "data indices -> output")
def gather_elements(s):
    yield case("rows", s.f32(3, 3), i64(1, 2, 0, 2, 0, 0).reshape(2, 3))
    yield case("columns", s.f32(2, 4), i64(0, 3, 1, -1).reshape(2, 2), axis=1)
    yield case("i32_indices", s.ints(2, 2), np.array([[0, 0], [1, 0]], np.int32), axis=1)


@cases("GatherND", "data indices -> output")
def gather_nd(s):
    yield case("elements", s.f32(2, 3), i64(0, 0, 1, 2).reshape(2, 2))
    yield case("slices", s.f32(3, 2, 2), i64(2, 0, -1).reshape(3, 1))
    yield case("batch", s.f32(2, 3, 2), i64(1, 0).reshape(2, 1), batch_dims=1)
    yield case("many", s.f32(2, 2, 2), i64(0, 1, 1, 0).reshape(2, 1, 2))


@cases("ScatterElements", "data indices updates -> output")
def scatter_elements(s):
    yield case("rows", s.f32(3, 3), i64(1, 0, 2, 0, 2, 1).reshape(2, 3), s.f32(2, 3))
    yield case("columns", s.f32(1, 5), i64(1, -1).reshape(1, 2), s.f32(1, 2), axis=1)
    yield case("add", s.f32(1, 5), i64(1, 1, 3).reshape(1, 3), s.f32(1, 3), opset=16, axis=1, reduction="add")
    yield case("max", s.f32(1, 5), i64(1, 1, 3).reshape(1, 3), s.f32(1, 3), opset=18, axis=1, reduction="max")
    yield case("i64", s.ints(4), i64(2, 0), s.ints(2))


@cases("Scatter", "data indices updates -> output")
def scatter(s):
    yield case("rows", s.f32(3, 3), i64(1, 0, 2, 0, 2, 1).reshape(2, 3), s.f32(2, 3), opset=9)
    yield case("columns", s.f32(1, 5), i64(1, 3).reshape(1, 2), s.f32(1, 2), opset=10, axis=1)


@cases("ScatterND", "data indices updates -> output")
def scatter_nd(s):
    yield case("elements", s.f32(8), i64(4, 3, 1, 7).reshape(4, 1), s.f32(4))
    yield case("slices", s.f32(4, 2, 2), i64(0, 2).reshape(2, 1), s.f32(2, 2, 2))
    yield case("pairs", s.f32(2, 3), i64(1, -1, 0, 0).reshape(2, 2), s.f32(2))
    yield case("mul", s.f32(5), i64(1, 1, 3).reshape(3, 1), s.f32(3), opset=16, reduction="mul")
    yield case("i64_add", s.ints(5), i64(1, 1, 3).reshape(3, 1), s.ints(3), opset=16, reduction="add")


@cases("OneHot", "indices depth values -> output")
def one_hot(s):
    yield case("last_axis", i64(0, 2, 7, -1), np.array(3), f32(0, 1))
    yield case("first_axis", i64(0, 2, 1, 1).reshape(2, 2), np.array(3), f32(-1, 5), axis=0)
    yield case("middle_axis", i64(0, 2, 1, 1).reshape(2, 2), i64(4), i64(2, 3), axis=1)


@cases("NonZero", "X -> Y")
def non_zero(s):
    yield case("matrix", f32(1, 0, -0.0, NAN, 2, 0).reshape(2, 3))
    yield case("vector", i64(0, 3, 0, -1))
    yield case("rank_4", s.ints(2, 3, 1, 4, low=0, high=1).astype(np.float32))
    yield case("bools", np.array([[True, False], [False, True]]))
    yield case("bytes", np.array([0, 7, 0, 255], np.uint8))
    yield case("i32", s.ints(3, 4, low=-1, high=1, dtype=np.int32))
    yield case("none", np.zeros((2, 2), np.float32))
    yield case("empty", s.f32(0, 3))


@cases("Compress", "input condition -> output")
def compress(s):
    yield case("rows", s.f32(3, 4), np.array([False, True, True]), axis=0)
    yield case("columns", s.f32(3, 4), np.array([True, False, False, True]), axis=-1)
    yield case("middle", s.ints(2, 3, 2), np.array([True, False, True]), axis=1)
    yield case("elements", s.f32(2, 3), np.array([False, True, False, True, True, False]))
    yield case("short_condition", s.f32(4, 2), np.array([False, True]), axis=0)
    yield case("short_elements", s.f32(2, 3), np.array([True, False, True]))
    yield case("none", s.f32(2, 3), np.array([False, False]), axis=0)
    yield case("bools", np.array([True, False, True]), np.array([False, True, True]), axis=0)


@cases("TopK", "X K -> Values Indices")
def top_k(s):
    yield case("opset_1", s.f32(2, 5), opset=1, k=2)
    yield case("opset_10", s.f32(3, 4), i64(3), opset=10, axis=0)
    yield case("last_axis", s.f32(2, 6), i64(3), opset=11)
    yield case("smallest", s.f32(2, 6), i64(4), opset=11, largest=0)
    yield case("middle", s.f32(2, 5, 3), i64(2), opset=11, axis=1)
    yield case("first", s.f32(5, 2, 2), i64(1), opset=11, axis=-3)
    yield case("ties", f32(1, 3, 3, 1, 2, 3).reshape(2, 3), i64(2), opset=11)
    yield case("ties_smallest", f32(1, 3, 1, 1, 2, 1).reshape(1, 6), i64(3), opset=11, largest=0)
    yield case("all", s.ints(2, 4), i64(4), opset=11)
    yield case("i32", s.ints(9, dtype=np.int32), i64(4), opset=11, largest=0)
    yield case("f64", s.f32(7).astype(np.float64), i64(2), opset=11)
    yield case("none", s.f32(2, 3), i64(0), opset=11)
    yield case("opset_24", s.f32(2, 6), i64(2), opset=24)


@cases("Unique", "X -> Y indices inverse_indices counts")
def unique(s):
    repeated = f32(2, 1, 1, 3, 4, 3)
    rows = f32(1, 0, 0, 1, 0, 0, 2, 3, 4).reshape(3, 3)
    cube = f32(1, 1, 0, 1, 2, 1, 0, 1, 1, 1, 0, 1, 2, 1, 0, 1).reshape(2, 4, 2)
    yield case("sorted", repeated)
    yield case("not_sorted", repeated, sorted=0)
    yield case("matrix", s.ints(3, 4, low=-2, high=2))
    yield case("rows", rows, axis=0)
    yield case("rows_not_sorted", rows[::-1].copy(), axis=0, sorted=0)
    yield case("middle", cube, axis=1)
    yield case("last", cube, axis=-1)
    yield case("values_only", repeated, outputs=1)
    yield case("bytes", s.ints(8, low=-3, high=3, dtype=np.int8))
    yield case("f64", repeated.astype(np.float64), sorted=0)


@cases("NonMaxSuppression", "boxes scores max_output_boxes_per_class iou_threshold score_threshold -> selected_indices")
def non_max_suppression(s):
    low = s.f32(2, 6, 2, low=0, high=2)
    corners = np.concatenate([low, low + s.f32(2, 6, 2, low=0.5, high=2)], 2)
    centres = np.concatenate([low, s.f32(2, 6, 2, low=0.5, high=2)], 2)
    scores = s.f32(2, 3, 6, low=0, high=1)
    yield case("two_batches", corners, scores, i64(3), f32(0.4), f32(0.2))
    yield case("flipped", corners[:, :, [2, 1, 0, 3]], scores, i64(6), f32(0.3), f32(0.1))
    yield case("centres", centres, scores, i64(4), f32(0.4), f32(0), center_point_box=1)
    yield case("scalars", corners, scores, np.array(2), np.array(0.5, np.float32), np.array(0.3, np.float32), opset=10)
    yield case("no_score_threshold", corners, scores, i64(5), f32(0.5))
    yield case("no_thresholds", corners, scores, i64(2))
    yield case("no_most", corners, scores)
    yield case("no_boxes_asked", corners, scores, i64(0), f32(0.5), f32(0))
    yield case("equal_boxes", np.ones((1, 5, 4), np.float32) * f32(0, 0, 1, 1), s.f32(1, 1, 5), i64(3), f32(0.5), f32(-9))
    yield case("equal_scores", corners, np.full((2, 1, 6), 0.5, np.float32), i64(6), f32(0.9), f32(0))
    yield case("none_above", corners, scores, i64(3), f32(0.4), f32(1))
