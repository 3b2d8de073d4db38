//! No attributes, extents or contents make an operator panic: what it does not take is a typed error.
#![allow(clippy::unwrap_used)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use fastserve_ir::{Attr, Attrs, Dim, DimOp, Fact, Inputs, LowerCx, OpRef, OpSet, SymId};
use fastserve_ops::{OpDef, Ops, definitions};
use fastserve_tensor::{DType, Shape, Tensor};
use fastserve_testkit::reference;
use fastserve_testkit::vectors::{self, Vector};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

/// Outputs beyond this many elements are not computed.
const MAX_ELEMENTS: usize = 4096;

/// Every attribute that some operator reads.
const NAMES: &[&str] = &[
    "activation",
    "activation_alpha",
    "activation_beta",
    "activations",
    "align_corners",
    "allowzero",
    "alpha",
    "antialias",
    "auto_pad",
    "axes",
    "axis",
    "batch_axis",
    "batch_dims",
    "beta",
    "bias",
    "block_size",
    "blocksize",
    "broadcast",
    "ceil_mode",
    "center_point_box",
    "chunk_size",
    "clip",
    "coordinate_transformation_mode",
    "count_include_pad",
    "cubic_coeff_a",
    "detect_negative",
    "detect_positive",
    "dilations",
    "direction",
    "dtype",
    "end",
    "ends",
    "epsilon",
    "equation",
    "exclude_outside",
    "exclusive",
    "extrapolation_value",
    "fill",
    "fmod",
    "fs.axes",
    "fs.axis",
    "fs.by_group",
    "fs.by_position",
    "fs.ends",
    "fs.flatten",
    "fs.k",
    "fs.mask_like_input",
    "fs.one_axis",
    "fs.p",
    "fs.pads",
    "fs.scales",
    "fs.second",
    "fs.shape",
    "fs.split",
    "fs.starts",
    "fs.value",
    "gamma",
    "group",
    "height_scale",
    "hidden_size",
    "high",
    "ignore_index",
    "input_forget",
    "interleaved",
    "inverse",
    "is_causal",
    "is_test",
    "k",
    "k_order",
    "k_place",
    "keep_aspect_ratio_policy",
    "keepdims",
    "kernel_shape",
    "kv_num_heads",
    "lambd",
    "largest",
    "layout",
    "left_window_size",
    "linear_before_reset",
    "low",
    "max",
    "max_gram_length",
    "max_skip_count",
    "mean",
    "min",
    "min_gram_length",
    "mode",
    "momentum",
    "nearest_mode",
    "ngram_counts",
    "ngram_indexes",
    "noop_with_empty_axes",
    "num_groups",
    "num_heads",
    "num_outputs",
    "offset_group",
    "onesided",
    "op",
    "output_datatype",
    "output_dtype",
    "output_height",
    "output_padding",
    "output_sequence",
    "output_shape",
    "output_width",
    "p",
    "padding_mode",
    "paddings",
    "pads",
    "periodic",
    "perm",
    "pool_int64s",
    "precision",
    "pooled_shape",
    "q_num_heads",
    "q_order",
    "q_place",
    "qk_matmul_output_mode",
    "ratio",
    "reduction",
    "reverse",
    "right_window_size",
    "round_mode",
    "rotary_embedding_dim",
    "sample_size",
    "saturate",
    "sampling_ratio",
    "scale",
    "scales",
    "seed",
    "select_last_index",
    "shape",
    "size",
    "softcap",
    "softmax_precision",
    "sorted",
    "spatial",
    "spatial_scale",
    "split",
    "start",
    "starts",
    "stash_type",
    "stays",
    "storage_order",
    "strides",
    "time_axis",
    "to",
    "training_mode",
    "transA",
    "transB",
    "transBatchA",
    "transBatchB",
    "update_rule",
    "upper",
    "v_order",
    "v_place",
    "value",
    "value_float",
    "value_floats",
    "value_int",
    "value_ints",
    "weights",
    "width_scale",
    "y_order",
];

