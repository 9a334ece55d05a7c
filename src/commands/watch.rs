//! The engine's monitor over the book's cluster: nothing is watched until a step has run for a second.

use std::collections::BTreeMap;
use std::time::Duration;

use super::cluster::WorldLock;
use crate::cluster::{ClusterWatch, EvidenceRequest, WatchScope};
use crate::engine::{ChangeWait, ClusterMonitor, ClusterStatus};
use crate::plan::PlannedChapter;
use crate::secrets::Masker;
use crate::topology::Shape;
use crate::world::WorldError;

/// A step that is done sooner needs no watch.
const PATIENCE: Duration = Duration::from_secs(1);

/// Looks at the cluster while a step waits.
pub(super) struct LiveClusterMonitor {
    lock: WorldLock,
    masker: Masker,
    scope: WatchScope,
    watch: Option<ClusterWatch>,
    seen: u64,
    /// The chapter whose turn it is.
    chapter: Option<String>,
    shapes: BTreeMap<String, Shape>,
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
    pub(super) fn into_shapes(self) -> BTreeMap<String, Shape> {
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
        if elapsed < PATIENCE {
            return ClusterStatus::default();
        }
        let Some(cluster) = &self.lock.cluster else { return ClusterStatus::default() };
        if self.watch.is_none() {
            self.watch = cluster.watch(self.scope.clone()).ok();
        }
        let Some(watch) = &self.watch else { return ClusterStatus::default() };
        let sight = watch.look();
        let told = sight.problems.first().map(ToString::to_string);
        let unrecoverable =
            sight.problems.iter().find(|told| told.unrecoverable).map(ToString::to_string);
        ClusterStatus { waiting_for: told.or(sight.waiting_for), unrecoverable }
    }

    fn begin_attempt(&mut self) {
        self.seen = self.watch.as_ref().map_or(0, ClusterWatch::asking);
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
            .cure()
            .map(|cure| format!("== first of all ==\n{cure}\n\n"))
            .unwrap_or_default();
        vec![("objects.txt".to_owned(), cure + &failure_report.text)]
    }

    fn hint(&mut self) -> Option<String> {
        let cluster = self.lock.cluster.as_ref()?;
        let missing = || {
            self.watch
                .as_ref()?
                .look()
                .problems
                .iter()
                .find_map(|told| cluster.cure_of(&told.problem))
        };
        cluster.cure().or_else(missing)
    }

    fn lost(&mut self) -> Option<WorldError> {
        self.lock.lost()
    }

    fn made_by_book(&self) -> Option<bool> {
        self.lock.made_by_book()
    }

    fn after_chapter(&mut self) -> Result<(), WorldError> {
        self.lock.after()?;
        if let (Some(cluster), Some(chapter)) = (&self.lock.cluster, self.chapter.take())
            && self.record
            && let Some(shape) = cluster.shape()
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
