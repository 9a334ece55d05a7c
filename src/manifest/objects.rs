//! YAML text → the cluster objects that it describes.

use serde::Deserialize;
use serde_yaml::Value;

use super::yaml::YamlError;

/// A cluster object that a YAML text describes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct YamlObject {
    /// Its `apiVersion`, for example `apps/v1`.
    pub api_version: String,
    /// Its kind, for example `Deployment`.
    pub kind: String,
    /// `metadata.namespace`, if the text states one.
    pub namespace: Option<String>,
    /// `metadata.name`.
    pub name: String,
    /// The whole object.
    pub value: serde_json::Value,
}

/// Cluster-scoped kinds of Kubernetes itself. Kinds of custom resources are not listed.
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

/// API groups of configuration files: tools read these files, and no cluster stores them as objects.
const CONFIGURATION_GROUPS: [&str; 10] = [
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

impl YamlObject {
    /// Whether its kind is a cluster-scoped kind of Kubernetes itself.
    pub(crate) fn is_cluster_scoped(&self) -> bool {
        CLUSTER_SCOPED.contains(&self.kind.as_str())
    }
}

/// The objects of every document, and the items of every `List`. A document that is not an object (values of a chart, the
/// configuration of a tool) is accepted and adds none.
///
/// # Errors
/// A document is not valid YAML, or it looks like an object and lacks a field that every object has.
pub(crate) fn objects_of(text: &str) -> Result<Vec<YamlObject>, YamlError> {
    let mut objects = Vec::new();
    for document in serde_yaml::Deserializer::from_str(text) {
        let value = Value::deserialize(document).map_err(|error| {
            let reason = error.to_string();
            let message = reason.split(" at line ").next().unwrap_or(&reason).to_owned();
            YamlError { message, line: error.location().map_or(1, |place| place.line().max(1)) }
        })?;
        collect(&value, text, &mut objects)?;
    }
    Ok(objects)
}

fn collect(value: &Value, text: &str, objects: &mut Vec<YamlObject>) -> Result<(), YamlError> {
    let word = |key: &str| value.get(key).and_then(Value::as_str);
    let (api_version, kind) = (word("apiVersion"), word("kind"));
    // Other tools use `kind` too, so that a `kind` alone proves nothing. An `apiVersion` belongs to Kubernetes.
    if api_version.is_none() && (kind.is_none() || value.get("metadata").is_none()) {
        return Ok(());
    }
    if api_version.is_some_and(|version| {
        CONFIGURATION_GROUPS.iter().any(|group| version.starts_with(group))
            || is_client_config(version, kind)
    }) {
        return Ok(());
    }
    let lacks = |what: &str| {
        let of = kind.map(|kind| format!(" of kind {kind}")).unwrap_or_default();
        YamlError {
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
        // The name of an object with `generateName` is not known before the cluster creates it.
        return if field("generateName").is_some() { Ok(()) } else { Err(lacks("metadata.name")) };
    };
    objects.push(YamlObject {
        api_version: api_version.to_owned(),
        kind: kind_name.to_owned(),
        namespace: field("namespace").map(str::to_owned),
        name: name.to_owned(),
        value: serde_json::to_value(value).unwrap_or_default(),
    });
    Ok(())
}

/// Whether the document is a kubeconfig, which has `apiVersion: v1` although it is not an object.
fn is_client_config(version: &str, kind: Option<&str>) -> bool {
    version == "v1" && kind == Some("Config")
}

/// The 1-based line with the kind (or API version) of an object that lacks a field; 1 if the text has no such line.
fn line_of(text: &str, kind: Option<&str>, api_version: Option<&str>) -> usize {
    let has_value = |line: &str, key: &str, value: &str| {
        let rest = line.trim_start_matches([' ', '-']).strip_prefix(key);
        rest.is_some_and(|rest| rest.trim_matches([' ', '"', '\'']) == value)
    };
    let found = text.lines().position(|line| {
        kind.is_some_and(|kind| has_value(line, "kind:", kind))
            || kind.is_none()
                && api_version.is_some_and(|version| has_value(line, "apiVersion:", version))
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
    fn a_document_that_is_not_an_object_is_accepted() {
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
            YamlError {
                message: "an object of kind Pod lacks `metadata.name`".to_owned(),
                line: 6
            }
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
    fn invalid_yaml_is_refused_with_its_line() {
        let error = objects_of("a: 1\nb: c: d\n").unwrap_err();
        assert_eq!(error.line, 2);
        assert!(error.message.contains("mapping values"), "{}", error.message);
    }
}
