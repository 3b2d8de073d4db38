"""Operators over integers that stand for numbers."""

import numpy as np

from op_cases import narrow as nw
from op_cases.case import INF, case, cases, f32

U8, I8, U16, I16, I32 = np.uint8, np.int8, np.uint16, np.int16, np.int32
MS = "com.microsoft."


def u8(s, *shape):
    """Codes 0 to 255."""
    return s.ints(*shape, low=0, high=255, dtype=U8)


def i8(s, *shape):
    """Codes -128 to 127."""
    return s.ints(*shape, low=-128, high=127, dtype=I8)


def one(value, dtype=np.float32):
    """A scalar."""
    return np.array(value, dtype)


@cases("QuantizeLinear", "x y_scale y_zero_point -> y")
def quantize_linear(s):
    x = s.f32(3, 4, low=-300, high=300)
    yield case("no_zero_point", x, one(0.8))
    yield case("u8", x, one(1.7), one(120, U8))
    yield case("i8_opset10", x, one(1.7), one(-3, I8), opset=10)
    yield case("halves", f32(0.5, 1.5, 2.5, -0.5, -1.5, 300, -300, INF, -INF), one(1.0), one(100, U8))
    ints = s.ints(9, low=-900, high=900, dtype=I32)
    expected = np.clip(np.rint(ints / 4) + 7, -128, 127).astype(I8)
    yield case("of_i32", ints, one(4.0), one(7, I8), expected=(expected,))
    yield case("axis_1", s.f32(2, 3, 4, low=-99, high=99), f32(0.5, 1, 2), np.array([10, 128, 200], U8))
    yield case("axis_last", s.f32(2, 3, 4, low=-99, high=99), f32(0.5, 1, 2, 3), np.array([-10, 0, 5, 100], I8), axis=-1)
    yield case("u16", s.f32(2, 5, low=-99, high=99), one(0.01), one(30000, U16), opset=21)
    yield case("i16", s.f32(2, 5, low=-99, high=99), one(0.001), one(30, I16), opset=21)
    yield case("output_dtype", s.f32(2, 5, low=-99, high=99), one(0.5), opset=21, output_dtype=3)
    blocks = s.f32(2, 3, low=0.25, high=2)
    yield case("blocks_last", s.f32(2, 7, low=-99, high=99), blocks, s.ints(2, 3, low=-9, dtype=I8), opset=21, axis=1, block_size=3)
    yield case("blocks_first", s.f32(4, 3, low=-99, high=99), blocks, s.ints(2, 3, low=0, dtype=U8), opset=21, axis=0, block_size=2)
    yield case("f16", s.f32(2, 5, low=-9, high=9).astype(np.float16), one(0.5, np.float16), one(3, I8), opset=19)
    x = s.f32(3, 5, low=-20, high=20)
    for name, kind in nw.INTS.items():
        zeros = np.array([0, 1, 1]).astype(kind)
        yield nw.narrow_case("QuantizeLinear", f"{name}_axis_0", x, f32(2, 3.5, 0.7), zeros, axis=0)
    for name, kind in nw.FLOATS.items():
        yield nw.narrow_case("QuantizeLinear", name, x, one(0.01), one(0, kind))
        yield nw.narrow_case("QuantizeLinear", f"{name}_blocks", x, s.f32(3, 3, low=0.25, high=2), None, output_dtype=nw.number_of(kind), block_size=2)
    yield nw.narrow_case("QuantizeLinear", "e5m2_unsaturated", x, one(0.0001), one(0, nw.E5M2), saturate=0)
    yield nw.narrow_case("QuantizeLinear", "i4_blocks", x, s.f32(2, 5, low=1, high=4), None, output_dtype=22, axis=0, block_size=2)
    half = x.astype(np.float16)
    yield nw.narrow_case("QuantizeLinear", "precision_f16", half, one(0.03, np.float16), one(3, I8), precision=10)
    yield nw.narrow_case("QuantizeLinear", "precision_f32", half, one(0.03, np.float16), one(3, I8), precision=1)