fn int() -> impl Strategy<Value = i64> {
    prop_oneof![
        8 => -3..6i64,
        1 => prop::sample::select(vec![i64::MIN, i64::MIN + 1, i64::MAX, i64::MAX - 1, 1 << 31, 1 << 32, 1 << 40, 1 << 62, -(1 << 40)]),
        1 => any::<i64>(),
    ]
}

fn size() -> impl Strategy<Value = usize> {
    prop_oneof![9 => 0..5usize, 1 => prop::sample::select(vec![1 << 20, 1 << 33, 1 << 62, usize::MAX])]
}

fn float() -> impl Strategy<Value = f32> {
    prop_oneof![any::<f32>(), -2.0..2.0f32, Just(f32::NAN), Just(f32::INFINITY), Just(0.0)]
}

fn tensor() -> impl Strategy<Value = Tensor> {
    (prop::sample::select(DType::all().collect::<Vec<_>>()), prop::collection::vec(0..3usize, 0..3), any::<u8>())
        .prop_map(|(dtype, dims, fill)| filled(dtype, Shape::new(&dims).unwrap(), fill))
}

fn word() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "constant",
        "edge",
        "reflect",
        "wrap",
        "VALID",
        "SAME_UPPER",
        "SAME_LOWER",
        "NOTSET",
        "nearest",
        "linear",
        "cubic",
        "CRD",
        "add",
        "asymmetric",
        "align_corners",
        "floor",
        "up",
        "x",
    ])
    .prop_map(str::to_owned)
}

fn function() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["Sigmoid", "Tanh", "Relu", "Affine", "HardSigmoid", "x"]).prop_map(str::to_owned)
}

/// Equations, most of which can be read.
fn equation() -> impl Strategy<Value = String> {
    let term = prop::sample::select(vec!["", "a", "ab", "ba", "aa", "abc", "...", "...a", "a...b", "a,", "->", "Z", ".", "é"]);
    (prop::collection::vec(term.clone(), 1..4), prop::option::of(term)).prop_map(|(terms, out)| {
        let left = terms.join(",");
        out.map_or(left.clone(), |out| format!("{left}->{out}"))
    })
}

fn any_attr() -> impl Strategy<Value = Attr> {
    prop_oneof![
        4 => int().prop_map(Attr::Int),
        4 => prop::collection::vec(int(), 0..5).prop_map(Attr::Ints),
        2 => prop::collection::vec(0..4i64, 0..7).prop_map(Attr::Ints),
        1 => float().prop_map(Attr::Float),
        1 => prop::collection::vec(float(), 0..4).prop_map(Attr::Floats),
        1 => word().prop_map(Attr::Str),
        1 => prop::collection::vec(function(), 0..4).prop_map(Attr::Strs),
        1 => tensor().prop_map(Attr::Tensor),
    ]
}

/// An attribute of the kind that operators of this name expect; any kind at times.
fn attr(name: &'static str) -> BoxedStrategy<Attr> {
    let usual = match name {
        "equation" => equation().prop_map(Attr::Str).boxed(),
        "auto_pad" | "mode" | "coordinate_transformation_mode" | "nearest_mode" | "reduction" | "round_mode" => {
            word().prop_map(Attr::Str).boxed()
        }
        "value" => tensor().prop_map(Attr::Tensor).boxed(),
        "q_order" | "k_order" | "v_order" | "y_order" => prop::collection::vec(0..5i64, 2..5).prop_map(Attr::Ints).boxed(),
        "alpha" | "beta" | "bias" | "clip" | "epsilon" | "fill" | "fs.value" | "max" | "min" | "high" | "low" | "mean" | "ratio"
        | "scale" | "seed" | "softcap" | "value_float" => float().prop_map(Attr::Float).boxed(),
        "activations" => prop::collection::vec(function(), 1..4).prop_map(Attr::Strs).boxed(),
        "direction" => prop::sample::select(vec!["forward", "reverse", "bidirectional", "x"]).prop_map(|d| Attr::Str(d.into())).boxed(),
        "activation_alpha" | "activation_beta" | "value_floats" | "scales" | "fs.scales" => {
            prop::collection::vec(float(), 0..4).prop_map(Attr::Floats).boxed()
        }
        "kernel_shape" | "strides" | "dilations" | "output_padding" | "output_shape" => prop_oneof![
            3 => prop::collection::vec(1..4i64, 1..4),
            1 => prop::collection::vec(int(), 0..4),
        ]
        .prop_map(Attr::Ints)
        .boxed(),
        "pooled_shape" => prop::collection::vec(int(), 1..4).prop_map(Attr::Ints).boxed(),
        "axes" | "ends" | "starts" | "split" | "fs.ends" | "fs.starts" | "fs.split" | "fs.axes" | "fs.k" | "pads" | "fs.pads" | "perm"
        | "ngram_counts" | "ngram_indexes" | "pool_int64s" | "shape" | "value_ints" => {
            prop::collection::vec(int(), 0..7).prop_map(Attr::Ints).boxed()
        }
        "allowzero"
        | "ceil_mode"
        | "count_include_pad"
        | "fs.flatten"
        | "fs.by_group"
        | "input_forget"
        | "keepdims"
        | "layout"
        | "linear_before_reset"
        | "interleaved"
        | "inverse"
        | "is_causal"
        | "noop_with_empty_axes"
        | "onesided"
        | "periodic"
        | "saturate"
        | "storage_order"
        | "training_mode"
        | "transA"
        | "transB" => (0..2i64).prop_map(Attr::Int).boxed(),
        "dtype" | "output_datatype" | "output_dtype" | "precision" | "to" => (0..28i64).prop_map(Attr::Int).boxed(),
        _ => int().prop_map(Attr::Int).boxed(),
    };
    prop_oneof![15 => usual, 1 => any_attr()].boxed()
}

