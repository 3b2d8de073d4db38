//! What every backend must do: run the operator vectors and the graphs, and keep the promises of a session.

use fastserve_backend::{Backend, Bindings, CompileOptions, OutputBinding, RunCx, RunError};
use fastserve_ir::text::parse;
use fastserve_ir::{Dim, Fact, Graph, Named};
use fastserve_ops::Ops;
use fastserve_tensor::{DType, Tensor, TensorView};

use crate::random::Random;
use crate::tolerance::{Tolerance, compare};
use crate::vectors::{Vector, load_all};

/// Makes a test module that runs the whole suite against a backend.
///
/// ```ignore
/// fastserve_testkit::conformance!(CpuBackend::new().unwrap());
/// ```
#[macro_export]
macro_rules! conformance {
    ($backend:expr) => {
        mod conformance {
            use super::*;

            #[test]
            fn vectors() {
                $crate::conformance::vectors(&$backend);
            }

            #[test]
            fn graphs() {
                $crate::conformance::graphs(&$backend);
            }

            #[test]
            fn sessions() {
                $crate::conformance::sessions(&$backend);
            }
        }
    };
}

/// Runs every operator vector as a graph of one node.
///
/// # Panics
/// Any vector fails: all failures are named.
pub fn vectors(backend: &dyn Backend) {
    let all = load_all().unwrap_or_else(|e| fail(&e.to_string()));
    let failures: Vec<String> = all.iter().filter_map(|v| vector(backend, v).err().map(|e| format!("{}: {e}", v.path.display()))).collect();
    assert!(failures.is_empty(), "{} of {} vectors failed:\n{}", failures.len(), all.len(), failures.join("\n"));
}

fn fail(why: &str) -> ! {
    assert!(why.is_empty(), "{why}");
    std::process::abort()
}

fn vector(backend: &dyn Backend, vector: &Vector) -> Result<(), String> {
    // First with every input given at run time; where extents depend on contents, with all inputs constant.
    let graph = one_node(vector, false).or_else(|_| one_node(vector, true)).map_err(|e| e.to_string())?;
    let inputs: Vec<&Tensor> = if graph.inputs().is_empty() { vec![] } else { vector.inputs.iter().flatten().collect() };
    let outputs = run(backend, &graph, &inputs).map_err(|e| e.to_string())?;
    for (got, expected) in outputs.iter().zip(&vector.outputs) {
        compare(got, expected, Tolerance::of_vectors(&vector.op, expected.dtype())).map_err(|e| e.to_string())?;
    }
    Ok(())
}

