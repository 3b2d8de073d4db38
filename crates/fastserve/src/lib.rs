//! Load, compile and run neural networks.
//!
//! ```
//! use fastserve::{Cpu, CompileOptions, Model};
//!
//! let model = Model::embedded()?; // or Model::open("model.onnx")
//! let compiled = model.compile(&Cpu::new()?, &CompileOptions::default())?;
//! let mut session = compiled.session()?;
//!
//! let digit = fastserve::embedded_digits()?.tensor(0)?; // f32[1,1,28,28]
//! let outputs = session.run(&[digit.view()?])?;
//! let probabilities = outputs.get(0)?.as_slice::<f32>()?;
//! assert_eq!(probabilities.len(), 10);
//! assert!((probabilities.iter().sum::<f32>() - 1.0).abs() < 1e-5);
//! # Ok::<(), fastserve::Error>(())
//! ```
//!
//! This crate is the only one whose interface follows semantic versioning; the crates below it are its rooms.

mod embedded;
mod error;
mod images;
mod model;
mod session;

pub use embedded::embedded_digits;
pub use error::Error;
pub use fastserve_backend::{
    Backend, Bindings, CancelToken, Caps, CompileOptions, Executable, Explain, ExplainStep, OutputBinding, Port, Profile, RunCx, RunError,
    Signature,
};
pub use fastserve_cpu::CpuBackend as Cpu;
pub use fastserve_ir as ir;
pub use fastserve_onnx as onnx;
pub use fastserve_onnx::write::WriteOptions;
pub use fastserve_onnx::{ReadOptions, Told};
pub use fastserve_ops::Ops;
pub use fastserve_passes::rows::Inseparable;
pub use fastserve_tensor::{
    Bool, DType, Element, Narrow, Rounding, ScaleRounding, Shape, Tensor, TensorError, TensorView, TensorViewMut, bf16, f16,
};
pub use images::Digits;
pub use model::{Compiled, Format, Model};
pub use session::{Outputs, Session};
