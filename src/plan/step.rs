//! The resolved plan: chapters, steps, rendered manifests.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::made_of::{MadeOf, NamedFiles};
use crate::book::{Attributes, Background, Normalizers, Place, Span};
use crate::ids::{ChapterName, Fingerprint, ObjectRef, StepId};

/// The chapters and steps to run, in order.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The profile of the plan.
    pub profile: String,
    /// The environment variables of the values (in upper case, with `_` for every other character), sorted by name.
    pub environment: Vec<(String, String)>,
    /// The values, for late manifests and for conditions.
    pub values: serde_json::Value,
    /// The chapters with steps to run, in the order of the book.
    pub chapters: Vec<PlannedChapter>,
    /// The files of the book that acting steps name, as they were when the plan was made. Empty for a plan that is only displayed.
    pub files: NamedFiles,
}

impl Plan {
    /// The files of the book that a step names and that exist.
    pub fn files_of(&self, step: &Step) -> NamedFiles {
        let known = |name: &String| self.files.get(name).map(|print| (name.clone(), *print));
        step.files.iter().filter_map(known).collect()
    }
}

/// A chapter of the plan.
#[derive(Debug, Clone)]
pub struct PlannedChapter {
    /// Its name.
    pub name: ChapterName,
    /// Its title.
    pub title: String,
    /// Its file, for messages.
    pub file: Arc<std::path::Path>,
    /// The chapters that must have passed before it.
    pub needs: Vec<ChapterName>,
    /// The namespace of its objects, if the front matter names one.
    pub namespace: Option<String>,
    /// The manifests of the chapter under this profile: shared ones first, then in the order of the text.
    pub manifests: Vec<RenderedManifest>,
    /// The steps of this profile and selection, in the order of the text. The engine runs `always` steps at the end.
    pub steps: Vec<Step>,
    /// The indices of the steps that prove the whole chapter (`done:` of the front matter). Empty if there are none, or if not all of
    /// them are selected.
    pub done: Vec<usize>,
    /// The fingerprint of everything that must be unchanged for the chapter to be up to date: steps, manifests and used values.
    pub fingerprint: Fingerprint,
    /// The names that its steps read and that steps outside of the selection bind.
    pub from_before: Vec<FromBefore>,
    /// Whether only a part of the chapter is selected (by step targets, `--from`, `--to` or `--only`).
    pub partial: bool,
    /// The chapter that needs this one, if it is not selected itself. It is skipped if its `done:` steps pass or, without such steps,
    /// if it passed unchanged before.
    pub needed_by: Option<ChapterName>,
}

impl PlannedChapter {
    /// The steps whose `when=` decides whether a step runs: the step itself, and for a check the step that it proves.
    pub fn conditions_of(&self, index: usize) -> impl Iterator<Item = &Step> {
        let step = &self.steps[index];
        let proved = match step.role {
            Role::Verify { proves } => proves.map(|proves| &self.steps[proves]),
            Role::Act { .. } => None,
        };
        [Some(step), proved].into_iter().flatten().filter(|step| step.attributes.when.is_some())
    }
}

/// A name that a selected step reads and that an earlier step outside of the selection binds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FromBefore {
    /// The name.
    pub name: String,
    /// The step that binds it.
    pub binder: StepId,
    /// The step that reads it.
    pub reader: StepId,
}

/// A manifest rendered while planning.
#[derive(Debug, Clone)]
pub struct RenderedManifest {
    /// The name of the file in the chapter's folder of rendered manifests.
    pub file: String,
    /// The YAML text; for a late manifest, its template.
    pub text: String,
    /// Whether it uses names that earlier steps bind, so that it is rendered when the first step after it starts.
    pub late: bool,
    /// The names bound before it that are numbers, see [`Step::numbers`].
    pub numbers: Arc<BTreeSet<String>>,
    /// The index of the first selected step after it, which is the number of selected steps before it.
    pub before_step: usize,
    /// Whether it belongs to this chapter: it is written in it, or is a shared one that a step of the chapter mentions. `guide diff` and
    /// `guide down` ignore the other shared ones.
    pub own: bool,
    /// The place of the template.
    pub place: Place,
    /// The objects in it; empty for a late manifest.
    pub objects: Vec<ObjectRef>,
}

/// The role of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    /// It may change the world.
    Act {
        /// The indices in the chapter's `steps` of the checks that prove it. If all of them already pass, it is skipped. Empty: no check
        /// proves it.
        proven_by: Vec<usize>,
    },
    /// It is read-only.
    Verify {
        /// The index of the acting step that it proves; `None` if this profile and selection has none before it.
        proves: Option<usize>,
    },
}

/// A step that can be executed.
#[derive(Debug, Clone)]
pub struct Step {
    /// Its id.
    pub id: StepId,
    /// The first line of the fence.
    pub place: Place,
    /// The whole fence.
    pub span: Span,
    /// 1-based line of the script's first line.
    pub script_line: u32,
    /// The script for bash.
    pub script: Arc<str>,
    /// Its role.
    pub role: Role,
    /// Its attributes with the defaults of its chapter and book; `timeout` is `Some`.
    pub attributes: Arc<Attributes>,
    /// The text of the `output` fence after it, if there is one.
    pub expected: Option<Arc<str>>,
    /// The names that its `output` fence is the first in the chapter to bind.
    pub binds: Vec<String>,
    /// The names bound at its end that are numbers, because `<name:int>` or `<name:float>` bound them. Other names are text.
    pub numbers: Arc<BTreeSet<String>>,
    /// The content of its `output` fence, for review and messages.
    pub expected_span: Option<Span>,
    /// The fingerprint of its script, attributes, expected output and the values that it mentions.
    pub fingerprint: Fingerprint,
    /// Its parts, as far as the text of the book shows them.
    pub made_of: MadeOf,
    /// The variables that it and the manifests that it names read. Those that earlier steps bind are parts of it.
    pub reads: BTreeSet<String>,
    /// The files of the book that it may read, as paths or patterns relative to the root. They need not exist.
    pub files: BTreeSet<String>,
}

impl Step {
    /// The time limit of one attempt.
    pub fn timeout(&self) -> Duration {
        self.attributes.timeout.unwrap_or(Duration::from_secs(120))
    }

    /// Whether it is a background step that ends with the chapter or run that started it.
    pub fn ends_with_its_run(&self) -> bool {
        matches!(self.attributes.background, Some(Background::Chapter | Background::Run))
    }

    /// The normalizers of its snapshot.
    pub fn normalizers(&self) -> Normalizers {
        self.attributes.normalize.unwrap_or_default()
    }

    /// Whether it is a check.
    pub fn is_verify(&self) -> bool {
        matches!(self.role, Role::Verify { .. })
    }
}
