"""Small random graphs against onnxruntime.

`make` draws graphs (tools/graph_draws/), each around one operator, the operators in turn, and writes each with onnxruntime's answers as
a folder of ONNX's own form, for `fastserve conformance`; `index.json` names each folder's operators. It prints how many graphs each
operator is in. `judge` asks the reference implementation of the onnx package about folders that came out otherwise. Needs onnxruntime; `judge` needs onnx.

examples:
  python tools/differential.py make graphs --cases 200 --seed 1
  fastserve conformance graphs --json | python tools/differential.py judge graphs
"""

import argparse
import collections
import json
import sys
import zlib
from pathlib import Path

import numpy as np

import onnx_writer as ow
from graph_draws import draw, operators
from graph_draws.graph import Refused

#: Draws of an operator before it is given up: onnxruntime refuses some types and attributes.
TRIES = 20


def drawn(op, seed, number):
    """The graph of a number around an operator that onnxruntime runs, with what it answers, or None. It depends on no other operator."""
    for attempt in range(TRIES):
        try:
            graph = draw(op, np.random.default_rng([seed, zlib.crc32(op.encode()), number, attempt]))
            names = graph.outputs()
            return graph, dict(zip(names, graph.run(names)))
        except Refused:
            continue
    return None


def write(folder, graph, outputs):
    """A folder as ONNX's test suites have them."""
    data = folder / "test_data_set_0"
    data.mkdir(parents=True)
    declared = [(name, ow.data_type(np.asarray(a)), list(np.shape(a))) for name, a in outputs.items()]
    (folder / "model.onnx").write_bytes(graph.model(declared))
    for kind, arrays in (("input", graph.inputs), ("output", outputs)):
        for i, (name, array) in enumerate(arrays.items()):
            (data / f"{kind}_{i}.pb").write_bytes(ow.tensor(name, array))


def make(args):
    """The `make` command."""
    leads, index, counts, refused = operators(), {}, collections.Counter(), collections.Counter()
    for i in range(args.cases):
        op, number = leads[i % len(leads)], i // len(leads)
        made = drawn(op, args.seed, number)
        if made is None:
            refused[op] += 1
            continue
        graph, outputs = made
        name = f"{op}_{number:04}"
        write(args.folder / name, graph, outputs)
        index[name] = graph.operators()
        counts.update(set(graph.operators()))
    (args.folder / "index.json").write_text(json.dumps(index, indent=0), encoding="utf-8")
    for op, count in sorted(counts.items(), key=lambda row: (-row[1], row[0])):
        print(f"{count:6} {op} {'#' * (count * 40 // max(counts.values()))}")
    never = [op for op in leads if refused[op] and not counts[op]]
    print(f"{len(index)} graphs of {len(counts)} operators, the rarest in {min(counts.values())}; never run by onnxruntime: {' '.join(never) or 'none'}")


def reference_sides(folder):
    """Whether the reference implementation differs from onnxruntime too; or why it cannot say."""
    import onnx
    from onnx import numpy_helper
    from onnx.reference import ReferenceEvaluator

    model, data = onnx.load(folder / "model.onnx"), folder / "test_data_set_0"
    read = lambda kind, values: [numpy_helper.to_array(onnx.load_tensor(data / f"{kind}_{i}.pb")) for i in range(len(values))]
    try:
        given = {v.name: a for v, a in zip(model.graph.input, read("input", model.graph.input))}
        got = ReferenceEvaluator(model).run(None, given)
    except Exception as error:  # Whatever it is, it is the reason.
        return f"cannot say: {type(error).__name__}: {error}"[:160]
    same = all(np.shape(g) == e.shape and np.allclose(np.asarray(g, e.dtype), e, 1e-4, 1e-5, equal_nan=True)
               for g, e in zip(got, read("output", model.graph.output)))  # fmt: skip
    return "sides with onnxruntime" if same else "differs from onnxruntime too"


def judge(args):
    """The `judge` command: the report of `fastserve conformance --json` comes in."""
    report, index = json.load(sys.stdin), json.loads((args.folder / "index.json").read_text(encoding="utf-8"))
    print(f"{len(report['passed'])} agree, {len(report['failed'])} differ, {len(report['unsupported'])} unsupported")
    reason = lambda name: " ".join(report["reasons"][name].split())[:160]
    for name in report["failed"]:
        print(f"{name} ({' '.join(index[name])}): the reference {reference_sides(args.folder / name)}: {reason(name)}")
    for name in report["unsupported"]:
        print(f"{name} ({' '.join(index[name])}): {reason(name)}")


def arguments():
    """Command line."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = p.add_subparsers(required=True)
    m = commands.add_parser("make")
    m.add_argument("folder", type=Path)
    m.add_argument("--cases", type=int, default=200)
    m.add_argument("--seed", type=int, default=1)
    m.set_defaults(run=make)
    j = commands.add_parser("judge")
    j.add_argument("folder", type=Path)
    j.set_defaults(run=judge)
    return p.parse_args()


def main():
    """Command line."""
    args = arguments()
    args.run(args)


if __name__ == "__main__":
    main()
