"""Write v0.1 text weights as an ONNX model (opset 17, dynamic batch `N`).

example:
  python tools/make_tiny_cnn_onnx.py models/tiny_cnn_weights.txt models/tiny_cnn.onnx
"""

import argparse

import onnx_writer as ow
import text_weights as tw


class Builder:
    """Adds the text format's layers to a graph one by one; `at` is the value reached so far."""

    def __init__(self, model):
        self.model, self.at, self.count = model, model.input_name, {}
        inputs = [(model.input_name, ow.F32, ["N", *model.input_shape])]
        self.graph = ow.Graph(model.name, inputs, [(model.output_name, ow.F32, ["N", *self.output_shape()])])

    def output_shape(self):
        """Shape of the last value without its batch; only networks that end in a linear part are written."""
        linear = [x for x in self.model.layers if x.kind == "linear"]
        if not linear:
            raise SystemExit("no linear layer: expected one")
        return [linear[-1].sizes["o"]]

    def weights(self, kind):
        """Names of the next weight and bias of this kind, added as initializers."""
        self.count[kind] = self.count.get(kind, 0) + 1
        names = [f"{kind}{self.count[kind]}.{part}" for part in ("weight", "bias")]
        return [self.graph.initializer(n, self.model.tensors[n]) for n in names]

    def node(self, op, name, extra=(), **attrs):
        """One node from the value reached so far to a new value `name`."""
        self.at = self.graph.node(op, [self.at, *extra], [name], **attrs)

    def layer(self, number, layer, last):
        """The nodes of one layer."""
        name = self.model.output_name if last else f"{layer.kind}_{number}"
        first = f"{layer.kind}_{number}" if layer.relu else name
        getattr(self, layer.kind)(first, layer.sizes)
        if layer.relu:
            self.node("Relu", self.model.output_name if last else f"relu_{number}")

    def conv(self, name, s):
        attrs = dict(kernel_shape=[s["kh"], s["kw"]], strides=[s["stride"]] * 2, pads=[s["pad"]] * 4)
        self.node("Conv", name, self.weights("conv"), **attrs)

    def linear(self, name, _):
        self.node("Gemm", name, self.weights("linear"), transB=1)

    def maxpool(self, name, s):
        self.node("MaxPool", name, kernel_shape=[s["k"]] * 2, strides=[s["stride"]] * 2)

    def relu(self, name, _):
        self.node("Relu", name)

    def flatten(self, name, _):
        self.node("Flatten", name, axis=1)

    def softmax(self, name, _):
        self.node("Softmax", name, axis=1)


def to_onnx(model):
    """The bytes of an ONNX model that computes what the text model does."""
    builder = Builder(model)
    for number, layer in enumerate(model.layers, 1):
        builder.layer(number, layer, number == len(model.layers))
    return builder.graph.model(opset=17)


def main():
    """Command line."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("weights", help="text weights")
    p.add_argument("out", help="ONNX file to write")
    args = p.parse_args()
    data = to_onnx(tw.read(args.weights))
    with open(args.out, "wb") as f:
        f.write(data)
    print(f"wrote {args.out}: {len(data)} bytes")


if __name__ == "__main__":
    main()
