"""FastServe and onnxruntime on the same models in one run, in turn: medians and their ratio.

Both programs load first. Then they get slices of about --slice seconds, one at a time, in alternating order, for
--rounds rounds; the one that waits sits in a read and uses no processor. onnxruntime is called through its Python
interface with inputs and outputs bound beforehand, which costs it a microsecond or two a call.

example:
  python tools/race.py --fastserve target/release/fastserve models/tiny_cnn.onnx:image:1x28x28 --batch 1,32 --threads 1
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np


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


def race(args, case, batch, threads, folder):
    """One row of the table."""
    path, name, shape = case.rsplit(":", 2)
    dims = [batch] + [int(d) for d in shape.split("x")]
    given = folder / "input.npy"
    np.save(given, np.random.default_rng(1).random(dims, dtype=np.float32))
    spec = f"{name}:f32:{'x'.join(map(str, dims))}"
    ours = Peer([args.fastserve, "peer", "--model", path, "--threads", str(threads), "--inputs", spec])
    oracle = str(Path(__file__).with_name("oracle.py"))
    theirs = Peer([sys.executable, oracle, "bench", path, "--input", f"{name}={given}", "--threads", str(threads)])
    for peer in (ours, theirs):
        peer.calibrate(args.slice)
    for i in range(args.rounds):
        for peer in (ours, theirs) if i % 2 else (theirs, ours):
            peer.slice()
    for peer in (ours, theirs):
        peer.close()
    a, b = statistics.median(ours.slices), statistics.median(theirs.slices)
    ratios = sorted(x / y for x, y in zip(ours.slices, theirs.slices))
    return {
        "model": Path(path).stem,
        "batch": batch,
        "threads": threads,
        "fastserve_us": a / batch,
        "onnxruntime_us": b / batch,
        "ratio": statistics.median(ratios),
        "ratio_low": ratios[0],
        "ratio_high": ratios[-1],
        "fastserve_peak_kb": ours.ready["peak_kb"],
        "onnxruntime_peak_kb": theirs.ready["peak_kb"],
    }


def show(rows):
    """A Markdown table: microseconds per image, and the ratio (below 1: FastServe is faster)."""
    print("| model | batch | threads | FastServe µs/image | onnxruntime µs/image | ratio (lowest – highest) |")
    print("|---|---|---|---|---|---|")
    for r in rows:
        spread = f"{r['ratio']:.2f} ({r['ratio_low']:.2f} – {r['ratio_high']:.2f})"
        print(f"| {r['model']} | {r['batch']} | {r['threads']} | {r['fastserve_us']:.2f} | {r['onnxruntime_us']:.2f} | {spread} |")


def numbers(text):
    """`1,32` as a list."""
    return [int(x) for x in text.split(",")]


def arguments():
    """Command line."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("cases", nargs="+", metavar="MODEL.onnx:INPUT:SHAPE", help="shape without the batch, such as 1x28x28")
    p.add_argument("--fastserve", required=True, help="the program")
    p.add_argument("--batch", type=numbers, default=[1, 32])
    p.add_argument("--threads", type=numbers, default=[1])
    p.add_argument("--rounds", type=int, default=15)
    p.add_argument("--slice", type=float, default=0.25, help="seconds")
    p.add_argument("--json", action="store_true", help="one JSON object a row instead of the table")
    return p.parse_args()


def main():
    """Run every case."""
    args = arguments()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for case in args.cases:
            for threads in args.threads:
                for batch in args.batch:
                    print(f"{case} batch {batch} threads {threads} …", file=sys.stderr)
                    rows.append(race(args, case, batch, threads, Path(folder)))
    if args.json:
        for row in rows:
            print(json.dumps(row))
    else:
        show(rows)


if __name__ == "__main__":
    main()
