//! Standard forms of this project's operators. Attributes called `fs.…` are forms of old versions, which became inputs later.

use fastserve_ir::{Attrs, Fact, Node, normalize_axis};
use fastserve_tensor::{DType, Element, Shape, Tensor, bf16, f16};

use super::model::{Draft, Writer};
use super::{bodies, resize};
use crate::tensors::data_type;

type Done = Result<(), String>;

/// Writes a node, in as many nodes as its standard form has.
///
/// # Errors
/// Why there is none.
pub(super) fn write(w: &mut Writer<'_>, node: &Node, mut draft: Draft) -> Done {
    match node.op.name() {
        "If" | "Loop" | "Scan" => bodies::write(w, draft),
        "fs.Aligned" => aligned(w, node, draft),
        "fs.Clip" => clip(w, node, draft),
        "fs.Max" | "fs.Min" => finish(w, Draft { op: draft.op.split_off("fs.".len()), ..draft }),
        "fs.Power" => power(w, node, draft),
        "fs.Silu" => silu(w, draft),
        "Hardmax" | "LogSoftmax" | "Softmax" => softmax(w, node, draft),
        "BatchNormalization" if draft.outputs.len() > 3 => Err("the statistics of the batch are no outputs since version 14".to_owned()),
        "GroupNormalization" => group_normalization(w, node, draft),
        "DFT" => dft(w, draft),
        "Dropout" => dropout(w, node, draft),
        "ConstantOfShape" => constant_of_shape(w, draft),
        "GRU" | "LSTM" | "RNN" => recurrent(w, node, draft),
        "Pad" => pad(w, node, draft),
        "QuantizeLinear" => quantize(w, node, draft),
        "Reshape" => lists(w, draft, &[("fs.shape", 1)]),
        "Resize" => resize::write(w, node, draft),
        "Slice" => lists(w, draft, &[("fs.starts", 1), ("fs.ends", 2), ("fs.axes", 3)]),
        "Split" => split(w, draft),
        "Tile" => tile(w, node, draft),
        "TopK" => lists(w, draft, &[("fs.k", 1)]),
        op if op.starts_with("Reduce") || matches!(op, "Squeeze" | "Unsqueeze") => lists(w, draft, &[("fs.axes", 1)]),
        _ => finish(w, draft),
    }
}

/// Adds a node that needs nothing more.
pub(super) fn finish(w: &mut Writer<'_>, mut draft: Draft) -> Done {
    if draft.op.starts_with("fs.") {
        return Err("it belongs to the kernels of this program: write the graph before kernels are chosen".to_owned());
    }
    if let Some((name, _)) = draft.attrs.iter().find(|(name, _)| name.starts_with("fs.")) {
        return Err(format!("`{}` has no standard form here", name.trim_start_matches("fs.")));
    }
    while draft.inputs.last().is_some_and(String::is_empty) {
        draft.inputs.pop();
    }
    w.push(draft);
    Ok(())
}

/// A node that is a step to another one, with one output; its output's name.
fn step(w: &mut Writer<'_>, draft: &Draft, op: &str, inputs: &[&str], attrs: Attrs) -> Result<String, String> {
    let output = w.fresh(&format!("{}.{}", draft.node, op.to_lowercase()));
    let inputs = inputs.iter().map(|&i| i.to_owned()).collect();
    finish(w, Draft::plain(output.clone(), op.to_owned(), inputs, vec![output.clone()], attrs))?;
    Ok(output)
}

/// What is known of an input that must be there.
pub(super) fn fact<'g>(w: &Writer<'g>, node: &Node, i: usize) -> Result<&'g Fact, String> {
    let id = node.inputs.get(i).copied().flatten().ok_or_else(|| format!("input {i} is not there"))?;
    Ok(w.graph.fact(id))
}

/// The attributes without one.
pub(super) fn without(attrs: &Attrs, name: &str) -> Attrs {
    let mut rest = Attrs::new();
    attrs.iter().filter(|(n, _)| *n != name).for_each(|(n, a)| rest.set(n, a.clone()));
    rest
}

/// Puts an input at a place, with empty ones before it where there are none.
pub(super) fn put(inputs: &mut Vec<String>, place: usize, name: String) {
    if inputs.len() <= place {
        inputs.resize(place + 1, String::new());
    }
    inputs[place] = name;
}

