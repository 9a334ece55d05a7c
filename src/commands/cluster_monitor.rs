//! The engine's monitor of the book's cluster. It watches nothing until a step has run for a second.

use std::collections::BTreeMap;
use std::time::Duration;

use super::cluster::WorldLock;
use crate::cluster::{ClusterWatch, EvidenceRequest, WatchScope};
use crate::diagnostic::Diagnostic;
use crate::engine::{ChangeWait, ClusterMonitor, ClusterStatus};
use crate::plan::PlannedChapter;
use crate::secrets::Masker;
use crate::store::mask_credentials;
use crate::topology::Topology;

/// A step that ends sooner needs no watch.
const WATCH_AFTER: Duration = Duration::from_secs(1);

/// Watches the cluster while a step waits.
pub(super) struct LiveClusterMonitor {
    lock: WorldLock,
    masker: Masker,
    scope: WatchScope,
    watch: Option<ClusterWatch>,
    /// The number of the last change before the current attempt.
    last_change: u64,
    /// The chapter that runs.
    chapter: Option<String>,
    /// The cluster at the end of each chapter.
    shapes: BTreeMap<String, Topology>,
    /// Whether `shapes` are collected.
    record: bool,
    /// The kubeconfig as it was before the last step: a chapter may write it.
    kubeconfig: Vec<u8>,
}

impl LiveClusterMonitor {
    /// A monitor of this cluster. With `record` it keeps the cluster's topology at each chapter's end.
    pub(super) fn over(lock: WorldLock, masker: Masker, record: bool) -> Self {
        Self {
            lock,
            masker,
            scope: WatchScope::default(),
            watch: None,
            last_change: 0,
            chapter: None,
            shapes: BTreeMap::new(),
            record,
            kubeconfig: Vec::new(),
        }
    }

    /// The topology of the cluster at the end of each chapter that ran.
    pub(super) fn into_shapes(self) -> BTreeMap<String, Topology> {
        self.shapes
    }
}

impl ClusterMonitor for LiveClusterMonitor {
    fn begin_step(&mut self, chapter: &PlannedChapter) {
        mask_credentials(self.lock.kubeconfig(), &mut self.kubeconfig, &self.masker);
        if self.chapter.as_deref() != Some(chapter.name.as_str()) {
            self.chapter = Some(chapter.name.to_string());
        }
        let scope = scope_of(chapter);
        if scope != self.scope {
            self.watch = None;
            self.scope = scope;
        }
    }

    fn status(&mut self, elapsed: Duration) -> ClusterStatus {
        if elapsed < WATCH_AFTER {
            return ClusterStatus::default();
        }
        let Some(cluster) = &self.lock.cluster else { return ClusterStatus::default() };
        if self.watch.is_none() {
            self.watch = cluster.watch(self.scope.clone()).ok();
        }
        let Some(watch) = &self.watch else { return ClusterStatus::default() };
        let status = watch.status();
        let problems = &status.problems;
        let unrecoverable =
            problems.iter().find(|problem| problem.unrecoverable).map(ToString::to_string);
        let first = problems.first().map(ToString::to_string);
        ClusterStatus { waiting_for: first.or(status.waiting_for), unrecoverable }
    }

    fn begin_attempt(&mut self) {
        self.last_change = self.watch.as_ref().map_or(0, ClusterWatch::begin_check);
    }

    fn wait_for_change(&mut self, limit: Duration) -> ChangeWait {
        match &self.watch {
            None => ChangeWait::NotWatched,
            Some(watch) if watch.changed_after(self.last_change, limit) => ChangeWait::Changed,
            Some(_) => ChangeWait::Unchanged,
        }
    }

    fn evidence(&mut self, chapter: &PlannedChapter) -> Vec<(String, String)> {
        let Some(cluster) = &self.lock.cluster else { return Vec::new() };
        let scope = scope_of(chapter);
        let failure_report = cluster
            .evidence(&EvidenceRequest { objects: scope.objects, namespaces: scope.namespaces });
        for secret in &failure_report.secrets {
            self.masker.add(secret);
        }
        let hint = cluster
            .hibernation_hint()
            .map(|hint| format!("== first of all ==\n{hint}\n\n"))
            .unwrap_or_default();
        vec![("objects.txt".to_owned(), hint + &failure_report.text)]
    }

    fn hint(&mut self) -> Option<String> {
        let cluster = self.lock.cluster.as_ref()?;
        let of_problem = || {
            let status = self.watch.as_ref()?.status();
            status.problems.iter().find_map(|problem| cluster.hint_for(&problem.problem))
        };
        cluster.hibernation_hint().or_else(of_problem)
    }

    fn lost(&mut self, output: &str) -> Option<Diagnostic> {
        self.lock.lost().or_else(|| self.lock.not_configured(output))
    }

    fn made_by_book(&self) -> Option<bool> {
        self.lock.made_by_book()
    }

    fn after_chapter(&mut self) -> Result<(), Diagnostic> {
        self.lock.after()?;
        if let (Some(cluster), Some(chapter)) = (&self.lock.cluster, self.chapter.take())
            && self.record
            && let Some(shape) = cluster.topology()
        {
            self.shapes.insert(chapter, shape);
        }
        Ok(())
    }
}

/// The objects and namespaces of a chapter.
fn scope_of(chapter: &PlannedChapter) -> WatchScope {
    WatchScope {
        objects: chapter
            .manifests
            .iter()
            .flat_map(|manifest| manifest.objects.iter().cloned())
            .collect(),
        namespaces: chapter.namespace.iter().cloned().collect(),
    }
}
