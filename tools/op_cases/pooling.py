"""MaxPool, AveragePool, GlobalAveragePool."""

from functools import partial

from op_cases.case import INF, case, cases, f32


@cases("MaxPool", "X -> Y Indices")
def max_pool(s):
    one = partial(case, outputs=1)
    k2, s2, k3 = dict(kernel_shape=[2, 2]), dict(strides=[2, 2]), dict(kernel_shape=[3, 3])
    yield one("plain", s.f32(1, 2, 6, 6), **k2, **s2)
    yield one("stride_one", s.f32(2, 1, 4, 5), **k2)
    yield one("rest_dropped", s.f32(1, 2, 7, 5), **k2, **s2)
    yield one("ceil", s.f32(1, 2, 7, 5), **k2, **s2, ceil_mode=1)
    yield one("pads", s.f32(1, 2, 5, 5, low=-4, high=-1), **k3, **s2, pads=[1, 1, 1, 1])
    yield one("pads_uneven", s.f32(1, 1, 5, 4), kernel_shape=[3, 2], pads=[0, 1, 2, 0])
    yield one("dilations", s.f32(1, 1, 7, 7), **k2, dilations=[2, 3])
    yield one("same_upper", s.f32(1, 2, 5, 6), **k3, **s2, auto_pad="SAME_UPPER")
    yield one("same_lower", s.f32(1, 2, 5, 6), kernel_shape=[2, 2], auto_pad="SAME_LOWER")
    yield one("one_dimension", s.f32(2, 3, 9), kernel_shape=[3], strides=[2], pads=[1, 1])
    yield one("infinities", f32(-INF, -3, 1, INF, 2, -INF).reshape(1, 1, 6), kernel_shape=[2], strides=[2])
    yield case("indices", s.f32(2, 2, 6, 6), **k2, **s2)
    yield case("indices_pads", s.f32(1, 2, 5, 6), **k3, **s2, pads=[1, 1, 1, 1])
    yield case("indices_dilations", s.f32(1, 2, 7, 7), **k2, dilations=[2, 3])
    yield case("indices_column_major", s.f32(2, 2, 5, 7), **k2, storage_order=1)
    yield case("indices_one_dimension", s.f32(2, 3, 9), kernel_shape=[3], strides=[2], pads=[1, 1])
    yield case("indices_three_dimensions", s.f32(1, 2, 4, 5, 6), kernel_shape=[2, 2, 2], strides=[2, 2, 2])
    yield case("indices_column_major_3d", s.f32(1, 2, 4, 5, 6), kernel_shape=[2, 2, 2], storage_order=1)


@cases("AveragePool", "X -> Y")
def average_pool(s):
    k2, s2, k3 = dict(kernel_shape=[2, 2]), dict(strides=[2, 2]), dict(kernel_shape=[3, 3])
    pads = dict(pads=[1, 1, 1, 1])
    yield case("plain", s.f32(1, 2, 6, 6), **k2, **s2)
    yield case("pads_excluded", s.f32(1, 2, 5, 5), **k3, **s2, **pads)
    yield case("pads_included", s.f32(1, 2, 5, 5), **k3, **s2, **pads, count_include_pad=1)
    yield case("ceil", s.f32(1, 2, 7, 5), **k2, **s2, ceil_mode=1)
    yield case("ceil_pads_included", s.f32(1, 1, 6, 6), **k3, **s2, **pads, ceil_mode=1, count_include_pad=1, opset=19)
    yield case("uneven_pads_included", s.f32(1, 1, 4, 5), **k3, pads=[1, 0, 0, 2], count_include_pad=1)
    yield case("same_upper", s.f32(1, 2, 5, 6), **k3, **s2, auto_pad="SAME_UPPER")
    yield case("one_dimension", s.f32(2, 3, 9), kernel_shape=[4], strides=[3])


@cases("GlobalAveragePool", "X -> Y")
def global_average_pool(s):
    yield case("two_dimensions", s.f32(2, 3, 5, 7))
    yield case("one_dimension", s.f32(2, 3, 11))
    yield case("three_dimensions", s.f32(1, 2, 3, 2, 5))
    yield case("single_pixel", s.f32(2, 5, 1, 1))
    yield case("channels_17", s.f32(1, 17, 3, 3))


@cases("GlobalMaxPool", "X -> Y")
def global_max_pool(s):
    yield case("two_dimensions", s.f32(2, 3, 5, 7))
    yield case("one_dimension", s.f32(2, 3, 11))
    yield case("three_dimensions", s.f32(1, 2, 3, 2, 5))
    yield case("single_pixel", s.f32(2, 5, 1, 1))
