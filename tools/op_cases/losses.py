"""Losses of scores against classes."""

import numpy as np

from op_cases.case import case, cases, i64


def _cases(s, opset=13):
    weights = s.f32(4, low=0.1, high=2)
    yield case("plain", s.f32(3, 4), i64(0, 3, 1), opset=opset)
    yield case("sum", s.f32(3, 4), i64(2, 3, 1), opset=opset, reduction="sum")
    yield case("none", s.f32(2, 4, 3), s.ints(2, 3, low=0, high=3), opset=opset, reduction="none")
    yield case("weights", s.f32(2, 4, 3), s.ints(2, 3, low=0, high=3), weights, opset=opset)
    yield case("weights_none", s.f32(2, 4, 1, 3), s.ints(2, 1, 3, low=0, high=3), weights, opset=opset, reduction="none")
    yield case("ignored", s.f32(4, 4), i64(1, 2, -1, 0), opset=opset, ignore_index=-1)
    yield case("ignored_weights", s.f32(4, 4), np.array([1, 9, 2, 0], np.int32), weights, opset=opset, ignore_index=9)


@cases("NegativeLogLikelihoodLoss", "input target weight -> loss")
def negative_log_likelihood_loss(s):
    yield from _cases(s)


@cases("SoftmaxCrossEntropyLoss", "scores labels weights -> output log_prob")
def softmax_cross_entropy_loss(s):
    yield from _cases(s)
