"""Sampling, boxes, and pools that other files do not have."""

import numpy as np

from op_cases.case import case, cases, f32, i64

REFERENCE = "reference"


def _grid(s, *shape):
    """Positions, some of them outside; coordinates that are not near a tie."""
    return s.f32(*shape, low=-1.37, high=1.37)


@cases("GridSample", "X grid -> Y")
def grid_sample(s):
    old = {"linear": "bilinear", "nearest": "nearest", "cubic": "bicubic"}
    for mode, name in old.items():
        for padding in ("zeros", "border", "reflection"):
            for align in (0, 1):
                # onnxruntime does not move what cubic curves read to the border, as the standard's reference does.
                expected = REFERENCE if (mode, padding) == ("cubic", "border") else None
                yield case(f"{mode}_{padding}_{align}", s.f32(1, 2, 4, 5), _grid(s, 1, 3, 2, 2), opset=20, mode=mode,
                           padding_mode=padding, align_corners=align, expected=expected)  # fmt: skip
        yield case(f"opset_16_{name}", s.f32(2, 1, 3, 3), _grid(s, 2, 2, 3, 2), opset=16, mode=name)
    for padding in ("zeros", "border", "reflection"):
        for align in (0, 1):
            yield case(f"volume_{padding}_{align}", s.f32(1, 1, 3, 2, 4), _grid(s, 1, 1, 3, 2, 3), opset=20, padding_mode=padding,
                       align_corners=align)  # fmt: skip
            yield case(f"volume_nearest_{padding}_{align}", s.f32(1, 1, 3, 2, 4), _grid(s, 1, 1, 3, 2, 3), opset=20, mode="nearest",
                       padding_mode=padding, align_corners=align)  # fmt: skip
    yield case("volume_cubic", s.f32(1, 1, 3, 2, 4), _grid(s, 1, 1, 2, 1, 3), opset=22, expected=REFERENCE, mode="cubic",
               padding_mode="border")  # fmt: skip
    yield case("one_axis", s.f32(1, 2, 6), _grid(s, 1, 4, 1), opset=22, expected=REFERENCE, padding_mode="reflection")
    yield case("far_outside", s.f32(1, 1, 3, 4), f32(-9.3, 7.1, 55.5, -31.3, 3.2, 0.1, 0.3, -4.4).reshape(1, 2, 2, 2), opset=20,
               padding_mode="reflection")  # fmt: skip
    yield case("ties", s.f32(1, 1, 4, 4), f32(-1, -0.5, 0, 0.5, 1, 0, 0.25, -0.75).reshape(1, 2, 2, 2), opset=20, mode="nearest")
    yield case("f64", s.f32(1, 1, 3, 3).astype(np.float64), _grid(s, 1, 2, 2, 2).astype(np.float64), opset=22, expected=REFERENCE)


@cases("AffineGrid", "theta size -> grid")
def affine_grid(s):
    for align in (0, 1):
        yield case(f"images_{align}", s.f32(2, 2, 3), i64(2, 3, 3, 4), opset=20, align_corners=align)
        yield case(f"volumes_{align}", s.f32(1, 3, 4), i64(1, 2, 2, 3, 4), opset=20, align_corners=align)
    yield case("one_element", s.f32(1, 2, 3), i64(1, 1, 1, 2), opset=20)
    yield case("f64", s.f32(1, 2, 3).astype(np.float64), i64(1, 1, 3, 2), opset=20)


@cases("CenterCropPad", "input_data shape -> output_data")
def center_crop_pad(s):
    yield case("crop", s.f32(7, 6), i64(4, 3), opset=18, expected=REFERENCE)
    yield case("pad", s.f32(2, 3), i64(5, 6), opset=18, expected=REFERENCE)
    yield case("both", s.f32(2, 7, 3), i64(5, 4, 3), opset=18, expected=REFERENCE)
    yield case("axes", s.f32(2, 5, 3), i64(2, 4), opset=18, expected=REFERENCE, axes=[1, 2])
    yield case("axes_from_the_end", s.f32(4, 3, 2), i64(3, 5), opset=18, expected=REFERENCE, axes=[-1, 0])
    yield case("integers", s.ints(5), i64(8), opset=18, expected=REFERENCE)
    yield case("to_nothing", s.f32(3, 2), i64(0, 2), opset=18, expected=REFERENCE)
    yield case("same", s.f32(3, 2), i64(3, 2), opset=18, expected=REFERENCE)


