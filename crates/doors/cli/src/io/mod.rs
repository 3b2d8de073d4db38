//! What goes in and out: tensors in files, pictures, random numbers.

pub(crate) mod boxes;
pub(crate) mod elements;
pub(crate) mod images;
pub(crate) mod inputs;
pub(crate) mod letterbox;
pub(crate) mod npy;
pub(crate) mod outputs;
pub(crate) mod preset;
pub(crate) mod random;
