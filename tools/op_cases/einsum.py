"""Einsum: every form of the notation."""

import numpy as np

from op_cases.case import case, cases


@cases("Einsum", "Inputs* -> Output")
def einsum(s):
    yield case("product", s.f32(3, 4), s.f32(4, 5), equation="ij,jk->ik")
    yield case("implicit", s.f32(3, 4), s.f32(4, 5), equation="ij,jk")
    yield case("implicit_order", s.f32(2, 3), equation="ba")
    yield case("batch", s.f32(2, 3, 4), s.f32(2, 4, 5), equation="bij, bjk -> bik")
    yield case("attention_scores", s.f32(2, 3, 4, 5), s.f32(2, 6, 4, 5), equation="bqhd,bkhd->bhqk")
    yield case("transposed", s.f32(2, 3, 4), equation="abc->cab")
    yield case("sum", s.f32(2, 3, 4), equation="abc->b")
    yield case("sum_of_all", s.f32(2, 3), equation="ab->")
    yield case("trace", s.f32(4, 4), equation="ii->")
    yield case("diagonal", s.f32(3, 3), equation="ii->i")
    yield case("batch_diagonal", s.f32(2, 3, 3), equation="...ii->...i")
    yield case("ellipsis", s.f32(2, 3, 4), s.f32(4, 5), equation="...ij,jk->...ik")
    a, b, equation = s.f32(2, 1, 3, 4), s.f32(5, 4, 2), "...ij,...jk->...ik"
    # Ellipses of other ranks: NumPy takes them, onnxruntime does not.
    yield case("ellipsis_broadcast", a, b, expected=(np.einsum(equation, a, b),), equation=equation)
    yield case("ellipsis_implicit", s.f32(2, 3, 4), s.f32(2, 3, 4), equation="...i,...i")
    yield case("dot", s.f32(5), s.f32(5), equation="i,i")
    yield case("outer", s.f32(3), s.f32(4), equation="i,j->ij")
    yield case("three", s.f32(2, 3), s.f32(3, 4), s.f32(4, 5), equation="ab,bc,cd->ad")
    yield case("three_shared", s.f32(2, 3), s.f32(2, 4), s.f32(2), equation="ba,bc,b->ac")
    yield case("one_repeated", s.f32(3, 1), s.f32(4, 5), equation="ij,jk->ik")
    yield case("upper_case", s.f32(2, 3), s.f32(3, 2), equation="aB,Ba->B")
    yield case("scalar_factor", s.f32(), s.f32(3), equation=",i->i")
    yield case("i64", s.ints(2, 3), s.ints(3, 2), equation="ij,jk->ik")