/// One input as it is inferred from, and the contents to run on.
#[derive(Clone, Debug)]
struct Given {
    fact: Fact,
    fill: u8,
}

fn dim() -> impl Strategy<Value = Dim> {
    let sym = |i| Dim::Sym(SymId::new(i));
    prop_oneof![
        12 => (0..5usize).prop_map(Dim::Known),
        1 => size().prop_map(Dim::Known),
        1 => (0..2usize).prop_map(sym),
        1 => ((0..2usize).prop_map(sym), size()).prop_map(|(s, n)| s.clone().combine(DimOp::Add, n.into()).unwrap_or(s)),
    ]
}

fn dtype() -> impl Strategy<Value = DType> {
    prop_oneof![3 => Just(DType::F32), 1 => Just(DType::I64), 1 => prop::sample::select(DType::all().collect::<Vec<_>>())]
}

fn integers() -> impl Strategy<Value = Fact> {
    let list = prop::collection::vec(int(), 0..7);
    (list, any::<bool>(), 0..4u8).prop_map(|(list, wide, form)| {
        let narrow: Vec<i32> = list.iter().map(|&v| v as i32).collect();
        let wide = if wide { Tensor::from_slice(&[list.len()], &list) } else { Tensor::from_slice(&[list.len()], &narrow) };
        let fact = Fact::constant(wide.unwrap());
        let scalar = list.first().and_then(|&v| Tensor::scalar(v).ok());
        match (form, scalar) {
            (0, Some(t)) => Fact::constant(t),
            (1, _) => Fact { value: None, ..fact },
            _ => fact,
        }
    })
}

fn given_input(base: Vec<Dim>) -> impl Strategy<Value = Given> {
    let rank = prop_oneof![20 => 0..6usize, 1 => 6..11usize];
    let free = (dtype(), rank.prop_flat_map(|r| prop::collection::vec(dim(), r))).prop_map(|(d, s)| Fact::new(d, s));
    let like = (dtype(), Just(base), 0..6usize).prop_map(|(d, s, cut)| Fact::new(d, s[s.len().min(cut)..].to_vec()));
    let fact = prop_oneof![3 => free, 3 => like, 3 => integers(), 1 => tensor().prop_map(Fact::constant)];
    (fact, prop::sample::select(vec![0u8, 1, 0x3c, 0x7f, 0xff])).prop_map(|(fact, fill)| Given { fact, fill })
}

