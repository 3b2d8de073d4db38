"""The cases of the operator vectors: one function per operator, which yields what to run.

`REGISTRY` maps an operator to its `OpCases`; importing this package fills it.
"""

from op_cases.case import REGISTRY, Case, OpCases
from op_cases import convolution, elementwise, functions, matrix, movement, normalization, pooling, recurrent, reduction
from op_cases import bits, chance, contrib, einsum, features, losses, quantized, selection, sequence, shape, spatial, spectrum

__all__ = ["REGISTRY", "Case", "OpCases"]
