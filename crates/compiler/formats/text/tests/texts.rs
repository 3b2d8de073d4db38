//! The files that ship, and damaged and crafted ones: always a graph or a typed error, within memory and time.

#![allow(clippy::unwrap_used)]

use fastserve_testkit::sys;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fastserve_ir::{Graph, text};
use fastserve_ops::Ops;
use fastserve_text::{LabelledImages, TextError, images};

#[global_allocator]
static ALLOCATOR: sys::Counting = sys::Counting;

const MAX_TIME: Duration = Duration::from_secs(2);

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../..").join(path)
}

fn weights() -> Vec<u8> {
    std::fs::read(repository("models/tiny_cnn_weights.txt")).unwrap()
}

/// Runs `read` on a text, within 64 MiB and twice its length, and within two seconds.
fn bounded<T>(data: &[u8], read: impl FnOnce(&[u8]) -> Result<T, TextError>) -> Result<T, TextError> {
    let start = Instant::now();
    let (result, peak) = sys::peak(|| read(data));
    assert!(peak <= (64 << 20) + 2 * data.len(), "{peak} bytes of heap for {}", data.len());
    assert!(start.elapsed() < MAX_TIME);
    result
}

fn load(data: &[u8]) -> Result<Graph, TextError> {
    bounded(data, |d| fastserve_text::read_bytes(d, &Ops))
}

fn load_images(data: &[u8]) -> Result<LabelledImages, TextError> {
    bounded(data, images::read_bytes)
}

/// A small generator of numbers (xorshift64*), so that runs repeat.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % n
    }
}

#[test]
fn tiny_cnn() {
    let graph = load(&weights()).unwrap();
    graph.verify().unwrap();
    let printed = text::print(&graph);
    assert!(printed.starts_with("graph tiny_cnn(N) {\n  input %image: f32[N,1,28,28]\n"), "{printed}");
    assert!(printed.contains("return %probabilities"), "{printed}");
    let lines = String::from_utf8(weights()).unwrap().replace('\n', "\r\n");
    assert_eq!(text::print(&fastserve_text::read_str(&lines, &Ops).unwrap()), printed, "either end of line");
}

#[test]
fn the_images_that_ship() {
    let images = images::read_file(&repository("models/test_images.txt")).unwrap();
    assert_eq!((images.labels.len(), images.height, images.width), (100, 28, 28));
    assert_eq!(images.labels[0], 7);
    assert!((0..10).all(|c| images.labels.iter().filter(|&&l| l == c).count() == 10));
    assert_eq!(images.image(99).unwrap().len(), 784);
    assert!(images.image(100).is_none());
    assert!(images.to_f32().iter().all(|v| (0.0..=1.0).contains(v)));
}

#[test]
fn weights_cut_off_at_every_percent() {
    let file = weights();
    for p in 0..100 {
        assert!(load(&file[..file.len() * p / 100]).is_err());
    }
}

#[test]
fn a_thousand_flipped_bytes() {
    let file = weights();
    let mut random = Random(17);
    let mut loaded = 0;
    for i in 0..1000 {
        let mut copy = file.clone();
        // Half of them in the lines before the numbers.
        let at = random.below(if i % 2 == 0 { file.len() } else { 500 });
        copy[at] ^= 1 + random.below(255) as u8;
        loaded += usize::from(load(&copy).is_ok_and(|g| g.verify().is_ok()));
    }
    assert!(loaded > 0);
}

#[test]
fn images_cut_off_and_flipped() {
    let file = std::fs::read(repository("models/test_images.txt")).unwrap();
    for p in 0..100 {
        assert!(load_images(&file[..file.len() * p / 100]).is_err());
    }
    let mut random = Random(18);
    for i in 0..1000 {
        let mut copy = file.clone();
        copy[random.below(if i % 2 == 0 { file.len() } else { 60 })] ^= 1 + random.below(255) as u8;
        let _ = load_images(&copy);
    }
}

/// A text with these layers and what follows them.
fn network(layers: &str, rest: &str) -> String {
    format!("fastserve-text-weights 0.1\nmodel m\ninput x 4\n{layers}output y\n{rest}end\n")
}

fn error(text: &str) -> String {
    load(text.as_bytes()).unwrap_err().to_string()
}

#[test]
fn what_is_claimed_is_compared_with_what_is_left() {
    let claim = "linear 4 65536\nlinear 65536 256\n";
    let small = format!("tensor linear1.weight 65536 4\n{}", "0 ".repeat(100));
    assert_eq!(error(&network(claim, &small)), "line 7: 262144 numbers take at least 524288 bytes, 204 are left");
    let huge = network("linear 4 65536\nlinear 65536 65536\n", "")
        .replace("end", &format!("tensor linear1.weight 65536 4\n{}", "0 0 0 0\n".repeat(65536)));
    let huge = format!("{huge}tensor linear1.bias 65536\n{}tensor linear2.weight 65536 65536\n", "0\n".repeat(65536));
    assert!(error(&huge).ends_with("linear2.weight has 65536x65536, more than 16777216 elements"));
    let images = load_images(b"fastserve-images 0.1 4096x4096 1000000\nlabel 1\n").unwrap_err().to_string();
    assert_eq!(images, "line 1: 1000000 images of 4096x4096 take at least 33554432000000 bytes, 8 are left");
}

