"""Sequences: attention and its relatives, caches, n-grams, gates. Outputs come from NumPy where onnxruntime has no kernel."""

import numpy as np

from op_cases.case import case, cases, f32, i64


@cases("ReverseSequence", "input sequence_lens -> Y")
def reverse_sequence(s):
    yield case("time_first", s.f32(4, 3, 2), i64(4, 1, 2), opset=10, time_axis=0, batch_axis=1)
    yield case("batch_first", s.f32(3, 4), i64(2, 3, 4), opset=10, time_axis=1, batch_axis=0)
    yield case("i64", s.ints(3, 2), i64(1, 3), opset=10)


@cases("Shrink", "input -> output")
def shrink(s):
    yield case("default", s.f32(3, 5))
    yield case("parameters", s.f32(9), lambd=1.0, bias=0.5)
    yield case("edges", f32(0.5, -0.5, 0, 0.50001), opset=9, bias=0.25)
    yield case("i32", s.ints(7, dtype=np.int32), lambd=2.0, bias=1.0)


@cases("TfIdfVectorizer", "X -> Y")
def tf_idf_vectorizer(s):
    pool = dict(
        ngram_counts=[0, 4], ngram_indexes=[0, 1, 2, 3, 4, 5, 6], pool_int64s=[2, 3, 5, 4, 5, 6, 7, 8, 6, 7], min_gram_length=1,
        max_gram_length=2,
    )  # fmt: skip
    x = np.array([[1, 1, 3, 3, 3, 7], [8, 6, 7, 5, 6, 8]], np.int32)
    yield case("tf", x, opset=9, mode="TF", max_skip_count=0, **pool)
    yield case("skips", x, opset=9, mode="TF", max_skip_count=5, **pool)
    weights = [0.5, 1.5, 2.0, 0.25, 3.0, 1.0, 4.0]
    yield case("idf", x.astype(np.int64), opset=9, mode="IDF", max_skip_count=1, weights=weights, **pool)
    yield case("tf_idf", x[1], opset=9, mode="TFIDF", max_skip_count=1, weights=weights, **pool)
    pairs = {**pool, "min_gram_length": 2}
    yield case("pairs", x, opset=9, mode="TF", max_skip_count=0, **pairs)


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def _swish(x, alpha=1.0):
    x = x.astype(np.float64)
    return x * _sigmoid(alpha * x)


@cases("Swish", "X -> Y")
def swish(s):
    for name, alpha in (("default", 1.0), ("alpha", 0.5)):
        x = s.f32(3, 5)
        yield case(name, x, opset=24, expected=(_swish(x, alpha).astype(np.float32),), alpha=alpha)


@cases("SwiGLU", "A B -> Y")
def swi_glu(s):
    for name, alpha in (("default", 1.0), ("alpha", 1.7)):
        a, b = s.f32(3, 5), s.f32(3, 5)
        yield case(name, a, b, opset=28, expected=((_swish(a, alpha) * b).astype(np.float32),), alpha=alpha)


@cases("TensorScatter", "past_cache update write_indices -> present_cache")
def tensor_scatter(s):
    cache, update = s.f32(2, 5, 3), s.f32(2, 2, 3)
    for name, at, mode in (("linear", (1, 3), "linear"), ("circular", (4, 2), "circular")):
        y = cache.copy()
        for b in range(2):
            y[b, [(at[b] + i) % 5 for i in range(2)]] = update[b]
        yield case(name, cache, update, i64(*at), opset=24, expected=(y,), mode=mode)
    cache, update = s.ints(2, 3, 4), s.ints(2, 3, 1)
    y = cache.copy()
    y[:, :, :1] = update
    yield case("from_the_start", cache, update, opset=24, expected=(y,), axis=-1)


