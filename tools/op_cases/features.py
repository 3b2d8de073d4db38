"""Operators of ai.onnx.ml and ai.onnx.preview."""

import numpy as np

from op_cases.case import case, cases, f32, i64


@cases("ai.onnx.ml.ArrayFeatureExtractor", "X Y -> Z")
def array_feature_extractor(s):
    yield case("rows", s.f32(3, 4), i64(2, 0))
    yield case("vector", s.f32(5), i64(4, 4, 1).reshape(1, 3))
    yield case("three_axes", s.ints(2, 2, 3), i64(1))


@cases("ai.onnx.ml.Binarizer", "X -> Y")
def binarizer(s):
    yield case("threshold", f32(-1, 0.5, 0.75, 2, 0.7499), threshold=0.75)
    yield case("default", f32(-1, 0, 0.001).reshape(3, 1))
    x = s.ints(2, 3)
    yield case("integers", x, expected=((x > 1.5).astype(np.int64),), threshold=1.5)
    yield case("f64", s.f32(4).astype(np.float64), expected="reference", threshold=0.1)


@cases("ai.onnx.preview.FlexAttention", "Q K V -> Y")
def flex_attention(s):
    case26 = lambda name, *inputs, **attrs: case(name, *inputs, opset=26, expected="reference", **attrs)
    yield case26("plain", s.f32(1, 2, 3, 4), s.f32(1, 2, 5, 4), s.f32(1, 2, 5, 3))
    yield case26("groups", s.f32(2, 4, 2, 4), s.f32(2, 2, 3, 4), s.f32(2, 2, 3, 4))
    yield case26("scale", s.f32(1, 1, 3, 4), s.f32(1, 1, 3, 4), s.f32(1, 1, 3, 4), scale=0.7)
