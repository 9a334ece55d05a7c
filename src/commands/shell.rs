//! `guide shell`: an interactive bash in the state of a step.

use std::collections::HashSet;

use super::book_context::{BookContext, open};
use crate::cli::ShellArgs;
use crate::diagnostic::Diagnostic;
use crate::engine::{Workspace, WorkspaceRequest, chapter_environment};
use crate::error::{Error, Exit};
use crate::history::{NoState, Past, Position, ShellStart, shell_start, step_of_interest};
use crate::output::ShellState;
use crate::plan::{Plan, PlannedChapter, Selection, Step};
use crate::report;
use crate::settings::Settings;
use crate::shell::{ShellOptions, ShellWorld};
use crate::store::{Rendered, load_past, past_state};
use crate::world::{ShellContext, StepShell, World};

/// Opens the shell, and says of what it could not bring back.
pub(super) fn shell(settings: &Settings, args: &ShellArgs) -> Result<Exit, Error> {
    let context = open(settings)?;
    let plan = context.plan(&Selection::default())?;
    let past = load_past(&context.state, &context.root)?;
    let (chapter, index) = position(&context, &plan, &past, args.step.as_deref())?;
    let planned = &plan.chapters[chapter];
    let step = &planned.steps[index];
    let start =
        shell_start(&plan, &past, (chapter, index)).map_err(|why| refusal(&why, step, &plan))?;
    let state = start
        .state
        .map(|before| past_state(&context.state, &context.root, before))
        .transpose()?
        .flatten();
    let masker = context.masker_of(&plan);
    let options = ShellOptions {
        bash: "bash".into(),
        environment: settings.surroundings.all.clone(),
        masker,
        interrupt: super::run::listen()?,
        // The EXIT trap of the chapter's steps belongs to the end of a run.
        verify_only: true,
    };
    let mut world = ShellWorld::new(options)?;
    let folder = folder(&context, planned)?;
    let environment = chapter_environment(&plan, &context.environment(settings), &planned.name);
    world.enter(&ShellContext { folder, environment }, state.as_ref())?;
    let on_terminal = report::stdin_is_terminal();
    for line in notes(settings, planned, index, &start, state.as_ref(), on_terminal) {
        report::eprint(&format!("{line}\n"));
    }
    let bound: Vec<(String, String)> = start.bound.into_iter().collect();
    // A step that failed ran in the folder that its `cwd=` names.
    let cwd = step.attributes.cwd.as_deref().filter(|_| !start.after);
    let shell = StepShell { step: &step.id, bound: &bound, cwd, on_terminal };
    match world.open_shell(&shell)? {
        0 => Ok(Exit::AsWritten),
        _ => Ok(Exit::Differs),
    }
}

/// The step that the command line names, else the one where the last run stopped.
fn position(
    context: &BookContext,
    plan: &Plan,
    past: &Past,
    word: Option<&str>,
) -> Result<Position, Error> {
    let not_run = || {
        Error::usage(
            "no step of this book has run here, so there is no state to open a shell in",
            "run the book first: `guide run`",
        )
    };
    let Some(word) = word else { return step_of_interest(plan, past).ok_or_else(not_run) };
    let only = Selection { only: Some(word.to_owned()), ..Selection::default() };
    let whole = Selection { targets: vec![word.to_owned()], ..Selection::default() };
    let named = match context.plan(&whole) {
        Ok(named) => named,
        Err(error) => context.plan(&only).map_err(|_| error)?,
    };
    let steps: Vec<&Step> = named.chapters.iter().flat_map(|chapter| &chapter.steps).collect();
    let found = match steps.as_slice() {
        [step] => Some(step.id.clone()),
        _ => step_of_interest(&named, past)
            .map(|(chapter, step)| named.chapters[chapter].steps[step].id.clone()),
    };
    let found = found.ok_or_else(|| {
        Error::usage(
            format!("no step of `{word}` has run here, so there is no state to open a shell in"),
            format!("run it first: `guide run {word}`"),
        )
    })?;
    let chapters = plan.chapters.iter().enumerate();
    let mut at = chapters.filter_map(|(chapter, planned)| {
        Some((chapter, planned.steps.iter().position(|step| step.id == found)?))
    });
    at.next().ok_or_else(not_run)
}

fn refusal(why: &NoState, step: &Step, plan: &Plan) -> Error {
    let id = &step.id;
    match why {
        NoState::NotRun(gap) => Error::usage(
            format!("the state of {id} is not known: {gap} has not passed here"),
            format!("run the chapter up to it: `guide run {} --to {}`", id.chapter, id.step),
        ),
        NoState::OtherProfile(profile) => Error::usage(
            format!("{id} ran under profile `{profile}`, and this is profile `{}`", plan.profile),
            format!("open it there: `guide shell {id} --profile {profile}`"),
        ),
        NoState::Lost(lost) => Error::World(
            Diagnostic::new(format!(
                "the state of {id} cannot be restored: what {lost} left in the shell was lost"
            ))
            .with_hint(format!("run that step again: `guide run --from {lost}`")),
        ),
    }
}

/// The chapter's folder, with its manifests in it.
fn folder(context: &BookContext, planned: &PlannedChapter) -> Result<std::path::PathBuf, Error> {
    let mut rendered = Rendered::under(&context.state)
        .of_book(&context.root)
        .with_folders(context.working_folders());
    let manifests = planned.manifests.iter().filter(|manifest| !manifest.late);
    let files: Vec<(String, String)> =
        manifests.map(|manifest| (manifest.file.clone(), manifest.text.clone())).collect();
    Ok(rendered.prepare(&WorkspaceRequest { chapter: planned, files: &files })?)
}

/// What the person should know: where the shell is, and what of the step's state is not there.
fn notes(
    settings: &Settings,
    planned: &PlannedChapter,
    index: usize,
    start: &ShellStart<'_>,
    state: Option<&ShellState>,
    on_terminal: bool,
) -> Vec<String> {
    let step = &planned.steps[index];
    let mut lines = Vec::new();
    if on_terminal {
        let when = if start.after { "as it left the shell" } else { "as it starts" };
        lines.push(format!(
            "{} ({}), {when}; `set -e` is off here, and `exit` leaves the shell",
            step.id, step.place
        ));
    }
    let given: HashSet<&str> =
        settings.surroundings.all.iter().filter_map(|(name, _)| name.to_str()).collect();
    let left_out = state.map(ShellState::left_out).unwrap_or_default();
    let missing: Vec<String> =
        left_out.into_iter().filter(|name| !given.contains(name.as_str())).collect();
    if !missing.is_empty() {
        lines.push(format!(
            "note: without {}: a secret is in it, so it was not kept; give variables in the environment of `guide shell`",
            missing.join(", ")
        ));
    }
    let until = if start.after { index + 1 } else { index };
    let background = planned.steps[..until].iter().filter(|step| step.ends_with_its_run());
    let background: Vec<String> = background.map(|step| step.id.step.to_string()).collect();
    if !background.is_empty() {
        let (steps, is) = if background.len() == 1 { ("step", "is") } else { ("steps", "are") };
        lines.push(format!(
            "note: background {steps} {} ended with the run and {is} not running here",
            background.join(", ")
        ));
    }
    lines
}
