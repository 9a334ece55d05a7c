//! What keeps one container from running, read off its status: pure.

use k8s_openapi::api::core::v1::{ContainerStateTerminated, ContainerStatus};

use super::problem::{Cause, Tolerance, clipped};

/// What keeps this container from running, on the node where its pod is: cause, words, patience.
pub(super) fn trouble_of_container(
    container: &ContainerStatus,
    is_init: bool,
    node: Option<&str>,
) -> Option<(Cause, String, Tolerance)> {
    let name = container.name.clone();
    let called =
        if is_init { format!("init container {name}") } else { format!("container {name}") };
    let waiting = container.state.as_ref().and_then(|state| state.waiting.as_ref());
    let Some(waiting) = waiting else { return ended_or_restarting(container, &called) };
    let said = waiting.message.as_deref().unwrap_or_default();
    let patience = match waiting.reason.as_deref()? {
        "InvalidImageName" => Tolerance::None,
        // The kubelet has tried once (ErrImagePull) and will try again 10 s, 20 s, 40 s … later.
        "ImagePullBackOff" if is_final(said) => Tolerance::None,
        "ErrImagePull" if is_final(said) => Tolerance::seconds(5),
        "ErrImageNeverPull" => Tolerance::seconds(5),
        "ImagePullBackOff" | "ErrImagePull" | "RegistryUnavailable" | "ImageInspectError" => {
            Tolerance::seconds(25)
        }
        "CrashLoopBackOff" => return Some(crash(container, &called)),
        "CreateContainerConfigError" | "CreateContainerError" | "RunContainerError" => {
            let why = format!("{called} can't be started: {}", clipped(said));
            return Some((Cause::Start { container: name }, why, patience_with_start(said)));
        }
        _ => return None,
    };
    let place = node.map(|node| format!(" on node {node}")).unwrap_or_default();
    let why = format!(
        "{called}: image {} can't be pulled{place}: {}",
        container.image,
        clipped(registry_words(said))
    );
    Some((Cause::Image { container: name }, why, patience))
}

/// Not waiting: ended badly just now, or running again after a bad end.
fn ended_or_restarting(
    container: &ContainerStatus,
    called: &str,
) -> Option<(Cause, String, Tolerance)> {
    let state = container.state.as_ref()?;
    let bad = |ended: &&ContainerStateTerminated| ended.exit_code != 0;
    let now = state.terminated.as_ref().filter(bad);
    let before =
        container.last_state.as_ref().and_then(|state| state.terminated.as_ref()).filter(bad);
    // Once is no loop; and one that became ready again has healed.
    let crashing =
        now.is_some() || (before.is_some() && !container.ready && container.restart_count > 0);
    crashing.then(|| crash(container, called))
}

/// Restarts come at once, then after 10 s and 20 s: three of them are half a minute of the same end, where one or two may be a
/// program that waits for its database this way. What has too little memory won't do better the next time.
fn crash(container: &ContainerStatus, called: &str) -> (Cause, String, Tolerance) {
    let name = container.name.clone();
    let ended = container
        .last_state
        .iter()
        .chain(&container.state)
        .filter_map(|state| state.terminated.as_ref())
        .next_back();
    if let Some(never_ran) = ended.filter(|ended| {
        matches!(ended.reason.as_deref(), Some("StartError" | "ContainerCannotRun"))
    }) {
        let said = never_ran.message.as_deref().unwrap_or("no reason given");
        return (
            Cause::Start { container: name },
            format!("{called} can't be started: {}", clipped(said)),
            patience_with_start(said),
        );
    }
    let (how, surely) = match ended {
        Some(ended) if ended.reason.as_deref() == Some("OOMKilled") => {
            ("killed: out of memory (OOMKilled)".to_owned(), true)
        }
        Some(ended) if matches!(ended.exit_code, 126 | 127) => {
            (format!("exit code {}, no such command", ended.exit_code), true)
        }
        Some(ended) => (format!("exit code {}", ended.exit_code), false),
        None => ("its end is not known".to_owned(), false),
    };
    let (patience, why) = match container.restart_count {
        0 => (Tolerance::Endless, format!("{called} has ended ({how})")),
        1 => (Tolerance::Endless, format!("{called} crashes ({how}, 1 restart)")),
        2 if !surely => (Tolerance::Endless, format!("{called} crashes ({how}, 2 restarts)")),
        restarts => (Tolerance::None, format!("{called} crashes ({how}, {restarts} restarts)")),
    };
    (Cause::Crash { container: name }, why, patience)
}

/// A missing secret or configuration may be applied next; a command that is not in the image won't come.
fn patience_with_start(said: &str) -> Tolerance {
    if said.contains("executable file not found")
        || said.contains("no such file or directory")
        || said.contains("permission denied")
    {
        return Tolerance::seconds(5);
    }
    Tolerance::seconds(15)
}

/// Has the registry said that it won't give this image, rather than that it could not be reached?
fn is_final(said: &str) -> bool {
    let lower = said.to_ascii_lowercase();
    let refusals = [
        "not found",
        "manifest unknown",
        "denied",
        "unauthorized",
        "forbidden",
        "insufficient_scope",
        "invalid reference",
    ];
    refusals.iter().any(|word| lower.contains(word))
}

/// The registry's own words out of the kubelet's: `Back-off pulling image "x": ErrImagePull: …` → `…`.
fn registry_words(said: &str) -> &str {
    let after = said.split_once("ErrImagePull: ").map_or(said, |(_, after)| after);
    after.split_once(" desc = ").map_or(after, |(_, words)| words)
}
