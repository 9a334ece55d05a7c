//! `guide plan`: shows what would run, why, and with which manifests. It changes nothing.

use super::book_context::open;
use super::run::{selection, to_run};
use super::shards::split;
use crate::cli::PlanArgs;
use crate::error::{Error, Exit};
use crate::history::{Resume, resume_point};
use crate::plan::Plan;
use crate::report;
use crate::secrets::without_secret_data;
use crate::settings::Settings;
use crate::store::load_past;

/// Makes the plan and prints it.
pub(super) fn plan(settings: &Settings, args: &PlanArgs) -> Result<Exit, Error> {
    let context = open(settings)?;
    if let Some(count) = args.shards {
        let selection = selection(&args.target.targets, &args.steps);
        let split = split(settings, &context, &selection, count, &args.split)?;
        let text = match (args.json, args.github) {
            (true, _) => report::split_json(&split),
            (false, true) => report::split_matrix(&split),
            (false, false) => {
                report::split_text(&split, &super::style(settings, report::stdout_is_terminal()))
            }
        };
        report::print(&text)?;
        return Ok(Exit::AsWritten);
    }
    let selection = to_run(selection(&args.target.targets, &args.steps), args.resume, &context)?;
    let plan = context.with_files(context.plan_run(&selection)?);
    let past = load_past(&context.state, &context.root)?;
    let resume = args.resume.then(|| resume_point(&plan, &past));
    let start = resume.as_ref().map_or((0, 0), Resume::position);
    let text = if args.json {
        report::plan_json(&without_secret_data_in(&plan), &past, start)
    } else {
        let style = super::style(settings, report::stdout_is_terminal());
        report::plan_text(&plan, &past, resume.as_ref(), &style)
    };
    report::print(&context.masker_of(&plan).mask(&text))?;
    Ok(Exit::AsWritten)
}

/// The plan with the data of its Secret objects masked.
fn without_secret_data_in(plan: &Plan) -> Plan {
    let mut plan = plan.clone();
    for manifest in plan
        .chapters
        .iter_mut()
        .flat_map(|chapter| &mut chapter.manifests)
        .filter(|manifest| !manifest.late)
    {
        manifest.text = without_secret_data(&manifest.text);
    }
    plan
}
