//! `guide plan`: what would run, why, with what manifests; changes nothing.

use super::open::open;
use super::run::{selection, to_run};
use crate::cli::PlanArgs;
use crate::error::{Error, Exit};
use crate::plan::{Resume, resume_point};
use crate::report;
use crate::settings::Settings;
use crate::store::load_past;

/// Plans and shows it.
pub fn plan(settings: &Settings, args: &PlanArgs) -> Result<Exit, Error> {
    let opened = open(settings)?;
    let selection = to_run(selection(&args.target.targets, &args.steps), args.resume, &opened)?;
    let plan = opened.with_files(opened.plan_run(&selection)?);
    let past = load_past(&opened.state, &opened.root)?;
    let resume = args.resume.then(|| resume_point(&plan, &past));
    let start = resume.as_ref().map_or((0, 0), Resume::position);
    let text = if args.json {
        report::plan_json(&plan, &past, start)
    } else {
        let style = super::style(settings, report::stdout_is_terminal());
        report::plan_text(&plan, &past, resume.as_ref(), &style)
    };
    report::write_data(&text);
    Ok(Exit::AsWritten)
}
