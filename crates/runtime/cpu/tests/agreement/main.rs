//! Graphs drawn from random bytes answer alike with passes and without.
#![allow(clippy::unwrap_used, clippy::panic)]

mod drawn;

use fastserve_testkit::random::Random;

/// `AGREEMENT_CASES` sets how many.
#[test]
fn drawn_graphs_answer_alike_with_passes_and_without() {
    let cases: u32 = std::env::var("AGREEMENT_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(3000);
    for case in 0..cases {
        let mut random = Random::new(case);
        let bytes: Vec<u8> = (0..400).map(|_| random.below(256) as u8).collect();
        drawn::check(&bytes);
    }
}
