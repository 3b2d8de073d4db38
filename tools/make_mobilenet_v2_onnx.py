"""Write torchvision's MobileNetV2 (ImageNet, mobilenet_v2-b0353104.pth) as ONNX, opset 17, dynamic batch `N`.

The input `input` [N, 3, 224, 224] is RGB, (pixel / 255 - mean) / std with ImageNet's mean and standard deviation. The
output `logits` [N, 1000] has no softmax. The network is that of Sandler et al., 2018 (arXiv 1801.04381), table 2.

example:
  python tools/make_mobilenet_v2_onnx.py mobilenet_v2-b0353104.pth mobilenet_v2.onnx
"""

import argparse
from pathlib import Path

import pth_reader
from cnn_writer import CnnWriter

# Expansion, output channels, repetitions, stride of the first.
BLOCKS = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]
SAME, NONE = [1] * 4, [0] * 4


def block(net, prefix, expansion, channels, out, stride):
    """Inverted residual: expand, depthwise, project, and the residual where the shapes agree."""
    start, depthwise = net.at, 0
    if expansion != 1:
        net.conv(f"{prefix}.0.0", f"{prefix}.0.1", 1, NONE)
        net.relu6()
        depthwise = 1
    net.conv(f"{prefix}.{depthwise}.0", f"{prefix}.{depthwise}.1", stride, SAME, group=channels * expansion)
    net.relu6()
    net.conv(f"{prefix}.{depthwise + 1}", f"{prefix}.{depthwise + 2}", 1, NONE)
    if stride == 1 and channels == out:
        net.add(start)


def to_onnx(state):
    """The bytes of the ONNX model."""
    net = CnnWriter("mobilenet_v2", state, epsilon=1e-5)
    net.conv("features.0.0", "features.0.1", 2, SAME)
    net.relu6()
    channels, index = 32, 1
    for expansion, out, count, stride in BLOCKS:
        for i in range(count):
            block(net, f"features.{index}.conv", expansion, channels, out, stride if i == 0 else 1)
            channels, index = out, index + 1
    net.conv("features.18.0", "features.18.1", 1, NONE)
    net.relu6()
    net.head("classifier.1")
    return net.model()


def main():
    """Command line."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("weights", help="mobilenet_v2-b0353104.pth")
    p.add_argument("out", type=Path, help="ONNX file to write")
    args = p.parse_args()
    print(f"wrote {args.out}: {args.out.write_bytes(to_onnx(pth_reader.read(args.weights)))} bytes")


if __name__ == "__main__":
    main()
