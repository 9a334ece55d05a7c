//! The container engine: its version, its kind, and whether it runs privileged containers.

use super::{Fact, LIMIT};
use crate::probe::{ProbeError, ProbeOutput, probe};

const WHY_ENGINE: &str = "a kind cluster's nodes are containers";
const WHY_PRIVILEGED: &str = "a kind cluster's nodes are privileged containers";

/// The versions of client and engine.
pub(super) fn engine() -> Vec<Fact> {
    let format = "{{.Client.Version}} {{.Server.Version}}";
    vec![engine_of(probe("docker", &["version", "--format", format], LIMIT))]
}

/// The fact for the output of `docker version`.
fn engine_of(answer: Result<ProbeOutput, ProbeError>) -> Fact {
    let bad = |value: &str, hint: &str| Fact::bad("docker", value, WHY_ENGINE, hint);
    match answer {
        Err(ProbeError::Missing) => bad("not installed", "apt-get install docker.io"),
        Err(ProbeError::TimedOut) => {
            bad("installed, but the engine does not answer", "restart it, and look at its log")
        }
        Err(ProbeError::Failed(why)) => bad(&why, "run `docker version` by hand"),
        Ok(answer) if answer.succeeded() => {
            let mut versions = answer.stdout.split_whitespace();
            let (client, server) = (versions.next().unwrap_or("?"), versions.next().unwrap_or("?"));
            Fact::good("docker", format!("client {client}, engine {server}"), WHY_ENGINE)
        }
        Ok(answer) if answer.stderr.contains("permission denied") => bad(
            "the engine refuses this user",
            "add the user to the group docker and log in again, or run as root",
        ),
        Ok(_) => bad(
            "installed, but the engine is not running",
            "start it: systemctl start docker, or dockerd",
        ),
    }
}

/// The kind of the engine, if that kind has restrictions for a book.
pub(super) fn kind() -> Vec<Fact> {
    let answer =
        probe("docker", &["info", "--format", "{{.OperatingSystem}} {{.SecurityOptions}}"], LIMIT);
    let Some(info) = answer.ok().filter(ProbeOutput::succeeded).map(|answer| answer.stdout) else {
        return Vec::new();
    };
    let first = probe("cat", &["/proc/sys/net/ipv4/ip_unprivileged_port_start"], LIMIT).ok();
    kind_of(&info, first.and_then(|answer| answer.stdout.trim().parse().ok()).unwrap_or(1024))
        .into_iter()
        .collect()
}

/// The fact for the output of `docker info`. `first_port` is the lowest port that a user other than root may listen on.
fn kind_of(info: &str, first_port: u16) -> Option<Fact> {
    let why = "a book reaches its cluster by ports that the engine publishes";
    if info.contains("name=rootless") {
        let value =
            "rootless: containers are reachable from this machine only through published ports";
        if first_port <= 80 {
            return Some(Fact::good("engine", value, why));
        }
        let hint =
            "ports 80 and 443 need `sysctl net.ipv4.ip_unprivileged_port_start=80`, or map others";
        return Some(Fact::bad("engine", format!("{value}, from {first_port} on"), why, hint));
    }
    let value =
        "Docker Desktop: containers are reachable from this machine only through published ports";
    info.contains("Docker Desktop").then(|| Fact::good("engine", value, why))
}

/// Whether a privileged container can be created. The trial uses any local image and a command that no image has, so that nothing
/// runs.
pub(super) fn privileged() -> Vec<Fact> {
    let listed = probe("docker", &["image", "ls", "--format", "{{.ID}}"], LIMIT);
    let Some(image) =
        listed.ok().and_then(|answer| answer.stdout.lines().next().map(str::to_owned))
    else {
        return Vec::new();
    };
    let arguments = [
        "run",
        "--rm",
        "--pull",
        "never",
        "--privileged",
        "--network",
        "none",
        "--entrypoint",
        "/no-such-command-of-guide",
        &image,
    ];
    vec![privileged_of(probe("docker", &arguments, LIMIT))]
}

