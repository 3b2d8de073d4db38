"""FastServe and onnxruntime on the same models in one run, in turn: medians and their ratio.

Both programs load first. Then they get slices of about --slice seconds, one at a time, in alternating order, for
--rounds rounds; the one that waits sits in a read and uses no processor. onnxruntime is called through its Python
interface with inputs and outputs bound beforehand, which costs it a microsecond or two a call.

Both programs make the same inputs; where the sums of the first outputs differ by more than a thousandth, the row says so.

With --table, the rows of testdata/zoo.toml that have `race` are measured, from the cache that --cache names.

examples:
  python tools/race.py --fastserve target/release/fastserve models/tiny_cnn.onnx:image:1x28x28 --batch 1,32 --threads 1
  python tools/race.py --fastserve target/release/fastserve --table testdata/zoo.toml --cache ~/.cache/fastserve --svg race.svg
"""

import argparse
import json
import math
import statistics
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import numpy as np

import bar_plot

NUMPY_TYPES = {"f32": np.float32, "i64": np.int64, "i32": np.int32}
# Sums of outputs that differ by more are another answer.
SAME = 1e-3
# Sums of outputs near zero, of a network that finds nothing in noise, may differ by this.
NOTHING = 1e-2


class Case:
    """One model with its inputs: (name, type, extents, low, high), bounds for integers only."""

    def __init__(self, path, name, inputs, batch, label):
        self.path, self.name, self.inputs, self.batch, self.label = str(path), name, inputs, batch, label

    @classmethod
    def from_words(cls, text, batch):
        """`MODEL.onnx:INPUT:SHAPE` and a batch."""
        path, name, shape = text.rsplit(":", 2)
        dims = [batch] + [int(d) for d in shape.split("x")]
        return cls(path, Path(path).stem, [(name, "f32", dims, 0, 0)], batch, f"{batch}")

    @classmethod
    def from_row(cls, row, values, cache):
        """A row of the table and the values of its words."""
        extents = lambda dims: [values[d] if isinstance(d, str) else d for d in dims]
        inputs = [(i["name"], i["type"], extents(i["dims"]), i.get("low", 0), i.get("high", 0)) for i in row["inputs"]]
        batch = values.get(row.get("batch"), 1)
        label = ", ".join(f"{k} {v}" for k, v in values.items()) or "1"
        return cls(cache / row["file"], row["name"], inputs, batch, label)

    def specs(self):
        """The inputs as `fastserve peer` takes them."""
        bounds = lambda kind, low, high: "" if kind == "f32" else f":{low}:{high}"
        return ",".join(f"{n}:{k}:{'x'.join(map(str, d))}{bounds(k, lo, hi)}" for n, k, d, lo, hi in self.inputs)

    def arrays(self):
        """The inputs as `fastserve peer` makes them."""
        return {n: numbers_of(k, d, lo, hi) for n, k, d, lo, hi in self.inputs}


def numbers_of(kind, dims, low, high):
    """s = 12345, then s = s * 1664525 + 1013904223 (32 bits), r = s >> 8: floats r / 2^24 * 2 - 1, integers low + r mod (high - low)."""
    count = math.prod(dims)
    powers = np.multiply.accumulate(np.full(count, 1664525, np.uint32), dtype=np.uint32)
    before = np.concatenate([np.ones(1, np.uint32), powers[:-1]]) if count else powers
    states = powers * np.uint32(12345) + np.add.accumulate(before, dtype=np.uint32) * np.uint32(1013904223)
    r = states >> np.uint32(8)
    values = r.astype(np.float64) / (1 << 24) * 2 - 1 if kind == "f32" else low + r.astype(np.int64) % max(1, high - low)
    return values.astype(NUMPY_TYPES[kind]).reshape(dims)


