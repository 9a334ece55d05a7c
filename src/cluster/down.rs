//! `guide down`: what would be taken away, newest first. Pure but for the questions it asks; taking away is `takedown`'s.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use k8s_openapi::api::core::v1::PersistentVolumeClaim;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::ResourceExt;
use kube::api::{Api, ListParams, PartialObjectMeta};

use super::connection::{Connection, Located};
use super::declared::Declared;
use super::drift::{is_system, locate};
use super::evidence::title;
use super::unmanaged::{claims_by_template, is_numbered, unmanaged};
use super::{Cluster, ClusterError};
use crate::ids::ObjectRef;

/// Most time for finding out what there is.
const PLAN_LIMIT: Duration = Duration::from_secs(30);

/// What to take away.
#[derive(Debug, Clone, Default)]
pub struct DownRequest {
    /// The objects of the chosen chapters' manifests, in the order in which they were made.
    pub chosen: Vec<Declared>,
    /// Those of all other chapters: what these declare too, and namespaces that hold any of it, stay.
    pub others: Vec<Declared>,
    /// A namespace goes even when it holds objects that no manifest made, and these with it. Else it stays.
    pub with_strays: bool,
}

/// What would be taken away, in this order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DownPlan {
    /// The objects, newest first.
    pub items: Vec<DownItem>,
}

/// One object of a [`DownPlan`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DownItem {
    pub object: ObjectRef,
    /// What becomes of it.
    pub fate: Action,
    /// What no manifest made and what would go with it (a namespace), or keeps it from going.
    pub unmanaged: Vec<ObjectRef>,
}

/// What becomes of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// It is deleted: this very one, by its uid.
    Goes {
        /// Its uid.
        uid: String,
    },
    /// It is not there.
    Absent,
    /// It stays, and why.
    Stays { why: String },
}

impl DownPlan {
    /// How many objects would go.
    pub fn going(&self) -> usize {
        self.items.iter().filter(|item| matches!(item.fate, Action::Goes { .. })).count()
    }

    /// For people, a line an object; what is not there is left out.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for item in &self.items {
            match &item.fate {
                Action::Goes { .. } => {
                    lines.push(format!("delete {}", title(&item.object)));
                    lines.extend(item.unmanaged.iter().map(|unmanaged_object| {
                        format!(
                            "    and with it {}, which no manifest made",
                            title(unmanaged_object)
                        )
                    }));
                }
                Action::Stays { why } => lines.push(format!("keep {}: {why}", title(&item.object))),
                Action::Absent => {}
            }
        }
        lines
    }
}

impl Cluster {
    /// Finds out what taking these away would mean. Changes nothing.
    ///
    /// # Errors
    /// When the cluster can't be asked.
    pub fn down_plan(&self, request: &DownRequest) -> Result<DownPlan, ClusterError> {
        let request = request.clone();
        self.ask(PLAN_LIMIT, move |connection| async move { plan(&connection, request).await })
    }
}

async fn plan(connection: &Connection, mut request: DownRequest) -> Result<DownPlan, ClusterError> {
    let chosen = locate(connection, &mut request.chosen).await?;
    locate(connection, &mut request.others).await?;
    let others: Vec<ObjectRef> =
        request.others.iter().map(|declared| declared.object.clone()).collect();
    let held = strays_by_namespace(connection, &chosen, &request).await?;
    let claims = claims_of_sets(connection, &request.chosen).await?;
    let mut items: Vec<DownItem> = Vec::new();
    for located in chosen.iter().rev().filter(|located| located.object.kind != "Node") {
        if items.iter().any(|item| item.object == located.object) {
            continue;
        }
        let found = metadata_of(located).await?;
        let unmanaged = held
            .get(&located.object.name)
            .filter(|_| located.object.kind == "Namespace")
            .cloned()
            .unwrap_or_default();
        let fate = fate(&located.object, found.as_ref(), &others, &unmanaged, request.with_strays);
        let goes = matches!(fate, Action::Goes { .. } | Action::Absent);
        items.push(DownItem { object: located.object.clone(), fate, unmanaged });
        if goes && located.object.kind == "StatefulSet" {
            items.extend(
                claims
                    .iter()
                    .filter(|(set, _)| *set == located.object)
                    .map(|(_, claim)| claim.clone()),
            );
        }
    }
    Ok(DownPlan { items })
}

