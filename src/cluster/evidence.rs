//! The cluster's part of a failure report, as text: the chapter's objects, their pods, events and last log lines, and the nodes.
//!
//! It never fails a run: a section that is unavailable names the reason instead. It takes at most
//! [`EVIDENCE_LIMIT`] and [`EVIDENCE_BYTES`], and contains no data of Secrets.

mod gather;
mod logs;
mod text;

use std::time::Duration;

use k8s_openapi::api::core::v1::Secret;

use super::Cluster;
use crate::ids::ObjectRef;
use crate::secrets::Masker;

use gather::Findings;

/// The time limit for collecting evidence.
pub const EVIDENCE_LIMIT: Duration = Duration::from_secs(5);

/// The largest size of the text in bytes.
pub const EVIDENCE_BYTES: usize = 200 * 1024;

/// The scope of the evidence.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EvidenceRequest {
    /// The objects of the chapter's manifests.
    pub objects: Vec<ObjectRef>,
    /// Further namespaces of the chapter. Their events and unready pods are listed too.
    pub namespaces: Vec<String>,
}

/// The evidence about the cluster after a failure.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClusterEvidence {
    /// Sections of text, with the secrets masked.
    pub text: String,
    /// The values of the Secret objects in these namespaces. They must be masked everywhere else too.
    pub secrets: Vec<Vec<u8>>,
}

impl Cluster {
    /// Collects everything that may explain a failure.
    pub fn evidence(&self, request: &EvidenceRequest) -> ClusterEvidence {
        let request = request.clone();
        match self.request(EVIDENCE_LIMIT, move |connection| async move {
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

/// All sections as one text. Each section is cut to its share, so that a long log does not displace the others.
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
    text.truncate(text.floor_char_boundary(EVIDENCE_BYTES));
    ClusterEvidence { text, secrets: findings.secrets }
}

/// The end of a text that is too long, because the last lines are the most informative.
fn cut(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let from = text.ceil_char_boundary(text.len() - most);
    let from = text[from..].find('\n').map_or(from, |newline| from + newline + 1);
    format!("(the first {from} bytes are left out)\n{}", &text[from..])
}

/// The longest value that is masked, in bytes. Longer values are certificates and charts.
const LONGEST_SECRET: usize = 16 * 1024;

/// The values of these Secret objects, each once. They are read only to be masked.
pub(super) fn values_of<'a>(secrets: impl IntoIterator<Item = &'a Secret>) -> Vec<Vec<u8>> {
    let fields = secrets.into_iter().flat_map(|secret| secret.data.iter().flatten());
    let mut values: Vec<Vec<u8>> = fields
        .map(|(_, value)| value.0.clone())
        .filter(|value| value.len() <= LONGEST_SECRET)
        .collect();
    values.sort_unstable();
    values.dedup();
    values
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn findings() -> Findings {
        Findings { header: "context kind-a\n".into(), ..Findings::default() }
    }

    #[test]
    fn an_unavailable_section_says_why() {
        let nodes = Err("the cluster refused this user".to_owned());
        let text = written(Findings { nodes, ..findings() }).text;
        assert!(
            text.contains("== nodes ==\nunavailable: the cluster refused this user\n"),
            "{text}"
        );
    }

    #[test]
    fn a_long_log_does_not_displace_the_other_sections() {
        let long = "näher\n".repeat(200_000);
        let text =
            written(Findings { logs: Ok(long), nodes: Ok("node a: ready\n".into()), ..findings() })
                .text;
        assert!(text.len() <= EVIDENCE_BYTES, "{}", text.len());
        assert!(text.contains("bytes are left out)\nnäher\n") && text.contains("node a: ready"));
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

    #[test]
    fn each_secret_value_is_decoded_and_returned_once() {
        let secret: Secret = serde_json::from_value(
            json!({"metadata": {}, "data": {"a": "czNjcmV0IQ==", "b": "czNjcmV0IQ==", "c": "ZGI="}}),
        )
        .unwrap();
        assert_eq!(values_of([&secret]), [b"db".to_vec(), b"s3cret!".to_vec()]);
    }
}
