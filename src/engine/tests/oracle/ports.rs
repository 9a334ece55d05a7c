//! The ports of the engine, as far as these tests need them.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::rc::Rc;

use super::model::Model;
use crate::book::SnapshotKind;
use crate::compare::Bindings;
use crate::diagnostic::Diagnostic;
use crate::engine::{
    ChangeWait, ClusterMonitor, ClusterStatus, FailureReports, Prompt, SnapshotStore, Workspace,
    WorkspaceRequest,
};
use crate::event::{Event, Reporter};
use crate::ids::StepId;
use crate::plan::{NamedFiles, PlannedChapter, RenderedManifest, Step};

/// All ports of the engine but the world, the journal and the clock.
#[derive(Clone)]
pub(super) struct TestPorts(pub(super) Rc<RefCell<Model>>);

impl FailureReports for TestPorts {
    fn write(&mut self, _: &Step, _: &PlannedChapter, _: &[(String, String)]) -> Option<PathBuf> {
        None
    }
}

impl Reporter for TestPorts {
    fn report(&mut self, _: &Event) {}
}

impl SnapshotStore for TestPorts {
    fn accepted_text(&mut self, _: &Step) -> Option<String> {
        None
    }
    fn write_pending(
        &mut self,
        _: &Step,
        _: SnapshotKind,
        _: &Bindings,
        _: &[u8],
    ) -> Option<PathBuf> {
        None
    }
    fn write_pending_fence(&mut self, _: &Step, _: &Bindings, _: &[u8]) -> Option<PathBuf> {
        None
    }
    fn clear_pending(&mut self, _: &Step) {}
}

impl Workspace for TestPorts {
    fn prepare(&mut self, request: &WorkspaceRequest<'_>) -> Result<PathBuf, Diagnostic> {
        self.0.borrow_mut().files.extend(request.files.iter().cloned());
        Ok(PathBuf::from(request.chapter.name.as_str()))
    }
    fn named_files(&mut self, _: &BTreeSet<String>) -> NamedFiles {
        NamedFiles::new()
    }
    fn render_late(
        &self,
        template: &RenderedManifest,
        _: &serde_json::Value,
        _: &Bindings,
    ) -> Result<String, String> {
        Ok(template.text.clone())
    }
}

impl ClusterMonitor for TestPorts {
    fn begin_step(&mut self, _: &PlannedChapter) {}
    fn status(&mut self, _: std::time::Duration) -> ClusterStatus {
        ClusterStatus::default()
    }
    fn begin_attempt(&mut self) {}
    fn wait_for_change(&mut self, _: std::time::Duration) -> ChangeWait {
        ChangeWait::Changed
    }
    fn evidence(&mut self, _: &PlannedChapter) -> Vec<(String, String)> {
        Vec::new()
    }
    fn hint(&mut self) -> Option<String> {
        None
    }
    fn lost(&mut self, _: &str) -> Option<Diagnostic> {
        None
    }
    fn made_by_book(&self) -> Option<bool> {
        Some(false)
    }
    fn after_chapter(&mut self) -> Result<(), Diagnostic> {
        Ok(())
    }
}

impl Prompt for TestPorts {
    fn confirm(&mut self, _: &StepId, _: &str) -> bool {
        true
    }
}
