//! A connection: a client made from the kubeconfig, which counts its requests, and the kinds that the server knows.

#![expect(clippy::disallowed_methods, reason = "requests are logged with their time")]

use std::sync::Arc;
use std::time::Instant;

use k8s_openapi::api::{
    admissionregistration, apps, autoscaling, batch, core, networking, policy, rbac, scheduling,
    storage,
};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{Api, ApiResource, DynamicObject};
use kube::client::ClientBuilder;
use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};
use kube::core::GroupVersionKind;
use kube::discovery::{ApiCapabilities, Discovery, Scope, verbs};
use kube::{Client, Config};
use tokio::sync::OnceCell;
use tower::util::MapRequestLayer;

use super::error::with_causes;
use super::request_log::RequestLog;
use super::{Access, ClusterError, ClusterErrorKind, REQUEST_LIMIT};
use crate::ids::ObjectRef;
use crate::ids::nearest;

/// A connection to a cluster. Clones share it.
#[derive(Clone)]
pub(super) struct Connection {
    pub(super) client: Client,
    /// The name of the context.
    pub(super) context: String,
    /// The cluster's entry in the kubeconfig.
    pub(super) config: Arc<Config>,
    kinds: Arc<OnceCell<Discovery>>,
}

/// An object of the book with the server's knowledge about it.
#[derive(Clone)]
pub(super) struct Resolved {
    /// The object with the namespace that it has in the cluster.
    pub(super) object: ObjectRef,
    /// Its kind. `None` when the server does not know the kind.
    pub(super) kind: Option<(ApiResource, ApiCapabilities)>,
    /// The API that serves it.
    pub(super) api: Option<Api<DynamicObject>>,
}

impl Connection {
    /// Reads the kubeconfig and creates a client. This sends no request.
    pub(super) async fn connect(
        access: &Access,
        requests: Arc<RequestLog>,
    ) -> Result<Self, ClusterError> {
        let file = Kubeconfig::read_from(&access.kubeconfig)
            .map_err(|error| unreadable(access, &error))?;
        let context = choose_context(access, &file)?;
        let options =
            KubeConfigOptions { context: Some(context.clone()), ..KubeConfigOptions::default() };
        let mut config = Config::from_custom_kubeconfig(file, &options)
            .await
            .map_err(|error| unreadable(access, &error))?;
        config.connect_timeout = Some(REQUEST_LIMIT);
        config.default_retry = false;
        if is_loopback(config.cluster_url.host().unwrap_or_default()) {
            config.proxy_url = None;
        }
        let count = MapRequestLayer::new(move |request| {
            requests.sent(Instant::now());
            request
        });
        let builder = ClientBuilder::try_from(config.clone())
            .map_err(|error| ClusterError::from_kube(&error, "connecting"))?;
        let client = builder.with_layer(&count).build();
        Ok(Self { client, context, config: Arc::new(config), kinds: Arc::default() })
    }

    /// The API server's address as in the kubeconfig, without a trailing slash.
    pub(super) fn server(&self) -> String {
        self.config.cluster_url.to_string().trim_end_matches('/').to_owned()
    }

    /// Every kind that the server knows. The first call sends two requests.
    pub(super) async fn kinds(&self) -> Result<&Discovery, ClusterError> {
        let discover = || async { Discovery::new(self.client.clone()).run_aggregated().await };
        self.kinds
            .get_or_try_init(discover)
            .await
            .map_err(|error| ClusterError::from_kube(&error, "listing its kinds"))
    }

    /// The same connection without its known kinds, so that the next call lists them again.
    pub(super) fn forgetting_kinds(&self) -> Self {
        Self { kinds: Arc::default(), ..self.clone() }
    }

    /// The kind of an object, if the server knows it.
    pub(super) async fn kind(
        &self,
        object: &ObjectRef,
    ) -> Result<Option<(ApiResource, ApiCapabilities)>, ClusterError> {
        if let Some(known) = well_known(&object.api_version, &object.kind) {
            return Ok(Some(known));
        }
        let (group, version) =
            object.api_version.rsplit_once('/').unwrap_or(("", &object.api_version));
        Ok(self.kinds().await?.resolve_gvk(&GroupVersionKind::gvk(group, version, &object.kind)))
    }