fn given() -> impl Strategy<Value = Vec<Option<Given>>> {
    let base = prop::collection::vec(dim(), 0..6);
    let optional = |base: &Vec<Dim>| prop::option::weighted(0.9, given_input(base.clone()));
    base.prop_flat_map(move |base| {
        let first = (dtype(), Just(base.clone())).prop_map(|(d, s)| Some(Given { fact: Fact::new(d, s), fill: 1 }));
        (first, prop::collection::vec(optional(&base), 0..5)).prop_map(|(first, rest)| std::iter::once(first).chain(rest).collect())
    })
}

fn attrs() -> impl Strategy<Value = Attrs> {
    let one = prop::sample::select(NAMES).prop_flat_map(|name| (Just(name), attr(name)));
    prop::collection::vec(one, 0..3).prop_map(|list| {
        let mut attrs = Attrs::new();
        list.into_iter().for_each(|(name, value)| attrs.set(name, value));
        attrs
    })
}

/// Attributes that the operator knows, found by asking it; the others of `NAMES` come at random.
fn attrs_of(def: &'static OpDef) -> BoxedStrategy<Attrs> {
    let knows = |name: &&str| {
        let unknown = Err(fastserve_ir::AttrError::Unknown((*name).to_owned()));
        [Attr::Int(1), Attr::Float(1.0)].iter().all(|v| {
            let mut attrs = Attrs::new();
            attrs.set(*name, v.clone());
            (def.build)(&attrs, def.since).map(|_| ()) != unknown
        })
    };
    let known: Vec<&'static str> = NAMES.iter().copied().filter(knows).collect();
    let optional = known.into_iter().map(|name| prop::option::weighted(0.6, attr(name)).prop_map(move |v| v.map(|v| (name, v))));
    let own = optional.collect::<Vec<_>>().prop_map(|list| {
        let mut attrs = Attrs::new();
        list.into_iter().flatten().for_each(|(name, value)| attrs.set(name, value));
        attrs
    });
    prop_oneof![9 => own, 1 => attrs()].boxed()
}

fn filled(dtype: DType, shape: Shape, fill: u8) -> Tensor {
    let mut t = Tensor::zeros(dtype, shape).unwrap();
    t.view_mut().unwrap().bytes_mut().fill(fill);
    t
}

/// The input's value, or one of its type and extents; `None` if it is symbolic or large.
fn tensor_of(given: &Given) -> Option<Tensor> {
    if let Some(value) = &given.fact.value {
        return Some(value.clone());
    }
    let shape = given.fact.known_shape()?;
    let shape = given.fact.layout.storage_shape(&shape)?;
    (shape.checked_numel()? <= MAX_ELEMENTS).then(|| filled(given.fact.dtype, shape, given.fill))
}

/// Inference, lowering, and the reference body where everything is known and small. Returns how far it came.
fn exercise(op: &OpRef, given: &[Option<Given>]) -> usize {
    let facts: Vec<Option<&Fact>> = given.iter().map(|g| g.as_ref().map(|g| &g.fact)).collect();
    let Ok(outputs) = op.infer(&Inputs(&facts)) else { return 1 };
    let refs: Vec<&Fact> = outputs.iter().collect();
    let _ = op.lower(&LowerCx { inputs: Inputs(&facts), outputs: &refs });
    let numel = |f: &Fact| f.layout.storage_numel(&f.known_shape()?);
    let small = |f: &Fact| numel(f).is_some_and(|n| n <= MAX_ELEMENTS);
    let tensors: Vec<Option<Tensor>> = given.iter().map(|g| tensor_of(g.as_ref()?)).collect();
    let complete = tensors.iter().zip(given).all(|(t, g)| t.is_some() == g.is_some());
    if !complete || !outputs.iter().all(small) {
        return 2;
    }
    let ran = reference::run_as(op, &tensors, &outputs);
    // Rows of data at extents other than those inferred from: a caller's mistake, and still no panic.
    let mut other = tensors;
    if let Some(Some(t)) = other.first_mut() {
        *t = filled(t.dtype(), Shape::new(&[2, 1, 3]).unwrap(), 1);
        let _ = reference::run_as(op, &other, &outputs);
    }
    if ran.is_ok() { 4 } else { 3 }
}

