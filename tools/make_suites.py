"""Writes the test suites of the onnx package as folders: OUT/SUITE/CASE/model.onnx and test_data_set_*/{input,output}_*.pb.

The node and simple suites are what the package's own cases make, with a fixed seed; pytorch-converted and pytorch-operator are
copied from its data. Of the light suite the package has the outputs; the inputs are those that its own runner makes.

example:
  python tools/make_suites.py suites
"""

import argparse
import shutil
import warnings
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.backend.test import loader
from onnx.backend.test.case import model as models

COPIED = ["pytorch-converted", "pytorch-operator"]

WRITERS = {
    "map_type": numpy_helper.from_dict,
    "sequence_type": numpy_helper.from_list,
    "optional_type": numpy_helper.from_optional,
    "tensor_type": numpy_helper.from_array,
}


def message(value, info):
    """The bytes of a value that a graph's input or output describes."""
    if isinstance(value, onnx.TensorProto):
        return value.SerializeToString()
    writer = next(w for kind, w in WRITERS.items() if info.type.HasField(kind))
    return writer(value, info.name).SerializeToString()


def write_values(folder, kind, values, infos):
    """`KIND_0.pb` and so on."""
    for i, (value, info) in enumerate(zip(values, infos)):
        (folder / f"{kind}_{i}.pb").write_bytes(message(value, info))


def write_case(case, folder):
    """A case that the package makes."""
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(case.model.SerializeToString())
    for number, (inputs, outputs) in enumerate(case.data_sets):
        place = folder / f"test_data_set_{number}"
        place.mkdir()
        write_values(place, "input", inputs, case.model.graph.input)
        write_values(place, "output", outputs, case.model.graph.output)


def ramp(info):
    """Numbers from 0 to 1, as the package's runner makes them; extents without a value are 1."""
    dims = [d.dim_value if d.HasField("dim_value") else 1 for d in info.type.tensor_type.shape.dim]
    count = int(np.prod(dims))
    return (np.arange(count).reshape(dims) / count).astype(np.float32)


def write_light(path, folder):
    """A large network with the output that the package has of it."""
    place = folder / "test_data_set_0"
    place.mkdir(parents=True)
    shutil.copy(path, folder / "model.onnx")
    graph = onnx.load(path).graph
    held = {i.name for i in graph.initializer}
    given = [i for i in graph.input if i.name not in held]
    write_values(place, "input", [ramp(i) for i in given], given)
    for i, _ in enumerate(graph.output):
        shutil.copy(path.with_name(f"{path.stem}_output_{i}.pb"), place / f"output_{i}.pb")


def write_all(out):
    """Every suite, the node cases first: they draw random numbers when they are loaded."""
    data = Path(loader.DATA_DIR)
    np.random.seed(0)
    for case in loader.load_node_model_tests():
        write_case(case, out / "node" / case.name)
    for case in models.collect_testcases():
        if case.kind == "simple":
            write_case(case, out / "simple" / case.name)
    for name in COPIED:
        shutil.copytree(data / name, out / name, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    for path in sorted((data / "light").glob("light_*.onnx")):
        write_light(path, out / "light" / path.stem)


def arguments():
    """Command line."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("out", type=Path, help="a folder that is not there yet")
    return p.parse_args()


def main():
    """Command line."""
    out = arguments().out
    # Cases divide by zero on purpose.
    warnings.simplefilter("ignore", RuntimeWarning)
    write_all(out)
    for suite in sorted(out.iterdir()):
        print(f"{suite.name}: {len(list(suite.iterdir()))} folders")


if __name__ == "__main__":
    main()
