//! Finds the credentials in a kubeconfig, which a step may print (`kubectl config view --raw`) and
//! which have to be masked.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_yaml::Value;

/// The shortest value of a variable or argument, in bytes, that counts as a credential. Shorter
/// ones are switches (`true`, `v1`).
const SHORTEST_SETTING: usize = 8;
/// The ends of names whose values are not credentials.
const PLAIN: [&str; 9] =
    ["PROFILE", "REGION", "ENDPOINTS", "PROJECT", "ZONE", "HOME", "PATH", "CONTEXT", "NAMESPACE"];
/// The parts of names whose values are credentials.
const TELLING: [&str; 5] = ["token", "secret", "password", "key", "credential"];

/// The credentials of all users of this kubeconfig: in their written form, and also decoded if they
/// are base64. A text that is not a kubeconfig has none.
pub(crate) fn kubeconfig_credentials(text: &str) -> Vec<Vec<u8>> {
    let Ok(config) = serde_yaml::from_str::<Value>(text) else { return Vec::new() };
    let users = config.get("users").and_then(Value::as_sequence).into_iter().flatten();
    let mut found: Vec<String> = Vec::new();
    for user in users.filter_map(|user| user.get("user")) {
        found.extend(
            ["token", "password", "client-key-data"]
                .iter()
                .filter_map(|key| scalar(user.get(key)?)),
        );
        let provider = user.get("auth-provider").and_then(|provider| provider.get("config"));
        for (name, value) in provider.and_then(Value::as_mapping).into_iter().flatten() {
            found.extend(scalar(value).filter(|_| scalar(name).is_some_and(|name| tells(&name))));
        }
        if let Some(exec) = user.get("exec") {
            found.extend(of_environment(exec));
            found.extend(of_arguments(exec));
        }
    }
    let decoded: Vec<Vec<u8>> =
        found.iter().filter_map(|value| STANDARD.decode(value.trim()).ok()).collect();
    let mut values: Vec<Vec<u8>> = found.into_iter().map(String::into_bytes).collect();
    values.extend(decoded.into_iter().filter(|value| value.starts_with(b"-----BEGIN")));
    values
}

/// The files with a credential of a user of this kubeconfig, as the kubeconfig names them.
pub(crate) fn kubeconfig_credential_files(text: &str) -> Vec<String> {
    let config = serde_yaml::from_str::<Value>(text).unwrap_or_default();
    let users = config.get("users").and_then(Value::as_sequence).into_iter().flatten();
    let files = |user: &Value| {
        let user = user.get("user")?;
        Some(
            ["tokenFile", "client-key"]
                .iter()
                .filter_map(|key| scalar(user.get(key)?))
                .collect::<Vec<_>>(),
        )
    };
    users.filter_map(files).flatten().collect()
}

fn of_environment(exec: &Value) -> Vec<String> {
    let variables = exec.get("env").and_then(Value::as_sequence).into_iter().flatten();
    let value = |variable: &Value| {
        let (name, value) = (scalar(variable.get("name")?)?, scalar(variable.get("value")?)?);
        let is_plain = PLAIN.iter().any(|end| name.to_ascii_uppercase().ends_with(end));
        (value.len() >= SHORTEST_SETTING && !is_plain || tells(&name)).then_some(value)
    };
    variables.filter_map(value).collect()
}

/// `--oidc-client-secret=…`, or the same in two words.
fn of_arguments(exec: &Value) -> Vec<String> {
    let words = exec.get("args").and_then(Value::as_sequence).into_iter().flatten();
    let words: Vec<String> = words.filter_map(scalar).collect();
    let mut values = Vec::new();
    for (at, word) in
        words.iter().enumerate().filter(|(_, word)| tells(word) && word.starts_with('-'))
    {
        match word.split_once('=') {
            Some((flag, value)) if tells(flag) => values.push(value.to_owned()),
            None => values.extend(words.get(at + 1).filter(|next| !next.starts_with('-')).cloned()),
            Some(_) => {}
        }
    }
    values.retain(|value| value.len() >= SHORTEST_SETTING);
    values
}

fn tells(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    TELLING.iter().any(|part| name.contains(part))
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KUBECONFIG: &str = "
        current-context: prod-eu-1
        clusters: [{name: c, cluster: {server: 'https://api.example.org', certificate-authority-data: Q0E=}}]
        users:
        - name: deploy
          user: {token: tok-1, username: admin-name, password: 12345678, client-key-data: LS0tLS1CRUdJTiBLRVktLS0tLQ==}
        - name: old
          user: {auth-provider: {name: oidc, config: {client-id: public-id, id-token: id-1, refresh-token: ref-1, client-secret: cs-1}}}
        - name: helper
          user:
            exec:
              command: login-helper
              args: [get-token, --oidc-client-secret=sec-12345, --password, pass-12345, --oidc-issuer-url=https://issuer]
              env: [{name: AWS_PROFILE, value: production}, {name: API_TOKEN, value: t-1}, {name: OTHER, value: other-value}, {name: ON, value: 'true'}]
        ";

    #[test]
    fn every_credential_of_a_user_is_found_and_nothing_else() {
        let found = kubeconfig_credentials(KUBECONFIG);
        let found: Vec<&str> =
            found.iter().map(|value| std::str::from_utf8(value).unwrap()).collect();
        assert_eq!(
            found,
            [
                "tok-1",
                "12345678",
                "LS0tLS1CRUdJTiBLRVktLS0tLQ==",
                "id-1",
                "ref-1",
                "cs-1",
                "t-1",
                "other-value",
                "sec-12345",
                "pass-12345",
                "-----BEGIN KEY-----",
            ]
        );
        assert_eq!(kubeconfig_credentials("a: ["), Vec::<Vec<u8>>::new());
        assert_eq!(
            kubeconfig_credential_files(
                "users: [{user: {tokenFile: a, client-key: /b}}, {user: {}}]"
            ),
            ["a", "/b"]
        );
    }
}
