//! Limits of control groups, versions 1 and 2: of the process's group and of all that enclose it.
//!
//! `proc/self/cgroup` says which groups the process is in, `proc/self/mountinfo` where their trees are mounted (see
//! cgroups(7), proc_pid_mountinfo(5), and `Documentation/admin-guide/cgroup-v2.rst` of the kernel).

use std::path::{Component, Path, PathBuf};

use super::cpus::{count, text};
use super::{CgroupVersion, Granted, Limit};

/// What the kernel takes where a quota is written without its period.
const DEFAULT_PERIOD_US: u64 = 100_000;

/// A group: its folder, and its path as the kernel names it.
struct Group {
    folder: PathBuf,
    path: String,
}

/// A tree as it is mounted.
struct Mount {
    version: CgroupVersion,
    /// Controllers, and options of the file system.
    options: String,
    /// The group that shows at `point`.
    root: String,
    point: String,
}

/// The quotas that hold for this process.
pub(super) fn quotas(root: &Path) -> Vec<Granted> {
    let v1 = groups(root, CgroupVersion::V1, "cpu").into_iter().filter_map(|g| quota_v1(&g));
    v1.chain(groups(root, CgroupVersion::V2, "cpu").into_iter().filter_map(|g| quota_v2(&g))).collect()
}

/// The sets of CPUs that hold for this process.
pub(super) fn cpusets(root: &Path) -> Vec<Granted> {
    let v1 = groups(root, CgroupVersion::V1, "cpuset").into_iter();
    let v1 = v1.filter_map(|g| cpuset(&g, CgroupVersion::V1, &["cpuset.effective_cpus", "cpuset.cpus"]));
    let v2 = groups(root, CgroupVersion::V2, "cpuset").into_iter();
    v1.chain(v2.filter_map(|g| cpuset(&g, CgroupVersion::V2, &["cpuset.cpus.effective", "cpuset.cpus"]))).collect()
}

fn cpuset(group: &Group, version: CgroupVersion, files: &[&str]) -> Option<Granted> {
    let lists = files.iter().filter_map(|file| text(&group.folder.join(file)));
    let (cpus, cores) = lists.filter_map(|list| count(&list).map(|n| (list, n))).next()?;
    Some(Granted { cores: cores as f64, limit: Limit::Cpuset { version, path: group.path.clone(), cpus } })
}

fn quota_v2(group: &Group) -> Option<Granted> {
    let line = text(&group.folder.join("cpu.max"))?;
    let mut words = line.split_whitespace();
    let quota_us = words.next()?.parse().ok()?; // `max` is no number
    let period_us = words.next().map_or(Some(DEFAULT_PERIOD_US), |word| word.parse().ok())?;
    quota(group, CgroupVersion::V2, quota_us, period_us)
}

fn quota_v1(group: &Group) -> Option<Granted> {
    let number = |file| text(&group.folder.join(file))?.parse().ok();
    let quota_us = number("cpu.cfs_quota_us")?; // -1 is none
    quota(group, CgroupVersion::V1, quota_us, number("cpu.cfs_period_us").unwrap_or(DEFAULT_PERIOD_US))
}

fn quota(group: &Group, version: CgroupVersion, quota_us: u64, period_us: u64) -> Option<Granted> {
    if quota_us == 0 || period_us == 0 {
        return None;
    }
    let limit = Limit::Quota { version, path: group.path.clone(), quota_us, period_us };
    Some(Granted { cores: quota_us as f64 / period_us as f64, limit })
}

/// The group of the process in the tree of a controller, and all that enclose it as far as they are mounted, the
/// innermost first.
fn groups(root: &Path, version: CgroupVersion, controller: &str) -> Vec<Group> {
    let proc = root.join("proc/self");
    let Some(path) = text(&proc.join("cgroup")).and_then(|t| membership(&t, version, controller)) else {
        return Vec::new();
    };
    let mounts = text(&proc.join("mountinfo")).unwrap_or_default();
    let mounts: Vec<Mount> = mounts.lines().filter_map(mount).filter(|m| m.carries(version, controller)).collect();
    let Some(mount) = mounts.iter().find(|m| m.below(&path).is_some()).or_else(|| mounts.first()) else {
        return Vec::new();
    };
    mount.chain(root, &path)
}

/// The process's path in a tree, of lines such as `4:cpu,cpuacct:/docker/1f` and `0::/kube/pod`.
fn membership(text: &str, version: CgroupVersion, controller: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let mut parts = line.splitn(3, ':');
        let (number, controllers, path) = (parts.next()?, parts.next()?, parts.next()?);
        let fits = match version {
            CgroupVersion::V1 => controllers.split(',').any(|c| c == controller),
            CgroupVersion::V2 => number == "0" && controllers.is_empty(),
        };
        fits.then(|| path.to_owned())
    })
}

/// A mounted tree, of a line such as `32 31 0:28 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu`.
fn mount(line: &str) -> Option<Mount> {
    let (place, kind) = line.split_once(" - ")?;
    let (mut place, mut kind) = (place.split(' ').skip(3), kind.split(' '));
    let version = match kind.next()? {
        "cgroup" => CgroupVersion::V1,
        "cgroup2" => CgroupVersion::V2,
        _ => return None,
    };
    let options = kind.nth(1).unwrap_or_default().to_owned();
    Some(Mount { version, options, root: unescaped(place.next()?), point: unescaped(place.next()?) })
}

/// Undoes the kernel's `\040` for a space, and its like.
fn unescaped(word: &str) -> String {
    [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")].iter().fold(word.to_owned(), |w, (from, to)| w.replace(from, to))
}

impl Mount {
    fn carries(&self, version: CgroupVersion, controller: &str) -> bool {
        self.version == version && (version == CgroupVersion::V2 || self.options.split(',').any(|o| o == controller))
    }

    /// The rest of a group's path below the group that shows at the mount. None where it lies elsewhere.
    fn below<'p>(&self, path: &'p str) -> Option<&'p Path> {
        let rest = Path::new(path).strip_prefix(&self.root).ok()?;
        rest.components().all(|c| matches!(c, Component::Normal(_))).then_some(rest)
    }

    /// The group of this path, and all between it and the mount. A path that lies outside of what is mounted (as
    /// seen from within a container) is the mount itself.
    fn chain(&self, root: &Path, path: &str) -> Vec<Group> {
        let point = root.join(self.point.trim_start_matches('/'));
        let rest = self.below(path).unwrap_or(Path::new(""));
        let top = Path::new(&self.root);
        let path = |rest: &Path| if rest.as_os_str().is_empty() { top.to_owned() } else { top.join(rest) };
        let group = |rest| Group { folder: point.join(rest), path: path(rest).to_string_lossy().into_owned() };
        rest.ancestors().map(group).collect()
    }
}
