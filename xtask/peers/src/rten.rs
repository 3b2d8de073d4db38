//! rten. It has f32, i32, i8 and u8 only; integers of other sizes and booleans go in as i32.

use anyhow::{Result, anyhow, bail, ensure};
use rten::{ModelOptions, Value, ValueOrView};
use rten_tensor::Tensor;
use rten_tensor::prelude::*;
use tract_onnx::pb::TensorProto;
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::prelude::DatumType;

use crate::proto;

/// The outputs of `model` for `inputs`.
pub fn run(model: &str, inputs: &[TensorProto]) -> Result<Vec<TensorProto>> {
    let model = ModelOptions::with_all_ops().load_file(model).map_err(|e| anyhow!("{e}"))?;
    let places = model.input_ids();
    ensure!(places.len() == inputs.len(), "the model has {} inputs, {} are given", places.len(), inputs.len());
    let values = inputs.iter().map(value).collect::<Result<Vec<_>>>()?;
    let given = places.iter().copied().zip(values.into_iter().map(ValueOrView::from)).collect();
    let outputs = model.run(given, model.output_ids(), None).map_err(|e| anyhow!("{e}"))?;
    outputs.into_iter().map(message).collect()
}

fn value(input: &TensorProto) -> Result<Value> {
    let tensor = proto::tensor(input)?;
    let shape = tensor.shape().to_vec();
    let elements = |error| anyhow!("{error}");
    Ok(match tensor.datum_type() {
        DatumType::F16 | DatumType::F64 => bail!("an input of type {:?}", tensor.datum_type()),
        DatumType::F32 => Tensor::from_data(&shape, tensor.try_as_plain_ram()?.as_slice::<f32>().map_err(elements)?.to_vec()).into(),
        DatumType::I8 => Tensor::from_data(&shape, tensor.try_as_plain_ram()?.as_slice::<i8>().map_err(elements)?.to_vec()).into(),
        DatumType::U8 => Tensor::from_data(&shape, tensor.try_as_plain_ram()?.as_slice::<u8>().map_err(elements)?.to_vec()).into(),
        _ => {
            let cast = tensor.cast_to::<i32>()?;
            Tensor::from_data(&shape, cast.try_as_plain_ram()?.as_slice::<i32>().map_err(elements)?.to_vec()).into()
        }
    })
}

fn message(value: Value) -> Result<TensorProto> {
    Ok(match value {
        Value::FloatTensor(t) => written(DataType::Float, &t, |x: f32| x.to_le_bytes().to_vec()),
        Value::Int32Tensor(t) => written(DataType::Int32, &t, |x: i32| x.to_le_bytes().to_vec()),
        Value::Int8Tensor(t) => written(DataType::Int8, &t, |x: i8| x.to_le_bytes().to_vec()),
        Value::UInt8Tensor(t) => written(DataType::Uint8, &t, |x: u8| vec![x]),
        _ => bail!("an output that is no tensor"),
    })
}

fn written<T: Copy>(kind: DataType, tensor: &Tensor<T>, bytes: impl Fn(T) -> Vec<u8>) -> TensorProto {
    proto::message(kind, tensor.shape(), tensor.iter().flat_map(|&x| bytes(x)).collect())
}