@cases("DequantizeLinear", "x x_scale x_zero_point -> y")
def dequantize_linear(s):
    yield case("no_zero_point", u8(s, 3, 4), one(0.3))
    yield case("u8", u8(s, 3, 4), one(1.7), one(120, U8))
    yield case("i8_opset10", i8(s, 3, 4), one(0.01), one(-3, I8), opset=10)
    yield case("i32", s.ints(5, low=-90000, high=90000, dtype=I32), one(0.004))
    yield case("axis_1", u8(s, 2, 3, 4), f32(0.5, 1, 2), np.array([10, 128, 200], U8))
    yield case("axis_first", i8(s, 2, 3), f32(0.5, 0.1), np.array([-10, 0], I8), axis=0)
    yield case("u16", s.ints(2, 5, low=0, high=65535, dtype=U16), one(0.01), one(30000, U16), opset=21)
    yield case("i16", s.ints(2, 5, low=-32768, high=32767, dtype=I16), one(0.01), one(-300, I16), opset=21)
    blocks = s.f32(2, 3, low=0.25, high=2)
    yield case("blocks_last", i8(s, 2, 7), blocks, s.ints(2, 3, low=-9, dtype=I8), opset=21, axis=1, block_size=3)
    yield case("blocks_first", u8(s, 4, 3), blocks, s.ints(2, 3, low=0, dtype=U8), opset=21, axis=0, block_size=2)
    yield case("f16", i8(s, 2, 5), one(0.5, np.float16), one(3, I8), opset=19)
    for name, kind in nw.INTS.items():
        x, zeros = s.ints(3, 5, low=-8, high=7).astype(kind), np.array([0, 1, 1]).astype(kind)
        yield nw.narrow_case("DequantizeLinear", f"{name}_axis_0", x, f32(2, 3.5, 0.7), zeros, axis=0)
    for name, kind in nw.FLOATS.items():
        x = s.f32(3, 5, low=-9, high=9).astype(kind)
        yield nw.narrow_case("DequantizeLinear", name, x, one(0.3))
        yield nw.narrow_case("DequantizeLinear", f"{name}_blocks", x, s.f32(3, 3, low=0.25, high=2), axis=1, block_size=2)
    x = s.ints(4, 3, low=-8, high=7).astype(nw.I4)
    scales = np.array([[120, 127, 130], [128, 129, 126]], np.uint8).view(nw.E8M0)
    yield nw.narrow_case("DequantizeLinear", "e8m0_scales", x, scales, output_dtype=1, axis=0, block_size=2)
    yield nw.narrow_case("DequantizeLinear", "output_f16", x, one(0.3), output_dtype=10)


@cases("DynamicQuantizeLinear", "x -> y y_scale y_zero_point")
def dynamic_quantize_linear(s):
    yield case("both_signs", s.f32(3, 4))
    yield case("positive", s.f32(7, low=1, high=3))
    yield case("negative", s.f32(2, 2, low=-3, high=-1))
    yield case("zeros", np.zeros((2, 3), np.float32))


@cases("MatMulInteger", "A B a_zero_point b_zero_point -> Y")
def matmul_integer(s):
    yield case("plain", u8(s, 3, 5), u8(s, 5, 4))
    yield case("zeros", u8(s, 3, 5), i8(s, 5, 9), one(128, U8), one(-5, I8))
    yield case("i8_i8", i8(s, 5, 19), i8(s, 19, 6), one(3, I8), one(1, I8))
    yield case("columns", u8(s, 2, 5), u8(s, 5, 3), one(7, U8), np.array([1, 100, 255], U8))
    yield case("batch", u8(s, 2, 3, 4), i8(s, 4, 5), one(7, U8))
    yield case("batch_both", u8(s, 2, 1, 3, 4), u8(s, 3, 4, 2), one(9, U8), one(250, U8))
    a, b, rows = u8(s, 3, 5), i8(s, 5, 2), np.array([1, 100, 255], U8)
    expected = (a.astype(I32) - rows[:, None].astype(I32)) @ b.astype(I32)
    yield case("rows", a, b, rows, expected=(expected,))


@cases("ConvInteger", "x w x_zero_point w_zero_point -> y")
def conv_integer(s):
    yield case("plain", u8(s, 1, 2, 5, 6), u8(s, 3, 2, 3, 3))
    yield case("pads", u8(s, 2, 2, 5, 6), u8(s, 5, 2, 3, 2), one(100, U8), one(128, U8), pads=[1, 0, 2, 1])
    yield case("strides_dilations", u8(s, 1, 1, 9, 9), i8(s, 2, 1, 3, 3), one(3, U8), strides=[2, 1], dilations=[2, 3])
    yield case("groups", u8(s, 1, 4, 4, 4), u8(s, 6, 2, 2, 2), one(9, U8), one(4, U8), group=2, auto_pad="SAME_UPPER")
    yield case("one_axis", u8(s, 1, 2, 7), u8(s, 2, 2, 3), one(9, U8), one(4, U8), pads=[1, 1])


