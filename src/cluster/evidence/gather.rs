//! Asks for everything at once, each thing within the time that is left.

use std::collections::BTreeSet;
use std::future::Future;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{Event, Node, Pod, Secret};
use kube::ResourceExt;
use kube::api::{Api, ApiResource, DynamicObject, ListParams, LogParams, PartialObjectMeta};
use tokio::time::{Instant, timeout_at};

use super::text::{absent, keys_only, of_event_list, of_node, of_object, of_pod};
use super::{EVIDENCE_LIMIT, EvidenceRequest};
use crate::cluster::ClusterError;
use crate::cluster::connection::{Connection, Located};
use crate::cluster::ownership::Ownership;
use crate::cluster::secrets::values_of;
use crate::cluster::superseded::Superseded;
use crate::cluster::waiting::waiting_for;

/// A section's text, or why there is none.
pub(super) type Section = Result<String, String>;

/// Requests on their way at once.
const AT_ONCE: usize = 8;

/// Most pods whose logs are fetched, and most lines of each log.
const MOST_LOGS: usize = 12;
const LOG_LINES: i64 = 40;

/// Everything the cluster told.
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
    /// The sections in the order in which one reads them.
    pub(super) fn sections(&self) -> Vec<(&'static str, String)> {
        let said = |section: &Section| {
            section.clone().unwrap_or_else(|why| format!("could not be had: {why}\n"))
        };
        vec![
            ("cluster", self.header.clone()),
            ("the chapter's objects", said(&self.objects)),
            ("their pods", said(&self.pods)),
            ("events", said(&self.events)),
            ("last words of the pods", said(&self.logs)),
            ("nodes", said(&self.nodes)),
        ]
    }
}

/// Asks for everything.
pub(super) async fn gather(connection: Connection, request: EvidenceRequest) -> Findings {
    // A little sooner than the whole, so that what came so far is told.
    let deadline = Instant::now() + EVIDENCE_LIMIT - Duration::from_millis(300);
    let context = connection.context.clone();
    let asker = TerminalPrompt { connection, deadline };
    let located =
        match asker.within("finding the kinds", asker.connection.located(&request.objects)).await {
            Ok(located) => located,
            Err(why) => return Findings { header: format!("{why}\n"), ..Findings::default() },
        };
    let own = located.iter().filter_map(|located| located.object.namespace.clone());
    let namespaces: BTreeSet<String> = own.chain(request.namespaces).collect();
    let (header, objects, all_pods, owners, events, nodes, secrets) = tokio::join!(
        asker.header(),
        asker.objects(&located),
        asker.list(Api::<Pod>::all(asker.connection.client.clone()), "pods"),
        asker.owners(&located, &namespaces),
        asker.events(&namespaces),
        asker.list(Api::<Node>::all(asker.connection.client.clone()), "nodes"),
        asker.secrets(&namespaces),
    );
    let superseded = Superseded::among(&owners);
    let told = told_pods(&located, &owners, &namespaces, all_pods.as_deref().unwrap_or_default());
    let own_pods = all_pods.as_ref().map(|_| told).map_err(Clone::clone);
    let logs = match &own_pods {
        Ok(pods) => Ok(asker.logs(pods).await),
        Err(why) => Err(why.clone()),
    };
    Findings {
        header,
        objects,
        pods: own_pods.map(|pods| {
            or_none(pods.iter().map(|pod| of_pod(pod, superseded.has_pod(pod), &context)).collect())
        }),
        logs,
        events,
        nodes: nodes.map(|nodes| {
            nodes
                .iter()
                .map(|node| of_node(node, all_pods.as_deref().unwrap_or_default()))
                .collect()
        }),
        secrets,
    }
}

/// The pods worth telling of: the ownership's, and those in its namespaces that are not ready.
fn told_pods(
    located: &[Located],
    owners: &[DynamicObject],
    namespaces: &BTreeSet<String>,
    all: &[Pod],
) -> Vec<Pod> {
    let mut ownership = Ownership::of(located.iter().map(|located| &located.object));
    for owner in owners {
        let types = owner.types.clone().unwrap_or_default();
        ownership.learn(&types.api_version, &types.kind, &owner.metadata);
    }
    let told = |pod: &&Pod| {
        let near = pod.namespace().is_some_and(|namespace| namespaces.contains(&namespace));
        ownership.has("v1", "Pod", &pod.metadata) || (near && waiting_for(pod, None).is_some())
    };
    all.iter().filter(told).cloned().collect()
}

fn or_none(text: String) -> String {
    if text.is_empty() { "none\n".to_owned() } else { text }
}

/// Who asks, and until when.
struct TerminalPrompt {
    connection: Connection,
    deadline: Instant,
}

impl TerminalPrompt {
    /// An answer, or in words why there is none.
    async fn within<T>(
        &self,
        doing: &str,
        question: impl Future<Output = Result<T, ClusterError>>,
    ) -> Result<T, String> {
        match timeout_at(self.deadline, question).await {
            Ok(answer) => answer.map_err(|error| error.message),
            Err(_) => Err(format!("no answer in time while {doing}")),
        }
    }

