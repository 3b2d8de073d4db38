//! `cargo xtask container`: does the pool fit a container that is limited to parts of a core?

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::{paths, process};

const PERIOD_US: u64 = 100_000;

/// Measure models in a control group at several quotas, with pools set by hand and the automatic one. Needs root.
#[derive(clap::Args)]
#[command(after_help = "Example: cargo xtask container --cores 0.5,1,1.5 --seconds 2")]
pub(crate) struct Args {
    /// Cores that the group is limited to
    #[arg(long, value_delimiter = ',', default_values_t = [0.5, 1.0, 1.5])]
    cores: Vec<f64>,
    /// Time of each measurement
    #[arg(long, default_value_t = 1.0)]
    seconds: f64,
    /// Rounds: every setting is measured once in each, and the best counts
    #[arg(long, default_value_t = 2)]
    rounds: usize,
    /// One line of JSON for each row
    #[arg(long)]
    json: bool,
}

/// How the program is told its pool: name, `FASTSERVE_CORES`, `--threads`.
const SETTINGS: &[(&str, Option<&str>, &str)] = &[
    ("1 thread", Some("1/1"), "1"),
    ("2 threads, no spinning", Some("1/2"), "2"),
    ("2 threads, spinning", Some("2/2"), "2"),
    ("automatic", None, "0"),
];

/// One setting's figures.
struct Row {
    setting: &'static str,
    report: Value,
    throttled: u64,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    process::run(&mut process::cargo(&["build", "--release"]))?;
    let mnist = paths::cache()?.join("built/mnist_cnn.onnx");
    let models = [("models/tiny_cnn.onnx".to_owned(), "1"), ("models/tiny_cnn.onnx".to_owned(), "32"), (mnist.display().to_string(), "8")];
    let group = Group::make()?;
    for &cores in &args.cores {
        group.limit(cores)?;
        for (model, batch) in models.iter().filter(|(model, _)| paths::root().join(model).exists()) {
            let rows = measure(&group, model, batch, args)?;
            print(cores, model, batch, &rows, args.json);
        }
    }
    Ok(())
}

/// All settings in turn; of each its best round.
fn measure(group: &Group, model: &str, batch: &str, args: &Args) -> Result<Vec<Row>> {
    let mut rows: Vec<Row> = Vec::new();
    for round in 0..args.rounds.max(1) {
        // Each round begins with another setting, so that none always runs on what the one before it left behind.
        for &(setting, cores, threads) in SETTINGS.iter().cycle().skip(round % SETTINGS.len()).take(SETTINGS.len()) {
            let row = bench(group, setting, cores, &[model, "--batch", batch, "--threads", threads], args.seconds)?;
            match rows.iter_mut().find(|r| r.setting == setting) {
                Some(best) if best.rate() >= row.rate() => {}
                Some(best) => *best = row,
                None => rows.push(row),
            }
        }
    }
    Ok(rows)
}

fn bench(group: &Group, setting: &'static str, cores: Option<&str>, words: &[&str], seconds: f64) -> Result<Row> {
    let before = group.throttled()?;
    // The shell enters the group, and becomes the program.
    let mut command = Command::new("sh");
    command.args(["-c", "echo $$ > \"$0\"/cgroup.procs && exec \"$@\""]).arg(&group.folder);
    command.arg(paths::target().join("release/fastserve")).arg("bench").args(words).args(["--json", "--seconds", &seconds.to_string()]);
    command.current_dir(paths::root()).env_remove("FASTSERVE_CORES");
    if let Some(cores) = cores {
        command.env("FASTSERVE_CORES", cores);
    }
    let report = serde_json::from_str(&process::capture(&mut command)?)?;
    Ok(Row { setting, report, throttled: group.throttled()? - before })
}

