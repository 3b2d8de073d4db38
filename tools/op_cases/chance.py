"""Random numbers: only what does not depend on the generator can be compared."""

import numpy as np

from op_cases.case import case, cases, f32


def _all(value, *shape, dtype=np.float32):
    return (np.full(shape, value, dtype),)


@cases("RandomNormal", "-> output")
def random_normal(s):
    yield case("no_spread", expected=_all(1.5, 2, 3), shape=[2, 3], mean=1.5, scale=0.0, seed=1.0)
    yield case("f64", expected=_all(-2, 4, dtype=np.float64), shape=[4], mean=-2.0, scale=0.0, dtype=11)


@cases("RandomUniform", "-> output")
def random_uniform(s):
    yield case("no_spread", expected=_all(0.25, 2, 3), shape=[2, 3], low=0.25, high=0.25)
    yield case("f64", expected=_all(2, 3, dtype=np.float64), shape=[3], low=2.0, high=2.0, dtype=11, seed=3.0)


@cases("RandomNormalLike", "input -> output")
def random_normal_like(s):
    yield case("no_spread", s.f32(2, 3), expected=_all(1.5, 2, 3), mean=1.5, scale=0.0)
    yield case("of_integers", s.ints(4, dtype=np.int32), expected=_all(1.5, 4), mean=1.5, scale=0.0, dtype=1)


@cases("RandomUniformLike", "input -> output")
def random_uniform_like(s):
    yield case("no_spread", s.f32(2, 3), expected=_all(0.5, 2, 3), low=0.5, high=0.5)
    yield case("of_integers", s.ints(4, dtype=np.int32), expected=_all(0.5, 4), low=0.5, high=0.5, dtype=1)


@cases("Bernoulli", "input -> output")
def bernoulli(s):
    p = f32(0, 1, 1, 0)
    yield case("certain", p, opset=15, expected=(p,))
    yield case("certain_bool", p, opset=15, expected=(p > 0,), dtype=9, seed=2.0)


@cases("Multinomial", "input -> output")
def multinomial(s):
    yield case("certain", f32(-200, 0, -200, 0, -200, -200).reshape(2, 3), sample_size=4, seed=1.0)
    yield case("certain_i64", f32(-200, 0).reshape(1, 2), sample_size=2, dtype=7)
