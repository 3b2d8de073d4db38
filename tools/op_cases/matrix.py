"""MatMul and Gemm."""

import numpy as np

from op_cases.case import case, cases


@cases("MatMul", "A B -> Y")
def matmul(s):
    yield case("small", s.f32(3, 5), s.f32(5, 4))
    yield case("odd_7_33_19", s.f32(7, 33), s.f32(33, 19))
    yield case("one_row", s.f32(1, 40), s.f32(40, 17))
    yield case("one_column", s.f32(9, 21), s.f32(21, 1))
    yield case("vector_vector", s.f32(7), s.f32(7))
    yield case("vector_matrix", s.f32(5), s.f32(5, 3))
    yield case("matrix_vector", s.f32(4, 5), s.f32(5))
    yield case("batched", s.f32(2, 3, 4), s.f32(2, 4, 5))
    yield case("broadcast_batch", s.f32(2, 1, 3, 4), s.f32(3, 4, 2))
    yield case("vector_batched", s.f32(4), s.f32(2, 4, 3))
    yield case("empty_rows", s.f32(0, 4), s.f32(4, 3))


@cases("Gemm", "A B C -> Y")
def gemm(s):
    yield case("no_c", s.f32(3, 5), s.f32(5, 4))
    yield case("c_row", s.f32(3, 5), s.f32(5, 4), s.f32(4))
    yield case("c_column", s.f32(3, 5), s.f32(5, 4), s.f32(3, 1))
    yield case("c_scalar", s.f32(2, 3), s.f32(3, 4), s.f32())
    yield case("c_matrix_alpha_beta", s.f32(3, 5), s.f32(5, 4), s.f32(3, 4), alpha=0.5, beta=-2.0)
    yield case("trans_a", s.f32(5, 3), s.f32(5, 4), s.f32(4), transA=1)
    yield case("trans_b", s.f32(3, 5), s.f32(4, 5), s.f32(1, 4), transB=1)
    yield case("trans_both", s.f32(5, 3), s.f32(4, 5), s.f32(4), transA=1, transB=1, alpha=0.25)
    yield case("odd_5_37_11", s.f32(5, 37), s.f32(11, 37), s.f32(11), transB=1)
    yield case("one_row_beta_zero", s.f32(1, 7), s.f32(7, 3), s.f32(3), beta=0.0)
