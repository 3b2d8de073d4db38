//! Twins of graphs of f32: of a narrow type, and of f32 with numbers that the narrow type has.

use fastserve_ir::{Attrs, Fact, Graph, LATEST_OPSET, Node, OpRef, OpSet, ShapeError, Source, ValueId};
use fastserve_ops::Ops;
use fastserve_tensor::{DType, Element, Tensor, TensorError, bf16, f16};

/// Every f32 of a graph as f16 or bf16, but for what stays f32 by the standard: the scales of Resize.
///
/// # Errors
/// An operator that does not take the narrow type.
pub fn halved(graph: &Graph, to: DType) -> Result<Graph, ShapeError> {
    let mut twin = Graph::new(graph.name.as_str());
    graph.symbols().iter().for_each(|s| drop(twin.symbol(&s.name)));
    let mut ids: Vec<Option<ValueId>> = vec![None; graph.num_values()];
    for &id in graph.inputs() {
        let value = graph.value(id);
        ids[id.index()] = Some(twin.add_input(&value.name, Fact::new(narrow(value.fact.dtype, to), value.fact.shape.clone())));
    }
    for (_, node) in graph.nodes() {
        let mut inputs = Vec::with_capacity(node.inputs.len());
        for (i, input) in node.inputs.iter().enumerate() {
            inputs.push(input.map(|id| made(graph, &mut twin, &mut ids, id, if stays(node, i) { DType::F32 } else { to })).transpose()?);
        }
        let names: Vec<&str> = node.outputs.iter().map(|&id| &*graph.value(id).name).collect();
        let failed = |e: ShapeError| ShapeError::shape(format!("`{}` ({}): {e}", node.name, node.op.name()));
        let made = twin.add_node(&node.name, operator(node, to)?, &inputs, &names).map_err(failed)?;
        let outputs = twin.node(made).map(|n| n.outputs.clone()).unwrap_or_default();
        node.outputs.iter().zip(outputs).for_each(|(old, new)| ids[old.index()] = Some(new));
    }
    for &id in graph.outputs() {
        let output = made(graph, &mut twin, &mut ids, id, to)?;
        twin.add_output(output);
    }
    Ok(twin)
}

/// Every f32 of a graph's constants rounded to what f16 or bf16 has.
///
/// # Errors
/// Out of memory.
pub fn rounded(graph: &Graph, to: DType) -> Result<Graph, (String, TensorError)> {
    let mut twin = graph.clone();
    twin.map_constants(|t| through(t, to))?;
    Ok(twin)
}

/// A tensor of f32 rounded to what f16 or bf16 has; another one as it is.
///
/// # Errors
/// Out of memory.
pub fn through(tensor: &Tensor, to: DType) -> Result<Tensor, TensorError> {
    let narrow = converted(tensor, to)?;
    match tensor.dtype() {
        DType::F32 => widened(&narrow),
        _ => Ok(narrow),
    }
}

/// A tensor of f32 in another type; another one as it is.
///
/// # Errors
/// Out of memory.
pub fn converted(tensor: &Tensor, to: DType) -> Result<Tensor, TensorError> {
    match (tensor.dtype(), to) {
        (DType::F32, DType::F16) => mapped(tensor, f16::from_f32),
        (DType::F32, DType::BF16) => mapped(tensor, bf16::from_f32),
        _ => Ok(tensor.clone()),
    }
}

/// A narrow tensor in f32; another one as it is.
///
/// # Errors
/// Out of memory.
pub fn widened(tensor: &Tensor) -> Result<Tensor, TensorError> {
    match tensor.dtype() {
        DType::F16 => mapped(tensor, f16::to_f32),
        DType::BF16 => mapped(tensor, bf16::to_f32),
        _ => Ok(tensor.clone()),
    }
}

fn mapped<A: Element, B: Element>(tensor: &Tensor, f: impl Fn(A) -> B) -> Result<Tensor, TensorError> {
    let list: Vec<B> = tensor.as_slice::<A>()?.iter().map(|&v| f(v)).collect();
    Tensor::from_slice(tensor.shape(), &list)
}

fn narrow(dtype: DType, to: DType) -> DType {
    if dtype == DType::F32 { to } else { dtype }
}

fn stays(node: &Node, input: usize) -> bool {
    matches!(node.op.name(), "Resize" | "Upsample") && input > 0
}

/// The twin's value; a constant is added where it is first used.
fn made(graph: &Graph, twin: &mut Graph, ids: &mut [Option<ValueId>], id: ValueId, to: DType) -> Result<ValueId, ShapeError> {
    let value = graph.value(id);
    match (ids[id.index()], &value.fact.value, value.source == Source::Const) {
        (Some(made), ..) => Ok(made),
        (None, Some(tensor), true) => {
            if to == DType::F32 {
                return Ok(twin.add_const(&format!("{}/f32", value.name), tensor.clone()));
            }
            let tensor = converted(tensor, to).map_err(|e| ShapeError::shape(e.to_string()))?;
            let made = twin.add_const(&value.name, tensor);
            ids[id.index()] = Some(made);
            Ok(made)
        }
        _ => Err(ShapeError::shape(format!("`{}` comes from nowhere", value.name))),
    }
}

/// The operator, with the narrow type where it names f32.
fn operator(node: &Node, to: DType) -> Result<OpRef, ShapeError> {
    let failed = |e: &dyn std::fmt::Display| ShapeError::shape(e.to_string());
    let (name, attrs) = (node.op.name(), node.op.attrs());
    let number = if to == DType::F16 { 10 } else { 16 };
    let own: Attrs = match name {
        "Cast" if attrs.int_or("to", 0).ok() == Some(1) => attrs.with_int("to", number),
        "Constant" | "ConstantOfShape" => match attrs.tensor("value").map_err(|e| failed(&e))? {
            Some(value) => attrs.clone().with_tensor("value", converted(&value, to).map_err(|e| failed(&e))?),
            None => attrs,
        },
        _ => return Ok(node.op.clone()),
    };
    Ops.build("", name, LATEST_OPSET, &own).map_err(|e| failed(&e))
}
