//! Deletes what a [`DownPlan`](super::DownPlan) says, in its order, and waits until it is gone. The only place where the cluster is
//! changed.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use kube::api::{DeleteParams, Preconditions, PropagationPolicy};

use super::connection::{Connection, Located};
use super::down::{Action, DownPlan};
use super::evidence::title;
use super::targets::is_custom_group;
use super::{Cluster, ClusterError, ClusterErrorKind};
use crate::ids::ObjectRef;
use crate::world::Flow;

/// How often what is still there is asked for.
const BETWEEN: Duration = Duration::from_millis(500);

/// How far taking away is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DownProgress {
    /// Objects that are gone.
    pub gone: usize,
    /// Objects in all.
    pub of: usize,
    /// What is being waited for: `namespace shop (waits for: some content is not yet removed)`.
    pub waiting_for: Option<String>,
}

/// How taking away ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DownOutcome {
    /// Gone, in the order in which they went.
    pub gone: Vec<ObjectRef>,
    /// Still there, and what keeps them.
    pub left: Vec<(ObjectRef, String)>,
    /// It was told to stop.
    pub interrupted: bool,
}

impl Cluster {
    /// Deletes what the plan says goes, newest first, and waits at most `limit` in all until it is gone. `progress` is told at
    /// least every half second, and may stop it; what was begun goes on in the cluster then.
    ///
    /// # Errors
    /// When the cluster can't be asked. What could not be deleted is in the outcome.
    pub fn take_down(
        &self,
        plan: &DownPlan,
        limit: Duration,
        progress: &mut dyn FnMut(&DownProgress) -> Flow,
    ) -> Result<DownOutcome, ClusterError> {
        let going: Vec<(ObjectRef, String)> = plan
            .items
            .iter()
            .filter_map(|item| match &item.fate {
                Action::Goes { uid } => Some((item.object.clone(), uid.clone())),
                _ => None,
            })
            .collect();
        let (sender, receiver) = mpsc::channel();
        let (access, of) = (self.access.clone(), going.len());
        let task = self.driver()?.spawn(async move {
            let ended = match Connection::connect(&access, std::sync::Arc::default()).await {
                Ok(connection) => {
                    TakeDown {
                        connection,
                        deadline: Instant::now() + limit,
                        of,
                        told: sender.clone(),
                        outcome: DownOutcome::default(),
                    }
                    .run(going)
                    .await
                }
                Err(error) => Err(error),
            };
            // The other side may have stopped listening.
            let _ = sender.send(Message::Ended(ended));
        });
        while let Ok(message) = receiver.recv() {
            match message {
                Message::Ended(ended) => {
                    return ended.map_err(|error| error.with_cure(&self.access));
                }
                Message::Progress(told) => {
                    if progress(&told) != Flow::Continue {
                        task.abort();
                        return Ok(DownOutcome { interrupted: true, ..DownOutcome::default() });
                    }
                }
            }
        }
        Err(ClusterError::new(ClusterErrorKind::Other, "taking away ended without a word"))
    }
}

enum Message {
    Progress(DownProgress),
    Ended(Result<DownOutcome, ClusterError>),
}

struct TakeDown {
    connection: Connection,
    deadline: Instant,
    of: usize,
    told: mpsc::Sender<Message>,
    outcome: DownOutcome,
}

/// What must be gone before the next is begun: custom objects before the controllers that clean up after them, everything before
/// the definitions of its kind.
fn rank(object: &ObjectRef) -> u8 {
    match object.kind.as_str() {
        "CustomResourceDefinition" => 2,
        _ if object
            .api_version
            .split_once('/')
            .is_some_and(|(group, _)| is_custom_group(group)) =>
        {
            0
        }
        _ => 1,
    }
}

impl TakeDown {
    async fn run(mut self, going: Vec<(ObjectRef, String)>) -> Result<DownOutcome, ClusterError> {
        let references: Vec<ObjectRef> = going.iter().map(|(object, _)| object.clone()).collect();
        let located = self.connection.located(&references).await?;
        let mut begun: Vec<(Located, String)> = Vec::new();
        for (located, (_, uid)) in located.into_iter().zip(going) {
            if begun.last().is_some_and(|(before, _)| rank(&before.object) != rank(&located.object))
            {
                self.wait(&mut begun).await?;
            }
            match self.delete(&located, &uid).await {
                Ok(true) => begun.push((located, uid)),
                Ok(false) => self.outcome.gone.push(located.object),
                Err(why) => self.outcome.left.push((located.object, why)),
            }
            self.tell(None);
        }
        self.wait(&mut begun).await?;
        let unfinished = begun.into_iter().map(|(located, _)| {
            (located.object, "still being deleted when the time was up".to_owned())
        });
        for (object, why) in unfinished {
            if !self.outcome.left.iter().any(|(left, _)| *left == object) {
                self.outcome.left.push((object, why));
            }
        }
        Ok(self.outcome)
    }

