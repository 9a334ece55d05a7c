//! The resolved plan: chapters, steps, rendered manifests.

use crate::ids::{ChapterName, Fingerprint, ObjectRef, StepId};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::made_of::{MadeOf, NamedFiles};
use crate::book::{Attributes, Background, Normalizers, Place, Span};

/// What will run, in order.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The profile all of it was resolved for.
    pub profile: String,
    /// Environment variables made of the values (upper-cased, joined by `_`), sorted by name.
    pub environment: Vec<(String, String)>,
    /// Values as minijinja sees them (for manifests that use bound values, rendered again while running, and for `check=`).
    pub values: serde_json::Value,
    /// Selected chapters in order, with the chapters they need that were not selected left out.
    pub chapters: Vec<PlannedChapter>,
    /// Files of the book that acting steps name, as they were when the plan was made. A plan that nothing is decided by has none.
    pub files: NamedFiles,
}

impl Plan {
    /// The files of the book that a step names, as far as they are there.
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
    pub title: String,
    /// Its file, for messages.
    pub file: Arc<std::path::Path>,
    /// Chapters that must have passed before.
    pub needs: Vec<ChapterName>,
    /// Namespace of its objects, if the front matter names one.
    pub namespace: Option<String>,
    /// Every manifest of the chapter that this profile has, shared ones first, then in the order of the text.
    pub manifests: Vec<RenderedManifest>,
    /// Steps of this profile and selection, in order; `always` steps stand where they are written (the engine moves them to the end).
    pub steps: Vec<Step>,
    /// Indices into `steps` of the verify steps that prove the whole chapter (front matter `done:`). Empty: none given, or
    /// not all of them selected.
    pub done: Vec<usize>,
    /// Everything that must be unchanged for the chapter to count as "up to date": steps, manifests, values used.
    pub fingerprint: Fingerprint,
    /// Names that its steps read and that steps bind which are not selected.
    pub from_before: Vec<FromBefore>,
    /// Only a part of the chapter's steps was selected (by step targets, `--from`, `--to`, `--only`).
    pub partial: bool,
    /// Not selected itself: brought along since this chapter needs it. Skipped where its `done:` steps pass, or, where it has
    /// none, when it passed before as it stands now.
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

/// A name that a selected step reads, bound by a step before it that is not selected.
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
    /// File name in the chapter's working folder.
    pub file: String,
    /// The YAML text. Where the template uses values bound by earlier steps (`late`), this is the template itself.
    pub text: String,
    /// Uses names that earlier steps bind; rendered when the first step after it starts.
    pub late: bool,
    /// Names bound before it that are numbers, see [`Step::numbers`].
    pub numbers: Arc<BTreeSet<String>>,
    /// Index of the first selected step that stands after it in the chapter (= the number of selected steps before it).
    pub before_step: usize,
    /// Made by this chapter: it stands in it, or is a shared one whose file name some step of the chapter mentions. Shared ones
    /// that are only written beside the others are nobody's to compare or take away.
    pub own: bool,
    /// Where the template stands.
    pub place: Place,
    /// Objects in it, as (apiVersion, kind, namespace, name), empty for `late`.
    pub objects: Vec<ObjectRef>,
}

/// What a step is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    /// May change the world.
    Act {
        /// Indices (in the chapter's `steps`) of the verify steps that prove it: when all of them already pass, this one is
        /// skipped. Empty: nothing proves it.
        proven_by: Vec<usize>,
    },
    /// Read-only.
    Verify {
        /// Index of the acting step it proves; `None` when there is none before it in this profile and selection.
        proves: Option<usize>,
    },
}

/// A step that can be executed.
#[derive(Debug, Clone)]
pub struct Step {
    /// Its id.
    pub id: StepId,
    /// The fence's first line.
    pub place: Place,
    /// The whole fence, for excerpts.
    pub span: Span,
    /// 1-based line of the script's first line.
    pub script_line: u32,
    /// What bash gets.
    pub script: Arc<str>,
    /// Act or verify.
    pub role: Role,
    /// The braces, as parsed. Time limits of the chapter are already put in: `timeout` is `Some`.
    pub attributes: Arc<Attributes>,
    /// The text of the `output` fence after it, if there is one.
    pub expected: Option<Arc<str>>,
    /// The names that its `output` fence is the first in the chapter to bind.
    pub binds: Vec<String>,
    /// Of all names that are bound by its end, those that are numbers: `<name:int>` or `<name:float>` bound them. Others are text.
    pub numbers: Arc<BTreeSet<String>>,
    /// The `output` fence's body, for review and for messages.
    pub expected_span: Option<Span>,
    /// Script, attributes, expectation and the values it mentions.
    pub fingerprint: Fingerprint,
    /// What it is made of, as far as the book's text tells.
    pub made_of: MadeOf,
    /// Variables that it reads, also in the manifests it names: those among them that earlier steps bind are a part of it.
    pub reads: BTreeSet<String>,
    /// Files of the book that it may read, by path from the root, and patterns of such files; those that are not there among them.
    pub files: BTreeSet<String>,
}

impl Step {
    /// Time limit of one attempt.
    pub fn timeout(&self) -> Duration {
        self.attributes.timeout.unwrap_or(Duration::from_secs(120))
    }

    /// Does what it starts end with the chapter or the run that started it?
    pub fn ends_with_its_run(&self) -> bool {
        matches!(self.attributes.background, Some(Background::Chapter | Background::Run))
    }

    /// The normalizers in force for its snapshot.
    pub fn normalizers(&self) -> Normalizers {
        self.attributes.normalize.unwrap_or_default()
    }

    /// Is it read-only?
    pub fn is_verify(&self) -> bool {
        matches!(self.role, Role::Verify { .. })
    }
}
