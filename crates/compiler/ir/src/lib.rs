//! Graphs: values with facts, nodes with operators as data, a text form, and verification.

pub mod attrs;
pub mod blocks;
mod compose;
mod dim;
mod edit;
mod fact;
mod graph;
mod ids;
mod io;
mod layout;
mod map;
mod movement;
mod op;
mod refine;
mod small;
mod spec;
pub mod text;
mod verify;

pub use attrs::{Attr, AttrError, Attrs, ints_of};
pub use compose::{Builder, Compose, ComposeError, Named};
pub use dim::{Dim, DimExpr, DimOp, eval_shape, known_shape};
pub use edit::{EditError, EditLog, GraphEdit};
pub use fact::Fact;
pub use graph::{Graph, Node, Source, Symbol, Value};
pub use ids::{NodeId, SymId, ValueId};
pub use io::Io;
pub use layout::{CHANNEL_BLOCK, Layout, pack_format_name, parse_pack_format};
pub use map::{CompareOp, LogicOp, MapOp};
pub use movement::{Coordinates, Interpolation, Movement, NearestMode, PadMode, ResizeSpec};
pub use op::{BuildError, Inputs, LATEST_OPSET, Op, OpError, OpRef, OpSet, ShapeError, downcast, normalize_axis};
pub use spec::{
    AttentionSpec, Body, Col2ImSpec, ControlSpec, ConvSpec, GemmSpec, LowerCx, Lowered, LrnSpec, NormalizeOver, NormalizeSpec,
    PackConvSpec, PackGemmSpec, PoolKind, PoolSpec, RecurrentSpec, ReduceSpec, ScanSpec, SoftmaxSpec, Window2d,
};
pub use verify::VerifyError;
