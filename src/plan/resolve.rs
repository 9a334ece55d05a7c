//! A book and a request → the plan.

use std::collections::BTreeSet;

use super::chapter::{Resolved, resolve_chapter};
use super::context::{ResolveContext, Shared};
use super::made_of::NamedFiles;
use super::needs::{add_needed, needed_names, resolve_needs};
use super::parts::{parts_of_other, take_rendered};
use super::select::select;
use super::selection::{ChapterSelection, Selection, pick};
use super::step::{Plan, PlannedChapter};
use super::values::ValueTable;
use crate::book::{Block, Book, Normalizers, Problem, Problems, SourceId, Span};
use crate::ids::{Fingerprint, nearest};
use crate::manifest::{Rendered, Renderer, Template};

/// The input of a plan besides the book.
#[derive(Debug, Clone, Default)]
pub struct PlanRequest {
    /// The selected chapters and steps.
    pub selection: Selection,
    /// The profile.
    pub profile: String,
    /// Known profiles besides those that chapters name: `default-profile`, and those with a `values.PROFILE.yaml`.
    pub known_profiles: Vec<String>,
    /// Whether the chapters that selected whole chapters need are added, unless the selection has a `--from`.
    pub with_needs: bool,
    /// The merged values (`values.yaml`, `values.PROFILE.yaml`, `--set`).
    pub values: serde_json::Value,
    /// The normalizers of steps if neither the step nor its chapter chooses any.
    pub normalize: Option<Normalizers>,
    /// The folder in which steps run if their chapter names none, as book.toml states it.
    pub cwd: Option<String>,
}

/// Resolves the whole book for a profile, and keeps the selected steps.
///
/// # Errors
/// Every problem of every chapter, including those outside of the selection.
pub fn make_plan(book: &Book, request: &PlanRequest) -> Result<Plan, Problems> {
    let mut problems = Problems::new();
    check_profile(book, request, &mut problems);
    let values = values_of(book, request, &mut problems);
    let renderer = Renderer::new(&request.values, &book.sources);
    let shared = render_shared(book, &renderer, &mut problems);
    let context = ResolveContext {
        book,
        profile: &request.profile,
        values: &values,
        renderer: &renderer,
        shared: &shared,
        normalize: request.normalize,
        cwd: request.cwd.as_deref(),
    };
    let mut resolved: Vec<Resolved> = Vec::with_capacity(book.chapters.len());
    for chapter in &book.chapters {
        resolved.push(resolve_chapter(&context, chapter, &mut problems));
    }
    link_chapters(book, &mut resolved, &values);
    let needs = resolve_needs(book, &mut problems);
    let mut picks = pick(book, &request.selection).unwrap_or_else(|more| {
        problems.extend(more);
        Vec::new()
    });
    if !problems.is_empty() {
        problems.sort_by_key(|problem| problem.span.map(|span| (span.source, span.start)));
        return Err(problems);
    }
    // With `--from` the user states that earlier chapters are in place.
    let adds_needed = request.with_needs && request.selection.from.is_none();
    let needed_by =
        if adds_needed { add_needed(&needs, &mut picks) } else { vec![None; picks.len()] };
    let mut chapters = planned_chapters(book, resolved, &needs, &picks);
    for (index, chapter) in &mut chapters {
        chapter.needed_by = needed_by[*index].map(|by| book.chapters[by].name.clone());
    }
    Ok(Plan {
        profile: request.profile.clone(),
        environment: values.environment(),
        values: request.values.clone(),
        chapters: chapters.into_iter().map(|(_, chapter)| chapter).collect(),
        files: NamedFiles::new(),
    })
}

/// Adds the manifests of other chapters that a step names to its parts.
fn link_chapters(book: &Book, resolved: &mut [Resolved], values: &ValueTable) {
    let mut named = Vec::new();
    for (chapter, planned) in resolved.iter_mut().enumerate() {
        for (step, planned) in planned.steps.iter_mut().enumerate() {
            let rendered = take_rendered(planned);
            if !rendered.is_empty() {
                named.push((chapter, step, rendered));
            }
        }
    }
    for (chapter, step, rendered) in named {
        let others = book.chapters.iter().zip(&*resolved);
        let parts: Vec<_> = others
            .flat_map(|(other, planned)| {
                parts_of_other(&rendered, &other.name, &planned.manifests, values)
            })
            .collect();
        for (part, print) in parts {
            resolved[chapter].steps[step].made_of.add(part, &print);
        }
    }
}

