"""Read a PyTorch state dict (.pth) with numpy only, without running anything it names.

Both forms are read: the zip archive, and the older stream (three pickles of preamble, the state, the storages' keys,
then the storages). The pickle inside may name four things: `OrderedDict`, two tensor rebuilders and the storage types;
each becomes an inert stand-in. Storage bytes are read only for tensors that are used, with sizes checked against the
bytes there are.
"""

import collections
import io
import math
import pickle
import struct
import zipfile

import numpy as np

_STORAGES = {
    "FloatStorage": "<f4", "DoubleStorage": "<f8", "HalfStorage": "<f2", "LongStorage": "<i8", "IntStorage": "<i4",
    "ShortStorage": "<i2", "CharStorage": "i1", "ByteStorage": "u1", "BoolStorage": "?",
}  # fmt: skip


class _StorageType:
    """Stands for a storage class such as torch.FloatStorage."""

    def __init__(self, dtype):
        self.dtype = np.dtype(dtype)


class _Unpickler(pickle.Unpickler):
    """Knows the names above, and finds storages in the archive through `load_storage`."""

    def __init__(self, file, load_storage, rebuild=None):
        super().__init__(file)
        self.load_storage, self.rebuild = load_storage, rebuild or _rebuild_tensor

    def find_class(self, module, name):
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return self.rebuild
        if (module, name) == ("torch._utils", "_rebuild_parameter"):
            return lambda tensor, *_: tensor
        if module == "torch" and name in _STORAGES:
            return _StorageType(_STORAGES[name])
        raise pickle.UnpicklingError(f"refused {module}.{name}")

    def persistent_load(self, pid):
        if not (isinstance(pid, tuple) and len(pid) >= 3 and pid[0] == "storage"):
            raise pickle.UnpicklingError(f"persistent id {pid!r}: expected a storage")
        return self.load_storage(pid[1], str(pid[2]))


def _rebuild_tensor(storage, offset, size, stride, *_):
    """A tensor as a copy of a strided window of its storage; refuses windows that leave it."""
    if len(size) != len(stride) or min((offset, *size, *stride)) < 0:
        raise pickle.UnpicklingError(f"tensor of size {size}, stride {stride}, offset {offset}")
    last = offset + sum((n - 1) * s for n, s in zip(size, stride))
    if math.prod(size) > len(storage) or math.prod(size) and last >= len(storage):
        raise pickle.UnpicklingError(f"tensor of size {size} ends at element {last}: its storage has {len(storage)}")
    bytes_apart = [s * storage.itemsize for s in stride]
    return np.lib.stride_tricks.as_strided(storage[offset:], size, bytes_apart).copy()


def read(path):
    """The state dict: name -> array, in file order."""
    state = _read_archive(path) if zipfile.is_zipfile(path) else _read_stream(path)
    return {k: v for k, v in state.items() if isinstance(v, np.ndarray)}


def _read_archive(path):
    """The state of the zip form."""
    with zipfile.ZipFile(path) as archive:
        pickles = [n for n in archive.namelist() if n.endswith("/data.pkl")]
        if len(pickles) != 1:
            raise ValueError(f"{path}: {len(pickles)} entries named data.pkl: expected one")
        base = pickles[0].removesuffix("data.pkl")
        storage = lambda kind, key: np.frombuffer(archive.read(f"{base}data/{key}"), kind.dtype)
        return _Unpickler(io.BytesIO(archive.read(pickles[0])), storage).load()


def _read_stream(path):
    """The state of the older form. Storages come after the pickle that names them, so it is read twice: first for its
    end and the storages' types, with stand-ins for tensors, then with the storages there."""
    with open(path, "rb") as file:
        for _ in range(3):  # magic number, version, sizes of integers
            _Unpickler(file, _no_storage).load()
        start, types = file.tell(), {}
        _Unpickler(file, lambda kind, key: types.setdefault(key, kind), lambda *_: None).load()
        keys = _Unpickler(file, _no_storage).load()
        storages = {key: _read_storage(file, types[key].dtype) for key in map(str, keys)}
        file.seek(start)
        return _Unpickler(file, lambda _, key: storages[key]).load()


def _no_storage(*_):
    """For pickles that hold no tensors."""
    raise pickle.UnpicklingError("a storage outside the state")


def _read_storage(file, dtype):
    """One storage: its number of elements, and their bytes."""
    (count,) = struct.unpack("<q", file.read(8))
    data = file.read(count * dtype.itemsize) if count >= 0 else b""
    if len(data) != count * dtype.itemsize:
        raise pickle.UnpicklingError(f"a storage of {count} elements: {len(data)} bytes remain")
    return np.frombuffer(data, dtype)


def main():
    """Command line."""
    import argparse

    p = argparse.ArgumentParser(description="List a .pth file's tensors.", epilog="example: python tools/pth_reader.py mnist.pth")
    p.add_argument("path")
    for name, array in read(p.parse_args().path).items():
        print(f"{name} {array.dtype} {'x'.join(map(str, array.shape))}")


if __name__ == "__main__":
    main()
