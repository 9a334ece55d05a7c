//! Everything the watches have seen, and what it means for whoever waits. No requests here: what comes in is told, the moment too.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::{Event, Pod};
use kube::ResourceExt;
use kube::api::DynamicObject;

use super::ownership::Ownership;
use super::problem::{Cause, ObjectProblem, pod_ref, trouble_of_pod};
use super::settled::{spoken, trouble_of_object, unsettled};
use super::superseded::Superseded;
use super::told::{latest, setup_trouble, told_trouble};
use super::waiting::waiting_for;
use crate::ids::ObjectRef;

/// What a look at the cluster shows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WatchStatus {
    /// What is not there yet, in one line: `pod web-1: ContainerCreating (pulling image "shop/web:1")`.
    pub waiting_for: Option<String>,
    /// What keeps the chapter's objects from coming up, the most unrecoverable first.
    pub problems: Vec<LastingProblem>,
    /// Why the cluster can't be watched, when it can't.
    pub unreachable: Option<String>,
}

/// A problem with how long it has lasted.
#[derive(Debug, Clone, PartialEq)]
pub struct LastingProblem {
    /// What it is.
    pub problem: ObjectProblem,
    /// How long it was seen.
    pub lasted: Duration,
    /// Nothing good can come of waiting longer.
    pub unrecoverable: bool,
}

impl std::fmt::Display for LastingProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", spoken(&self.problem.object), self.problem.why)
    }
}

/// Something that a watch brings.
#[derive(Debug, Clone)]
pub(super) enum Item {
    /// A pod.
    Pod(Box<Pod>),
    /// An event.
    Event(Box<Event>),
    /// Anything else.
    Object(Box<DynamicObject>),
}

impl Item {
    /// What it is known by.
    pub(super) fn uid(&self) -> String {
        match self {
            Self::Pod(pod) => pod.uid(),
            Self::Event(event) => event.uid(),
            Self::Object(object) => object.uid(),
        }
        .unwrap_or_default()
    }
}

/// A watched object as it is kept: pods and events in their own shape, secrets and config maps without what they hold. `None` for
/// one that is not of its kind's shape.
pub(super) fn item_of(mut object: DynamicObject) -> Option<Item> {
    let kind = object.types.as_ref().map_or("", |types| types.kind.as_str());
    match kind {
        "Pod" => object.try_parse().ok().map(|pod| Item::Pod(Box::new(pod))),
        "Event" => object.try_parse().ok().map(|event| Item::Event(Box::new(event))),
        "Secret" | "ConfigMap" => {
            object.data = serde_json::Value::Null;
            Some(Item::Object(Box::new(object)))
        }
        _ => Some(Item::Object(Box::new(object))),
    }
}

/// A crashed container whose last words are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    /// The container.
    pub(super) container: String,
    /// Its restarts so far.
    pub(super) restarts: i32,
    /// It runs again: the words are in the log of the one before.
    pub(super) previous: bool,
}

/// The state behind a watch.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Goes up with every change.
    pub(super) generation: u64,
    /// Why the cluster can't be watched at the moment.
    pub(super) unreachable: Option<String>,
    ownership: Ownership,
    pods: HashMap<String, Pod>,
    events: HashMap<String, Event>,
    objects: HashMap<String, DynamicObject>,
    /// Since when each problem was seen.
    since: HashMap<(ObjectRef, Cause), Instant>,
    /// Last words of crashed containers: (pod, container) → (restarts, line).
    last_words: HashMap<(ObjectRef, String), (i32, String)>,
}

impl Seen {
    /// Begins anew with these objects to look for.
    pub(super) fn expect(&mut self, objects: &[ObjectRef]) {
        self.ownership = Ownership::of(objects);
        self.pods.clear();
        self.events.clear();
        self.objects.clear();
    }

    /// A new or changed object.
    pub(super) fn put(&mut self, item: Item) {
        let uid = item.uid();
        match item {
            Item::Pod(pod) => {
                self.ownership.learn("v1", "Pod", &pod.metadata);
                self.pods.insert(uid, *pod);
            }
            Item::Event(event) => {
                self.events.insert(uid, *event);
            }
            Item::Object(object) => {
                let types = object.types.clone().unwrap_or_default();
                self.ownership.learn(&types.api_version, &types.kind, &object.metadata);
                self.objects.insert(uid, *object);
            }
        }
    }

    /// An object that is gone.
    pub(super) fn drop_uid(&mut self, uid: &str) {
        self.events.remove(uid);
        if let Some(pod) = self.pods.remove(uid) {
            self.ownership.forget("v1", "Pod", &pod.metadata);
            let gone = pod_ref(&pod);
            self.last_words.retain(|(pod, _), _| *pod != gone);
        }
        if let Some(object) = self.objects.remove(uid) {
            let types = object.types.clone().unwrap_or_default();
            self.ownership.forget(&types.api_version, &types.kind, &object.metadata);
        }
    }

