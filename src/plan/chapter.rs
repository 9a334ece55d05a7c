//! One chapter under one profile: its steps with their fingerprints and its rendered manifests, before the selection.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use super::condition;
use super::context::ResolveContext;
use super::made_of::MadeOf;
use super::parts::link_parts;
use super::roles::{link_roles, prove_chapter};
use super::selection::chapter_at;
use super::step::{FromBefore, RenderedManifest, Role, Step};
use crate::book::{
    Attributes, Book, Chapter, ManifestBlock, NameKind, Problem, Problems, Refusal, Span,
    StepBlock, names_in,
};
use crate::ids::{Fingerprint, Hashing, ObjectRef, StepId};
use crate::manifest::{Rendered, Template, YamlObject};

/// The time limit of one attempt if neither the step nor its chapter has one.
const DEFAULT_TIMEOUT: Duration = Duration::from_mins(2);

/// A chapter's steps and manifests under the profile.
#[derive(Default)]
pub(super) struct Resolved {
    /// All steps in order, including those that run only when named.
    pub steps: Vec<Step>,
    /// All manifests, shared ones first. `before_step` is an index of `steps`.
    pub manifests: Vec<RenderedManifest>,
    /// Indices of the steps that prove the chapter.
    pub done: Vec<usize>,
    /// Names that selected steps read and steps outside of the selection bind.
    pub from_before: Vec<FromBefore>,
    /// The fingerprint of everything that runs when the whole chapter is selected.
    pub fingerprint: Option<Fingerprint>,
}

/// Resolves a chapter, and adds its problems.
pub(super) fn resolve_chapter(
    context: &ResolveContext<'_>,
    chapter: &Chapter,
    problems: &mut Problems,
) -> Resolved {
    let steps = chapter.blocks.len();
    let mut builder = ChapterBuilder {
        context,
        chapter,
        problems,
        resolved: Resolved { steps: Vec::with_capacity(steps), ..Resolved::default() },
        bound: BTreeSet::new(),
        numbers: Arc::default(),
        prior: None,
        files: HashMap::new(),
        folder: context.folder_of(chapter),
    };
    builder.add_shared();
    for block in &chapter.blocks {
        match block {
            crate::book::Block::Step(step)
                if runs_under(&step.attributes.profiles, context.profile) =>
            {
                builder.add_step(step);
            }
            crate::book::Block::Manifest(manifest)
                if runs_under(&manifest.profiles, context.profile) =>
            {
                builder.add_manifest(manifest);
            }
            _ => {}
        }
    }
    let (mut resolved, folder) = (builder.resolved, builder.folder);
    link_roles(context, chapter, &mut resolved.steps, problems);
    link_parts(
        chapter.name.as_str(),
        &mut resolved.steps,
        &resolved.manifests,
        folder.as_deref(),
        context.values,
    );
    resolved.done = prove_chapter(context, chapter, &resolved.steps, problems);
    resolved.fingerprint = Some(whole_fingerprint(chapter, &resolved));
    resolved
}

fn runs_under(profiles: &[String], profile: &str) -> bool {
    profiles.is_empty() || profiles.iter().any(|own| own == profile)
}

struct ChapterBuilder<'a> {
    context: &'a ResolveContext<'a>,
    chapter: &'a Chapter,
    problems: &'a mut Problems,
    resolved: Resolved,
    /// The names that the steps so far bind.
    bound: BTreeSet<String>,
    /// The names among them that are numbers.
    numbers: Arc<BTreeSet<String>>,
    /// The fingerprint of the manifests so far.
    prior: Option<Fingerprint>,
    /// The files of the manifests so far, each with its place; `None` for a shared one.
    files: HashMap<String, Option<Span>>,
    /// The folder in which the chapter's shell starts, if it is not the folder of rendered manifests.
    folder: Option<String>,
}

