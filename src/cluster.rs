//! CLUSTER: reads the cluster through its API. It finds the cluster's identity, what a step waits
//! for, the evidence after a failure, and the differences from the book, and it deletes objects for
//! `guide down`.
//!
//! All public calls block. One thread runs the requests. It starts at the first call, and no file
//! is read and no connection is made before. Each call reads the kubeconfig again, because a book's
//! first chapter writes it. This room decides nothing about a step (which is the engine's part),
//! opens no file except the kubeconfig, and prints nothing. Only [`Cluster::tear_down`] changes the
//! cluster.

mod client;
mod drift;
mod error;
mod evidence;
mod health;
mod hibernation;
mod identity;
mod kubeconfig;
mod manifest_objects;
mod quantity;
mod request_log;
mod runtime;
mod teardown;
mod topology;
mod watch;

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

pub use drift::DriftRequest;
pub(crate) use drift::{DifferingObject, Drift};
#[cfg(test)]
pub(crate) use drift::{FieldDifference, UnmanagedObject};
pub(crate) use error::ClusterError;
pub use error::ClusterErrorKind;
pub use evidence::{EVIDENCE_BYTES, EVIDENCE_LIMIT, EvidenceRequest};
pub use health::Cause;
pub(crate) use health::full_name;
pub(crate) use identity::configured_identity;
pub(crate) use kubeconfig::{PrivateKubeconfig, UserKubeconfig, contexts_of, private_kubeconfig};
pub use manifest_objects::{ManifestObject, manifest_objects_in};
pub use teardown::TeardownRequest;
pub(crate) use teardown::{
    Action, KeepReason, TeardownItem, TeardownOutcome, TeardownPlan, TeardownProgress,
};
pub use watch::{ClusterWatch, LastingProblem, WatchScope};

use client::Connection;
use runtime::Runtime;

/// The time limit of one short request.
pub(crate) const REQUEST_LIMIT: Duration = Duration::from_secs(3);

/// The data for a connection to a cluster, which have not been checked yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// The kubeconfig file. It need not exist yet.
    pub kubeconfig: PathBuf,
    /// The context in the kubeconfig. `None` means its current context.
    pub context: Option<String>,
    /// The node names of the recorded identity. They show that a stopped node container belongs to
    /// this cluster.
    pub known_nodes: Vec<String>,
}

/// A handle to a cluster. It is cheap to create and to clone, and connects at the first request.
#[derive(Clone)]
pub struct Cluster {
    access: Access,
    runtime: Arc<OnceLock<Runtime>>,
}

impl Cluster {
    /// The cluster behind this access. This sends no request.
    pub fn new(access: Access) -> Self {
        Self { access, runtime: Arc::default() }
    }

    /// The thread that runs requests. The first call starts it.
    fn runtime(&self) -> Result<&Runtime, ClusterError> {
        if let Some(runtime) = self.runtime.get() {
            return Ok(runtime);
        }
        let started = Runtime::start().map_err(|error| {
            ClusterError::new(
                ClusterErrorKind::Other,
                format!("the thread for requests to the cluster could not be started: {error}"),
            )
        })?;
        Ok(self.runtime.get_or_init(|| started))
    }

    /// Connects and runs `request`, both within `limit`.
    fn request<T, F>(
        &self,
        limit: Duration,
        request: impl FnOnce(Connection) -> F + Send + 'static,
    ) -> Result<T, ClusterError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, ClusterError>> + Send + 'static,
    {
        let access = self.access.clone();
        let answer = self.runtime()?.wait(limit, async move {
            request(Connection::connect(&access, Arc::default()).await?).await
        });
        let timed_out = || {
            Err(ClusterError::new(
                ClusterErrorKind::TimedOut,
                format!("the cluster did not answer within {} s", limit.as_secs()),
            ))
        };
        answer.unwrap_or_else(timed_out).map_err(|error| error.with_hint(&self.access))
    }
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cluster").field("access", &self.access).finish_non_exhaustive()
    }
}
