//! Copies one context of the user's kubeconfig files into a private kubeconfig. It works on texts
//! and opens no file.
//!
//! The private file has to work in another folder than the user's, so paths in it are made absolute. Files that it names (certificates,
//! tokens) are not copied: they may be rotated, and then the private kubeconfig uses the new ones.

use std::path::{Path, PathBuf};

use serde_yaml::{Mapping, Value};

use super::identity::hash_of;
use crate::diagnostic::Diagnostic;
use crate::ids::nearest;

/// A kubeconfig file of the user, as it was read.
#[derive(Debug, Clone)]
pub(crate) struct UserKubeconfig {
    pub path: PathBuf,
    pub text: String,
}

/// A kubeconfig that holds one context, with its cluster and its user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PrivateKubeconfig {
    /// The context's name, which is the current one of the file too.
    pub context: String,
    /// The file that defines the context.
    pub from: PathBuf,
    /// YAML.
    pub text: String,
}

impl PrivateKubeconfig {
    /// The hash with which a later run detects that the user's file has changed.
    pub(crate) fn sha256(&self) -> String {
        hash_of(&[self.text.clone().into_bytes()])
    }
}

/// Names of cluster and user entries whose values are paths, relative to the kubeconfig's own folder.
const PATHS: [&str; 4] = ["certificate-authority", "client-certificate", "client-key", "tokenFile"];

/// Copies one context of these files: the named one, or else the current one. As in kubectl, the
/// first file that defines a name wins.
///
/// # Errors
/// When there is no such context, or it is not complete.
pub(crate) fn private_kubeconfig(
    files: &[UserKubeconfig],
    context: Option<&str>,
) -> Result<PrivateKubeconfig, Diagnostic> {
    let parsed: Vec<(&Path, Value)> = files.iter().map(parse).collect::<Result<_, _>>()?;
    let name = match context {
        Some(name) => name.to_owned(),
        None => current_context(&parsed).ok_or_else(|| no_current_context(files, &parsed))?,
    };
    let (from, mut entry) =
        named(&parsed, "contexts", &name).ok_or_else(|| unknown_context(&name, files, &parsed))?;
    let mut parts = Vec::new();
    for (list, key) in [("clusters", "cluster"), ("users", "user")] {
        let Some(part) = text_of(&entry["context"][key]).filter(|part| !part.is_empty()) else {
            if key == "user" {
                continue;
            }
            return Err(Diagnostic::new(format!(
                "the context `{name}` of {} names no cluster",
                from.display()
            )));
        };
        let (folder, mut found) = named(&parsed, list, &part).ok_or_else(|| {
            Diagnostic::new(format!(
                "the context `{name}` of {} names the {key} `{part}`, which {} not define",
                from.display(),
                if files.len() == 1 { "the file does" } else { "the files do" }
            ))
            .with_hint("`kubectl config view` shows what kubectl reads")
        })?;
        make_paths_absolute(&mut found[key], folder.parent().unwrap_or(Path::new("/")));
        parts.push((list, found));
    }
    set(&mut entry, "name", &name);
    let text = config_text(&name, entry, parts);
    Ok(PrivateKubeconfig { context: name, from: from.to_owned(), text })
}

/// A kubeconfig as YAML: one context, and its cluster and user by the names of their lists.
fn config_text(name: &str, context: Value, parts: Vec<(&str, Value)>) -> String {
    let mut config = Mapping::new();
    let mut put = |key: &str, value: Value| config.insert(key.into(), value);
    put("apiVersion", "v1".into());
    put("kind", "Config".into());
    put("current-context", name.into());
    put("contexts", Value::Sequence(vec![context]));
    for (list, part) in parts {
        put(list, Value::Sequence(vec![part]));
    }
    serde_yaml::to_string(&config).unwrap_or_default()
}

/// The names of all contexts in these files, each once. A file that is not a kubeconfig has none.
pub(crate) fn contexts_of(files: &[UserKubeconfig]) -> Vec<String> {
    let parsed: Vec<(&Path, Value)> = files.iter().filter_map(|file| parse(file).ok()).collect();
    context_names(&parsed)
}

fn parse(file: &UserKubeconfig) -> Result<(&Path, Value), Diagnostic> {
    let value: Value = serde_yaml::from_str(&file.text).map_err(|error| {
        Diagnostic::new(format!("{} is not a kubeconfig: {error}", file.path.display()))
            .with_hint("name another file with `--kubeconfig FILE`")
    })?;
    Ok((&file.path, value))
}

fn current_context(files: &[(&Path, Value)]) -> Option<String> {
    files
        .iter()
        .filter_map(|(_, file)| text_of(file.get("current-context")?))
        .find(|name| !name.is_empty())
}

/// The first entry of this name in a list of named entries, and the file that holds it.
fn named<'a>(files: &[(&'a Path, Value)], list: &str, name: &str) -> Option<(&'a Path, Value)> {
    files.iter().find_map(|(path, file)| {
        let entries = file.get(list)?.as_sequence()?;
        let entry = entries.iter().find(|entry| name_of(entry).as_deref() == Some(name))?;
        Some((*path, entry.clone()))
    })
}

fn name_of(entry: &Value) -> Option<String> {
    text_of(entry.get("name")?)
}

/// The text of a name, which may look like a number in YAML.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn set(entry: &mut Value, key: &str, text: &str) {
    if let Some(mapping) = entry.as_mapping_mut() {
        mapping.insert(key.into(), text.into());
    }
}

