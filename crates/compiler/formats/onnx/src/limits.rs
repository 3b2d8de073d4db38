//! What a file may ask for. Everything is checked before anything is reserved.

/// Messages within messages. A file without subgraphs nests about 8 deep; each subgraph adds 3.
pub const MAX_DEPTH: usize = 64;

/// Bytes of one name: of a value, node, operator, domain or dimension.
pub const MAX_NAME_BYTES: usize = 4096;

/// Heap that loading may take beyond [`HEAP_PER_FILE_BYTE`] for each byte of the file (and of the external data it uses).
/// The pre-scan adds up what every message, name and number of the file will take, and refuses a file that would need more.
pub const HEAP_BASE_BYTES: usize = 64 << 20;

/// See [`HEAP_BASE_BYTES`].
pub const HEAP_PER_FILE_BYTE: usize = 2;

/// Part of [`HEAP_BASE_BYTES`] that is kept for what does not grow with the file.
pub(crate) const HEAP_RESERVE_BYTES: usize = 4 << 20;

/// Symbols of a graph: extents known at run time only, those that only data tell too.
pub const MAX_SYMBOLS: usize = 4096;

/// Terms of one extent that is an expression of symbols. Expressions share their parts, so this bounds time, not only memory.
pub const MAX_DIM_TERMS: usize = 1024;

/// External files one model may use.
pub const MAX_EXTERNAL_FILES: usize = 4096;

/// Oldest and newest version of the format that is read.
pub const IR_VERSIONS: std::ops::RangeInclusive<i64> = 1..=14;

/// Oldest and newest version of the standard operators that is read: what a newer one means cannot be known.
pub const OPSETS: std::ops::RangeInclusive<i64> = 1..=28;

/// Functions and branches within each other whose nodes join the graph.
pub const MAX_INLINED_DEPTH: usize = 32;

/// Nodes that bodies of functions and branches may add: a few bytes of calls must not become a large graph.
pub const MAX_INLINED_NODES: usize = 16384;

/// Nodes of graphs within nodes that reading may look at. A body is read again where what it carries changes its extents, and those
/// within it with it: without a bound a small file could take forever.
pub const MAX_BODY_NODES: usize = 65536;

/// Elements of all sequences that loading may make, each sequence counted with all of its own.
pub const MAX_SEQUENCE_ELEMENTS: usize = 1 << 20;

/// Characters of a name from the file that a message shows.
pub(crate) const SHOWN_CHARS: usize = 128;
