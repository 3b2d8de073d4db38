//! Every `f32` through the functions of `math`, against `f64`: `cargo xtask sweep`.

#[path = "../tests/reference/mod.rs"]
mod reference;

use anyhow::{Context, Result, bail};
use clap::Parser;
use fastserve_simd::{Cpu, IsaId};
use indicatif::{ProgressBar, ProgressStyle};
use reference::{Function, Map, same, ulps};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Inputs that a thread takes at once.
const BLOCK: u64 = 1 << 14;
const PATTERNS: u64 = 1 << 32;

/// Send every f32 bit pattern through the vector maths and report the largest error of each function.
#[derive(Parser)]
#[command(name = "sweep", after_help = "Example: cargo xtask sweep --function exp,log --isa avx2 --stride 101 --json")]
struct Args {
    /// Functions to try, by name; all if absent.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    function: Vec<String>,
    /// Instruction sets to try, by name; all that this machine has if absent.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    isa: Vec<String>,
    /// Takes one bit pattern in so many; an odd number reaches every kind of input.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    stride: u32,
    /// Threads; all that this process may use if absent.
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Prints one JSON object instead of a table.
    #[arg(long)]
    json: bool,
}

/// What one instruction set did.
#[derive(Copy, Clone, Default)]
struct Found {
    ulps: f64,
    input: u32,
    got: f32,
    /// Results that are not the correctly rounded ones.
    misrounded: u64,
    /// Results whose bits differ from those of the first set in the list with a fused multiply-add.
    different: u64,
}

impl Found {
    fn see(&mut self, x: f32, got: f32, want: f64) {
        let error = ulps(got, want);
        if error > self.ulps {
            (self.ulps, self.input, self.got) = (error, x.to_bits(), got);
        }
        self.misrounded += u64::from(!same(got, want as f32));
    }

    /// Both; of equal errors that with the lower input, so that threads do not show.
    fn join(&mut self, other: Found) {
        if other.ulps > self.ulps || (other.ulps == self.ulps && other.input < self.input) {
            (self.ulps, self.input, self.got) = (other.ulps, other.input, other.got);
        }
        self.misrounded += other.misrounded;
        self.different += other.different;
    }
}

/// One line of the result.
struct Row {
    function: Function,
    cpu: Cpu,
    found: Found,
    seconds: f64,
}

impl Row {
    fn holds(&self) -> bool {
        self.found.ulps <= self.function.bound() && self.found.different == 0
    }

    fn json(&self) -> serde_json::Value {
        let (x, found) = (f32::from_bits(self.found.input), &self.found);
        serde_json::json!({
            "function": self.function.name(), "isa": self.cpu.name(), "max_ulp": found.ulps, "bound_ulp": self.function.bound(),
            "worst_input": format!("{x:e}"), "worst_input_bits": format!("{:#010x}", found.input),
            "got": format!("{:e}", found.got), "expected": format!("{:e}", self.function.truth(x)),
            "misrounded": found.misrounded, "different_bits": found.different, "seconds": self.seconds,
        })
    }
}

fn is_fused(cpu: Cpu) -> bool {
    cpu.id() != IsaId::Portable
}

fn functions(names: &[String]) -> Result<Vec<Function>> {
    if names.is_empty() {
        return Ok(Function::ALL.to_vec());
    }
    let find = |name: &String| {
        let known = || Function::ALL.map(Function::name).join(", ");
        let found = Function::ALL.into_iter().find(|f| f.name() == *name);
        found.with_context(|| format!("no function `{name}`; there are {}", known()))
    };
    names.iter().map(find).collect()
}

fn instruction_sets(names: &[String]) -> Result<Vec<Cpu>> {
    if names.is_empty() {
        return Ok(Cpu::all_available());
    }
    names.iter().map(|name| Cpu::named(name).with_context(|| format!("cannot take `{name}`"))).collect()
}

struct Sweep<'a> {
    function: Function,
    cpus: &'a [Cpu],
    stride: u64,
    next: AtomicU64,
    bar: &'a ProgressBar,
}

