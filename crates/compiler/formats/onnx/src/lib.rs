//! ONNX files to graphs, and graphs to ONNX files ([mod@write]).
//!
//! A file is looked at in whole before anything of it is loaded (`prescan`): depth, names, and the memory that it will take,
//! which is bounded by [`limits`]. Then messages are read where they lie; numbers that lie in the file as they lie in memory
//! are shared with it, not copied. Everything that is not supported is reported at once.

#[cfg(target_endian = "big")]
compile_error!("files are little-endian, and tensors share their bytes");

mod attributes;
mod bodies;
mod error;
mod external;
mod flex;
mod header;
mod inline;
mod inside;
pub mod limits;
mod load;
mod nodes;
mod packed;
mod parts;
mod prescan;
pub mod proto;
mod schema;
mod sequences;
mod sort;
mod survey;
mod sys;
mod tensor_file;
mod tensors;
mod turns;
mod unsupported;
mod value_file;
mod values;
mod view;
mod wire;
pub mod write;

pub use error::OnnxError;
pub use load::{map_file, read_bytes, read_bytes_with, read_file, read_file_with};
pub use sequences::{ReadOptions, Told, operators as sequence_operators};
pub use survey::{Operator, Survey, survey};
pub use tensor_file::read_tensor;
pub use unsupported::Unsupported;
pub use value_file::{Declared, Value, ValueKind, declared, read_value};
