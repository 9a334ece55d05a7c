//! The machine itself: cgroup version, free disk, inotify instances.

use rustix::fs::{Access, access, statvfs};

use super::{Fact, LIMIT};
use crate::probe::probe;

const WHY_CGROUP: &str = "Kubernetes 1.35 refuses cgroup v1 unless it is told otherwise";
const WHY_SYSTEM: &str =
    "official images are for Linux on x86-64 and arm64, profile sealed builds for x86-64";
const WHY_DISK: &str = "node images, and what the nodes write";

const WHY_INOTIFY: &str = "every kubelet, API server and systemd of every cluster here takes some";

/// The number of instances that three nodes and the pods of a book need: 26 for a control plane and 13 for a worker, counted on a
/// running cluster.
const ENOUGH_INOTIFY: u64 = 60;

/// Prints the number of inotify instances that a user may have, and the number in use, as far as it
/// is visible.
const COUNT_INOTIFY: &str = "cat /proc/sys/fs/inotify/max_user_instances; find /proc/[0-9]*/fd -lname anon_inode:inotify 2>/dev/null | wc -l";

/// Where cgroups are mounted, and a file that only version 2 has there.
const CGROUP: &str = "/sys/fs/cgroup";
const CGROUP2: &str = "/sys/fs/cgroup/cgroup.controllers";

/// The number of bytes that a three-node cluster and its images need.
const ENOUGH: u64 = 10 * 1024 * 1024 * 1024;

/// The operating system and its architecture.
pub(super) fn system() -> Vec<Fact> {
    vec![system_of(std::env::consts::OS, std::env::consts::ARCH)]
}

/// The fact for a system and an architecture.
fn system_of(system: &str, architecture: &str) -> Fact {
    let value = format!("{system} {architecture}");
    match (system, architecture) {
        ("linux", "x86_64") => Fact::good("system", value, WHY_SYSTEM),
        ("linux", "aarch64") => {
            Fact::good("system", format!("{value}: profile open only"), WHY_SYSTEM)
        }
        ("linux", _) => Fact::bad("system", value, WHY_SYSTEM, "run the book on x86-64 or arm64"),
        _ => Fact::bad(
            "system",
            value,
            WHY_SYSTEM,
            "run the book in a Linux virtual machine in which Docker Engine is installed",
        ),
    }
}

/// The version of cgroup that is mounted.
pub(super) fn cgroup() -> Vec<Fact> {
    let found = [CGROUP, CGROUP2].map(|path| access(path, Access::EXISTS));
    let fact = match found {
        [_, Ok(())] => Fact::good("cgroup", "v2", WHY_CGROUP),
        [Ok(()), _] => Fact::bad(
            "cgroup",
            "v1",
            WHY_CGROUP,
            "boot with cgroup v2, or let the kubelet accept v1: failCgroupV1: false",
        ),
        [Err(error), _] => Fact::bad(
            "cgroup",
            format!("not mounted ({error})"),
            WHY_CGROUP,
            "mount /sys/fs/cgroup",
        ),
    };
    vec![fact]
}

/// The free disk space where containers are stored, or else at the root.
pub(super) fn disk() -> Vec<Fact> {
    let place = ["/var/lib/docker", "/"]
        .into_iter()
        .find_map(|path| statvfs(path).ok().map(|found| (path, found)));
    let Some((path, found)) = place else {
        return vec![Fact::bad("disk", "unknown", WHY_DISK, "run `df -h` by hand")];
    };
    vec![disk_of(path, found.f_bavail * found.f_frsize)]
}

/// The free inotify instances. Without them kubelets exit with "too many open files".
pub(super) fn inotify() -> Vec<Fact> {
    let numbers =
        probe("sh", &["-c", COUNT_INOTIFY], LIMIT).map(|answer| answer.stdout).unwrap_or_default();
    let mut numbers = numbers.split_whitespace().map(str::parse::<u64>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(most)), Some(Ok(taken))) => vec![inotify_of(most, taken)],
        _ => vec![Fact::bad(
            "inotify",
            "unknown",
            WHY_INOTIFY,
            "see `sysctl fs.inotify.max_user_instances`",
        )],
    }
}

fn inotify_of(most: u64, taken: u64) -> Fact {
    let value = format!("{taken} of {most} instances in use");
    if most.saturating_sub(taken) >= ENOUGH_INOTIFY {
        return Fact::good("inotify", value, WHY_INOTIFY);
    }
    let hint = "a new cluster of three nodes takes about 60: stop other clusters, or raise it: sysctl fs.inotify.max_user_instances=512";
    Fact::bad("inotify", value, WHY_INOTIFY, hint)
}

fn disk_of(path: &str, free: u64) -> Fact {
    let value = format!("{} GiB free at {path}", free / (1024 * 1024 * 1024));
    if free >= ENOUGH {
        return Fact::good("disk", value, WHY_DISK);
    }
    Fact::bad(
        "disk",
        value,
        WHY_DISK,
        "free some space: `docker system df` shows what can be deleted, `docker system prune` deletes it",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_without_images_is_refused() {
        assert!(system_of("linux", "x86_64").ok && system_of("linux", "aarch64").ok);
        assert!(!system_of("macos", "aarch64").ok && !system_of("linux", "riscv64").ok);
    }

    #[test]
    fn too_little_disk_space_has_a_hint() {
        let fact = disk_of("/", 3 * 1024 * 1024 * 1024);
        assert_eq!((fact.ok, fact.value.as_str()), (false, "3 GiB free at /"));
        assert!(disk_of("/", ENOUGH).ok);
    }

    #[test]
    fn a_machine_without_free_inotify_instances_has_a_hint() {
        let fact = inotify_of(128, 104);
        assert_eq!((fact.ok, fact.value.as_str()), (false, "104 of 128 instances in use"));
        assert!(inotify_of(128, 30).ok);
        assert!(!inotify_of(10, 30).ok, "more than may be: counted over all users");
    }
}
