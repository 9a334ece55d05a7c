//! Which objects the book's steps create by a command (`kubectl create secret generic db`, `helm install shop`) instead of a manifest.

use super::step::Plan;
use crate::book::commands_of;
use crate::ids::{ObjectRef, StepId};

/// Short names of kinds, as `kubectl create` accepts them.
const SHORT_NAMES: [(&str, &str); 8] = [
    ("cj", "CronJob"),
    ("cm", "ConfigMap"),
    ("deploy", "Deployment"),
    ("ing", "Ingress"),
    ("pdb", "PodDisruptionBudget"),
    ("quota", "ResourceQuota"),
    ("sa", "ServiceAccount"),
    ("svc", "Service"),
];

/// The first step whose script creates this object, as far as its words show. `maker` is the program that the server recorded.
pub(crate) fn creating_step<'p>(
    plan: &'p Plan,
    object: &ObjectRef,
    maker: Option<&str>,
) -> Option<&'p StepId> {
    let release = maker.and_then(|maker| maker.strip_prefix("helm release "));
    let steps = plan.chapters.iter().flat_map(|chapter| &chapter.steps);
    let mut acting = steps.filter(|step| !step.is_verify());
    acting.find(|step| creates(&step.script, object, release)).map(|step| &step.id)
}

fn creates(script: &str, object: &ObjectRef, release: Option<&str>) -> bool {
    let by_command = commands_of(script).all.iter().any(|command| {
        let mut words = command.words.iter().map(String::as_str);
        let program = words.next().map(|word| word.rsplit('/').next().unwrap_or(word));
        let words: Vec<&str> = words.collect();
        match program {
            Some("kubectl") => kubectl_creates(&words, object),
            Some("helm") => release.is_some_and(|release| helm_installs(&words, release)),
            _ => false,
        }
    });
    by_command || (script.contains("kubectl") && is_in_here_document(script, object))
}

/// `create KIND … NAME`, `run NAME`, `expose KIND NAME` or `autoscale KIND NAME`.
fn kubectl_creates(words: &[&str], object: &ObjectRef) -> bool {
    let verbs = ["create", "run", "expose", "autoscale"];
    let Some(at) = words.iter().position(|word| verbs.contains(word)) else { return false };
    let (verb, rest) = (words[at], &words[at + 1..]);
    let name = format!("--name={}", object.name);
    let has_name = rest.iter().any(|word| *word == object.name || *word == name);
    let is_kind = match verb {
        "create" => rest.iter().any(|word| is_kind(word, &object.kind)),
        "run" => object.kind == "Pod",
        "expose" => object.kind == "Service",
        _ => object.kind == "HorizontalPodAutoscaler",
    };
    has_name && is_kind
}

fn helm_installs(words: &[&str], release: &str) -> bool {
    words.iter().any(|word| matches!(*word, "install" | "upgrade")) && words.contains(&release)
}

/// `secret`, `secrets`, `deployment.apps` and `deploy` name a kind.
fn is_kind(word: &str, kind: &str) -> bool {
    let word = word.split('.').next().unwrap_or(word).to_ascii_lowercase();
    let lower = kind.to_ascii_lowercase();
    word == lower
        || word == format!("{lower}s")
        || SHORT_NAMES.iter().any(|(short, of)| word == *short && kind == *of)
}

/// Whether the script contains the object as YAML, as in `kubectl apply -f - <<EOF`.
fn is_in_here_document(script: &str, object: &ObjectRef) -> bool {
    let has = |key: &str, value: &str| {
        script.lines().any(|line| {
            let line = line.trim_start_matches([' ', '-']);
            line.strip_prefix(key).is_some_and(|rest| rest.trim() == value)
        })
    };
    has("kind:", &object.kind) && has("name:", &object.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(kind: &str, name: &str) -> ObjectRef {
        ObjectRef {
            api_version: "v1".into(),
            kind: kind.into(),
            namespace: Some("shop".into()),
            name: name.into(),
        }
    }

    #[test]
    fn an_object_that_a_command_names_by_kind_and_name_is_created_by_it() {
        for (script, kind, name) in [
            ("kubectl -n shop create secret generic db --from-literal=password=x", "Secret", "db"),
            ("kubectl create cm settings --from-file=a", "ConfigMap", "settings"),
            (
                "kubectl create secret tls web --dry-run=client -o yaml | kubectl apply -f -",
                "Secret",
                "web",
            ),
            ("if true; then kubectl run debug --image=x; fi", "Pod", "debug"),
            ("kubectl expose deployment web --port 80", "Service", "web"),
            ("kubectl expose deployment web --name=front", "Service", "front"),
            ("kubectl apply -f - <<EOF\nkind: Secret\nmetadata:\n  name: db\nEOF", "Secret", "db"),
        ] {
            assert!(creates(script, &object(kind, name), None), "{script}");
        }
    }

    #[test]
    fn another_kind_another_name_and_another_verb_do_not_create_it() {
        for script in [
            "kubectl create configmap db",
            "kubectl create secret generic other",
            "kubectl delete secret db",
            "echo secret db",
            "kubectl get secret db",
        ] {
            assert!(!creates(script, &object("Secret", "db"), None), "{script}");
        }
    }

    #[test]
    fn an_object_of_a_helm_release_is_created_by_the_step_that_installs_the_release() {
        let of = |release| creates("helm install shop ./chart", &object("Secret", "x"), release);
        assert!(of(Some("shop")));
        assert!(!of(Some("other")) && !of(None));
    }
}
