//! The adaptive mode, which nobody tunes, beside the best of the simulator's fixed settings: two cells of `cargo xtask simulate`,
//! which shows all, those that are worse included.
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
fn two_busy_cells_are_within_5_percent_of_the_best_fixed_setting() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../testdata/serving");
    let tables = table::Table::read_all(&folder).unwrap();
    let cells: Vec<cell::Cell> = tables.iter().flat_map(cell::cells).collect();
    for name in ["minilm 1 × 2 tight 95 %", "tiny_cnn 1 × 2 tight 80 %"] {
        let cell = cells.iter().find(|c| c.name() == name).unwrap();
        let figures = cell.measure(3000, 1);
        assert!(figures.ratio().unwrap() >= 0.95, "{figures:#?}");
    }
}
