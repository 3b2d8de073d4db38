//! A model from its file to something that runs.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use fastserve_backend::{Backend, CompileOptions, Executable, Explain, Signature};
use fastserve_ir::Graph;
use fastserve_onnx::ReadOptions;
use fastserve_onnx::write::WriteOptions;
use fastserve_ops::Ops;
use fastserve_passes::PassCx;
use fastserve_passes::rows::Inseparable;
use fastserve_simd::FpGuard;

use crate::embedded::WEIGHTS;
use crate::error::Error;
use crate::session::Session;

/// Formats of model files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// ONNX.
    Onnx,
    /// Text weights of version 0.1.
    Text,
    /// A folder with `config.json` and `model.safetensors`: an encoder of the BERT family.
    Safetensors,
}

impl Format {
    /// The format of a file that starts with these bytes. ONNX has no magic number: it is what is left, as long as the first
    /// byte is a field of its outermost message.
    pub fn detect(start: &[u8]) -> Option<Self> {
        match start {
            _ if start.starts_with(b"fastserve-text-weights") => Some(Format::Text),
            [first, ..] if is_model_field(*first) => Some(Format::Onnx),
            _ => None,
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Format::Onnx => "onnx",
            Format::Text => "text",
            Format::Safetensors => "safetensors",
        }
    }
}

/// Whether a byte is the key of a field of ONNX's `ModelProto`, a varint or a length-delimited one.
fn is_model_field(key: u8) -> bool {
    matches!(key & 7, 0 | 2) && (1..=8).contains(&(key >> 3)) || matches!(key >> 3, 14 | 20 | 25)
}

/// A loaded model: a graph, verified, that nothing was done to yet.
#[derive(Clone, Debug)]
pub struct Model {
    graph: Graph,
    format: Format,
}

