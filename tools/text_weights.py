"""Read and write the v0.1 plain-text weights (`docs/formats/v01-text-weights.md`)."""

import math
import re
from dataclasses import dataclass, field

import numpy as np

HEADER = "fastserve-text-weights 0.1"
WIDTH = 100
MAX_LINE, MAX_LAYERS, MAX_DIM, MAX_ELEMENTS = 1024, 64, 65_536, 1 << 24
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}$")
_NUMBER = re.compile(r"-?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$")


class FormatError(ValueError):
    """A file that is not a v0.1 text; the message names the line."""


@dataclass
class Layer:
    """One layer: `kind` as written, its integer `sizes`, and whether a ReLU follows."""

    kind: str
    sizes: dict = field(default_factory=dict)
    relu: bool = False


@dataclass
class Model:
    """A sequential network: header fields, layers in order, tensors by name."""

    name: str
    input_name: str
    input_shape: tuple
    layers: list
    output_name: str
    tensors: dict = field(default_factory=dict)


def parse_layer(words):
    """The layer that a line's words describe, or None when the first word is no layer."""
    match words:
        case ["conv", ci, co, kh, kw, "stride", s, "pad", p, *tail] if tail in ([], ["relu"]):
            sizes = dict(ci=_dim(ci), co=_dim(co), kh=_dim(kh), kw=_dim(kw), stride=_dim(s), pad=_dim(p, 0))
            return Layer("conv", sizes, bool(tail))
        case ["linear", i, o, *tail] if tail in ([], ["relu"]):
            return Layer("linear", dict(i=_dim(i), o=_dim(o)), bool(tail))
        case ["maxpool", k, s]:
            return Layer("maxpool", dict(k=_dim(k), stride=_dim(s)))
        case ["relu" | "flatten" | "softmax"]:
            return Layer(words[0])
    return None


def layer_line(layer):
    """The line that `parse_layer` reads back."""
    s = layer.sizes
    text = {
        "conv": lambda: f"conv {s['ci']} {s['co']} {s['kh']} {s['kw']} stride {s['stride']} pad {s['pad']}",
        "linear": lambda: f"linear {s['i']} {s['o']}",
        "maxpool": lambda: f"maxpool {s['k']} {s['stride']}",
    }.get(layer.kind, lambda: layer.kind)()
    return text + (" relu" if layer.relu else "")


def expected_tensors(layers):
    """(name, shape) of every tensor in file order: weight then bias of each conv and linear layer."""
    seen, out = {}, []
    for layer in layers:
        shape = weight_shape(layer)
        if shape:
            seen[layer.kind] = seen.get(layer.kind, 0) + 1
            base = f"{layer.kind}{seen[layer.kind]}"
            out += [(f"{base}.weight", shape), (f"{base}.bias", shape[:1])]
    return out


def weight_shape(layer):
    """Shape of the layer's weight, `()` for a layer without one."""
    s = layer.sizes
    if layer.kind == "conv":
        return (s["co"], s["ci"], s["kh"], s["kw"])
    return (s["o"], s["i"]) if layer.kind == "linear" else ()


def _dim(word, low=1):
    if not (word.isascii() and word.isdigit() and len(word) <= 5 and low <= int(word) <= MAX_DIM):
        raise FormatError(f"{word!r}: expected an integer {low}..{MAX_DIM}")
    return int(word)


def _name(word):
    if not _NAME.match(word):
        raise FormatError(f"{word!r}: expected a name")
    return word


class _Lines:
    """The file's lines without comments and blanks; `at` is the current line number."""

    def __init__(self, file):
        self.file, self.at = file, 0

    def words(self):
        """Words of the next line that has any; at the end of the file one that is no word of the format."""
        for line in self.file:
            self.at += 1
            if len(line) > MAX_LINE:
                raise FormatError(f"line of {len(line)} characters: expected at most {MAX_LINE}")
            words = line.split("#", 1)[0].split()
            if words:
                return words
        return ["(end of file)"]

    def keyword(self, word, count):
        """The `count` words that follow the keyword `word`, which must come next."""
        words = self.words()
        if words[0] != word or len(words) != count + 1:
            raise FormatError(f"{' '.join(words[:4])!r}: expected `{word}` and {count} words")
        return words[1:]


