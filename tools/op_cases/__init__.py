"""The cases of the operator vectors: one function per operator, which yields what to run.

`REGISTRY` maps an operator to its `OpCases`; importing this package fills it.
"""

from op_cases.case import REGISTRY, Case, OpCases
from op_cases import convolution, elementwise, matrix, movement, normalization, pooling, recurrent, reduction, shape

__all__ = ["REGISTRY", "Case", "OpCases"]