impl ChapterBuilder<'_> {
    fn add_shared(&mut self) {
        for shared in self.context.shared {
            self.files.insert(shared.file.clone(), None);
            self.resolved.manifests.push(RenderedManifest {
                file: shared.file.clone(),
                text: shared.text.clone(),
                late: false,
                numbers: Arc::default(),
                before_step: 0,
                own: false,
                place: shared.place.clone(),
                objects: object_refs(&shared.objects, self.chapter),
            });
        }
    }

    fn add_step(&mut self, block: &StepBlock) {
        let fingerprint = self.fingerprint(block);
        if let Some(when) = &block.attributes.when {
            self.check_condition(block, when, condition::Kind::When);
        }
        let binds =
            block.expected.as_ref().map(|expected| self.bind(&expected.text)).unwrap_or_default();
        if let Some(check) = &block.attributes.check {
            self.check_condition(block, check, condition::Kind::Check);
        }
        let attributes = Arc::new(self.attributes_of(block));
        self.resolved.steps.push(Step {
            id: StepId { chapter: self.chapter.name.clone(), step: block.name.clone() },
            place: self.context.book.sources.place(block.span),
            span: block.span,
            script_line: block.script_line,
            script: block.script.clone(),
            role: Role::Act { proven_by: Vec::new() },
            attributes,
            expected: block.expected.as_ref().map(|expected| expected.text.clone()),
            binds,
            numbers: self.numbers.clone(),
            expected_span: block.expected.as_ref().map(|expected| expected.body),
            fingerprint,
            made_of: MadeOf::default(),
            reads: BTreeSet::new(),
            files: BTreeSet::new(),
        });
    }

    /// The step's attributes with the defaults of the chapter, then of the book.
    fn attributes_of(&self, block: &StepBlock) -> Attributes {
        let (own, front) = (&block.attributes, &self.chapter.front);
        Attributes {
            timeout: own.timeout.or(front.timeout).or(Some(DEFAULT_TIMEOUT)),
            normalize: own.normalize.or(front.normalize).or(self.context.normalize),
            when: own
                .when
                .as_deref()
                .map(|when| condition::with_chapter_names(when, self.context.book)),
            ..own.clone()
        }
    }

    fn fingerprint(&mut self, block: &StepBlock) -> Fingerprint {
        let mut hashing = Hashing::default();
        hashing.part(block.script.as_bytes()).part(block.attributes.canonical_text().as_bytes());
        if let Some(expected) = &block.expected {
            hashing.part(expected.text.as_bytes());
        }
        if let Some(prior) = self.prior {
            hashing.part(prior.bytes());
        }
        for (shared, manifest) in self.context.shared.iter().zip(&mut self.resolved.manifests) {
            if memchr::memmem::find(block.script.as_bytes(), shared.file.as_bytes()).is_some() {
                manifest.own = true;
                hashing.part(shared.fingerprint.bytes());
            }
        }
        if let Some(folder) = &self.folder {
            hashing.part(b"cwd").part(folder.as_bytes());
        }
        self.context.values.hash_into(&block.script, false, &mut hashing);
        if let Some(when) = &block.attributes.when {
            self.context.values.hash_into(when, true, &mut hashing);
        }
        hashing.finish()
    }

    /// The names that an expected output binds first. The first binding decides whether a name is a number.
    fn bind(&mut self, expected: &str) -> Vec<String> {
        let mut first = Vec::new();
        for (name, kind) in names_in(expected) {
            if self.bound.insert(name.clone()) {
                if kind != NameKind::Word {
                    Arc::make_mut(&mut self.numbers).insert(name.clone());
                }
                first.push(name);
            }
        }
        first
    }

    /// Validates the expression of `check=` or `when=` with the names that are bound so far.
    fn check_condition(&mut self, block: &StepBlock, expression: &str, kind: condition::Kind) {
        let (book, values) = (self.context.book, self.context.renderer.values());
        let place = |word: &str| book.sources.find_in(block.info, word);
        if let Err(refusal) = condition::validate(expression, kind, values, &self.bound) {
            return self.problems.push(refusal.at(place(expression)));
        }
        let is_check = kind == condition::Kind::Check;
        if is_check && block.attributes.interactive && condition::uses(expression, "output") {
            let refusal = Refusal::new(
                "what an interactive step writes to the terminal is not kept, so its `check=` can't use `output`",
                "let a verify step after it look at what it has done",
            );
            return self.problems.push(refusal.at(place(expression)));
        }
        for word in condition::chapters_named(expression) {
            if let Err(problem) = chapter_at(book, word) {
                self.problems.push(Problem { span: Some(place(word)), ..problem });
            }
        }
    }

    fn add_manifest(&mut self, block: &ManifestBlock) {
        if let Some(earlier) = self.files.insert(block.file.clone(), Some(block.span)) {
            let mut problem = Problem::at(
                first_line(self.context.book, block.span),
                format!("two manifests of this chapter are written to {}", block.file),
            )
            .hint("give one of them another file name, or let each run under its own profile");
            match earlier {
                Some(earlier) => {
                    problem =
                        problem.label(first_line(self.context.book, earlier), "the first one");
                }
                None => {
                    problem.hint = Some(format!(
                        "the book has manifests/{}.j2 as well: give one of them another name",
                        block.file
                    ));
                }
            }
            self.problems.push(problem);
        }
        let template = Template { file: &block.file, text: &block.template, body: block.body };
        let rendered = match self.context.renderer.render(template, &self.bound) {
            Ok(rendered) => rendered,
            Err(problem) => return self.problems.push(problem),
        };
        let (text, late, objects) = match rendered {
            Rendered::Now(text, objects) => (text, false, object_refs(&objects, self.chapter)),
            Rendered::Late => (block.template.to_string(), true, Vec::new()),
        };
        let mut hashing = Hashing::default();
        if let Some(prior) = self.prior {
            hashing.part(prior.bytes());
        }
        hashing.part(block.file.as_bytes()).part(text.as_bytes());
        if late {
            self.context.values.hash_into(&block.template, true, &mut hashing);
        }
        self.prior = Some(hashing.finish());
        self.resolved.manifests.push(RenderedManifest {
            file: block.file.clone(),
            text,
            late,
            numbers: self.numbers.clone(),
            before_step: self.resolved.steps.len(),
            own: true,
            place: self.context.book.sources.place(block.span),
            objects,
        });
    }
}

