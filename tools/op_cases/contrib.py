"""Operators of the domain com.microsoft, into which onnxruntime fuses others."""

import numpy as np

from op_cases.case import case, cases, i64


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
    yield case("skip_of_one_sample", s.f32(2, 3, 4), s.f32(1, 3, 4), s.f32(4), s.f32(4))
    yield case("skip_of_no_batch", s.f32(2, 3, 4), s.f32(3, 4), s.f32(4), s.f32(4), outputs=1)


@cases("com.microsoft.SkipSimplifiedLayerNormalization", "input skip gamma bias -> output mean inv_std_var input_skip_bias_sum")
def skip_simplified_layer_normalization(s):
    yield case("plain", s.f32(2, 3, 8), s.f32(2, 3, 8), s.f32(8))
    yield case("bias", s.f32(2, 3, 8), s.f32(2, 3, 8), s.f32(8), s.f32(8), epsilon=1e-5)
    yield case("rank_2", s.f32(3, 4), s.f32(3, 4), s.f32(4), outputs=1)


@cases("SimplifiedLayerNormalization", "X scale -> Y inv_std_var")
def simplified_layer_normalization(s):
    yield case("last_axis", s.f32(2, 3, 8), s.f32(8))
    yield case("epsilon", s.f32(4, 6), s.f32(6), axis=-1, epsilon=0.01)


def i32(*values):
    """A tensor of i32."""
    return np.array(values, np.int32)


@cases(
    "com.microsoft.EmbedLayerNormalization",
    "input_ids segment_ids word_embedding position_embedding segment_embedding gamma beta mask position_ids -> output mask_index embedding_sum",
)
def embed_layer_normalization(s):
    ids, segments = i32([1, 0, 3], [2, 2, 1]), i32([0, 0, 1], [1, 1, 0])
    tables = lambda: (s.f32(5, 4), s.f32(6, 4), s.f32(2, 4))
    words, places, kinds = tables()
    yield case("full", ids, segments, words, places, kinds, s.f32(4), s.f32(4), i32([1, 1, 0], [0, 1, 0]), mask_index_type=1)
    words, places, _ = tables()
    yield case("no_segments", ids, None, words, places, None, s.f32(4), s.f32(4), outputs=2)
    yield case("no_mask", ids, None, words, places, None, s.f32(4), s.f32(4), None, i32([2, 1, 5]), epsilon=1e-3)
    yield case("places", ids, None, words, places, None, s.f32(4), s.f32(4), i32([1, 1, 2], [0, 0, -1]), i32([2, 1, 0], [5, 4, 3]))


@cases("com.microsoft.Attention", "input weights bias mask_index past attention_bias -> output present")
def attention(s):
    x = lambda: (s.f32(2, 3, 4), s.f32(4, 12), s.f32(12))
    yield case("plain", *x(), num_heads=2, outputs=1)
    yield case("no_bias", *x()[:2], num_heads=2, outputs=1)
    yield case("one_head_scaled", *x(), num_heads=1, scale=0.25, outputs=1)
    yield case("present", *x(), num_heads=2)
    yield case("lengths", *x(), i32(2, 1), num_heads=2, outputs=1)
    yield case("ends_and_starts", *x(), i32(2, 3, 0, 1), num_heads=2, mask_filter_value=-1.5, outputs=1)
    yield case("raw_mask", *x(), i32([1, 1, 0], [0, 2, -1]), num_heads=2, mask_filter_value=-1.5, outputs=1)
    yield case("raw_mask_causal", *x(), i32([1, 1, 0], [1, 0, 1]), num_heads=2, unidirectional=1, outputs=1)
    yield case("mask_of_queries", *x(), i32(*s.ints(2, 3, 3, low=0, high=1)), num_heads=2, mask_filter_value=-1.5, outputs=1)
    yield case("mask_of_one_number", *x(), i32([1], [0]), num_heads=2, outputs=1)
    yield case("sizes", s.f32(2, 3, 4), s.f32(4, 14), s.f32(14), num_heads=2, qkv_hidden_sizes=[4, 4, 6], outputs=1)
    yield case("past", *x(), None, s.f32(2, 2, 2, 2, 2), num_heads=2)
    yield case("past_causal_mask", *x(), i32([1, 1, 1, 1, 0], [0, 1, 1, 1, 1]), s.f32(2, 2, 2, 2, 2), num_heads=2, unidirectional=1)
    yield case("past_lengths", *x(), i32(4, 3), s.f32(2, 2, 2, 2, 2), num_heads=2)
    yield case("past_of_none", *x(), None, s.f32(2, 2, 2, 0, 2), num_heads=2, unidirectional=1)
    yield case("bias_of_products", *x(), None, None, s.f32(1, 2, 3, 3), num_heads=2, outputs=1)


