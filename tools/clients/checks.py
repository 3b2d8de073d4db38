"""What the checks of all clients share: addresses, digits, and a count."""

import argparse
import pathlib
import sys

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from text_images import read  # noqa: E402


def arguments():
    """Where the server is: `--http HOST:PORT --grpc HOST:PORT`, and the model of digits and one that may be unloaded."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--http", required=True)
    parser.add_argument("--grpc", required=True)
    parser.add_argument("--model", default="digits")
    parser.add_argument("--spare", default="spare")
    return parser.parse_args()


def digits(count):
    """Pictures as f32[count,1,28,28], and their labels."""
    pixels, labels = read(ROOT / "models/test_images.txt")
    pixels = pixels[:count].astype(np.float32).reshape(count, 1, 28, 28) / np.float32(255)
    return pixels, list(labels[:count])


class Checks:
    """Runs functions by name, and goes on after one that fails."""

    def __init__(self, client):
        self.client, self.passed, self.failed = client, 0, 0

    def check(self, name, function, *args):
        try:
            function(*args)
            self.passed += 1
        except Exception as error:  # every failure is told, with its name
            self.failed += 1
            print(f"{self.client}: {name}: {type(error).__name__}: {error}")

    def end(self):
        print(f"{self.client}: {self.passed} passed, {self.failed} failed")
        sys.exit(1 if self.failed else 0)


def raises(function, *texts):
    """The function fails, and says all of the texts."""
    try:
        function()
    except Exception as error:  # of whatever type the client has for it
        said = str(error)
        missing = [t for t in texts if t not in said]
        assert not missing, f"`{said}` does not say {missing}"
        return
    raise AssertionError("nothing was refused")