/// Pure part: may this object go?
fn fate(
    object: &ObjectRef,
    found: Option<&ObjectMeta>,
    others: &[ObjectRef],
    foreign: &[ObjectRef],
    with_strays: bool,
) -> Action {
    let Some(metadata) = found else { return Action::Absent };
    let stays = |why: &str| Action::Stays { why: why.to_owned() };
    let is_namespace = object.kind == "Namespace";
    if is_namespace && (is_system(&object.name) || object.name == "default") {
        return stays("it is the cluster's own");
    }
    if is_clusters_own(metadata) {
        return stays("the cluster made it, the book only changed it");
    }
    if others.contains(object) {
        return stays("another chapter declares it too");
    }
    if is_namespace
        && others.iter().any(|other| other.namespace.as_deref() == Some(object.name.as_str()))
    {
        return stays("another chapter has objects in it");
    }
    if let (false, [first, rest @ ..]) = (with_strays, foreign) {
        let more =
            if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
        return stays(&format!("it holds {}{more}, which no manifest made", title(first)));
    }
    Action::Goes { uid: metadata.uid.clone().unwrap_or_default() }
}

/// Made when the cluster was: by kubeadm, or by the API server for its own use. Who only tells a state of it (`status`), as the API
/// server does of every API service, has not made it.
fn is_clusters_own(metadata: &ObjectMeta) -> bool {
    let bootstrapping = metadata
        .labels
        .as_ref()
        .is_some_and(|labels| labels.contains_key("kubernetes.io/bootstrapping"));
    let makers = ["kubeadm", "kube-apiserver"];
    let mut entries =
        metadata.managed_fields.iter().flatten().filter(|entry| entry.subresource.is_none());
    bootstrapping
        || entries
            .any(|entry| entry.manager.as_deref().is_some_and(|manager| makers.contains(&manager)))
}

async fn metadata_of(located: &Located) -> Result<Option<ObjectMeta>, ClusterError> {
    let Some(api) = &located.api else { return Ok(None) };
    let found = api.get_metadata_opt(&located.object.name).await;
    let found = found.map_err(|error| {
        ClusterError::from_kube(&error, &format!("getting {}", title(&located.object)))
    })?;
    Ok(found.map(|found| found.metadata))
}

/// What no manifest of the whole book made, in each namespace that is to go.
async fn strays_by_namespace(
    connection: &Connection,
    chosen: &[Located],
    request: &DownRequest,
) -> Result<BTreeMap<String, Vec<ObjectRef>>, ClusterError> {
    let going: BTreeSet<String> = chosen
        .iter()
        .filter(|located| located.object.kind == "Namespace")
        .map(|located| located.object.name.clone())
        .collect();
    let all: Vec<Declared> = request.chosen.iter().chain(&request.others).cloned().collect();
    let references: Vec<ObjectRef> = all.iter().map(|declared| declared.object.clone()).collect();
    let located = connection.located(&references).await?;
    let mut by_namespace: BTreeMap<String, Vec<ObjectRef>> = BTreeMap::new();
    for unmanaged_object in unmanaged(connection, &located, &all, &going).await? {
        by_namespace
            .entry(unmanaged_object.object.namespace.clone().unwrap_or_default())
            .or_default()
            .push(unmanaged_object.object);
    }
    Ok(by_namespace)
}

