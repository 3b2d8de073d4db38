//! Files made to do harm: each is loaded and run, and gives an answer or a typed error, without a panic, in bounded time and memory.
//! What loads of small files can be written, and what is written loads.
//!
//! Made from the models that ship and from the networks of `testdata/zoo.toml`: cut, and with single bytes flipped outside their weights,
//! whose bytes are numbers, all of which are legal. A part runs with the other tests; `cargo xtask hostile` runs all.
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "../common/mod.rs"]
mod common;

mod attack;
mod case;
mod places;
mod watch;

use attack::{Plan, attack};
use common::table::{Tier, table};
use fastserve_testkit::fixtures;
use fastserve_testkit::sys::Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What runs with the other tests.
const SMOKE: Plan = Plan { cuts: 20, flips: 50, steps: 40 };
const TINY: Plan = Plan { cuts: 25, flips: 250, steps: 1000 };
const FULL: Plan = Plan { cuts: 100, flips: 1000, steps: 1000 };

#[test]
fn the_models_that_ship() {
    for file in ["models/tiny_cnn.onnx", "models/tiny_cnn_weights.txt"] {
        attack(file, common::file(file).as_ref(), TINY);
    }
}

#[test]
fn networks() {
    tier(Tier::Default, SMOKE);
}

#[test]
#[ignore = "all cases take a while: cargo xtask hostile"]
fn the_models_that_ship_full() {
    for file in ["models/tiny_cnn.onnx", "models/tiny_cnn_weights.txt"] {
        attack(file, common::file(file).as_ref(), FULL);
    }
}

#[test]
#[ignore = "all cases take a while: cargo xtask hostile"]
fn networks_full() {
    tier(Tier::Default, FULL);
}

#[test]
#[ignore = "needs cargo xtask fixtures --models: cargo xtask hostile"]
fn trained_networks_full() {
    tier(Tier::Models, FULL);
}

#[test]
#[ignore = "needs cargo xtask fixtures --zoo: cargo xtask hostile"]
fn more_networks_full() {
    tier(Tier::Zoo, FULL);
}

/// The networks of a tier; `FASTSERVE_HOSTILE_ONLY` names some, with commas.
fn tier(tier: Tier, plan: Plan) {
    let only = std::env::var("FASTSERVE_HOSTILE_ONLY").unwrap_or_default();
    let wanted = |name: &str| only.is_empty() || only.split(',').any(|o| o == name);
    for row in table().model.iter().filter(|r| r.tier == tier && wanted(&r.name)) {
        attack(&row.name, &fixtures::path(&row.file), plan);
    }
}