@cases("QLinearMatMul", "a a_scale a_zero_point b b_scale b_zero_point y_scale y_zero_point -> y")
def qlinear_matmul(s):
    yield case("u8", u8(s, 2, 4), one(0.066), one(113, U8), u8(s, 4, 3), one(0.07), one(114, U8), one(0.5), one(118, U8))
    yield case("i8", i8(s, 2, 4), one(0.066), one(3, I8), i8(s, 4, 3), one(0.07), one(4, I8), one(0.5), one(-8, I8))
    scales, zeros = f32(0.07, 0.1, 0.02), np.array([1, 2, -7], I8)
    yield case("columns", u8(s, 3, 4), one(0.066), one(113, U8), i8(s, 4, 3), scales, zeros, one(0.5), one(118, U8))
    yield case("batch", u8(s, 2, 2, 4), one(0.03), one(113, U8), u8(s, 2, 4, 3), one(0.07), one(114, U8), one(0.5), one(118, U8))


@cases("QLinearConv", "x x_scale x_zero_point w w_scale w_zero_point y_scale y_zero_point B -> y")
def qlinear_conv(s):
    x, w = u8(s, 1, 2, 5, 5), u8(s, 3, 2, 3, 3)
    yield case("plain", x, one(0.02), one(120, U8), w, one(0.01), one(100, U8), one(0.03), one(128, U8))
    bias, zeros = s.ints(3, low=-9000, high=9000, dtype=I32), np.zeros(3, I8)
    w = i8(s, 3, 2, 3, 3)
    yield case("channels", x, one(0.02), one(120, U8), w, f32(0.01, 0.02, 0.05), zeros, one(0.03), one(128, U8), bias, pads=[1] * 4)
    x, w = i8(s, 2, 4, 6), i8(s, 4, 1, 3)
    yield case("groups", x, one(0.02), one(1, I8), w, one(0.01), one(0, I8), one(0.01), one(-8, I8), group=4, strides=[2])


@cases(MS + "DynamicQuantizeMatMul", "A B b_scale b_zero_point bias -> Y")
def dynamic_quantize_matmul(s):
    yield case("plain", s.f32(3, 4), i8(s, 4, 5), one(0.02))
    yield case("bias", s.f32(2, 3, 4), u8(s, 4, 5), f32(0.02, 0.01, 0.03, 0.02, 0.05), u8(s, 5), s.f32(5))


@cases(MS + "MatMulIntegerToFloat", "A B a_scale b_scale a_zero_point b_zero_point bias -> Y")
def matmul_integer_to_float(s):
    yield case("plain", u8(s, 3, 4), i8(s, 4, 5), one(0.03), one(0.02))
    yield case("bias", u8(s, 2, 3, 4), u8(s, 4, 3), one(0.03), f32(0.02, 0.01, 0.03), one(120, U8), u8(s, 3), s.f32(3))


LSTM = "X W R B sequence_lens initial_h initial_c P W_scale W_zero_point R_scale R_zero_point -> Y Y_h Y_c"


@cases(MS + "DynamicQuantizeLSTM", LSTM)
def dynamic_quantize_lstm(s):
    def layer(x, hidden, directions, b=True, each=False, zero=0, lens=None, state=False, p=False):
        shape = (directions, 4 * hidden) if each else (directions,)
        zeros = np.full(shape, zero, I8)
        weights = [i8(s, directions, x.shape[2], 4 * hidden), i8(s, directions, hidden, 4 * hidden)]
        states = [s.f32(directions, x.shape[1], hidden, low=-1, high=1) if state else None for _ in range(2)]
        bias = s.f32(directions, 8 * hidden) if b else None
        peep = s.f32(directions, 3 * hidden, low=-1, high=1) if p else None
        scales = [s.f32(*shape, low=0.01, high=0.05) for _ in range(2)]
        return [x, *weights, bias, lens, *states, peep, scales[0], zeros, scales[1], zeros]

    yield case("forward", *layer(s.f32(4, 1, 3), 4, 1), hidden_size=4)
    yield case("both", *layer(s.f32(3, 1, 5), 4, 2, zero=3, state=True), hidden_size=4, direction="bidirectional")
    yield case("columns", *layer(s.f32(3, 1, 5), 4, 1, each=True, b=False), hidden_size=4, direction="reverse")
    yield case("peepholes", *layer(s.f32(2, 1, 3), 2, 1, state=True, p=True), hidden_size=2)
    yield case("batch", *layer(s.f32(3, 2, 3), 4, 1, state=True), hidden_size=4)


def pair(s, *shape, dtype=U8):
    """Codes, their scale and their zero point."""
    return (u8 if dtype == U8 else i8)(s, *shape), one(round(0.01 + s.rng.random() / 20, 3)), one(s.rng.integers(0, 99), dtype)


