//! Where a model's inputs come from: files, random numbers, or neither.

use std::path::PathBuf;
use std::str::FromStr;

use anyhow::{Context, Result};
use fastserve::ir::{Dim, SymId};
use fastserve::{Port, ReadOptions, Signature, Tensor, TensorView, Told};

use crate::fail::usage;
use crate::io::{npy, random};
use crate::show::{self, numbers};

/// The most elements that a sequence is told to have.
const MOST_ELEMENTS: usize = 65536;

/// Options for a model's inputs.
#[derive(clap::Args, Clone, Debug, Default)]
pub(crate) struct InputArgs {
    /// An input from a file; may be given more than once
    #[arg(long = "input", value_name = "NAME=FILE.npy")]
    pub(crate) files: Vec<Named<PathBuf>>,
    /// Fill the other inputs with random numbers, equal for equal seeds: each input starts at s = 12345 + SEED, each element
    /// takes s = s * 1664525 + 1013904223 (32 bits) and r = s >> 8; floats are r / 2^24 * 2 - 1, integers r mod 10
    #[arg(long, value_name = "SEED")]
    pub(crate) random_inputs: Option<u32>,
    #[command(flatten)]
    pub(crate) shape: ShapeArgs,
}

/// Options for extents that the model leaves open.
#[derive(clap::Args, Clone, Debug, Default)]
pub(crate) struct ShapeArgs {
    /// Extents of an input (or the value of one symbol, as N=8); open ones are 1 if nothing says otherwise
    #[arg(long = "shape", value_name = "NAME=1x3x224x224")]
    pub(crate) shapes: Vec<Named<Extents>>,
    /// What an input is that is a sequence or an optional value: how many elements it has (3), the extents of each (2x4,3x4; of a
    /// single one with the comma: 5,), or `absent`. The inputs are then `NAME[0]`, `NAME[1]` and so on
    #[arg(long = "sequence", value_name = "NAME=N")]
    pub(crate) sequences: Vec<Named<Elements>>,
}

impl ShapeArgs {
    /// What is told of sequences and optional values.
    pub(crate) fn told(&self) -> ReadOptions {
        ReadOptions { told: self.sequences.iter().map(|s| (s.name.clone(), s.value.0.clone())).collect(), ..ReadOptions::default() }
    }
}

/// What is told of a sequence or an optional value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Elements(pub(crate) Told);

impl FromStr for Elements {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        match s.parse() {
            _ if s == "absent" => Ok(Self(Told::Absent)),
            Ok(count) if count <= MOST_ELEMENTS => Ok(Self(Told::count(count))),
            Ok(count) => Err(format!("expected at most {MOST_ELEMENTS} elements, got {count}")),
            Err(_) => {
                let list = s.strip_suffix(',').unwrap_or(s).split(',').map(|e| Ok(Some(e.parse::<Extents>()?.0)));
                list.collect::<Result<_, String>>().map(|list| Self(Told::Elements(list)))
            }
        }
    }
}

/// `NAME=VALUE`; the last `=` divides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named<T> {
    pub(crate) name: String,
    pub(crate) value: T,
}

impl<T: FromStr> FromStr for Named<T>
where
    T::Err: std::fmt::Display,
{
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        let (name, value) = s.rsplit_once('=').filter(|(n, v)| !n.is_empty() && !v.is_empty()).ok_or("expected NAME=VALUE")?;
        Ok(Self { name: name.to_owned(), value: value.parse().map_err(|e: T::Err| e.to_string())? })
    }
}

/// Extents as `1x3x224x224`, or `scalar` for none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Extents(pub(crate) Vec<usize>);

impl FromStr for Extents {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        if s == "scalar" {
            return Ok(Self(Vec::new()));
        }
        let dims = s.split('x').map(str::parse).collect::<Result<_, _>>();
        dims.map(Self).map_err(|_| format!("expected extents such as 1x3x224x224, got `{s}`"))
    }
}

/// What becomes of inputs that nothing gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// An error that names them.
    Refuse,
    /// Random numbers of this seed.
    Random(u32),
}

impl InputArgs {
    /// Whether nothing is said of inputs.
    pub(crate) fn is_empty(&self) -> bool {
        self.files.is_empty() && self.random_inputs.is_none() && self.shape.shapes.is_empty()
    }

    /// What becomes of inputs that no file gives.
    pub(crate) fn missing(&self) -> Missing {
        self.random_inputs.map_or(Missing::Refuse, Missing::Random)
    }

    /// The inputs in the order of the signature; `given` are there already.
    pub(crate) fn gather(&self, signature: &Signature, given: Vec<Named<Tensor>>, missing: Missing) -> Result<Vec<Tensor>> {
        let mut tensors = given;
        for file in &self.files {
            let port = find(signature, &file.name)?;
            let value = npy::read_as(&file.value, port.dtype)?;
            check(port, &value, file)?;
            tensors.push(Named { name: file.name.clone(), value });
        }
        let symbols = Symbols::bind(signature, &self.shape, &tensors)?;
        let absent: Vec<&Port> = signature.inputs.iter().filter(|p| tensors.iter().all(|t| t.name != p.name)).collect();
        match missing {
            Missing::Refuse if !absent.is_empty() => return Err(refuse(&absent)),
            Missing::Refuse => {}
            Missing::Random(seed) => tensors.extend(fill(&absent, &symbols, seed)?),
        }
        let pick = |p: &Port| tensors.iter().find(|t| t.name == p.name).map(|t| t.value.clone());
        signature.inputs.iter().map(pick).collect::<Option<_>>().context("an input is missing")
    }
}

/// Views of tensors.
pub(crate) fn views(tensors: &[Tensor]) -> Result<Vec<TensorView<'_>>> {
    Ok(tensors.iter().map(Tensor::view).collect::<Result<_, _>>()?)
}

