//! The cluster, through its API: which one it is, what a waiting step waits for, what a failure's failure report tells, what differs from
//! the book and what `guide down` takes away.
//!
//! Outside it is all ordinary blocking calls. Inside, one thread drives the requests; it is made at the first call, and nothing
//! is read or connected before. Each call reads the kubeconfig anew, since a book's first chapter writes it. Not here: any
//! decision about a step (the engine's), any file (`store`'s), any printing (`report`'s). Nothing is changed but by
//! [`Cluster::take_down`].

mod connection;
mod container;
mod declared;
mod down;
mod drift;
mod evidence;
mod fields;
mod follow;
mod kubeconfig;
mod lock;
mod missing_image;
mod ownership;
mod pace;
mod problem;
mod refusal;
mod requests;
mod secrets;
mod seen;
mod settled;
mod shape;
mod stopped;
mod superseded;
mod takedown;
mod targets;
mod thread;
mod told;
mod unmanaged;
mod waiting;
mod watch;
mod wellknown;

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

pub use declared::{Declared, declared_in};
pub use down::DownRequest;
pub(crate) use down::{Action, DownItem, DownPlan};
pub use evidence::EVIDENCE_BYTES;
pub use evidence::EVIDENCE_LIMIT;
pub use evidence::EvidenceRequest;
pub(crate) use kubeconfig::{PrivateKubeconfig, UserKubeconfig, contexts_of, private_kubeconfig};
pub(crate) use lock::configured_identity;
pub use problem::Cause;
pub(crate) use refusal::ClusterError;
pub use refusal::ClusterErrorKind;
pub use seen::LastingProblem;
pub(crate) use takedown::{DownOutcome, DownProgress};
pub use watch::{ClusterWatch, WatchScope};

use connection::Connection;
use thread::Runtime;

/// Most time one short question to the cluster may take.
pub(crate) const ANSWER_LIMIT: Duration = Duration::from_secs(3);

/// How to reach a cluster. Nothing in it was checked yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// The kubeconfig file; it need not exist yet.
    pub kubeconfig: PathBuf,
    /// The context in it; none = its current one.
    pub context: Option<String>,
    /// Node names of the kept identity: with these a stopped node container is recognised as this cluster's.
    pub known_nodes: Vec<String>,
}

/// A cluster to ask. Cheap to make and to clone; connects at the first question.
#[derive(Clone)]
pub struct Cluster {
    access: Access,
    driver: Arc<OnceLock<Runtime>>,
}

impl Cluster {
    /// The cluster behind this access. Does nothing yet.
    pub fn new(access: Access) -> Self {
        Self { access, driver: Arc::default() }
    }

    /// The thread that drives requests, started now if this is the first question.
    fn driver(&self) -> Result<&Runtime, ClusterError> {
        if let Some(driver) = self.driver.get() {
            return Ok(driver);
        }
        let made = Runtime::start().map_err(|error| {
            ClusterError::new(
                ClusterErrorKind::Other,
                format!("the thread that asks the cluster could not be started: {error}"),
            )
        })?;
        Ok(self.driver.get_or_init(|| made))
    }

    /// Connects and asks, for at most `limit` in all.
    fn ask<T, F>(
        &self,
        limit: Duration,
        question: impl FnOnce(Connection) -> F + Send + 'static,
    ) -> Result<T, ClusterError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, ClusterError>> + Send + 'static,
    {
        let access = self.access.clone();
        let answer = self.driver()?.wait(limit, async move {
            question(Connection::connect(&access, Arc::default()).await?).await
        });
        let late = || {
            Err(ClusterError::new(
                ClusterErrorKind::TimedOut,
                format!("the cluster gave no answer within {} s", limit.as_secs()),
            ))
        };
        answer.unwrap_or_else(late).map_err(|error| error.with_cure(&self.access))
    }
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cluster").field("access", &self.access).finish_non_exhaustive()
    }
}