/// Adds a constant list.
pub(super) fn list<T: Element>(w: &mut Writer<'_>, stem: &str, elements: &[T]) -> Result<String, String> {
    let tensor = Tensor::from_slice(&[elements.len()], elements).map_err(|e| e.to_string())?;
    Ok(w.constant(stem, &tensor))
}

/// Adds a constant number of this type.
fn scalar(w: &mut Writer<'_>, stem: &str, dtype: DType, value: f32) -> Result<String, String> {
    let tensor = match dtype {
        DType::F32 => Tensor::scalar(value),
        DType::F64 => Tensor::scalar(f64::from(value)),
        DType::F16 => Tensor::scalar(f16::from_f32(value)),
        DType::BF16 => Tensor::scalar(bf16::from_f32(value)),
        DType::I32 => Tensor::scalar(value as i32),
        DType::I64 => Tensor::scalar(value as i64),
        DType::I8 => Tensor::scalar(value as i8),
        DType::U8 => Tensor::scalar(value as u8),
        other => return Err(format!("a constant of type {other} is not made from a float")),
    };
    Ok(w.constant(stem, &tensor.map_err(|e| e.to_string())?))
}

/// Lists that are attributes here, and inputs in the standard.
fn lists(w: &mut Writer<'_>, mut draft: Draft, names: &[(&str, usize)]) -> Done {
    for &(name, place) in names {
        if let Some(elements) = draft.attrs.ints(name).map_err(|e| e.to_string())? {
            let input = list(w, &format!("{}.{}", draft.node, name.trim_start_matches("fs.")), &elements)?;
            put(&mut draft.inputs, place, input);
            draft.attrs = without(&draft.attrs, name);
        }
    }
    finish(w, draft)
}

/// Before version 7 the second operand could be aligned with an axis of the first: axes of extent 1 behind its own.
fn aligned(w: &mut Writer<'_>, node: &Node, draft: Draft) -> Done {
    let op = draft.attrs.str("op").ok().flatten().ok_or("it names no operator")?;
    let axis = draft.attrs.int_or("axis", 0).ok().and_then(|a| usize::try_from(a).ok()).ok_or("its axis is none")?;
    let (first, second) = (fact(w, node, 0)?.rank(), fact(w, node, 1)?.rank());
    let behind = if second == 0 { 0 } else { first.saturating_sub(axis).saturating_sub(second) };
    let mut inputs = draft.inputs.clone();
    if behind > 0 {
        let axes: Vec<i64> = (second..second + behind).map(|a| a as i64).collect();
        let axes = list(w, &format!("{}.axes", draft.node), &axes)?;
        let given = inputs.get(1).cloned().unwrap_or_default();
        put(&mut inputs, 1, step(w, &draft, "Unsqueeze", &[&given, &axes], Attrs::new())?);
    }
    finish(w, Draft { op, inputs, attrs: Attrs::new(), ..draft })
}

/// The axis became an input in version 20.
fn dft(w: &mut Writer<'_>, mut draft: Draft) -> Done {
    if let Some(axis) = draft.attrs.int("fs.axis").map_err(|e| e.to_string())? {
        draft.attrs = without(&draft.attrs, "fs.axis");
        let name = w.constant(&format!("{}.axis", draft.node), &Tensor::scalar(axis).map_err(|e| e.to_string())?);
        put(&mut draft.inputs, 2, name);
    }
    finish(w, draft)
}

/// Before version 10 the mask had the type of the input.
fn dropout(w: &mut Writer<'_>, node: &Node, mut draft: Draft) -> Done {
    let like_input = draft.attrs.get("fs.mask_like_input").is_some();
    draft.attrs = without(&draft.attrs, "fs.mask_like_input");
    if !like_input || draft.outputs.len() < 2 {
        return finish(w, draft);
    }
    let mask = w.fresh(&format!("{}.mask", draft.node));
    let given = std::mem::replace(&mut draft.outputs[1], mask.clone());
    let to = i64::from(data_type(fact(w, node, 0)?.dtype));
    let node = draft.node.clone();
    finish(w, draft)?;
    let attrs = Attrs::new().with_int("to", to);
    finish(w, Draft::plain(format!("{node}.cast"), "Cast".to_owned(), vec![mask], vec![given], attrs))
}

