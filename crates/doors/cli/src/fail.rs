//! What fails, how it is reported, and what to do next.

use std::fmt;
use std::io::ErrorKind;

use fastserve::Error;

/// How a command ended that could do its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// All is well.
    Fine,
    /// The work is done, and the answer is no: tensors differ, operators are not supported.
    Failed,
}

/// The command line asks for something that makes no sense.
#[derive(Debug)]
struct Usage(String);

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

/// An error of usage.
pub(crate) fn usage(why: impl Into<String>) -> anyhow::Error {
    Usage(why.into()).into()
}

/// Whether the command line is to blame.
pub(crate) fn is_usage(error: &anyhow::Error) -> bool {
    error.is::<Usage>()
}

/// Whether the reader of the results has gone, which is no error.
pub(crate) fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|e| e.kind() == ErrorKind::BrokenPipe)
}

/// The error and its causes, each said once: some messages hold their cause already.
pub(crate) fn text(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |text, cause| match () {
        () if text.is_empty() => cause,
        () if text.contains(&cause) => text,
        () => format!("{text}: {cause}"),
    })
}

/// What to do next.
pub(crate) fn hint(error: &anyhow::Error) -> Option<&'static str> {
    error.chain().find_map(|e| e.downcast_ref::<Error>()).and_then(|e| match e {
        Error::File { .. } => Some("Check the path. `fastserve run` without a model runs the one inside."),
        Error::UnknownFormat(_) => Some("Give an ONNX file, a folder with config.json and model.safetensors, or text weights whose first line is `fastserve-text-weights 0.1`."),
        Error::Onnx(fastserve::onnx::OnnxError::Unsupported(_)) => Some("`fastserve inspect MODEL` shows what else is in the model."),
        Error::Onnx(_) => Some("The file is damaged or not ONNX; get it again, or check it with the `onnx` package's checker."),
        Error::OnnxWrite(fastserve::onnx::write::WriteError::Unsupported(_)) => {
            Some("These nodes run here, but no ONNX file can hold them as they are.")
        }
        Error::Safetensors(_) => Some("A folder needs config.json (model_type bert), model.safetensors and, for `embed`, tokenizer.json."),
        Error::Text(_) => Some("The format is described in docs/formats/."),
        Error::Run(fastserve::RunError::Input { .. }) => {
            Some("`fastserve inspect MODEL` lists the inputs; --shape NAME=1x3x224x224 sets extents.")
        }
        _ => None,
    })
}
