//! Everything the engine works with, as small traits: the world, the journal, the snapshots, the cluster, the person, the time.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use super::clock::Clock;
use crate::book::SnapshotKind;
use crate::compare::Bindings;
use crate::diagnostic::Diagnostic;
use crate::event::{Record, Reporter};
use crate::ids::StepId;
use crate::plan::{NamedFiles, PlannedChapter, Step};
use crate::world::World;

/// Everything the engine works with.
pub(crate) struct Ports<'a> {
    /// Runs commands.
    pub world: &'a mut dyn World,
    /// Keeps the events, the outputs and the shell's states.
    pub record: &'a mut dyn Record,
    /// Writes failure reports.
    pub failure_reports: &'a mut dyn FailureReports,
    /// Shows the events.
    pub reporter: &'a mut dyn Reporter,
    /// Reads accepted snapshots and writes pending ones.
    pub snapshots: &'a mut dyn SnapshotStore,
    /// Prepares the folders of the chapters.
    pub workspace: &'a mut dyn Workspace,
    /// Watches the cluster.
    pub monitor: &'a mut dyn ClusterMonitor,
    /// Asks the person.
    pub prompt: &'a mut dyn Prompt,
    /// Measures time.
    pub clock: &'a dyn Clock,
}

/// Writes the failure report of a failed step.
pub(crate) trait FailureReports {
    /// Writes these parts (file name, text) with the secrets masked. Returns their folder; `None` when it could not be written.
    fn write(
        &mut self,
        step: &Step,
        chapter: &PlannedChapter,
        parts: &[(String, String)],
    ) -> Option<PathBuf>;
}

/// The snapshots of the book. A file that cannot be read or written is reported at the end of the run.
pub(crate) trait SnapshotStore {
    /// The accepted text of a step, if there is one.
    fn accepted_text(&mut self, step: &Step) -> Option<String>;
    /// Writes a pending snapshot beside the accepted one. Returns its path.
    fn write_pending(
        &mut self,
        step: &Step,
        kind: SnapshotKind,
        bound: &Bindings,
        output: &[u8],
    ) -> Option<PathBuf>;
    /// Writes the output that differs from an `output` fence, for review. Returns its path.
    fn write_pending_fence(
        &mut self,
        step: &Step,
        bound: &Bindings,
        output: &[u8],
    ) -> Option<PathBuf>;
    /// Removes what is pending for a step, because its output is as accepted.
    fn clear_pending(&mut self, step: &Step);
}

/// What the folder of a chapter is to hold.
pub(crate) struct WorkspaceRequest<'a> {
    /// The chapter.
    pub chapter: &'a PlannedChapter,
    /// File name and text of every manifest to write.
    pub files: &'a [(String, String)],
}

/// The working folders of the chapters.
pub(crate) trait Workspace {
    /// Writes the manifests that changed and returns the folder.
    fn prepare(&mut self, request: &WorkspaceRequest<'_>) -> Result<PathBuf, Diagnostic>;
    /// Fingerprints of those of these files (paths from the book's root, patterns among them) that exist.
    fn named_files(&mut self, names: &BTreeSet<String>) -> NamedFiles;
    /// Renders a manifest that uses bound values. An error is a text with file and line.
    fn render_late(
        &self,
        template: &crate::plan::RenderedManifest,
        values: &serde_json::Value,
        bound: &Bindings,
    ) -> Result<String, String>;
}

/// What the cluster says about the objects of a chapter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ClusterStatus {
    /// What the step is waiting for, in one line.
    pub waiting_for: Option<String>,
    /// Why an object cannot become ready any more.
    pub unrecoverable: Option<String>,
}

/// What a wait for a change of the cluster came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChangeWait {
    /// An object has changed since the last attempt began.
    Changed,
    /// Nothing has changed, and the time is over.
    Unchanged,
    /// No cluster is watched, so that nothing was waited for.
    NotWatched,
}

/// Watches the cluster while steps run.
pub(crate) trait ClusterMonitor {
    /// Chooses the objects to watch. Watching starts only when the step has run for a while.
    fn begin_step(&mut self, chapter: &PlannedChapter);
    /// The state of these objects, after the step has run for this long.
    fn status(&mut self, elapsed: Duration) -> ClusterStatus;
    /// An attempt begins: [`ClusterMonitor::wait_for_change`] looks for changes from here on.
    fn begin_attempt(&mut self);
    /// Waits until an object has changed since the last attempt began, for at most this long.
    fn wait_for_change(&mut self, limit: Duration) -> ChangeWait;
    /// The state of the chapter's objects after a failure, as named sections of a failure report.
    fn evidence(&mut self, chapter: &PlannedChapter) -> Vec<(String, String)>;
    /// After a failure: a problem of the world itself, and the command that solves it, in one line.
    fn hint(&mut self) -> Option<String>;
    /// After a step that failed without an answer and printed this output: why the cluster did not answer, if that is the reason.
    fn lost(&mut self, output: &str) -> Option<Diagnostic>;
    /// Whether the book made the cluster. `None`: the book has no cluster, or there is none yet.
    fn made_by_book(&self) -> Option<bool>;
    /// After a chapter: keeps the world's identity, or fails when the world is another one than the one that was kept.
    fn after_chapter(&mut self) -> Result<(), Diagnostic>;
}

/// Asks the person.
pub(crate) trait Prompt {
    /// `confirm=`: whether the step may run.
    fn confirm(&mut self, step: &StepId, question: &str) -> bool;
    /// `--pause`: opens a shell at a failed step by this function, with the display held back.
    fn pause(&mut self, _step: &StepId, open: &mut dyn FnMut()) {
        open();
    }
}
