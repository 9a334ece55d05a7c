//! The book's cluster, as far as commands need it: access to it, and its lock.

use std::path::PathBuf;

use super::book_context::BookContext;
use super::existing_cluster::{ClusterSource, adopt, no_cluster};
use crate::cluster::{Access, Cluster, ClusterError, ClusterErrorKind};
use crate::diagnostic::Diagnostic;
use crate::error::Error;
use crate::store::{KeptWorld, read_world, world_path, write_world};

/// The world's lock of a book: which cluster is it, and is it still that one?
pub(super) struct WorldLock {
    /// The cluster; `None` for a book without one.
    pub cluster: Option<Cluster>,
    state: PathBuf,
    kubeconfig: PathBuf,
    is_private: bool,
    /// The user's kubeconfig that the context was copied from, for a cluster that existed before the book.
    adopted_from: Option<PathBuf>,
    /// The user's own kubeconfig files.
    user_kubeconfigs: Vec<PathBuf>,
    kept: Option<KeptWorld>,
    now: fn() -> String,
    run: String,
}

impl WorldLock {
    /// Reads the kept identity, and copies the context of a cluster that exists. Connects to nothing yet.
    ///
    /// # Errors
    /// When `world.json` cannot be read, or the context cannot be copied.
    pub(super) fn of(context: &BookContext, run: &str, now: fn() -> String) -> Result<Self, Error> {
        let kept = read_world(&context.state)?;
        let known_nodes = kept.as_ref().map(|kept| kept.identity.nodes.clone()).unwrap_or_default();
        let adopted = match &context.cluster {
            ClusterSource::Existing(existing) => Some(adopt(context, existing, kept.as_ref())?),
            ClusterSource::Book | ClusterSource::None => None,
        };
        let named = adopted.as_ref().map(|adopted| adopted.context.clone());
        let access = Access {
            kubeconfig: context.kubeconfig.clone(),
            context: named.or_else(|| context.config.context.clone()),
            known_nodes,
        };
        let cluster = context.has_cluster().then(|| Cluster::new(access));
        let kubeconfig =
            std::path::absolute(&context.kubeconfig).unwrap_or_else(|_| context.kubeconfig.clone());
        let is_private = context.kubeconfig == context.private_kubeconfig();
        Ok(Self {
            cluster,
            state: context.state.clone(),
            kubeconfig,
            is_private,
            adopted_from: adopted.map(|adopted| adopted.from),
            user_kubeconfigs: context.user_kubeconfigs.clone(),
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
        let hint = "name a context of your kubeconfig with `--context NAME`, or in book.toml, table [preprocessor.guide]: \
                    context = \"NAME\", and cluster = \"…\" too if a chapter makes the cluster";
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
    pub(super) fn before(&self) -> Result<(), Diagnostic> {
        let Some(cluster) = &self.cluster else { return Ok(()) };
        if let Some((meant, reached)) = cluster.astray() {
            return Err(self.refuse_astray(&meant, &reached));
        }
        let Some(kept) = &self.kept else { return Ok(()) };
        match cluster.identity() {
            Ok(found) => {
                kept.identity.refuse_other(&found, &world_path(&self.state).display().to_string())
            }
            Err(error) => self.refuse_lost(kept, &error),
        }
    }

    /// After a failure: why the book's cluster does not answer, with what to do. A cluster that the book has not made yet is not missed.
    pub(super) fn lost(&self) -> Option<Diagnostic> {
        let cluster = self.cluster.as_ref()?;
        if self.kept.is_none() && self.adopted_from.is_none() {
            return None;
        }
        let error = cluster.identity().err()?;
        let gone = matches!(
            error.refusal,
            ClusterErrorKind::Unreachable
                | ClusterErrorKind::TimedOut
                | ClusterErrorKind::Hibernated
        );
        gone.then(|| error.into())
    }

    /// After a step with this output: why it reached no cluster, where none is configured.
    pub(super) fn not_configured(&self, output: &str) -> Option<Diagnostic> {
        no_cluster(&self.kubeconfig, &self.user_kubeconfigs, output)
    }

    /// The book's context is not the one that a `kubectl` without `--context` takes.
    fn refuse_astray(&self, meant: &str, reached: &str) -> Diagnostic {
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
        Diagnostic::new(message).with_hint(hint)
    }

    /// A cluster that was adopted is not made by the book: a kubeconfig without it is the wrong one, not one yet to be written.
    fn refuse_lost(&self, kept: &KeptWorld, error: &ClusterError) -> Result<(), Diagnostic> {
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
        Err(Diagnostic::new(message).with_hint(hint))
    }

    /// After a chapter: keeps the identity of a cluster that was made or adopted, or checks it.
    ///
    /// # Errors
    /// When it is another cluster than the kept one, or `world.json` can't be written.
    pub(super) fn after(&mut self) -> Result<(), Diagnostic> {
        let Some(cluster) = &self.cluster else { return Ok(()) };
        // Not made yet, or put to sleep by the chapter: nothing to keep, nothing to compare.
        let Ok(found) = cluster.identity() else { return Ok(()) };
        // Read anew: a step that makes the cluster once more takes the old one's identity away, and says so in its text.
        self.kept = read_world(&self.state)?;
        match &self.kept {
            Some(kept) => {
                kept.identity.refuse_other(&found, &world_path(&self.state).display().to_string())
            }
            None => {
                let kept = KeptWorld::new(
                    found,
                    self.adopted_from
                        .clone()
                        .or_else(|| (!self.is_private).then(|| self.kubeconfig.clone())),
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
