//! Collects all parts of the evidence at the same time, each within the remaining time.

use std::collections::BTreeSet;
use std::future::Future;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{Event, Node, Pod, Secret};
use kube::ResourceExt;
use kube::api::{Api, ApiResource, DynamicObject, ListParams, PartialObjectMeta};
use tokio::time::{Instant, timeout_at};

use super::text::{absent, keys_only, of_event_list, of_node, of_object, of_pod};
use super::{EVIDENCE_LIMIT, EvidenceRequest, values_of};
use crate::cluster::ClusterError;
use crate::cluster::client::{Connection, Resolved};
use crate::cluster::health::{OldReplicaSets, Ownership, waiting_for};

/// The text of a section, or why it is unavailable.
pub(super) type Section = Result<String, String>;

/// The largest number of simultaneous requests.
const CONCURRENCY: usize = 8;

/// The collected evidence, by section.
#[derive(Debug)]
pub(super) struct Findings {
    pub(super) header: String,
    pub(super) objects: Section,
    pub(super) pods: Section,
    pub(super) logs: Section,
    pub(super) events: Section,
    pub(super) nodes: Section,
    pub(super) secrets: Vec<Vec<u8>>,
}

impl Default for Findings {
    fn default() -> Self {
        let none = || Ok("none\n".to_owned());
        Self {
            header: String::new(),
            objects: none(),
            pods: none(),
            logs: none(),
            events: none(),
            nodes: none(),
            secrets: Vec::new(),
        }
    }
}

impl Findings {
    /// The sections in reading order, each with its title.
    pub(super) fn sections(&self) -> Vec<(&'static str, String)> {
        let text = |section: &Section| {
            section.clone().unwrap_or_else(|why| format!("unavailable: {why}\n"))
        };
        vec![
            ("cluster", self.header.clone()),
            ("the chapter's objects", text(&self.objects)),
            ("their pods", text(&self.pods)),
            ("events", text(&self.events)),
            ("last log lines of the pods", text(&self.logs)),
            ("nodes", text(&self.nodes)),
        ]
    }
}

/// Collects everything.
pub(super) async fn gather(connection: Connection, request: EvidenceRequest) -> Findings {
    // It ends a little before the whole limit, so that the parts that were collected until then are
    // reported.
    let deadline = Instant::now() + EVIDENCE_LIMIT - Duration::from_millis(300);
    let context = connection.context.clone();
    let gatherer = Gatherer { connection, deadline };
    let resolved = match gatherer
        .within("finding the kinds", gatherer.connection.resolve(&request.objects))
        .await
    {
        Ok(resolved) => resolved,
        Err(why) => return Findings { header: format!("{why}\n"), ..Findings::default() },
    };
    let own = resolved.iter().filter_map(|resolved| resolved.object.namespace.clone());
    let namespaces: BTreeSet<String> = own.chain(request.namespaces).collect();
    let (header, objects, all_pods, owners, events, nodes, secrets) = tokio::join!(
        gatherer.header(),
        gatherer.objects(&resolved),
        gatherer.list(Api::<Pod>::all(gatherer.connection.client.clone()), "pods"),
        gatherer.owners(&resolved, &namespaces),
        gatherer.events(&namespaces),
        gatherer.list(Api::<Node>::all(gatherer.connection.client.clone()), "nodes"),
        gatherer.secrets(&namespaces),
    );
    let pods = all_pods.as_deref().unwrap_or_default();
    let relevant = relevant_pods(&resolved, &owners, &namespaces, pods);
    let own_pods = all_pods.as_ref().map(|_| relevant).map_err(Clone::clone);
    let logs = match &own_pods {
        Ok(pods) => Ok(gatherer.logs(pods).await),
        Err(why) => Err(why.clone()),
    };
    let superseded = OldReplicaSets::among(&owners);
    let of_pod = |pod: &Pod| of_pod(pod, superseded.has_pod(pod), &context);
    let own_pods = own_pods.map(|pods| or_none(pods.iter().map(of_pod).collect()));
    let nodes = nodes.map(|nodes| nodes.iter().map(|node| of_node(node, pods)).collect());
    Findings { header, objects, pods: own_pods, logs, events, nodes, secrets }
}

/// The chapter's pods, and the unready pods in its namespaces.
fn relevant_pods(
    resolved: &[Resolved],
    owners: &[DynamicObject],
    namespaces: &BTreeSet<String>,
    all: &[Pod],
) -> Vec<Pod> {
    let mut ownership = Ownership::of(resolved.iter().map(|resolved| &resolved.object));
    for owner in owners {
        let types = owner.types.clone().unwrap_or_default();
        ownership.learn(&types.api_version, &types.kind, &owner.metadata);
    }
    let is_relevant = |pod: &&Pod| {
        let near = pod.namespace().is_some_and(|namespace| namespaces.contains(&namespace));
        ownership.has("v1", "Pod", &pod.metadata) || (near && waiting_for(pod, None).is_some())
    };
    all.iter().filter(is_relevant).cloned().collect()
}

