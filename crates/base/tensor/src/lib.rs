//! Element types, shapes, layouts, storage and tensors