@cases("CausalConvWithState", "input weight bias past_state -> output present_state")
def causal_conv_with_state(s):
    def made(x, w, bias, past, silu):
        taps = w.shape[2]
        past = np.zeros((*x.shape[:2], taps - 1)) if past is None else past
        all_ = np.concatenate([past, x], 2).astype(np.float64)
        y = sum(all_[:, :, k : k + x.shape[2]] * w[:, 0, k, None] for k in range(taps))
        y = y if bias is None else y + bias[:, None]
        return (_swish(y) if silu else y).astype(np.float32), all_[:, :, all_.shape[2] - taps + 1 :].astype(np.float32)

    x, w, bias, past = s.f32(2, 3, 5), s.f32(3, 1, 4), s.f32(3), s.f32(2, 3, 3)
    yield case("plain", x, w, opset=27, expected=made(x, w, None, None, False))
    yield case("all", x, w, bias, past, opset=27, expected=made(x, w, bias, past, True), activation="silu")
    short = s.f32(2, 3, 1)
    yield case("short", short, w, None, past, opset=27, expected=made(short, w, None, past, False))


def _heads(x, heads):
    return x.reshape(*x.shape[:2], heads, -1).transpose(0, 2, 1, 3).astype(np.float64)


def _packed(x):
    return x.transpose(0, 2, 1, 3).reshape(x.shape[0], x.shape[2], -1).astype(np.float32)


