//! Decides whether an acting step has to run. A step is up to date if it passed in this world, has
//! not changed since, and its checks pass.

use super::condition::unmet_condition;
use super::context::{ChapterRun, RunContext, StepRef};
use super::execute::run_check_aside;
use super::retry::RetryPolicy;
use crate::diagnostic::Diagnostic;
use crate::event::Reason;
use crate::plan::{MadeOf, NamedFiles, Role, Step};

/// The decision whether an acting step has to run.
pub(super) enum Need {
    /// It has to run. The text says why, if it passed here before.
    Run(Option<String>),
    /// It passed, has not changed since, and its checks pass.
    UpToDate,
    /// It never ran here, but its checks pass.
    FoundSo,
    /// `--prove`: it never ran here, but the check that the text names passes, and so proves
    /// nothing.
    Unproven(String),
}

/// Decides by the step's record of earlier runs and by its checks. `now` is what the step is made
/// of now.
pub(super) fn need(
    ctx: &mut RunContext<'_, '_>,
    run: &ChapterRun<'_>,
    step: StepRef<'_>,
    now: &MadeOf,
) -> Result<Need, Diagnostic> {
    let Role::Act { proven_by } = &step.step.role else { return Ok(Need::Run(None)) };
    // A check whose own condition is not true is left out, because it cannot prove anything.
    let applies = |check: &StepRef<'_>| !matches!(unmet_condition(ctx, run, *check), Ok(Some(_)));
    let checks: Vec<StepRef<'_>> =
        proven_by.iter().map(|check| step.sibling(*check)).filter(applies).collect();
    let record = ctx.request.past.record(&step.step.id);
    if ctx.request.options.prove && record.is_none() {
        for check in checks.iter().filter(|check| !check.step.attributes.preexisting) {
            if run_once(ctx, run, *check)?.is_none() {
                return Ok(Need::Unproven(passed_too_early(*check, step)));
            }
        }
    }
    // The process of a background step ended with the run that started it, even if another process
    // makes its check pass now.
    if checks.is_empty() || ctx.must_rerun(step.chapter) || step.step.ends_with_its_run() {
        return Ok(Need::Run(None));
    }
    if let Some(why) = record.and_then(|record| record.standing.why_run(now)) {
        return Ok(Need::Run(Some(why)));
    }
    for check in &checks {
        if let Some(why) = run_once(ctx, run, *check)? {
            return Ok(Need::Run(record.is_some().then_some(why)));
        }
    }
    if record.is_some() {
        return Ok(Need::UpToDate);
    }
    warn_if_unproven(ctx, step, &checks)?;
    Ok(Need::FoundSo)
}

/// Runs a check once. Returns why it did not pass, or `None` if it passed.
fn run_once(
    ctx: &mut RunContext<'_, '_>,
    run: &ChapterRun<'_>,
    check: StepRef<'_>,
) -> Result<Option<String>, Diagnostic> {
    let result = run_check_aside(ctx, run, check, Reason::UpToDate, RetryPolicy::ONCE)?;
    if result.passes {
        return Ok(None);
    }
    let name = &check.step.id.step;
    Ok(Some(match result.why {
        Some(why) => format!("{name} did not pass: {why}"),
        None => format!("{name} did not pass"),
    }))
}

/// Warns if a check passes before its step has ever run in a world that this book made. Only the
/// book's own steps have changed that world, so the check may be one that cannot fail.
fn warn_if_unproven(
    ctx: &mut RunContext<'_, '_>,
    step: StepRef<'_>,
    checks: &[StepRef<'_>],
) -> Result<(), Diagnostic> {
    let has_run_here = ctx.has_acted || !ctx.request.past.records.is_empty();
    let made_here = ctx.ports.monitor.made_by_book().unwrap_or(has_run_here);
    let unexpected = checks.iter().find(|check| !check.step.attributes.preexisting);
    let Some(check) = unexpected.filter(|_| made_here) else { return Ok(()) };
    let text = format!("warning: {}", passed_too_early(*check, step));
    ctx.note(text, Some(&step.step.id))
}

fn passed_too_early(check: StepRef<'_>, step: StepRef<'_>) -> String {
    let (check, step) = (check.step, step.step);
    format!(
        "{} ({}) passes before {} ({}) has ever run here: it proves nothing, or the step is not needed; mark it \
         `preexisting` where that may be so",
        check.id.step, check.place, step.id.step, step.place
    )
}

/// The name of a secret that the step needs and that has no value: neither the caller, nor the
/// values, nor an earlier step sets it. A state never contains secrets, so a resumed run has to get
/// them from the caller again.
pub(super) fn missing_secret(
    ctx: &RunContext<'_, '_>,
    run: &ChapterRun<'_>,
    step: StepRef<'_>,
) -> Option<String> {
    let steps = &step.chapter.steps;
    let (chapter, index) = step.position;
    let names = steps.iter().flat_map(|step| &step.attributes.secrets);
    let is_needed = |name: &&String| {
        step.step.attributes.secrets.contains(*name) || step.step.reads.contains(*name)
    };
    let has_run = |at: &usize| ctx.executes((chapter, *at));
    let is_given = |name: &String| {
        ctx.request.given_secrets.contains(name)
            || run.bound.contains_key(name)
            || (0..=index).filter(has_run).any(|at| may_assign(&steps[at].script, name))
    };
    names.filter(is_needed).find(|name| !is_given(name)).cloned()
}

/// The fingerprints of the files of the book that a step names.
pub(super) fn files_of(ctx: &mut RunContext<'_, '_>, step: &Step) -> NamedFiles {
    if step.is_verify() || step.files.is_empty() {
        return NamedFiles::new();
    }
    ctx.ports.workspace.named_files(&step.files)
}

/// The fingerprints of everything that a step is made of now.
pub(super) fn made_of(ctx: &mut RunContext<'_, '_>, run: &ChapterRun<'_>, step: &Step) -> MadeOf {
    let files = files_of(ctx, step);
    step.made_of.in_run(&step.reads, &run.bound, &files)
}

/// Whether the script may set the variable: it names the variable without reading it, or it runs
/// text from elsewhere (`source`, `eval`).
fn may_assign(script: &str, name: &str) -> bool {
    let part = |next: char| next.is_ascii_alphanumeric() || next == '_';
    let named = script.match_indices(name).any(|(at, _)| {
        let before = script[..at]
            .chars()
            .next_back()
            .is_none_or(|before| !part(before) && !matches!(before, '$' | '{'));
        before && script[at + name.len()..].chars().next().is_none_or(|next| !part(next))
    });
    named || script.split_whitespace().any(|word| matches!(word, "source" | "." | "eval"))
}
