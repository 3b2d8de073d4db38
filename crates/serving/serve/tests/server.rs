//! The server without protocols, on real models.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use fastserve::{Model, Tensor};
use fastserve_serve::{
    BatchMode, Batching, ControlMode, ErrorKind, InferRequest, ModelState, NamedTensor, OutputData, OutputRequest, ServeError, Server,
    ServerConfig, Source,
};

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap()
}

fn image(rows: usize, seed: usize) -> Tensor {
    let pixels: Vec<f32> = (0..rows * 784).map(|i| ((i * 31 + seed * 97) % 255) as f32 / 255.0).collect();
    Tensor::from_slice(&[rows, 1, 28, 28], &pixels).unwrap()
}

fn request(server: &Server, model: &str, tensor: Tensor) -> InferRequest {
    let name = server.metadata(model, None).unwrap().inputs[0].name.clone();
    InferRequest::new(model, vec![NamedTensor { name, tensor }])
}

fn infer(server: &Server, request: InferRequest) -> Result<Vec<OutputData>, ServeError> {
    let response = runtime().block_on(server.infer(request))?;
    Ok(response.outputs.into_iter().map(|o| o.data).collect())
}

fn floats(data: &OutputData) -> Vec<f32> {
    match data {
        OutputData::Tensor(t) => t.as_slice::<f32>().unwrap().to_vec(),
        OutputData::Labels { .. } => panic!("labels where numbers were asked for"),
    }
}

/// The answer of the engine alone.
fn alone(tensor: &Tensor) -> Vec<f32> {
    let model = Model::embedded().unwrap().compile(&fastserve::Cpu::new().unwrap(), &fastserve::CompileOptions::default()).unwrap();
    let mut session = model.session().unwrap();
    let outputs = session.run(&[tensor.view().unwrap()]).unwrap();
    outputs.get(0).unwrap().as_slice::<f32>().unwrap().to_vec()
}

#[test]
fn the_embedded_model_answers_as_the_engine_does() {
    let server = Server::start(ServerConfig::default()).unwrap();
    assert!(server.is_live() && server.is_ready());
    let outputs = infer(&server, request(&server, "digits", image(3, 1))).unwrap();
    assert_eq!(floats(&outputs[0]), alone(&image(3, 1)));
    let statistics = server.statistics(Some("digits"), None).unwrap();
    assert_eq!((statistics[0].success.count, statistics[0].fail.count, statistics[0].execution_count), (1, 0, 1));
    server.stop();
    let error = infer(&server, InferRequest::new("digits", Vec::new())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
}

#[test]
fn requests_that_share_a_run_have_the_bits_they_have_alone() {
    let server = Server::start(ServerConfig::default()).unwrap();
    assert_eq!(server.describe("digits", None).unwrap().unbatched_because, None);
    let expected: Vec<Vec<f32>> = (0..16).map(|seed| alone(&image(1 + seed % 3, seed))).collect();
    runtime().block_on(async {
        for _ in 0..20 {
            let all = (0..16).map(|seed| server.infer(request(&server, "digits", image(1 + seed % 3, seed))));
            for (response, expected) in join(all.collect()).await.into_iter().zip(&expected) {
                assert_eq!(&floats(&response.unwrap().outputs[0].data), expected);
            }
        }
    });
    let statistics = &server.statistics(Some("digits"), None).unwrap()[0];
    assert_eq!((statistics.success.count, statistics.fail.count), (320, 0));
    assert!(statistics.execution_count < 320, "no run was shared");
    assert_eq!(statistics.batches.iter().map(|b| b.rows * b.compute_infer.count).sum::<u64>(), statistics.inference_count);
}

/// All of them at once, as tasks of one thread.
async fn join<F: Future>(mut futures: Vec<F>) -> Vec<F::Output> {
    let mut pinned: Vec<_> = futures.drain(..).map(Box::pin).collect();
    let mut done: Vec<Option<F::Output>> = pinned.iter().map(|_| None).collect();
    std::future::poll_fn(|cx| {
        for (future, done) in pinned.iter_mut().zip(&mut done).filter(|(_, done)| done.is_none()) {
            if let std::task::Poll::Ready(output) = future.as_mut().poll(cx) {
                *done = Some(output);
            }
        }
        if done.iter().all(Option::is_some) { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    done.into_iter().flatten().collect()
}

#[test]
fn classes_are_named_by_score() {
    let server = Server::start(ServerConfig::default()).unwrap();
    let output = server.metadata("digits", None).unwrap().outputs[0].name.clone();
    let mut asked = request(&server, "digits", image(2, 5));
    asked.outputs = vec![OutputRequest { name: output, classes: Some(3) }];
    let outputs = infer(&server, asked).unwrap();
    let OutputData::Labels { texts, .. } = &outputs[0] else { panic!("numbers where labels were asked for") };
    let probabilities = alone(&image(2, 5));
    let row = &probabilities[..10];
    let best = (0..10).max_by(|&a, &b| row[a].total_cmp(&row[b])).unwrap();
    assert!(texts.iter().any(|t| t.starts_with(&format!("{:.6}:{best}", row[best]))), "{texts:?}");
}

#[test]
fn what_does_not_fit_is_named() {
    let server = Server::start(ServerConfig::default()).unwrap();
    let name = server.metadata("digits", None).unwrap().inputs[0].name.clone();
    let ask = |inputs| infer(&server, InferRequest::new("digits", inputs)).unwrap_err();
    let named = |name: &str, tensor| NamedTensor { name: name.to_owned(), tensor };
    let wrong_shape = Tensor::from_slice(&[1, 1, 28, 27], &[0f32; 756]).unwrap();
    let wrong_type = Tensor::from_slice(&[1, 1, 28, 28], &[0u8; 784]).unwrap();
    for (inputs, words) in [
        (vec![], "got nothing"),
        (vec![named("nobody", image(1, 0))], "input `nobody`: expected one of"),
        (vec![named(&name, wrong_shape)], "[1,1,28,27]"),
        (vec![named(&name, wrong_type)], "got u8"),
        (vec![named(&name, image(1, 0)), named(&name, image(1, 0))], "got two"),
    ] {
        let error = ask(inputs);
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.to_string().contains(words), "{error}");
    }
    let error = infer(&server, InferRequest::new("nobody", Vec::new())).unwrap_err();
    assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::NotFound, "there is no model `nobody`; there are: digits"));
    let mut late = request(&server, "digits", image(1, 0));
    late.deadline = Some(Instant::now() - Duration::from_millis(1));
    assert_eq!(infer(&server, late).unwrap_err().kind(), ErrorKind::DeadlineExceeded);
}

/// TinyCNN as an ONNX file.
fn digits_onnx() -> Vec<u8> {
    Model::embedded().unwrap().to_onnx().unwrap()
}

fn put(repository: &Path, version: &str, bytes: &[u8]) {
    let folder = repository.join("tiny").join(version);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("model.onnx"), bytes).unwrap();
}

