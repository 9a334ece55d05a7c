//! The watched objects, and their meaning for a waiting step. It sends no requests and reads no
//! clock.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::{Event, Pod};
use kube::ResourceExt;
use kube::api::DynamicObject;

use crate::cluster::health::{
    Cause, ObjectProblem, OldReplicaSets, Ownership, latest, pod_ref, problem_of_event,
    problem_of_object, problem_of_pod, reference, setup_problem, short_name, unready_state,
    waiting_for,
};
use crate::ids::ObjectRef;

/// The knowledge of a watch about the chapter's objects.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WatchStatus {
    /// The objects that are not ready yet, as one line: `pod web-1: ContainerCreating (pulling
    /// image "shop/web:1")`.
    pub waiting_for: Option<String>,
    /// The problems that keep the chapter's objects from becoming ready: the unrecoverable ones
    /// first, then the oldest.
    pub problems: Vec<LastingProblem>,
    /// Why the cluster cannot be watched.
    pub unreachable: Option<String>,
}

/// A problem and how long it has lasted.
#[derive(Debug, Clone, PartialEq)]
pub struct LastingProblem {
    pub problem: ObjectProblem,
    pub lasted: Duration,
    /// Whether waiting longer is useless.
    pub unrecoverable: bool,
}

impl std::fmt::Display for LastingProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", short_name(&self.problem.object), self.problem.why)
    }
}

/// An observed object.
#[derive(Debug, Clone)]
pub(super) enum Observed {
    Pod(Box<Pod>),
    Event(Box<Event>),
    /// An object of any other kind.
    Object(Box<DynamicObject>),
}

impl Observed {
    pub(super) fn uid(&self) -> String {
        match self {
            Self::Pod(pod) => pod.uid(),
            Self::Event(event) => event.uid(),
            Self::Object(object) => object.uid(),
        }
        .unwrap_or_default()
    }
}

/// A watched object as it is stored: pods and events with their own types, Secrets and ConfigMaps without their data. `None` for a
/// pod or event that cannot be parsed.
pub(super) fn observed(mut object: DynamicObject) -> Option<Observed> {
    let kind = object.types.as_ref().map_or("", |types| types.kind.as_str());
    match kind {
        "Pod" => object.try_parse().ok().map(|pod| Observed::Pod(Box::new(pod))),
        "Event" => object.try_parse().ok().map(|event| Observed::Event(Box::new(event))),
        "Secret" | "ConfigMap" => {
            object.data = serde_json::Value::Null;
            Some(Observed::Object(Box::new(object)))
        }
        _ => Some(Observed::Object(Box::new(object))),
    }
}

/// A crashed container whose last log line is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WantedLog {
    pub(super) container: String,
    /// The number of its restarts.
    pub(super) restarts: i32,
    /// Whether the container runs again, so that the line is in the previous log.
    pub(super) previous: bool,
}

/// The objects of a watch, and the history of their problems.
#[derive(Debug, Default)]
pub(super) struct WatchCache {
    /// A number that grows with every change.
    pub(super) generation: u64,
    /// Why the cluster cannot be watched at present.
    pub(super) unreachable: Option<String>,
    ownership: Ownership,
    pods: HashMap<String, Pod>,
    events: HashMap<String, Event>,
    objects: HashMap<String, DynamicObject>,
    /// When each problem was first observed.
    since: HashMap<(ObjectRef, Cause), Instant>,
    /// The last log lines of crashed containers: (pod, container) → (restarts, line).
    last_lines: HashMap<(ObjectRef, String), (i32, String)>,
}

impl WatchCache {
    /// Starts again with these objects.
    pub(super) fn restart(&mut self, objects: &[ObjectRef]) {
        self.ownership = Ownership::of(objects);
        self.pods.clear();
        self.events.clear();
        self.objects.clear();
    }

    /// Stores a new or changed object.
    pub(super) fn insert(&mut self, item: Observed) {
        let uid = item.uid();
        match item {
            Observed::Pod(pod) => {
                self.ownership.learn("v1", "Pod", &pod.metadata);
                self.pods.insert(uid, *pod);
            }
            Observed::Event(event) => {
                self.events.insert(uid, *event);
            }
            Observed::Object(object) => {
                let types = object.types.clone().unwrap_or_default();
                self.ownership.learn(&types.api_version, &types.kind, &object.metadata);
                self.objects.insert(uid, *object);
            }
        }
    }