impl Model {
    /// Loads a file, whose format is told by its first bytes, or a folder with `config.json` and `model.safetensors`.
    ///
    /// # Errors
    /// The place in the file, and what was expected there; for ONNX all unsupported operators at once.
    ///
    /// ```no_run
    /// let model = fastserve::Model::open("model.onnx")?;
    /// println!("{}", fastserve::ir::text::print(model.graph()));
    /// # Ok::<(), fastserve::Error>(())
    /// ```
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        Self::open_with(path, &ReadOptions::default())
    }

    /// Loads a file of which the caller tells what it does not say: how many elements inputs have that are sequences, and whether
    /// optional ones are there. Only ONNX files have such inputs, and the options are for them.
    ///
    /// # Errors
    /// As [`Model::open`]; what is told of an input that is no sequence and no optional value.
    ///
    /// ```no_run
    /// use fastserve::{Model, ReadOptions, Told};
    ///
    /// let told = [("images".to_owned(), Told::count(3))].into();
    /// let model = Model::open_with("model.onnx", &ReadOptions { told, ..ReadOptions::default() })?;
    /// let names: Vec<String> = model.signature().inputs.into_iter().map(|port| port.name).collect();
    /// assert_eq!(names, ["images[0]", "images[1]", "images[2]"]);
    /// # Ok::<(), fastserve::Error>(())
    /// ```
    pub fn open_with(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Self, Error> {
        let _control_word = FpGuard::enter();
        let path = path.as_ref();
        if path.join(fastserve_safetensors::CONFIG).is_file() {
            return Ok(Self { graph: fastserve_safetensors::read_folder(path, &Ops)?, format: Format::Safetensors });
        }
        let failed = |source| Error::File { path: path.to_owned(), source };
        let start = read_start(path).map_err(failed)?;
        match Format::detect(&start) {
            Some(Format::Onnx) => Ok(Self { graph: fastserve_onnx::read_file_with(path, &Ops, options)?, format: Format::Onnx }),
            Some(Format::Text) => Self::from_text(&std::fs::read(path).map_err(failed)?),
            Some(Format::Safetensors) | None => Err(Error::UnknownFormat(path.display().to_string())),
        }
    }

    /// Loads a file's bytes. An ONNX model may not refer to other files.
    ///
    /// # Errors
    /// As [`Model::open`].
    pub fn from_bytes(bytes: Bytes) -> Result<Self, Error> {
        Self::from_bytes_with(bytes, &ReadOptions::default())
    }

    /// Loads a file's bytes, of which the caller tells what they do not say: see [`Model::open_with`].
    ///
    /// # Errors
    /// As [`Model::open_with`].
    pub fn from_bytes_with(bytes: Bytes, options: &ReadOptions) -> Result<Self, Error> {
        // Reading decimal numbers computes: the host's control word may not show in the weights.
        let _control_word = FpGuard::enter();
        match Format::detect(&bytes) {
            Some(Format::Onnx) => Ok(Self { graph: fastserve_onnx::read_bytes_with(bytes, None, &Ops, options)?, format: Format::Onnx }),
            Some(Format::Text) => Self::from_text(&bytes),
            Some(Format::Safetensors) | None => Err(Error::UnknownFormat(format!("{} bytes", bytes.len()))),
        }
    }

    fn from_text(text: &[u8]) -> Result<Self, Error> {
        Ok(Self { graph: fastserve_text::read_bytes(text, &Ops)?, format: Format::Text })
    }

    /// A graph that was made in memory, or changed.
    ///
    /// # Errors
    /// It does not verify.
    pub fn from_graph(graph: Graph, format: Format) -> Result<Self, Error> {
        graph.verify().map_err(fastserve_backend::CompileError::from)?;
        Ok(Self { graph, format })
    }

    /// TinyCNN, which the program carries with it.
    ///
    /// # Errors
    /// None for the weights that ship.
    pub fn embedded() -> Result<Self, Error> {
        Self::from_text(WEIGHTS.as_bytes())
    }

    /// The graph as the file has it.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The format of the file.
    pub fn format(&self) -> Format {
        self.format
    }

    /// What goes in and out.
    pub fn signature(&self) -> Signature {
        Signature::of(&self.graph)
    }

    /// Whether several requests can share a run: rows along axis 0 of all inputs, one after the other, give each request's rows of all
    /// outputs, bit for bit.
    ///
    /// # Errors
    /// The input, node or output that stands against it, or of which nobody knows.
    ///
    /// ```
    /// assert!(fastserve::Model::embedded()?.separable().is_ok());
    /// # Ok::<(), fastserve::Error>(())
    /// ```
    pub fn separable(&self) -> Result<(), Inseparable> {
        fastserve_passes::rows::separable(&self.graph).map(|_| ())
    }

    /// The model with fewer and simpler nodes that compute the same: constants folded, normalisations in weights, what exporters
    /// leave behind gone. No kernels are chosen, so that it can be written again.
    ///
    /// # Errors
    /// A pass fails, which is a defect of it.
    ///
    /// ```
    /// let model = fastserve::Model::embedded()?.optimized()?;
    /// let file = model.to_onnx()?;
    /// assert_eq!(fastserve::Model::from_bytes(file.into())?.signature(), model.signature());
    /// # Ok::<(), fastserve::Error>(())
    /// ```
    pub fn optimized(&self) -> Result<Self, Error> {
        // Folding computes: the host's control word may not show in the constants.
        let _control_word = FpGuard::enter();
        let mut graph = self.graph.clone();
        fastserve_passes::simplify(&mut graph, &PassCx::new(fastserve_simd::Cpu::detect()))?;
        Ok(Self { graph, format: self.format })
    }

    /// The bytes of the model as an ONNX file, with its weights in it.
    ///
    /// # Errors
    /// Nodes that have no standard form, all of them by name; weights of 2 GiB or more.
    pub fn to_onnx(&self) -> Result<Vec<u8>, Error> {
        Ok(fastserve_onnx::write::write_bytes(&self.graph, &Ops)?)
    }

    /// Writes the model as an ONNX file, from 2 GiB on (or as the options say) with its weights in a file beside it.
    /// Returns how many bytes both take.
    ///
    /// # Errors
    /// Nodes that have no standard form, all of them by name; a file that cannot be written.
    pub fn write_onnx(&self, path: impl AsRef<Path>, options: &WriteOptions) -> Result<u64, Error> {
        Ok(fastserve_onnx::write::write_file(&self.graph, path.as_ref(), &Ops, options)?)
    }

    /// Makes the model ready to run on a backend.
    ///
    /// # Errors
    /// What the backend does not take.
    pub fn compile(&self, backend: &dyn Backend, options: &CompileOptions) -> Result<Compiled, Error> {
        Ok(Compiled(backend.compile(&self.graph, options)?))
    }
}

/// The first bytes of a file. A folder or a device is refused here.
fn read_start(path: &Path) -> std::io::Result<Vec<u8>> {
    use std::io::Read;
    let file = std::fs::File::open(path)?;
    if !file.metadata()?.is_file() {
        return Err(std::io::Error::new(std::io::ErrorKind::InvalidInput, "not a regular file"));
    }
    let mut start = Vec::new();
    file.take(64).read_to_end(&mut start)?;
    Ok(start)
}

/// A model that is ready to run. Cheap to clone; its sessions share everything but their memory.
#[derive(Clone)]
pub struct Compiled(Arc<dyn Executable>);

impl Compiled {
    /// What goes in and out.
    pub fn signature(&self) -> &Signature {
        self.0.signature()
    }

    /// A session: the state of one caller.
    ///
    /// # Errors
    /// No memory.
    pub fn session(&self) -> Result<Session, Error> {
        Ok(Session::new(self.0.session()?, self.0.signature().clone()))
    }

    /// The graph as it runs, if the backend has one.
    pub fn graph(&self) -> Option<&Graph> {
        self.0.graph()
    }

    /// What runs for these values of the signature's symbols, and why nothing better.
    ///
    /// # Errors
    /// Extents for which there is no plan.
    pub fn explain(&self, symbols: &[usize]) -> Result<Explain, Error> {
        Ok(self.0.explain(symbols)?)
    }
}
