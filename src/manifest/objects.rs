//! YAML text → the cluster objects in it.

use serde::Deserialize;
use serde_yaml::Value;

/// An object a manifest makes, its namespace as the YAML has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// `apps/v1`.
    pub api_version: String,
    /// `Deployment`.
    pub kind: String,
    /// `metadata.namespace`.
    pub namespace: Option<String>,
    /// `metadata.name`.
    pub name: String,
    /// The whole object.
    pub value: serde_json::Value,
}

/// What is wrong with the YAML.
#[derive(Debug, PartialEq)]
pub(crate) struct BadYaml {
    pub message: String,
    /// 1-based line of the text.
    pub line: usize,
}

/// Kinds of Kubernetes itself that live in no namespace. Kinds of custom resources are not known here.
const CLUSTER_SCOPED: [&str; 28] = [
    "APIService",
    "CSIDriver",
    "CSINode",
    "CertificateSigningRequest",
    "ClusterRole",
    "ClusterRoleBinding",
    "ClusterTrustBundle",
    "ComponentStatus",
    "CustomResourceDefinition",
    "DeviceClass",
    "FlowSchema",
    "GatewayClass",
    "IPAddress",
    "IngressClass",
    "MutatingAdmissionPolicy",
    "MutatingWebhookConfiguration",
    "Namespace",
    "Node",
    "PersistentVolume",
    "PriorityClass",
    "PriorityLevelConfiguration",
    "RuntimeClass",
    "ServiceCIDR",
    "StorageClass",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "ValidatingWebhookConfiguration",
    "VolumeAttachment",
];

/// Kinds of files that tools read and no cluster holds.
const NO_OBJECTS: [&str; 10] = [
    "kind.x-k8s.io/",
    "kustomize.config.k8s.io/",
    "kubeadm.k8s.io/",
    "kubelet.config.k8s.io/",
    "kubeproxy.config.k8s.io/",
    "apiserver.config.k8s.io/",
    "audit.k8s.io/",
    "ctlptl.dev/",
    "client.authentication.k8s.io/",
    "kubescheduler.config.k8s.io/",
];

impl Found {
    /// Does its kind live in no namespace?
    pub(crate) fn is_cluster_scoped(&self) -> bool {
        CLUSTER_SCOPED.contains(&self.kind.as_str())
    }
}

/// The objects of every document, those of a `List` one by one. A document that is no object (values of a chart, a tool's
/// configuration) is accepted and gives none.
///
/// # Errors
/// When a document is no YAML, or looks like an object and lacks what every object has.
pub(crate) fn objects_of(text: &str) -> Result<Vec<Found>, BadYaml> {
    let mut objects = Vec::new();
    for document in serde_yaml::Deserializer::from_str(text) {
        let value = Value::deserialize(document).map_err(|error| {
            let reason = error.to_string();
            let message = reason.split(" at line ").next().unwrap_or(&reason).to_owned();
            BadYaml { message, line: error.location().map_or(1, |place| place.line().max(1)) }
        })?;
        collect(&value, text, &mut objects)?;
    }
    Ok(objects)
}

fn collect(value: &Value, text: &str, objects: &mut Vec<Found>) -> Result<(), BadYaml> {
    let word = |key: &str| value.get(key).and_then(Value::as_str);
    let (api_version, kind) = (word("apiVersion"), word("kind"));
    // A `kind` alone is any tool's; an `apiVersion` is Kubernetes'.
    if api_version.is_none() && (kind.is_none() || value.get("metadata").is_none()) {
        return Ok(());
    }
    if api_version.is_some_and(|version| {
        NO_OBJECTS.iter().any(|group| version.starts_with(group)) || is_client_config(version, kind)
    }) {
        return Ok(());
    }
    let lacks = |what: &str| {
        let of = kind.map(|kind| format!(" of kind {kind}")).unwrap_or_default();
        BadYaml {
            message: format!("an object{of} lacks `{what}`"),
            line: line_of(text, kind, api_version),
        }
    };
    let api_version = api_version.ok_or_else(|| lacks("apiVersion"))?;
    let kind_name = kind.ok_or_else(|| lacks("kind"))?;
    if kind_name.ends_with("List")
        && let Some(Value::Sequence(items)) = value.get("items")
    {
        return items.iter().try_for_each(|item| collect(item, text, objects));
    }
    let metadata = value.get("metadata");
    let field = |key: &str| metadata.and_then(|metadata| metadata.get(key)).and_then(Value::as_str);
    let Some(name) = field("name") else {
        // `generateName` makes objects nobody can name beforehand.
        return if field("generateName").is_some() { Ok(()) } else { Err(lacks("metadata.name")) };
    };
    objects.push(Found {
        api_version: api_version.to_owned(),
        kind: kind_name.to_owned(),
        namespace: field("namespace").map(str::to_owned),
        name: name.to_owned(),
        value: serde_json::to_value(value).unwrap_or_default(),
    });
    Ok(())
}

