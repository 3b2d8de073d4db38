"""How many folders of a test suite (CASE/model.onnx, test_data_set_*/*.pb) onnxruntime passes, for comparison.

Folders that onnxruntime refuses to load or to run are unsupported, with its reason; those with other values failed. The tolerance is
that of testkit/src/node_suite.rs. Needs onnxruntime and onnx.

example:
  python tools/suite_onnxruntime.py suites/node --reasons
"""

import argparse
import collections
import multiprocessing
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
    if expected.dtype.kind in "OUSb":
        return bool((got.astype(str) == expected.astype(str)).all())
    if expected.dtype.kind in "iu":
        return bool((got == expected).all())
    absolute, relative = TOLERANCES.get(expected.dtype.name, F32)
    return np.allclose(got.astype(np.float64), expected.astype(np.float64), relative, absolute, equal_nan=True)


def run(folder):
    """`passed`, `failed` or `unsupported`, and why."""
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    try:
        graph = onnx.load(folder / "model.onnx").graph
        session = ort.InferenceSession(str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"])
        held = {i.name for i in graph.initializer}
        given = [i for i in graph.input if i.name not in held]
        for data in sorted(folder.glob("test_data_set_*")):
            feed = {i.name: v for i, v in zip(given, values(data, "input", given))}
            got = session.run(None, feed)
            if not all(near(g, e) for g, e in zip(got, values(data, "output", graph.output))):
                return "failed", "other values"
    except Exception as error:  # Whatever it is, it is the reason.
        return "unsupported", str(error).splitlines()[0][:160]
    return "passed", ""


def arguments():
    """Command line."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("suites", nargs="+", type=Path)
    p.add_argument("--reasons", action="store_true", help="name the folders that did not pass")
    return p.parse_args()


def main():
    """Command line."""
    args = arguments()
    for suite in args.suites:
        folders = sorted(f for f in suite.iterdir() if (f / "model.onnx").exists())
        with multiprocessing.Pool(1, maxtasksperchild=200) as pool:
            results = pool.map(run, folders, chunksize=1)
        counts = collections.Counter(outcome for outcome, _ in results)
        print(f"{suite.name}: " + ", ".join(f"{counts[k]} {k}" for k in ("passed", "failed", "unsupported")))
        for folder, (outcome, why) in zip(folders, results) if args.reasons else []:
            if outcome != "passed":
                print(f"  {folder.name}: {outcome}: {why}")


if __name__ == "__main__":
    main()
