//! What must hold before the first step of a run: otherwise the run is refused and changes nothing.

use crate::error::Error;
use crate::history::Past;
use crate::plan::{FromBefore, Plan};

/// Refuses a plan in which a step reads a name that neither a selected step nor the last run has bound: an unbound name must never
/// reach a script as an empty text.
pub(super) fn refuse_unbound(plan: &Plan, past: &Past) -> Result<(), Error> {
    for chapter in &plan.chapters {
        if let Err(FromBefore { name, binder, reader }) = past.bound_before(chapter, plan) {
            return Err(Error::usage(
                format!(
                    "{reader} reads `{name}`, which {binder} binds: that step is not part of this run, and no earlier run here has bound the name"
                ),
                format!("run from that step: `--from {}`", binder.step),
            ));
        }
    }
    Ok(())
}

/// Refuses a plan with a step that asks or that is interactive, where there is no terminal to answer on.
pub(super) fn require_terminal(plan: &Plan, yes: bool, terminal: bool) -> Result<(), Error> {
    if terminal {
        return Ok(());
    }
    for step in plan.chapters.iter().flat_map(|chapter| &chapter.steps) {
        if let Some(question) = step.attributes.confirm.as_ref().filter(|_| !yes) {
            return Err(Error::usage(
                format!(
                    "{} ({}) asks {question:?}, and there is no terminal to ask on",
                    step.id, step.place
                ),
                "answer yes to every question with `--yes`",
            ));
        }
        if step.attributes.interactive {
            return Err(Error::usage(
                format!("{} ({}) is interactive, and there is no terminal", step.id, step.place),
                "run it on a terminal, or leave it out with `--from`, `--to` or targets",
            ));
        }
    }
    Ok(())
}