fn serve(repository: &Path, control: ControlMode) -> Server {
    let sources = vec![Source::Repository(repository.to_owned())];
    let load = vec!["*".to_owned()];
    Server::start(ServerConfig { sources, control, load, ..ServerConfig::default() }).unwrap()
}

#[test]
fn a_bad_new_version_never_replaces_a_good_one() {
    let folder = tempfile::tempdir().unwrap();
    let good = digits_onnx();
    put(folder.path(), "1", &good);
    let server = serve(folder.path(), ControlMode::Explicit);
    assert_eq!(server.metadata("tiny", None).unwrap().versions, [1]);
    for cut in [0, 1, good.len() / 3, good.len() - 1] {
        put(folder.path(), "2", &good[..cut]);
        let error = server.load("tiny").unwrap_err();
        assert!(error.to_string().contains("model `tiny` version 2"), "{error}");
        let outputs = infer(&server, request(&server, "tiny", image(1, cut))).unwrap();
        assert_eq!(floats(&outputs[0]), alone(&image(1, cut)));
    }
    let states: Vec<_> = server.index().into_iter().map(|e| (e.version, e.state)).collect();
    assert_eq!(states, [(Some(1), ModelState::Ready), (Some(2), ModelState::Unavailable)]);
    put(folder.path(), "2", &good);
    server.load("tiny").unwrap();
    assert_eq!(server.metadata("tiny", None).unwrap().versions, [2], "the policy is the newest one");
    assert_eq!(
        infer(&server, {
            let mut r = request(&server, "tiny", image(1, 0));
            r.version = Some(1);
            r
        })
        .unwrap_err()
        .kind(),
        ErrorKind::Unavailable
    );
    server.unload("tiny").unwrap();
    assert_eq!(server.is_model_ready("tiny", None), Ok(false));
}

#[test]
fn a_truncated_file_in_place_goes_unnoticed() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "1", &digits_onnx());
    let server = serve(folder.path(), ControlMode::None);
    fs::OpenOptions::new().write(true).open(folder.path().join("tiny/1/model.onnx")).unwrap().set_len(10).unwrap();
    let outputs = infer(&server, request(&server, "tiny", image(2, 9))).unwrap();
    assert_eq!(floats(&outputs[0]), alone(&image(2, 9)));
}

