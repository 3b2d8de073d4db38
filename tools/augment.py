"""Small random distortions of digit images: shift, rotation, scale, shear and a smooth elastic field."""

import numpy as np

SIZE = 28
_GRID = np.arange(SIZE, dtype=np.float32) - (SIZE - 1) / 2
_COARSE = 6


def _bilinear_rows(count):
    """Matrix [28, count] that interpolates `count` knots linearly to 28 points."""
    at = np.linspace(0, count - 1, SIZE)
    low = np.minimum(at.astype(int), count - 2)
    rows = np.zeros((SIZE, count), np.float32)
    rows[np.arange(SIZE), low] = 1 - (at - low)
    rows[np.arange(SIZE), low + 1] = at - low
    return rows


_UP = _bilinear_rows(_COARSE)


def _affine(rng, count, strength):
    """Random 2x2 matrices [count, 2, 2] and shifts [count, 2] in pixels."""
    angle = rng.uniform(-1, 1, count) * np.deg2rad(12) * strength
    scale = 1 + rng.uniform(-1, 1, (2, count)) * 0.1 * strength
    shear = rng.uniform(-1, 1, count) * 0.15 * strength
    c, s = np.cos(angle), np.sin(angle)
    matrix = np.array([[c * scale[0], -s + shear], [s, c * scale[1]]]).transpose(2, 0, 1)
    return matrix.astype(np.float32), (rng.uniform(-1, 1, (count, 2)) * 1.5 * strength).astype(np.float32)


def _elastic(rng, count, strength):
    """Smooth displacement [2, count, 28, 28] in pixels, from Gaussian knots on a 6x6 grid."""
    knots = rng.standard_normal((2, count, _COARSE, _COARSE)).astype(np.float32) * np.float32(0.7 * strength)
    return _UP @ knots @ _UP.T


def distort(images, rng, strength):
    """Warp images f32 [B, 28, 28]; `strength` 0 leaves them as they are, and 1 is a mild range."""
    if strength <= 0:
        return images
    matrix, shift = _affine(rng, len(images), strength)
    field = _elastic(rng, len(images), strength)
    y = matrix[:, 0, 0, None, None] * _GRID[:, None] + matrix[:, 0, 1, None, None] * _GRID + shift[:, 0, None, None]
    x = matrix[:, 1, 0, None, None] * _GRID[:, None] + matrix[:, 1, 1, None, None] * _GRID + shift[:, 1, None, None]
    middle = np.float32((SIZE - 1) / 2)
    return _sample(images, y + field[0] + middle, x + field[1] + middle)


def _sample(images, y, x):
    """Bilinear samples of images at (y, x); outside is the border, which is blank in a digit."""
    y, x = np.clip(y, 0, SIZE - 1.001), np.clip(x, 0, SIZE - 1.001)
    iy, ix = y.astype(np.int32), x.astype(np.int32)
    fy, fx = y - iy, x - ix
    base = (np.arange(len(images), dtype=np.int32) * SIZE * SIZE)[:, None, None] + iy * SIZE + ix
    flat = images.reshape(-1)
    top = flat[base] * (1 - fx) + flat[base + 1] * fx
    low = flat[base + SIZE] * (1 - fx) + flat[base + SIZE + 1] * fx
    return top * (1 - fy) + low * fy