/// `Clip` of constants.
fn clip(w: &mut Writer<'_>, node: &Node, draft: Draft) -> Done {
    let dtype = fact(w, node, 0)?.dtype;
    let mut inputs = draft.inputs.clone();
    for (place, name) in [(1, "min"), (2, "max")] {
        let bound = draft.attrs.float(name).map_err(|e| e.to_string())?.filter(|v| !v.is_infinite());
        if let Some(bound) = bound {
            put(&mut inputs, place, scalar(w, &format!("{}.{name}", draft.node), dtype, bound)?);
        }
    }
    finish(w, Draft { op: "Clip".to_owned(), inputs, attrs: Attrs::new(), ..draft })
}

/// `Pow` with a constant exponent.
fn power(w: &mut Writer<'_>, node: &Node, draft: Draft) -> Done {
    let exponent = draft.attrs.float_or("exponent", 1.0).map_err(|e| e.to_string())?;
    let mut inputs = draft.inputs.clone();
    let dtype = fact(w, node, 0)?.dtype;
    put(&mut inputs, 1, scalar(w, &format!("{}.exponent", draft.node), dtype, exponent)?);
    finish(w, Draft { op: "Pow".to_owned(), inputs, attrs: Attrs::new(), ..draft })
}

/// `x · Sigmoid(x)`.
fn silu(w: &mut Writer<'_>, draft: Draft) -> Done {
    let x = draft.inputs.first().cloned().unwrap_or_default();
    let gate = step(w, &draft, "Sigmoid", &[&x], Attrs::new())?;
    finish(w, Draft { op: "Mul".to_owned(), inputs: vec![x, gate], ..draft })
}

/// Before version 13 all axes from one on counted as one: the rows of a matrix.
fn softmax(w: &mut Writer<'_>, node: &Node, draft: Draft) -> Done {
    let failed = |e: &dyn std::fmt::Display| e.to_string();
    if !draft.attrs.flag("fs.flatten", false).map_err(|e| failed(&e))? {
        return finish(w, draft);
    }
    let attrs = without(&draft.attrs, "fs.flatten");
    let rank = fact(w, node, 0)?.rank();
    let axis = attrs.int_or("axis", 1).map_err(|e| failed(&e))?;
    let axis = if rank == 0 { 0 } else { normalize_axis(axis, rank).map_err(|e| failed(&e))? };
    if axis + 1 >= rank {
        return finish(w, Draft { attrs: attrs.with_int("axis", -1), ..draft });
    }
    let x = draft.inputs.first().cloned().unwrap_or_default();
    let extents = step(w, &draft, "Shape", &[&x], Attrs::new())?;
    let rows = step(w, &draft, "Flatten", &[&x], Attrs::new().with_int("axis", axis as i64))?;
    let made = step(w, &draft, &draft.op, &[&rows], Attrs::new().with_int("axis", 1))?;
    let attrs = Attrs::new().with_int("allowzero", 1);
    finish(w, Draft { op: "Reshape".to_owned(), inputs: vec![made, extents], attrs, ..draft })
}

/// Before version 21 there was a scale and a bias for each group, not for each channel.
fn group_normalization(w: &mut Writer<'_>, node: &Node, mut draft: Draft) -> Done {
    if draft.attrs.get("fs.by_group").is_none() {
        return finish(w, draft);
    }
    draft.attrs = without(&draft.attrs, "fs.by_group");
    let groups = draft.attrs.int_or("num_groups", 1).map_err(|e| e.to_string())?;
    let channels = fact(w, node, 0)?.shape.get(1).and_then(fastserve_ir::Dim::known).and_then(|c| i64::try_from(c).ok());
    let channels = channels.ok_or("the number of channels is not known")?;
    let each = channels.checked_div(groups).ok_or("there is no group")?;
    let axis = list(w, &format!("{}.axis", draft.node), &[1i64])?;
    let repeat = list(w, &format!("{}.repeat", draft.node), &[1, each])?;
    let all = list(w, &format!("{}.channels", draft.node), &[channels])?;
    for place in [1, 2] {
        let given = draft.inputs.get(place).cloned().unwrap_or_default();
        let column = step(w, &draft, "Unsqueeze", &[&given, &axis], Attrs::new())?;
        let matrix = step(w, &draft, "Tile", &[&column, &repeat], Attrs::new())?;
        let channels = step(w, &draft, "Reshape", &[&matrix, &all], Attrs::new())?;
        put(&mut draft.inputs, place, channels);
    }
    finish(w, draft)
}

