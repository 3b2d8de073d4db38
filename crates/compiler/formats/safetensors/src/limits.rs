//! The limits of the format.

/// Bytes of `config.json`.
pub const MAX_CONFIG_BYTES: u64 = 1 << 20;

/// Bytes of the header of a safetensors file. Parsed, it takes at most some eight times as much.
pub const MAX_HEADER_BYTES: u64 = 4 << 20;

/// Layers of an encoder.
pub const MAX_LAYERS: usize = 256;

/// Any size: widths, heads, vocabulary, positions.
pub const MAX_SIZE: usize = 1 << 24;
