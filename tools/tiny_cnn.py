"""TinyCNN in numpy: the forward pass and the gradient, fast on one core.

Conv 1->8 3x3, ReLU, MaxPool 2x2, Flatten, Linear 1352->10, Softmax on 28x28 images.

A 2x2 pooling window covers a 4x4 patch of the image. The 16 pixels of all patches are gathered once
(`patches`), and one product with a [4*8, 16] matrix gives the four convolution outputs under each window:
an im2col whose rows are shared by the four positions. ReLU and max commute, so ReLU is applied after it.
"""

import numpy as np

import text_weights as tw

CHANNELS, POOLED, CLASSES = 8, 13, 10
FEATURES = CHANNELS * POOLED * POOLED
NAMES = ("conv1.weight", "conv1.bias", "linear1.weight", "linear1.bias")


def _tap_index():
    """For position q = 2*dy+dx and tap (ky, kx): the patch pixel (dy+ky)*4 + (dx+kx), as [4, 9]."""
    q, tap = np.arange(4)[:, None], np.arange(9)[None, :]
    return (q // 2 + tap // 3) * 4 + q % 2 + tap % 3


TAPS = _tap_index()


def layers():
    """The layer list of the text format."""
    return [
        tw.Layer("conv", dict(ci=1, co=CHANNELS, kh=3, kw=3, stride=1, pad=0), True),
        tw.Layer("maxpool", dict(k=2, stride=2)),
        tw.Layer("flatten"),
        tw.Layer("linear", dict(i=FEATURES, o=CLASSES)),
        tw.Layer("softmax"),
    ]


def init(rng):
    """He-normal weights and zero biases, by tensor name."""
    normal = lambda fan_in, *shape: (rng.standard_normal(shape) * np.sqrt(2 / fan_in)).astype(np.float32)
    return {
        "conv1.weight": normal(9, CHANNELS, 1, 3, 3),
        "conv1.bias": np.zeros(CHANNELS, np.float32),
        "linear1.weight": normal(2 * FEATURES, CLASSES, FEATURES),
        "linear1.bias": np.zeros(CLASSES, np.float32),
    }


def patches(images):
    """Images [B, 28, 28] as [16, B*169]: row oy*4+ox holds that pixel of every pooling window's patch."""
    out = np.empty((16, len(images), POOLED, POOLED), np.float32)
    for i in range(16):
        oy, ox = divmod(i, 4)
        out[i] = images[:, oy : oy + 26 : 2, ox : ox + 26 : 2]
    return out.reshape(16, -1)


def spread(weight):
    """Filters [8, 1, 3, 3] as the [4*8, 16] matrix over patches."""
    wide = np.zeros((4, CHANNELS, 16), np.float32)
    for q in range(4):
        wide[q][:, TAPS[q]] = weight.reshape(CHANNELS, 9)
    return wide.reshape(4 * CHANNELS, 16)


def features(params, images):
    """Pooled activations [B, 1352] with what the gradient needs (patches, outputs [4, 8, B*169], maxima)."""
    cols = patches(images)
    conv = (spread(params["conv1.weight"]) @ cols).reshape(4, CHANNELS, -1)
    top = conv.max(axis=0)
    act = np.maximum(top + params["conv1.bias"][:, None], 0)
    flat = act.reshape(CHANNELS, len(images), -1).transpose(1, 0, 2).reshape(len(images), FEATURES)
    return flat, (cols, conv, top, act)


def logits(params, images):
    """Scores before softmax, f32 [B, 10], for images f32 [B, 28, 28] in 0..1."""
    return features(params, images)[0] @ params["linear1.weight"].T + params["linear1.bias"]


def softmax(scores):
    """Softmax over the last axis."""
    e = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def loss_and_grad(params, images, targets):
    """Mean cross entropy against target distributions [B, 10], and the gradient by tensor name."""
    flat, saved = features(params, images)
    prob = softmax(flat @ params["linear1.weight"].T + params["linear1.bias"])
    loss = -(targets * np.log(prob + 1e-12)).sum(axis=1).mean()
    d_scores = (prob - targets) / np.float32(len(images))
    d_conv, d_bias = _conv_grad(d_scores @ params["linear1.weight"], saved)
    grad = dict(zip(NAMES, (d_conv, d_bias, d_scores.T @ flat, d_scores.sum(axis=0))))
    return loss, grad


def _conv_grad(d_flat, saved):
    """Gradient of the filters and their bias from that of the pooled activations [B, 1352]."""
    cols, conv, top, act = saved
    d_act = d_flat.reshape(len(d_flat), CHANNELS, -1).transpose(1, 0, 2).reshape(CHANNELS, -1)
    d_act = d_act * (act > 0)
    d_wide = ((conv == top) * d_act).reshape(4 * CHANNELS, -1) @ cols.T
    d_wide = d_wide.reshape(4, CHANNELS, 16)
    d_weight = sum(d_wide[q][:, TAPS[q]] for q in range(4))
    return d_weight.reshape(CHANNELS, 1, 3, 3), d_act.sum(axis=1)


def accuracy(params, images, labels, batch=1000):
    """Share of images [N, 28, 28] in 0..1 whose highest score is the label."""
    hits = sum(
        (logits(params, images[i : i + batch]).argmax(axis=1) == labels[i : i + batch]).sum()
        for i in range(0, len(images), batch)
    )
    return hits / len(images)
