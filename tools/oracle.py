"""onnxruntime as an independent oracle for tests, and as a peer for benchmarks. Needs numpy and onnxruntime only.

`run` writes each output as DIR/<name, `/` as `_`>.npy and DIR/manifest.json {"tensors": {name: file}, "skipped": [..]}.
With --all-tensors every value that a node of the main graph makes is written too, with all optimisations off.

`check` runs DIR/NAME.onnx for every DIR/NAME.json {"inputs": {name: file}, "expected": {name: file}, "atol": a, "rtol": r} and says
a line {"name": NAME, "error": text or null} (JSON) for each.

`bench` prints a `ready` line (JSON), then answers `run N` with a `lat` line of N latencies in microseconds, until
`quit` or the end of its input.

examples:
  python tools/oracle.py run model.onnx --input image=image.npy --output-dir out --all-tensors
  echo 'run 100' | python tools/oracle.py bench model.onnx --input image=image.npy --threads 1
"""

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np
import onnxruntime as ort

import onnx_writer
import protobuf_wire as wire

MODEL_GRAPH, GRAPH_NODE, GRAPH_INITIALIZER, GRAPH_OUTPUT, VALUE_NAME = 7, 1, 5, 12, 1
NODE_INPUT, NODE_OUTPUT, NODE_OP_TYPE = 1, 2, 4
TENSOR_FLOATS, TENSOR_NAME, TENSOR_RAW = 4, 8, 9


def value_names(graph):
    """Names of all values that the graph's own nodes make (subgraphs not included)."""
    names = [bytes(o).decode() for n in wire.blocks(graph, GRAPH_NODE) for o in wire.blocks(n, NODE_OUTPUT)]
    return [n for n in names if n]


def expose_all(model):
    """Model bytes in which every value is an output.

    Concatenated protobuf messages merge: a second ModelProto that holds only a graph with the new outputs is
    appended, and the model itself stays as it is, byte for byte.
    """
    graph = b"".join(wire.blocks(model, MODEL_GRAPH))
    present = {bytes(n).decode() for o in wire.blocks(graph, GRAPH_OUTPUT) for n in wire.blocks(o, VALUE_NAME)}
    new = [n for n in value_names(graph) if n not in present]
    outputs = [wire.block(GRAPH_OUTPUT, onnx_writer.value_info(n, None, ())) for n in new]
    return model + wire.block(MODEL_GRAPH, b"".join(outputs))


def scale_dequantized(model, factor):
    """Model bytes in which the scale of each DequantizeLinear that is one f32 is multiplied."""
    model = bytearray(model)
    graphs = wire.blocks(model, MODEL_GRAPH)
    nodes = [n for g in graphs for n in wire.blocks(g, GRAPH_NODE) if wire.blocks(n, NODE_OP_TYPE) == [b"DequantizeLinear"]]
    scales = {bytes(wire.blocks(n, NODE_INPUT)[1]) for n in nodes}
    for tensor in (t for g in graphs for t in wire.blocks(g, GRAPH_INITIALIZER)):
        data = [value for number, _, value in wire.fields(tensor) if number in (TENSOR_FLOATS, TENSOR_RAW)]
        if bytes(wire.blocks(tensor, TENSOR_NAME)[0]) in scales and [len(d) for d in data] == [4]:
            np.frombuffer(data[0], "<f4")[:] *= np.float32(factor)
    return bytes(model)


def options(threads, optimize):
    """Session options; `threads` 0 leaves the choice to onnxruntime."""
    so = ort.SessionOptions()
    so.intra_op_num_threads = threads
    so.inter_op_num_threads = 1
    so.log_severity_level = 3
    level = ort.GraphOptimizationLevel
    so.graph_optimization_level = level.ORT_ENABLE_ALL if optimize else level.ORT_DISABLE_ALL
    return so


def open_all_tensors(path):
    """A session that returns every value; external data is looked up beside the model."""
    so = options(0, optimize=False)
    so.add_session_config_entry("session.model_external_initializers_file_folder_path", str(path.resolve().parent))
    return ort.InferenceSession(expose_all(path.read_bytes()), so, providers=["CPUExecutionProvider"])


def open_model(path, threads=0, optimize=True, dequantized=1.0):
    """A session on the model as it is, or with scales of 8-bit constants multiplied."""
    model = str(path) if dequantized == 1.0 else scale_dequantized(path.read_bytes(), dequantized)
    return ort.InferenceSession(model, options(threads, optimize), providers=["CPUExecutionProvider"])


def load_inputs(pairs):
    """`NAME=FILE.npy` pairs as arrays by name; the last `=` divides, pickled arrays are refused."""
    split = [p.rpartition("=") for p in pairs]
    bad = [p for p, (name, _, _) in zip(pairs, split) if not name]
    if bad:
        raise SystemExit(f"--input {bad[0]}: expected NAME=FILE.npy")
    return {name: np.load(file, allow_pickle=False) for name, _, file in split}


def file_name(name, taken):
    """`name` as a file name: `/` and what file systems refuse become `_`; a number keeps names apart."""
    base = "".join("_" if c in '/\\:*?"<>|\0' else c for c in name).lstrip(".") or "_"
    base = base[:200]
    candidate, count = f"{base}.npy", 1
    while candidate.lower() in taken:
        count += 1
        candidate = f"{base}.{count}.npy"
    taken.add(candidate.lower())
    return candidate


