//! `testdata/zoo.toml`: networks that tests run, and their inputs.
#![allow(dead_code, clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::path::PathBuf;

use fastserve::{Bool, DType, Model, Shape, Tensor, TensorView};
use fastserve_testkit::{fixtures, random::Random};
use serde::Deserialize;

use super::file;
use super::real::Source;

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Table {
    pub(crate) model: Vec<Row>,
}

/// One network.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) file: String,
    pub(crate) tier: Tier,
    pub(crate) quantized: Option<Quantized>,
    pub(crate) inputs: Vec<Input>,
    pub(crate) batch: Option<String>,
    pub(crate) cases: Vec<Case>,
    /// Real values of inputs by name.
    #[serde(default)]
    real: Vec<BTreeMap<String, Source>>,
    #[serde(default)]
    pub(crate) race: Vec<Case>,
    /// Allocator calls that a steady run may make: those of reference bodies, where it has steps without kernels.
    #[serde(default)]
    pub(crate) allocations: usize,
    /// How often each function that exporters write in parts is in it.
    #[serde(default)]
    pub(crate) patterns: BTreeMap<String, usize>,
}

/// When a network is tested.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Tier {
    Default,
    Models,
    Zoo,
}

/// How near a quantized network must come where it is not within the tolerance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Quantized {
    Levels,
    Sensitive,
}

/// Values of the words among the extents.
pub(crate) type Case = BTreeMap<String, usize>;

/// An input of random numbers.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    pub(crate) name: String,
    r#type: String,
    dims: Vec<Number>,
    low: Option<Number>,
    high: Option<Number>,
}

/// An extent or a bound.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Number {
    Known(f64),
    Word(String),
}

impl Number {
    fn of(&self, case: &Case) -> f64 {
        match self {
            Number::Known(n) => *n,
            Number::Word(w) => case[w] as f64,
        }
    }
}

/// The committed table.
pub(crate) fn table() -> Table {
    toml::from_str(&std::fs::read_to_string(file("testdata/zoo.toml")).unwrap()).unwrap()
}

/// One row of it.
pub(crate) fn row(name: &str) -> Row {
    table().model.into_iter().find(|r| r.name == name).unwrap_or_else(|| panic!("zoo.toml has no {name}"))
}

impl Row {
    /// The file of the network.
    pub(crate) fn path(&self) -> PathBuf {
        fixtures::path(&self.file)
    }

    /// The network.
    pub(crate) fn open(&self) -> Model {
        Model::open(self.path()).unwrap_or_else(|e| panic!("{}: {e}", self.name))
    }

    /// Random inputs of a case.
    pub(crate) fn inputs(&self, case: &Case) -> Vec<(String, Tensor)> {
        let mut random = Random::new(7);
        self.inputs.iter().map(|input| (input.name.clone(), input.tensor(case, &mut random))).collect()
    }

    /// The inputs of each run that has real ones.
    pub(crate) fn real_inputs(&self) -> impl Iterator<Item = Vec<(String, Tensor)>> {
        self.real.iter().map(|sources| self.given(sources))
    }

    /// Inputs without a source are zero, and as large as the words say that those with one have.
    fn given(&self, sources: &BTreeMap<String, Source>) -> Vec<(String, Tensor)> {
        let stray: Vec<_> = sources.keys().filter(|name| self.inputs.iter().all(|i| i.name != **name)).collect();
        assert!(stray.is_empty(), "{}: no inputs {stray:?}", self.name);
        let mut case = Case::new();
        let mut tensors = BTreeMap::new();
        for (input, source) in self.inputs.iter().filter_map(|i| Some((i, sources.get(&i.name)?))) {
            let tensor = source.tensor(input.r#type.parse().unwrap());
            input.learn(&mut case, &tensor);
            tensors.insert(&input.name, tensor);
        }
        let mut value = |input: &Input| tensors.remove(&input.name).unwrap_or_else(|| input.zeros(&case));
        self.inputs.iter().map(|input| (input.name.clone(), value(input))).collect()
    }

    /// The requests of a batch, each on its own.
    pub(crate) fn split(&self, inputs: &[(String, Tensor)]) -> Vec<Vec<(String, Tensor)>> {
        let count = inputs[0].1.shape()[0];
        (0..count).map(|i| inputs.iter().map(|(name, t)| (name.clone(), slice(t, i))).collect()).collect()
    }
}

impl Input {
    fn dims(&self, case: &Case) -> Vec<usize> {
        self.dims.iter().map(|d| d.of(case) as usize).collect()
    }

    fn zeros(&self, case: &Case) -> Tensor {
        Tensor::zeros(self.r#type.parse().unwrap(), Shape::new(&self.dims(case)).unwrap()).unwrap()
    }

    /// Takes the values of words from a tensor, which must be as the extents say.
    fn learn(&self, case: &mut Case, tensor: &Tensor) {
        for (extent, &actual) in self.dims.iter().zip(tensor.shape().dims()) {
            if let Number::Word(word) = extent {
                case.entry(word.clone()).or_insert(actual);
            }
        }
        assert_eq!(tensor.shape().dims(), self.dims(case), "{}", self.name);
    }

    fn tensor(&self, case: &Case, random: &mut Random) -> Tensor {
        let dims = self.dims(case);
        let shape = Shape::new(&dims).unwrap();
        let low = self.low.as_ref().map(|n| n.of(case));
        let high = self.high.as_ref().map(|n| n.of(case));
        let span = low.map(|low| (low, high.unwrap_or(low)));
        match (self.r#type.parse().unwrap(), span) {
            (DType::I64, Some(span)) => filled(&shape, || integer(random, span)),
            (DType::I32, Some(span)) => filled(&shape, || integer(random, span) as i32),
            (DType::Bool, Some(span)) => filled(&shape, || Bool::from(integer(random, span) != 0)),
            (DType::F32, Some((low, high))) => filled(&shape, || (low + (high - low) * f64::from(random.float() + 1.0) / 2.0) as f32),
            (dtype, _) => random.tensor(dtype, &shape).unwrap(),
        }
    }
}

fn filled<T: fastserve::Element>(shape: &Shape, mut next: impl FnMut() -> T) -> Tensor {
    Tensor::from_slice(shape, &(0..shape.numel()).map(|_| next()).collect::<Vec<_>>()).unwrap()
}

fn integer(random: &mut Random, (low, high): (f64, f64)) -> i64 {
    low as i64 + random.below((high - low) as usize) as i64
}

/// One request of a batch.
pub(crate) fn slice(t: &Tensor, index: usize) -> Tensor {
    let mut dims = t.shape().dims().to_vec();
    let bytes = t.bytes().len() / dims[0];
    dims[0] = 1;
    let mut out = Tensor::zeros(t.dtype(), Shape::new(&dims).unwrap()).unwrap();
    let from = &t.bytes()[index * bytes..][..bytes];
    match t.dtype() {
        DType::Bool => copy::<Bool>(&mut out, from),
        DType::F32 => copy::<f32>(&mut out, from),
        DType::I32 => copy::<i32>(&mut out, from),
        DType::I64 => copy::<i64>(&mut out, from),
        other => panic!("{other}"),
    }
    out
}

fn copy<T: fastserve::Element>(to: &mut Tensor, from: &[u8]) {
    let whole = TensorView::new(to.dtype(), *to.shape(), from).unwrap();
    to.as_mut_slice::<T>().unwrap().copy_from_slice(whole.as_slice::<T>().unwrap());
}
