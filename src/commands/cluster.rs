//! The book's cluster, as far as commands need it: access to it, and its lock.

use std::path::PathBuf;

use super::open::Opened;
use crate::error::Error;
use crate::execute::WorldError;
use crate::execute::cluster::{Access, Cluster};
use crate::store::{KeptWorld, read_world, world_path, write_world};

/// The world's lock of a book: which cluster is it, and is it still that one?
pub struct WorldLock {
    /// The cluster; `None` for a book without one.
    pub cluster: Option<Cluster>,
    state: PathBuf,
    kept: Option<KeptWorld>,
    now: fn() -> String,
    run: String,
}

impl WorldLock {
    /// Reads what was kept. Asks nothing yet.
    ///
    /// # Errors
    /// When `world.json` can't be read.
    pub fn of(opened: &Opened, run: &str, now: fn() -> String) -> Result<Self, WorldError> {
        let kept = read_world(&opened.state)?;
        let known_nodes = kept.as_ref().map(|kept| kept.identity.nodes.clone()).unwrap_or_default();
        let access = Access { kubeconfig: opened.kubeconfig.clone(), context: opened.config.context.clone(), known_nodes };
        let cluster = opened.config.cluster.is_some().then(|| Cluster::new(access));
        Ok(Self { cluster, state: opened.state.clone(), kept, now, run: run.to_owned() })
    }

    /// The cluster, for a command that is about nothing else.
    ///
    /// # Errors
    /// When the book has none.
    pub fn cluster(&self) -> Result<&Cluster, Error> {
        let hint = "name one in book.toml, table [preprocessor.guide]: cluster = \"…\", context = \"…\"";
        self.cluster.as_ref().ok_or_else(|| Error::usage("this book has no cluster", hint))
    }

    /// Before the first step: a cluster that can be reached has to be the kept one. One that is not there (yet) is no fault: a
    /// chapter may make it, or wake it.
    ///
    /// # Errors
    /// When it is another cluster.
    pub fn before(&self) -> Result<(), WorldError> {
        let (Some(cluster), Some(kept)) = (&self.cluster, &self.kept) else { return Ok(()) };
        match cluster.identity() {
            Ok(found) => kept
                .identity
                .refuse_other(&found, &world_path(&self.state).display().to_string())
                .map_err(|(message, hint)| WorldError { message, hint: Some(hint) }),
            Err(_) => Ok(()),
        }
    }

    /// After a chapter: keeps the identity of a cluster that was made or adopted, or checks it.
    ///
    /// # Errors
    /// When it is another cluster than the kept one, or `world.json` can't be written.
    pub fn after(&mut self) -> Result<(), WorldError> {
        let Some(cluster) = &self.cluster else { return Ok(()) };
        // Not made yet, or put to sleep by the chapter: nothing to keep, nothing to compare.
        let Ok(found) = cluster.identity() else { return Ok(()) };
        match &self.kept {
            Some(kept) => kept
                .identity
                .refuse_other(&found, &world_path(&self.state).display().to_string())
                .map_err(|(message, hint)| WorldError { message, hint: Some(hint) }),
            None => {
                let kept = KeptWorld::new(found, (self.now)(), self.run.clone());
                write_world(&self.state, &kept)?;
                self.kept = Some(kept);
                Ok(())
            }
        }
    }
}