    /// Which container's last words are wanted: of a crashing one of the ownership, once for each restart.
    pub(super) fn wants_words_of(&self, pod: &Pod) -> Option<Wanted> {
        let Cause::Crash { container } = trouble_of_pod(pod)?.cause else { return None };
        let status = pod.status.as_ref()?;
        let mut all =
            status.init_container_statuses.iter().chain(&status.container_statuses).flatten();
        let found = all.find(|status| status.name == container)?;
        let previous = found.state.as_ref().is_some_and(|state| state.running.is_some());
        let restarts = found.restart_count;
        let known =
            self.last_words.get(&(pod_ref(pod), container.clone())).map(|(restarts, _)| *restarts);
        (self.ownership.has("v1", "Pod", &pod.metadata) && known != Some(restarts))
            .then_some(Wanted { container, restarts, previous })
    }

    /// A crashed container's last words; none leaves those from before.
    pub(super) fn heard(&mut self, pod: ObjectRef, wanted: &Wanted, line: String) {
        let known = self.last_words.entry((pod, wanted.container.clone())).or_default();
        known.0 = wanted.restarts;
        if !line.is_empty() {
            known.1 = line;
        }
    }

    /// What all this means now.
    pub(super) fn sight(&mut self, now: Instant) -> WatchStatus {
        let superseded = Superseded::among(self.objects.values());
        let (problems, waiting_for) = (self.problems(&superseded), self.waiting_for(&superseded));
        self.since.retain(|key, _| {
            problems.iter().any(|problem| problem.object == key.0 && problem.cause == key.1)
        });
        let mut told: Vec<LastingProblem> = problems
            .into_iter()
            .map(|problem| {
                let since = *self
                    .since
                    .entry((problem.object.clone(), problem.cause.clone()))
                    .or_insert(now);
                let lasted = now.saturating_duration_since(since);
                LastingProblem { unrecoverable: problem.patience.is_over(lasted), lasted, problem }
            })
            .collect();
        told.sort_by(|a, b| {
            (b.unrecoverable, b.lasted, &a.problem.object.name).cmp(&(
                a.unrecoverable,
                a.lasted,
                &b.problem.object.name,
            ))
        });
        WatchStatus { waiting_for, problems: told, unreachable: self.unreachable.clone() }
    }

    fn problems(&self, superseded: &Superseded<'_>) -> Vec<ObjectProblem> {
        let mut problems: Vec<ObjectProblem> = Vec::new();
        for pod in self.own_pods().filter(|pod| !superseded.has_pod(pod)) {
            let told =
                || setup_trouble(pod, latest(self.events.values(), pod.metadata.uid.as_deref()));
            if let Some(mut problem) = trouble_of_pod(pod).or_else(told) {
                self.add_last_words(&mut problem);
                problems.push(problem);
            }
        }
        for object in self.own_objects().filter(|object| !superseded.has(object)) {
            let told = || {
                told_trouble(object, latest(self.events.values(), object.metadata.uid.as_deref()))
            };
            problems.extend(trouble_of_object(object).or_else(told));
        }
        problems
    }

    fn add_last_words(&self, problem: &mut ObjectProblem) {
        let Cause::Crash { container } = &problem.cause else { return };
        let words = self.last_words.get(&(problem.object.clone(), container.clone()));
        if let Some((_, line)) = words.filter(|(_, line)| !line.is_empty()) {
            problem.why.push_str("; its last words: ");
            problem.why.push_str(line);
        }
    }

    fn waiting_for(&self, superseded: &Superseded<'_>) -> Option<String> {
        let counts =
            |pod: &&Pod| pod.metadata.deletion_timestamp.is_some() || !superseded.has_pod(pod);
        let mut pods: Vec<&Pod> = self.own_pods().filter(counts).collect();
        pods.sort_by_key(|pod| pod.name_any());
        let mut lines: Vec<String> = pods
            .into_iter()
            .filter_map(|pod| {
                waiting_for(pod, latest(self.events.values(), pod.metadata.uid.as_deref()))
            })
            .collect();
        let mut objects: Vec<String> = self
            .own_objects()
            .filter(|object| !superseded.has(object))
            .filter_map(|object| {
                Some(format!(
                    "{}: {}",
                    spoken(&super::settled::reference(object)),
                    unsettled(object)?
                ))
            })
            .collect();
        objects.sort();
        lines.append(&mut objects);
        match lines.as_slice() {
            [] => None,
            [one] => Some(one.clone()),
            [first, rest @ ..] => Some(format!("{first}, and {} more", rest.len())),
        }
    }

    fn own_pods(&self) -> impl Iterator<Item = &Pod> {
        self.pods.values().filter(|pod| self.ownership.has("v1", "Pod", &pod.metadata))
    }

    fn own_objects(&self) -> impl Iterator<Item = &DynamicObject> {
        self.objects.values().filter(|object| {
            let types = object.types.clone().unwrap_or_default();
            self.ownership.has(&types.api_version, &types.kind, &object.metadata)
        })
    }
}

#[cfg(test)]
#[path = "seen_tests.rs"]
mod tests;
