"""Read and write the v0.1 labelled images (`docs/formats/v01-text-images.md`)."""

import re

import numpy as np

_HEADER = re.compile(r"fastserve-images 0\.1 (\d{1,4})x(\d{1,4}) (\d{1,7})$")


def write(path, pixels, labels):
    """Write pixels u8 [N, H, W] and their labels."""
    count, height, width = pixels.shape
    with open(path, "w", encoding="ascii", newline="\n") as f:
        f.write(f"fastserve-images 0.1 {height}x{width} {count}\n")
        for image, label in zip(pixels, labels):
            f.write(f"label {label}\n")
            f.writelines(" ".join(map(str, row)) + "\n" for row in image)


def read(path):
    """Return (pixels u8 [N, H, W], labels i64 [N]); raises ValueError on anything else."""
    with open(path, encoding="ascii") as f:
        header = _HEADER.match(f.readline().rstrip("\r\n"))
        if not header:
            raise ValueError(f"{path}:1: expected `fastserve-images 0.1 HxW N`")
        height, width, count = map(int, header.groups())
        pairs = [_image(f, height, width) for _ in range(count)]
        if f.read().strip():
            raise ValueError(f"{path}: text after the last image")
    labels, images = zip(*pairs)
    return np.stack(images), np.array(labels, np.int64)


def _image(file, height, width):
    """One label and its rows."""
    words = file.readline().split()
    if len(words) != 2 or words[0] != "label":
        raise ValueError(f"{words}: expected `label N`")
    rows = [[int(w) for w in file.readline().split()] for _ in range(height)]
    if any(len(r) != width or min(r) < 0 or max(r) > 255 for r in rows):
        raise ValueError(f"image of {height} rows: expected {width} integers 0..255 in each")
    return int(words[1]), np.array(rows, np.uint8)
