//! How the elements of a value lie in memory.

pub use fastserve_kernels::class::CHANNEL_BLOCK;
use fastserve_kernels::gemm::PackFormat;
use fastserve_tensor::Shape;

/// How the elements of a value lie in memory. The logical shape of the fact stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Layout {
    /// Row-major, without padding.
    #[default]
    RowMajor,
    /// The right operand of a GEMM `[…, K, N]`, packed for a kernel.
    GemmB(PackFormat),
    /// `[N, C, …]` in blocks of 16 channels: `[N][ceil(C / 16)][…][16]`. The lanes beyond the channels hold anything.
    Channels16,
    /// The weights of a convolution `[O, I/group, kh, kw]` in blocks of 16 output channels: for each block, K in the order
    /// (channel block of 16, kh, kw, channel in block), and for each K the block's channels, filled with zeros.
    ConvBlocks,
    /// The weights of a convolution `[O, I/group, kh, kw]`, packed for a kernel: for each group, tiles of up to
    /// `mr` output channels, all about equally high; in a tile, K in the order (channel block of 16, kh, kw, channel in
    /// block), and for each K the tile's channels.
    ConvWeights {
        /// The most output channels of a tile.
        mr: usize,
        /// Number of groups.
        group: usize,
    },
}

impl Layout {
    /// Elements that a value of this logical shape takes in memory; `None` on overflow or a rank that does not fit.
    pub fn storage_numel(&self, shape: &Shape) -> Option<usize> {
        match (self, shape.dims()) {
            (Layout::RowMajor, _) => shape.checked_numel(),
            (Layout::GemmB(format), [batch @ .., k, n]) => {
                let one = format.packed_len(*n, *k)?;
                batch.iter().try_fold(one, |total, d| total.checked_mul(*d))
            }
            (Layout::ConvWeights { .. }, [_, _, _, _]) => shape.checked_numel(),
            (Layout::Channels16, [n, c, space @ ..]) => {
                let channels = c.checked_next_multiple_of(CHANNEL_BLOCK)?;
                space.iter().try_fold(n.checked_mul(channels)?, |total, d| total.checked_mul(*d))
            }
            (Layout::ConvBlocks, [o, i, kh, kw]) => {
                let outputs = o.checked_next_multiple_of(CHANNEL_BLOCK)?;
                [i, kh, kw].into_iter().try_fold(outputs, |total, d| total.checked_mul(*d))
            }
            _ => None,
        }
    }

    /// The shape of the tensor that holds such a value: the logical one if row-major, else one dimension.
    pub fn storage_shape(&self, shape: &Shape) -> Option<Shape> {
        match self {
            Layout::RowMajor => Some(*shape),
            _ => Shape::new(&[self.storage_numel(shape)?]).ok(),
        }
    }
}

/// The name of a packing in the text form and in attributes: `panels16`, `lanes_k`.
pub fn pack_format_name(format: PackFormat) -> String {
    match format {
        PackFormat::Panels { nr } => format!("panels{nr}"),
        PackFormat::LanesK => "lanes_k".into(),
    }
}

/// The packing of this name.
pub fn parse_pack_format(name: &str) -> Option<PackFormat> {
    match name.strip_prefix("panels") {
        Some(nr) => nr.parse().ok().filter(|&nr| nr > 0).map(|nr| PackFormat::Panels { nr }),
        None => (name == "lanes_k").then_some(PackFormat::LanesK),
    }
}
