//! Bytes choose a small graph of the registry's operators. It is compiled with passes and without, and run within limits: both answer alike,
//! and nothing is refused because of passes.
use fastserve_backend::{Backend, Bindings, CompileOptions, RunCx, RunError};
use fastserve_cpu::CpuBackend;
use fastserve_ir::{Attr, AttrError, Attrs, Dim, Fact, Graph, OpRef, ValueId};
use fastserve_ops::{OpDef, definitions};
use fastserve_tensor::{Shape, Tensor, TensorView};

const MAX_NODES: usize = 8;
const MAX_ELEMENTS: usize = 4096;
const LIMIT_BYTES: usize = 16 << 20;
const LIMIT_STEPS: u64 = 100;

const INTS: &[&str] = &[
    "axis",
    "keepdims",
    "group",
    "ceil_mode",
    "count_include_pad",
    "transA",
    "transB",
    "exclusive",
    "reverse",
    "upper",
    "to",
    "blocksize",
    "allowzero",
    "largest",
    "sorted",
    "num_groups",
    "noop_with_empty_axes",
    "select_last_index",
    "num_outputs",
    "batch_dims",
    "num_heads",
    "hidden_size",
    "linear_before_reset",
    "fmod",
    "antialias",
    "align_corners",
];
const LISTS: &[&str] =
    &["kernel_shape", "strides", "dilations", "pads", "perm", "axes", "split", "output_padding", "starts", "ends", "shape"];
const FLOATS: &[&str] = &["alpha", "beta", "epsilon", "lambd", "bias", "gamma", "scale"];
const WORDS: &[(&str, &[&str])] = &[
    ("mode", &["constant", "reflect", "edge", "wrap", "nearest", "linear", "cubic", "DCR", "CRD"]),
    ("auto_pad", &["NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"]),
    ("reduction", &["none", "add", "mul", "max"]),
    ("coordinate_transformation_mode", &["half_pixel", "asymmetric", "align_corners"]),
    ("direction", &["forward", "reverse", "bidirectional"]),
    ("equation", &["ab,bc->ac", "ii->i", "...a->a", "ab->ba"]),
];

/// Bytes that are taken one by one; zeros when they are gone.
struct Source<'a>(&'a [u8]);

impl Source<'_> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    fn below(&mut self, end: usize) -> usize {
        (usize::from(self.byte()) * 256 + usize::from(self.byte())) % end.max(1)
    }

    /// -3 to 5, seldom larger.
    fn int(&mut self) -> i64 {
        match self.byte() {
            255 => i64::MAX,
            254 => i64::MIN,
            n => i64::from(n % 9) - 3,
        }
    }

    /// Quarters: most arithmetic with them is exact.
    fn float(&mut self) -> f32 {
        f32::from(self.byte() as i8) / 16.0
    }

    fn shape(&mut self) -> Vec<usize> {
        (0..self.below(5)).map(|_| self.below(5)).collect()
    }

    fn tensor(&mut self) -> Option<Tensor> {
        if self.byte().is_multiple_of(4) {
            let list: Vec<i64> = (0..self.below(5)).map(|_| self.int()).collect();
            return if self.byte().is_multiple_of(4) {
                Tensor::scalar(self.int()).ok()
            } else {
                Tensor::from_slice(&[list.len()], &list).ok()
            };
        }
        let shape = Shape::new(&self.shape()).ok()?;
        Tensor::from_slice(&shape, &(0..shape.numel()).map(|_| self.float()).collect::<Vec<_>>()).ok()
    }

    /// Attributes that the operator knows.
    fn attrs(&mut self, def: &OpDef) -> Attrs {
        let mut attrs = Attrs::new();
        for _ in 0..self.below(5) {
            let (name, value) = self.attr();
            let one = {
                let mut one = Attrs::new();
                one.set(name, value.clone());
                one
            };
            if !matches!((def.build)(&one, def.since), Err(AttrError::Unknown(_))) {
                attrs.set(name, value);
            }
        }
        attrs
    }

    fn attr(&mut self) -> (&'static str, Attr) {
        match self.byte() % 4 {
            0 => (INTS[self.below(INTS.len())], Attr::Int(self.int())),
            1 => (LISTS[self.below(LISTS.len())], Attr::Ints((0..self.below(5)).map(|_| self.int()).collect())),
            2 => (FLOATS[self.below(FLOATS.len())], Attr::Float(self.float())),
            _ => {
                let (name, words) = WORDS[self.below(WORDS.len())];
                (name, Attr::Str(words[self.below(words.len())].to_owned()))
            }
        }
    }
}

struct Draft {
    graph: Graph,
    values: Vec<ValueId>,
    inputs: Vec<Tensor>,
}

impl Draft {
    fn input(&mut self, source: &mut Source<'_>) -> Option<()> {
        let tensor = source.tensor()?;
        let dims = tensor.shape().iter().map(|&d| Dim::Known(d)).collect();
        self.values.push(self.graph.add_input(&format!("x{}", self.inputs.len()), Fact::new(tensor.dtype(), dims)));
        self.inputs.push(tensor);
        Some(())
    }

