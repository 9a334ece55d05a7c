//! The ports of the engine: small traits for the world, the journal, the snapshots, the cluster,
//! the person and the time.

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

/// Everything outside that the engine uses.
pub(crate) struct Ports<'a> {
    /// Runs commands.
    pub world: &'a mut dyn World,
    /// Keeps the events, the outputs and the states of the shell.
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
    /// Asks the person for decisions.
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
    /// Writes an output that differs from its `output` fence, for review. Returns its path.
    fn write_pending_fence(
        &mut self,
        step: &Step,
        bound: &Bindings,
        output: &[u8],
    ) -> Option<PathBuf>;
    /// Removes the pending output of a step, because the new output equals the accepted one.
    fn clear_pending(&mut self, step: &Step);
}

/// The content that the folder of a chapter must have.
pub(crate) struct WorkspaceRequest<'a> {
    /// The chapter.
    pub chapter: &'a PlannedChapter,
    /// The file name and text of every manifest to write.
    pub files: &'a [(String, String)],
}

/// The working folders of the chapters.
pub(crate) trait Workspace {
    /// Writes the manifests that changed and returns the folder.
    fn prepare(&mut self, request: &WorkspaceRequest<'_>) -> Result<PathBuf, Diagnostic>;
    /// The fingerprints of the files that exist among these. A name is a path relative to the
    /// book's root and may be a pattern.
    fn named_files(&mut self, names: &BTreeSet<String>) -> NamedFiles;
    /// Renders a manifest that uses bound values. The error is a text that names the file and the
    /// line.
    fn render_late(
        &self,
        template: &crate::plan::RenderedManifest,
        values: &serde_json::Value,
        bound: &Bindings,
    ) -> Result<String, String>;
}

/// The status of a chapter's objects in the cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ClusterStatus {
    /// What the step is waiting for, as one line.
    pub waiting_for: Option<String>,
    /// The reason why an object cannot become ready by waiting.
    pub unrecoverable: Option<String>,
}

/// The result of a wait for a change of the cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChangeWait {
    /// An object has changed since the last attempt began.
    Changed,
    /// No object has changed within the time limit.
    Unchanged,
    /// No cluster is watched, and the call returned without waiting.
    NotWatched,
}

/// Watches the cluster while steps run.
pub(crate) trait ClusterMonitor {
    /// Chooses the objects to watch. Watching starts only when the step has run for a while.
    fn begin_step(&mut self, chapter: &PlannedChapter);
    /// The status of the chosen objects, when the step has run for `elapsed`.
    fn status(&mut self, elapsed: Duration) -> ClusterStatus;
    /// Marks the beginning of an attempt, from which [`ClusterMonitor::wait_for_change`] counts
    /// changes.
    fn begin_attempt(&mut self);
    /// Waits for at most `limit` until an object has changed since the last attempt began.
    fn wait_for_change(&mut self, limit: Duration) -> ChangeWait;
    /// The state of the chapter's objects after a failure, as named sections of a failure report.
    fn evidence(&mut self, chapter: &PlannedChapter) -> Vec<(String, String)>;
    /// After a failure: a problem of the world itself and the command that solves it, as one line.
    fn hint(&mut self) -> Option<String>;
    /// After a step that failed with this output: why the cluster cannot be reached, if that is the
    /// cause of the failure.
    fn lost(&mut self, output: &str) -> Option<Diagnostic>;
    /// Whether a step of the book created the cluster. `None`: the book has no cluster, or it does
    /// not exist yet.
    fn made_by_book(&self) -> Option<bool>;
    /// After a chapter: records the identity of the world. It is an error if another identity was
    /// recorded before.
    fn after_chapter(&mut self) -> Result<(), Diagnostic>;
}

/// Asks the person for decisions.
pub(crate) trait Prompt {
    /// `confirm=`: asks the question and returns whether the step may run.
    fn confirm(&mut self, step: &StepId, question: &str) -> bool;
    /// `--pause`: calls `open`, which opens a shell at a failed step, while the display is
    /// suspended.
    fn pause(&mut self, _step: &StepId, open: &mut dyn FnMut()) {
        open();
    }
}