/// One change to a vector's node.
#[derive(Clone, Debug)]
enum Change {
    Attr(&'static str, Attr),
    NoAttr(prop::sample::Index),
    Input(prop::sample::Index, Option<Given>),
    Extent(prop::sample::Index, prop::sample::Index, Dim),
    Rank(prop::sample::Index, Vec<Dim>),
    Type(prop::sample::Index, DType),
    Contents(prop::sample::Index, prop::sample::Index, i64),
    Extents(usize, usize),
}

fn change() -> impl Strategy<Value = Change> {
    let index = any::<prop::sample::Index>;
    let named = prop::sample::select(NAMES).prop_flat_map(|name| (Just(name), attr(name)));
    prop_oneof![
        3 => named.prop_map(|(name, value)| Change::Attr(name, value)),
        1 => index().prop_map(Change::NoAttr),
        1 => (index(), prop::option::of(given_input(Vec::new()))).prop_map(|(i, g)| Change::Input(i, g)),
        3 => (index(), index(), dim()).prop_map(|(i, at, d)| Change::Extent(i, at, d)),
        1 => (index(), prop::collection::vec(dim(), 0..7)).prop_map(|(i, d)| Change::Rank(i, d)),
        1 => (index(), dtype()).prop_map(|(i, d)| Change::Type(i, d)),
        3 => (index(), index(), int()).prop_map(|(i, at, v)| Change::Contents(i, at, v)),
        2 => (0..6usize, 0..4usize).prop_map(|(from, to)| Change::Extents(from, to)),
    ]
}

/// A node to build and the inputs to give it.
#[derive(Clone, Debug)]
struct Case {
    opset: i64,
    attrs: Attrs,
    given: Vec<Option<Given>>,
}

impl Case {
    fn of(v: &Vector) -> Self {
        let given = |t: &Option<Tensor>| t.clone().map(|t| Given { fact: Fact::constant(t), fill: 1 });
        Case { opset: v.opset, attrs: v.attrs.clone(), given: v.inputs.iter().map(given).collect() }
    }

    fn input(&mut self, i: &prop::sample::Index) -> Option<&mut Given> {
        if self.given.is_empty() { None } else { i.get_mut(&mut self.given).as_mut() }
    }

    fn apply(&mut self, change: &Change) {
        match change {
            Change::Attr(name, value) => self.attrs.set(*name, value.clone()),
            Change::NoAttr(i) => self.drop_attr(i),
            Change::Input(i, given) if !self.given.is_empty() => *i.get_mut(&mut self.given) = given.clone(),
            Change::Input(_, given) => self.given.push(given.clone()),
            Change::Extent(i, at, d) => self.reshape(i, |shape| {
                if !shape.is_empty() {
                    *at.get_mut(shape) = d.clone();
                }
            }),
            Change::Rank(i, dims) => self.reshape(i, |shape| *shape = dims.clone()),
            Change::Type(i, d) => self.input(i).into_iter().for_each(|g| g.fact = Fact::new(*d, g.fact.shape.clone())),
            Change::Contents(i, at, v) => self.poke(i, at, *v),
            Change::Extents(from, to) => self.everywhere(*from, *to),
        }
    }

    fn drop_attr(&mut self, i: &prop::sample::Index) {
        let list: Vec<_> = self.attrs.iter().map(|(k, v)| (k.to_owned(), v.clone())).collect();
        if !list.is_empty() {
            let skip = i.index(list.len());
            self.attrs = Attrs::new();
            list.into_iter().enumerate().filter(|(n, _)| *n != skip).for_each(|(_, (k, v))| self.attrs.set(k, v));
        }
    }

    fn reshape(&mut self, i: &prop::sample::Index, f: impl Fn(&mut Vec<Dim>)) {
        self.input(i).into_iter().for_each(|g| {
            let mut shape = g.fact.shape.clone();
            f(&mut shape);
            g.fact = Fact::new(g.fact.dtype, shape);
        });
    }

    /// Every extent `from` of every input becomes `to`: shapes that still fit each other.
    fn everywhere(&mut self, from: usize, to: usize) {
        for g in self.given.iter_mut().flatten().filter(|g| g.fact.shape.contains(&from.into())) {
            let shape = g.fact.shape.iter().map(|d| if *d == from.into() { to.into() } else { d.clone() });
            g.fact = Fact::new(g.fact.dtype, shape.collect());
        }
    }

