"""Cases over types of 8 bits and less: outputs are those of ONNX's reference evaluator, with ml_dtypes for elements."""

import ml_dtypes as ml
import numpy as np
import onnx
from onnx import helper
from onnx.reference import ReferenceEvaluator

from op_cases.case import case

I4, U4, I2, U2 = ml.int4, ml.uint4, ml.int2, ml.uint2
E4M3, E4M3Z, E5M2, E5M2Z = ml.float8_e4m3fn, ml.float8_e4m3fnuz, ml.float8_e5m2, ml.float8_e5m2fnuz
E2M1, E8M0 = ml.float4_e2m1fn, ml.float8_e8m0fnu
FLOATS = {"e4m3fn": E4M3, "e4m3fnuz": E4M3Z, "e5m2": E5M2, "e5m2fnuz": E5M2Z, "e2m1": E2M1}
INTS = {"i4": I4, "u4": U4, "i2": I2, "u2": U2}


def number_of(kind):
    """TensorProto.DataType of an element type."""
    return helper.np_dtype_to_tensor_dtype(np.dtype(kind))


def narrow_case(op, name, *inputs, opset=25, **attrs):
    """A case whose output is the reference evaluator's."""
    names = [f"x{i}" if x is not None else "" for i, x in enumerate(inputs)]
    infos = [helper.make_tensor_value_info(n, number_of(x.dtype), x.shape) for n, x in zip(names, inputs) if n]
    node = helper.make_node(op, names, ["y"], **attrs)
    graph = helper.make_graph([node], "case", infos, [onnx.ValueInfoProto(name="y")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    made = ReferenceEvaluator(model).run(None, {n: x for n, x in zip(names, inputs) if n})
    return case(name, *inputs, opset=opset, expected=(np.asarray(made[0]),), **attrs)
