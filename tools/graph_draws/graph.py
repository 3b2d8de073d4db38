"""A graph that grows node by node, with the values that onnxruntime gives each."""

import numpy as np
import onnxruntime as ort

import onnx_writer as ow


class Refused(Exception):
    """onnxruntime does not run this."""


def session(model):
    """One thread, no optimisations: each node as it stands."""
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])


class Graph:
    """`inputs` and `constants` by name, `nodes` in order, and `values`: what the nodes made."""

    def __init__(self, rng, opset):
        self.rng, self.opset = rng, opset
        self.inputs, self.constants, self.nodes, self.values = {}, {}, [], {}

    def feed(self, array, constant=None):
        """The name of a new input, or of a new constant: a third of them if not told."""
        constant = self.rng.random() < 0.3 if constant is None else constant
        name = f"{'c' if constant else 'x'}{len(self.inputs) + len(self.constants)}"
        (self.constants if constant else self.inputs)[name] = np.asarray(array)
        return name

    def array(self, name):
        """What a value is."""
        return next(d[name] for d in (self.inputs, self.constants, self.values) if name in d)

    def node(self, op, inputs, outputs=1, **attrs):
        """Adds a node; the names of its outputs. It is run, and taken back if onnxruntime refuses it."""
        names = [f"v{len(self.nodes)}_{i}" for i in range(outputs)]
        self.nodes.append((op, list(inputs), names, attrs))
        try:
            self.values.update(zip(names, self.run(names)))
        except Exception as error:  # Whatever it is, it is the reason.
            self.nodes.pop()
            raise Refused((str(error).splitlines() or [""])[0]) from error
        return names

    def run(self, names):
        """These values, by onnxruntime."""
        return session(self.model([(n, None, ()) for n in names])).run(names, self.inputs)

    def model(self, outputs):
        """The file."""
        given = [(n, ow.data_type(a), list(a.shape)) for n, a in self.inputs.items()]
        graph = ow.Graph("drawn", given, outputs)
        for name, array in self.constants.items():
            graph.initializer(name, array)
        for op, inputs, names, attrs in self.nodes:
            graph.node(op, inputs, names, **attrs)
        return graph.model(self.opset)

    def outputs(self):
        """Values that nobody uses."""
        used = {name for _, inputs, _, _ in self.nodes for name in inputs}
        return [n for _, _, names, _ in self.nodes for n in names if n not in used]

    def operators(self):
        """The nodes' operators."""
        return [op for op, *_ in self.nodes]