def read(path):
    """Read a file of text weights into a `Model`; raises `FormatError` with the line number."""
    with open(path, encoding="ascii") as file:
        if file.readline().rstrip("\r\n") != HEADER:
            raise FormatError(f"{path}:1: expected {HEADER!r}")
        lines = _Lines(file)
        lines.at = 1
        try:
            return _body(lines)
        except FormatError as e:
            raise FormatError(f"{path}:{lines.at}: {e}") from None


def _body(lines):
    (name,) = lines.keyword("model", 1)
    input_name, shape = lines.keyword("input", 2)
    dims = tuple(_dim(w) for w in shape.split("x"))
    if len(dims) not in (1, 3):
        raise FormatError(f"input shape {shape!r}: expected N or CxHxW")
    layers, output = _layers(lines)
    model = Model(_name(name), _name(input_name), dims, layers, output)
    for tensor, dims in expected_tensors(layers):
        model.tensors[tensor] = _tensor(lines, tensor, dims)
    lines.keyword("end", 0)
    lines.keyword("(end of file)", 0)
    return model


def _layers(lines):
    """The layer lines and the name on the `output` line that closes them."""
    layers = []
    while True:
        words = lines.words()
        layer = parse_layer(words)
        if layer is None:
            break
        layers.append(layer)
    if words[0] != "output" or len(words) != 2 or not 1 <= len(layers) <= MAX_LAYERS:
        raise FormatError(f"{' '.join(words[:4])!r}: expected a layer or, after 1..{MAX_LAYERS} layers, `output NAME`")
    return layers, _name(words[1])


def _tensor(lines, name, shape):
    """One `tensor` section, whose name and shape the layers have already fixed."""
    got = lines.keyword("tensor", 1 + len(shape))
    if got != [name, *map(str, shape)]:
        raise FormatError(f"tensor {got}: expected {[name, *shape]}")
    count = math.prod(shape)
    if count > MAX_ELEMENTS:
        raise FormatError(f"{count} elements: expected at most {MAX_ELEMENTS}")
    values = []
    while len(values) < count:
        values += [_number(w) for w in lines.words()]
    if len(values) != count:
        raise FormatError(f"{len(values)} numbers in {name}: expected {count}")
    return np.array(values, np.float32).reshape(shape)


def _number(word):
    with np.errstate(over="ignore"):
        value = np.float32(word) if len(word) <= 32 and _NUMBER.match(word) else np.float32("nan")
    if not np.isfinite(value):
        raise FormatError(f"{word[:32]!r}: expected a finite decimal number")
    return value


def write(path, model, comments=()):
    """Write `model` with `comments` after the header; floats are the shortest decimals that round-trip."""
    with open(path, "w", encoding="ascii", newline="\n") as f:
        f.write(HEADER + "\n")
        f.writelines(f"# {c}\n" for c in comments)
        f.write(f"model {model.name}\ninput {model.input_name} {'x'.join(map(str, model.input_shape))}\n")
        f.writelines(layer_line(layer) + "\n" for layer in model.layers)
        f.write(f"output {model.output_name}\n")
        for name, shape in expected_tensors(model.layers):
            f.write(f"tensor {name} {' '.join(map(str, shape))}\n")
            f.writelines(wrap(map(shortest, model.tensors[name].reshape(-1))))
        f.write("end\n")


def shortest(value):
    """The shortest decimal that reads back as the same float."""
    text = str(value)
    return text[:-2] if text.endswith(".0") else text


def wrap(words):
    """Lines of at most `WIDTH` columns, with their newlines."""
    line = ""
    for word in words:
        if line and len(line) + 1 + len(word) > WIDTH:
            yield line + "\n"
            line = ""
        line += " " + word if line else word
    if line:
        yield line + "\n"
