"""Softmax, LogSoftmax, Hardmax and the normalisations."""

from functools import partial

import numpy as np

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


@cases("BatchNormalization", "X scale B input_mean input_var -> Y running_mean running_var saved_mean saved_var")
def batch_normalization(s):
    one = partial(case, outputs=1)
    stats = lambda c: (s.f32(c), s.f32(c), s.f32(c), s.f32(c, low=0.1, high=3))
    yield one("images", s.f32(2, 3, 4, 5), *stats(3), opset=15)
    yield one("epsilon", s.f32(1, 2, 3, 3), *stats(2), opset=15, epsilon=0.01)
    yield one("one_dimension", s.f32(2, 3, 7), *stats(3), opset=15)
    yield one("vectors", s.f32(5, 3), *stats(3), opset=15)
    yield one("channels_17", s.f32(1, 17, 2, 2), *stats(17), opset=15)
    yield one("opset_9", s.f32(2, 3, 2, 2), *stats(3), opset=9, epsilon=1e-3)
    yield one("zero_variance", s.f32(1, 2, 2, 2), s.f32(2), s.f32(2), s.f32(2), f32(0, 1), opset=15)
    training = partial(case, outputs=3, opset=15, expected="reference", training_mode=1)
    yield training("training", s.f32(2, 3, 4, 5), *stats(3))
    yield training("training_momentum", s.f32(3, 2, 5), *stats(2), momentum=0.3, epsilon=0.01)
    yield training("training_vectors", s.f32(6, 3), *stats(3))
    yield case("training_opset_14", s.f32(2, 2, 3), *stats(2), outputs=3, opset=14, expected="reference", training_mode=1)
    by_position = lambda: (s.f32(2, 3), s.f32(2, 3), s.f32(2, 3), s.f32(2, 3, low=0.1, high=3))
    yield one("by_position", s.f32(2, 2, 3), *by_position(), opset=7, spatial=0)
    x, (scale, bias, mean, var) = s.f32(4, 2, 3), by_position()
    new = [x.mean(0), x.var(0)]
    y = (x - new[0]) / np.sqrt(new[1] + np.float32(1e-5)) * scale + bias
    running = [np.float32(0.75) * a + np.float32(0.25) * b for a, b in zip((mean, var), new)]
    yield case("training_by_position", x, scale, bias, mean, var, opset=6, expected=(y, *running, *new), spatial=0, momentum=0.75)


@cases("LayerNormalization", "X Scale B -> Y Mean InvStdDev")
def layer_normalization(s):
    yield case("last_axis", s.f32(2, 3, 17), s.f32(17), s.f32(17), opset=17)
    yield case("no_bias", s.f32(3, 5), s.f32(5), opset=17)
    yield case("two_axes", s.f32(2, 3, 4), s.f32(3, 4), s.f32(3, 4), opset=17, axis=1)
    yield case("all_axes", s.f32(2, 5), s.f32(2, 5), s.f32(2, 5), opset=17, axis=0, epsilon=0.01)
    yield case("axis_minus_2", s.f32(2, 2, 3, 5), s.f32(3, 5), s.f32(3, 5), opset=17, axis=-2)
    yield case("constant_row", f32(3, 3, 3, 3, 3).reshape(1, 5), s.f32(5), s.f32(5), opset=17)


@cases("RMSNormalization", "X scale -> Y")
def rms_normalization(s):
    yield case("last_axis", s.f32(2, 3, 17), s.f32(17), opset=23)
    yield case("two_axes", s.f32(2, 3, 4), s.f32(3, 4), opset=23, axis=1, epsilon=0.01)
    yield case("one_row", s.f32(35), s.f32(35), opset=23, axis=0)


@cases("InstanceNormalization", "input scale B -> output")
def instance_normalization(s):
    yield case("images", s.f32(2, 3, 4, 5), s.f32(3), s.f32(3))
    yield case("one_dimension", s.f32(2, 5, 17), s.f32(5), s.f32(5), epsilon=0.01)
    yield case("three_dimensions", s.f32(1, 2, 2, 3, 4), s.f32(2), s.f32(2), opset=22)


@cases("GroupNormalization", "X scale bias -> Y")
def group_normalization(s):
    yield case("opset_21", s.f32(2, 4, 3, 3), s.f32(4), s.f32(4), opset=21, num_groups=2)
    yield case("one_group", s.f32(1, 3, 5), s.f32(3), s.f32(3), opset=21, num_groups=1, epsilon=0.01)
    yield case("a_group_a_channel", s.f32(2, 3, 2, 2), s.f32(3), s.f32(3), opset=21, num_groups=3)


@cases("MeanVarianceNormalization", "X -> Y")
def mean_variance_normalization(s):
    yield case("default", s.f32(2, 3, 4, 5))
    yield case("spatial", s.f32(2, 3, 4, 5), axes=[2, 3])
    yield case("batch_and_channels", s.f32(3, 5, 2, 2), axes=[0, 1])


@cases("LpNormalization", "input -> output")
def lp_normalization(s):
    yield case("default", s.f32(3, 17))
    yield case("l1", s.f32(2, 5, 3), axis=1, p=1)
    yield case("axis_0", s.f32(4, 3), axis=0, p=2)
    yield case("opset_22", s.f32(2, 3, 5), opset=22, axis=-2)
    yield case("zeros", f32(0, 0, 0, 3, 0, 4).reshape(2, 3))


@cases("LRN", "X -> Y")
def lrn(s):
    yield case("size_3", s.f32(2, 5, 3, 3), size=3)
    yield case("size_5", s.f32(1, 17, 2, 3), size=5, alpha=0.5, beta=0.6, bias=1.5)
    yield case("size_1", s.f32(1, 3, 2, 2), size=1, alpha=0.25)
    yield case("wider_than_channels", s.f32(1, 3, 2, 2), size=7, alpha=0.3)


@cases("Hardmax", "input -> output")
def hardmax(s):
    yield case("default", s.f32(3, 17))
    yield case("ties", f32(1, 3, 3, 2, 2, 2).reshape(2, 3))
    yield case("axis_1", s.f32(2, 5, 3), axis=1)
    yield case("axis_0", s.f32(5, 3), axis=0)
    yield case("opset_11", s.f32(2, 3, 4), opset=11)
    yield case("opset_11_axis_2", s.f32(2, 3, 5), opset=11, axis=2)
