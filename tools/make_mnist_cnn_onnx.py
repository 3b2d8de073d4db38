"""Write the MNIST CNN of the `ccexam` package (ccexam/weights/mnist.pth) as ONNX, opset 17, dynamic batch `N`.

[Conv 3x3 pad 1, (BatchNorm), ReLU, MaxPool 2x2] per `features` block, then Linear layers with ReLU between.
The input `input` [N, 1, 28, 28] is (pixel / 255 - 0.1307) / 0.3081, as in training; with `--pixels` the model
starts with that normalisation and takes pixel / 255. The output `logits` [N, 10] has no softmax.

example:
  python tools/make_mnist_cnn_onnx.py mnist.pth mnist_cnn.onnx
"""

import argparse

import numpy as np

import onnx_writer as ow
import pth_reader

MEAN, STD = np.float32(0.1307), np.float32(0.3081)


class Builder:
    """Writes the blocks; `at` is the value reached so far."""

    def __init__(self, state):
        self.state, self.at = state, "input"
        self.graph = ow.Graph("mnist_cnn", [("input", ow.F32, ["N", 1, 28, 28])], [("logits", ow.F32, ["N", 10])])

    def node(self, op, name, extra=(), **attrs):
        """One node from the value reached so far; `extra` are names of further inputs."""
        self.at = self.graph.node(op, [self.at, *extra], [name], **attrs)

    def params(self, layer, parts=("weight", "bias")):
        """Initializers `layer.part`."""
        return [self.graph.initializer(f"{layer}.{p}", self.state[f"{layer}.{p}"]) for p in parts]

    def normalize(self):
        """From pixel / 255 to what the network was trained on."""
        self.node("Sub", "centred", [self.graph.initializer("mean", MEAN)])
        self.node("Div", "normalized", [self.graph.initializer("std", STD)])

    def feature(self, layer, weight):
        """A convolution block, or a BatchNorm when the weight is a vector."""
        if weight.ndim == 1:
            extra = self.params(layer, ("weight", "bias", "running_mean", "running_var"))
            return self.node("BatchNormalization", f"{layer}.bn", extra, epsilon=1e-5)
        kernel = list(weight.shape[2:])
        pads = [k // 2 for k in kernel] * 2
        return self.node("Conv", f"{layer}.conv", self.params(layer), kernel_shape=kernel, strides=[1, 1], pads=pads)

    def close_block(self, layer):
        """What follows a convolution and its BatchNorm, if any."""
        self.node("Relu", f"{layer}.relu")
        self.node("MaxPool", f"{layer}.pool", kernel_shape=[2, 2], strides=[2, 2])

    def features(self, layers):
        """All blocks; a block ends before the next convolution."""
        for i, layer in enumerate(layers):
            self.feature(layer, self.state[f"{layer}.weight"])
            following = layers[i + 1] if i + 1 < len(layers) else None
            if following is None or self.state[f"{following}.weight"].ndim == 4:
                self.close_block(layer)

    def classifier(self, layers):
        """Flatten and the linear layers, the last of which gives the logits."""
        self.node("Flatten", "flat", axis=1)
        for layer in layers[:-1]:
            self.node("Gemm", f"{layer}.gemm", self.params(layer), transB=1)
            self.node("Relu", f"{layer}.relu")
        self.node("Gemm", "logits", self.params(layers[-1]), transB=1)


def layer_names(state, prefix):
    """Layers under `prefix.` that have a weight, in numeric order."""
    names = {k.removesuffix(".weight") for k in state if k.startswith(prefix + ".") and k.endswith(".weight")}
    return sorted(names, key=lambda n: int(n.rsplit(".", 1)[1]))


def to_onnx(state, pixels):
    """The bytes of the ONNX model."""
    builder = Builder(state)
    if pixels:
        builder.normalize()
    builder.features(layer_names(state, "features"))
    builder.classifier(layer_names(state, "classifier"))
    return builder.graph.model(opset=17)


def main():
    """Command line."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("weights", help="mnist.pth of the ccexam package")
    p.add_argument("out", help="ONNX file to write")
    p.add_argument("--pixels", action="store_true", help="put the normalisation into the model")
    args = p.parse_args()
    data = to_onnx(pth_reader.read(args.weights), args.pixels)
    with open(args.out, "wb") as f:
        f.write(data)
    print(f"wrote {args.out}: {len(data)} bytes")


if __name__ == "__main__":
    main()