def _linear_attention(q, k, v, heads, state=None, decay=None, beta=None, scale=None):
    hq, hk = heads
    q, k, v = _heads(q, hq), _heads(k, hk), _heads(v, hk)
    state = np.zeros((q.shape[0], hk, k.shape[3], v.shape[3])) if state is None else state.astype(np.float64)
    out = np.zeros((*q.shape[:3], v.shape[3]))
    for t in range(q.shape[2]):
        key, value = k[:, :, t], v[:, :, t]
        if decay is not None:
            state = state * np.exp(_heads(decay, hk)[:, :, t])[..., None]
        if beta is not None:
            rate = _heads(beta, beta.shape[2])[:, :, t]
            value = rate * (value - np.einsum("bhkv,bhk->bhv", state, key))
        state = state + key[..., None] * value[..., None, :]
        out[:, :, t] = np.einsum("bhkv,bhk->bhv", np.repeat(state, hq // hk, 1), q[:, :, t])
    return _packed(out * (q.shape[3] ** -0.5 if scale is None else scale)), state.astype(np.float32)


@cases("LinearAttention", "query key value past_state decay beta -> output present_state")
def linear_attention(s):
    q, k, v = s.f32(2, 3, 8, low=-1, high=1), s.f32(2, 3, 4, low=-1, high=1), s.f32(2, 3, 6, low=-1, high=1)
    common = dict(opset=27, q_num_heads=4, kv_num_heads=2)
    heads, past = (4, 2), s.f32(2, 2, 2, 3, low=-1, high=1)
    yield case("linear", q, k, v, expected=_linear_attention(q, k, v, heads), update_rule="linear", **common)
    decay = s.f32(2, 3, 2, low=-1, high=0)
    made = _linear_attention(q, k, v, heads, past, decay, scale=0.5)
    yield case("gated", q, k, v, past, decay, expected=made, update_rule="gated", scale=0.5, **common)
    beta = s.f32(2, 3, 1, low=0, high=1)
    made = _linear_attention(q, k, v, heads, None, None, beta)
    yield case("delta", q, k, v, None, None, beta, expected=made, update_rule="delta", **common)
    decay, beta = s.f32(2, 3, 4, low=-1, high=0), s.f32(2, 3, 2, low=0, high=1)
    made = _linear_attention(q, k, v, heads, past, decay, beta)
    yield case("gated_delta", q, k, v, past, decay, beta, expected=made, **common)


def _attention(q, k, v, bias, scale=None, cap=0.0):
    """Products, what the softmax is taken of, probabilities, and the result, of `[B, H, S, D]`."""
    q, k, v = (x.astype(np.float64) for x in (q, k, v))
    k, v = (np.repeat(x, q.shape[1] // x.shape[1], 1) for x in (k, v))
    raw = q @ k.transpose(0, 1, 3, 2) * (q.shape[3] ** -0.5 if scale is None else scale)
    capped = cap * np.tanh(raw / cap) if cap else raw
    biased = capped + bias
    powers = np.exp(biased - biased.max(-1, keepdims=True))
    weights = powers / powers.sum(-1, keepdims=True)
    return raw, biased, weights, weights @ v


def _hidden(seen):
    return np.where(seen, 0.0, -np.inf)


@cases("Attention", "Q K V attn_mask past_key past_value nonpad_kv_seqlen -> Y present_key present_value qk_matmul_output")
def attention(s):
    single = lambda *arrays: tuple(a.astype(np.float32) for a in arrays)
    q, k, v = s.f32(2, 4, 3, 8), s.f32(2, 2, 5, 8), s.f32(2, 2, 5, 6)
    raw, _, _, y = _attention(q, k, v, 0)
    yield case("groups", q, k, v, opset=23, expected=single(y, k, v, raw))
    place, key = np.arange(3)[:, None], np.arange(5)[None]
    raw, biased, _, y = _attention(q, k, v, _hidden(key <= place), 0.25, 1.5)
    made = single(y, k, v, biased)
    yield case("causal", q, k, v, opset=23, expected=made, is_causal=1, scale=0.25, softcap=1.5, qk_matmul_output_mode=2)
    mask = s.f32(3, 5)
    _, _, weights, y = _attention(q, k, v, mask)
    yield case("mask", q, k, v, mask, opset=23, expected=single(y, k, v, weights), qk_matmul_output_mode=3)
    seen = np.array([True, False, True, True])
    raw, _, _, y = _attention(q, k, v, _hidden(np.append(seen, False)))
    yield case("short_bool_mask", q, k, v, seen.reshape(1, 4), opset=24, expected=single(y, k, v, raw))
    pk, pv = s.f32(2, 2, 2, 8), s.f32(2, 2, 2, 6)
    ak, av = np.concatenate([pk, k], 2), np.concatenate([pv, v], 2)
    raw, _, _, y = _attention(q, ak, av, _hidden(np.arange(7)[None] <= place + 2))
    yield case("past", q, k, v, None, pk, pv, opset=23, expected=single(y, ak, av, raw), is_causal=1)
    lens = i64(4, 5)
    raw, _, _, y = _attention(q, k, v, _hidden(key[None, None] < lens.reshape(2, 1, 1, 1)))
    yield case("padded_keys", q, k, v, None, None, None, lens, opset=24, expected=single(y, k, v, raw))
    raw, _, _, y = _attention(q, k, v, _hidden((key >= place - 1) & (key <= place + 1)))
    made = single(y, k, v, raw)
    yield case("window", q, k, v, opset=25, expected=made, left_window_size=1, right_window_size=1)
    q, k, v = s.f32(2, 3, 8), s.f32(2, 4, 4), s.f32(2, 4, 6)
    raw, _, _, y = _attention(_heads(q, 4), _heads(k, 2), _heads(v, 2), 0)
    made = (_packed(y), *single(_heads(k, 2), _heads(v, 2), raw))
    yield case("packed_heads", q, k, v, opset=23, expected=made, q_num_heads=4, kv_num_heads=2)


def _turned(x, cos, sin, interleaved):
    """`[…, D]` turned by tables `[…, D / 2]`."""
    half = x.shape[-1] // 2
    a, b = (x[..., 0::2], x[..., 1::2]) if interleaved else (x[..., :half], x[..., half:])
    parts = [cos * a - sin * b, sin * a + cos * b]
    return np.stack(parts, -1).reshape(x.shape) if interleaved else np.concatenate(parts, -1)


@cases("RotaryEmbedding", "X cos_cache sin_cache position_ids -> Y")
def rotary_embedding(s):
    angles = s.f32(7, 4, low=-3, high=3)
    cos, sin = np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)
    x, ids = s.f32(2, 3, 5, 8), s.ints(2, 5, low=0, high=6)
    for name, interleaved in (("halves", 0), ("pairs", 1)):
        y = _turned(x, cos[ids][:, None], sin[ids][:, None], interleaved)
        yield case(name, x, cos, sin, ids, opset=23, expected=(y,), interleaved=interleaved)
    x = s.f32(2, 5, 24)
    y = _packed(_turned(_heads(x, 3), cos[ids][:, None], sin[ids][:, None], 0))
    yield case("packed_heads", x, cos, sin, ids, opset=23, expected=(y,), num_heads=3)
    x = s.f32(2, 3, 5, 10)
    y = np.concatenate([_turned(x[..., :8], cos[ids][:, None], sin[ids][:, None], 0), x[..., 8:]], -1)
    yield case("a_part", x, cos[ids], sin[ids], opset=23, expected=(y,), rotary_embedding_dim=8)
