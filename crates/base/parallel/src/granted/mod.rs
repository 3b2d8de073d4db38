//! How many cores this process may use, and what says so.

mod cgroup;
mod cpus;

use std::fmt;
use std::path::Path;
use std::sync::OnceLock;

/// The environment variable that says the grant by hand: `FASTSERVE_CORES=1.5`, or with the pool's size `1.5/2`.
const SETTING: &str = "FASTSERVE_CORES";

/// The processor time that this process may use.
#[derive(Clone, Debug, PartialEq)]
pub struct Granted {
    /// Cores, in fractions where a quota says so: 1.5 is three seconds of processor time in two.
    pub cores: f64,
    /// What limits it to that.
    pub limit: Limit,
}

/// What limits the cores of a process.
#[derive(Clone, Debug, PartialEq)]
pub enum Limit {
    /// The environment variable `FASTSERVE_CORES`: `1.5`, or with the size of the pool `1.5/2`.
    Setting {
        /// The size of the pool, where it is given.
        threads: Option<usize>,
    },
    /// Nothing: all cores of the machine that are online.
    Machine,
    /// The CPUs that the scheduler may put this thread on, as `0-3,8`.
    Affinity(String),
    /// The CPUs of a control group.
    Cpuset {
        /// Which interface of control groups.
        version: CgroupVersion,
        /// The group's path.
        path: String,
        /// The CPUs, as `0-3,8`.
        cpus: String,
    },
    /// The processor time that a control group may use in a period.
    Quota {
        /// Which interface of control groups.
        version: CgroupVersion,
        /// The group's path: the process's own, or one that encloses it.
        path: String,
        /// Processor time in each period, in microseconds.
        quota_us: u64,
        /// The period, in microseconds.
        period_us: u64,
    },
    /// The standard library, where nothing else could be read.
    System,
}

/// The interface of control groups, as the kernel numbers them.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum CgroupVersion {
    /// One tree for each controller.
    V1,
    /// One tree for all.
    V2,
}

impl Granted {
    /// What the files under `root` say (`/`, or a recorded tree), of `proc/self`, `proc/thread-self`, the control groups
    /// mounted there, and `sys/devices/system/cpu/online`. The smallest limit holds. What cannot be read or makes no
    /// sense limits nothing; if nothing can be read at all, it is `otherwise` cores.
    pub fn read(root: &Path, otherwise: usize) -> Granted {
        let sources = cpus::machine(root).into_iter().chain(cgroup::cpusets(root)).chain(cpus::affinity(root));
        let mut found: Option<Granted> = None;
        for next in sources {
            keep_smaller(&mut found, next);
        }
        let mut granted = found.unwrap_or(Granted { cores: otherwise.max(1) as f64, limit: Limit::System });
        for next in cgroup::quotas(root) {
            if next.cores < granted.cores {
                granted = next;
            }
        }
        granted
    }

    /// The threads of the pool that fits: the cores, rounded, at least one. On half a core more another thread brings
    /// more than its waking costs, as long as nobody spins; on less it does not (`cargo xtask container`).
    pub fn threads(&self) -> usize {
        match self.limit {
            Limit::Setting { threads: Some(threads) } => threads.max(1),
            _ => (self.cores.round() as usize).max(1),
        }
    }
}

/// Of equals the first stays.
fn keep_smaller(found: &mut Option<Granted>, next: Granted) {
    if found.as_ref().is_none_or(|f| next.cores < f.cores) {
        *found = Some(next);
    }
}

/// What this process was granted when it first asked.
pub fn granted() -> &'static Granted {
    static GRANTED: OnceLock<Granted> = OnceLock::new();
    let by_hand = || parse(&std::env::var(SETTING).ok()?);
    GRANTED.get_or_init(|| by_hand().unwrap_or_else(|| Granted::read(Path::new("/"), system_cores())))
}

/// How many threads fit what this process was granted. At least one.
pub fn granted_cores() -> usize {
    granted().threads()
}

/// A grant said by hand. None where it makes no sense.
fn parse(text: &str) -> Option<Granted> {
    let (cores, threads) = text.split_once('/').map_or((text, None), |(cores, threads)| (cores, Some(threads)));
    let threads = threads.map(|t| t.trim().parse()).transpose().ok()?;
    let cores = cores.trim().parse::<f64>().ok()?;
    (cores > 0.0 && cores.is_finite()).then_some(Granted { cores, limit: Limit::Setting { threads } })
}

fn system_cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

impl fmt::Display for Granted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cores = (self.cores * 100.0).round() / 100.0;
        write!(f, "{cores} {} ({})", if cores == 1.0 { "core" } else { "cores" }, self.limit)
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Limit::Setting { threads: None } => write!(f, "{SETTING}"),
            Limit::Setting { threads: Some(threads) } => write!(f, "{SETTING}, a pool of {threads}"),
            Limit::Machine => write!(f, "all of the machine"),
            Limit::Affinity(cpus) => write!(f, "affinity: CPUs {cpus}"),
            Limit::Cpuset { version, path, cpus } => write!(f, "{version} {path}: CPUs {cpus}"),
            Limit::Quota { version: CgroupVersion::V2, path, quota_us, period_us } => {
                write!(f, "cgroup v2 {path}: cpu.max {quota_us} {period_us}")
            }
            Limit::Quota { version: CgroupVersion::V1, path, quota_us, period_us } => {
                write!(f, "cgroup v1 {path}: cpu.cfs_quota_us {quota_us}, cpu.cfs_period_us {period_us}")
            }
            Limit::System => write!(f, "as the system says"),
        }
    }
}

impl fmt::Display for CgroupVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            CgroupVersion::V1 => "cgroup v1",
            CgroupVersion::V2 => "cgroup v2",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn a_grant_by_hand() {
        let told = |text| parse(text).map(|g| (g.cores, g.threads()));
        assert_eq!(told("1.5"), Some((1.5, 2)));
        assert_eq!(told("1.4"), Some((1.4, 1)));
        assert_eq!(told(" 1.5/1 "), Some((1.5, 1)));
        assert_eq!(told("0.25"), Some((0.25, 1)));
        for senseless in ["", "0", "-1", "inf", "nan", "two", "1/x", "1/-1"] {
            assert_eq!(told(senseless), None, "{senseless}");
        }
    }
}
