//! `guide review`: what runs have left pending is accepted or rejected, one hunk at a time or all at once.
//!
//! `items` finds what waits, `walk` asks, `apply` writes.

mod apply;
mod items;
mod walk;

use super::book_context::open;
use crate::cli::ReviewArgs;
use crate::compare::Rules;
use crate::error::{Error, Exit};
use crate::report::{self, Keys, Reviewed, Style, Waiting};
use crate::settings::Settings;

use apply::Review;
use items::{Item, collect};
use walk::{Decision, Walk};

/// Reviews what is pending.
pub(super) fn review(settings: &Settings, args: &ReviewArgs) -> Result<Exit, Error> {
    let context = open(settings)?;
    let (items, notes) = collect(&context, &args.targets)?;
    for note in notes {
        report::write_talk(&format!("note: {note}\n"));
    }
    if items.is_empty() {
        report::write_data(if args.json { "[]\n" } else { "" });
        report::write_talk(if args.json { "" } else { "nothing waits for review\n" });
        return Ok(Exit::AsWritten);
    }
    let data_style = super::style(settings, report::stdout_is_terminal());
    let decisions = if args.list || args.json && !args.accept && !args.reject {
        return Ok(list(&items, args.json, &data_style));
    } else if args.accept {
        items.iter().map(Item::accepted).collect()
    } else if args.reject {
        items.iter().map(Item::rejected).collect()
    } else {
        ask(&items, &super::style(settings, report::stderr_is_terminal()))?
    };
    let (reviewed, faults) = Review::of(&context).apply(&items, &decisions);
    let told: Vec<(&Waiting, Reviewed)> =
        items.iter().map(|item| &item.waiting).zip(reviewed).collect();
    report::write_data(&if args.json {
        report::reviewed_json(&told)
    } else {
        report::reviewed_text(&told, &data_style)
    });
    match faults.into_iter().next() {
        Some(fault) => Err(fault),
        None => Ok(Exit::AsWritten),
    }
}

fn list(items: &[Item], json: bool, style: &Style) -> Exit {
    let waiting: Vec<Waiting> = items.iter().map(|item| item.waiting.clone()).collect();
    let as_json = || {
        report::reviewed_json(&waiting.iter().map(|one| (one, Reviewed::Waits)).collect::<Vec<_>>())
    };
    report::write_data(&if json { as_json() } else { report::waiting_text(&waiting, style) });
    Exit::AsWritten
}

fn ask(items: &[Item], style: &Style) -> Result<Vec<Decision>, Error> {
    if !(report::stdin_is_terminal() && report::stderr_is_terminal()) {
        return Err(Error::usage(
            format!("{} for review, and there is no terminal to ask on", waits(items.len())),
            "see it with `guide review --list`, then `guide review --accept` or `--reject`, with the names of steps for some only",
        ));
    }
    let mut keys = Keys::of_stdin();
    let mut walk = Walk {
        next_key: &mut || keys.next_key(),
        say: &mut |text| report::write_talk(text),
        rules: &Rules::default(),
        style,
        all: None,
    };
    Ok(walk.decide(items))
}

fn waits(number: usize) -> String {
    if number == 1 { "1 output waits".to_owned() } else { format!("{number} outputs wait") }
}