def write_outputs(folder, values):
    """Write (name, value) pairs and the manifest; what is not a tensor (a sequence, a map) is listed as skipped."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors, skipped, taken = {}, [], set()
    for name, value in values:
        if not isinstance(value, np.ndarray) or value.dtype == object:
            skipped.append(name)
            continue
        tensors[name] = file_name(name, taken)
        np.save(folder / tensors[name], value)
    manifest = {"tensors": tensors, "skipped": skipped}
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    return manifest


def scaled(inputs, factor):
    """The inputs, of which those of f32 are multiplied."""
    return {n: np.asarray(a * np.float32(factor)) if a.dtype == np.float32 else a for n, a in inputs.items()}


def run(args):
    """The `run` command."""
    optimize = not (args.all_tensors or args.no_optimize)
    session = open_all_tensors(args.model) if args.all_tensors else open_model(args.model, args.threads, optimize, args.scale_dequantized)
    names = [o.name for o in session.get_outputs()]
    manifest = write_outputs(args.output_dir, zip(names, session.run(names, scaled(load_inputs(args.input), args.scale_inputs))))
    print(f"wrote {len(manifest['tensors'])} tensors to {args.output_dir}, skipped {len(manifest['skipped'])}")


def difference(name, got, expected, case):
    """What is wrong with an output, or None."""
    if (got.dtype, got.shape) != (expected.dtype, expected.shape):
        return f"{name}: expected {expected.dtype}{list(expected.shape)}, got {got.dtype}{list(got.shape)}"
    if np.allclose(got, expected, rtol=case["rtol"], atol=case["atol"], equal_nan=True):
        return None
    worst = np.nanmax(np.abs(got.astype(np.float64) - expected.astype(np.float64)))
    return f"{name}: the largest error is {worst:.3g}"


def check_case(path):
    """What is wrong with a case, or None."""
    case = json.loads(path.read_text(encoding="utf-8"))
    load = lambda files: {name: np.load(path.parent / file, allow_pickle=False) for name, file in files.items()}
    try:
        session = open_model(path.with_suffix(".onnx"), threads=1, optimize=False)
        expected = load(case["expected"])
        got = session.run(list(expected), load(case["inputs"])) if expected else []
    except Exception as e:  # onnxruntime has many, and each is an answer
        return str(e).splitlines()[0]
    wrong = (difference(name, g, e, case) for g, (name, e) in zip(got, expected.items()))
    return next((w for w in wrong if w), None)


def check(args):
    """The `check` command."""
    for path in sorted(args.folder.glob("*.json")):
        say(name=path.stem, error=check_case(path))


def memory_kb(key):
    """A figure of /proc/self/status in KiB, 0 where there is none."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(x.split()[1]) for x in lines if x.startswith(key)), 0)


def say(**event):
    """One JSON line."""
    print(json.dumps(event), flush=True)


def measure(call, count):
    """Call `count` times and say the latencies."""
    latencies = []
    for _ in range(count):
        start = time.perf_counter_ns()
        call()
        latencies.append((time.perf_counter_ns() - start) / 1e3)
    say(event="lat", lat_us=latencies, peak_kb=memory_kb("VmHWM:"))


def ready(session, feed, start):
    """Run once, say the `ready` line, and return the call to be measured: inputs and outputs are bound beforehand."""
    bound = session.io_binding()
    values = {name: ort.OrtValue.ortvalue_from_numpy(value) for name, value in feed.items()}
    for name, value in values.items():
        bound.bind_ortvalue_input(name, value)
    output = session.get_outputs()[0].name
    bound.bind_output(output)
    call = lambda: session.run_with_iobinding(bound)
    load = time.perf_counter()
    call()
    first = bound.get_outputs()[0].numpy().astype(np.float64).ravel()
    # Later runs write where the first one did.
    bound.bind_ortvalue_output(output, bound.get_outputs()[0])
    done = time.perf_counter()
    say(
        event="ready",
        peer=f"onnxruntime-py {ort.__version__}",
        load_us=(load - start) * 1e6,
        first_us=(done - load) * 1e6,
        sum=float(np.abs(first).sum()),
        head=first[:4].tolist(),
        rss_kb=memory_kb("VmRSS:"),
        peak_kb=memory_kb("VmHWM:"),
    )
    return call


def bench(args):
    """The `bench` command."""
    start = time.perf_counter()
    call = ready(open_model(args.model, args.threads), load_inputs(args.input), start)
    if args.iters:
        measure(call, args.warmup)
        return measure(call, args.iters)
    for line in sys.stdin:
        words = line.split()
        if len(words) != 2 or words[0] != "run":
            break
        measure(call, int(words[1]))


def arguments():
    """Command line."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = p.add_subparsers(dest="command", required=True)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("model", type=Path)
    common.add_argument("--input", nargs="+", action="extend", default=[], metavar="NAME=FILE.npy")
    r = commands.add_parser("run", parents=[common], help="run once and write the outputs")
    r.add_argument("--output-dir", type=Path, required=True)
    r.add_argument("--all-tensors", action="store_true", help="every intermediate value too; optimisations off")
    r.add_argument("--no-optimize", action="store_true", help="optimisations off")
    r.add_argument("--threads", type=int, default=0, help="0 leaves the choice to onnxruntime")
    r.add_argument("--scale-inputs", type=float, default=1.0, metavar="FACTOR", help="multiply the inputs of f32")
    r.add_argument("--scale-dequantized", type=float, default=1.0, metavar="FACTOR", help="multiply the scales of DequantizeLinear nodes")
    c = commands.add_parser("check", help="run many models and compare their outputs")
    c.add_argument("folder", type=Path)
    b = commands.add_parser("bench", parents=[common], help="speak the peer protocol")
    b.add_argument("--threads", type=int, default=1)
    b.add_argument("--iters", type=int, default=0, help="measure this many and exit, instead of reading commands")
    b.add_argument("--warmup", type=int, default=3)
    return p.parse_args()


def main():
    """Command line."""
    args = arguments()
    {"run": run, "check": check, "bench": bench}[args.command](args)


if __name__ == "__main__":
    main()