    fn node(&mut self, source: &mut Source<'_>, defs: &[&'static OpDef], at: usize) -> Option<()> {
        let def = defs[source.below(defs.len())];
        let op: OpRef = (def.build)(&source.attrs(def), def.since).ok()?;
        if !op.repeatable() {
            return None;
        }
        let mut inputs = Vec::new();
        for i in 0..source.below(5) {
            inputs.push(match source.byte() % 8 {
                0 => None,
                1..=4 => self.values.get(source.below(self.values.len())).copied(),
                _ => Some(self.graph.add_const(&format!("c{at}_{i}"), source.tensor()?)),
            });
        }
        let facts = self.graph.infer(&op, &inputs).ok()?;
        let small = |f: &Fact| f.known_shape().is_none_or(|s| s.checked_numel().is_some_and(|n| n <= MAX_ELEMENTS));
        if !facts.iter().all(small) {
            return None;
        }
        let names: Vec<String> = (0..facts.len()).map(|i| format!("y{at}_{i}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let id = self.graph.add_node(&format!("n{at}"), op, &inputs, &names).ok()?;
        self.values.extend(self.graph.node(id)?.outputs.iter().copied());
        Some(())
    }
}

enum Answer {
    Values(Vec<Tensor>),
    Refused(String),
    Limit,
}

fn run(draft: &Draft, optimize: bool) -> Answer {
    let refused = |e: &dyn std::fmt::Display| Answer::Refused(e.to_string());
    let backend = CpuBackend::new().expect("an instruction set");
    let compiled = match backend.compile(&draft.graph, &CompileOptions { threads: 1, optimize }) {
        Ok(compiled) => compiled,
        Err(e) => return refused(&e),
    };
    let mut session = compiled.session().expect("a session");
    let views: Vec<TensorView<'_>> = draft.inputs.iter().map(|t| t.view().expect("a view")).collect();
    let mut cx = RunCx { memory_limit_bytes: Some(LIMIT_BYTES), step_limit: Some(LIMIT_STEPS), ..RunCx::default() };
    match session.run(&mut Bindings::lent(&views), &mut cx) {
        Err(RunError::Budget { .. }) => Answer::Limit,
        Err(e) => refused(&e),
        Ok(()) => {
            let outputs = 0..draft.graph.outputs().len();
            Answer::Values(outputs.map(|i| Tensor::copy_of(&session.output(i).expect("an output")).expect("memory")).collect())
        }
    }
}

/// Types and extents are equal, and numbers that are neither large nor made of steps are near.
fn agree(a: &Tensor, b: &Tensor) -> bool {
    if a.dtype() != b.dtype() || a.shape() != b.shape() {
        return false;
    }
    let (Ok(a), Ok(b)) = (a.as_slice::<f32>(), b.as_slice::<f32>()) else { return true };
    a.iter().zip(b).all(|(a, b)| !(a.abs() < 1e3 && b.abs() < 1e3) || (a - b).abs() <= 1e-2 + 1e-2 * b.abs())
}

/// Whether small differences stay small.
fn is_smooth(graph: &Graph) -> bool {
    const STEPS: &[&str] = &[
        "ArgMax",
        "ArgMin",
        "Ceil",
        "Div",
        "Equal",
        "Floor",
        "Greater",
        "GreaterOrEqual",
        "Hardmax",
        "Less",
        "LessOrEqual",
        "Mod",
        "NonMaxSuppression",
        "Pow",
        "QuantizeLinear",
        "Reciprocal",
        "Round",
        "Sign",
        "Tan",
        "TopK",
        "Unique",
        "ThresholdedRelu",
        "Log",
        "Shrink",
        "LpNormalization",
        "Acosh",
        "BatchNormalization",
        "DynamicQuantizeLinear",
        "Cast",
    ];
    graph.nodes().all(|(_, n)| !STEPS.contains(&n.op.name()))
}

/// Builds the graph of these bytes, runs it both ways and compares.
///
/// # Panics
/// The answers differ.
pub(crate) fn check(bytes: &[u8]) {
    let defs: Vec<&'static OpDef> = definitions().filter(|d| !d.name.starts_with("fs.")).collect();
    let mut source = Source(bytes);
    let mut draft = Draft { graph: Graph::new("fuzz"), values: Vec::new(), inputs: Vec::new() };
    for _ in 0..=source.below(3) {
        if draft.input(&mut source).is_none() {
            return;
        }
    }
    let given = draft.values.len();
    for at in 0..=source.below(MAX_NODES) {
        // A node that does not fit is left out.
        let _ = draft.node(&mut source, &defs, at);
    }
    let made: Vec<ValueId> = draft.values[given..].iter().copied().filter(|&v| draft.graph.uses(v) == 0).collect();
    if made.is_empty() {
        return;
    }
    made.into_iter().for_each(|v| draft.graph.add_output(v));
    draft.graph.verify().expect("what was built is a graph");
    match (run(&draft, true), run(&draft, false)) {
        (Answer::Limit, _) | (_, Answer::Limit) | (Answer::Refused(_), Answer::Refused(_)) => {}
        (Answer::Values(a), Answer::Values(b)) => {
            let wrong = a.iter().zip(&b).position(|(a, b)| !agree(a, b));
            let smooth = is_smooth(&draft.graph) || a.iter().zip(&b).any(|(a, b)| a.dtype() != b.dtype() || a.shape() != b.shape());
            assert!(wrong.is_none() || !smooth, "output {wrong:?}: {a:?} and {b:?}\n{}", fastserve_ir::text::print(&draft.graph));
        }
        (Answer::Refused(why), _) => panic!("refused with passes only: {why}\n{}", fastserve_ir::text::print(&draft.graph)),
        // What passes remove, because nobody needs it, cannot fail.
        (_, Answer::Refused(_)) => {}
    }
}
