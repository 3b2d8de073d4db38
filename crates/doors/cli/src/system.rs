//! What the process and its machine say of themselves.

use std::sync::LazyLock;

use fastserve::Cpu;

/// `0.1.0 (avx2)`: the version, and the instruction set that runs would use.
pub(crate) fn version() -> &'static str {
    static VERSION: LazyLock<String> = LazyLock::new(|| format!("{} ({})", env!("CARGO_PKG_VERSION"), isa()));
    &VERSION
}

/// The instruction set in use.
pub(crate) fn isa() -> String {
    Cpu::new().map_or_else(|e| e.to_string(), |cpu| cpu.cpu().name().to_owned())
}

/// Threads that a run uses if `asked` are asked for.
pub(crate) fn threads(asked: usize) -> usize {
    let granted = fastserve_parallel::granted_cores();
    if asked == 0 { granted } else { asked.min(granted) }
}

/// The most memory that the process has had so far, in bytes; 0 where the system does not say.
pub(crate) fn peak_rss_bytes() -> u64 {
    status_kb("VmHWM:") * 1024
}

/// A row of `/proc/self/status`, in KiB; 0 where there is none.
pub(crate) fn status_kb(key: &str) -> u64 {
    row(std::path::Path::new("/proc/self/status"), key)
}

/// `2 cores (all of the machine)`: what the process is granted, and what says so.
pub(crate) fn granted() -> String {
    fastserve_parallel::granted().to_string()
}

/// How often the system took a core from one of this process's threads so far; 0 where the system does not say. A
/// container that spins more than it is granted shows here.
pub(crate) fn involuntary_switches() -> u64 {
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    tasks.map(|task| row(&task.path().join("status"), "nonvoluntary_ctxt_switches:")).sum()
}

/// A number of a file whose rows have a key each; 0 where there is none.
fn row(file: &std::path::Path, key: &str) -> u64 {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let row = text.lines().find_map(|l| l.strip_prefix(key));
    row.and_then(|r| r.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// Bytes of memory that the process may have: the least of the machine's, its container's and its own limit.
pub(crate) fn memory_limit_bytes() -> u64 {
    let number = |path: &str| std::fs::read_to_string(path).ok()?.trim().parse::<u64>().ok();
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let own = limits.lines().find_map(|l| l.strip_prefix("Max address space")?.split_whitespace().next()?.parse().ok());
    let machine = row(std::path::Path::new("/proc/meminfo"), "MemTotal:") * 1024;
    let container = [number("/sys/fs/cgroup/memory.max"), number("/sys/fs/cgroup/memory/memory.limit_in_bytes")];
    container.into_iter().chain([own]).flatten().fold(machine, u64::min)
}
