//! Checks the ports that a cluster's ingress needs, and the registries of images.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::sync::mpsc;
use std::time::Duration;

use super::{Fact, LIMIT};
use crate::probe::probe;

/// The name of every registry's fact.
pub(super) const REGISTRY: &str = "registry";

const WHY_PORT: &str = "a page of the cluster is served there";
const WHY_REGISTRY: &str = "profile open pulls official images, profile sealed builds its own";

/// The time limit for one registry, a little longer than curl's own.
const REGISTRY_LIMIT: Duration = Duration::from_secs(6);
/// The description of a registry that does not answer at all.
const UNREACHABLE: &str = "cannot be reached";

/// The registries of official images.
const REGISTRIES: [&str; 2] = ["registry-1.docker.io", "registry.k8s.io"];

/// Checks ports 80 and 443, and names the programs that use them.
pub(super) fn ports() -> Vec<Fact> {
    [("port 80", 80), ("port 443", 443)]
        .into_iter()
        .map(|(name, port)| port_fact(name, port))
        .collect()
}

fn port_fact(name: &'static str, port: u16) -> Fact {
    match TcpListener::bind(("0.0.0.0", port)).map_err(|error| error.kind()) {
        Ok(_) => Fact::good(name, "free", WHY_PORT),
        Err(io::ErrorKind::AddrInUse) => used_port(name, port),
        // Only root can listen on this port. No program answers there, so it is free for the
        // engine, which runs as root.
        Err(io::ErrorKind::PermissionDenied) => {
            let local = SocketAddr::from(([127, 0, 0, 1], port));
            match TcpStream::connect_timeout(&local, Duration::from_millis(300)) {
                Ok(_) => used_port(name, port),
                Err(_) => Fact::good(name, "free", WHY_PORT),
            }
        }
        Err(other) => Fact::bad(
            name,
            format!("cannot be tested ({other})"),
            WHY_PORT,
            "try `ss -ltn` by hand",
        ),
    }
}

/// A port in use. That is good if a cluster's own node uses it, and a conflict otherwise.
fn used_port(name: &'static str, port: u16) -> Fact {
    let filter = format!("publish={port}");
    let format = "{{.Names}}\t{{.Label \"io.x-k8s.kind.cluster\"}}";
    let containers = probe("docker", &["ps", "--filter", &filter, "--format", format], LIMIT)
        .map(|answer| answer.stdout)
        .unwrap_or_default();
    if let Some((container, cluster)) =
        containers.lines().next().and_then(|line| line.split_once('\t'))
    {
        if !cluster.is_empty() {
            return Fact::good(
                name,
                format!("used by {container}, a node of the kind cluster {cluster}"),
                WHY_PORT,
            );
        }
        let hint = format!("stop that container (docker stop {container}), or map another port");
        return Fact::bad(name, format!("used by the container {container}"), WHY_PORT, hint);
    }
    let source = format!("sport = :{port}");
    let listing =
        probe("ss", &["-ltnpH", &source], LIMIT).map(|answer| answer.stdout).unwrap_or_default();
    let value = program_of(&listing)
        .map_or_else(|| "used by another program".to_owned(), |user| format!("used by {user}"));
    Fact::bad(
        name,
        value,
        WHY_PORT,
        format!(
            "stop what listens there (ss -ltnp 'sport = :{port}' names it), or map another port"
        ),
    )
}

/// `users:(("nginx",pid=12,fd=6))` → `nginx (process 12)`.
fn program_of(listing: &str) -> Option<String> {
    let (_, users) = listing.split_once("users:((\"")?;
    let (program, rest) = users.split_once('"')?;
    let process: String =
        rest.split_once("pid=")?.1.chars().take_while(char::is_ascii_digit).collect();
    Some(format!("{program} (process {process})"))
}

/// The number of attempts for an unreachable registry.
pub(super) const ONCE: usize = 1;
/// For a result that decides about a run.
pub(super) const TWICE: usize = 2;

