"""Convolutional networks as ONNX, as PyTorch exports them for inference: batch normalisation is folded into weights.

Folding is computed in f64 and rounded once.
"""

import numpy as np

import onnx_writer as ow

OPSET = 17


class CnnWriter:
    """Writes one layer after another; `at` is the value reached so far."""

    def __init__(self, name, state, epsilon, size=224, classes=1000):
        self.state, self.epsilon, self.at, self.count = state, epsilon, "input", 0
        inputs, outputs = [("input", ow.F32, ["N", 3, size, size])], [("logits", ow.F32, ["N", classes])]
        self.graph = ow.Graph(name, inputs, outputs)
        self.limits = [self.graph.initializer(n, np.float32(v)) for n, v in (("zero", 0), ("six", 6))]

    def node(self, op, extra=(), output=None, **attrs):
        """One node from the value reached so far; `extra` are names of further inputs."""
        self.count += 1
        self.at = self.graph.node(op, [self.at, *extra], [output or f"{op.lower()}_{self.count}"], **attrs)
        return self.at

    def folded(self, conv, bn):
        """Weights and bias of a convolution and the batch normalisation after it."""
        part = {k: self.state[f"{bn}.{k}"].astype(np.float64) for k in ("weight", "bias", "running_mean", "running_var")}
        gain = part["weight"] / np.sqrt(part["running_var"] + self.epsilon)
        weight = self.state[f"{conv}.weight"] * gain[:, None, None, None]
        return weight.astype(np.float32), (part["bias"] - part["running_mean"] * gain).astype(np.float32)

    def conv(self, conv, bn, stride, pads, group=1):
        """A convolution with its batch normalisation; `pads` are top, left, bottom, right."""
        weight, bias = self.folded(conv, bn)
        names = [self.graph.initializer(f"{conv}.weight", weight), self.graph.initializer(f"{conv}.bias", bias)]
        kernel = list(weight.shape[2:])
        return self.node("Conv", names, kernel_shape=kernel, strides=[stride] * 2, pads=pads, group=group, dilations=[1, 1])

    def relu6(self):
        """Clip to 0 … 6."""
        return self.node("Clip", self.limits)

    def add(self, value):
        """The residual: what was reached, and an earlier value."""
        return self.node("Add", [value])

    def head(self, layer):
        """Mean over the map, and the linear layer that gives the logits."""
        self.node("GlobalAveragePool")
        self.node("Flatten", axis=1)
        names = [self.graph.initializer(f"{layer}.{p}", self.state[f"{layer}.{p}"]) for p in ("weight", "bias")]
        self.node("Gemm", names, output="logits", transB=1)

    def model(self):
        """The bytes of the file."""
        return self.graph.model(opset=OPSET)
