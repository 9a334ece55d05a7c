//! The values of Secret objects, for masking: plain and base64. They are read for no other purpose and shown nowhere.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{Api, ListParams};

use super::declared::Declared;
use super::{ANSWER_LIMIT, Cluster, ClusterError};

/// Shorter values are words like `true` or `db`: masking them would blot out ordinary text, and hide nothing.
const SHORTEST: usize = 4;

/// Longer ones are certificates and charts, masked line by line where they are text, else not at all.
const LONGEST: usize = 16 * 1024;

/// What stands in a masked value's place where this room writes text itself.
const MASK: &str = "***";

/// The texts to mask for these Secrets, the longest first, each once: every value plain (and each longer line of one with several
/// lines) and in base64.
pub(super) fn values_of<'a>(secrets: impl IntoIterator<Item = &'a Secret>) -> Vec<String> {
    let mut values = Vec::new();
    for secret in secrets {
        for value in secret.data.iter().flatten().map(|(_, value)| value.0.as_slice()) {
            if value.len() > LONGEST {
                continue;
            }
            if value.len() >= SHORTEST {
                values.push(STANDARD.encode(value));
            }
            let Ok(text) = std::str::from_utf8(value) else { continue };
            let lines = text.lines().filter(|_| text.contains('\n')).filter(|line| line.len() >= 4 * SHORTEST);
            values.extend(lines.chain([text, text.trim()]).filter(|text| text.len() >= SHORTEST).map(str::to_owned));
        }
    }
    values.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    values.dedup();
    values
}

/// What a book's own Secret manifests hold, to be masked before anything ran: plain and base64.
#[must_use]
pub fn declared_secrets(declared: &[Declared]) -> Vec<String> {
    let secrets = declared.iter().filter(|declared| declared.object.kind == "Secret").filter_map(|declared| {
        let mut secret: Secret = serde_json::from_value(declared.value.clone()).ok()?;
        let plain = secret.string_data.take().unwrap_or_default();
        let data = secret.data.get_or_insert_default();
        data.extend(plain.into_iter().map(|(key, value)| (key, ByteString(value.into_bytes()))));
        Some(secret)
    });
    values_of(&secrets.collect::<Vec<_>>())
}

impl Cluster {
    /// What the Secret objects of these namespaces hold now, to be masked: plain and base64.
    ///
    /// # Errors
    /// When the cluster can't be asked.
    pub fn secrets_in(&self, namespaces: &[String]) -> Result<Vec<String>, ClusterError> {
        let namespaces = namespaces.to_vec();
        self.ask(ANSWER_LIMIT, move |link| async move {
            let mut all: Vec<Secret> = Vec::new();
            for namespace in &namespaces {
                let api: Api<Secret> = Api::namespaced(link.client.clone(), namespace);
                let list = api.list(&ListParams::default()).await;
                all.extend(list.map_err(|error| ClusterError::from_kube(&error, "listing secrets"))?.items);
            }
            Ok(values_of(&all))
        })
    }
}

/// A text without these values.
pub(super) fn masked(text: String, values: &[String]) -> String {
    values.iter().fold(text, |text, value| if text.contains(value.as_str()) { text.replace(value.as_str(), MASK) } else { text })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn secret(value: &str) -> Secret {
        serde_json::from_value(json!({"metadata": {}, "data": {"p": STANDARD.encode(value)}})).unwrap()
    }

    #[test]
    fn a_value_is_masked_plain_and_in_base64() {
        let values = values_of([&secret("s3cret!")]);
        let text = format!("password s3cret! or {}", STANDARD.encode("s3cret!"));
        assert_eq!(masked(text, &values), "password *** or ***");
    }

    #[test]
    fn short_words_are_left_alone() {
        assert!(values_of([&secret("db")]).is_empty());
    }

    #[test]
    fn the_lines_of_a_certificate_are_masked_one_by_one() {
        let values = values_of([&secret("-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0\n-----END KEY-----\n")]);
        assert_eq!(masked("found MIIEvQIBADANBgkqhkiG9w0 in a log".to_owned(), &values), "found *** in a log");
    }

    #[test]
    fn a_closing_newline_does_not_hide_a_value_from_masking() {
        assert_eq!(masked("is hunter22 ok".to_owned(), &values_of([&secret("hunter22\n")])), "is *** ok");
    }

    #[test]
    fn the_longer_of_two_values_is_masked_first() {
        let values = values_of([&secret("abcd"), &secret("abcdefgh")]);
        assert_eq!(masked("abcdefgh".to_owned(), &values), "***");
    }

    #[test]
    fn a_manifest_s_secrets_are_known_before_it_is_applied() {
        let place = crate::book::Place { file: std::path::Path::new("c.md").into(), line: 1 };
        let text =
            "{apiVersion: v1, kind: Secret, metadata: {name: a}, data: {one: Zmlyc3QtdmFsdWU=}, stringData: {two: second-value}}";
        let values = declared_secrets(&crate::execute::cluster::declared_in(text, None, &place).unwrap());
        for value in ["first-value", "second-value", "Zmlyc3QtdmFsdWU="] {
            assert!(values.iter().any(|known| known == value), "{value} is not among {values:?}");
        }
    }
}
