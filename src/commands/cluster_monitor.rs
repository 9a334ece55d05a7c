//! The engine's monitor over the book's cluster: nothing is watched until a step has run for a second.

use std::collections::BTreeMap;
use std::time::Duration;

use super::cluster::WorldLock;
use crate::cluster::{ClusterWatch, EvidenceRequest, WatchScope};
use crate::diagnostic::Diagnostic;
use crate::engine::{ChangeWait, ClusterMonitor, ClusterStatus};
use crate::plan::PlannedChapter;
use crate::secrets::Masker;
use crate::topology::Topology;

/// A step that is done sooner needs no watch.
const WATCH_AFTER: Duration = Duration::from_secs(1);

/// Looks at the cluster while a step waits.
pub(super) struct LiveClusterMonitor {
    lock: WorldLock,
    masker: Masker,
    scope: WatchScope,
    watch: Option<ClusterWatch>,
    seen: u64,
    /// The chapter whose turn it is.
    chapter: Option<String>,
    shapes: BTreeMap<String, Topology>,
    /// Are they wanted?
    record: bool,
}

impl LiveClusterMonitor {
    /// Over the cluster of this lock; `record`: its shape is kept at each chapter's end.
    pub(super) fn over(lock: WorldLock, masker: Masker, record: bool) -> Self {
        Self {
            lock,
            masker,
            scope: WatchScope::default(),
            watch: None,
            seen: 0,
            chapter: None,
            shapes: BTreeMap::new(),
            record,
        }
    }

    /// The cluster as it stood at the end of each chapter that had a turn.
    pub(super) fn into_shapes(self) -> BTreeMap<String, Topology> {
        self.shapes
    }
}

impl ClusterMonitor for LiveClusterMonitor {
    fn begin_step(&mut self, chapter: &PlannedChapter) {
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
        let told = status.problems.first().map(ToString::to_string);
        let unrecoverable =
            status.problems.iter().find(|told| told.unrecoverable).map(ToString::to_string);
        ClusterStatus { waiting_for: told.or(status.waiting_for), unrecoverable }
    }

    fn begin_attempt(&mut self) {
        self.seen = self.watch.as_ref().map_or(0, ClusterWatch::begin_check);
    }

    fn wait_for_change(&mut self, limit: Duration) -> ChangeWait {
        match &self.watch {
            None => ChangeWait::NotWatched,
            Some(watch) if watch.changed_after(self.seen, limit) => ChangeWait::Changed,
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
        let cure = cluster
            .hibernation_hint()
            .map(|cure| format!("== first of all ==\n{cure}\n\n"))
            .unwrap_or_default();
        vec![("objects.txt".to_owned(), cure + &failure_report.text)]
    }

    fn hint(&mut self) -> Option<String> {
        let cluster = self.lock.cluster.as_ref()?;
        let missing = || {
            self.watch
                .as_ref()?
                .status()
                .problems
                .iter()
                .find_map(|told| cluster.hint_for(&told.problem))
        };
        cluster.hibernation_hint().or_else(missing)
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
