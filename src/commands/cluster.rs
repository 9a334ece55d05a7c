//! The book's cluster, as far as commands need it: access to it, and its lock.

use std::path::PathBuf;

use super::open::BookContext;
use crate::cluster::{Access, Cluster, ClusterError, ClusterErrorKind};
use crate::error::Error;
use crate::store::{KeptWorld, read_world, world_path, write_world};
use crate::world::WorldError;

/// The world's lock of a book: which cluster is it, and is it still that one?
pub(super) struct WorldLock {
    /// The cluster; `None` for a book without one.
    pub cluster: Option<Cluster>,
    state: PathBuf,
    kubeconfig: PathBuf,
    is_private: bool,
    kept: Option<KeptWorld>,
    now: fn() -> String,
    run: String,
}

impl WorldLock {
    /// Reads what was kept. Asks nothing yet.
    ///
    /// # Errors
    /// When `world.json` can't be read.
    pub(super) fn of(
        opened: &BookContext,
        run: &str,
        now: fn() -> String,
    ) -> Result<Self, WorldError> {
        let kept = read_world(&opened.state)?;
        let known_nodes = kept.as_ref().map(|kept| kept.identity.nodes.clone()).unwrap_or_default();
        let access = Access {
            kubeconfig: opened.kubeconfig.clone(),
            context: opened.config.context.clone(),
            known_nodes,
        };
        let cluster = opened.config.cluster.is_some().then(|| Cluster::new(access));
        let kubeconfig =
            std::path::absolute(&opened.kubeconfig).unwrap_or_else(|_| opened.kubeconfig.clone());
        let is_private = opened.kubeconfig == opened.private_kubeconfig();
        Ok(Self {
            cluster,
            state: opened.state.clone(),
            kubeconfig,
            is_private,
            kept,
            now,
            run: run.to_owned(),
        })
    }

    /// The cluster, for a command that is about nothing else.
    ///
    /// # Errors
    /// When the book has none.
    pub(super) fn cluster(&self) -> Result<&Cluster, Error> {
        let hint =
            "name one in book.toml, table [preprocessor.guide]: cluster = \"…\", context = \"…\"";
        self.cluster.as_ref().ok_or_else(|| Error::usage("this book has no cluster", hint))
    }

    /// Is the cluster one that the book made, rather than adopted? None while there is none.
    pub(super) fn made_by_book(&self) -> Option<bool> {
        self.kept.as_ref().map(|kept| kept.kubeconfig.is_none())
    }

    /// Before the first step: a cluster that can be reached has to be the kept one. One that is not there (yet) is no fault: a
    /// chapter may make it, or wake it.
    ///
    /// # Errors
    /// When it is another cluster, or commands would reach another.
    pub(super) fn before(&self) -> Result<(), WorldError> {
        let Some(cluster) = &self.cluster else { return Ok(()) };
        if let Some((meant, reached)) = cluster.astray() {
            return Err(self.refuse_astray(&meant, &reached));
        }
        let Some(kept) = &self.kept else { return Ok(()) };
        match cluster.identity() {
            Ok(found) => kept
                .identity
                .refuse_other(&found, &world_path(&self.state).display().to_string())
                .map_err(|(message, hint)| WorldError { message, hint: Some(hint) }),
            Err(error) => self.refuse_lost(kept, &error),
        }
    }

    /// After a failure: why the cluster that was kept can't be asked any more, with what to do. One that the book has not made
    /// yet is not missed.
    pub(super) fn lost(&self) -> Option<WorldError> {
        let (cluster, _kept) = (self.cluster.as_ref()?, self.kept.as_ref()?);
        let error = cluster.identity().err()?;
        let gone = matches!(
            error.refusal,
            ClusterErrorKind::Unreachable
                | ClusterErrorKind::TimedOut
                | ClusterErrorKind::Hibernated
        );
        gone.then(|| WorldError { message: error.message, hint: error.hint })
    }

    /// The book's context is not the one that a `kubectl` without `--context` takes.
    fn refuse_astray(&self, meant: &str, reached: &str) -> WorldError {
        let file = self.kubeconfig.display();
        let kept = self
            .kept
            .as_ref()
            .map(|kept| format!("\n  kept:  {}", kept.identity))
            .unwrap_or_default();
        let message = format!(
            "the book's cluster is context {meant}, but its commands would reach context {reached}, the current one of \
             {file}{kept}\nnothing was run, since a book's commands change the cluster they reach"
        );
        let hint = format!(
            "name a kubeconfig whose current context is {meant}: `--kubeconfig FILE`, or \
             `kubectl --kubeconfig {file} config use-context {meant}`"
        );
        WorldError { message, hint: Some(hint) }
    }

    /// A cluster that was adopted is not made by the book: a kubeconfig without it is the wrong one, not one yet to be written.
    fn refuse_lost(&self, kept: &KeptWorld, error: &ClusterError) -> Result<(), WorldError> {
        let Some(adopted) = kept.kubeconfig.as_ref().filter(|adopted| **adopted != self.kubeconfig)
        else {
            return Ok(());
        };
        if !matches!(
            error.refusal,
            ClusterErrorKind::NoKubeconfig
                | ClusterErrorKind::BadKubeconfig
                | ClusterErrorKind::NoContext
        ) {
            return Ok(());
        }
        let message = format!(
            "this is not the cluster the book was run on: {error}\n  kept:  {}, by {}\n  found: none, by {}\nnothing was run, \
             since a book's commands change the cluster they reach",
            kept.identity,
            adopted.display(),
            self.kubeconfig.display()
        );
        let hint = format!(
            "give `--kubeconfig {}` again; if the book shall have another cluster, remove {} and the next run adopts it",
            adopted.display(),
            world_path(&self.state).display()
        );
        Err(WorldError { message, hint: Some(hint) })
    }

    /// After a chapter: keeps the identity of a cluster that was made or adopted, or checks it.
    ///
    /// # Errors
    /// When it is another cluster than the kept one, or `world.json` can't be written.
    pub(super) fn after(&mut self) -> Result<(), WorldError> {
        let Some(cluster) = &self.cluster else { return Ok(()) };
        // Not made yet, or put to sleep by the chapter: nothing to keep, nothing to compare.
        let Ok(found) = cluster.identity() else { return Ok(()) };
        // Read anew: a step that makes the cluster once more takes the old one's identity away, and says so in its text.
        self.kept = read_world(&self.state)?;
        match &self.kept {
            Some(kept) => kept
                .identity
                .refuse_other(&found, &world_path(&self.state).display().to_string())
                .map_err(|(message, hint)| WorldError { message, hint: Some(hint) }),
            None => {
                let kept = KeptWorld::new(
                    found,
                    (!self.is_private).then(|| self.kubeconfig.clone()),
                    (self.now)(),
                    self.run.clone(),
                );
                write_world(&self.state, &kept)?;
                self.kept = Some(kept);
                Ok(())
            }
        }
    }
}
