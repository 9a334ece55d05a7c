//! `guide replay`: runs what a bundle ran, here, and names the first step that behaves differently.

use super::book_context::open;
use super::merge::with_cell;
use super::run::{run, verify};
use crate::bundle::{compare_runs, fingerprint_of, first_failure};
use crate::cli::{Command, ReplayArgs, RunArgs, StepArgs, TargetArgs, VerifyArgs, parse_words};
use crate::error::{Error, Exit};
use crate::ids::StepId;
use crate::plan::Selection;
use crate::report::{self, eprint};
use crate::settings::Settings;
use crate::store::{Bundle, last_run, read_bundle};

/// Replays a bundle.
pub(super) fn replay(settings: &Settings, args: &ReplayArgs) -> Result<Exit, Error> {
    let bundle = read_bundle(&settings.here.join(&args.bundle)).map_err(Error::Usage)?;
    let settings = with_cell(settings, Some(&bundle));
    refuse_other_book(&settings, &bundle)?;
    let failed = first_failure(&bundle.journal.events).map(|finished| finished.step.clone());
    let exit = if args.here {
        verify(&settings, &verify_args(&settings, failed)?)?
    } else {
        run(&settings, &run_args(&bundle, failed.as_ref(), args.yes))?
    };
    let root = super::found_book(&settings)?;
    if let Some(journal) = last_run(&settings.state_dir(&root), &root)? {
        let comparison = compare_runs(&bundle.journal.events, &journal.events);
        let style = super::style(&settings, report::stderr_is_terminal());
        eprint(&report::replayed_text(&comparison, &style));
    }
    Ok(exit)
}

/// Another book cannot be replayed. The same book in another state can be, since that may be what is to be tried.
fn refuse_other_book(settings: &Settings, bundle: &Bundle) -> Result<(), Error> {
    let context = open(settings)?;
    if context.book.title != bundle.head.book {
        return Err(Error::usage(
            format!(
                "the bundle is of the book {:?}, and this is {:?}",
                bundle.head.book, context.book.title
            ),
            "replay it in the folder of its book, or name that with `--book`",
        ));
    }
    if fingerprint_of(&context.plan(&Selection::default())?) != bundle.head.book_as {
        eprint("note: the book or its values have changed since the bundle was made\n");
    }
    Ok(())
}

/// Runs the bundle's targets up to the step that failed.
fn run_args(bundle: &Bundle, failed: Option<&StepId>, yes: bool) -> RunArgs {
    let Selection { targets, from, to, only } = Selection::of_words(bundle.head.targets.clone());
    let to = match only {
        Some(_) => None,
        None => failed.map(ToString::to_string).or(to),
    };
    let steps = StepArgs { from, to, only };
    let mut args = RunArgs { target: TargetArgs { targets }, steps, ..parsed_run() };
    args.yes = yes;
    args
}

/// The default of every option of `guide run`.
fn parsed_run() -> RunArgs {
    match parse_words(&["guide", "run"]) {
        Command::Run(args) => args,
        _ => unreachable!("`guide run` is parsed as `run`"),
    }
}

/// Asks only the check that failed.
fn verify_args(settings: &Settings, failed: Option<StepId>) -> Result<VerifyArgs, Error> {
    let Some(step) = failed else {
        return Err(Error::usage("no step of the bundle failed", "replay it without `--here`"));
    };
    let context = open(settings)?;
    let plan =
        context.plan(&Selection { targets: vec![step.to_string()], ..Selection::default() })?;
    let is_check =
        plan.chapters.iter().flat_map(|chapter| &chapter.steps).all(crate::plan::Step::is_verify);
    if !is_check {
        return Err(Error::usage(
            format!("{step} failed, and it is not a check: it changes something"),
            "replay it without `--here`, in a world of your own",
        ));
    }
    match parse_words(&["guide", "verify", &step.to_string()]) {
        Command::Verify(args) => Ok(args),
        _ => unreachable!("`guide verify` is parsed as `verify`"),
    }
}
