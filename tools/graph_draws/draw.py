"""One graph around one operator."""

from graph_draws.after import after
from graph_draws.before import before
from graph_draws.graph import Graph, Refused
from graph_draws.leads import LEADS
from op_cases import REGISTRY
from op_cases.case import Source

MOST_NODES = 6
#: Their elements are drawn by each engine's own generator.
CHANCE = {"Bernoulli", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike"}


def operators():
    """What can lead a graph."""
    return [op for op in sorted(set(REGISTRY) | set(LEADS)) if op not in CHANCE]


def lead(op, rng):
    """A case of an operator: drawn with all its attributes, or one of those of its vectors with other numbers."""
    if op in LEADS and (op not in REGISTRY or rng.random() < 0.7):
        return LEADS[op](op, rng)
    spec = REGISTRY[op]
    cases = [c for c in spec.make(Source(int(rng.integers(2**31)))) if c.expected is None]
    if not cases:
        raise Refused("onnxruntime has no kernel")
    case = cases[int(rng.integers(len(cases)))]
    case.outputs = case.outputs or len(spec.outputs)
    return case


def draw(op, rng):
    """A graph whose leading node is `op`."""
    case = lead(op, rng)
    graph = Graph(rng, case.opset)
    names = []
    for array in case.inputs:
        # The simplest nodes take other inputs before version 13.
        by_node = array is not None and case.opset >= 13 and rng.random() < 0.3 and len(graph.nodes) < 2
        names.append("" if array is None else before(graph, array) if by_node else graph.feed(array))
    outputs = graph.node(op, names, case.outputs or 1, **case.attrs)
    while case.opset >= 13 and len(graph.nodes) < MOST_NODES - 2 and rng.random() < 0.6:
        outputs = [after(graph, outputs[0])]
    return graph

