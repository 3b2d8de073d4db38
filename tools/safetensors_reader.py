"""Read a safetensors file with numpy only: eight bytes of length, a JSON header, then the tensors' bytes."""

import json
import math
import struct

import numpy as np

_TYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1", "U8": "u1", "BOOL": "?"}


def read(path):
    """name -> array, in the order of the header."""
    with open(path, "rb") as file:
        data = memoryview(file.read())
    if len(data) < 8:
        raise ValueError(f"{path}: {len(data)} bytes: expected at least 8")
    (length,) = struct.unpack("<Q", data[:8])
    if length > len(data) - 8:
        raise ValueError(f"{path}: a header of {length} bytes: {len(data) - 8} remain")
    header, body = json.loads(bytes(data[8 : 8 + length])), data[8 + length :]
    return {name: _tensor(name, entry, body) for name, entry in header.items() if name != "__metadata__"}


def _tensor(name, entry, body):
    """One tensor as a view of the file's bytes."""
    dtype, shape, (start, end) = np.dtype(_TYPES[entry["dtype"]]), entry["shape"], entry["data_offsets"]
    if not 0 <= start <= end <= len(body) or end - start != math.prod(shape) * dtype.itemsize:
        raise ValueError(f"{name}: bytes {start} to {end} for {dtype} {shape}: the file has {len(body)}")
    return np.frombuffer(body[start:end], dtype).reshape(shape)