/// The value is a list of one element in the standard, a number here.
fn constant_of_shape(w: &mut Writer<'_>, mut draft: Draft) -> Done {
    if let Some(value) = draft.attrs.tensor("value").map_err(|e| e.to_string())? {
        let one = Shape::new(&[1]).and_then(|shape| value.reshaped(shape)).map_err(|e| e.to_string())?;
        draft.attrs = draft.attrs.with_tensor("value", one);
    }
    finish(w, draft)
}

/// Other runtimes want the hidden size said, though the weights say it.
fn recurrent(w: &mut Writer<'_>, node: &Node, mut draft: Draft) -> Done {
    let hidden = fact(w, node, 2)?.shape.last().and_then(fastserve_ir::Dim::known).and_then(|h| i64::try_from(h).ok());
    if let (None, Some(hidden)) = (draft.attrs.get("hidden_size"), hidden) {
        draft.attrs = draft.attrs.with_int("hidden_size", hidden);
    }
    finish(w, draft)
}

/// Since version 19 what is quantized has the type of its scale; before, it could be integers.
fn quantize(w: &mut Writer<'_>, node: &Node, mut draft: Draft) -> Done {
    let scale = fact(w, node, 1)?.dtype;
    if fact(w, node, 0)?.dtype == DType::I32 {
        let x = draft.inputs.first().cloned().unwrap_or_default();
        let attrs = Attrs::new().with_int("to", i64::from(data_type(scale)));
        let cast = step(w, &draft, "Cast", &[&x], attrs)?;
        put(&mut draft.inputs, 0, cast);
    }
    finish(w, draft)
}

/// Before version 6 a number said how often an axis is repeated, which another one said.
fn tile(w: &mut Writer<'_>, node: &Node, mut draft: Draft) -> Done {
    if draft.attrs.get("fs.one_axis").is_none() {
        return finish(w, draft);
    }
    let (from, to) = (fact(w, node, 0)?, node.outputs.first().map(|&id| w.graph.fact(id)));
    let times = |(from, to): (&fastserve_ir::Dim, &fastserve_ir::Dim)| match (from.known(), to.known()) {
        _ if from == to => Some(1),
        (Some(from), Some(to)) => i64::try_from(to.checked_div(from)?).ok(),
        _ => None,
    };
    let repeats = from.shape.iter().zip(&to.ok_or("it has no output")?.shape).map(times).collect::<Option<Vec<i64>>>();
    let name = list(w, &format!("{}.repeats", draft.node), &repeats.ok_or("how often it repeats is not known")?)?;
    draft.inputs.truncate(1);
    put(&mut draft.inputs, 1, name);
    finish(w, Draft { attrs: Attrs::new(), ..draft })
}

/// Padding and value as inputs.
fn pad(w: &mut Writer<'_>, node: &Node, mut draft: Draft) -> Done {
    if let Some(value) = draft.attrs.float("fs.value").map_err(|e| e.to_string())? {
        draft.attrs = without(&draft.attrs, "fs.value");
        if value != 0.0 && draft.attrs.get("mode").is_none() {
            let name = scalar(w, &format!("{}.value", draft.node), fact(w, node, 0)?.dtype, value)?;
            put(&mut draft.inputs, 2, name);
        }
    }
    lists(w, draft, &[("fs.pads", 1)])
}

/// Lengths as an input; every part is an output, used or not.
fn split(w: &mut Writer<'_>, mut draft: Draft) -> Done {
    let parts = match (draft.attrs.ints("fs.split"), draft.attrs.int("num_outputs")) {
        (Ok(Some(lengths)), _) => lengths.len(),
        (_, Ok(Some(count))) => usize::try_from(count).unwrap_or(0),
        _ => draft.outputs.len(),
    };
    while draft.outputs.len() < parts {
        let unused = w.fresh(&format!("{}.unused", draft.node));
        draft.outputs.push(unused);
    }
    lists(w, draft, &[("fs.split", 1)])
}
