"""Tests of the readers and writers.

example:
  python tools/test_tools.py
"""

import io
import json
import pickle
import struct
import sys
import tempfile
import types
import unittest
import unittest.mock
import zipfile
from pathlib import Path

import numpy as np

import make_light_variant
import mnist_data
import onnx_writer as ow
import protobuf_wire as wire
import pth_reader
import safetensors_reader
import text_images
import text_weights as tw
import tiny_cnn

MODELS = Path(__file__).resolve().parent.parent / "models"


class Exploit:
    """Pickles as a call of a function that no reader allows."""

    def __reduce__(self):
        return (print, ("an unpickler called this",))


def torch_pickle():
    """The pickle of {"w": tensor} that torch would write; the names it needs are made up for the moment."""
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
    rebuild = types.FunctionType((lambda *_: None).__code__, {}, "_rebuild_tensor_v2")
    rebuild.__module__, rebuild.__qualname__ = "torch._utils", "_rebuild_tensor_v2"
    utils._rebuild_tensor_v2 = rebuild
    torch.FloatStorage = type("FloatStorage", (), {"__module__": "torch"})
    storage = torch.FloatStorage()
    tensor = type("Tensor", (), {"__reduce__": lambda _: (rebuild, (storage, 0, (2, 2), (2, 1), False))})()
    out = io.BytesIO()
    pid = ("storage", torch.FloatStorage, "k", "cpu", 4)
    pickler = type("P", (pickle.Pickler,), {"persistent_id": lambda _, x: pid if x is storage else None})
    with unittest.mock.patch.dict(sys.modules, {"torch": torch, "torch._utils": utils}):
        pickler(out, protocol=2).dump({"w": tensor})
    return out.getvalue()


