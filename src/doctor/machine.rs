//! The machine itself: cgroup version, free disk, inotify instances.

use rustix::fs::{statfs, statvfs};

use super::{Fact, LIMIT};
use crate::probe::probe;

const WHY_CGROUP: &str = "Kubernetes 1.35 refuses cgroup v1 unless it is told otherwise";
const WHY_SYSTEM: &str =
    "official images are for Linux on x86-64 and arm64, profile sealed builds for x86-64";
const WHY_DISK: &str = "node images, and what the nodes write";

const WHY_INOTIFY: &str = "every kubelet, API server and systemd of every cluster here takes some";

/// Instances that three nodes and the pods of a book take: 26 a control plane, 13 a worker, counted on a running cluster.
const ENOUGH_INOTIFY: u64 = 60;

/// Prints how many inotify instances a user may have, and how many can be seen to be taken.
const COUNT_INOTIFY: &str = "cat /proc/sys/fs/inotify/max_user_instances; find /proc/[0-9]*/fd -lname anon_inode:inotify 2>/dev/null | wc -l";

/// The magic number of a cgroup v2 file system.
const CGROUP2: i64 = 0x6367_7270;

/// Bytes a three-node cluster and its images want.
const ENOUGH: u64 = 10 * 1024 * 1024 * 1024;

/// The system and its architecture.
pub(super) fn system() -> Vec<Fact> {
    vec![system_of(std::env::consts::OS, std::env::consts::ARCH)]
}

/// Pure part.
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

/// Which cgroup version is mounted.
pub(super) fn cgroup() -> Vec<Fact> {
    let fact = match statfs("/sys/fs/cgroup") {
        Ok(found) if found.f_type == CGROUP2 => Fact::good("cgroup", "v2", WHY_CGROUP),
        Ok(_) => Fact::bad(
            "cgroup",
            "v1",
            WHY_CGROUP,
            "boot with cgroup v2, or let the kubelet accept v1: failCgroupV1: false",
        ),
        Err(error) => Fact::bad(
            "cgroup",
            format!("not mounted ({error})"),
            WHY_CGROUP,
            "mount /sys/fs/cgroup",
        ),
    };
    vec![fact]
}

/// Free bytes where containers live, else at the root.
pub(super) fn disk() -> Vec<Fact> {
    let place = ["/var/lib/docker", "/"]
        .into_iter()
        .find_map(|path| statvfs(path).ok().map(|found| (path, found)));
    let Some((path, found)) = place else {
        return vec![Fact::bad("disk", "could not be asked", WHY_DISK, "run `df -h` by hand")];
    };
    vec![disk_of(path, found.f_bavail * found.f_frsize)]
}

/// inotify instances that are left: without them kubelets end with "too many open files".
pub(super) fn inotify() -> Vec<Fact> {
    let numbers =
        probe("sh", &["-c", COUNT_INOTIFY], LIMIT).map(|answer| answer.stdout).unwrap_or_default();
    let mut numbers = numbers.split_whitespace().map(str::parse::<u64>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(most)), Some(Ok(taken))) => vec![inotify_of(most, taken)],
        _ => vec![Fact::bad(
            "inotify",
            "could not be asked",
            WHY_INOTIFY,
            "see `sysctl fs.inotify.max_user_instances`",
        )],
    }
}

fn inotify_of(most: u64, taken: u64) -> Fact {
    let value = format!("{taken} of {most} instances taken");
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
        "free some: `docker system df` shows what could go, `docker system prune` takes it away",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_that_no_image_is_for_is_refused() {
        assert!(system_of("linux", "x86_64").ok && system_of("linux", "aarch64").ok);
        assert!(!system_of("macos", "aarch64").ok && !system_of("linux", "riscv64").ok);
    }

    #[test]
    fn little_disk_says_how_to_free_some() {
        let fact = disk_of("/", 3 * 1024 * 1024 * 1024);
        assert_eq!((fact.ok, fact.value.as_str()), (false, "3 GiB free at /"));
        assert!(disk_of("/", ENOUGH).ok);
    }

    #[test]
    fn a_machine_whose_inotify_instances_are_taken_says_how_to_get_more() {
        let fact = inotify_of(128, 104);
        assert_eq!((fact.ok, fact.value.as_str()), (false, "104 of 128 instances taken"));
        assert!(inotify_of(128, 30).ok);
        assert!(!inotify_of(10, 30).ok, "more than may be: counted over all users");
    }
}
