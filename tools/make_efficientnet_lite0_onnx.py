"""Write EfficientNet-Lite0 (ImageNet, efficientnet-lite0-57934424.pth) as ONNX, opset 17, dynamic batch `N`.

The input `input` [N, 3, 224, 224] is RGB, (pixel - 127) / 128. The output `logits` [N, 1000] has no softmax. Padding is
TensorFlow's SAME: where it is odd, the larger part is below and at the right. The network is EfficientNet-B0 (Tan and Le,
2019, arXiv 1905.11946, table 1) without squeeze-and-excitation, with ReLU6, and with a stem and a head of fixed width.

example:
  python tools/make_efficientnet_lite0_onnx.py efficientnet-lite0-57934424.pth efficientnet_lite0.onnx
"""

import argparse
from pathlib import Path

import pth_reader
from cnn_writer import CnnWriter

# Repetitions, kernel, stride of the first, expansion, output channels.
BLOCKS = [
    (1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
]  # fmt: skip
SIZE = 224


class Lite0(CnnWriter):
    """Keeps the map's size, which SAME padding depends on."""

    size = SIZE

    def same(self, conv, bn, kernel, stride, group=1):
        """A convolution with SAME padding."""
        out = -(-self.size // stride)
        total = max((out - 1) * stride + kernel - self.size, 0)
        low, high = total // 2, total - total // 2
        self.size = out
        return self.conv(conv, bn, stride, [low, low, high, high], group)


def block(net, prefix, kernel, stride, expansion, channels, out):
    """Inverted residual: expand, depthwise, project, and the residual where the shapes agree."""
    start = net.at
    if expansion != 1:
        net.same(f"{prefix}._expand_conv", f"{prefix}._bn0", 1, 1)
        net.relu6()
    net.same(f"{prefix}._depthwise_conv", f"{prefix}._bn1", kernel, stride, group=channels * expansion)
    net.relu6()
    net.same(f"{prefix}._project_conv", f"{prefix}._bn2", 1, 1)
    if stride == 1 and channels == out:
        net.add(start)


def to_onnx(state):
    """The bytes of the ONNX model."""
    net = Lite0("efficientnet_lite0", state, epsilon=1e-3, size=SIZE)
    net.same("_conv_stem", "_bn0", 3, 2)
    net.relu6()
    channels, index = 32, 0
    for count, kernel, stride, expansion, out in BLOCKS:
        for i in range(count):
            block(net, f"_blocks.{index}", kernel, stride if i == 0 else 1, expansion, channels, out)
            channels, index = out, index + 1
    net.same("_conv_head", "_bn1", 1, 1)
    net.relu6()
    net.head("_fc")
    return net.model()


def main():
    """Command line."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("weights", help="efficientnet-lite0-57934424.pth")
    p.add_argument("out", type=Path, help="ONNX file to write")
    args = p.parse_args()
    print(f"wrote {args.out}: {args.out.write_bytes(to_onnx(pth_reader.read(args.weights)))} bytes")


if __name__ == "__main__":
    main()