/// A graph of the operator of a vector, its inputs given or constant.
///
/// # Errors
/// The operator does not take them.
pub fn one_node(vector: &Vector, constant: bool) -> Result<Graph, Box<dyn std::error::Error>> {
    let mut graph = Graph::new("vector");
    let mut ids = Vec::new();
    for (i, input) in vector.inputs.iter().enumerate() {
        let name = format!("in{i}");
        ids.push(input.as_ref().map(|t| if constant { graph.add_const(&name, t.clone()) } else { graph.add_input(&name, fact_of(t)) }));
    }
    let names: Vec<String> = (0..vector.outputs.len()).map(|i| format!("out{i}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let named = Named { domain: "", op: &vector.op, opset: vector.opset, attrs: &vector.attrs };
    let made = graph.add_operator(&Ops, named, "node", &ids, &names)?;
    made.into_iter().for_each(|id| graph.add_output(id));
    Ok(graph)
}

fn fact_of(t: &Tensor) -> Fact {
    Fact::new(t.dtype(), t.shape().iter().map(|&d| Dim::Known(d)).collect())
}

fn run(backend: &dyn Backend, graph: &Graph, inputs: &[&Tensor]) -> Result<Vec<Tensor>, Box<dyn std::error::Error>> {
    let compiled = backend.compile(graph, &CompileOptions { threads: 1, optimize: true })?;
    let mut session = compiled.session()?;
    let views = inputs.iter().map(|t| t.view()).collect::<Result<Vec<TensorView<'_>>, _>>()?;
    session.run(&mut Bindings::lent(&views), &mut RunCx::default())?;
    (0..graph.outputs().len()).map(|i| Ok(Tensor::copy_of(&session.output(i)?)?)).collect()
}

/// Runs the graphs below at several batches and compares with the reference bodies.
///
/// # Panics
/// A graph fails.
pub fn graphs(backend: &dyn Backend) {
    for text in NETWORKS {
        let graph = parse(text, &Ops).unwrap_or_else(|e| fail(&e.to_string()));
        for batch in [1, 2, 3, 7, 32] {
            let symbols = vec![batch; graph.symbols().len()];
            let inputs = Random::new(batch as u32).inputs(&graph, &symbols).unwrap_or_else(|e| fail(&e.to_string()));
            let expected = crate::interpret::interpret(&graph, &inputs, &symbols).unwrap_or_else(|e| fail(&e.to_string()));
            let refs: Vec<&Tensor> = inputs.iter().collect();
            let got = run(backend, &graph, &refs).unwrap_or_else(|e| fail(&format!("graph {}: {e}", graph.name)));
            for (got, expected) in got.iter().zip(&expected) {
                let same = compare(got, expected, Tolerance::F32);
                assert!(same.is_ok(), "graph {} at batch {batch}: {}", graph.name, same.err().map(|e| e.to_string()).unwrap_or_default());
            }
        }
    }
}

/// Small networks: every fusion has a place in one of them. Their symbol is the batch.
pub const NETWORKS: &[&str] = &[
    include_str!("../../testdata/graphs/net_mlp.txt"),
    include_str!("../../testdata/graphs/net_cnn.txt"),
    include_str!("../../testdata/graphs/net_branches.txt"),
    include_str!("../../testdata/networks/blocked.txt"),
];

/// Sessions: outputs in the caller's memory, wrong inputs, limits, cancellation, passing through.
///
/// # Panics
/// A promise is broken.
pub fn sessions(backend: &dyn Backend) {
    let graph = parse(NETWORKS[0], &Ops).unwrap_or_else(|e| fail(&e.to_string()));
    let compiled = backend.compile(&graph, &CompileOptions::default()).unwrap_or_else(|e| fail(&e.to_string()));
    let mut session = compiled.session().unwrap_or_else(|e| fail(&e.to_string()));
    let inputs = Random::new(1).inputs(&graph, &[2]).unwrap_or_else(|e| fail(&e.to_string()));
    let views: Vec<TensorView<'_>> = inputs.iter().filter_map(|t| t.view().ok()).collect();
    assert!(matches!(session.output(0), Err(RunError::NoOutput(0))), "there is no output before the first run");

    assert!(session.run(&mut Bindings::lent(&views), &mut RunCx::default()).is_ok());
    let lent = session.output(0).and_then(|v| Ok(Tensor::copy_of(&v)?)).unwrap_or_else(|e| fail(&e.to_string()));
    let mut own = Tensor::zeros(lent.dtype(), *lent.shape()).unwrap_or_else(|e| fail(&e.to_string()));
    if let Ok(view) = own.view_mut() {
        let mut outputs = [OutputBinding::Caller(view)];
        let io = &mut Bindings { inputs: &views, outputs: &mut outputs };
        assert!(session.run(io, &mut RunCx::default()).is_ok());
    }
    assert_eq!(own, lent, "a caller's buffer gets what is lent");
    assert!(own.bytes() == lent.bytes(), "a caller's buffer gets what is lent");
    refusals(session.as_mut(), &views);
}

fn refusals(session: &mut dyn fastserve_backend::Session, views: &[TensorView<'_>]) {
    let wrong = Tensor::zeros(DType::I64, *views[0].shape()).unwrap_or_else(|e| fail(&e.to_string()));
    let wrong = [wrong.view().unwrap_or_else(|e| fail(&e.to_string()))];
    let mut run = |inputs: &[TensorView<'_>], cx: &mut RunCx<'_>| session.run(&mut Bindings::lent(inputs), cx);
    assert!(matches!(run(&wrong, &mut RunCx::default()), Err(RunError::Input { .. })), "another type is refused by name");
    assert!(matches!(run(&[], &mut RunCx::default()), Err(RunError::InputCount { .. })), "a missing input is refused");
    let cancel = fastserve_backend::CancelToken::new();
    cancel.cancel();
    let mut cx = RunCx { cancel: Some(&cancel), ..RunCx::default() };
    assert!(matches!(run(views, &mut cx), Err(RunError::Cancelled)));
    let mut cx = RunCx { deadline: Some(std::time::Instant::now()), ..RunCx::default() };
    assert!(matches!(run(views, &mut cx), Err(RunError::DeadlineExceeded { .. })));
    let mut cx = RunCx { step_limit: Some(0), ..RunCx::default() };
    assert!(matches!(run(views, &mut cx), Err(RunError::Budget { what: "steps", .. })));
    let mut cx = RunCx { memory_limit_bytes: Some(1), ..RunCx::default() };
    assert!(matches!(run(views, &mut cx), Err(RunError::Budget { what: "bytes", .. })));
    assert!(run(views, &mut RunCx::default()).is_ok(), "a refused run leaves the session whole");
}