@cases(
    "com.microsoft.MultiHeadAttention",
    "query key value bias key_padding_mask attention_bias past_key past_value -> output present_key present_value",
)
def multi_head_attention(s):
    cross = lambda: (s.f32(2, 3, 4), s.f32(2, 5, 4), s.f32(2, 5, 6))
    own = lambda: (s.f32(2, 3, 4), s.f32(2, 3, 4), s.f32(2, 3, 4), s.f32(12))
    past = lambda: (s.f32(2, 2, 2, 2), s.f32(2, 2, 2, 2))
    yield case("cross", *cross(), num_heads=2, outputs=1)
    yield case("bias", *cross(), s.f32(14), num_heads=2)
    yield case("scale", *cross(), num_heads=2, scale=0.3, outputs=1)
    yield case("lengths", *cross(), None, i32(3, 5), num_heads=2, outputs=1)
    yield case("mask", *cross(), s.f32(14), i32([1, 1, 0, 1, 1], [0, 1, 1, 1, 0]), num_heads=2, mask_filter_value=-1.5, outputs=1)
    yield case("mask_of_queries", *cross(), None, i32(*s.ints(2, 3, 5, low=0, high=1)), num_heads=2, mask_filter_value=-1.5, outputs=1)
    yield case("bias_of_products", *cross(), None, None, s.f32(1, 1, 3, 5), num_heads=2, outputs=1)
    yield case("causal", *own(), num_heads=2, unidirectional=1, outputs=1)
    yield case("past", *own(), None, None, *past(), num_heads=2)
    yield case("past_causal", *own(), None, None, *past(), num_heads=2, unidirectional=1)
    yield case("past_mask", *own(), i32([1, 1, 0, 1, 1], [0, 1, 1, 1, 0]), s.f32(2, 2, 3, 5), *past(), num_heads=2, mask_filter_value=-1.5)
    yield case("one_step", s.f32(2, 1, 4), s.f32(2, 1, 4), s.f32(2, 1, 4), None, None, None, *past(), num_heads=2)
    yield case("keys_by_head", s.f32(2, 3, 4), s.f32(2, 2, 5, 2), s.f32(2, 2, 5, 2), num_heads=2, outputs=1)
    yield case("keys_by_head_bias", s.f32(2, 3, 4), s.f32(2, 2, 5, 2), s.f32(2, 2, 5, 2), s.f32(12), num_heads=2, outputs=1)


@cases("com.microsoft.RotaryEmbedding", "input position_ids cos_cache sin_cache -> output")
def rotary_embedding(s):
    table = lambda: (s.f32(6, 2, low=-1, high=1), s.f32(6, 2, low=-1, high=1))
    places = np.array([[0, 1, 2], [3, 5, 4]])
    yield case("packed_heads", s.f32(2, 3, 8), places, *table())
    yield case("interleaved", s.f32(2, 3, 8), places, *table(), interleaved=1)
    yield case("first_place", s.f32(2, 3, 8), i64(3), *table())
    yield case("by_head", s.f32(2, 2, 3, 4), places, *table())
    yield case("by_head_first_place", s.f32(2, 2, 3, 4), i64(2), *table(), interleaved=1)
    yield case("by_head_in_part", s.f32(2, 2, 3, 6), places, *table(), num_heads=2, rotary_embedding_dim=4)
    yield case("in_part", s.f32(2, 3, 12), places, *table(), num_heads=2, rotary_embedding_dim=4, interleaved=1)
    yield case("scale_is_ignored", s.f32(1, 3, 4), places[:1], *table(), scale=2.0, is_packed_batching=1)