fn find<'s>(signature: &'s Signature, name: &str) -> Result<&'s Port> {
    signature.inputs.iter().find(|p| p.name == name).ok_or_else(|| {
        let known: Vec<String> = signature.inputs.iter().map(|p| format!("`{}`", p.name)).collect();
        usage(format!("the model has no input `{name}`; it has {}", known.join(", ")))
    })
}

fn check(port: &Port, value: &Tensor, file: &Named<PathBuf>) -> Result<()> {
    if port.dtype == value.dtype() {
        return Ok(());
    }
    let (path, has, takes) = (file.value.display(), value.dtype(), port.expected());
    Err(usage(format!("input `{}` takes {takes}, but {path} holds {has}; convert it with numpy's `.astype`", port.name)))
}

fn refuse(absent: &[&Port]) -> anyhow::Error {
    let mut text = "these inputs were not given:".to_owned();
    for port in absent {
        text += &format!("\n  {}  {}", port.name, port.expected());
    }
    usage(text + "\nGive each with --input NAME=FILE.npy, or all of them with --random-inputs SEED (and --shape where extents are open).")
}

fn fill(absent: &[&Port], symbols: &Symbols, seed: u32) -> Result<Vec<Named<Tensor>>> {
    let one = |port: &&Port| {
        let dims: Option<Vec<usize>> = port.dims.iter().map(|d| d.eval(&symbols.values)).collect();
        let dims = dims.with_context(|| format!("the extents of input `{}` overflow", port.name))?;
        let value = random::tensor(port.dtype, &dims, seed, random::Span::default());
        Ok(Named { name: port.name.clone(), value: value.with_context(|| format!("input `{}`", port.name))? })
    };
    absent.iter().map(one).collect()
}

/// Values of a signature's symbols.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Symbols {
    pub(crate) values: Vec<usize>,
}

impl Symbols {
    /// From `--shape` and the inputs that are there; what nothing tells is 1, and that is said.
    pub(crate) fn bind(signature: &Signature, shapes: &ShapeArgs, tensors: &[Named<Tensor>]) -> Result<Self> {
        let mut values = vec![None; signature.symbols.len()];
        for Named { name, value: Extents(dims) } in &shapes.shapes {
            match (signature.inputs.iter().find(|p| p.name == *name), signature.symbols.iter().position(|s| s == name), &dims[..]) {
                (Some(port), _, dims) => bind(port, dims, &mut values)?,
                (None, Some(s), [n]) => values[s] = Some(*n),
                _ => return Err(find(signature, name).err().unwrap_or_else(|| usage(format!("--shape {name}: expected one number")))),
            }
        }
        for tensor in tensors {
            bind(find(signature, &tensor.name)?, tensor.value.shape(), &mut values)?;
        }
        say_open(signature, &values);
        Ok(Self { values: values.into_iter().map(|v| v.unwrap_or(1)).collect() })
    }

    /// As `N=1, length=128`; empty without symbols.
    pub(crate) fn text(&self, signature: &Signature) -> String {
        let pairs: Vec<String> = signature.symbols.iter().zip(&self.values).map(|(s, v)| format!("{s}={v}")).collect();
        pairs.join(", ")
    }
}

/// Says which extents nothing tells.
fn say_open(signature: &Signature, values: &[Option<usize>]) {
    // What no input has is told by data when the model runs.
    let told = |s: usize| signature.inputs.iter().flat_map(|p| &p.dims).any(|d| d.has(SymId::new(s)));
    let unset = signature.symbols.iter().zip(values).enumerate().filter(|(s, (_, v))| v.is_none() && told(*s));
    let open: Vec<&str> = unset.map(|(_, (s, _))| s.as_str()).collect();
    if !open.is_empty() {
        show::note(&format!("open extents are taken as 1: {} (set them with --shape)", open.join(", ")));
    }
}

fn bind(port: &Port, dims: &[usize], values: &mut [Option<usize>]) -> Result<()> {
    let wrong = || usage(format!("input `{}` takes {}, got extents {}", port.name, port.expected(), numbers::extents(dims)));
    if port.dims.len() != dims.len() {
        return Err(wrong());
    }
    for (dim, &n) in port.dims.iter().zip(dims) {
        match dim {
            Dim::Known(expected) if *expected != n => return Err(wrong()),
            Dim::Sym(s) => match values.get_mut(s.index()) {
                Some(Some(v)) if *v != n => return Err(wrong()),
                Some(v) => *v = Some(n),
                None => {}
            },
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_read() {
        assert_eq!("a=b=1x2".parse(), Ok(Named { name: "a=b".to_owned(), value: Extents(vec![1, 2]) }));
        assert_eq!("x=scalar".parse(), Ok(Named { name: "x".to_owned(), value: Extents(Vec::new()) }));
        for bad in ["x", "=1", "x=", "x=1x", "x=-1"] {
            assert!(bad.parse::<Named<Extents>>().is_err(), "{bad}");
        }
    }

    #[test]
    fn sequences_are_counted_or_have_extents() {
        let told = |s: &str| s.parse::<Elements>().map(|e| e.0);
        assert_eq!(told("3"), Ok(Told::count(3)));
        assert_eq!(told("absent"), Ok(Told::Absent));
        assert_eq!(told("2x4,scalar"), Ok(Told::Elements(vec![Some(vec![2, 4]), Some(vec![])])));
        assert_eq!(told("5,"), Ok(Told::Elements(vec![Some(vec![5])])));
        for bad in ["", ",", "-1", "2x,3", "65537"] {
            assert!(told(bad).is_err(), "{bad}");
        }
    }
}
