//! The edges the engine is given, as small traits: the journal, the accepted snapshots, the cluster's monitor, the person asked.

use std::collections::BTreeSet;
use std::path::PathBuf;

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
    /// Keeps what happened.
    pub record: &'a mut dyn Record,
    /// Writes failure reports.
    pub failure_reports: &'a mut dyn FailureReports,
    /// Tells what happens.
    pub reporter: &'a mut dyn Reporter,
    /// SnapshotStore snapshots.
    pub snapshots: &'a mut dyn SnapshotStore,
    /// Makes a chapter's folder ready.
    pub workspace: &'a mut dyn Workspace,
    /// Looks at the cluster while a step waits.
    pub monitor: &'a mut dyn ClusterMonitor,
    /// Asks the person.
    pub prompt: &'a mut dyn Prompt,
}

/// Writes the failure report of a failed step.
pub(crate) trait FailureReports {
    /// Keeps these parts (file name, text), masked by then, and returns their folder; `None` when it could not be written.
    fn write(
        &mut self,
        step: &Step,
        chapter: &PlannedChapter,
        parts: &[(String, String)],
    ) -> Option<PathBuf>;
}

/// The accepted snapshots.
pub(crate) trait SnapshotStore {
    /// The accepted text of a step, if there is one.
    fn accepted_text(&mut self, step: &Step) -> Option<String>;
    /// Writes a pending snapshot beside the accepted one.
    fn write_pending(
        &mut self,
        step: &Step,
        kind: SnapshotKind,
        bound: &Bindings,
        output: &[u8],
    ) -> Option<PathBuf>;
    /// Keeps what came in place of an `output` fence, for review.
    fn write_pending_fence(
        &mut self,
        step: &Step,
        bound: &Bindings,
        output: &[u8],
    ) -> Option<PathBuf>;
    /// The output is as accepted: a pending one is out of date.
    fn clear_pending(&mut self, step: &Step);
}

/// What a workspace is made of.
pub(crate) struct WorkspaceRequest<'a> {
    /// The chapter.
    pub chapter: &'a PlannedChapter,
    /// File name and text of every manifest to write.
    pub files: &'a [(String, String)],
}

/// Makes a chapter's working folder.
pub(crate) trait Workspace {
    /// Writes the manifests (only those that changed) and returns the folder.
    ///
    /// # Errors
    /// When they could not be written.
    fn prepare(&mut self, request: &WorkspaceRequest<'_>) -> Result<PathBuf, Diagnostic>;
    /// Fingerprints of those of these files (paths from the book's root) that are there.
    fn named_files(&mut self, names: &BTreeSet<String>) -> NamedFiles;
    /// Renders a manifest that uses bound values.
    ///
    /// # Errors
    /// In words, with file and line.
    fn render_late(
        &self,
        template: &crate::plan::RenderedManifest,
        values: &serde_json::Value,
        bound: &Bindings,
    ) -> Result<String, String>;
}

/// What the monitor sees of the chapter's objects.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ClusterStatus {
    /// What is being waited for, in one line.
    pub waiting_for: Option<String>,
    /// Why it can't come any more.
    pub unrecoverable: Option<String>,
}

/// Looks at the cluster while a step waits.
pub(crate) trait ClusterMonitor {
    /// Before each step: nothing is watched until a step has run for a while.
    fn begin_step(&mut self, chapter: &PlannedChapter);
    /// What is seen after a step has run this long.
    fn status(&mut self, elapsed: std::time::Duration) -> ClusterStatus;
    /// A verify step is about to be asked: changes from here on count for [`ClusterMonitor::changed_within`].
    fn begin_attempt(&mut self);
    /// Waits until the world has changed since the last question, for at most this long.
    fn wait_for_change(&mut self, limit: std::time::Duration) -> bool;
    /// What the objects of the chapter look like after a failure: named sections of a failure report.
    fn evidence(&mut self, chapter: &PlannedChapter) -> Vec<(String, String)>;
    /// After a failure: what ails the world itself, whatever step noticed it, and the command that cures it. One line.
    fn hint(&mut self) -> Option<String>;
    /// After a step that failed without an answer, and printed this output: why the cluster did not answer, if that is the reason.
    fn lost(&mut self, output: &str) -> Option<Diagnostic>;
    /// Is the cluster one that the book made? None: the book has no cluster, or none is there yet.
    fn made_by_book(&self) -> Option<bool>;
    /// After a chapter: keeps or checks the world's identity.
    ///
    /// # Errors
    /// When the world is another than the one kept.
    fn after_chapter(&mut self) -> Result<(), Diagnostic>;
}

/// Asks the person.
pub(crate) trait Prompt {
    /// `confirm=`: may this be done?
    fn confirm(&mut self, step: &StepId, question: &str) -> bool;
}