fn print(cores: f64, model: &str, batch: &str, rows: &[Row], as_json: bool) {
    let best = rows.iter().map(Row::rate).fold(0.0, f64::max);
    let name = model.rsplit('/').next().unwrap_or(model);
    if !as_json {
        println!("\n{name}, batch {batch}, limited to {cores} cores");
        println!("| setting | threads | items/s | of the best | p50 us | p99 us | switches against its will | periods throttled |");
        println!("|---|---|---|---|---|---|---|---|");
    }
    for row in rows {
        let (threads, switches) = (&row.report["threads"], &row.report["involuntary_switches"]);
        let (rate, p50, p99) = (row.rate(), row.number("median_us"), row.number("p99_us"));
        if as_json {
            let granted = &row.report["granted"];
            println!(
                "{}",
                json!({ "model": name, "batch": batch, "cores": cores, "setting": row.setting, "threads": threads, "granted": granted,
                    "throughput_per_s": rate, "median_us": p50, "p99_us": p99, "involuntary_switches": switches, "throttled": row.throttled })
            );
        } else {
            let part = rate / best;
            println!("| {} | {threads} | {rate:.0} | {part:.2} | {p50:.0} | {p99:.0} | {switches} | {} |", row.setting, row.throttled);
        }
    }
}

impl Row {
    fn number(&self, key: &str) -> f64 {
        self.report[key].as_f64().unwrap_or(0.0)
    }

    fn rate(&self) -> f64 {
        self.number("throughput_per_s")
    }
}

/// A control group that is removed when dropped.
struct Group {
    folder: PathBuf,
    v2: bool,
}

impl Group {
    /// A group below the root of the tree that has the `cpu` controller.
    fn make() -> Result<Group> {
        let mounts = fs::read_to_string("/proc/self/mountinfo").context("this system has no control groups")?;
        let name = format!("fastserve-{}", std::process::id());
        let v1 = mounts
            .lines()
            .find(|line| kind(line).is_some_and(|(kind, options)| kind == "cgroup" && options.split(',').any(|o| o == "cpu")));
        let v2 = mounts.lines().find(|line| kind(line).is_some_and(|(kind, _)| kind == "cgroup2"));
        let (line, v2) = match (v1, v2) {
            (Some(line), _) => (line, false),
            (None, Some(line)) => (line, true),
            (None, None) => bail!("no tree of control groups with the cpu controller is mounted"),
        };
        let tree = Path::new(line.split(' ').nth(4).context("a mount without its place")?);
        if v2 {
            fs::write(tree.join("cgroup.subtree_control"), "+cpu").context("the cpu controller cannot be enabled: are you root?")?;
        }
        let group = Group { folder: tree.join(name), v2 };
        fs::create_dir(&group.folder).with_context(|| format!("{} cannot be made: are you root?", group.folder.display()))?;
        group.outweigh()?;
        Ok(group)
    }

    /// Lets the group have its part of the cores even where something else runs.
    fn outweigh(&self) -> Result<()> {
        let (file, most) = if self.v2 { ("cpu.weight", "10000") } else { ("cpu.shares", "262144") };
        fs::write(self.folder.join(file), most).with_context(|| format!("{file} refuses {most}"))
    }

    fn limit(&self, cores: f64) -> Result<()> {
        let quota = (cores * PERIOD_US as f64) as u64;
        let (file, text) = if self.v2 { ("cpu.max", format!("{quota} {PERIOD_US}")) } else { ("cpu.cfs_quota_us", quota.to_string()) };
        fs::write(self.folder.join(file), text).with_context(|| format!("{file} refuses {cores} cores"))
    }

    /// Periods in which the group was throttled so far.
    fn throttled(&self) -> Result<u64> {
        let text = fs::read_to_string(self.folder.join("cpu.stat"))?;
        let row = text.lines().find_map(|line| line.strip_prefix("nr_throttled "));
        row.and_then(|n| n.trim().parse().ok()).context("cpu.stat does not say how often the group was throttled")
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.folder);
    }
}

/// The kind of file system, and its options.
fn kind(line: &str) -> Option<(&str, &str)> {
    let mut words = line.split_once(" - ")?.1.split(' ');
    Some((words.next()?, words.nth(1)?))
}