/// The chapters with selected steps, each with its index in the book.
fn planned_chapters(
    book: &Book,
    resolved: Vec<Resolved>,
    needs: &[Vec<usize>],
    picks: &[ChapterSelection],
) -> Vec<(usize, PlannedChapter)> {
    let runs: Vec<bool> = resolved
        .iter()
        .map(|chapter| chapter.steps.iter().any(|step| !step.attributes.only_when_named))
        .collect();
    let mut planned = Vec::new();
    for (index, (mut resolved, pick)) in resolved.into_iter().zip(picks).enumerate() {
        let partial = select(&mut resolved, pick);
        if resolved.steps.is_empty() {
            continue;
        }
        let chapter = &book.chapters[index];
        let chapter = PlannedChapter {
            name: chapter.name.clone(),
            title: chapter.title.clone(),
            file: book.sources.file(chapter.source).path.clone(),
            needs: needed_names(book, &needs[index], |need| runs[need]),
            namespace: chapter.front.namespace.clone(),
            manifests: resolved.manifests,
            steps: resolved.steps,
            done: resolved.done,
            from_before: resolved.from_before,
            fingerprint: resolved.fingerprint.unwrap_or_else(|| Fingerprint::of([])),
            partial,
            needed_by: None,
        };
        planned.push((index, chapter));
    }
    planned
}

/// The values, with every mention in the steps and templates of all profiles.
fn values_of(book: &Book, request: &PlanRequest, problems: &mut Problems) -> ValueTable {
    let mut values = ValueTable::new(&request.values, problems);
    if values.is_empty() {
        return values;
    }
    for block in book.chapters.iter().flat_map(|chapter| &chapter.blocks) {
        match block {
            Block::Step(step) => {
                values.record_mentions(&step.script, false);
                if let Some(when) = &step.attributes.when {
                    values.record_mentions(when, true);
                }
            }
            Block::Manifest(manifest) => values.record_mentions(&manifest.template, true),
        }
    }
    for (_, source) in &book.shared_manifests {
        values.record_mentions(&book.sources.file(*source).text, true);
    }
    values.finish();
    values
}

fn render_shared(book: &Book, renderer: &Renderer<'_>, problems: &mut Problems) -> Vec<Shared> {
    let mut shared = Vec::with_capacity(book.shared_manifests.len());
    for (file, source) in &book.shared_manifests {
        let body = whole(book, *source);
        let text = &book.sources.file(*source).text;
        match renderer.render(Template { file, text, body }, &BTreeSet::new()) {
            Ok(Rendered::Now(text, objects)) => {
                let fingerprint = Fingerprint::of([file.as_bytes(), text.as_bytes()]);
                shared.push(Shared {
                    file: file.clone(),
                    text,
                    objects,
                    place: book.sources.place(body),
                    fingerprint,
                });
            }
            Ok(Rendered::Late) => {}
            Err(problem) => problems.push(problem),
        }
    }
    shared
}

fn whole(book: &Book, source: SourceId) -> Span {
    let end = u32::try_from(book.sources.file(source).text.len()).unwrap_or(u32::MAX);
    Span { source, start: 0, end, line: 1 }
}

/// Reports a requested profile that is unknown and almost a known one, and a profile in a chapter that is almost a known one.
fn check_profile(book: &Book, request: &PlanRequest, problems: &mut Problems) {
    let mut named: Vec<(&str, Span)> = Vec::new();
    for block in book.chapters.iter().flat_map(|chapter| &chapter.blocks) {
        let (profiles, span) = match block {
            Block::Step(step) => (&step.attributes.profiles, step.info),
            Block::Manifest(manifest) => (&manifest.profiles, manifest.span),
        };
        named.extend(profiles.iter().map(|profile| (profile.as_str(), span)));
    }
    let known: BTreeSet<&str> = request.known_profiles.iter().map(String::as_str).collect();
    for (profile, span) in &named {
        let near = nearest(profile, known.iter().copied()).filter(|_| !known.contains(profile));
        if let Some(near) = near {
            let span = book.sources.find_in(*span, profile);
            problems.push(
                Problem::at(span, format!("unknown profile `{profile}`"))
                    .hint(format!("did you mean `{near}`?")),
            );
        }
    }
    let all: BTreeSet<&str> = named.iter().map(|(profile, _)| *profile).chain(known).collect();
    // Under a profile that no step names, only the steps without a profile run, which may be intended.
    if !all.contains(request.profile.as_str())
        && let Some(near) = nearest(&request.profile, all.iter().copied())
    {
        let message = format!("the book has no profile `{}`", request.profile);
        problems.push(Problem::without_span(message).hint(format!("did you mean `{near}`?")));
    }
}