    /// Asks for its deletion; `false` when it was gone already, or another one stands in its place.
    async fn delete(&self, located: &Located, uid: &str) -> Result<bool, String> {
        let Some(api) = &located.api else { return Ok(false) };
        let how = DeleteParams {
            // With what it owns, so that gone means all of it.
            propagation_policy: Some(PropagationPolicy::Foreground),
            preconditions: Some(Preconditions {
                uid: Some(uid.to_owned()),
                resource_version: None,
            }),
            ..DeleteParams::default()
        };
        match api.delete(&located.object.name, &how).await {
            Ok(_) => Ok(true),
            Err(kube::Error::Api(status)) if status.is_not_found() || status.is_conflict() => {
                Ok(false)
            }
            Err(error) => Err(ClusterError::from_kube(
                &error,
                &format!("deleting {}", title(&located.object)),
            )
            .message),
        }
    }

    /// Waits until all of these are gone, or the time is up.
    async fn wait(&mut self, begun: &mut Vec<(Located, String)>) -> Result<(), ClusterError> {
        while !begun.is_empty() {
            let mut first_waiting = None;
            let mut still = Vec::new();
            for (located, uid) in begun.drain(..) {
                match self.keeps(&located, &uid).await? {
                    None => self.outcome.gone.push(located.object),
                    Some(why) => {
                        first_waiting
                            .get_or_insert_with(|| format!("{} ({why})", title(&located.object)));
                        still.push((located, uid, why));
                    }
                }
            }
            let late = Instant::now() >= self.deadline;
            if late {
                self.outcome
                    .left
                    .extend(still.drain(..).map(|(located, _, why)| (located.object, why)));
            }
            *begun = still.into_iter().map(|(located, uid, _)| (located, uid)).collect();
            self.tell(first_waiting);
            if !begun.is_empty() {
                tokio::time::sleep(BETWEEN).await;
            }
        }
        Ok(())
    }

    /// What keeps an object from being gone; `None` when it is.
    async fn keeps(&self, located: &Located, uid: &str) -> Result<Option<String>, ClusterError> {
        let Some(api) = &located.api else { return Ok(None) };
        let found = api.get_opt(&located.object.name).await;
        let found = match found.map_err(|error| {
            ClusterError::from_kube(&error, &format!("looking for {}", title(&located.object)))
        }) {
            Ok(found) => found,
            Err(error) if error.refusal == ClusterErrorKind::NotFound => None,
            // It was asked for already, and a cluster that is busy going may be away for a moment.
            Err(error)
                if matches!(
                    error.refusal,
                    ClusterErrorKind::Unreachable | ClusterErrorKind::TimedOut
                ) =>
            {
                return Ok(Some(error.message));
            }
            Err(error) => return Err(error),
        };
        let Some(object) = found.filter(|object| object.metadata.uid.as_deref() == Some(uid))
        else {
            return Ok(None);
        };
        Ok(Some(reason(&object)))
    }

    fn tell(&self, waiting_for: Option<String>) {
        // The other side may have stopped listening.
        let _ = self.told.send(Message::Progress(DownProgress {
            gone: self.outcome.gone.len(),
            of: self.of,
            waiting_for,
        }));
    }
}

/// Why an object that is being deleted is still there: the namespace's own words, else its finalizers.
fn reason(object: &kube::api::DynamicObject) -> String {
    let conditions = object.data["status"]["conditions"].as_array().into_iter().flatten();
    let said: Vec<&str> = conditions
        .filter(|condition| {
            condition["status"] == "True"
                && condition["type"].as_str().is_some_and(|type_| type_.starts_with("Namespace"))
        })
        .filter_map(|condition| condition["message"].as_str())
        .collect();
    if !said.is_empty() {
        return said.join("; ");
    }
    match object.metadata.finalizers.as_deref() {
        Some([]) | None => "being deleted".to_owned(),
        Some(finalizers) => format!("waits for: {}", finalizers.join(", ")),
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
    fn custom_objects_go_before_controllers_and_definitions_last() {
        let ranks = [
            object("argoproj.io/v1alpha1", "Application"),
            object("apps/v1", "Deployment"),
            object("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
        ];
        assert_eq!(ranks.map(|object| rank(&object)), [0, 1, 2]);
    }

    #[test]
    fn what_keeps_an_object_is_said() {
        let object = |value| reason(&serde_json::from_value(value).unwrap());
        assert_eq!(
            object(json!({"metadata": {"finalizers": ["foregroundDeletion"]}})),
            "waits for: foregroundDeletion"
        );
        let namespace = json!({"metadata": {}, "status": {"conditions": [
            {"type": "NamespaceContentRemaining", "status": "True", "message": "Some resources are remaining: pods. has 1 resource instances"},
            {"type": "NamespaceDeletionDiscoveryFailure", "status": "False", "message": "fine"}]}});
        assert_eq!(
            object(namespace),
            "Some resources are remaining: pods. has 1 resource instances"
        );
        assert_eq!(object(json!({"metadata": {}})), "being deleted");
    }
}
