//! `guide review`: accepts or rejects the pending output of runs, one change at a time or all at once.
//!
//! `items` finds what is pending, `walk` asks, and `apply` writes.

mod apply;
mod items;
mod walk;

use super::book_context::open;
use crate::cli::ReviewArgs;
use crate::compare::Rules;
use crate::error::{Error, Exit};
use crate::report::{self, Keys, PendingOutput, Reviewed, Style};
use crate::settings::Settings;

use apply::Review;
use items::{Item, collect};
use walk::{Decision, Walk};

/// Reviews what is pending.
pub(super) fn review(settings: &Settings, args: &ReviewArgs) -> Result<Exit, Error> {
    let context = open(settings)?;
    let (items, notes) = collect(&context, &args.targets)?;
    for note in notes {
        report::eprint(&format!("note: {note}\n"));
    }
    if items.is_empty() {
        report::print(if args.json { "[]\n" } else { "" })?;
        report::eprint(if args.json { "" } else { "nothing is pending review\n" });
        return Ok(Exit::AsWritten);
    }
    let data_style = super::style(settings, report::stdout_is_terminal());
    let decisions = if args.list || args.json && !args.accept && !args.reject {
        return list(&items, args.json, &data_style);
    } else if args.accept && args.targets.is_empty() {
        note_what_is_kept(&items);
        items.iter().map(Item::accepted_unnamed).collect()
    } else if args.accept {
        items.iter().map(Item::accepted).collect()
    } else if args.reject {
        items.iter().map(Item::rejected).collect()
    } else {
        ask(&items, &super::style(settings, report::stderr_is_terminal()))?
    };
    let (reviewed, errors) = Review::of(&context).apply(&items, &decisions);
    let outcomes: Vec<(&PendingOutput, Reviewed)> =
        items.iter().map(|item| &item.output).zip(reviewed).collect();
    report::print(&if args.json {
        report::reviewed_json(&outcomes)
    } else {
        report::reviewed_text(&outcomes, &data_style)
    })?;
    match errors.into_iter().next() {
        Some(error) => Err(error),
        None => Ok(Exit::AsWritten),
    }
}

/// Names what `--accept` leaves pending.
fn note_what_is_kept(items: &[Item]) {
    let names: Vec<String> = items
        .iter()
        .filter(|item| item.was_waited_for)
        .map(|item| item.output.step.to_string())
        .collect();
    if !names.is_empty() {
        report::eprint(&format!(
            "note: these checks were waited for (`until=`) and did not get the output that is expected: accept them by name, \
             `guide review --accept {}`\n",
            names.join(" ")
        ));
    }
}

fn list(items: &[Item], json: bool, style: &Style) -> Result<Exit, Error> {
    let outputs: Vec<PendingOutput> = items.iter().map(|item| item.output.clone()).collect();
    let as_json = || {
        report::reviewed_json(
            &outputs.iter().map(|output| (output, Reviewed::Pending)).collect::<Vec<_>>(),
        )
    };
    report::print(&if json { as_json() } else { report::pending_text(&outputs, style) })?;
    Ok(Exit::AsWritten)
}

fn ask(items: &[Item], style: &Style) -> Result<Vec<Decision>, Error> {
    if !(report::stdin_is_terminal() && report::stderr_is_terminal()) {
        return Err(Error::usage(
            format!("{} pending review, and there is no terminal to ask on", outputs(items.len())),
            "list them with `guide review --list`, then use `guide review --accept` or `--reject`, with step names to decide about some of them",
        ));
    }
    let mut keys = Keys::of_stdin();
    let mut walk = Walk {
        next_key: &mut || keys.next_key(),
        write: &mut |text| report::eprint(text),
        rules: &Rules::default(),
        style,
        all: None,
    };
    Ok(walk.decide(items))
}

fn outputs(number: usize) -> String {
    if number == 1 { "1 output is".to_owned() } else { format!("{number} outputs are") }
}
