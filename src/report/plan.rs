//! A plan as text for a person, and as JSON for a program.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::humanize::{count, duration};
use super::json::json_text;
use super::style::Style;
use crate::book::Normalizers;
use crate::compare::Rules;
use crate::history::{Past, Position, Resume, is_run_from};
use crate::ids::ObjectRef;
use crate::plan::{Plan, PlannedChapter, RenderedManifest, Role, Step};

/// The plan for a person.
pub(crate) fn plan_text(
    plan: &Plan,
    past: &Past,
    resume: Option<&Resume>,
    style: &Style,
) -> String {
    let mut text = format!("profile {}\n", style.strong(&plan.profile));
    let start = resume.map_or((0, 0), Resume::position);
    match resume {
        Some(Resume::NothingLeft) => text += "no step has to run: every step has passed\n",
        Some(Resume::At { chapter, step, why }) => {
            let id = &plan.chapters[*chapter].steps[*step].id;
            let _ = writeln!(text, "resuming at {}: {why}", style.strong(id));
        }
        None => {}
    }
    for (index, chapter) in plan.chapters.iter().enumerate() {
        write_chapter(&mut text, plan, past, start, index, chapter, style);
    }
    let _ = writeln!(
        text,
        "\n{}",
        style.faint(format!("active normalizers of snapshots: {}", names().join(", ")))
    );
    text
}

/// The names of all normalizers, which are active unless `normalize=` chooses some of them.
fn names() -> Vec<&'static str> {
    Rules::default().list().map(|(rule, _)| rule.normalizer.name()).collect()
}

/// The normalizers of a step's snapshot, if they are not all of them.
fn normalize(step: &Step) -> Option<String> {
    let chosen = step
        .attributes
        .normalize
        .filter(|chosen| *chosen != Normalizers::ALL && step.attributes.snapshot.is_some())?;
    Some(format!(", normalize={chosen}"))
}

fn write_chapter(
    text: &mut String,
    plan: &Plan,
    past: &Past,
    start: Position,
    index: usize,
    chapter: &PlannedChapter,
    style: &Style,
) {
    let steps = count(chapter.steps.len(), "step");
    let _ = writeln!(
        text,
        "\n{} {} {}",
        style.strong(&chapter.name),
        chapter.title,
        style.faint(format!("({steps})"))
    );
    if let Some(done) = done(plan, past, chapter) {
        let _ = writeln!(text, "  {}", style.faint(done));
    }
    for manifest in &chapter.manifests {
        let file = style.faint("file");
        let _ = writeln!(text, "  {file} {}  {}", manifest.file, style.faint(content(manifest)));
    }
    for (number, step) in chapter.steps.iter().enumerate() {
        let runs = is_run_from(plan, start, (index, number));
        let took = past.seconds.get(&step.id);
        let took = took.map(|seconds| format!(", took {} last time", duration(*seconds)));
        let facts = [
            why(plan, past, chapter, step, runs),
            normalize(step).unwrap_or_default(),
            took.unwrap_or_default(),
        ];
        let _ = writeln!(
            text,
            "  {:>3} {}  {}  {}",
            number + 1,
            step.id.step,
            style.faint(&step.place),
            style.faint(facts.concat())
        );
    }
}

/// The objects of a manifest.
fn content(manifest: &RenderedManifest) -> String {
    if manifest.late {
        return "rendered when its values are bound".to_owned();
    }
    let name = |object: &ObjectRef| format!("{}/{}", object.kind, object.name);
    manifest.objects.iter().map(name).collect::<Vec<_>>().join(", ")
}

/// The condition under which the whole chapter is taken as done.
fn done(plan: &Plan, past: &Past, chapter: &PlannedChapter) -> Option<String> {
    if chapter.partial
        || !past.passed_whole(chapter, plan)
        || (chapter.done.is_empty() && chapter.needed_by.is_none())
    {
        return None;
    }
    let names: Vec<String> =
        chapter.done.iter().map(|index| chapter.steps[*index].id.step.to_string()).collect();
    Some(match names.len() {
        0 => "taken as done: it passed, and nothing in it has changed since".to_owned(),
        1 => format!(
            "taken as done if {} passes: nothing in it has changed since it passed",
            names[0]
        ),
        _ => format!(
            "taken as done if {} pass: nothing in it has changed since it passed",
            names.join(", ")
        ),
    })
}

fn why(plan: &Plan, past: &Past, chapter: &PlannedChapter, step: &Step, runs: bool) -> String {
    if !runs {
        return "passed before".to_owned();
    }
    let name = |index: &usize| chapter.steps[*index].id.step.to_string();
    match &step.role {
        Role::Verify { proves: Some(proves) } => format!("verifies {}", name(proves)),
        Role::Verify { proves: None } => "verifies".to_owned(),
        Role::Act { proven_by } if proven_by.is_empty() => "runs".to_owned(),
        Role::Act { proven_by } => {
            let pass = if proven_by.len() == 1 { "passes" } else { "pass" };
            let checks = proven_by.iter().map(name).collect::<Vec<_>>().join(" and ");
            let record = past.record(&step.id);
            let now = step.made_of.with_files(&plan.files_of(step));
            match record.map(|record| record.standing.why_run(&now)) {
                _ if step.ends_with_its_run() => "runs".to_owned(),
                Some(Some(why)) => format!("runs: {why}"),
                Some(None) => {
                    format!("up to date if {checks} {pass}: nothing has changed since it passed")
                }
                None => format!("runs unless {checks} {pass}"),
            }
        }
    }
}

/// The plan for a program.
pub(crate) fn plan_json(plan: &Plan, past: &Past, start: Position) -> String {
    let chapters: Vec<Value> = plan
        .chapters
        .iter()
        .enumerate()
        .map(|(index, chapter)| chapter_json(plan, past, start, index, chapter))
        .collect();
    json_text(&json!({"profile": plan.profile, "chapters": chapters, "normalisers": names()}))
}

fn chapter_json(
    plan: &Plan,
    past: &Past,
    start: Position,
    index: usize,
    chapter: &PlannedChapter,
) -> Value {
    let steps: Vec<Value> = chapter
        .steps
        .iter()
        .enumerate()
        .map(|(number, step)| {
            let runs = is_run_from(plan, start, (index, number));
            json!({
                "step": step.id,
                "place": step.place.to_string(),
                "verify": step.is_verify(),
                "runs": runs,
                "why": why(plan, past, chapter, step, runs),
                "timeout_seconds": step.timeout().as_secs_f64(),
                "seconds_last_time": past.seconds.get(&step.id),
                "script": &*step.script,
                "fingerprint": step.fingerprint,
                "normalize": step.attributes.normalize.unwrap_or_default().to_string(),
            })
        })
        .collect();
    let manifests: Vec<Value> = chapter
        .manifests
        .iter()
        .map(|manifest| json!({"file": manifest.file, "place": manifest.place.to_string(), "late": manifest.late, "objects": manifest.objects, "text": manifest.text}))
        .collect();
    json!({"chapter": chapter.name, "title": chapter.title, "needs": chapter.needs, "manifests": manifests, "steps": steps})
}