/// Whether each registry answers. A proxy that refuses in its place counts as no answer, and there
/// is no further attempt.
pub(super) fn registries(attempts: usize) -> Vec<Fact> {
    std::thread::scope(|scope| {
        let probes = REGISTRIES.map(|host| scope.spawn(move || registry(host, attempts)));
        probes.into_iter().filter_map(|fact| fact.join().ok()).collect()
    })
}

fn registry(host: &'static str, attempts: usize) -> Fact {
    let fact = probe_registry(host);
    let unreachable = !fact.ok && fact.value.contains(UNREACHABLE);
    if unreachable && attempts > 1 { registry(host, attempts - 1) } else { fact }
}

fn probe_registry(host: &'static str) -> Fact {
    let url = format!("https://{host}/v2/");
    let answer = probe(
        "curl",
        &[
            "--silent",
            "--show-error",
            "--max-time",
            "5",
            "--output",
            "/dev/null",
            "--write-out",
            "%{http_code}",
            &url,
        ],
        REGISTRY_LIMIT,
    );
    match answer {
        Ok(answer) => registry_of(host, &answer.stdout, answer.stderr.trim()),
        Err(_) if reaches(host) => Fact::good(REGISTRY, format!("{host} answers"), WHY_REGISTRY),
        Err(_) => registry_of(host, "000", "no connection"),
    }
}

/// The fact for an HTTP status: a registry answers with 200, or with 401 when it wants a token.
fn registry_of(host: &str, code: &str, message: &str) -> Fact {
    match code {
        "200" | "401" => Fact::good(REGISTRY, format!("{host} answers"), WHY_REGISTRY),
        "000" | "" => Fact::bad(
            REGISTRY,
            format!("{host} {UNREACHABLE} ({message})"),
            WHY_REGISTRY,
            "use --profile sealed, or allow this machine to reach it",
        ),
        refused => Fact::bad(
            REGISTRY,
            format!("{host} refuses ({refused})"),
            WHY_REGISTRY,
            "use --profile sealed, or allow this machine to reach it",
        ),
    }
}

/// Without curl, a resolved name and an open port are enough. The resolver has no time limit, so it
/// runs in its own thread.
fn reaches(host: &'static str) -> bool {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let addresses: Vec<SocketAddr> =
            (host, 443).to_socket_addrs().into_iter().flatten().collect();
        let reached = addresses
            .iter()
            .take(1)
            .any(|address| TcpStream::connect_timeout(address, Duration::from_secs(5)).is_ok());
        // The receiver may have stopped waiting.
        let _ = sender.send(reached);
    });
    receiver.recv_timeout(Duration::from_secs(5)).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_used_port_is_reported_as_used_and_a_free_one_as_free() {
        let taken = TcpListener::bind("0.0.0.0:0").unwrap();
        let port = taken.local_addr().unwrap().port();
        let fact = port_fact("port 80", port);
        assert!(!fact.ok && fact.value.starts_with("used by"), "{fact:?}");
        drop(taken);
        assert!(port_fact("port 80", port).ok);
    }

    #[test]
    fn the_program_is_read_from_the_list_of_sockets() {
        let line = "LISTEN 0 511 0.0.0.0:80 0.0.0.0:* users:((\"nginx\",pid=1234,fd=6),(\"nginx\",pid=1235,fd=6))";
        assert_eq!(program_of(line).as_deref(), Some("nginx (process 1234)"));
        assert_eq!(program_of("LISTEN 0 511 0.0.0.0:80 0.0.0.0:*"), None);
    }

    #[test]
    fn a_registry_that_asks_for_a_token_answers_and_one_that_forbids_does_not() {
        assert!(registry_of("r", "401", "").ok);
        let forbidden = registry_of("r", "403", "");
        assert_eq!((forbidden.ok, forbidden.value.as_str()), (false, "r refuses (403)"));
        assert_eq!(registry_of("r", "000", "timed out").value, "r cannot be reached (timed out)");
    }
}
