//! How a blocked convolution is cut into tasks. Only speed depends on it.

use super::InputLayout;
use crate::class::K_CHUNK;
use crate::conv::ConvShape;
use fastserve_parallel::Team;
use fastserve_simd::LANES;

/// The most positions of a register tile of 1, 2, 3 and 4 blocks of output channels; 0 where there is no such tile.
#[derive(Copy, Clone, Debug)]
pub(super) struct Limits(pub(super) [usize; 4]);

/// The input of a strip stays in the second-level cache, beside a panel of weights.
const STRIP_ELEMENTS: usize = 64 * 1024;
/// The same where nothing is copied.
const READ_ELEMENTS: usize = 128 * 1024;
/// Tasks per thread, so that a thread held up elsewhere does not hold up the call.
const TASKS_PER_THREAD: usize = 4;
/// Multiply-adds that a core is modelled to do in a cycle, whatever its instruction set.
const PER_CYCLE: usize = 16;

/// How the positions of an image and the output channels of a group are shared out.
#[derive(Copy, Clone, Debug)]
pub(super) struct Plan {
    /// All positions of an image are one line: windows of neighbours are neighbours across rows.
    pub(super) flat: bool,
    /// Rows are copied with their padding.
    pub(super) copies: bool,
    /// Strips of an image: parts of its output lines, or of its positions where `flat`.
    pub(super) strips: usize,
    /// Parts that the panels of output channels are cut into.
    pub(super) parts: usize,
    /// Scratch elements for the table of spans, and for the copied rows.
    pub(super) spans_len: usize,
    pub(super) strip_len: usize,
}

impl Plan {
    /// The cut for a team; `None` where a size overflows.
    pub(super) fn new(shape: &ConvShape, input: InputLayout, panels: usize, team: Team) -> Option<Plan> {
        let flat = flat(shape);
        let copies = shape.window().pads != [0; 4];
        let lines_total = if flat { shape.pixels() } else { shape.output()[0] };
        let wanted = match team.threads() {
            1 => 1,
            threads => (threads * TASKS_PER_THREAD).div_ceil((shape.batch() * shape.group()).max(1)),
        };
        let cached = cached_lines(shape, input, flat, copies).clamp(1, lines_total.max(1));
        let heavy = shape.weights_len() > shape.in_channels() * shape.input()[0] * shape.input()[1];
        let strips = lines_total.div_ceil(cached).max(1);
        let parts = if heavy { wanted.div_ceil(strips).min(panels.max(1)) } else { 1 };
        let strips = strips.max(wanted.div_ceil(parts).min(lines_total)).max(1);
        let lines = lines_total.div_ceil(strips);
        let strip_len = if copies { strip_len(shape, input, lines)? } else { 0 };
        Some(Plan { flat, copies, strips: lines_total.div_ceil(lines.max(1)), parts, spans_len: spans_len(shape, input), strip_len })
    }

    /// Scratch elements of a thread.
    pub(super) fn per_thread(&self) -> Option<usize> {
        self.spans_len.checked_add(self.strip_len)
    }
}

/// Scratch elements of a thread, however the convolution is cut, for this shape or a smaller one.
pub(super) fn scratch_per_thread(shape: &ConvShape, input: InputLayout) -> Option<usize> {
    let strip = if shape.window().pads == [0; 4] {
        0
    } else {
        let whole = strip_len(shape, input, shape.output()[0])?;
        let least = strip_len(shape, input, 1)?;
        if whole <= STRIP_ELEMENTS { whole } else { least.max(STRIP_ELEMENTS) }
    };
    spans_len(shape, input).checked_add(strip)
}

/// Modelled cycles of the whole.
pub(super) fn cycles(shape: &ConvShape) -> usize {
    shape.output_len().next_multiple_of(LANES).saturating_mul(shape.k()) / PER_CYCLE
}

/// Whether the output's rows are neighbours too.
fn flat(shape: &ConvShape) -> bool {
    let window = shape.window();
    window.stride == [1, 1] && window.pads == [0; 4] && shape.output()[1] == shape.input()[1]
}

/// Lines whose input stays in the cache.
fn cached_lines(shape: &ConvShape, input: InputLayout, flat: bool, copies: bool) -> usize {
    if flat {
        return (READ_ELEMENTS / input.lanes(shape.group_in()).max(1)).saturating_sub((shape.window().height() - 1) * shape.input()[1]);
    }
    let row = input.lanes(shape.group_in()).saturating_mul(padded_width(shape)).max(1);
    let budget = if copies { STRIP_ELEMENTS } else { READ_ELEMENTS };
    let rows = budget / row;
    if rows < shape.window().height() { 1 } else { (rows - shape.window().height()) / shape.window().stride[0] + 1 }
}

/// Elements of the copied rows under `lines` output rows.
fn strip_len(shape: &ConvShape, input: InputLayout, lines: usize) -> Option<usize> {
    strip_rows(shape, lines)?.checked_mul(padded_width(shape))?.checked_mul(input.lanes(shape.group_in()))
}

/// Input rows under `lines` output rows.
pub(super) fn strip_rows(shape: &ConvShape, lines: usize) -> Option<usize> {
    lines.saturating_sub(1).checked_mul(shape.window().stride[0])?.checked_add(shape.window().height())
}

/// The width of a row with its padding.
pub(super) fn padded_width(shape: &ConvShape) -> usize {
    shape.input()[1] + shape.window().pads[1] + shape.window().pads[3]
}

/// Scratch elements for the spans of a chunk of K, two each.
fn spans_len(shape: &ConvShape, input: InputLayout) -> usize {
    let spans = match input {
        InputLayout::Blocked => shape.group_in().div_ceil(LANES).saturating_mul(shape.window().taps()),
        InputLayout::Planes => shape.k(),
    };
    2 * (spans.min(K_CHUNK) + 2)
}