#[test]
fn errors_name_line_and_expectation() {
    let ok = "tensor linear1.weight 1 4\n1 2 3 4\ntensor linear1.bias 1\n0\n";
    load(network("linear 4 1\n", ok).as_bytes()).unwrap();
    let cases = [
        ("", "line 1: expected `fastserve-text-weights 0.1`, got `end of file`".to_owned()),
        ("fastserve-text-weights 0.2\n", "line 1: expected `fastserve-text-weights 0.1`, got `fastserve-text-weights 0.2`".into()),
        ("fastserve-text-weights 0.1\nmodel 1\n", "line 2: expected `model NAME`, got `model 1`".into()),
    ];
    for (text, expected) in cases {
        assert_eq!(error(text), expected);
    }
    assert_eq!(error(&network("linear 5 1\n", ok)), "line 4: linear: expected 5, got 4");
    assert_eq!(error(&network("maxpool 2 2\n", ok)), "line 4: maxpool: expected CxHxW, got 4");
    assert!(error(&network("gelu\n", ok)).starts_with("line 4: expected `conv I O KH KW"));
    assert!(error(&network("", ok)).starts_with("line 4: expected"), "no layer at all");
    assert!(error(&network(&"relu\n".repeat(65), ok)).ends_with("line 68: more than 64 layers"));
    let one = |rest: &str| error(&network("linear 4 1\n", rest));
    assert_eq!(one("tensor linear1.weight 4 1\n"), "line 6: expected `tensor linear1.weight 1 4`, got `tensor linear1.weight 4 1`");
    assert_eq!(one("tensor linear1.weight 1 4\n1 2 nan 4\n"), "line 7: expected number 3 of 4 of linear1.weight, got `nan`");
    assert_eq!(one("tensor linear1.weight 1 4\n1 2 3 4 5\n"), "line 7: expected the end of linear1.weight after 4 numbers, got `5`");
    assert_eq!(one("tensor linear1.weight 1 4\n1 2 3\n"), "line 8: expected number 4 of 4 of linear1.weight, got `end`");
    assert_eq!(one(&format!("{ok}tensor")), "line 10: expected `end`, got `tensorend`");
    assert_eq!(error(&(network("linear 4 1\n", ok) + "more\n")), "line 11: expected nothing after `end`, got `more`");
    let same = network("linear 4 1\n", ok).replace("output y", "output x");
    assert_eq!(error(&same), "line 5: expected another name than the input's, got `x`");
}

#[test]
fn names_that_layers_would_make_are_kept_apart() {
    let text = "fastserve-text-weights 0.1\nmodel m\ninput linear1.weight 1\nlinear 1 1 relu\nrelu\noutput linear_1\n\
                tensor linear1.weight 1 1\n1\ntensor linear1.bias 1\n0\nend\n";
    let graph = load(text.as_bytes()).unwrap();
    graph.verify().unwrap();
    assert_eq!(&*graph.value(graph.outputs()[0]).name, "linear_1");
}

#[test]
fn image_errors_name_line_and_expectation() {
    let error = |text: &str| load_images(text.as_bytes()).unwrap_err().to_string();
    assert_eq!(error("fastserve-images 0.1 2x2\n"), "line 1: expected `fastserve-images 0.1 HxW N`, got `fastserve-images 0.1 2x2`");
    let head = "fastserve-images 0.1 2x2 1\n";
    assert_eq!(error(&format!("{head}label x\n0 0\n0 0\n")), "line 2: expected `label N`, got `label x`");
    assert_eq!(error(&format!("{head}label 1\n0 256\n0 0\n")), "line 3: expected 2 integers of 0 to 255, got `0 256`");
    assert_eq!(error(&format!("{head}label 1\n0 0 0\n0 0\n")), "line 3: expected 2 integers of 0 to 255, got `0 0 0`");
    assert_eq!(error(&format!("{head}label 1\n0 0\n")), "line 4: expected 2 integers of 0 to 255, got `end of file`");
    assert_eq!(error(&format!("{head}label 1\n0 0\n0 0\nlabel 2\n")), "line 5: expected nothing after the last image, got `label 2`");
    assert!(load_images(format!("{head}label\t1\r\n0 255 \n 0 0\n\n").as_bytes()).is_ok());
}

#[test]
fn a_large_network_takes_no_more_than_twice_its_text() {
    let side = if cfg!(debug_assertions) { 1000 } else { 4000 };
    let numbers = |n: usize| ("0 ".repeat(500) + "\n").repeat(n / 500);
    let text = format!("fastserve-text-weights 0.1\nmodel m\ninput x {side}\nlinear {side} {side}\noutput y\n")
        + &format!("tensor linear1.weight {side} {side}\n{}", numbers(side * side))
        + &format!("tensor linear1.bias {side}\n{}end\n", numbers(side));
    let (graph, peak) = sys::peak(|| fastserve_text::read_str(&text, &Ops));
    assert!(graph.is_ok() && peak <= (64 << 20) + 2 * text.len(), "{peak}");
}
