//! `guide status`: reports the last run.

use crate::cli::StatusArgs;
use crate::error::{Error, Exit};
use crate::ids::StepId;
use crate::report::{self, ShownRun, print};
use crate::settings::Settings;
use crate::store::{current_holder, find_failure_report, last_run};

/// Reports the last run. The book does not have to be correct; it must have been run.
pub(super) fn status(settings: &Settings, args: &StatusArgs) -> Result<Exit, Error> {
    let root = super::found_book(settings)?;
    let state = settings.state_dir(&root);
    let Some(journal) = last_run(&state, &root)? else {
        return Err(Error::usage("this book has not been run yet", "run it with `guide run`"));
    };
    let shown = |path: std::path::PathBuf| {
        path.strip_prefix(&settings.here).map(ToOwned::to_owned).unwrap_or(path)
    };
    let run = &journal.started.run;
    let failure_report = |step: &StepId| find_failure_report(&state, run, step).map(shown);
    let shown_run = ShownRun {
        started: &journal.started,
        events: &journal.events,
        active: current_holder(&state).map(|holder| holder.to_string()),
        folder: shown(state.join("runs").join(run)),
        failure_report: &failure_report,
    };
    let text = if args.json {
        report::status_json(&shown_run)
    } else if args.times {
        report::times(&journal.events)
    } else {
        report::status(&shown_run, &super::style(settings, report::stdout_is_terminal()))
    };
    print(&text)?;
    Ok(Exit::AsWritten)
}
