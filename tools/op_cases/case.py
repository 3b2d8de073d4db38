"""What one vector is made from, and the registry of operators."""

import zlib
from dataclasses import dataclass
from typing import Callable

import numpy as np

REGISTRY = {}


@dataclass
class Case:
    """One run of an operator: `inputs` in order (None: left out), `attrs` as ONNX has them, the outputs where onnxruntime has no
    kernel for it or departs from the standard ("reference": those of the `onnx` package), and how many are asked for (None: all)."""

    name: str
    inputs: tuple
    attrs: dict
    opset: int
    expected: tuple | str | None = None
    outputs: int | None = None


@dataclass
class OpCases:
    """An operator, the names of its inputs and outputs in the ONNX specification, and its cases."""

    op: str
    inputs: list
    outputs: list
    make: Callable

    def cases(self):
        """The cases in order; their numbers depend only on the operator's name and on this order."""
        return list(self.make(Source(zlib.crc32(self.op.encode()))))

    def input_name(self, position):
        """Name of an input; a variadic one (`inputs*`) is numbered."""
        last = self.inputs[-1]
        return f"{last[:-1]}{position}" if last.endswith("*") else self.inputs[position]


def cases(op, signature):
    """Register a generator of cases under an operator; `signature` is like `A B C -> Y`."""

    def register(make):
        names, outputs = signature.split("->")
        REGISTRY[op] = OpCases(op, names.split(), outputs.split(), make)
        return make

    return register


def case(name, *inputs, opset=13, expected=None, outputs=None, **attrs):
    """A case; other keyword arguments are the operator's attributes."""
    return Case(name, tuple(None if x is None else np.asarray(x) for x in inputs), attrs, opset, expected, outputs)


class Source:
    """Seeded numbers with two decimals, so that the vectors stay short."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)

    def f32(self, *shape, low=-2.0, high=2.0):
        """f32 from `low` to `high`."""
        return np.asarray(np.round(self.rng.uniform(low, high, shape), 2), np.float32)

    def ints(self, *shape, low=-9, high=9, dtype=np.int64):
        """Integers from `low` to `high`, both included."""
        return self.rng.integers(low, high + 1, shape).astype(dtype)

    def nonzero(self, *shape, dtype=np.int64):
        """Integers 1 to 5 of either sign."""
        return (self.rng.integers(1, 6, shape) * self.rng.choice([-1, 1], shape)).astype(dtype)


def f32(*values):
    """A vector of f32."""
    return np.array(values, np.float32)


def i64(*values):
    """A vector of i64."""
    return np.array(values, np.int64)


NAN, INF = float("nan"), float("inf")