fn make_paths_absolute(part: &mut Value, folder: &Path) {
    for key in PATHS {
        if let Some(path) = part.get(key).and_then(text_of).filter(|path| !path.is_empty()) {
            set(part, key, &folder.join(path).display().to_string());
        }
    }
    // A command without a slash is searched in PATH.
    if let Some(exec) = part.get_mut("exec")
        && let Some(command) = exec.get("command").and_then(text_of)
        && command.contains('/')
    {
        set(exec, "command", &folder.join(command).display().to_string());
    }
}

fn context_names(files: &[(&Path, Value)]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (_, file) in files {
        let entries = file.get("contexts").and_then(Value::as_sequence);
        names.extend(entries.into_iter().flatten().filter_map(name_of));
    }
    names.sort();
    names.dedup();
    names
}

fn listed(files: &[UserKubeconfig]) -> String {
    files.iter().map(|file| file.path.display().to_string()).collect::<Vec<_>>().join(", ")
}

fn unknown_context(name: &str, files: &[UserKubeconfig], parsed: &[(&Path, Value)]) -> Diagnostic {
    let names = context_names(parsed);
    let all = format!("its contexts are {}", names.join(", "));
    let hint = match nearest(name, names.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`? {all}"),
        None if names.is_empty() => {
            "it has no contexts at all; name another file with `--kubeconfig FILE`".to_owned()
        }
        None => format!("{all}; another file can be named with `--kubeconfig FILE`"),
    };
    Diagnostic::new(format!("{} has no context `{name}`", listed(files))).with_hint(hint)
}

fn no_current_context(files: &[UserKubeconfig], parsed: &[(&Path, Value)]) -> Diagnostic {
    let names = context_names(parsed);
    Diagnostic::new(format!("{} has no current context", listed(files)))
        .with_hint(format!("name one with `--context NAME`: {}", names.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> UserKubeconfig {
        UserKubeconfig { path: path.into(), text: text.to_owned() }
    }

    const TWO: &str = "\
current-context: a
contexts:
- {name: a, context: {cluster: one, user: me, namespace: team}}
- {name: b, context: {cluster: two, user: you}}
clusters:
- {name: one, cluster: {server: 'https://one', certificate-authority: pki/ca.crt}}
- {name: two, cluster: {server: 'https://two'}}
users:
- {name: me, user: {client-certificate: /abs/me.crt, client-key: me.key, exec: {command: bin/login}}}
- {name: you, user: {token: secret-of-b, exec: {command: aws}}}
";

    #[test]
    fn one_context_is_copied_with_absolute_paths_and_nothing_of_the_others() {
        let copy = private_kubeconfig(&[file("/home/me/.kube/config", TWO)], None).unwrap();
        assert_eq!(
            copy.text,
            "\
apiVersion: v1
kind: Config
current-context: a
contexts:
- name: a
  context:
    cluster: one
    user: me
    namespace: team
clusters:
- name: one
  cluster:
    server: https://one
    certificate-authority: /home/me/.kube/pki/ca.crt
users:
- name: me
  user:
    client-certificate: /abs/me.crt
    client-key: /home/me/.kube/me.key
    exec:
      command: /home/me/.kube/bin/login
"
        );
        let other = private_kubeconfig(&[file("/home/me/.kube/config", TWO)], Some("b")).unwrap();
        assert!(
            other.text.contains("command: aws") && !other.text.contains("one"),
            "{}",
            other.text
        );
    }

    #[test]
    fn the_first_file_that_defines_a_name_wins() {
        let first = file("/x/first", "contexts: [{name: b, context: {cluster: two}}]");
        let copy = private_kubeconfig(&[first, file("/y/second", TWO)], Some("b")).unwrap();
        assert_eq!((copy.from.as_path(), copy.context.as_str()), (Path::new("/x/first"), "b"));
        assert!(copy.text.contains("server: https://two") && !copy.text.contains("users"));
    }

    #[test]
    fn a_missing_entry_is_named_with_the_existing_ones() {
        let said = |context: Option<&str>, text: &str| {
            let error = private_kubeconfig(&[file("/k", text)], context).unwrap_err();
            (error.message, error.hint.unwrap_or_default())
        };
        let texts = |message: &str, hint: &str| (message.to_owned(), hint.to_owned());
        assert_eq!(
            said(Some("staging"), "contexts: [{name: stagin, context: {cluster: c}}]"),
            texts("/k has no context `staging`", "did you mean `stagin`? its contexts are stagin")
        );
        assert_eq!(
            said(None, "contexts: [{name: a, context: {cluster: c}}]"),
            texts("/k has no current context", "name one with `--context NAME`: a")
        );
        assert_eq!(
            said(Some("a"), "contexts: [{name: a, context: {cluster: c}}]").0,
            "the context `a` of /k names the cluster `c`, which the file does not define"
        );
        assert!(said(Some("a"), "a: [").0.starts_with("/k is not a kubeconfig: "));
    }

    #[test]
    fn a_name_that_looks_like_a_number_is_a_name() {
        let text = "contexts: [{name: 12, context: {cluster: 1e3}}]\nclusters: [{name: '1e3', cluster: {}}]";
        assert!(private_kubeconfig(&[file("/k", text)], Some("12")).is_err());
        let text =
            "contexts: [{name: 12, context: {cluster: 7}}]\nclusters: [{name: 7, cluster: {}}]";
        let copy = private_kubeconfig(&[file("/k", text)], Some("12")).unwrap();
        assert!(copy.text.contains("current-context: '12'"), "{}", copy.text);
    }
}
