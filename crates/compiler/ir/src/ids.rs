//! Indices into a graph.

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub(crate) u32);

        impl $name {
            /// The position in the graph's table.
            pub fn index(self) -> usize {
                self.0 as usize
            }

            /// The id of a position in the graph's table.
            pub fn new(index: usize) -> Self {
                Self(index as u32)
            }
        }
    )*};
}

ids! {
    /// A value of a graph: an input, a constant or the output of a node.
    ValueId,
    /// A node of a graph.
    NodeId,
    /// A symbol of a graph: a dimension that is known at run time only.
    SymId,
}