fn first_line(book: &Book, span: Span) -> Span {
    let length = book.sources.text(span).lines().next().unwrap_or_default().len();
    Span { end: span.start + u32::try_from(length).unwrap_or(0), ..span }
}

fn object_refs(objects: &[YamlObject], chapter: &Chapter) -> Vec<ObjectRef> {
    let namespace = |found: &YamlObject| {
        if found.is_cluster_scoped() {
            None
        } else {
            found.namespace.clone().or_else(|| chapter.front.namespace.clone())
        }
    };
    let object = |found: &YamlObject| ObjectRef {
        api_version: found.api_version.clone(),
        kind: found.kind.clone(),
        namespace: namespace(found),
        name: found.name.clone(),
    };
    objects.iter().map(object).collect()
}

fn whole_fingerprint(chapter: &Chapter, resolved: &Resolved) -> Fingerprint {
    let mut hashing = Hashing::default();
    hashing.part(chapter.front.namespace.as_deref().unwrap_or_default().as_bytes());
    for step in resolved.steps.iter().filter(|step| !step.attributes.only_when_named) {
        hashing.part(step.id.step.as_str().as_bytes()).part(step.fingerprint.bytes());
    }
    for manifest in resolved.manifests.iter().filter(|manifest| manifest.own) {
        hashing.part(manifest.file.as_bytes()).part(manifest.text.as_bytes());
    }
    for done in &resolved.done {
        hashing.part(resolved.steps[*done].id.step.as_str().as_bytes());
    }
    hashing.finish()
}