class InFolder(unittest.TestCase):
    """A test with a folder of its own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def file(self, text):
        """Path of a file that holds `text`."""
        path = self.folder / "file.txt"
        path.write_text(text, encoding="ascii")
        return path


class TextWeights(InFolder):
    HEAD = "fastserve-text-weights 0.1\nmodel m\ninput x 2\nlinear 2 1\noutput y\n"
    BODY = "tensor linear1.weight 1 2\n1 -2e-3 # two\ntensor linear1.bias 1\n.5\nend\n"

    def test_reads_numbers_and_comments(self):
        model = tw.read(self.file(self.HEAD + self.BODY))
        np.testing.assert_array_equal(model.tensors["linear1.weight"], np.array([[1, -2e-3]], np.float32))

    def test_refusals_name_the_line(self):
        changes = {"1 -2e-3": "1 nan", "-2e-3 #": "-2e-3 7 #", "weight 1 2": "weight 2 1", "end": "", ".5": "1e39"}
        for old, new in changes.items():
            with self.subTest(new), self.assertRaisesRegex(tw.FormatError, r"file\.txt:\d+: "):
                tw.read(self.file((self.HEAD + self.BODY).replace(old, new)))

    def test_text_after_end_is_refused(self):
        with self.assertRaises(tw.FormatError):
            tw.read(self.file(self.HEAD + self.BODY + "tensor\n"))

    def test_round_trip_is_exact(self):
        params = tiny_cnn.init(np.random.default_rng(0))
        model = tw.Model("tiny_cnn", "image", (1, 28, 28), tiny_cnn.layers(), "probabilities", params)
        path = self.folder / "w.txt"
        tw.write(path, model, ["a comment"])
        back = tw.read(path)
        self.assertTrue(all(np.array_equal(back.tensors[k], params[k]) for k in params))
        self.assertLessEqual(max(map(len, path.read_text().splitlines())), tw.WIDTH)

    def test_shipped_weights_know_the_shipped_digits(self):
        pixels, labels = text_images.read(MODELS / "test_images.txt")
        model = tw.read(MODELS / "tiny_cnn_weights.txt")
        self.assertGreaterEqual(tiny_cnn.accuracy(model.tensors, mnist_data.to_input(pixels)[:, 0], labels), 0.97)
        self.assertEqual([10] * 10, np.bincount(labels).tolist())


class TextImages(InFolder):
    def test_round_trip(self):
        pixels = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)
        path = self.folder / "i.txt"
        text_images.write(path, pixels, [7, 0])
        back, labels = text_images.read(path)
        np.testing.assert_array_equal(back, pixels)
        self.assertEqual([7, 0], labels.tolist())

    def test_refuses_wide_rows_and_high_pixels(self):
        for row in ("1 2 3", "1 256", "1"):
            with self.subTest(row), self.assertRaises(ValueError):
                text_images.read(self.file(f"fastserve-images 0.1 1x2 1\nlabel 3\n{row}\n"))


class Gradient(unittest.TestCase):
    def test_matches_differences(self):
        rng = np.random.default_rng(3)
        params = tiny_cnn.init(rng)
        images, targets = rng.random((4, 28, 28)).astype(np.float32), np.eye(10, dtype=np.float32)[:4]
        _, grad = tiny_cnn.loss_and_grad(params, images, targets)
        for name in tiny_cnn.NAMES:
            at = np.unravel_index(np.abs(grad[name]).argmax(), grad[name].shape)
            self.assertAlmostEqual(self.slope(params, name, at, images, targets) / grad[name][at], 1, delta=0.02)

    def slope(self, params, name, at, images, targets):
        """Central difference of the loss along one weight."""
        losses = []
        for step in (4e-3, -4e-3):
            moved = {k: v.copy() for k, v in params.items()}
            moved[name][at] += np.float32(step)
            losses.append(float(tiny_cnn.loss_and_grad(moved, images, targets)[0]))
        return (losses[0] - losses[1]) / 8e-3


class Pickles(InFolder):
    def test_mnist_reader_refuses_other_names(self):
        with self.assertRaisesRegex(pickle.UnpicklingError, "refused builtins.print"):
            mnist_data._ArrayUnpickler(io.BytesIO(pickle.dumps(Exploit()))).load()

    def test_pth_reader_refuses_other_names(self):
        path = self.folder / "x.pth"
        with zipfile.ZipFile(path, "w") as z:
            z.writestr("x/data.pkl", pickle.dumps(Exploit()))
        with self.assertRaisesRegex(pickle.UnpicklingError, "refused builtins.print"):
            pth_reader.read(path)

    def stream(self, count):
        """A .pth file of the older form with one tensor [2, 2] of 1, 2, 3, 4, whose storage claims `count` elements."""
        path = self.folder / "old.pth"
        floats = np.arange(1, 5, dtype="<f4").tobytes()
        preamble = b"".join(pickle.dumps(x) for x in (0x1950A86A20F9469CFC6C, 1001, {}))
        path.write_bytes(preamble + torch_pickle() + pickle.dumps(["k"]) + struct.pack("<q", count) + floats)
        return path

    def test_pth_streams_are_read(self):
        np.testing.assert_array_equal(pth_reader.read(self.stream(4))["w"], [[1, 2], [3, 4]])

    def test_pth_streams_that_are_cut_are_refused(self):
        for count in (5, 3, -1):
            with self.subTest(count), self.assertRaises(pickle.UnpicklingError):
                pth_reader.read(self.stream(count))

    def test_pth_windows_stay_inside(self):
        storage = np.arange(6, dtype=np.float32)
        np.testing.assert_array_equal(pth_reader._rebuild_tensor(storage, 1, (2, 2), (2, 1)), [[1, 2], [3, 4]])
        for bad in [(3, (2, 2), (2, 1)), (0, (7,), (1,)), (0, (2,), (-1,)), (0, (9,), (0,))]:
            with self.subTest(bad), self.assertRaises(pickle.UnpicklingError):
                pth_reader._rebuild_tensor(storage, *bad)


class Safetensors(InFolder):
    def file_of(self, start, end):
        """A file with one tensor of two elements at these bytes."""
        header = json.dumps({"t": {"dtype": "F32", "shape": [2], "data_offsets": [start, end]}}).encode()
        path = self.folder / "x.safetensors"
        path.write_bytes(struct.pack("<Q", len(header)) + header + np.array([1, 2], "<f4").tobytes())
        return path

    def test_offsets_are_checked(self):
        np.testing.assert_array_equal(safetensors_reader.read(self.file_of(0, 8))["t"], [1, 2])
        for start, end in ((0, 4), (4, 12), (8, 0), (-8, 0)):
            with self.subTest((start, end)), self.assertRaises(ValueError):
                safetensors_reader.read(self.file_of(start, end))


class LightVariant(unittest.TestCase):
    def test_weights_become_constants_and_the_batch_a_symbol(self):
        light = ow.Graph("g", [("x", ow.F32, [1, 4]), ("shape", ow.I64, [2])], [("y", ow.F32, [1, 3])])
        light.initializer("shape", np.array([3, 4], np.int64))
        light.initializer("rows", np.array([1, 4], np.int64))
        light.node("ConstantOfShape", ["shape"], ["w"])
        light.node("Reshape", ["x", "rows"], ["flat"])
        light.node("Gemm", ["flat", "w"], ["y"], transB=1)
        made = make_light_variant.to_onnx(light.model(opset=9), seed=1, batch=True)
        graph = wire.blocks(made, 7)[0]
        tensors = {bytes(wire.blocks(t, 8)[0]): t for t in wire.blocks(graph, 5)}
        self.assertEqual({b"w", b"rows"}, set(tensors))
        self.assertEqual([0, 4], make_light_variant.integers(tensors[b"rows"]))
        self.assertEqual(12, len(set(np.frombuffer(wire.blocks(tensors[b"w"], 9)[0], "<f4"))))
        self.assertEqual(["Reshape", "Gemm"], [make_light_variant.Node(n).op for n in wire.blocks(graph, 1)])
        self.assertIn(b"N", bytes(wire.blocks(graph, 11)[0]))


class Wire(unittest.TestCase):
    def test_varints(self):
        for value in (0, 1, 127, 128, 300, 2**63 - 1):
            self.assertEqual((value, len(wire.varint(value))), wire.read_varint(wire.varint(value), 0))
        self.assertEqual(10, len(wire.varint(-1)))

    def test_cut_messages_are_refused(self):
        whole = wire.integer(1, 300) + wire.block(2, "abc") + wire.float32(3, 1.5)
        self.assertEqual([1, 2, 3], [n for n, _, _ in wire.fields(whole)])
        for cut in (1, 2, 4, 7, 9, 11):
            with self.subTest(cut), self.assertRaises(ValueError):
                list(wire.fields(whole[:cut]))

    def test_tensor_holds_little_endian_bytes(self):
        raw = wire.blocks(ow.tensor("t", np.array([1.0], ">f4")), 9)[0]
        self.assertEqual(np.array([1.0], "<f4").tobytes(), bytes(raw))


if __name__ == "__main__":
    unittest.main()
