//! The limits of the formats.

/// Bytes of a line of text weights, without its end.
pub const MAX_LINE_BYTES: usize = 1024;

/// Bytes of a line of text images, without its end: the widest row takes a quarter of it.
pub const MAX_IMAGE_LINE_BYTES: usize = 65_536;

/// Characters of a name.
pub const MAX_NAME_CHARS: usize = 64;

/// Characters of a number.
pub const MAX_NUMBER_CHARS: usize = 32;

/// Layers of a network.
pub const MAX_LAYERS: usize = 64;

/// Any size: channels, extents, strides, padding.
pub const MAX_SIZE: usize = 65_536;

/// Elements of one tensor.
pub const MAX_ELEMENTS: usize = 1 << 24;

/// Height and width of an image.
pub const MAX_IMAGE_SIDE: usize = 4096;

/// Images of one file.
pub const MAX_IMAGES: usize = 1_000_000;

/// The largest label of an image.
pub const MAX_LABEL: usize = 65_535;
