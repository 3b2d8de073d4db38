//! The adaptive mode, which nobody tunes, beside the best of the simulator's fixed settings: a few cells of `cargo xtask simulate`.
#![allow(clippy::unwrap_used, dead_code, unreachable_pub)]

#[path = "../examples/simulate/cell.rs"]
mod cell;
#[path = "../examples/simulate/load.rs"]
mod load;
#[path = "../examples/simulate/random.rs"]
mod random;
#[path = "../examples/simulate/table.rs"]
mod table;
#[path = "../examples/simulate/world.rs"]
mod world;

#[test]
fn the_adaptive_mode_is_within_5_percent_of_the_best_fixed_setting() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../testdata/serving");
    let tables = table::Table::read_all(&folder).unwrap();
    let cells: Vec<cell::Cell> = tables.iter().flat_map(cell::cells).collect();
    for name in
        ["minilm 2 × 1 tight 80 %", "minilm 1 × 2 tight 95 %", "tiny_cnn 2 × 1 tight short bursts", "mobilenet_v2 2 × 1 wide long bursts"]
    {
        let cell = cells.iter().find(|c| c.name() == name).unwrap();
        let figures = cell.measure(3000, 7);
        assert!(figures.ratio().unwrap() >= 0.95, "{figures:#?}");
    }
}
