//! The machine itself: cgroup version and free disk.

use rustix::fs::{statfs, statvfs};

use super::Fact;

const WHY_CGROUP: &str = "Kubernetes 1.35 refuses cgroup v1 unless it is told otherwise";
const WHY_DISK: &str = "node images, and what the nodes write";

/// The magic number of a cgroup v2 file system.
const CGROUP2: i64 = 0x6367_7270;

/// Bytes a three-node cluster and its images want.
const ENOUGH: u64 = 10 * 1024 * 1024 * 1024;

/// Which cgroup version is mounted.
pub(super) fn cgroup() -> Vec<Fact> {
    let fact = match statfs("/sys/fs/cgroup") {
        Ok(found) if found.f_type == CGROUP2 => Fact::good("cgroup", "v2", WHY_CGROUP),
        Ok(_) => Fact::bad("cgroup", "v1", WHY_CGROUP, "boot with cgroup v2, or let the kubelet accept v1: failCgroupV1: false"),
        Err(error) => Fact::bad("cgroup", format!("not mounted ({error})"), WHY_CGROUP, "mount /sys/fs/cgroup"),
    };
    vec![fact]
}

/// Free bytes where containers live, else at the root.
pub(super) fn disk() -> Vec<Fact> {
    let place = ["/var/lib/docker", "/"].into_iter().find_map(|path| statvfs(path).ok().map(|found| (path, found)));
    let Some((path, found)) = place else {
        return vec![Fact::bad("disk", "could not be asked", WHY_DISK, "run `df -h` by hand")];
    };
    vec![disk_of(path, found.f_bavail * found.f_frsize)]
}

fn disk_of(path: &str, free: u64) -> Fact {
    let value = format!("{} GiB free at {path}", free / (1024 * 1024 * 1024));
    if free >= ENOUGH {
        return Fact::good("disk", value, WHY_DISK);
    }
    Fact::bad("disk", value, WHY_DISK, "free some: `docker system df` shows what could go, `docker system prune` takes it away")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_disk_says_how_to_free_some() {
        let fact = disk_of("/", 3 * 1024 * 1024 * 1024);
        assert_eq!((fact.ok, fact.value.as_str()), (false, "3 GiB free at /"));
        assert!(disk_of("/", ENOUGH).ok);
    }
}
