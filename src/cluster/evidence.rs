//! The cluster's part of a failure's failure report: the chapter's objects, their pods, events and last words, and the nodes, as text.
//!
//! It never fails a run: what could not be had is said in its place. Everything together takes at most [`EVIDENCE_LIMIT`] and
//! [`EVIDENCE_BYTES`]. No Secret's data is in it.

mod gather;
pub(super) mod quantity;
mod text;

use std::time::Duration;

use super::Cluster;
use crate::ids::ObjectRef;
use crate::secrets::Masker;

use gather::Findings;
pub(super) use text::titled as title;

/// Most time a failure report may take.
pub const EVIDENCE_LIMIT: Duration = Duration::from_secs(5);

/// Most bytes of its text.
pub const EVIDENCE_BYTES: usize = 200 * 1024;

/// What to look at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EvidenceRequest {
    /// The objects of the chapter's manifests.
    pub objects: Vec<ObjectRef>,
    /// Further namespaces that are the chapter's; their events and unready pods are told too.
    pub namespaces: Vec<String>,
}

/// What the cluster told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClusterEvidence {
    /// Sections of text, the secrets it knows of masked.
    pub text: String,
    /// Values of the Secret objects in these namespaces: to be masked in everything else.
    pub secrets: Vec<Vec<u8>>,
}

impl Cluster {
    /// Asks the cluster for everything a failure may be explained by.
    pub fn evidence(&self, request: &EvidenceRequest) -> ClusterEvidence {
        let request = request.clone();
        match self.ask(EVIDENCE_LIMIT, move |connection| async move {
            Ok(Box::pin(gather::gather(connection, request)).await)
        }) {
            Ok(findings) => written(findings),
            Err(error) => {
                let mut text = format!("The cluster did not answer: {}\n", error.message);
                text.extend(error.hint.map(|hint| format!("What to do: {hint}\n")));
                ClusterEvidence { text, secrets: Vec::new() }
            }
        }
    }
}

/// Findings as one text: each section cut to its share, so that a long log does not push out the rest.
fn written(findings: Findings) -> ClusterEvidence {
    let sections = findings.sections();
    let share = EVIDENCE_BYTES / sections.len().max(1);
    let unused: usize = sections.iter().map(|(_, body)| share.saturating_sub(body.len())).sum();
    let mut text = String::new();
    for (title, body) in sections {
        text.extend(["== ", title, " ==\n", &cut(&body, share + unused / 4), "\n"]);
    }
    let masker = Masker::new();
    findings.secrets.iter().for_each(|value| masker.add(value));
    let mut text = masker.mask(&text);
    truncate(&mut text, EVIDENCE_BYTES);
    ClusterEvidence { text, secrets: findings.secrets }
}

/// The end of a text that is too long: the last lines say most.
fn cut(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let mut from = text.len() - most;
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let from = text[from..].find('\n').map_or(from, |newline| from + newline + 1);
    format!("(the first {from} bytes left out)\n{}", &text[from..])
}

fn truncate(text: &mut String, most: usize) {
    if text.len() > most {
        let mut end = most;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings() -> Findings {
        Findings { header: "context kind-a\n".into(), ..Findings::default() }
    }

    #[test]
    fn what_could_not_be_had_is_said_in_its_place() {
        let nodes = Err("the cluster refused this user".to_owned());
        let text = written(Findings { nodes, ..findings() }).text;
        assert!(
            text.contains("== nodes ==\ncould not be had: the cluster refused this user\n"),
            "{text}"
        );
    }

    #[test]
    fn a_long_log_does_not_push_out_the_rest() {
        let long = "näher\n".repeat(200_000);
        let text =
            written(Findings { logs: Ok(long), nodes: Ok("node a: ready\n".into()), ..findings() })
                .text;
        assert!(text.len() <= EVIDENCE_BYTES, "{}", text.len());
        assert!(text.contains("bytes left out)\nnäher\n") && text.contains("node a: ready"));
    }

    #[test]
    fn secrets_are_masked_in_logs() {
        let found = Findings {
            logs: Ok("connecting with s3cret!\n".into()),
            secrets: vec![b"s3cret!".to_vec()],
            ..findings()
        };
        let evidence = written(found);
        assert!(evidence.text.contains("connecting with ***\n"));
        assert_eq!(evidence.secrets, [b"s3cret!".to_vec()]);
    }
}
