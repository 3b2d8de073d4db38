//! Lists of CPUs, and those of the machine and of this thread.

use std::fs;
use std::path::Path;

use super::{Granted, Limit};

/// More CPUs than any machine has: a larger number is garbage.
const MOST_CPUS: usize = 1 << 16;

/// A small file as text, without the white space around it. None where it cannot be read.
pub(super) fn text(path: &Path) -> Option<String> {
    let bytes = fs::read(path).ok()?;
    Some(String::from_utf8_lossy(&bytes).trim().to_owned())
}

/// How many CPUs a list such as `0-3,8` names. None where it is empty or no list.
pub(super) fn count(list: &str) -> Option<usize> {
    let mut sum = 0;
    for part in list.trim().split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last): (usize, usize) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        if first > last || last >= MOST_CPUS {
            return None;
        }
        sum += last - first + 1;
    }
    Some(sum)
}

/// The CPUs that are online.
pub(super) fn machine(root: &Path) -> Option<Granted> {
    let cpus = count(&text(&root.join("sys/devices/system/cpu/online"))?)?;
    Some(Granted { cores: cpus as f64, limit: Limit::Machine })
}

/// The CPUs that this thread may run on; threads that it starts inherit them.
pub(super) fn affinity(root: &Path) -> Option<Granted> {
    let status = text(&root.join("proc/thread-self/status")).or_else(|| text(&root.join("proc/self/status")))?;
    let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?.trim();
    Some(Granted { cores: count(list)? as f64, limit: Limit::Affinity(list.to_owned()) })
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn lists_are_counted() {
        for (list, expected) in [
            ("0", Some(1)),
            ("0-3", Some(4)),
            ("0-3,8,10-11\n", Some(7)),
            ("", None),
            ("3-0", None),
            ("a", None),
            ("0-", None),
            ("0,,1", None),
            ("-1", None),
            ("0-99999999999999999999", None),
            ("0-4294967295", None),
        ] {
            assert_eq!(count(list), expected, "{list:?}");
        }
    }
}
