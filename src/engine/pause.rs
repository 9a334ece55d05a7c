//! `--pause`: opens a shell for the person at a failed step. Its exit code decides whether the step
//! runs again.

use super::context::{ChapterRun, RunContext, StepRef, variables};
use super::step::StepFlow;
use crate::diagnostic::Diagnostic;
use crate::world::StepShell;

/// Opens a shell in the state from which the failed step started. Returns whether the step has to
/// run again: the shell ended with exit code 0.
pub(super) fn tries_again(
    ctx: &mut RunContext<'_, '_>,
    run: &ChapterRun<'_>,
    step: StepRef<'_>,
    flow: StepFlow,
) -> Result<bool, Diagnostic> {
    let has_failed = matches!(flow, StepFlow::Failed | StepFlow::Unanswered);
    let attributes = &step.step.attributes;
    if !ctx.request.options.pause || !has_failed || attributes.background.is_some() {
        return Ok(false);
    }
    let bound = variables(&run.bound);
    let cwd = attributes.cwd.as_deref();
    let shell = StepShell { step: &step.step.id, bound: &bound, cwd, on_terminal: true };
    let world = &mut *ctx.ports.world;
    let mut code = Ok(1);
    ctx.ports.prompt.pause(&step.step.id, &mut || code = world.open_shell(&shell));
    let code = code?;
    let text = format!("the shell at {} ended with exit code {code}", step.step.id);
    ctx.note(text, Some(&step.step.id))?;
    Ok(code == 0)
}
