//! tract, optimised, for the extents of the inputs.

use anyhow::{Result, bail, ensure};
use tract_onnx::pb::TensorProto;
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::prelude::*;

use crate::proto;

/// The outputs of `model` for `inputs`.
pub fn run(model: &str, inputs: &[TensorProto]) -> Result<Vec<TensorProto>> {
    let loader = tract_onnx::onnx().with_ignore_value_info(true).with_ignore_output_shapes(true);
    let mut model = loader.model_for_path(model)?;
    let places = model.input_outlets()?.len();
    ensure!(places == inputs.len(), "the model has {places} inputs, {} are given", inputs.len());
    let mut values: TVec<TValue> = tvec!();
    for (i, input) in inputs.iter().enumerate() {
        let tensor = proto::tensor(input)?;
        model.set_input_fact(i, InferenceFact::dt_shape(tensor.datum_type(), tensor.shape()))?;
        values.push(tensor.into_tvalue());
    }
    let outputs = model.into_optimized()?.into_runnable()?.run(values)?;
    outputs.iter().map(|value| message(value)).collect()
}

fn message(tensor: &Tensor) -> Result<TensorProto> {
    let kind = match tensor.datum_type() {
        DatumType::Bool => DataType::Bool,
        DatumType::U8 => DataType::Uint8,
        DatumType::U16 => DataType::Uint16,
        DatumType::U32 => DataType::Uint32,
        DatumType::U64 => DataType::Uint64,
        DatumType::I8 => DataType::Int8,
        DatumType::I16 => DataType::Int16,
        DatumType::I32 => DataType::Int32,
        DatumType::I64 => DataType::Int64,
        DatumType::F16 => DataType::Float16,
        DatumType::F32 => DataType::Float,
        DatumType::F64 => DataType::Double,
        DatumType::TDim => return message(tensor.cast_to::<i64>()?.as_ref()),
        other => bail!("an output of type {other:?}"),
    };
    Ok(proto::message(kind, tensor.shape(), tensor.as_bytes().to_vec()))
}
