//! What a caller tells of a model when loading it.

use std::collections::BTreeMap;

/// What a caller tells of a model that its file does not say, and how files are read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// What the inputs are that are sequences or optional values, by name. The model gets an input for each element of a sequence,
    /// `name[0]`, `name[1]` and so on; of an optional tensor that is there the input `name`, and none of one that is not.
    pub told: BTreeMap<String, Told>,
    /// Whether files are read into memory rather than mapped. Whoever truncates a file while it is mapped ends the process, which a server
    /// cannot allow.
    pub copied: bool,
}

/// What is told of an input that is a sequence or an optional value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// An optional value that is not there.
    Absent,
    /// An optional tensor that is there, or a sequence of as many elements. Each has the extents that are told of it, and those of
    /// its type where none are.
    Elements(Vec<Option<Vec<usize>>>),
}

impl Told {
    /// So many elements, of the extents that the type says.
    pub fn count(elements: usize) -> Self {
        Told::Elements(vec![None; elements])
    }
}
