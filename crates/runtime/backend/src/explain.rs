//! What runs, and why.

/// What a plan does, step by step, and what was not done to the graph and why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explain {
    /// The steps, in order.
    pub steps: Vec<ExplainStep>,
    /// `(node, why it was not fused, folded or made faster)`.
    pub notes: Vec<(String, String)>,
    /// `(pattern, how often it was recognised)`.
    pub patterns: Vec<(String, usize)>,
    /// Bytes for intermediate values and scratch.
    pub arena_bytes: usize,
    /// Bytes of constants, packed ones included.
    pub constant_bytes: usize,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExplainStep {
    /// Node it comes from.
    pub node: String,
    /// Operator.
    pub op: String,
    /// Kernel that runs, or `reference`.
    pub kernel: String,
    /// Extents of the outputs.
    pub shape: String,
    /// Multiplications and additions; 0 where nothing counts them.
    pub flops: u64,
    /// Bytes read and written.
    pub bytes: u64,
}