@cases(MS + "QLinearAdd", "A A_scale A_zero_point B B_scale B_zero_point C_scale C_zero_point -> C")
def qlinear_add(s):
    yield case("u8", *pair(s, 3, 4), *pair(s, 3, 4), one(0.0731), one(90, U8))
    yield case("i8_broadcast", *pair(s, 2, 3, 4, dtype=I8), *pair(s, 4, dtype=I8), one(0.0731), one(-9, I8))


@cases(MS + "QLinearMul", "A A_scale A_zero_point B B_scale B_zero_point C_scale C_zero_point -> C")
def qlinear_mul(s):
    yield case("u8", *pair(s, 3, 4), *pair(s, 3, 4), one(0.0731), one(90, U8))
    yield case("i8_broadcast", *pair(s, 2, 3, 4, dtype=I8), *pair(s, 4, dtype=I8), one(0.0731), one(-9, I8))


@cases(MS + "QLinearSigmoid", "X X_scale X_zero_point Y_scale Y_zero_point -> Y")
def qlinear_sigmoid(s):
    yield case("u8", *pair(s, 3, 8), one(0.00391), one(0, U8))
    yield case("i8", *pair(s, 3, 8, dtype=I8), one(0.00391), one(-128, I8))


@cases(MS + "QLinearLeakyRelu", "X X_scale X_zero_point Y_scale Y_zero_point -> Y")
def qlinear_leaky_relu(s):
    yield case("u8", *pair(s, 3, 8), one(0.0371), one(9, U8))
    yield case("i8_alpha", *pair(s, 3, 8, dtype=I8), one(0.0371), one(-8, I8), alpha=0.2)


@cases(MS + "QLinearConcat", "Y_scale Y_zero_point inputs* -> Y")
def qlinear_concat(s):
    yield case("three", one(0.0531), one(50, U8), *pair(s, 2, 3), *pair(s, 2, 1), *pair(s, 2, 4), axis=1)


@cases(MS + "QLinearGlobalAveragePool", "X x_scale x_zero_point y_scale y_zero_point -> Y")
def qlinear_global_average_pool(s):
    yield case("first", *pair(s, 2, 3, 4, 5), one(0.0131), one(90, U8), channels_last=0)
    yield case("last", *pair(s, 2, 4, 5, 3), one(0.0131), one(90, U8), channels_last=1)


@cases(MS + "QLinearAveragePool", "X x_scale x_zero_point y_scale y_zero_point -> Y")
def qlinear_average_pool(s):
    yield case("first", *pair(s, 1, 2, 5, 5), one(0.0231), one(90, U8), kernel_shape=[3, 3], pads=[1] * 4)
    yield case("last", *pair(s, 1, 5, 5, 2), one(0.0231), one(90, U8), kernel_shape=[2, 3], strides=[2, 1], channels_last=1)


@cases(MS + "QLinearSoftmax", "X X_scale x_zero_point y_scale y_zero_point -> Y")
def qlinear_softmax(s):
    for name, old, axis in [("axis", 13, 1), ("flat", 12, 1)]:
        made = case(name, *pair(s, 2, 3, 5), one(1 / 256), one(0, U8), axis=axis)
        made.attrs["opset"] = old
        yield made


def packed(codes, bits):
    """Codes in bytes, the lowest bits first."""
    per = 8 // bits
    codes = np.pad(codes, [(0, 0)] * (codes.ndim - 1) + [(0, -codes.shape[-1] % per)])
    groups = codes.reshape(*codes.shape[:-1], -1, per).astype(np.uint32)
    return (groups << (np.arange(per, dtype=np.uint32) * bits)).sum(-1).astype(U8)


@cases(MS + "MatMulNBits", "A B scales zero_points g_idx bias -> Y")
def matmul_n_bits(s):
    def operands(k, n, block, bits):
        blocks = -(-k // block)
        codes = s.ints(n, blocks, block, low=0, high=2**bits - 1)
        return packed(codes, bits), s.f32(n, blocks, low=0.05, high=0.5), packed(s.ints(n, blocks, low=0, high=2**bits - 1), bits)

    b, scales, zeros = operands(32, 3, 16, 4)
    yield case("four_bits", s.f32(2, 32), b, scales, K=32, N=3, bits=4, block_size=16)
    b, scales, zeros = operands(40, 4, 16, 4)
    yield case("zero_points", s.f32(2, 40), b, scales, zeros, K=40, N=4, bits=4, block_size=16)
    b, scales, zeros = operands(32, 4, 32, 8)
    yield case("eight_bits", s.f32(2, 1, 32), b, scales, zeros, K=32, N=4, bits=8, block_size=32)
    b, scales, zeros = operands(32, 4, 16, 4)
    yield case("bias", s.f32(1, 32), b, scales, zeros, None, s.f32(4), K=32, N=4, bits=4, block_size=16)
