"""LSTM, GRU and RNN: directions, states, lengths, peepholes, functions. Layout 1 is not in onnxruntime."""

import numpy as np

from op_cases.case import case, cases


def lengths(*values):
    """Sequence lengths."""
    return np.array(values, np.int32)


class _Layer:
    """Inputs of a layer with `gates` gates."""

    def __init__(self, s, gates, inputs=3, hidden=5, directions=1):
        self.s, self.gates, self.inputs, self.hidden, self.directions = s, gates, inputs, hidden, directions

    def weights(self):
        """W and R."""
        rows = self.gates * self.hidden
        return self.small(self.directions, rows, self.inputs), self.small(self.directions, rows, self.hidden)

    def bias(self):
        """B."""
        return self.small(self.directions, 2 * self.gates * self.hidden)

    def state(self, batch):
        """An initial state."""
        return self.small(self.directions, batch, self.hidden)

    def peepholes(self):
        """P."""
        return self.small(self.directions, 3 * self.hidden)

    def small(self, *shape):
        """Numbers that do not saturate the gates."""
        return self.s.f32(*shape, low=-0.9, high=0.9)


def _common(s, gates):
    """The cases of every layer."""
    one, both = _Layer(s, gates), _Layer(s, gates, directions=2)
    yield case("plain", s.f32(4, 2, 3), *one.weights(), opset=14, hidden_size=5)
    yield case("bias", s.f32(3, 1, 3), *one.weights(), one.bias(), opset=7, hidden_size=5)
    yield case("reverse", s.f32(4, 2, 3), *one.weights(), one.bias(), opset=14, hidden_size=5, direction="reverse")
    yield case("both", s.f32(3, 2, 3), *both.weights(), both.bias(), opset=14, hidden_size=5, direction="bidirectional")
    x = s.f32(4, 3, 3)
    yield case("lengths", x, *one.weights(), one.bias(), lengths(2, 4, 1), one.state(3), opset=14, hidden_size=5)
    x = s.f32(4, 3, 3)
    yield case(
        "lengths_both", x, *both.weights(), both.bias(), lengths(4, 1, 3), both.state(3), opset=14, hidden_size=5, direction="bidirectional"
    )
    yield case("clip", s.f32(3, 2, 3), *one.weights(), one.bias(), opset=14, hidden_size=5, clip=0.3)
    wide = _Layer(s, gates, 17, 19)
    yield case("wide", s.f32(2, 2, 17), *wide.weights(), wide.bias(), opset=14, hidden_size=19)


@cases("LSTM", "X W R B sequence_lens initial_h initial_c P -> Y Y_h Y_c")
def lstm(s):
    yield from _common(s, 4)
    one, both = _Layer(s, 4), _Layer(s, 4, directions=2)
    states = lambda layer, n: (layer.state(n), layer.state(n))
    yield case("states", s.f32(3, 2, 3), *one.weights(), None, None, *states(one, 2), opset=14, hidden_size=5)
    x = s.f32(3, 2, 3)
    yield case("peepholes", x, *one.weights(), one.bias(), None, *states(one, 2), one.peepholes(), opset=14, hidden_size=5)
    x = s.f32(3, 2, 3)
    functions = ["HardSigmoid", "Softsign", "ScaledTanh", "Sigmoid", "LeakyRelu", "Elu"]
    yield case(
        "functions", x, *both.weights(), both.bias(), opset=14, hidden_size=5, direction="bidirectional", activations=functions,
        activation_alpha=[0.3, 0.7, 0.05, 0.9], activation_beta=[0.4, 1.2],
    )  # fmt: skip
    yield case("input_forget", s.f32(3, 2, 3), *one.weights(), one.bias(), opset=14, hidden_size=5, input_forget=1)


@cases("GRU", "X W R B sequence_lens initial_h -> Y Y_h")
def gru(s):
    yield from _common(s, 3)
    one, both = _Layer(s, 3), _Layer(s, 3, directions=2)
    yield case("linear_before_reset", s.f32(3, 2, 3), *one.weights(), one.bias(), opset=14, hidden_size=5, linear_before_reset=1)
    yield case("state", s.f32(3, 2, 3), *one.weights(), None, None, one.state(2), opset=14, hidden_size=5)
    x = s.f32(3, 2, 3)
    functions = ["Sigmoid", "Relu", "HardSigmoid", "Tanh"]
    yield case(
        "functions", x, *both.weights(), both.bias(), opset=14, hidden_size=5, direction="bidirectional", activations=functions
    )


@cases("RNN", "X W R B sequence_lens initial_h -> Y Y_h")
def rnn(s):
    yield from _common(s, 1)
    one = _Layer(s, 1)
    x = s.f32(3, 2, 3)
    yield case("affine", x, *one.weights(), opset=14, hidden_size=5, activations=["Affine"], activation_alpha=[0.7], activation_beta=[0.1])
    yield case("softplus", s.f32(3, 2, 3), *one.weights(), one.bias(), opset=14, hidden_size=5, activations=["Softplus"])
