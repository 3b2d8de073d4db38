//! Reader of the operator vectors under `testdata/ops`; its README has the grammar.

use std::fs;
use std::path::{Path, PathBuf};
use std::str::{FromStr, SplitWhitespace};

use fastserve_ir::{Attr, Attrs};
use fastserve_tensor::{Bool, DType, Element, Shape, Tensor, f16};
use thiserror::Error;

/// One node with its inputs and the outputs that another implementation computed.
#[derive(Clone, Debug)]
pub struct Vector {
    /// ONNX name of the operator.
    pub op: String,
    /// Opset of the node.
    pub opset: i64,
    /// What the node sets.
    pub attrs: Attrs,
    /// Inputs; an optional one may be absent.
    pub inputs: Vec<Option<Tensor>>,
    /// Expected outputs.
    pub outputs: Vec<Tensor>,
    /// The file it was read from.
    pub path: PathBuf,
}

/// Why a vector could not be read.
#[derive(Debug, Error)]
pub enum VectorError {
    /// The file or folder could not be read.
    #[error("{path}: {source}")]
    Io {
        /// File or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A line is not what the grammar says.
    #[error("{path}:{line}: {why}")]
    Line {
        /// File.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Why.
        why: String,
    },
}

impl VectorError {
    fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| VectorError::Io { path, source }
    }
}

/// The folder of this project's vectors.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/ops")
}

/// Names of the folders under `root`, in order: operators in lower case.
///
/// # Errors
/// The folder cannot be read.
pub fn folders(root: &Path) -> Result<Vec<String>, VectorError> {
    let is_folder = |path: &PathBuf| path.is_dir();
    let name = |path: PathBuf| path.file_name().map(|n| n.to_string_lossy().into_owned());
    Ok(entries(root)?.into_iter().filter(is_folder).filter_map(name).collect())
}

/// Every vector of one folder, in the order of the files' names.
///
/// # Errors
/// The folder or a file cannot be read, or a file is no vector.
pub fn load(folder: &Path) -> Result<Vec<Vector>, VectorError> {
    entries(folder)?.iter().filter(|p| p.extension().is_some_and(|e| e == "txt")).map(|p| read(p)).collect()
}

/// Every vector of this project.
///
/// # Errors
/// A folder or a file cannot be read, or a file is no vector.
pub fn load_all() -> Result<Vec<Vector>, VectorError> {
    let root = root();
    let lists: Result<Vec<_>, _> = folders(&root)?.iter().map(|f| load(&root.join(f))).collect();
    Ok(lists?.into_iter().flatten().collect())
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, VectorError> {
    let list = fs::read_dir(folder).map_err(VectorError::io(folder))?;
    let paths: Result<Vec<PathBuf>, _> = list.map(|e| e.map(|e| e.path())).collect();
    let mut paths = paths.map_err(VectorError::io(folder))?;
    paths.sort();
    Ok(paths)
}

/// The vector of one file.
///
/// # Errors
/// The file cannot be read, or is no vector.
pub fn read(path: &Path) -> Result<Vector, VectorError> {
    let text = fs::read_to_string(path).map_err(VectorError::io(path))?;
    parse(&text, path)
}

/// The vector that a text describes; `path` is for messages.
///
/// # Errors
/// [`VectorError::Line`].
pub fn parse(text: &str, path: &Path) -> Result<Vector, VectorError> {
    let mut vector =
        Vector { op: String::new(), opset: 0, attrs: Attrs::new(), inputs: Vec::new(), outputs: Vec::new(), path: path.to_owned() };
    for (i, line) in text.lines().enumerate() {
        item(&mut vector, i, &mut line.split_whitespace()).map_err(|why| VectorError::Line { path: path.to_owned(), line: i + 1, why })?;
    }
    if vector.op.is_empty() {
        return Err(VectorError::Line { path: path.to_owned(), line: 1, why: "expected `op`, got the end".into() });
    }
    Ok(vector)
}

type Words<'a> = SplitWhitespace<'a>;

fn item(vector: &mut Vector, line: usize, words: &mut Words<'_>) -> Result<(), String> {
    match (line, words.next()) {
        (0, Some("op")) => head(vector, words),
        (1.., Some("attr")) => {
            let name = word(words, "a name")?;
            vector.attrs.set(name, attr(words)?);
            Ok(())
        }
        (1.., Some("input")) => {
            let name = word(words, "a name")?;
            vector.inputs.push(if name == "-" { None } else { Some(array(words)?) });
            Ok(())
        }
        (1.., Some("output")) => {
            word(words, "a name")?;
            vector.outputs.push(array(words)?);
            Ok(())
        }
        (_, other) => Err(format!("expected op (first), attr, input or output, got {other:?}")),
    }
}

fn head(vector: &mut Vector, words: &mut Words<'_>) -> Result<(), String> {
    vector.op = word(words, "an operator")?.to_owned();
    match word(words, "`opset`")? {
        "opset" => {}
        other => return Err(format!("expected `opset`, got {other}")),
    }
    vector.opset = number(word(words, "a version")?)?;
    Ok(())
}

fn word<'a>(words: &mut Words<'a>, expected: &str) -> Result<&'a str, String> {
    words.next().ok_or_else(|| format!("expected {expected}, got the end of the line"))
}

