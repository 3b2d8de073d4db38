//! A request's inputs against a model's signature.

use std::hash::{BuildHasher, Hash, Hasher};

use fastserve::ir::Dim;
use fastserve::{Port, Signature, Tensor};

use crate::error::ServeError;
use crate::request::NamedTensor;

/// The tensors in the order of the signature.
///
/// # Errors
/// An input that is missing, unknown, named twice, or not what the signature says.
pub(crate) fn in_order(signature: &Signature, inputs: Vec<NamedTensor>) -> Result<Vec<Tensor>, ServeError> {
    let mut places: Vec<Option<Tensor>> = vec![None; signature.inputs.len()];
    for NamedTensor { name, tensor } in inputs {
        let Some(at) = signature.inputs.iter().position(|p| p.name == name) else {
            return Err(unknown(signature, name));
        };
        match places.get_mut(at) {
            Some(place @ None) => *place = Some(tensor),
            _ => return Err(ServeError::Input { name, expected: "one tensor".into(), got: "two".into() }),
        }
    }
    let tensors = places.into_iter().zip(&signature.inputs).map(|(tensor, port)| tensor.ok_or_else(|| missing(port)));
    let tensors: Vec<Tensor> = tensors.collect::<Result<_, _>>()?;
    check(signature, &tensors)?;
    Ok(tensors)
}

fn unknown(signature: &Signature, name: String) -> ServeError {
    let known: Vec<String> = signature.inputs.iter().map(|p| format!("`{}`", p.name)).collect();
    ServeError::Input { name, expected: format!("one of {}", known.join(", ")), got: "this name".into() }
}

fn missing(port: &Port) -> ServeError {
    ServeError::Input { name: port.name.clone(), expected: port.expected(), got: "nothing".into() }
}

/// Whether types and extents fit, and whether equal symbols have equal extents.
fn check(signature: &Signature, tensors: &[Tensor]) -> Result<(), ServeError> {
    let mut symbols: Vec<Option<usize>> = vec![None; signature.symbols.len()];
    for (port, tensor) in signature.inputs.iter().zip(tensors) {
        let fits = port.dtype == tensor.dtype() && port.dims.len() == tensor.shape().rank();
        if !fits || !port.dims.iter().zip(tensor.shape().iter()).all(|(dim, &n)| bind(dim, n, &mut symbols)) {
            let got = format!("{}{}", tensor.dtype(), tensor.shape());
            return Err(ServeError::Input { name: port.name.clone(), expected: port.expected(), got });
        }
    }
    Ok(())
}

fn bind(dim: &Dim, extent: usize, symbols: &mut [Option<usize>]) -> bool {
    match dim {
        Dim::Known(n) => *n == extent,
        Dim::Sym(s) => match symbols.get_mut(s.index()) {
            Some(Some(n)) => *n == extent,
            Some(place) => {
                *place = Some(extent);
                true
            }
            None => false,
        },
        // The run compares these.
        Dim::Expr(_) | Dim::New => true,
    }
}

/// A number that is equal for tensors that can lie in one batch: the same extents but for the first.
pub(crate) fn batch_key(tensors: &[Tensor], hasher: &impl BuildHasher) -> u64 {
    let mut state = hasher.build_hasher();
    for tensor in tensors {
        tensor.shape().dims().get(1..).hash(&mut state);
    }
    state.finish()
}

/// Whether tensors can really lie in one batch.
pub(crate) fn can_share(a: &[Tensor], b: &[Tensor]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.dtype() == b.dtype() && a.shape().dims().get(1..) == b.shape().dims().get(1..))
}

/// Rows of a request that may share a batch: the extent of axis 0, which all inputs have.
///
/// # Errors
/// No row, or more than a run may have.
pub(crate) fn rows(signature: &Signature, tensors: &[Tensor], most: u32) -> Result<u32, ServeError> {
    let rows = tensors.first().and_then(|t| t.shape().dims().first()).copied().unwrap_or(1);
    let name = || signature.inputs.first().map(|p| p.name.clone()).unwrap_or_default();
    match u32::try_from(rows) {
        Ok(0) => Err(ServeError::Input { name: name(), expected: "at least one row".into(), got: "none".into() }),
        Ok(n) if n <= most => Ok(n),
        _ => Err(ServeError::Input { name: name(), expected: format!("at most {most} rows"), got: format!("{rows}") }),
    }
}