@cases("Col2Im", "input image_shape block_shape -> output")
def col2im(s):
    yield case("one_step", s.f32(1, 4, 6), i64(3, 4), i64(2, 2), opset=18)
    yield case("strides", s.f32(1, 9, 4), i64(5, 5), i64(3, 3), opset=18, strides=[2, 2])
    yield case("pads", s.f32(2, 6, 12), i64(4, 3), i64(2, 3), opset=18, pads=[1, 1, 0, 1])
    yield case("dilations", s.f32(1, 8, 4), i64(4, 5), i64(2, 2), opset=18, dilations=[2, 3])
    yield case("one_axis", s.f32(1, 6, 4), i64(6), i64(3), opset=18)
    yield case("three_axes", s.f32(1, 8, 8), i64(3, 3, 3), i64(2, 2, 2), opset=18)


@cases("DeformConv", "X W offset B mask -> Y")
def deform_conv(s):
    offset = lambda *shape: s.f32(*shape, low=-1.3, high=1.3)
    yield case("plain", s.f32(1, 1, 4, 4), s.f32(1, 1, 2, 2), offset(1, 8, 3, 3), opset=19, expected=REFERENCE, kernel_shape=[2, 2],
               pads=[0, 0, 0, 0])  # fmt: skip
    yield case("pads", s.f32(2, 2, 3, 4), s.f32(3, 2, 2, 2), offset(2, 8, 4, 5), opset=22, expected=REFERENCE, kernel_shape=[2, 2],
               pads=[1, 1, 1, 1])  # fmt: skip
    yield case("bias_and_mask", s.f32(1, 2, 4, 4), s.f32(2, 2, 3, 3), offset(1, 18, 2, 2), s.f32(2), s.f32(1, 9, 2, 2), opset=22,
               expected=REFERENCE, kernel_shape=[3, 3], pads=[0, 0, 0, 0])  # fmt: skip
    yield case("groups", s.f32(1, 4, 3, 3), s.f32(4, 2, 2, 2), offset(1, 16, 2, 2), opset=22, expected=REFERENCE, group=2, offset_group=2,
               pads=[0, 0, 0, 0], strides=[1, 1])  # fmt: skip
    yield case("strides_and_dilations", s.f32(1, 1, 7, 6), s.f32(1, 1, 2, 2), offset(1, 8, 3, 4), opset=22, expected=REFERENCE,
               strides=[2, 1], dilations=[2, 2], pads=[0, 0, 0, 0])  # fmt: skip
    yield case("far_outside", s.f32(1, 1, 3, 3), s.f32(1, 1, 1, 1), s.f32(1, 2, 3, 3, low=-9, high=9), opset=22, expected=REFERENCE,
               pads=[0, 0, 0, 0])  # fmt: skip


@cases("RoiAlign", "X rois batch_indices -> Y")
def roi_align(s):
    x = s.f32(2, 2, 6, 7)
    boxes = f32(0, 0, 5.3, 4.2, 1.4, 2.2, 3.7, 5.1, -2, -1.3, 9.5, 8.1).reshape(3, 4)
    index = i64(0, 1, 0)
    size = dict(output_height=2, output_width=3)
    yield case("opset_10", x, boxes, index, opset=10, **size)
    yield case("opset_10_max", x, boxes, index, opset=10, mode="max", sampling_ratio=2, **size)
    yield case("half_pixel", x, boxes, index, opset=16, **size)
    yield case("output_half_pixel", x, boxes, index, opset=16, coordinate_transformation_mode="output_half_pixel", **size)
    yield case("samples", x, boxes, index, opset=16, sampling_ratio=3, **size)
    yield case("scaled", x, 2 * boxes, index, opset=16, spatial_scale=0.5, output_height=3, output_width=1)
    yield case("max", x, boxes, index, opset=22, expected=REFERENCE, mode="max", **size)
    yield case("default_size", x, boxes, index, opset=16)
    yield case("far_box", x, f32(-90.3, -40.2, 95.1, 60.4).reshape(1, 4), i64(1), opset=16, **size)
    yield case("empty_box", x, f32(3.2, 3.2, 3.2, 3.2).reshape(1, 4), i64(1), opset=16, **size)
    yield case("turned_box", x, f32(4.2, 5.2, 1.2, 2.2).reshape(1, 4), i64(1), opset=10, **size)