    async fn list<K>(&self, api: Api<K>, what: &str) -> Result<Vec<K>, String>
    where
        K: Clone + serde::de::DeserializeOwned + std::fmt::Debug,
    {
        let doing = format!("listing {what}");
        let question = async {
            api.list(&ListParams::default())
                .await
                .map_err(|error| ClusterError::from_kube(&error, &doing))
        };
        Ok(self.within(&doing, question).await?.items)
    }

    async fn header(&self) -> String {
        let question = async {
            self.connection
                .client
                .apiserver_version()
                .await
                .map_err(|error| ClusterError::from_kube(&error, "asking its version"))
        };
        let version = self
            .within("asking its version", question)
            .await
            .map_or_else(|why| why, |info| info.git_version);
        format!("context {} at {}, {version}\n", self.connection.context, self.connection.server())
    }

    async fn objects(&self, located: &[Located]) -> Section {
        let questions: Vec<_> = located.iter().map(|located| self.object(located)).collect();
        Ok(or_none(all(questions).await.concat()))
    }

    async fn object(&self, located: &Located) -> String {
        let Some(api) = &located.api else {
            return absent(&located.object, "the server knows no such kind");
        };
        let question = async {
            api.get_opt(&located.object.name)
                .await
                .map_err(|error| ClusterError::from_kube(&error, "getting it"))
        };
        match self.within("getting it", question).await {
            Ok(Some(mut object)) => {
                object.types.get_or_insert_default().kind.clone_from(&located.object.kind);
                if matches!(located.object.kind.as_str(), "Secret" | "ConfigMap") {
                    keys_only(&object)
                } else {
                    of_object(&object)
                }
            }
            Ok(None) => absent(&located.object, "not there"),
            Err(why) => absent(&located.object, &format!("could not be had: {why}")),
        }
    }

    /// Everything that may stand between the chapter's objects and their pods, names and owners only.
    async fn owners(
        &self,
        located: &[Located],
        namespaces: &BTreeSet<String>,
    ) -> Vec<DynamicObject> {
        if located.is_empty() {
            return Vec::new();
        }
        let kinds = [
            ApiResource::erase::<ReplicaSet>(&()),
            ApiResource::erase::<Job>(&()),
            ApiResource::erase::<Deployment>(&()),
            ApiResource::erase::<StatefulSet>(&()),
        ];
        let mut questions = Vec::new();
        for namespace in namespaces {
            questions.extend(kinds.iter().map(|kind| self.owners_of_kind(namespace, kind)));
        }
        all(questions).await.concat()
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

    /// The last lines of each container, those of pods that are not ready first.
    async fn logs(&self, pods: &[Pod]) -> String {
        let mut pods: Vec<&Pod> = pods.iter().collect();
        pods.sort_by_key(|pod| (waiting_for(pod, None).is_none(), pod.name_any()));
        let mut questions = Vec::new();
        for pod in pods.into_iter().take(MOST_LOGS) {
            for (container, previous) in logs_of(pod) {
                questions.push(self.log(pod, container, previous));
            }
        }
        or_none(all(questions).await.concat())
    }

    async fn log(&self, pod: &Pod, container: String, previous: bool) -> String {
        let title = format!(
            "-- pod {}, container {container}{}\n",
            pod.name_any(),
            if previous { ", before its last restart" } else { "" }
        );
        let api: Api<Pod> =
            Api::namespaced(self.connection.client.clone(), &pod.namespace().unwrap_or_default());
        let which = LogParams {
            container: Some(container),
            previous,
            tail_lines: Some(LOG_LINES),
            limit_bytes: Some(32 * 1024),
            ..LogParams::default()
        };
        let question = async {
            api.logs(&pod.name_any(), &which)
                .await
                .map_err(|error| ClusterError::from_kube(&error, "reading its log"))
        };
        match self.within("reading its log", question).await {
            Ok(text) if text.is_empty() => format!("{title}(nothing)\n"),
            Ok(text) => format!("{title}{}\n", text.trim_end()),
            Err(why) => format!("{title}could not be had: {why}\n"),
        }
    }
}

/// Awaits these, a few at once, in their order.
async fn all<F: Future>(questions: Vec<F>) -> Vec<F::Output> {
    stream::iter(questions).buffered(AT_ONCE).collect().await
}

/// Which logs a pod has: of each container the present one and, after a restart, the one before.
fn logs_of(pod: &Pod) -> Vec<(String, bool)> {
    let Some(status) = &pod.status else { return Vec::new() };
    let mut logs = Vec::new();
    for container in
        status.init_container_statuses.iter().chain(&status.container_statuses).flatten()
    {
        if container
            .state
            .as_ref()
            .is_some_and(|state| state.running.is_some() || state.terminated.is_some())
        {
            logs.push((container.name.clone(), false));
        }
        if container.restart_count > 0 {
            logs.push((container.name.clone(), true));
        }
    }
    logs
}