@cases(
    "com.microsoft.GroupQueryAttention",
    "query key value past_key past_value seqlens_k total_sequence_length cos_cache sin_cache position_ids attention_bias head_sink"
    " k_scale v_scale q_norm_weight k_norm_weight query_seqlens -> output present_key present_value",
)
def group_query_attention(s):
    heads = {"num_heads": 4, "kv_num_heads": 2}
    new = lambda batch, steps, size=8: (s.f32(batch, steps, 4 * size), s.f32(batch, steps, 2 * size), s.f32(batch, steps, 2 * size))
    past = lambda batch, steps, size=8: (s.f32(batch, 2, steps, size), s.f32(batch, 2, steps, size))
    first = (None, None, i32(2, 2), i32(3))
    table = lambda: (s.f32(9, 8, low=-1, high=1), s.f32(9, 8, low=-1, high=1))
    yield case("prompt", *new(2, 3), *first, **heads)
    yield case("result_only", *new(2, 3), *first, outputs=1, **heads)
    yield case("one_group", s.f32(2, 3, 16), s.f32(2, 3, 16), s.f32(2, 3, 16), *first, num_heads=2, kv_num_heads=2)
    yield case("one_key_head", s.f32(2, 3, 16), s.f32(2, 3, 8), s.f32(2, 3, 8), *first, num_heads=2, kv_num_heads=1)
    yield case("grows", *new(2, 1), *past(2, 4), i32(4, 2), i32(5), **heads)
    yield case("buffer", *new(2, 1), *past(2, 4), i32(2, 1), np.array(3, np.int32), **heads)
    yield case("chunk", *new(1, 3), *past(1, 4), i32(6), i32(7), **heads)
    yield case("chunk_in_buffer", *new(1, 2), *past(1, 6), i32(3), i32(4), **heads)
    yield case("empty_past", *new(1, 2), *past(1, 0), i32(1), i32(2), **heads)
    yield case("scale_and_cap", *new(2, 3), *first, scale=0.7, softcap=0.3, **heads)
    yield case("window", *new(2, 3), *first, local_window_size=2, **heads)
    yield case("window_past", *new(2, 1), *past(2, 4), i32(4, 2), i32(5), local_window_size=2, **heads)
    yield case("both_ways", *new(2, 3), *first, causal=0, **heads)
    yield case("smooth", *new(2, 3), *first, smooth_softmax=1, **heads)
    yield case("sinks", *new(2, 3), *first, None, None, None, None, s.f32(4), **heads)
    yield case("bias_of_heads", *new(2, 3), *first, None, None, None, s.f32(1, 4, 3, 3), softcap=0.5, **heads)
    yield case("bias_of_samples", *new(2, 1), *past(2, 4), i32(4, 2), i32(5), None, None, None, s.f32(2, 1, 1, 5), **heads)
    yield case("rotary", *new(1, 3, 16), None, None, i32(2), i32(3), *table(), do_rotary=1, **heads)
    yield case("rotary_interleaved", *new(1, 3, 16), None, None, i32(2), i32(3), *table(), do_rotary=1, rotary_interleaved=1, **heads)
    yield case("rotary_past", *new(2, 1, 16), *past(2, 2, 16), i32(2, 1), i32(3), *table(), do_rotary=1, **heads)
    places = np.array([[5], [7]])
    yield case("rotary_places", *new(2, 1, 16), *past(2, 2, 16), i32(2, 1), i32(3), *table(), places, do_rotary=1, **heads)
    yield case("rotary_first_place", *new(1, 2, 16), None, None, i32(1), i32(2), *table(), np.array([[4, 8]]), do_rotary=1, **heads)
    one = {"num_heads": 2, "kv_num_heads": 1}
    yield case("packed", s.f32(1, 2, 64), None, None, None, None, i32(1), i32(2), *table(), do_rotary=1, **one)
    some = (None,) * 9 + (i32(2, 2),)
    yield case("number_of_queries", *new(2, 2), *past(2, 4), i32(3, 1), i32(6), *some, **heads)