/// The fact for the trial's output. The runtime sets the capabilities before it looks for the command, so that the error about the
/// missing command means success.
fn privileged_of(answer: Result<ProbeOutput, ProbeError>) -> Fact {
    let message = match answer {
        Ok(answer) => answer.stderr,
        Err(ProbeError::TimedOut) => {
            return Fact::bad(
                "privileged containers",
                "the trial did not end in time",
                WHY_PRIVILEGED,
                "try again when the machine is less busy",
            );
        }
        Err(other) => {
            return Fact::bad(
                "privileged containers",
                format!("{other:?}"),
                WHY_PRIVILEGED,
                "run `docker run` by hand",
            );
        }
    };
    let ran = ["no such file or directory", "executable file not found", "not found"]
        .iter()
        .any(|words| message.contains(words));
    if ran && !message.contains("unable to apply caps") {
        return Fact::good("privileged containers", "run", WHY_PRIVILEGED);
    }
    let last =
        message.lines().find(|line| line.contains("rror")).unwrap_or("no reason given").to_owned();
    let hint = if last.contains("caps") || last.contains("not permitted") {
        "this machine lacks a capability: the engine needs a runtime that leaves it out (the lab has one)"
    } else {
        "run `docker run --rm --privileged IMAGE` by hand"
    };
    Fact::bad("privileged containers", last, WHY_PRIVILEGED, hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(code: i32, stdout: &str, stderr: &str) -> ProbeOutput {
        ProbeOutput { code: Some(code), stdout: stdout.into(), stderr: stderr.into() }
    }

    #[test]
    fn a_running_engine_has_both_versions() {
        assert_eq!(
            engine_of(Ok(answer(0, "28.2.2 20.10.24+dfsg1\n", ""))).value,
            "client 28.2.2, engine 20.10.24+dfsg1"
        );
    }

    #[test]
    fn each_way_of_having_no_engine_has_its_own_hint() {
        let hints = [
            engine_of(Err(ProbeError::Missing)),
            engine_of(Ok(answer(
                1,
                "",
                "permission denied while trying to connect to the Docker daemon socket",
            ))),
            engine_of(Ok(answer(1, "", "Cannot connect to the Docker daemon"))),
            engine_of(Err(ProbeError::TimedOut)),
        ]
        .map(|fact| (fact.ok, fact.hint.unwrap()));
        assert!(hints.iter().all(|(ok, _)| !ok));
        let mut different: Vec<&String> = hints.iter().map(|(_, hint)| hint).collect();
        different.dedup();
        assert_eq!(different.len(), 4);
    }

    #[test]
    fn a_rootless_engine_may_not_publish_the_ports_of_web_servers() {
        let rootless =
            "Ubuntu 24.04 LTS [name=seccomp,profile=builtin name=rootless name=cgroupns]";
        assert!(!kind_of(rootless, 1024).unwrap().ok);
        assert!(kind_of(rootless, 80).unwrap().ok);
        assert!(kind_of("Docker Desktop []", 1024).unwrap().ok);
        assert_eq!(kind_of("Debian GNU/Linux 12 (bookworm) [name=cgroupns]", 1024), None);
    }

    #[test]
    fn a_missing_command_means_that_the_container_was_created() {
        let said = "docker: Error response from daemon: failed to create task: exec: \"/no-such-command-of-guide\": stat /no-such-command-of-guide: no such file or directory: unknown";
        assert!(privileged_of(Ok(answer(127, "", said))).ok);
    }

    #[test]
    fn a_missing_capability_has_a_hint() {
        let said = "docker: Error response from daemon: OCI runtime create failed: unable to apply caps: operation not permitted: unknown.";
        let fact = privileged_of(Ok(answer(126, "", said)));
        assert!(!fact.ok && fact.hint.unwrap().contains("capability"));
    }
}
