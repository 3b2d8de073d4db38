//! The steps of the example `matmul_story` agree.

#[path = "../examples/matmul_story/steps/mod.rs"]
#[allow(dead_code)]
mod steps;
#[path = "common/mod.rs"]
mod truth;

#[test]
fn all_steps_agree() {
    // Whole tiles and ends of them.
    for n in [1, 15, 64, 100, 131, 259] {
        let ran = steps::check(n).unwrap_or_else(|e| panic!("{e}"));
        assert!(ran >= 4, "the first four steps run everywhere");
    }
}