    /// Finds the kind and the real namespace of each object. An object whose kind the server does not know (its CRD does not exist
    /// yet) is returned unchanged, without a kind.
    pub(super) async fn resolve(
        &self,
        objects: &[ObjectRef],
    ) -> Result<Vec<Resolved>, ClusterError> {
        let mut resolved = Vec::with_capacity(objects.len());
        for object in objects {
            let kind = self.kind(object).await?;
            let mut object = object.clone();
            match &kind {
                Some((_, capabilities)) if capabilities.scope == Scope::Cluster => {
                    object.namespace = None;
                }
                _ if object.namespace.is_none() => {
                    object.namespace = Some(self.client.default_namespace().to_owned());
                }
                _ => {}
            }
            let api = kind.as_ref().map(|(resource, capabilities)| {
                self.api(resource, &capabilities.scope, object.namespace.as_deref())
            });
            resolved.push(Resolved { object, kind, api });
        }
        Ok(resolved)
    }

    /// The API of a kind: in this namespace or else the context's, if the kind has namespaces.
    pub(super) fn api(
        &self,
        resource: &ApiResource,
        scope: &Scope,
        namespace: Option<&str>,
    ) -> Api<DynamicObject> {
        match scope {
            Scope::Cluster => Api::all_with(self.client.clone(), resource),
            Scope::Namespaced => {
                let namespace = namespace.unwrap_or_else(|| self.client.default_namespace());
                Api::namespaced_with(self.client.clone(), namespace, resource)
            }
        }
    }
}

/// The context to use: the named one, which must exist, or else the current one of the file.
fn choose_context(access: &Access, file: &Kubeconfig) -> Result<String, ClusterError> {
    let path = access.kubeconfig.display();
    let names: Vec<&str> = file.contexts.iter().map(|context| context.name.as_str()).collect();
    let wanted = match (&access.context, file.current_context.as_deref()) {
        (Some(wanted), _) => wanted,
        (None, Some(current)) if !current.is_empty() => return Ok(current.to_owned()),
        _ => {
            return Err(ClusterError::new(
                ClusterErrorKind::NoContext,
                format!("{path} has no current context"),
            )
            .hint(format!("name one with `context` in book.toml; it has: {}", listed(&names))));
        }
    };
    if names.contains(&wanted.as_str()) {
        return Ok(wanted.clone());
    }
    let hint = match nearest(wanted, names.iter().copied()) {
        Some(near) => format!("did you mean `{near}`? It has: {}", listed(&names)),
        None if names.is_empty() => {
            "it contains no cluster: first run the chapter that creates the cluster".to_owned()
        }
        None => format!("it has: {}", listed(&names)),
    };
    Err(ClusterError::new(ClusterErrorKind::NoContext, format!("{path} has no context `{wanted}`"))
        .hint(hint))
}

