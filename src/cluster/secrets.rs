//! What Secret objects of the cluster hold, for masking. It is read for no other purpose and shown nowhere.

use k8s_openapi::api::core::v1::Secret;

/// Longer ones are certificates and charts.
const LONGEST: usize = 16 * 1024;

/// Every value of these Secrets, each once.
pub(super) fn values_of<'a>(secrets: impl IntoIterator<Item = &'a Secret>) -> Vec<Vec<u8>> {
    let fields = secrets.into_iter().flat_map(|secret| secret.data.iter().flatten());
    let mut values: Vec<Vec<u8>> =
        fields.map(|(_, value)| value.0.clone()).filter(|value| value.len() <= LONGEST).collect();
    values.sort_unstable();
    values.dedup();
    values
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_value_is_given_once_and_decoded() {
        let secret: Secret = serde_json::from_value(
            json!({"metadata": {}, "data": {"a": "czNjcmV0IQ==", "b": "czNjcmV0IQ==", "c": "ZGI="}}),
        )
        .unwrap();
        assert_eq!(values_of([&secret]), [b"db".to_vec(), b"s3cret!".to_vec()]);
    }
}
