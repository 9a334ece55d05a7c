//! Deletes the objects of a [`TeardownPlan`], in its order, and waits until they do not exist any
//! more. No other file of this room changes the cluster.

#![expect(clippy::disallowed_methods, reason = "a teardown has a time limit")]

use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use kube::api::{DeleteParams, DynamicObject, Preconditions, PropagationPolicy};

use super::plan::{Action, TeardownPlan};
use crate::cluster::client::{Connection, Resolved};
use crate::cluster::health::full_name;
use crate::cluster::watch::is_custom_group;
use crate::cluster::{Cluster, ClusterError, ClusterErrorKind};
use crate::ids::ObjectRef;
use crate::world::Flow;

/// The interval at which objects that are being deleted are checked.
const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// The progress of a teardown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TeardownProgress {
    /// The number of objects that are deleted already.
    pub deleted: usize,
    /// The number of all objects to delete.
    pub total: usize,
    /// What the teardown waits for: `namespace shop (waiting for: some content is not yet removed)`.
    pub waiting_for: Option<String>,
}

/// The result of a teardown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TeardownOutcome {
    /// The deleted objects, in the order in which they disappeared.
    pub deleted: Vec<ObjectRef>,
    /// The objects that still exist, each with the reason.
    pub remaining: Vec<(ObjectRef, String)>,
    /// Whether the user stopped the teardown.
    pub interrupted: bool,
}

impl Cluster {
    /// Deletes the objects of the plan, newest first, and waits at most `limit` in all until they are gone.
    ///
    /// `progress` is called at least every half second and may stop the teardown; the cluster finishes the deletions that have
    /// begun. An object that could not be deleted is in the outcome. It is an error when the cluster cannot be reached.
    pub fn tear_down(
        &self,
        plan: &TeardownPlan,
        limit: Duration,
        progress: &mut dyn FnMut(&TeardownProgress) -> Flow,
    ) -> Result<TeardownOutcome, ClusterError> {
        let deletions: Vec<(ObjectRef, String)> = plan
            .items
            .iter()
            .filter_map(|item| match &item.action {
                Action::Delete { uid } => Some((item.object.clone(), uid.clone())),
                _ => None,
            })
            .collect();
        let (sender, receiver) = mpsc::channel();
        let (access, total) = (self.access.clone(), deletions.len());
        let task = self.runtime()?.spawn(async move {
            let messages = sender.clone();
            let deadline = Instant::now() + limit;
            let ended = match Connection::connect(&access, Arc::default()).await {
                Ok(connection) => {
                    let outcome = TeardownOutcome::default();
                    Teardown { connection, deadline, total, messages, outcome }.run(deletions).await
                }
                Err(error) => Err(error),
            };
            // The receiver may have stopped listening.
            let _ = sender.send(Message::Ended(ended));
        });
        while let Ok(message) = receiver.recv() {
            match message {
                Message::Ended(ended) => {
                    return ended.map_err(|error| error.with_hint(&self.access));
                }
                Message::Progress(now) => {
                    if progress(&now) != Flow::Continue {
                        task.abort();
                        return Ok(TeardownOutcome { interrupted: true, ..Default::default() });
                    }
                }
            }
        }
        Err(ClusterError::new(ClusterErrorKind::Other, "the teardown ended without a result"))
    }
}

enum Message {
    Progress(TeardownProgress),
    Ended(Result<TeardownOutcome, ClusterError>),
}

/// A running teardown.
struct Teardown {
    connection: Connection,
    deadline: Instant,
    total: usize,
    messages: mpsc::Sender<Message>,
    outcome: TeardownOutcome,
}

/// An object whose deletion has begun, with its uid.
type Begun = (Resolved, String);

/// Objects of one rank must be gone before the deletion of the next begins: custom objects go before the controllers that clean
/// up after them, and the definitions of custom kinds go last.
fn rank(object: &ObjectRef) -> u8 {
    let group = object.api_version.split_once('/').map(|(group, _)| group);
    match object.kind.as_str() {
        "CustomResourceDefinition" => 2,
        _ if group.is_some_and(is_custom_group) => 0,
        _ => 1,
    }
}

impl Teardown {
    async fn run(
        mut self,
        deletions: Vec<(ObjectRef, String)>,
    ) -> Result<TeardownOutcome, ClusterError> {
        let references: Vec<ObjectRef> =
            deletions.iter().map(|(object, _)| object.clone()).collect();
        let resolved = self.connection.resolve(&references).await?;
        let mut begun: Vec<Begun> = Vec::new();
        for (resolved, (_, uid)) in resolved.into_iter().zip(deletions) {
            let is_next_rank = |(before, _): &Begun| rank(&before.object) != rank(&resolved.object);
            if begun.last().is_some_and(is_next_rank) {
                self.wait(std::mem::take(&mut begun)).await?;
            }
            match self.delete(&resolved, &uid).await {
                Ok(true) => begun.push((resolved, uid)),
                Ok(false) => self.outcome.deleted.push(resolved.object),
                Err(why) => self.outcome.remaining.push((resolved.object, why)),
            }
            self.report_progress(None);
        }
        self.wait(begun).await?;
        Ok(self.outcome)
    }

