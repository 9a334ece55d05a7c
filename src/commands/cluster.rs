//! The book's cluster for commands: access to it, and the check that it is still the same cluster.

use std::path::PathBuf;

use super::book_context::BookContext;
use super::existing_cluster::{ClusterSource, adopt, no_cluster};
use crate::cluster::{Access, Cluster, ClusterError, ClusterErrorKind};
use crate::diagnostic::Diagnostic;
use crate::error::Error;
use crate::store::{KeptWorld, read_world, world_path, write_world};

/// Locks a book to its cluster: keeps the identity of the cluster, and refuses another one.
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

    /// The kubeconfig that steps use.
    pub(super) fn kubeconfig(&self) -> &std::path::Path {
        &self.kubeconfig
    }

    /// The cluster, for a command that is about nothing else.
    ///
    /// # Errors
    /// When the book has no cluster.
    pub(super) fn cluster(&self) -> Result<&Cluster, Error> {
        let hint = "name a context of your kubeconfig with `--context NAME`, or in book.toml, table [preprocessor.guide]: \
                    context = \"NAME\", and cluster = \"…\" too if a chapter makes the cluster";
        self.cluster.as_ref().ok_or_else(|| Error::usage("this book has no cluster", hint))
    }

    /// Whether the book made its cluster, rather than adopted it. `None` while there is no cluster.
    pub(super) fn made_by_book(&self) -> Option<bool> {
        self.kept.as_ref().map(|kept| kept.kubeconfig.is_none())
    }

    /// Before the first step: a cluster that can be reached must be the kept one. A cluster that does not exist or does not answer is
    /// no error, since a chapter may make it or wake it.
    ///
    /// # Errors
    /// When it is another cluster, or when commands would reach another one.
    pub(super) fn before(&self) -> Result<(), Diagnostic> {
        let Some(cluster) = &self.cluster else { return Ok(()) };
        if let Some((meant, reached)) = cluster.context_mismatch() {
            return Err(self.refuse_context_mismatch(&meant, &reached));
        }
        let Some(kept) = &self.kept else { return Ok(()) };
        match cluster.identity() {
            Ok(found) => {
                kept.identity.refuse_other(&found, &world_path(&self.state).display().to_string())
            }
            Err(error) => self.refuse_lost(kept, &error),
        }
    }

    /// After a failure: why the book's cluster does not answer, and what to do. `None` while the book has not made its cluster yet.
    pub(super) fn lost(&self) -> Option<Diagnostic> {
        let cluster = self.cluster.as_ref()?;
        if self.kept.is_none() && self.adopted_from.is_none() {
            return None;
        }
        let error = cluster.identity().err()?;
        let is_down = matches!(
            error.kind,
            ClusterErrorKind::Unreachable
                | ClusterErrorKind::TimedOut
                | ClusterErrorKind::Hibernated
        );
        is_down.then(|| error.into())
    }

    /// After a step with this output: that it reached no cluster because none is configured.
    pub(super) fn not_configured(&self, output: &str) -> Option<Diagnostic> {
        no_cluster(&self.kubeconfig, &self.user_kubeconfigs, output)
    }

    /// The error for a kubeconfig whose current context, which `kubectl` without `--context` takes, is not the book's context.
    fn refuse_context_mismatch(&self, meant: &str, reached: &str) -> Diagnostic {
        let file = self.kubeconfig.display();
        let kept = self
            .kept
            .as_ref()
            .map(|kept| format!("\n  kept:  {}", kept.identity))
            .unwrap_or_default();
        let message = format!(
            "the book's cluster is context {meant}, but its commands would reach context {reached}, the current one of \
             {file}{kept}\nguide ran nothing, because a book's commands change the cluster that they reach"
        );
        let hint = format!(
            "name a kubeconfig whose current context is {meant}: `--kubeconfig FILE`, or \
             `kubectl --kubeconfig {file} config use-context {meant}`"
        );
        Diagnostic::new(message).with_hint(hint)
    }

    /// Refuses a kubeconfig without the adopted cluster. The book does not make such a cluster, so it is the wrong kubeconfig, and
    /// not one that a chapter will write.
    fn refuse_lost(&self, kept: &KeptWorld, error: &ClusterError) -> Result<(), Diagnostic> {
        let Some(adopted) = kept.kubeconfig.as_ref().filter(|adopted| **adopted != self.kubeconfig)
        else {
            return Ok(());
        };
        if !matches!(
            error.kind,
            ClusterErrorKind::NoKubeconfig
                | ClusterErrorKind::BadKubeconfig
                | ClusterErrorKind::NoContext
        ) {
            return Ok(());
        }
        let message = format!(
            "this is not the cluster the book was run on: {error}\n  kept:  {}, from {}\n  found: none in {}\nguide ran \
             nothing, because a book's commands change the cluster that they reach",
            kept.identity,
            adopted.display(),
            self.kubeconfig.display()
        );
        let hint = format!(
            "name the old file with `--kubeconfig {}`; to move the book to another cluster, remove {}, and the next run adopts it",
            adopted.display(),
            world_path(&self.state).display()
        );
        Err(Diagnostic::new(message).with_hint(hint))
    }

    /// After a chapter: keeps the identity of a new or adopted cluster, or checks the kept identity.
    ///
    /// # Errors
    /// When it is another cluster than the kept one, or `world.json` cannot be written.
    pub(super) fn after(&mut self) -> Result<(), Diagnostic> {
        let Some(cluster) = &self.cluster else { return Ok(()) };
        // The cluster does not exist yet, or the chapter put it to sleep: there is nothing to keep or to compare.
        let Ok(found) = cluster.identity() else { return Ok(()) };
        // The file is read again, because a step that makes a new cluster removes the identity of the old one.
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
