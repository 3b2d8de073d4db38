"""Write a BERT encoder (all-MiniLM-L6-v2) from its safetensors and config as ONNX, in the style of PyTorch's exporter.

Inputs `input_ids`, `attention_mask` and `token_type_ids` are int64 [batch, sequence]. Outputs are `last_hidden_state`
[batch, sequence, hidden] and, with --pool, `sentence_embedding` [batch, hidden]: the mean over the tokens that
the mask keeps, with length 1. `--opset 17` has LayerNormalization; 14 spells it out.

The network is that of Devlin et al., 2018 (arXiv 1810.04805).

example:
  python tools/make_minilm_onnx.py model_folder minilm.onnx --pool
"""

import argparse
import json
import math
from pathlib import Path

import numpy as np

import onnx_writer as ow
import safetensors_reader

LOWEST = np.float32(np.finfo(np.float32).min)


class BertWriter:
    """Writes nodes; values have the names of the layers they belong to."""

    def __init__(self, config, state, opset, pool):
        self.config, self.state, self.opset, self.pool = config, state, opset, pool
        self.hidden, self.heads = config["hidden_size"], config["num_attention_heads"]
        ids = [(n, ow.I64, ["batch", "sequence"]) for n in ("input_ids", "attention_mask", "token_type_ids")]
        outputs = [("last_hidden_state", ow.F32, ["batch", "sequence", self.hidden])]
        if pool:
            outputs.append(("sentence_embedding", ow.F32, ["batch", self.hidden]))
        self.graph, self.count, self.known = ow.Graph("bert", ids, outputs), 0, {}

    def op(self, op, *inputs, out=None, **attrs):
        """One node; numpy arrays among the inputs become constants."""
        self.count += 1
        names = [x if isinstance(x, str) else self.constant(x) for x in inputs]
        return self.graph.node(op, names, [out or f"/{op}_{self.count}_output_0"], **attrs)

    def constant(self, array):
        """A constant, shared where it is the same."""
        array = np.asarray(array)
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self.known:
            self.known[key] = self.graph.initializer(f"const_{len(self.known)}", array)
        return self.known[key]

    def weight(self, name, transpose=False):
        """A tensor of the file as a constant."""
        array = self.state[name]
        return self.graph.initializer(name, array.T if transpose else array)

    def linear(self, x, layer):
        """x · Wᵀ + b, as MatMul and Add."""
        product = self.op("MatMul", x, self.weight(f"{layer}.weight", transpose=True))
        return self.op("Add", self.weight(f"{layer}.bias"), product)

    def layer_norm(self, x, layer, out=None):
        """Over the last axis."""
        gain, bias = self.weight(f"{layer}.weight"), self.weight(f"{layer}.bias")
        epsilon = float(self.config["layer_norm_eps"])
        if self.opset >= 17:
            return self.op("LayerNormalization", x, gain, bias, out=out, axis=-1, epsilon=epsilon)
        centred = self.op("Sub", x, self.op("ReduceMean", x, axes=[-1], keepdims=1))
        square = self.op("Pow", centred, np.float32(2))
        variance = self.op("ReduceMean", square, axes=[-1], keepdims=1)
        scale = self.op("Sqrt", self.op("Add", variance, np.float32(epsilon)))
        return self.op("Add", self.op("Mul", self.op("Div", centred, scale), gain), bias, out=out)

    def extent(self, x, axis):
        """One extent of a value as a vector of one number."""
        number = self.op("Gather", self.op("Shape", x), np.int64(axis), axis=0)
        return self.op("Unsqueeze", number, np.array([0], np.int64))

    def embeddings(self):
        """Words, token types and positions, normalised."""
        positions = self.weight("embeddings.position_ids") if "embeddings.position_ids" in self.state else self.positions()
        zero, one = np.array([0], np.int64), np.array([1], np.int64)
        length = self.extent("input_ids", 1)
        ids = self.op("Slice", positions, zero, length, one, one)
        words = self.op("Gather", self.weight("embeddings.word_embeddings.weight"), "input_ids")
        types = self.op("Gather", self.weight("embeddings.token_type_embeddings.weight"), "token_type_ids")
        places = self.op("Gather", self.weight("embeddings.position_embeddings.weight"), ids)
        return self.layer_norm(self.op("Add", self.op("Add", words, types), places), "embeddings.LayerNorm")

    def positions(self):
        """0, 1, 2, … for files that do not hold them."""
        return self.constant(np.arange(self.config["max_position_embeddings"], dtype=np.int64)[None])

    def mask(self):
        """0 where a token counts, the lowest number where it does not: [batch, 1, 1, sequence]."""
        wide = self.op("Unsqueeze", self.op("Unsqueeze", "attention_mask", np.array([1])), np.array([2]))
        return self.op("Mul", self.op("Sub", np.float32(1), self.op("Cast", wide, to=ow.F32)), LOWEST)

    def split(self, x, perm):
        """[batch, sequence, hidden] as heads, with axes in the order `perm`."""
        size = np.array([self.hidden // self.heads])
        shape = self.op("Concat", self.extent(x, 0), self.extent(x, 1), np.array([self.heads]), size, axis=0)
        return self.op("Transpose", self.op("Reshape", x, shape), perm=perm)

    def attention(self, x, prefix, mask):
        """Scaled dot products of all heads, and the output layer."""
        q, k, v = (self.linear(x, f"{prefix}.self.{n}") for n in ("query", "key", "value"))
        q, k, v = self.split(q, [0, 2, 1, 3]), self.split(k, [0, 2, 3, 1]), self.split(v, [0, 2, 1, 3])
        scores = self.op("Div", self.op("MatMul", q, k), np.float32(math.sqrt(self.hidden // self.heads)))
        weights = self.op("Softmax", self.op("Add", scores, mask), axis=-1)
        joined = self.op("Transpose", self.op("MatMul", weights, v), perm=[0, 2, 1, 3])
        shape = self.op("Concat", self.extent(joined, 0), self.extent(joined, 1), np.array([self.hidden]), axis=0)
        out = self.linear(self.op("Reshape", joined, shape), f"{prefix}.output.dense")
        return self.layer_norm(self.op("Add", out, x), f"{prefix}.output.LayerNorm")

    def gelu(self, x):
        """x · (1 + erf(x / √2)) / 2."""
        erf = self.op("Erf", self.op("Div", x, np.float32(math.sqrt(2))))
        return self.op("Mul", self.op("Mul", x, self.op("Add", erf, np.float32(1))), np.float32(0.5))

    def layer(self, x, index, mask, out):
        """One encoder layer."""
        prefix = f"encoder.layer.{index}"
        x = self.attention(x, f"{prefix}.attention", mask)
        inner = self.gelu(self.linear(x, f"{prefix}.intermediate.dense"))
        sum_ = self.op("Add", self.linear(inner, f"{prefix}.output.dense"), x)
        return self.layer_norm(sum_, f"{prefix}.output.LayerNorm", out)

    def mean_pool(self, x):
        """The mean over tokens that count, divided by its length."""
        counts = self.op("Cast", self.op("Unsqueeze", "attention_mask", np.array([-1])), to=ow.F32)
        kept = self.op("ReduceSum", self.op("Mul", x, counts), np.array([1]), keepdims=0)
        number = self.op("Clip", self.op("ReduceSum", counts, np.array([1]), keepdims=0), np.float32(1e-9))
        mean = self.op("Div", kept, number)
        length = self.op("Clip", self.op("ReduceL2", mean, axes=[-1], keepdims=1), np.float32(1e-12))
        self.op("Div", mean, length, out="sentence_embedding")

    def model(self):
        """The bytes of the file."""
        x, mask, last = self.embeddings(), self.mask(), self.config["num_hidden_layers"] - 1
        for i in range(last + 1):
            x = self.layer(x, i, mask, "last_hidden_state" if i == last else None)
        if self.pool:
            self.mean_pool(x)
        return self.graph.model(opset=self.opset)


def main():
    """Command line."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("folder", type=Path, help="with config.json and model.safetensors")
    p.add_argument("out", type=Path, help="ONNX file to write")
    p.add_argument("--pool", action="store_true", help="the mean over tokens as a second output")
    p.add_argument("--opset", type=int, choices=(14, 17), default=17)
    args = p.parse_args()
    config = json.loads((args.folder / "config.json").read_text(encoding="utf-8"))
    if config["model_type"] != "bert" or config["hidden_act"] != "gelu":
        raise SystemExit(f"{args.folder}: model_type {config['model_type']}, hidden_act {config['hidden_act']}: expected bert, gelu")
    writer = BertWriter(config, safetensors_reader.read(args.folder / "model.safetensors"), args.opset, args.pool)
    print(f"wrote {args.out}: {args.out.write_bytes(writer.model())} bytes")


if __name__ == "__main__":
    main()