fn number<T: FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("expected a {}, got {text}", std::any::type_name::<T>()))
}

fn attr(words: &mut Words<'_>) -> Result<Attr, String> {
    match word(words, "a kind")? {
        "i" => number(word(words, "an integer")?).map(Attr::Int),
        "f" => number(word(words, "a number")?).map(Attr::Float),
        "s" => Ok(Attr::Str(words.collect::<Vec<_>>().join(" "))),
        "is" => words.map(number).collect::<Result<_, _>>().map(Attr::Ints),
        "ss" => Ok(Attr::Strs(words.map(str::to_owned).collect())),
        "fs" => words.map(number).collect::<Result<_, _>>().map(Attr::Floats),
        "t" => array(words).map(Attr::Tensor),
        other => Err(format!("expected i, f, s, is, fs, ss or t, got {other}")),
    }
}

fn array(words: &mut Words<'_>) -> Result<Tensor, String> {
    let dtype: DType = word(words, "a type")?.parse().map_err(|e: fastserve_tensor::TensorError| e.to_string())?;
    let shape = shape(word(words, "a shape")?)?;
    match word(words, "`:`")? {
        ":" => {}
        other => return Err(format!("expected `:`, got {other}")),
    }
    if let Some(narrow) = dtype.narrow() {
        let code = |w| number(w).and_then(|v| narrow.read(v).ok_or_else(|| format!("{dtype} has no element {v}")));
        let codes: Vec<u8> = words.map(code).collect::<Result<_, _>>()?;
        let shape = Shape::new(&shape).map_err(|e| e.to_string())?;
        return Tensor::from_codes(dtype, shape, &codes).map_err(|e| e.to_string());
    }
    match dtype {
        DType::F32 => elements(words, &shape, |v: f32| v),
        DType::F64 => elements(words, &shape, |v: f64| v),
        DType::F16 => elements(words, &shape, f16::from_f32),
        DType::I64 => elements(words, &shape, |v: i64| v),
        DType::I32 => elements(words, &shape, |v: i32| v),
        DType::I16 => elements(words, &shape, |v: i16| v),
        DType::I8 => elements(words, &shape, |v: i8| v),
        DType::U64 => elements(words, &shape, |v: u64| v),
        DType::U32 => elements(words, &shape, |v: u32| v),
        DType::U16 => elements(words, &shape, |v: u16| v),
        DType::U8 => elements(words, &shape, |v: u8| v),
        DType::Bool => elements(words, &shape, Bool),
        other => Err(format!("the grammar has no type {other}")),
    }
}

fn shape(text: &str) -> Result<Vec<usize>, String> {
    if text == "scalar" { Ok(Vec::new()) } else { text.split('x').map(number).collect() }
}

fn elements<P: FromStr, T: Element>(words: &mut Words<'_>, shape: &[usize], make: impl Fn(P) -> T) -> Result<Tensor, String> {
    let items: Result<Vec<T>, String> = words.map(|w| number(w).map(&make)).collect();
    Tensor::from_slice(shape, &items?).map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "op Pad opset 13\nattr mode s constant\nattr axes is 0 -1\ninput -\ninput data f32 2x2 : 1 -inf nan 0.5\noutput y i64 scalar : -3\n";

    #[test]
    fn every_kind_of_line() {
        let v = parse(TEXT, Path::new("x.txt")).unwrap();
        assert_eq!((v.op.as_str(), v.opset), ("Pad", 13));
        assert_eq!(v.attrs.ints("axes").unwrap(), Some(vec![0, -1]));
        assert!(v.inputs[0].is_none());
        assert_eq!(v.inputs[1].as_ref().unwrap().as_slice::<f32>().unwrap()[1], f32::NEG_INFINITY);
        assert_eq!(v.outputs[0].as_slice::<i64>().unwrap(), &[-3]);
    }

    #[test]
    fn a_wrong_line_is_named() {
        for (text, line) in [("", 1), ("op Add\n", 1), ("op Add opset 7\ninput x f32 2 : 1\n", 2), ("op Add opset 7\nop Add opset 7\n", 2)]
        {
            match parse(text, Path::new("x.txt")) {
                Err(VectorError::Line { line: at, .. }) => assert_eq!(at, line, "{text}"),
                other => panic!("{text}: {other:?}"),
            }
        }
    }
}