pub(super) fn or_none(text: String) -> String {
    if text.is_empty() { "none\n".to_owned() } else { text }
}

/// Sends requests until the deadline.
pub(super) struct Gatherer {
    pub(super) connection: Connection,
    deadline: Instant,
}

impl Gatherer {
    /// The result of a request, or a message why there is none.
    pub(super) async fn within<T>(
        &self,
        doing: &str,
        request: impl Future<Output = Result<T, ClusterError>>,
    ) -> Result<T, String> {
        match timeout_at(self.deadline, request).await {
            Ok(answer) => answer.map_err(|error| error.message),
            Err(_) => Err(format!("no answer in time while {doing}")),
        }
    }

    async fn list<K>(&self, api: Api<K>, what: &str) -> Result<Vec<K>, String>
    where
        K: Clone + serde::de::DeserializeOwned + std::fmt::Debug,
    {
        let doing = format!("listing {what}");
        let request = async {
            api.list(&ListParams::default())
                .await
                .map_err(|error| ClusterError::from_kube(&error, &doing))
        };
        Ok(self.within(&doing, request).await?.items)
    }

    async fn header(&self) -> String {
        let request = async {
            self.connection
                .client
                .apiserver_version()
                .await
                .map_err(|error| ClusterError::from_kube(&error, "reading its version"))
        };
        let version = self
            .within("reading its version", request)
            .await
            .map_or_else(|why| why, |info| info.git_version);
        format!("context {} at {}, {version}\n", self.connection.context, self.connection.server())
    }

    async fn objects(&self, resolved: &[Resolved]) -> Section {
        let requests: Vec<_> = resolved.iter().map(|resolved| self.object(resolved)).collect();
        Ok(or_none(all(requests).await.concat()))
    }

    async fn object(&self, resolved: &Resolved) -> String {
        let Some(api) = &resolved.api else {
            return absent(&resolved.object, "the server does not know this kind");
        };
        let request = async {
            api.get_opt(&resolved.object.name)
                .await
                .map_err(|error| ClusterError::from_kube(&error, "getting it"))
        };
        match self.within("getting it", request).await {
            Ok(Some(mut object)) => {
                object.types.get_or_insert_default().kind.clone_from(&resolved.object.kind);
                if matches!(resolved.object.kind.as_str(), "Secret" | "ConfigMap") {
                    keys_only(&object)
                } else {
                    of_object(&object)
                }
            }
            Ok(None) => absent(&resolved.object, "does not exist"),
            Err(why) => absent(&resolved.object, &format!("unavailable: {why}")),
        }
    }

    /// The metadata of every object that may own a pod and belong to an object of the chapter.
    async fn owners(
        &self,
        resolved: &[Resolved],
        namespaces: &BTreeSet<String>,
    ) -> Vec<DynamicObject> {
        if resolved.is_empty() {
            return Vec::new();
        }
        let kinds = [
            ApiResource::erase::<ReplicaSet>(&()),
            ApiResource::erase::<Job>(&()),
            ApiResource::erase::<Deployment>(&()),
            ApiResource::erase::<StatefulSet>(&()),
        ];
        let mut requests = Vec::new();
        for namespace in namespaces {
            requests.extend(kinds.iter().map(|kind| self.owners_of_kind(namespace, kind)));
        }
        all(requests).await.concat()
    }

    async fn owners_of_kind(&self, namespace: &str, kind: &ApiResource) -> Vec<DynamicObject> {
        let api: Api<PartialObjectMeta<DynamicObject>> =
            Api::namespaced_with(self.connection.client.clone(), namespace, kind);
        let list = self.list(api, &kind.plural).await.unwrap_or_default();
        list.into_iter()
            .map(|meta| DynamicObject { metadata: meta.metadata, ..DynamicObject::new("", kind) })
            .collect()
    }

    async fn events(&self, namespaces: &BTreeSet<String>) -> Section {
        let mut all = Vec::new();
        for namespace in namespaces {
            all.extend(
                self.list(
                    Api::<Event>::namespaced(self.connection.client.clone(), namespace),
                    "events",
                )
                .await?,
            );
        }
        Ok(or_none(of_event_list(all)))
    }

    async fn secrets(&self, namespaces: &BTreeSet<String>) -> Vec<Vec<u8>> {
        let mut all = Vec::new();
        for namespace in namespaces {
            let list = self
                .list(
                    Api::<Secret>::namespaced(self.connection.client.clone(), namespace),
                    "secrets",
                )
                .await;
            all.extend(list.unwrap_or_default());
        }
        values_of(&all)
    }
}

/// Awaits all of these futures, several at a time. The results are in the same order.
pub(super) async fn all<F: Future>(requests: Vec<F>) -> Vec<F::Output> {
    stream::iter(requests).buffered(CONCURRENCY).collect().await
}
