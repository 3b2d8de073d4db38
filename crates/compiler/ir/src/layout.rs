//! How the elements of a value lie in memory.

use fastserve_kernels::conv::ConvPack;
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
    /// The weights of a convolution `[O, I/group, kh, kw]`, packed for a kernel.
    ConvWeights {
        /// The packing.
        pack: ConvPack,
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
            (Layout::ConvWeights { pack, group }, [o, i, kh, kw]) => {
                let k = i.checked_mul(*kh)?.checked_mul(*kw)?;
                pack.packed_len(*o, k, *group)
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
