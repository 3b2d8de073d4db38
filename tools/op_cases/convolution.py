"""Conv and ConvTranspose: strides, pads, dilations, groups, one and two dimensions."""

from op_cases.case import case, cases


@cases("Conv", "X W B -> Y")
def conv(s):
    yield case("plain", s.f32(1, 2, 5, 5), s.f32(3, 2, 3, 3))
    yield case("bias_batch", s.f32(2, 3, 4, 5), s.f32(4, 3, 2, 3), s.f32(4), kernel_shape=[2, 3])
    yield case("strides", s.f32(1, 2, 7, 8), s.f32(3, 2, 3, 3), s.f32(3), strides=[2, 3])
    yield case("pads_uneven", s.f32(1, 2, 5, 4), s.f32(2, 2, 3, 3), pads=[1, 0, 2, 1])
    yield case("pads_larger_than_input", s.f32(1, 1, 2, 2), s.f32(2, 1, 3, 3), pads=[2, 2, 2, 2])
    yield case("same_upper", s.f32(1, 2, 6, 5), s.f32(2, 2, 3, 2), auto_pad="SAME_UPPER", strides=[2, 2])
    yield case("same_lower", s.f32(1, 2, 6, 5), s.f32(2, 2, 3, 2), auto_pad="SAME_LOWER", strides=[2, 2])
    yield case("valid", s.f32(1, 1, 6, 6), s.f32(1, 1, 3, 3), auto_pad="VALID", strides=[2, 2])
    yield case("dilations", s.f32(1, 2, 7, 9), s.f32(2, 2, 3, 3), dilations=[2, 3], pads=[1, 1, 1, 1])
    yield case("groups", s.f32(1, 4, 5, 5), s.f32(6, 2, 3, 3), s.f32(6), group=2)
    yield case("depthwise", s.f32(1, 5, 6, 6), s.f32(5, 1, 3, 3), s.f32(5), group=5, pads=[1, 1, 1, 1])
    yield case("depthwise_multiplier", s.f32(1, 3, 5, 5), s.f32(6, 1, 3, 3), group=3, strides=[2, 2])
    yield case("pointwise", s.f32(2, 17, 3, 3), s.f32(9, 17, 1, 1), s.f32(9))
    yield case("pointwise_strided", s.f32(1, 5, 5, 5), s.f32(3, 5, 1, 1), strides=[2, 2])
    yield case("channels_19", s.f32(1, 19, 4, 4), s.f32(17, 19, 3, 3), pads=[1, 1, 1, 1])
    yield case("one_dimension", s.f32(2, 3, 9), s.f32(4, 3, 3), s.f32(4), strides=[2], pads=[1, 1])
    yield case("one_dimension_dilated", s.f32(1, 4, 11), s.f32(4, 1, 3), group=4, dilations=[3])


@cases("ConvTranspose", "X W B -> Y")
def conv_transpose(s):
    yield case("plain", s.f32(1, 2, 3, 4), s.f32(2, 3, 3, 3))
    yield case("bias_batch", s.f32(2, 3, 3, 2), s.f32(3, 4, 2, 3), s.f32(4), kernel_shape=[2, 3])
    yield case("stride_is_kernel", s.f32(1, 3, 3, 4), s.f32(3, 2, 2, 2), s.f32(2), strides=[2, 2])
    yield case("strides", s.f32(1, 2, 3, 4), s.f32(2, 3, 3, 3), s.f32(3), strides=[2, 3])
    yield case("wide_strides", s.f32(1, 2, 3, 3), s.f32(2, 2, 2, 2), strides=[3, 4])
    yield case("pads_uneven", s.f32(1, 2, 4, 4), s.f32(2, 2, 3, 3), pads=[1, 0, 2, 1], strides=[2, 2])
    yield case("output_padding", s.f32(1, 2, 3, 3), s.f32(2, 2, 3, 3), strides=[2, 2], pads=[1, 1, 1, 1], output_padding=[1, 1])
    yield case("output_shape", s.f32(1, 1, 3, 3), s.f32(1, 2, 3, 3), strides=[3, 2], output_shape=[10, 8])
    yield case("output_shape_same", s.f32(1, 1, 3, 3), s.f32(1, 2, 3, 3), strides=[3, 2], output_shape=[8, 6], auto_pad="SAME_UPPER")
    yield case("same_upper", s.f32(1, 2, 3, 3), s.f32(2, 2, 3, 3), auto_pad="SAME_UPPER", strides=[2, 2])
    yield case("same_lower", s.f32(1, 2, 3, 3), s.f32(2, 2, 3, 2), auto_pad="SAME_LOWER", strides=[2, 2])
    yield case("valid", s.f32(1, 1, 3, 3), s.f32(1, 1, 3, 3), auto_pad="VALID", strides=[2, 2])
    yield case("dilations", s.f32(1, 2, 3, 3), s.f32(2, 2, 2, 2), dilations=[2, 3])
    yield case("groups", s.f32(1, 4, 3, 3), s.f32(4, 3, 3, 3), s.f32(6), group=2, strides=[2, 2])
    yield case("depthwise", s.f32(1, 5, 3, 3), s.f32(5, 1, 4, 4), s.f32(5), group=5, strides=[2, 2], pads=[1, 1, 1, 1])
    yield case("channels_19", s.f32(1, 19, 2, 2), s.f32(19, 17, 2, 2), strides=[2, 2])
    yield case("one_dimension", s.f32(2, 3, 5), s.f32(3, 4, 3), s.f32(4), strides=[2], pads=[1, 1])
    yield case("one_dimension_dilated", s.f32(1, 4, 5), s.f32(4, 1, 3), group=4, dilations=[2], strides=[3])


@cases("com.microsoft.FusedConv", "X W B Z -> Y")
def fused_conv(s):
    x, w, b = s.f32(1, 3, 6, 5), s.f32(4, 3, 3, 3), s.f32(4)
    yield case("plain", x, w, pads=[1, 1, 1, 1])
    yield case("relu", x, w, b, activation="Relu")
    yield case("sum_leaky", x, w, b, s.f32(1, 4, 6, 5), pads=[1, 1, 1, 1], activation="LeakyRelu", activation_params=[0.25])
    yield case("clip", x, w, b, strides=[2, 2], activation="Clip", activation_params=[-0.5, 0.75])
    yield case("hard_sigmoid", x, w, b, activation="HardSigmoid", activation_params=[0.2, 0.5])