class Peer:
    """A program that answers `run N` with N latencies."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.ready = json.loads(self.process.stdout.readline())
        self.count = 1
        self.slices = []

    def run(self, count):
        """Latencies of `count` runs, in microseconds."""
        self.process.stdin.write(f"run {count}\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())["lat_us"]

    def calibrate(self, seconds):
        """Choose how many runs fill a slice."""
        latency = statistics.median(self.run(20)[10:])
        self.count = max(5, int(seconds * 1e6 / latency))

    def slice(self):
        """One slice; keeps its median."""
        self.slices.append(statistics.median(self.run(self.count)))

    def close(self):
        """End the program."""
        self.process.stdin.write("quit\n")
        self.process.stdin.close()
        self.process.wait()


def peers(args, case, threads, folder):
    """Both programs, loaded."""
    given = []
    for i, (name, array) in enumerate(case.arrays().items()):
        np.save(folder / f"{i}.npy", array)
        given.append(f"{name}={folder / f'{i}.npy'}")
    ours = Peer([args.fastserve, "peer", "--model", case.path, "--threads", str(threads), "--inputs", case.specs()])
    oracle = str(Path(__file__).with_name("oracle.py"))
    return ours, Peer([sys.executable, oracle, "bench", case.path, "--input", *given, "--threads", str(threads)])


def race(args, case, threads, folder):
    """One row of the table."""
    ours, theirs = pair = peers(args, case, threads, folder)
    for peer in pair:
        peer.calibrate(args.slice)
    for i in range(args.rounds):
        for peer in pair if i % 2 else reversed(pair):
            peer.slice()
    for peer in pair:
        peer.close()
    a, b = statistics.median(ours.slices), statistics.median(theirs.slices)
    ratios = sorted(x / y for x, y in zip(ours.slices, theirs.slices))
    sums = ours.ready["sum"], theirs.ready["sum"]
    return {
        "model": case.name,
        "case": case.label,
        "batch": case.batch,
        "threads": threads,
        "fastserve_us": a / case.batch,
        "onnxruntime_us": b / case.batch,
        "ratio": statistics.median(ratios),
        "ratio_low": ratios[0],
        "ratio_high": ratios[-1],
        "same": abs(sums[0] - sums[1]) <= SAME * abs(sums[1]) + NOTHING,
        "fastserve_peak_kb": ours.ready["peak_kb"],
        "onnxruntime_peak_kb": theirs.ready["peak_kb"],
    }


def show(rows):
    """A Markdown table: microseconds per image or request, and the ratio (below 1: FastServe is faster)."""
    print("| model | case | threads | FastServe µs each | onnxruntime µs each | ratio (lowest – highest) |")
    print("|---|---|---|---|---|---|")
    for r in rows:
        spread = f"{r['ratio']:.2f} ({r['ratio_low']:.2f} – {r['ratio_high']:.2f})"
        note = "" if r["same"] else " other answers"
        times = f"{r['fastserve_us']:.2f} | {r['onnxruntime_us']:.2f}"
        print(f"| {r['model']} | {r['case']} | {r['threads']} | {times} | {spread}{note} |")


def plot(rows, path):
    """Bars of FastServe's speed, onnxruntime's being 1."""
    bars = [(f"{r['model']} ({r['case']}; {r['threads']} thr.)", 1 / r["ratio"]) for r in rows]
    path.write_text(bar_plot.svg("Runs of FastServe in the time of one of onnxruntime", bars, mark=1.0), encoding="utf-8")


def cases(args):
    """What the command line asks for."""
    for text in args.cases:
        yield from (Case.from_words(text, batch) for batch in args.batch)
    for row in tomllib.loads(args.table.read_text(encoding="utf-8"))["model"] if args.table else []:
        if "race" in row and (not args.only or row["name"] in args.only):
            yield from (Case.from_row(row, values, args.cache) for values in row["race"])


def measured(args, case, threads, folder):
    """A row; none where a program refuses the model."""
    print(f"{case.name} ({case.label}) threads {threads} …", file=sys.stderr)
    try:
        return race(args, case, threads, folder)
    except (json.JSONDecodeError, BrokenPipeError):
        print(f"{case.name}: refused by one of the two, left out", file=sys.stderr)
        return None


def numbers(text):
    """`1,32` as a list."""
    return [int(x) for x in text.split(",")]


def arguments():
    """Command line."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("cases", nargs="*", metavar="MODEL.onnx:INPUT:SHAPE", help="shape without the batch, such as 1x28x28")
    p.add_argument("--fastserve", required=True, help="the program")
    p.add_argument("--table", type=Path, help="testdata/zoo.toml")
    p.add_argument("--cache", type=Path, default=Path(), help="where the table's files are")
    p.add_argument("--only", type=lambda text: text.split(","), help="rows of the table, by name")
    p.add_argument("--svg", type=Path, help="draw the ratios into this file")
    p.add_argument("--batch", type=numbers, default=[1, 32])
    p.add_argument("--threads", type=numbers, default=[1])
    p.add_argument("--rounds", type=int, default=15)
    p.add_argument("--slice", type=float, default=0.25, help="seconds")
    p.add_argument("--json", action="store_true", help="one JSON object a row instead of the table")
    return p.parse_args()


def main():
    """Run every case."""
    args = arguments()
    with tempfile.TemporaryDirectory() as folder:
        every = [(case, threads) for case in cases(args) for threads in args.threads]
        rows = [row for row in (measured(args, *each, Path(folder)) for each in every) if row]
    if args.svg:
        plot(rows, args.svg)
    if args.json:
        for row in rows:
            print(json.dumps(row))
    else:
        show(rows)


if __name__ == "__main__":
    main()