#[test]
fn checksums_and_links_are_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "1", &digits_onnx());
    let settings = folder.path().join("tiny/model.toml");
    fs::write(&settings, format!("[integrity.sha256]\n\"1/model.onnx\" = \"{}\"\n", "0".repeat(64))).unwrap();
    let server = serve(folder.path(), ControlMode::Explicit);
    assert!(server.problems()[0].contains("sha256"), "{:?}", server.problems());
    assert!(!server.is_ready());
    fs::write(&settings, "[integrity.sha256]\n\"../../x\" = \"00\"\n").unwrap();
    assert!(server.load("tiny").unwrap_err().to_string().contains("does not stay in the model's folder"));
    fs::write(&settings, "max_batch_sise = 3").unwrap();
    assert!(server.load("tiny").unwrap_err().to_string().contains("did you mean `max_batch_size`?"));
    fs::write(&settings, "").unwrap();
    server.load("tiny").unwrap();
    assert!(server.is_ready());
}

/// y = x + c, as an ONNX file.
fn add(c: &str) -> Vec<u8> {
    let text = format!("graph g(N) {{ input %x: f32[N,1] const %c: f32[1] = {{{c}}} %y: f32[N,1] = Add(%x, %c) @n return %y }}");
    let graph = fastserve::ir::text::parse(&text, &fastserve::Ops).unwrap();
    Model::from_graph(graph, fastserve::Format::Onnx).unwrap().to_onnx().unwrap()
}

#[test]
fn new_files_whose_weights_are_nan_do_not_take_over() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "1", &add("1.0"));
    let server = serve(folder.path(), ControlMode::Explicit);
    let ask = || {
        let x = NamedTensor { name: "x".into(), tensor: Tensor::from_slice(&[1, 1], &[1f32]).unwrap() };
        floats(&infer(&server, InferRequest::new("tiny", vec![x])).unwrap()[0])
    };
    assert_eq!(ask(), [2.0]);
    put(folder.path(), "1", &add("NaN"));
    let error = server.load("tiny").unwrap_err();
    assert!(error.to_string().contains("output `y` is NaN"), "{error}");
    assert_eq!(ask(), [2.0]);
    put(folder.path(), "1", &add("2.5"));
    server.load("tiny").unwrap();
    assert_eq!(ask(), [3.5]);
}

#[test]
fn weights_have_a_budget() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "1", &digits_onnx());
    let sources = vec![Source::Repository(folder.path().to_owned()), Source::Embedded];
    let server = Server::start(ServerConfig { sources, memory_budget_bytes: 60_000, ..ServerConfig::default() }).unwrap();
    let problems = server.problems();
    assert!(problems.len() == 1 && problems[0].contains("memory budget"), "{problems:?}");
    assert!(server.is_model_ready("digits", None).unwrap());
}

#[test]
fn one_too_many_is_refused_at_once() {
    // The first request waits for others, so that it is in the server when the second one comes.
    let batching = Batching { mode: BatchMode::Dynamic, max_queue_delay: Duration::from_millis(300), ..Batching::default() };
    let config = ServerConfig { max_concurrent_requests: 1, batching, ..ServerConfig::default() };
    let server = Server::start(config).unwrap();
    let asked = |seed| server.infer(request(&server, "digits", image(1, seed)));
    let outcomes = runtime().block_on(join(vec![asked(0), asked(1)]));
    let kinds: Vec<_> = outcomes.iter().map(|o| o.as_ref().map(|_| ()).map_err(ServeError::kind)).collect();
    assert_eq!(kinds, [Ok(()), Err(ErrorKind::Overloaded)]);
    assert!(outcomes[1].as_ref().unwrap_err().retry_after().is_some());
}

#[test]
fn polling_finds_new_versions() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "1", &digits_onnx());
    let server = serve(folder.path(), ControlMode::Poll(Duration::from_millis(20)));
    put(folder.path(), "7", &digits_onnx());
    let start = Instant::now();
    while server.metadata("tiny", None).unwrap().versions != [7] {
        assert!(start.elapsed() < Duration::from_secs(60), "{:?}", server.index());
        std::thread::sleep(Duration::from_millis(10));
    }
    server.stop();
}

#[test]
fn metrics_count_how_requests_ended() {
    let server = Server::start(ServerConfig::default()).unwrap();
    infer(&server, request(&server, "digits", image(1, 0))).unwrap();
    infer(&server, InferRequest::new("made up", Vec::new())).unwrap_err();
    let text = server.metrics_text();
    for line in [
        "fastserve_requests_total{protocol=\"local\",code=\"ok\",model=\"digits\"} 1",
        "fastserve_request_failures_total{model=\"\",reason=\"invalid\"} 1",
        "fastserve_request_duration_seconds_count{model=\"digits\",version=\"1\"} 1",
        "fastserve_executions_total{model=\"digits\",version=\"1\"} 1",
        "fastserve_model_state{model=\"digits\",version=\"1\",state=\"READY\"} 1",
        "# EOF",
    ] {
        assert!(text.contains(line), "no `{line}` in\n{text}");
    }
}
