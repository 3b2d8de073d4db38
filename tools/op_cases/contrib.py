"""Operators of the domain com.microsoft, into which onnxruntime fuses others."""

from op_cases.case import case, cases


@cases("com.microsoft.Gelu", "X -> Y")
def gelu(s):
    yield case("small", s.f32(3, 5, low=-4, high=4))


@cases("com.microsoft.QuickGelu", "X -> Y")
def quick_gelu(s):
    yield case("default", s.f32(3, 5, low=-4, high=4))
    yield case("alpha", s.f32(7, low=-4, high=4), alpha=1.0)


@cases("com.microsoft.FastGelu", "X bias -> Y")
def fast_gelu(s):
    yield case("plain", s.f32(3, 5, low=-4, high=4))
    yield case("bias", s.f32(2, 3, 5, low=-4, high=4), s.f32(5))


@cases("com.microsoft.BiasGelu", "A B -> C")
def bias_gelu(s):
    yield case("small", s.f32(2, 3, 5, low=-4, high=4), s.f32(5))


@cases("com.microsoft.FusedMatMul", "A B -> Y")
def fused_matmul(s):
    yield case("plain", s.f32(3, 4), s.f32(4, 2))
    yield case("alpha_trans_b", s.f32(2, 3, 4), s.f32(2, 5, 4), alpha=0.125, transB=1)
    yield case("trans_a", s.f32(4, 3), s.f32(4, 5), transA=1)
    yield case("trans_batch_a", s.f32(3, 2, 4), s.f32(2, 4, 5), transBatchA=1)
    yield case("trans_both", s.f32(4, 2, 3), s.f32(5, 2, 4), transBatchA=1, transA=1, transBatchB=1, transB=1)


@cases("com.microsoft.SkipLayerNormalization", "input skip gamma beta bias -> output mean inv_std_var input_skip_bias_sum")
def skip_layer_normalization(s):
    yield case("plain", s.f32(2, 3, 8), s.f32(2, 3, 8), s.f32(8), s.f32(8))
    yield case("bias", s.f32(2, 3, 8), s.f32(2, 3, 8), s.f32(8), s.f32(8), s.f32(8), epsilon=1e-5)
    yield case("no_beta", s.f32(1, 3, 4), s.f32(1, 3, 4), s.f32(4))


@cases("com.microsoft.SkipSimplifiedLayerNormalization", "input skip gamma bias -> output mean inv_std_var input_skip_bias_sum")
def skip_simplified_layer_normalization(s):
    yield case("plain", s.f32(2, 3, 8), s.f32(2, 3, 8), s.f32(8))
    yield case("bias", s.f32(2, 3, 8), s.f32(2, 3, 8), s.f32(8), s.f32(8), epsilon=1e-5)


@cases("SimplifiedLayerNormalization", "X scale -> Y inv_std_var")
def simplified_layer_normalization(s):
    yield case("last_axis", s.f32(2, 3, 8), s.f32(8))
    yield case("epsilon", s.f32(4, 6), s.f32(6), axis=-1, epsilon=0.01)
