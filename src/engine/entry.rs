//! Entering and leaving a chapter: its folder, its shell, and the state and bindings with which the
//! shell starts.

use super::context::{ChapterRun, RunContext, variables};
use super::ports::WorkspaceRequest;
use crate::diagnostic::Diagnostic;
use crate::ids::ChapterName;
use crate::output::{Ending, ShellState};
use crate::plan::{Plan, RenderedManifest};
use crate::secrets::secret_values;
use crate::text::truncate::last_bytes;
use crate::world::{ExitTrap, ShellContext};

/// The variables of a chapter's shell beside the caller's environment: the values, the variables of
/// the run, and the chapter's name.
pub(crate) fn chapter_environment(
    plan: &Plan,
    of_run: &[(String, String)],
    chapter: &ChapterName,
) -> Vec<(String, String)> {
    let name = ("GUIDE_CHAPTER".to_owned(), chapter.to_string());
    plan.environment.iter().chain(of_run).cloned().chain([name]).collect()
}

/// Starts the chapter's shell in the state before the first step to run.
pub(super) fn enter(
    ctx: &mut RunContext<'_, '_>,
    run: &mut ChapterRun<'_>,
) -> Result<(), Diagnostic> {
    run.state = state_before_start(ctx, run)?;
    start_shell(ctx, run)
}

/// Starts the chapter's shell in the state in which the chapter last ended. Checks may use
/// functions and variables that acting steps define, and these steps do not run now.
pub(super) fn enter_from_last_state(
    ctx: &mut RunContext<'_, '_>,
    run: &mut ChapterRun<'_>,
) -> Result<(), Diagnostic> {
    let (plan, past) = (ctx.plan(), ctx.request.past);
    let kept = run.chapter.steps.iter().filter_map(|step| past.kept(step, plan));
    let with_state = kept.filter_map(|before| Some((before, before.state.as_ref()?)));
    let last = with_state.max_by_key(|(before, _)| (&before.run, before.number));
    if let Some((before, stored)) = last {
        run.bound.clone_from(&before.bound);
        run.state = Some(ctx.ports.record.past_state(&before.run, stored)?);
    }
    add_bound_before(ctx, run);
    run.state_is_unknown =
        run.state.is_none() && run.chapter.steps.iter().any(|step| !step.is_verify());
    run.unsent_bindings = variables(&run.bound);
    start_shell(ctx, run)
}

/// Ends the chapter's shell and notes the processes that had to be stopped.
pub(super) fn leave(ctx: &mut RunContext<'_, '_>) {
    let leftovers = ctx.ports.world.leave();
    ctx.note_leftovers(&leftovers, None);
    if let Some(trap) = ctx.ports.world.take_exit_trap() {
        note_exit_trap(ctx, &trap);
    }
}

/// Notes the end of the EXIT trap that the chapter's steps had set, because it belongs to no step.
fn note_exit_trap(ctx: &mut RunContext<'_, '_>, trap: &ExitTrap) {
    const LONGEST: usize = 4096;
    let mut parts = Vec::new();
    match trap {
        ExitTrap::NotRun { why } => parts.push(format!("did not run: {why}")),
        ExitTrap::Ran(output) => {
            match output.ending {
                Ending::TimedOut => parts.push("was stopped because it took too long".to_owned()),
                Ending::Signalled(signal) => parts.push(format!("was ended by signal {signal}")),
                Ending::Interrupted => parts.push("was interrupted".to_owned()),
                Ending::Exited(_) | Ending::GivenUp | Ending::Started => {}
            }
            if !output.bytes.is_empty() {
                let printed = String::from_utf8_lossy(&output.bytes);
                parts.push(format!("printed: {}", last_bytes(&printed, LONGEST).trim_end()));
            }
        }
    }
    if !parts.is_empty() {
        // An error is ignored, because the chapter has ended even if the note cannot be recorded.
        let _ = ctx.note(format!("the EXIT trap of the chapter {}", parts.join(" and ")), None);
    }
}

