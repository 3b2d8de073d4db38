//! Which networks of `testdata/zoo.toml` are known to keep the rows of a batch apart. That those which do have the same bits alone and in a
//! batch is compared in `zoo.rs`.
#![allow(clippy::unwrap_used)]

mod common;

use common::table::{Tier, table};

/// Its two inputs have symbols of their own for what is one batch to us: nobody says that they are equal.
const TWO_BATCHES: &str = "capspot_sim";

fn check(tier: Tier) {
    let mut wrong = Vec::new();
    for row in table().model.into_iter().filter(|r| r.tier == tier) {
        let verdict = row.open().separable().map_err(|e| e.to_string());
        println!("{}: {}", row.name, verdict.as_ref().err().map_or("apart", |e| e));
        match (&verdict, &row.batch) {
            (Err(why), Some(_)) if row.name != TWO_BATCHES => {
                wrong.push(format!("{}: its rows are compared as a batch, and not known to be apart: {why}", row.name))
            }
            (Ok(()), None) => wrong.push(format!("{}: its rows are known to be apart, and not compared as a batch", row.name)),
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn rows_of_networks() {
    check(Tier::Default);
}

#[test]
#[ignore = "needs cargo xtask fixtures --models"]
fn rows_of_trained_networks() {
    check(Tier::Models);
}

#[test]
#[ignore = "needs cargo xtask fixtures --zoo"]
fn rows_of_many_more_networks() {
    check(Tier::Zoo);
}