fn listed(names: &[&str]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

fn unreadable(access: &Access, error: &KubeconfigError) -> ClusterError {
    let path = access.kubeconfig.display();
    match error {
        KubeconfigError::ReadConfig(io, _) if io.kind() == std::io::ErrorKind::NotFound => {
            ClusterError::new(ClusterErrorKind::NoKubeconfig, format!("there is no kubeconfig at {path}"))
                .hint("first run the chapter that creates the cluster, or name a kubeconfig with --kubeconfig")
        }
        KubeconfigError::ReadConfig(io, _) => {
            ClusterError::new(ClusterErrorKind::NoKubeconfig, format!("the kubeconfig {path} could not be read: {io}"))
                .hint("check the permissions of the file")
        }
        other => ClusterError::new(
            ClusterErrorKind::BadKubeconfig,
            format!("the kubeconfig {path} is invalid: {}", with_causes(other)),
        )
        .hint("`kubectl --kubeconfig FILE config view` shows its content; creating the cluster again writes it again"),
    }
}

/// Whether the host is this machine, which is never behind a proxy.
fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost"
        || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// A kind of Kubernetes itself, in exactly this version. These kinds are known without a request; they come from the generated
/// types.
pub(super) fn well_known(api_version: &str, kind: &str) -> Option<(ApiResource, ApiCapabilities)> {
    let namespaced = namespaced().into_iter().map(|resource| (resource, Scope::Namespaced));
    let everywhere = without_namespaces().into_iter().map(|resource| (resource, Scope::Cluster));
    let (resource, scope) = namespaced
        .chain(everywhere)
        .find(|(resource, _)| resource.kind == kind && resource.api_version == api_version)?;
    let operations = [verbs::GET, verbs::LIST, verbs::WATCH, verbs::DELETE, verbs::PATCH]
        .map(str::to_owned)
        .to_vec();
    Some((resource, ApiCapabilities { scope, subresources: Vec::new(), operations }))
}

macro_rules! resources {
    ($($kind:path),* $(,)?) => { [$(ApiResource::erase::<$kind>(&())),*] };
}

fn namespaced() -> [ApiResource; 20] {
    resources![
        core::v1::Pod,
        core::v1::Service,
        core::v1::ConfigMap,
        core::v1::Secret,
        core::v1::ServiceAccount,
        core::v1::PersistentVolumeClaim,
        core::v1::ResourceQuota,
        core::v1::LimitRange,
        apps::v1::Deployment,
        apps::v1::StatefulSet,
        apps::v1::DaemonSet,
        apps::v1::ReplicaSet,
        batch::v1::Job,
        batch::v1::CronJob,
        autoscaling::v2::HorizontalPodAutoscaler,
        networking::v1::Ingress,
        networking::v1::NetworkPolicy,
        policy::v1::PodDisruptionBudget,
        rbac::v1::Role,
        rbac::v1::RoleBinding,
    ]
}

fn without_namespaces() -> [ApiResource; 11] {
    resources![
        core::v1::Namespace,
        core::v1::Node,
        core::v1::PersistentVolume,
        rbac::v1::ClusterRole,
        rbac::v1::ClusterRoleBinding,
        storage::v1::StorageClass,
        networking::v1::IngressClass,
        scheduling::v1::PriorityClass,
        admissionregistration::v1::ValidatingWebhookConfiguration,
        admissionregistration::v1::MutatingWebhookConfiguration,
        CustomResourceDefinition,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(yaml: &str) -> Kubeconfig {
        Kubeconfig::from_yaml(yaml).unwrap()
    }

    fn access(context: Option<&str>) -> Access {
        Access {
            kubeconfig: "kubeconfig".into(),
            context: context.map(str::to_owned),
            known_nodes: Vec::new(),
        }
    }

    const TWO: &str = "current-context: kind-b\ncontexts: [{name: kind-a, context: {cluster: a}}, {name: kind-b, context: {cluster: b}}]";

    #[test]
    fn the_named_context_is_used_or_else_the_current_one() {
        assert_eq!(choose_context(&access(Some("kind-a")), &file(TWO)).unwrap(), "kind-a");
        assert_eq!(choose_context(&access(None), &file(TWO)).unwrap(), "kind-b");
    }

    #[test]
    fn an_unknown_context_names_the_nearest() {
        let error = choose_context(&access(Some("knd-a")), &file(TWO)).unwrap_err();
        assert_eq!(error.kind, ClusterErrorKind::NoContext);
        assert!(error.hint.unwrap().contains("did you mean `kind-a`?"));
    }

    #[test]
    fn a_kubeconfig_without_a_current_context_lists_its_contexts() {
        let error =
            choose_context(&access(None), &file("contexts: [{name: only, context: {cluster: a}}]"))
                .unwrap_err();
        assert!(error.hint.unwrap().ends_with("it has: only"));
    }

    #[test]
    fn only_this_machine_is_loopback() {
        assert!(is_loopback("127.0.0.1") && is_loopback("localhost") && is_loopback("[::1]"));
        assert!(!is_loopback("10.0.0.1") && !is_loopback("example.org"));
    }

    #[test]
    fn kinds_of_kubernetes_are_known_with_their_scope_and_plural() {
        let (resource, capabilities) = well_known("networking.k8s.io/v1", "Ingress").unwrap();
        assert_eq!(
            (resource.plural.as_str(), capabilities.scope),
            ("ingresses", Scope::Namespaced)
        );
        assert_eq!(well_known("v1", "Namespace").unwrap().1.scope, Scope::Cluster);
    }

    #[test]
    fn other_versions_and_custom_kinds_are_not_known_in_advance() {
        assert!(well_known("autoscaling/v1", "HorizontalPodAutoscaler").is_none());
        assert!(well_known("argoproj.io/v1alpha1", "Application").is_none());
    }
}