/// The claims that the chosen stateful sets' templates made: nobody owns them, so they would stay.
async fn claims_of_sets(
    connection: &Connection,
    chosen: &[Declared],
) -> Result<Vec<(ObjectRef, DownItem)>, ClusterError> {
    let mut claims = Vec::new();
    for set in chosen.iter().filter(|declared| declared.object.kind == "StatefulSet") {
        let templates = claims_by_template(std::slice::from_ref(set));
        let namespace = set.object.namespace.clone().unwrap_or_default();
        let api: Api<PartialObjectMeta<PersistentVolumeClaim>> =
            Api::namespaced(connection.client.clone(), &namespace);
        let list = api
            .list(&ListParams::default())
            .await
            .map_err(|error| ClusterError::from_kube(&error, "listing claims"))?;
        for claim in list {
            let name = claim.name_any();
            if templates.values().flatten().any(|prefix| is_numbered(&name, prefix)) {
                let (api_version, kind) = ("v1".to_owned(), "PersistentVolumeClaim".to_owned());
                let object =
                    ObjectRef { api_version, kind, namespace: Some(namespace.clone()), name };
                let fate = Action::Goes { uid: claim.metadata.uid.unwrap_or_default() };
                claims.push((set.object.clone(), DownItem { object, fate, unmanaged: Vec::new() }));
            }
        }
    }
    Ok(claims)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn namespace(name: &str) -> ObjectRef {
        ObjectRef {
            api_version: "v1".into(),
            kind: "Namespace".into(),
            namespace: None,
            name: name.into(),
        }
    }

    fn pod(name: &str) -> ObjectRef {
        ObjectRef { kind: "Pod".into(), namespace: Some("shop".into()), ..namespace(name) }
    }

    fn there() -> ObjectMeta {
        ObjectMeta { uid: Some("u1".into()), ..ObjectMeta::default() }
    }

    fn why(fate: Action) -> String {
        let Action::Stays { why } = fate else { panic!("{fate:?}") };
        why
    }

    #[test]
    fn what_is_there_goes_by_its_uid_and_what_is_not_is_left_out() {
        assert_eq!(
            fate(&pod("a"), Some(&there()), &[], &[], false),
            Action::Goes { uid: "u1".into() }
        );
        assert_eq!(fate(&pod("a"), None, &[], &[], false), Action::Absent);
    }

    #[test]
    fn the_cluster_s_own_never_goes() {
        assert_eq!(
            why(fate(&namespace("kube-system"), Some(&there()), &[], &[], true)),
            "it is the cluster's own"
        );
        assert_eq!(
            why(fate(&namespace("default"), Some(&there()), &[], &[], true)),
            "it is the cluster's own"
        );
        let managed: ObjectMeta = serde_json::from_value(
            json!({"managedFields": [{"manager": "kubeadm"}, {"manager": "kubectl-client-side-apply"}]}),
        )
        .unwrap();
        assert_eq!(
            why(fate(&pod("coredns"), Some(&managed), &[], &[], true)),
            "the cluster made it, the book only changed it"
        );
    }

    #[test]
    fn an_api_service_is_the_book_s_though_the_api_server_tells_its_state() {
        let mut told = there();
        told.managed_fields = serde_json::from_value(json!([
            {"manager": "kubectl-client-side-apply"}, {"manager": "kube-apiserver", "subresource": "status"}]))
        .unwrap();
        let service =
            ObjectRef { kind: "APIService".into(), ..namespace("v1beta1.metrics.k8s.io") };
        assert!(matches!(fate(&service, Some(&told), &[], &[], false), Action::Goes { .. }));
    }

    #[test]
    fn what_another_chapter_declares_or_lives_in_stays() {
        assert_eq!(
            why(fate(&pod("a"), Some(&there()), &[pod("a")], &[], true)),
            "another chapter declares it too"
        );
        assert_eq!(
            why(fate(&namespace("shop"), Some(&there()), &[pod("a")], &[], true)),
            "another chapter has objects in it"
        );
    }

    #[test]
    fn a_namespace_with_strays_stays_unless_these_may_go_too() {
        let unmanaged = [pod("debug"), pod("more")];
        let kept = why(fate(&namespace("shop"), Some(&there()), &[], &unmanaged, false));
        assert_eq!(kept, "it holds pod debug in shop and 1 more, which no manifest made");
        assert!(matches!(
            fate(&namespace("shop"), Some(&there()), &[], &unmanaged, true),
            Action::Goes { .. }
        ));
    }

    #[test]
    fn the_plan_says_what_goes_with_a_namespace_and_what_stays() {
        let going = DownItem {
            object: namespace("shop"),
            fate: Action::Goes { uid: "u".into() },
            unmanaged: vec![pod("debug")],
        };
        let absent = DownItem { object: pod("a"), fate: Action::Absent, unmanaged: Vec::new() };
        let staying = DownItem {
            object: pod("b"),
            fate: Action::Stays { why: "because".into() },
            unmanaged: Vec::new(),
        };
        let plan = DownPlan { items: vec![absent, staying, going] };
        assert_eq!(
            plan.lines(),
            [
                "keep pod b in shop: because",
                "delete namespace shop",
                "    and with it pod debug in shop, which no manifest made"
            ]
        );
        assert_eq!(plan.going(), 1);
    }
}
