//! Kubeconfig → a client that counts its requests, and the server's list of kinds.

use std::sync::Arc;
use std::time::Instant;

use kube::api::{Api, ApiResource, DynamicObject};
use kube::client::ClientBuilder;
use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};
use kube::core::GroupVersionKind;
use kube::discovery::{ApiCapabilities, Discovery, Scope};
use kube::{Client, Config};
use tokio::sync::OnceCell;
use tower::util::MapRequestLayer;

use super::requests::Requests;
use super::wellknown::well_known;
use super::{ANSWER_LIMIT, Access, ClusterError, ClusterErrorKind};
use crate::ids::ObjectRef;
use crate::ids::nearest;

/// A made connection. Cloning shares it.
#[derive(Clone)]
pub(super) struct Connection {
    /// The client.
    pub(super) client: Client,
    /// The context's name.
    pub(super) context: String,
    /// What the kubeconfig says of it.
    pub(super) config: Arc<Config>,
    kinds: Arc<OnceCell<Discovery>>,
}

/// An object of the book, found in the server's terms.
#[derive(Clone)]
pub(super) struct Located {
    /// With the namespace it really is in.
    pub(super) object: ObjectRef,
    /// Its kind; none when the server does not know it.
    pub(super) kind: Option<(ApiResource, ApiCapabilities)>,
    /// Where it is asked for.
    pub(super) api: Option<Api<DynamicObject>>,
}

impl Connection {
    /// Reads the kubeconfig and makes a client. No request is sent yet.
    pub(super) async fn connect(
        access: &Access,
        requests: Arc<Requests>,
    ) -> Result<Self, ClusterError> {
        let file = Kubeconfig::read_from(&access.kubeconfig)
            .map_err(|error| unreadable(access, &error))?;
        let context = choose_context(access, &file)?;
        let options =
            KubeConfigOptions { context: Some(context.clone()), ..KubeConfigOptions::default() };
        let mut config = Config::from_custom_kubeconfig(file, &options)
            .await
            .map_err(|error| unreadable(access, &error))?;
        config.connect_timeout = Some(ANSWER_LIMIT);
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

    /// The API server's address, as the kubeconfig writes it but for a closing slash.
    pub(super) fn server(&self) -> String {
        self.config.cluster_url.to_string().trim_end_matches('/').to_owned()
    }

    /// Every kind the server knows: two requests, once per connection.
    pub(super) async fn kinds(&self) -> Result<&Discovery, ClusterError> {
        let discover = || async { Discovery::new(self.client.clone()).run_aggregated().await };
        self.kinds
            .get_or_try_init(discover)
            .await
            .map_err(|error| ClusterError::from_kube(&error, "listing the kinds it knows"))
    }

    /// The same connection that asks for the kinds again.
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

    /// Objects with the namespace they really are in, and their kinds. One of a kind the server does not know (a CRD that is not
    /// there yet) stays as it is, without a kind.
    pub(super) async fn located(
        &self,
        objects: &[ObjectRef],
    ) -> Result<Vec<Located>, ClusterError> {
        let mut located = Vec::with_capacity(objects.len());
        for object in objects {
            let kind = self.kind(object).await?;
            let mut object = object.clone();
            match &kind {
                Some((_, capabilities)) if capabilities.scope == Scope::Cluster => {
                    object.namespace = None
                }
                _ if object.namespace.is_none() => {
                    object.namespace = Some(self.client.default_namespace().to_owned())
                }
                _ => {}
            }
            let api = kind.as_ref().map(|(resource, capabilities)| {
                self.api(resource, &capabilities.scope, object.namespace.as_deref())
            });
            located.push(Located { object, kind, api });
        }
        Ok(located)
    }

    /// The API of a kind: in this namespace (else the context's) where the kind has namespaces.
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

/// The context to use: the named one, which must be there, else the file's current one.
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
            "it names no cluster at all: run the chapter that makes the cluster first".to_owned()
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
                .hint("run the chapter that makes the cluster first, or name a kubeconfig with --kubeconfig")
        }
        KubeconfigError::ReadConfig(io, _) => {
            ClusterError::new(ClusterErrorKind::NoKubeconfig, format!("the kubeconfig {path} could not be read: {io}"))
                .hint("check who may read it")
        }
        other => ClusterError::new(
            ClusterErrorKind::BadKubeconfig,
            format!("the kubeconfig {path} can't be used: {}", with_causes(other)),
        )
        .hint("`kubectl --kubeconfig FILE config view` shows what is in it; making the cluster anew writes it anew"),
    }
}

/// An error with what caused it, without saying a thing twice.
pub(super) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text.push_str(": ");
            text.push_str(&inner_text);
        }
        cause = inner.source();
    }
    text
}

/// A server on this machine is never behind a proxy.
fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost"
        || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
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
    fn the_named_context_is_taken_else_the_current_one() {
        assert_eq!(choose_context(&access(Some("kind-a")), &file(TWO)).unwrap(), "kind-a");
        assert_eq!(choose_context(&access(None), &file(TWO)).unwrap(), "kind-b");
    }

    #[test]
    fn a_context_that_is_not_there_names_the_nearest() {
        let error = choose_context(&access(Some("knd-a")), &file(TWO)).unwrap_err();
        assert_eq!(error.refusal, ClusterErrorKind::NoContext);
        assert!(error.hint.unwrap().contains("did you mean `kind-a`?"));
    }

    #[test]
    fn no_current_context_lists_those_there_are() {
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
}