/// Writes the manifests in front of this step that use bound values, which are known only now.
pub(super) fn render_late(
    ctx: &mut RunContext<'_, '_>,
    run: &ChapterRun<'_>,
    index: usize,
) -> Result<(), Diagnostic> {
    let is_due = |manifest: &&RenderedManifest| manifest.late && manifest.before_step == index;
    let mut files = Vec::new();
    for manifest in run.chapter.manifests.iter().filter(is_due) {
        let text = ctx
            .ports
            .workspace
            .render_late(manifest, &ctx.plan().values, &run.bound)
            .map_err(Diagnostic::new)?;
        secret_values(&text).iter().for_each(|value| ctx.request.masker.add(value));
        files.push((manifest.file.clone(), text));
    }
    if !files.is_empty() {
        let request = WorkspaceRequest { chapter: run.chapter, files: &files };
        ctx.ports.workspace.prepare(&request)?;
    }
    Ok(())
}

/// Notes the variables and functions that were not kept in the state, because they contain a
/// secret, and that the caller's environment does not set either.
pub(super) fn note_missing_state(
    ctx: &mut RunContext<'_, '_>,
    run: &ChapterRun<'_>,
) -> Result<(), Diagnostic> {
    let left_out = run.state.as_ref().map(ShellState::left_out).unwrap_or_default();
    let given = &ctx.request.caller_variables;
    let missing: Vec<String> = left_out.into_iter().filter(|name| !given.contains(name)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let text = format!(
        "{} continues without {}, which was not kept because it contains a secret. Set variables in the environment, or run the step that defines it again (--from)",
        run.chapter.name,
        missing.join(", ")
    );
    ctx.note(text, None)
}

fn start_shell(ctx: &mut RunContext<'_, '_>, run: &mut ChapterRun<'_>) -> Result<(), Diagnostic> {
    let manifests = run.chapter.manifests.iter().filter(|manifest| !manifest.late);
    let files: Vec<(String, String)> =
        manifests.map(|manifest| (manifest.file.clone(), manifest.text.clone())).collect();
    let request = WorkspaceRequest { chapter: run.chapter, files: &files };
    run.folder = ctx.ports.workspace.prepare(&request)?;
    let environment = chapter_environment(ctx.plan(), &ctx.request.environment, &run.chapter.name);
    let context = ShellContext { folder: run.folder.clone(), environment };
    ctx.ports.world.enter(&context, run.state.as_ref())
}

/// The shell's state after the last step that is taken over, if the run starts in the middle of
/// this chapter. Also restores the bindings of that step.
fn state_before_start(
    ctx: &mut RunContext<'_, '_>,
    run: &mut ChapterRun<'_>,
) -> Result<Option<ShellState>, Diagnostic> {
    let (index, steps) = (run.index, &run.chapter.steps);
    let mut state = None;
    for step in (0..steps.len()).rev() {
        if ctx.executes((index, step)) {
            continue;
        }
        let Some(before) = ctx.request.past.steps.get(&steps[step].id) else { continue };
        if run.bound.is_empty() {
            run.bound.clone_from(&before.bound);
            ctx.rebind(index, &mut run.bound);
        }
        if let Some(stored) = &before.state {
            state = Some(ctx.ports.record.past_state(&before.run, stored)?);
            break;
        }
    }
    add_bound_before(ctx, run);
    run.unsent_bindings = variables(&run.bound);
    Ok(state)
}

/// Adds the bindings of earlier steps of the chapter that are not selected.
fn add_bound_before(ctx: &RunContext<'_, '_>, run: &mut ChapterRun<'_>) {
    let known = ctx.request.past.bound_before(run.chapter, ctx.plan()).unwrap_or_default();
    for (name, value) in known {
        run.bound.entry(name).or_insert(value);
    }
}