    /// Puts an integer into a constant integer input.
    fn poke(&mut self, i: &prop::sample::Index, at: &prop::sample::Index, v: i64) {
        let Some(given) = self.input(i) else { return };
        let Some(mut value) = given.fact.value.clone() else { return };
        if let Ok(list) = value.as_mut_slice::<i64>()
            && !list.is_empty()
        {
            *at.get_mut(list) = v;
            given.fact = Fact::constant(value);
        }
    }
}

/// Runs `exercise` on `cases` inputs, and tells the first that panics and how far the others came.
fn hunt<S: Strategy>(cases: u32, strategy: S, run: impl Fn(&S::Value) -> usize) -> Result<[usize; 5], String>
where
    S::Value: Clone,
{
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, max_shrink_iters: 2000, ..Config::default() });
    let reached = std::cell::Cell::new([0usize; 5]);
    let outcome = runner.run(&strategy, |input| match catch_unwind(AssertUnwindSafe(|| run(&input))) {
        Ok(stage) => {
            let mut counts = reached.get();
            counts[stage] += 1;
            reached.set(counts);
            Ok(())
        }
        Err(panic) => Err(TestCaseError::fail(message(&*panic))),
    });
    outcome.map(|()| reached.get()).map_err(|e| e.to_string())
}

/// Hunts in each operator; `HOSTILE_CASES` sets how long.
fn hunt_all(name: &str, hunts: impl Iterator<Item = (String, Result<[usize; 5], String>)>) {
    let mut failed = Vec::new();
    for (op, outcome) in hunts {
        match outcome {
            Ok([unbuilt, uninferred, unrun, refused, ran]) => {
                println!("{name} {op:20}: {unbuilt} not built, {uninferred} not inferred, {unrun} not run, {refused} refused, {ran} ran");
            }
            Err(e) => failed.push(format!("{op}: {e}")),
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}

fn cases() -> u32 {
    std::env::var("HOSTILE_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(100)
}

#[test]
fn operators_never_panic_on_anything() {
    let hunts = definitions().map(|def| {
        let run = |(attrs, given): &(Attrs, Vec<Option<Given>>)| (def.build)(attrs, def.since).map_or(0, |op| exercise(&op, given));
        (format!("{} since {}", def.name, def.since), hunt(cases(), (attrs_of(def), given()), run))
    });
    hunt_all("anything", hunts);
}

#[test]
fn operators_never_panic_on_changed_vectors() {
    let root = vectors::root();
    let folders = vectors::folders(&root).unwrap();
    let hunts = folders.into_iter().map(|folder| {
        let vectors = vectors::load(&root.join(&folder)).unwrap();
        let strategy = (any::<prop::sample::Index>(), prop::collection::vec(change(), 0..5));
        let run = |(pick, changes): &(prop::sample::Index, Vec<Change>)| {
            let v = pick.get(&vectors);
            let mut case = Case::of(v);
            changes.iter().for_each(|c| case.apply(c));
            Ops.build("", &v.op, case.opset, &case.attrs).map_or(0, |op| exercise(&op, &case.given))
        };
        let outcome = hunt(4 * cases(), strategy, run);
        (folder, outcome)
    });
    hunt_all("vectors", hunts);
}

/// The extents of the right operand of an internal operator, how it is packed, and the operator's own attributes and inputs.
type Internal = (Vec<Dim>, Attrs, Attrs, Vec<Option<Given>>);

fn plain_fact(shape: Vec<Dim>) -> Given {
    Given { fact: Fact::new(DType::F32, shape), fill: 1 }
}

fn small_dims(rank: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Dim>> {
    rank.prop_flat_map(|r| prop::collection::vec(prop_oneof![9 => (0..5usize).prop_map(Dim::Known), 1 => dim()], r))
}

fn activation() -> impl Strategy<Value = Attrs> {
    let name = prop::sample::select(vec!["Relu", "Clip", "LeakyRelu", "Sigmoid", "HardSigmoid", "HardSwish", "x"]);
    (prop::option::weighted(0.3, name), prop::collection::vec(float(), 0..3), 0..2i64).prop_map(|(name, params, bias)| {
        let attrs = Attrs::new().with_int("bias", bias);
        name.map_or(attrs.clone(), |n| attrs.with_str("activation", n).with_floats("activation_params", params))
    })
}

/// Inputs of a product: often such that they fit, and a bias.
fn product() -> impl Strategy<Value = Internal> {
    let format = prop::sample::select(vec!["panels1", "panels8", "panels16", "panels255", "lanes_k", "panels0"]);
    let shapes = (small_dims(2..4), small_dims(2..4), any::<bool>());
    (shapes, format, activation(), 0..4i64).prop_map(|((b, a, fit), format, attrs, flags)| {
        let k = b[b.len() - 2].clone();
        let a = if fit { vec![a[0].clone(), k] } else { a };
        let bias = plain_fact(vec![b[b.len() - 1].clone()]);
        let pack = Attrs::new().with_str("format", format).with_int("transB", flags & 1);
        let attrs = attrs.with_str("format", format).with_int("transA", flags >> 1);
        (b, pack, attrs, vec![Some(plain_fact(a)), None, Some(bias)])
    })
}

/// Inputs of a convolution: often such that they fit, and a bias.
fn convolution() -> impl Strategy<Value = Internal> {
    let size = || prop_oneof![6 => 1..5i64, 1 => int()];
    let pair = || prop::collection::vec(prop_oneof![9 => 1..3i64, 1 => int()], 2);
    let pads = prop::collection::vec(prop_oneof![9 => 0..3i64, 1 => int()], 4);
    let shapes = (small_dims(4..5), small_dims(3..6), any::<bool>());
    (shapes, (size(), size()), (pair(), pair(), pads), activation()).prop_map(
        |((w, x, fit), (mr, group), (strides, dilations, pads), attrs)| {
            let kernel: Vec<i64> = w[2..].iter().map(|d| d.known().unwrap_or(1) as i64).collect();
            let channels = w[1].known().unwrap_or(1).saturating_mul(group.clamp(0, 9) as usize);
            let x = if fit { [&x[..1], &[channels.into()], &[5.into(), 4.into()]].concat() } else { x };
            let pack = Attrs::new().with_int("mr", mr).with_int("group", group);
            let attrs = attrs.with_int("mr", mr).with_int("group", group).with_ints("kernel_shape", kernel);
            let attrs = attrs.with_ints("strides", strides).with_ints("dilations", dilations).with_ints("pads", pads);
            let bias = plain_fact(vec![w[0].clone()]);
            (w, pack, attrs, vec![Some(plain_fact(x)), None, Some(bias)])
        },
    )
}

/// Packs the right operand, and gives it to the operator.
fn exercise_internal(pack: &str, op: &str, (shape, pack_attrs, attrs, given): &Internal) -> usize {
    let latest = fastserve_ir::LATEST_OPSET;
    let Ok(packer) = Ops.build("", pack, latest, pack_attrs) else { return 0 };
    let plain = plain_fact(shape.clone());
    exercise(&packer, &[Some(plain.clone())]);
    let Ok(mut packed) = packer.infer(&Inputs(&[Some(&plain.fact)])) else { return 1 };
    let mut given = given.clone();
    given[1] = Some(Given { fact: packed.remove(0), fill: 0 });
    Ops.build("", op, latest, attrs).map_or(0, |op| exercise(&op, &given))
}

/// Orders and places of operands, and inputs: often such that they fit.
fn attention() -> impl Strategy<Value = (Attrs, Vec<Option<Given>>)> {
    let of_rank = |rank: usize| {
        let order = || Just((0..rank as i64).collect::<Vec<_>>()).prop_shuffle();
        let orders =
            prop_oneof![9 => prop::collection::vec(order(), 4), 1 => prop::collection::vec(prop::collection::vec(0..6i64, 2..5), 4)];
        let masks = prop::collection::vec(prop::option::of((small_dims(0..rank + 1), any::<bool>())), 3);
        let places = (prop::collection::vec(any::<bool>(), 3), prop::collection::vec(prop_oneof![9 => 0..3i64, 1 => int()], 3));
        (orders, prop::collection::vec(small_dims(rank..rank + 1), 3), masks, places, prop::option::weighted(0.7, 0..4usize))
    };
    (2..6usize).prop_flat_map(of_rank).prop_map(|(orders, shapes, masks, (longer, places), same)| {
        let names = ["q", "k", "v", "y"];
        let attrs = names.iter().zip(orders).fold(Attrs::new(), |attrs, (name, order)| attrs.with_ints(&format!("{name}_order"), order));
        let attrs = names.iter().zip(places).fold(attrs, |attrs, (name, place)| attrs.with_int(&format!("{name}_place"), place));
        let fitted = |shape: Vec<Dim>| same.map_or(shape.clone(), |n| vec![Dim::Known(n); shape.len()]);
        let operand = |(shape, longer): (Vec<Dim>, bool)| {
            let more = if longer { Some(Dim::Known(2)) } else { None };
            Some(plain_fact(fitted(shape).into_iter().chain(more).collect()))
        };
        let mut given: Vec<Option<Given>> = shapes.into_iter().zip(longer).map(operand).collect();
        given.extend(masks.into_iter().enumerate().map(|(i, mask)| {
            let dtype = if i == 0 { DType::Bool } else { DType::F32 };
            mask.map(|(shape, fits)| Given { fact: Fact::new(dtype, if fits { fitted(shape) } else { shape }), fill: 1 })
        }));
        (attrs, given)
    })
}

#[test]
fn internal_operators_never_panic() {
    let gemm = hunt(8 * cases(), product(), |i| exercise_internal("fs.PackGemmB", "fs.Gemm", i));
    let conv = hunt(8 * cases(), convolution(), |i| exercise_internal("fs.PackConv", "fs.Conv", i));
    let latest = fastserve_ir::LATEST_OPSET;
    let run =
        |(attrs, given): &(Attrs, Vec<Option<Given>>)| Ops.build("", "fs.Attention", latest, attrs).map_or(0, |op| exercise(&op, given));
    let attention = hunt(8 * cases(), attention(), run);
    let all = [("fs.Gemm".to_owned(), gemm), ("fs.Conv".to_owned(), conv), ("fs.Attention".to_owned(), attention)];
    hunt_all("internal", all.into_iter());
}

#[test]
fn models_cannot_name_internal_operators() {
    let attrs = Attrs::new().with_float("min", 0.0).with_float("max", 1.0);
    assert!(Ops.build("", "fs.Clip", 21, &attrs).is_err());
    assert!(Ops.build("", "fs.Clip", fastserve_ir::LATEST_OPSET, &attrs).is_ok());
}

fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned())).unwrap_or_default()
}

/// Shape arithmetic in a long chain: expressions stay bounded, and nothing recurses without end.
#[test]
fn shape_arithmetic_in_a_long_chain_stays_bounded() {
    let add = Ops.build("", "Add", 13, &Attrs::new()).unwrap();
    let div = Ops.build("", "Div", 13, &Attrs::new()).unwrap();
    let two = Fact::constant(Tensor::scalar(2i64).unwrap());
    let ints: Arc<[Dim]> = vec![Dim::Sym(SymId::new(0))].into();
    let mut fact = Fact { ints: Some(ints), ..Fact::new(DType::I64, Vec::new()) };
    for _ in 0..100_000 {
        fact = add.infer(&Inputs(&[Some(&fact), Some(&fact)])).unwrap().remove(0);
        fact = div.infer(&Inputs(&[Some(&fact), Some(&two)])).unwrap().remove(0);
    }
    assert!(fact.ints.is_none());
}

/// Extents beside an empty one are no reason to reserve memory.
#[test]
fn a_large_extent_beside_none_reserves_nothing() {
    let op = Ops.build("", "Resize", 13, &Attrs::new().with_str("mode", "linear")).unwrap();
    let x = Tensor::zeros(DType::F32, Shape::new(&[0, 1 << 33]).unwrap()).unwrap();
    let scales = Tensor::from_slice(&[2], &[1.0f32, 2.0]).unwrap();
    let made = fastserve_testkit::reference::run(&op, &[Some(x), None, Some(scales)]).unwrap();
    assert_eq!(made[0].shape().dims(), [0, 1 << 34]);
}