@cases("MaxRoiPool", "X rois -> Y")
def max_roi_pool(s):
    x = s.f32(2, 2, 5, 6)
    boxes = f32(0, 0, 0, 4, 3, 1, 1, 2, 5, 4, 0, 3, 3, 9, 9, 1, 4, 4, 2, 2).reshape(4, 5)
    yield case("parts", x, boxes, opset=13, pooled_shape=[2, 3])
    yield case("one_part", x, boxes, opset=13, pooled_shape=[1, 1])
    yield case("scaled", x, boxes * f32(1, 2.3, 2.3, 2.3, 2.3), opset=13, pooled_shape=[3, 2], spatial_scale=0.5)
    yield case("more_parts_than_elements", x, boxes, opset=13, pooled_shape=[4, 7])


@cases("MaxUnpool", "X I output_shape -> output")
def max_unpool(s):
    places = i64(1, 3, 8, 15).reshape(1, 1, 2, 2)
    two = dict(kernel_shape=[2, 2], strides=[2, 2])
    yield case("plain", s.f32(1, 1, 2, 2), places, opset=11, **two)
    yield case("planes", s.f32(1, 2, 1, 2), i64(0, 3, 9, 14).reshape(1, 2, 1, 2), opset=11, **two)
    yield case("pads", s.f32(1, 1, 2, 2), i64(0, 2, 5, 8).reshape(1, 1, 2, 2), opset=11, kernel_shape=[2, 2], strides=[2, 2],
               pads=[1, 0, 0, 1])  # fmt: skip
    yield case("overlapping", s.f32(1, 1, 2, 3), i64(0, 2, 3, 4, 6, 11).reshape(1, 1, 2, 3), opset=11, kernel_shape=[2, 2])
    yield case("one_axis", s.f32(1, 2, 2), i64(1, 3, 4, 6).reshape(1, 2, 2), opset=11, kernel_shape=[2], strides=[2])
    yield case("larger", s.f32(1, 1, 2, 2), places, i64(1, 1, 5, 6), opset=22, expected=REFERENCE, **two)


@cases("GlobalLpPool", "X -> Y")
def global_lp_pool(s):
    yield case("default", s.f32(2, 3, 4, 3), opset=18)
    for p in (1, 3):
        yield case(f"p_{p}", s.f32(1, 2, 4, 3), opset=18, p=p)
    yield case("one_axis", s.f32(1, 2, 5), opset=13)
    yield case("three_axes", s.f32(1, 2, 2, 3, 2), opset=13)


@cases("LpPool", "X -> Y")
def lp_pool(s):
    k2, k3, s2 = dict(kernel_shape=[2, 2]), dict(kernel_shape=[3, 3]), dict(strides=[2, 2])
    yield case("plain", s.f32(1, 2, 5, 6), opset=18, **k2)
    for p in (1, 3):
        yield case(f"p_{p}", s.f32(1, 1, 5, 6), opset=18, p=p, **k3)
    yield case("strides", s.f32(1, 2, 5, 6), opset=18, **k3, **s2)
    yield case("pads", s.f32(1, 1, 5, 6), opset=18, **k3, **s2, pads=[1, 0, 2, 1])
    yield case("dilations", s.f32(1, 1, 6, 7), opset=18, **k2, dilations=[2, 3])
    yield case("ceil", s.f32(1, 1, 6, 6), opset=18, **k3, **s2, ceil_mode=1)
    yield case("same_upper", s.f32(1, 1, 5, 6), opset=18, **k3, **s2, auto_pad="SAME_UPPER")
    yield case("same_lower", s.f32(1, 1, 5, 6), opset=18, **k2, auto_pad="SAME_LOWER")
    yield case("valid", s.f32(1, 1, 5, 6), opset=11, **k3, auto_pad="VALID")
    yield case("one_axis", s.f32(1, 2, 7), opset=11, kernel_shape=[3], strides=[2])
    yield case("three_axes", s.f32(1, 1, 3, 3, 4), opset=11, kernel_shape=[2, 2, 2])