    /// Removes a deleted object.
    pub(super) fn remove(&mut self, uid: &str) {
        self.events.remove(uid);
        if let Some(pod) = self.pods.remove(uid) {
            self.ownership.forget("v1", "Pod", &pod.metadata);
            let gone = pod_ref(&pod);
            self.last_lines.retain(|(pod, _), _| *pod != gone);
        }
        if let Some(object) = self.objects.remove(uid) {
            let types = object.types.clone().unwrap_or_default();
            self.ownership.forget(&types.api_version, &types.kind, &object.metadata);
        }
    }

    /// Which log is needed for the pod: that of a crashing container of the chapter, once for each restart.
    pub(super) fn wanted_log(&self, pod: &Pod) -> Option<WantedLog> {
        let Cause::Crash { container } = problem_of_pod(pod)?.cause else { return None };
        let status = pod.status.as_ref()?;
        let mut all =
            status.init_container_statuses.iter().chain(&status.container_statuses).flatten();
        let found = all.find(|status| status.name == container)?;
        let previous = found.state.as_ref().is_some_and(|state| state.running.is_some());
        let restarts = found.restart_count;
        let known =
            self.last_lines.get(&(pod_ref(pod), container.clone())).map(|(restarts, _)| *restarts);
        (self.ownership.has("v1", "Pod", &pod.metadata) && known != Some(restarts))
            .then_some(WantedLog { container, restarts, previous })
    }

    /// Stores the last log line of a crashed container. An empty line keeps the previous one.
    pub(super) fn record_last_line(&mut self, pod: ObjectRef, wanted: &WantedLog, line: String) {
        let known = self.last_lines.entry((pod, wanted.container.clone())).or_default();
        known.0 = wanted.restarts;
        if !line.is_empty() {
            known.1 = line;
        }
    }

    /// The present meaning of the stored objects.
    pub(super) fn status(&mut self, now: Instant) -> WatchStatus {
        let superseded = OldReplicaSets::among(self.objects.values());
        let (problems, waiting_for) = (self.problems(&superseded), self.waiting_for(&superseded));
        self.since.retain(|key, _| {
            problems.iter().any(|problem| problem.object == key.0 && problem.cause == key.1)
        });
        let mut lasting: Vec<LastingProblem> = problems
            .into_iter()
            .map(|problem| {
                let since = *self
                    .since
                    .entry((problem.object.clone(), problem.cause.clone()))
                    .or_insert(now);
                let lasted = now.saturating_duration_since(since);
                LastingProblem {
                    unrecoverable: problem.tolerance.is_exceeded(lasted),
                    lasted,
                    problem,
                }
            })
            .collect();
        lasting.sort_by(|a, b| {
            (b.unrecoverable, b.lasted, &a.problem.object.name).cmp(&(
                a.unrecoverable,
                a.lasted,
                &b.problem.object.name,
            ))
        });
        WatchStatus { waiting_for, problems: lasting, unreachable: self.unreachable.clone() }
    }

    fn problems(&self, superseded: &OldReplicaSets<'_>) -> Vec<ObjectProblem> {
        let mut problems: Vec<ObjectProblem> = Vec::new();
        for pod in self.own_pods().filter(|pod| !superseded.has_pod(pod)) {
            let from_event =
                || setup_problem(pod, latest(self.events.values(), pod.metadata.uid.as_deref()));
            if let Some(mut problem) = problem_of_pod(pod).or_else(from_event) {
                self.add_last_line(&mut problem);
                problems.push(problem);
            }
        }
        for object in self.own_objects().filter(|object| !superseded.has(object)) {
            let from_event = || {
                problem_of_event(
                    object,
                    latest(self.events.values(), object.metadata.uid.as_deref()),
                )
            };
            problems.extend(problem_of_object(object).or_else(from_event));
        }
        problems
    }

    fn add_last_line(&self, problem: &mut ObjectProblem) {
        let Cause::Crash { container } = &problem.cause else { return };
        let words = self.last_lines.get(&(problem.object.clone(), container.clone()));
        if let Some((_, line)) = words.filter(|(_, line)| !line.is_empty()) {
            problem.why.push_str("; last log line: ");
            problem.why.push_str(line);
        }
    }

    fn waiting_for(&self, superseded: &OldReplicaSets<'_>) -> Option<String> {
        let is_current =
            |pod: &&Pod| pod.metadata.deletion_timestamp.is_some() || !superseded.has_pod(pod);
        let mut pods: Vec<&Pod> = self.own_pods().filter(is_current).collect();
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
                Some(format!("{}: {}", short_name(&reference(object)), unready_state(object)?))
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
mod tests;
