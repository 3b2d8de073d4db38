"""How many folders of a test suite (CASE/model.onnx, test_data_set_*/*.pb) another engine passes, for comparison.

Folders that the engine refuses to load or to run are unsupported, with its reason; those with other values, and those at which
the engine's process dies or takes a minute, failed. The tolerance is that of testkit/src/node_suite.rs. Needs onnxruntime and onnx; tract
and rten are run by the program of xtask/peers.

example:
  python tools/suite_peers.py suites/node --engine onnxruntime --reasons
  python tools/suite_peers.py suites/node --engine tract --program target/release/xtask-peers
"""

import argparse
import collections
import multiprocessing
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
from onnx import numpy_helper

# absolute, relative
TOLERANCES = {"float16": (1e-3, 2e-3), "bfloat16": (1e-2, 1.6e-2)}
F32 = (1e-5, 1e-4)


def read(path, info):
    """The value in a file, as the graph declares it."""
    kinds = {
        "sequence_type": (onnx.SequenceProto, numpy_helper.to_list),
        "optional_type": (onnx.OptionalProto, numpy_helper.to_optional),
        "tensor_type": (onnx.TensorProto, numpy_helper.to_array),
    }
    message, convert = next(made for kind, made in kinds.items() if info.type.HasField(kind))
    proto = message()
    proto.ParseFromString(path.read_bytes())
    return convert(proto)


def values(folder, kind, infos):
    """Values of a data set that are there."""
    paths = [folder / f"{kind}_{i}.pb" for i in range(len(infos))]
    return [read(path, info) for path, info in zip(paths, infos) if path.exists()]


def near(got, expected):
    """Whether two values agree; lists and absent ones too."""
    if expected is None or got is None:
        return got is expected
    if isinstance(expected, list):
        return len(got) == len(expected) and all(near(g, e) for g, e in zip(got, expected))
    got, expected = np.asarray(got), np.asarray(expected)
    if got.shape != expected.shape:
        return False
    if expected.dtype.kind == "b":
        return bool((got.astype(bool) == expected).all())
    if expected.dtype.kind in "OUS":
        return bool((got.astype(str) == expected.astype(str)).all())
    if expected.dtype.kind in "iu":
        return bool((got == expected).all())
    absolute, relative = TOLERANCES.get(expected.dtype.name, F32)
    return np.allclose(got.astype(np.float64), expected.astype(np.float64), relative, absolute, equal_nan=True)


class Refused(Exception):
    """The engine says that it cannot."""


class OnnxRuntime:
    """A model in onnxruntime, in this process."""

    def __init__(self, path):
        options = ort.SessionOptions()
        options.log_severity_level = 4
        options.intra_op_num_threads = 1
        self.session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def run(self, given, folder, graph):
        """All outputs for the inputs of a data set."""
        feed = {i.name: v for i, v in zip(given, values(folder, "input", given))}
        return self.session.run(None, feed)


class Program:
    """A model in an engine that a program runs, a process for each data set."""

    def __init__(self, path, engine, program):
        self.path, self.engine, self.program = path, engine, program

    def run(self, given, folder, graph):
        """All outputs for the inputs of a data set."""
        inputs = [folder / f"input_{i}.pb" for i in range(len(given))]
        with tempfile.TemporaryDirectory() as out:
            command = [self.program, self.engine, self.path, out, *(i for i in inputs if i.exists())]
            done = subprocess.run(command, capture_output=True, text=True, timeout=60)
            if done.returncode == 1:
                raise Refused(done.stderr.removeprefix("Error: "))
            if done.returncode:
                raise RuntimeError("the process died: " + (done.stderr.strip().splitlines() or [""])[0])
            return [numpy_helper.to_array(onnx.load_tensor(f"{out}/output_{i}.pb")) for i in range(len(graph.output))]


def run(task):
    """`passed`, `failed` or `unsupported`, and why."""
    folder, engine, program = task
    try:
        graph = onnx.load(folder / "model.onnx").graph
        model = Program(folder / "model.onnx", engine, program) if program else OnnxRuntime(folder / "model.onnx")
        held = {i.name for i in graph.initializer}
        given = [i for i in graph.input if i.name not in held]
        for data in sorted(folder.glob("test_data_set_*")):
            got = model.run(given, data, graph)
            if not all(near(g, e) for g, e in zip(got, values(data, "output", graph.output))):
                return "failed", "other values"
    except (subprocess.TimeoutExpired, RuntimeError) as error:
        return ("failed" if program else "unsupported"), first_line(error)
    except Exception as error:  # Whatever it is, it is the reason.
        return "unsupported", first_line(error)
    return "passed", ""


def first_line(error):
    """What there is room for."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:160]


def opset(folder):
    """The version of the default domain that a folder's model asks for."""
    imports = onnx.load(folder / "model.onnx").opset_import
    return max((i.version for i in imports if i.domain in ("", "ai.onnx")), default=0)


def arguments():
    """Command line."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("suites", nargs="+", type=Path)
    p.add_argument("--engine", default="onnxruntime", choices=["onnxruntime", "tract", "rten"])
    p.add_argument("--program", type=Path, help="what runs tract and rten")
    p.add_argument("--opset", type=int, default=1000, help="only models up to this version of the default domain")
    p.add_argument("--reasons", action="store_true", help="name the folders that did not pass")
    return p.parse_args()


def main():
    """Command line."""
    args = arguments()
    if args.engine != "onnxruntime" and not args.program:
        raise SystemExit(f"{args.engine} is run by a program: give --program, or use `cargo xtask suites --peers`")
    for suite in args.suites:
        folders = sorted(f for f in suite.iterdir() if (f / "model.onnx").exists())
        folders = [f for f in folders if opset(f) <= args.opset]
        with multiprocessing.Pool(1, maxtasksperchild=200) as pool:
            results = pool.map(run, [(f, args.engine, args.program) for f in folders], chunksize=1)
        counts = collections.Counter(outcome for outcome, _ in results)
        print(f"{suite.name}, {args.engine}: {len(folders)} folders, " + ", ".join(f"{counts[k]} {k}" for k in ("passed", "failed", "unsupported")))
        for folder, (outcome, why) in zip(folders, results) if args.reasons else []:
            if outcome != "passed":
                print(f"  {folder.name}: {outcome}: {why}")


if __name__ == "__main__":
    main()