impl Sweep<'_> {
    fn inputs(&self) -> u64 {
        PATTERNS.div_ceil(self.stride)
    }

    /// Takes blocks until there are none.
    fn work(&self, total: &Mutex<Vec<Found>>) {
        let mut found = vec![Found::default(); self.cpus.len()];
        loop {
            let start = self.next.fetch_add(BLOCK, Ordering::Relaxed);
            let end = self.inputs().min(start + BLOCK);
            if start >= end {
                break;
            }
            self.block(start..end, &mut found);
            self.bar.inc(end - start);
        }
        let mut total = total.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        total.iter_mut().zip(found).for_each(|(total, found)| total.join(found));
    }

    fn block(&self, numbers: std::ops::Range<u64>, found: &mut [Found]) {
        let x: Vec<f32> = numbers.map(|n| f32::from_bits((n * self.stride) as u32)).collect();
        let want: Vec<f64> = x.iter().map(|&x| self.function.truth(x)).collect();
        let (mut y, mut first) = (vec![0.0; x.len()], Vec::new());
        for (&cpu, found) in self.cpus.iter().zip(found) {
            cpu.run(Map(self.function, &x, &mut y));
            for ((&x, &y), &want) in x.iter().zip(&y).zip(&want) {
                found.see(x, y, want);
            }
            if is_fused(cpu) && first.is_empty() {
                first.clone_from(&y);
            } else if is_fused(cpu) {
                found.different += y.iter().zip(&first).filter(|(a, b)| !same(**a, **b)).count() as u64;
            }
        }
    }
}

fn sweep(function: Function, cpus: &[Cpu], stride: u32, threads: usize) -> Vec<Row> {
    let style = ProgressStyle::with_template("{msg:8} {bar:40} {percent:>3} % {eta:>5} left");
    let bar = ProgressBar::new(PATTERNS.div_ceil(u64::from(stride)));
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_message(function.name());
    let start = Instant::now();
    let total = Mutex::new(vec![Found::default(); cpus.len()]);
    let sweep = Sweep { function, cpus, stride: stride.into(), next: AtomicU64::new(0), bar: &bar };
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| sweep.work(&total));
        }
    });
    bar.finish_and_clear();
    let found = total.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    let seconds = start.elapsed().as_secs_f64();
    found.into_iter().zip(cpus).map(|(found, &cpu)| Row { function, cpu, found, seconds }).collect()
}

fn print_head() {
    let head = ["function", "isa", "max ULP", "bound", "worst input", "bits", "got", "misrounded", "different", "seconds"];
    let [a, b, c, d, e, f, g, h, i, j] = head;
    println!("{a:8}  {b:8}  {c:>7}  {d:>5}  {e:>14}  {f:>10}  {g:>14}  {h:>11}  {i:>9}  {j:>7}");
}

fn print_row(row: &Row) {
    let Found { ulps, input, got, misrounded, different } = row.found;
    let (name, isa, bound, x, seconds) = (row.function.name(), row.cpu.name(), row.function.bound(), f32::from_bits(input), row.seconds);
    let verdict = if row.holds() { "" } else { "  FAILS" };
    println!(
        "{name:8}  {isa:8}  {ulps:7.3}  {bound:5}  {x:14e}  {input:#010x}  {got:14e}  {misrounded:11}  {different:9}  {seconds:7.1}{verdict}"
    );
}

fn main() -> Result<()> {
    let args = Args::parse();
    let (functions, cpus) = (functions(&args.function)?, instruction_sets(&args.isa)?);
    let threads = args.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from)).max(1);
    let inputs = PATTERNS.div_ceil(args.stride.into());
    if !args.json {
        println!("{inputs} inputs, {threads} threads");
        print_head();
    }
    let mut rows = Vec::new();
    for function in functions {
        let found = sweep(function, &cpus, args.stride, threads);
        if !args.json {
            found.iter().for_each(print_row);
        }
        rows.extend(found);
    }
    if args.json {
        let rows: Vec<_> = rows.iter().map(Row::json).collect();
        println!("{:#}", serde_json::json!({ "inputs": inputs, "threads": threads, "rows": rows }));
    }
    match rows.iter().filter(|row| !row.holds()).count() {
        0 => Ok(()),
        failing => bail!("{failing} rows are beyond their bound, or differ in bits"),
    }
}
