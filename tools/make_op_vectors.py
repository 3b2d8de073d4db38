"""Write testdata/ops/<op>/<case>.txt: operator vectors whose outputs come from onnxruntime, or from the reference implementation
of the `onnx` package where a case asks for it.

The format is described in testdata/ops/README.md, the cases are in tools/op_cases/. With --check the files are
compared with what would be written, and nothing is.

example:
  python tools/make_op_vectors.py testdata/ops
"""

import argparse
from pathlib import Path

import numpy as np
import onnxruntime as ort

import onnx_writer as ow
from op_cases import REGISTRY

_KINDS = {
    "float32": "f32", "float16": "f16", "float64": "f64", "int64": "i64", "int32": "i32", "int16": "i16", "int8": "i8",
    "uint64": "u64", "uint32": "u32", "uint16": "u16", "uint8": "u8", "bool": "bool",
    "int4": "i4", "uint4": "u4", "int2": "i2", "uint2": "u2",
}  # fmt: skip

# Types whose elements are written as their codes.
_CODES = {
    "float8_e4m3fn": "f8e4m3fn", "float8_e4m3fnuz": "f8e4m3fnuz", "float8_e5m2": "f8e5m2", "float8_e5m2fnuz": "f8e5m2fnuz",
    "float4_e2m1fn": "f4e2m1", "float8_e8m0fnu": "f8e8m0",
}  # fmt: skip


def number(value):
    """Shortest text that reads back as the value; booleans as 0 and 1."""
    if isinstance(value, (bool, np.bool_)):
        return str(int(value))
    text = str(value)
    return text.removesuffix(".0")


def array_text(array):
    """`TYPE SHAPE : numbers`."""
    array = np.asarray(array)
    shape = "x".join(map(str, array.shape)) or "scalar"
    code = _CODES.get(array.dtype.name)
    elements = array.reshape(-1).view(np.uint8) if code else array.reshape(-1)
    return " ".join([code or _KINDS[array.dtype.name], shape, ":", *map(number, elements)])


def attr_line(name, value):
    """An `attr` line."""
    if isinstance(value, np.ndarray):
        return f"attr {name} t {array_text(value)}"
    many = isinstance(value, (list, tuple))
    kind = {int: "i", float: "f", str: "s"}[type(value[0] if many else value)] + ("s" if many else "")
    words = value if many else [value]
    return " ".join([f"attr {name} {kind}", *(number(np.float32(w)) if isinstance(w, float) else str(w) for w in words)])


def named_inputs(spec, case):
    """(name or "", array or None) of each input."""
    return [(spec.input_name(i) if a is not None else "", a) for i, a in enumerate(case.inputs)]


def build_model(spec, case, inputs):
    """A model of one node whose inputs have these arrays' types and shapes."""
    given = [(n, ow.data_type(a), list(a.shape)) for n, a in inputs if a is not None]
    graph = ow.Graph("vector", given, [(n, None, ()) for n in spec.outputs[: case.outputs]])
    graph.node(spec.op, [n for n, _ in inputs], spec.outputs[: case.outputs], name="node", **case.attrs)
    return graph.model(case.opset)


def run(spec, case, inputs):
    """The outputs that onnxruntime computes, or those that the case has."""
    if case.expected == "reference":
        return run_reference(spec, case, inputs)
    if case.expected is not None:
        return case.expected
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = ort.InferenceSession(build_model(spec, case, inputs), options, providers=["CPUExecutionProvider"])
    return session.run(spec.outputs[: case.outputs], {n: a for n, a in inputs if a is not None})


def run_reference(spec, case, inputs):
    """The outputs that the reference implementation of the `onnx` package computes."""
    import onnx
    from onnx.reference import ReferenceEvaluator

    model = onnx.load_model_from_string(build_model(spec, case, inputs))
    return ReferenceEvaluator(model).run(spec.outputs[: case.outputs], {n: a for n, a in inputs if a is not None})


def vector(spec, case):
    """The text of one vector file."""
    inputs = named_inputs(spec, case)
    lines = [f"op {spec.op} opset {case.opset}"]
    lines += [attr_line(k, v) for k, v in case.attrs.items()]
    lines += [f"input {n} {array_text(a)}" if a is not None else "input -" for n, a in inputs]
    lines += [f"output {n} {array_text(a)}" for n, a in zip(spec.outputs, run(spec, case, inputs))]
    return "\n".join(lines) + "\n"


def vectors():
    """All vectors as (relative path, text)."""
    for spec in REGISTRY.values():
        for case in spec.cases():
            try:
                yield f"{spec.op.lower()}/{case.name}.txt", vector(spec, case)
            except Exception as e:
                raise SystemExit(f"{spec.op} {case.name}: {e}") from e


def stale(folder, texts):
    """Paths under `folder` that differ from `texts` or are not among them."""
    found = {p.relative_to(folder).as_posix(): p for p in folder.glob("*/*.txt")}
    changed = [n for n, t in texts.items() if n not in found or found[n].read_text(encoding="ascii") != t]
    return sorted(changed + [n for n in found if n not in texts])


def main():
    """Command line."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("folder", type=Path)
    p.add_argument("--check", action="store_true", help="list what would change; exit status 1 if anything")
    args = p.parse_args()
    texts = dict(vectors())
    changed = stale(args.folder, texts)
    if args.check:
        print("\n".join(changed) or f"{len(texts)} vectors are up to date")
        raise SystemExit(bool(changed))
    for name, text in texts.items():
        path = args.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="ascii", newline="\n")
    print(f"wrote {len(texts)} vectors of {len(REGISTRY)} operators, {sum(map(len, texts.values()))} bytes")


if __name__ == "__main__":
    main()
