//! The borders of a graph: constants, inputs and outputs.

use std::collections::HashSet;

use fastserve_ir::{Dim, Fact};
use fastserve_tensor::{DType, MAX_RANK, TensorError};

use crate::error::{OnnxError, Refusal, shown};
use crate::limits::MAX_SYMBOLS;
use crate::load::Loader;
use crate::sequences::{Form, Held};
use crate::tensors;
use crate::unsupported::Unsupported;
use crate::view::{self, Extent, Type, ValueInfo};
use crate::wire::Span;

impl<'f> Loader<'f, '_> {
    /// The initializers, as constants.
    pub(crate) fn constants(&mut self, spans: &[Span<'f>]) -> Result<(), OnnxError> {
        for (i, &span) in spans.iter().enumerate() {
            let proto = view::Tensor::read(span)?;
            let place = format!("graph.initializer[{i}] `{}`", shown(proto.name));
            self.check_new(proto.name, &place)?;
            let tensor = self.data.tensor(&proto, &place);
            if let Some(tensor) = self.supported(proto.name, "initializer", tensor)? {
                let id = self.graph.add_const(&format!("{}{}", self.prefix, proto.name), tensor);
                self.names.insert(proto.name, Some(Held::Tensor(id)));
            }
        }
        Ok(())
    }

    /// Sparse initializers are not supported, all by name.
    pub(crate) fn sparse_constants(&mut self, spans: &[Span<'f>]) -> Result<(), OnnxError> {
        for &span in spans {
            let name = view::sparse_name(span)?;
            self.names.insert(name, None);
            self.unsupported.push(Unsupported::part(name, "sparse_initializer", "a sparse constant".into()));
        }
        Ok(())
    }

    /// The inputs that are not initializers.
    pub(crate) fn inputs(&mut self, spans: &[Span<'f>]) -> Result<(), OnnxError> {
        let infos: Vec<ValueInfo<'f>> = spans.iter().map(|&s| ValueInfo::read(s)).collect::<Result<_, _>>()?;
        let params = Params::of(&infos);
        let mut listed = HashSet::new();
        let constants: HashSet<&str> = self.names.keys().copied().collect();
        for (i, info) in infos.iter().enumerate().filter(|(_, info)| !constants.contains(info.name)) {
            let place = format!("graph.input[{i}] `{}`", shown(info.name));
            self.check_new(info.name, &place)?;
            let held = match &info.kind {
                Type::List(kind) => {
                    listed.insert(info.name);
                    self.list_input(info.name, kind, &params, &place)
                }
                _ => self.fact(info, &params, &place).map(|fact| Held::Tensor(self.graph.add_input(info.name, fact))),
            };
            if let Some(held) = self.supported(info.name, "input", held)? {
                self.names.insert(info.name, Some(held));
            }
        }
        self.check_told(&listed)
    }

    pub(crate) fn check_new(&self, name: &str, place: &str) -> Result<(), OnnxError> {
        if name.is_empty() {
            return Err(OnnxError::invalid(place, "expected a name, got an empty one"));
        }
        match self.given(name) {
            Some(other) => Err(OnnxError::DuplicateName { place: place.into(), name: shown(name), other: other.into() }),
            None => Ok(()),
        }
    }

    /// What can be used; what is not supported is listed, and keeps its name.
    fn supported<T>(&mut self, name: &'f str, what: &str, got: Result<T, Refusal>) -> Result<Option<T>, OnnxError> {
        match got {
            Ok(value) => Ok(Some(value)),
            Err(Refusal::Wrong(e)) => Err(e),
            Err(Refusal::Unsupported(why)) => {
                self.unsupported.push(Unsupported::part(name, what, why));
                self.names.insert(name, None);
                Ok(None)
            }
        }
    }

    fn fact(&mut self, info: &ValueInfo<'f>, params: &Params<'f>, place: &str) -> Result<Fact, Refusal> {
        let (element, extents) = match &info.kind {
            Type::Tensor(element, Some(extents)) => (*element, extents),
            Type::Tensor(_, None) => return Err(Refusal::Unsupported("a tensor of unknown rank".into())),
            Type::List(_) => return Err(Refusal::Unsupported("a sequence or an optional value".into())),
            Type::Other(what) => return Err(Refusal::Unsupported((*what).into())),
            Type::Unknown => return Err(OnnxError::invalid(place, "expected a type, got none").into()),
        };
        let dtype = tensors::dtype(element, place)?;
        if extents.len() > MAX_RANK {
            return Err(OnnxError::Tensor { place: place.into(), source: TensorError::Rank(extents.len()) }.into());
        }
        let mut shape = Vec::with_capacity(extents.len());
        for (axis, &extent) in extents.iter().enumerate() {
            shape.push(self.dim(extent, info.name, axis, params, place)?);
        }
        check_size(dtype, &shape, place)?;
        Ok(Fact::new(dtype, shape))
    }

    /// An extent: a number, a symbol by its name, or a new symbol where nothing is said (or −1 or `?`, as some writers have it).
    pub(crate) fn dim(&mut self, extent: Extent<'f>, input: &str, axis: usize, params: &Params<'f>, place: &str) -> Result<Dim, OnnxError> {
        let name = match extent {
            Extent::Value(v) if v != -1 => {
                let n = usize::try_from(v).map(Dim::Known);
                return n.map_err(|_| OnnxError::invalid(place, format!("extent {axis}: expected 0 or more, got {v}")));
            }
            Extent::Param(name) if !matches!(name, "" | "?") => name.to_owned(),
            _ => params.fresh(input, axis),
        };
        if self.graph.symbols().len() == MAX_SYMBOLS && !self.graph.symbols().iter().any(|s| s.name == name) {
            return Err(OnnxError::invalid(place, format!("more than {MAX_SYMBOLS} symbols")));
        }
        Ok(self.graph.symbol(&name))
    }

    /// The outputs, which nodes or the caller must make; of what form each is.
    pub(crate) fn outputs(&mut self, spans: &[Span<'f>]) -> Result<Vec<Form>, OnnxError> {
        let (mut seen, mut forms) = (HashSet::new(), Vec::with_capacity(spans.len()));
        for (i, &span) in spans.iter().enumerate() {
            let info = ValueInfo::read(span)?;
            let place = format!("graph.output[{i}] `{}`", shown(info.name));
            let Some(held) = self.held(info.name).cloned() else {
                return Err(OnnxError::MissingValue { place, name: shown(info.name) });
            };
            if !seen.insert(info.name) {
                return Err(OnnxError::DuplicateName { place, name: shown(info.name), other: "another output".into() });
            }
            if let Some(id) = held.tensor() {
                check_declared(&info, self.graph.fact(id), &place)?;
            }
            forms.push(self.add_held_output(info.name, &held, &place)?);
        }
        if spans.is_empty() { Err(OnnxError::invalid("graph.output", "expected one or more, got none")) } else { Ok(forms) }
    }
}

/// A declared element type must be the inferred one.
fn check_declared(info: &ValueInfo<'_>, fact: &Fact, place: &str) -> Result<(), OnnxError> {
    let Type::Tensor(element, _) = info.kind else { return Ok(()) };
    match tensors::dtype(element, place) {
        Ok(dtype) if dtype != fact.dtype => {
            Err(OnnxError::invalid(place, format!("declared as {dtype}, but the nodes make {}", fact.dtype)))
        }
        _ => Ok(()),
    }
}

/// Refuses extents whose known part is already larger than memory can be.
pub(crate) fn check_size(dtype: DType, shape: &[Dim], place: &str) -> Result<(), OnnxError> {
    let known = shape.iter().filter_map(Dim::known);
    let size = known.filter(|&d| d > 0).try_fold(dtype.size_bytes(), usize::checked_mul);
    match size.filter(|&s| isize::try_from(s).is_ok()) {
        Some(_) => Ok(()),
        None => Err(OnnxError::invalid(place, "the known extents multiply to more than memory can be")),
    }
}

/// The names of extents that a model uses, so that new ones differ from them.
pub(crate) struct Params<'f>(HashSet<&'f str>);

impl<'f> Params<'f> {
    fn of(infos: &[ValueInfo<'f>]) -> Self {
        let extents = infos.iter().flat_map(|info| info.kind.extents());
        Self(extents.filter_map(|e| if let Extent::Param(name) = e { Some(*name) } else { None }).collect())
    }

    /// `<input>_<axis>`, with `_` behind it while the model itself has such a name. Names of inputs differ and an axis is one
    /// digit, so no name is given twice.
    fn fresh(&self, input: &str, axis: usize) -> String {
        let mut name = format!("{input}_{axis}");
        while self.0.contains(name.as_str()) {
            name.push('_');
        }
        name
    }
}