    /// Requests the deletion of one object. Returns `false` if it does not exist any more, or if
    /// another object has its name.
    async fn delete(&self, resolved: &Resolved, uid: &str) -> Result<bool, String> {
        let Some(api) = &resolved.api else { return Ok(false) };
        let parameters = DeleteParams {
            // The object stays until every object that it owns is deleted.
            propagation_policy: Some(PropagationPolicy::Foreground),
            preconditions: Some(Preconditions {
                uid: Some(uid.to_owned()),
                resource_version: None,
            }),
            ..DeleteParams::default()
        };
        match api.delete(&resolved.object.name, &parameters).await {
            Ok(_) => Ok(true),
            Err(kube::Error::Api(status)) if status.is_not_found() || status.is_conflict() => {
                Ok(false)
            }
            Err(error) => {
                let doing = format!("deleting {}", full_name(&resolved.object));
                Err(ClusterError::from_kube(&error, &doing).message)
            }
        }
    }

    /// Waits until all of these objects are deleted. Objects that still exist at the deadline are
    /// stored as remaining.
    async fn wait(&mut self, mut begun: Vec<Begun>) -> Result<(), ClusterError> {
        while !begun.is_empty() {
            let mut existing = Vec::new();
            for (resolved, uid) in begun {
                match self.deletion_blocker(&resolved, &uid).await? {
                    None => self.outcome.deleted.push(resolved.object),
                    Some(why) => existing.push((resolved, uid, why)),
                }
            }
            let first = existing.first();
            let waiting_for =
                first.map(|(resolved, _, why)| format!("{} ({why})", full_name(&resolved.object)));
            if Instant::now() >= self.deadline {
                let late = existing.drain(..).map(|(resolved, _, why)| (resolved.object, why));
                self.outcome.remaining.extend(late);
            }
            begun = existing.into_iter().map(|(resolved, uid, _)| (resolved, uid)).collect();
            self.report_progress(waiting_for);
            if !begun.is_empty() {
                tokio::time::sleep(POLL_INTERVAL).await;
            }
        }
        Ok(())
    }

    /// Why an object still exists. `None` if it does not exist any more.
    async fn deletion_blocker(
        &self,
        resolved: &Resolved,
        uid: &str,
    ) -> Result<Option<String>, ClusterError> {
        let Some(api) = &resolved.api else { return Ok(None) };
        let found = api.get_opt(&resolved.object.name).await.map_err(|error| {
            ClusterError::from_kube(&error, &format!("getting {}", full_name(&resolved.object)))
        });
        match found {
            Ok(Some(object)) if object.metadata.uid.as_deref() == Some(uid) => {
                Ok(Some(reason(&object)))
            }
            Ok(_) => Ok(None),
            Err(error) => match error.kind {
                ClusterErrorKind::NotFound => Ok(None),
                // The deletion was accepted, and a busy server may not answer for a moment.
                ClusterErrorKind::Unreachable | ClusterErrorKind::TimedOut => {
                    Ok(Some(error.message))
                }
                _ => Err(error),
            },
        }
    }

    fn report_progress(&self, waiting_for: Option<String>) {
        let progress = TeardownProgress {
            deleted: self.outcome.deleted.len(),
            total: self.total,
            waiting_for,
        };
        // The receiver may have stopped listening.
        let _ = self.messages.send(Message::Progress(progress));
    }
}

/// Why an object that is being deleted still exists: the message of a namespace's condition, or the finalizers.
fn reason(object: &DynamicObject) -> String {
    let conditions = object.data["status"]["conditions"].as_array().into_iter().flatten();
    let messages: Vec<&str> = conditions
        .filter(|condition| {
            condition["status"] == "True"
                && condition["type"].as_str().is_some_and(|type_| type_.starts_with("Namespace"))
        })
        .filter_map(|condition| condition["message"].as_str())
        .collect();
    if !messages.is_empty() {
        return messages.join("; ");
    }
    match object.metadata.finalizers.as_deref() {
        Some([]) | None => "being deleted".to_owned(),
        Some(finalizers) => format!("waiting for: {}", finalizers.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn object(api_version: &str, kind: &str) -> ObjectRef {
        ObjectRef {
            api_version: api_version.into(),
            kind: kind.into(),
            namespace: None,
            name: "x".into(),
        }
    }

    #[test]
    fn custom_objects_are_deleted_before_controllers_and_definitions_last() {
        let ranks = [
            object("argoproj.io/v1alpha1", "Application"),
            object("apps/v1", "Deployment"),
            object("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
        ];
        assert_eq!(ranks.map(|object| rank(&object)), [0, 1, 2]);
    }

    #[test]
    fn the_reason_why_an_object_still_exists_is_its_condition_or_its_finalizers() {
        let reason = |value| reason(&serde_json::from_value(value).unwrap());
        assert_eq!(
            reason(json!({"metadata": {"finalizers": ["foregroundDeletion"]}})),
            "waiting for: foregroundDeletion"
        );
        let namespace = json!({"metadata": {}, "status": {"conditions": [
            {"type": "NamespaceContentRemaining", "status": "True", "message": "Some resources are remaining: pods. has 1 resource instances"},
            {"type": "NamespaceDeletionDiscoveryFailure", "status": "False", "message": "fine"}]}});
        assert_eq!(
            reason(namespace),
            "Some resources are remaining: pods. has 1 resource instances"
        );
        assert_eq!(reason(json!({"metadata": {}})), "being deleted");
    }
}