/// A kubeconfig has `apiVersion: v1` like an object, and is none.
fn is_client_config(version: &str, kind: Option<&str>) -> bool {
    version == "v1" && kind == Some("Config")
}

/// The line where the object that lacks something tells its kind, as well as can be found in the text.
fn line_of(text: &str, kind: Option<&str>, api_version: Option<&str>) -> usize {
    let says = |line: &str, key: &str, value: &str| {
        let rest = line.trim_start_matches([' ', '-']).strip_prefix(key);
        rest.is_some_and(|rest| rest.trim_matches([' ', '"', '\'']) == value)
    };
    let found = text.lines().position(|line| {
        kind.is_some_and(|kind| says(line, "kind:", kind))
            || kind.is_none()
                && api_version.is_some_and(|version| says(line, "apiVersion:", version))
    });
    found.map_or(1, |index| index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        let objects = objects_of(text).unwrap_or_else(|error| panic!("{error:?}"));
        objects
            .iter()
            .map(|found| format!("{} {}/{}", found.api_version, found.kind, found.name))
            .collect()
    }

    #[test]
    fn every_document_and_every_item_of_a_list_is_an_object() {
        let text = "apiVersion: v1\nkind: Namespace\nmetadata: {name: web}\n---\n---\napiVersion: v1\nkind: List\nitems:\n- apiVersion: apps/v1\n  \
                    kind: Deployment\n  metadata:\n    name: web\n    namespace: web\n";
        assert_eq!(names(text), ["v1 Namespace/web", "apps/v1 Deployment/web"]);
        let objects = objects_of(text).unwrap();
        assert!(objects[0].is_cluster_scoped() && !objects[1].is_cluster_scoped());
        assert_eq!(objects[1].namespace.as_deref(), Some("web"));
    }

    #[test]
    fn what_is_no_object_is_accepted() {
        for text in [
            "replicas: 3\nimage: {tag: x}\n",
            "kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\nnodes: []\n",
            "spec:\n  template:\n    spec: {nodeSelector: {a: b}}\n",
            "kind: pipeline\nsteps: []\n",
            "apiVersion: v1\nkind: Config\nclusters: []\n",
            "",
            "# nothing\n",
            "- 1\n- 2\n",
            "apiVersion: v1\nkind: Pod\nmetadata: {generateName: x-}\n",
        ] {
            assert_eq!(names(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn an_object_without_its_name_is_refused_with_its_line() {
        let error =
            objects_of("apiVersion: v1\nkind: Namespace\nmetadata: {name: web}\n---\napiVersion: v1\nkind: Pod\nspec: {}\n")
                .unwrap_err();
        assert_eq!(
            error,
            BadYaml { message: "an object of kind Pod lacks `metadata.name`".to_owned(), line: 6 }
        );
        assert_eq!(
            objects_of("apiVersion: v1\nspec: {}\n").unwrap_err().message,
            "an object lacks `kind`"
        );
        assert_eq!(
            objects_of("kind: Pod\nmetadata: {name: x}\n").unwrap_err().message,
            "an object of kind Pod lacks `apiVersion`"
        );
    }

    #[test]
    fn what_is_no_yaml_is_refused_with_its_line() {
        let error = objects_of("a: 1\nb: c: d\n").unwrap_err();
        assert_eq!(error.line, 2);
        assert!(error.message.contains("mapping values"), "{}", error.message);
    }
}
