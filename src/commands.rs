//! The subcommands, one file each. They connect the rooms, and neither decide nor format.

mod book_context;
mod changed;
mod cluster;
mod cluster_monitor;
mod existing_cluster;
mod manifest_objects;
mod run;

mod check;
mod diff;
mod doctor;
mod down;
mod export;
mod init;
mod lint;
mod merge;
mod plan;
mod preprocess;
mod profile;
mod publish;
mod record;
mod replay;
mod reports;
mod review;
mod script;
mod shards;
mod shell;
mod stale;
mod status;
mod syntax;

use std::path::PathBuf;

use clap::CommandFactory;

use crate::cli::{Cli, Command};
use crate::error::{Error, Exit};
use crate::report::{self, Style};
use crate::settings::Settings;
use crate::store::find_book;

/// Runs the command, reports its error if there is one, and returns how it ended.
pub fn main(cli: Cli) -> Exit {
    let settings = Settings::from(&cli.global);
    match dispatch(cli.command, &settings) {
        Ok(exit) => exit,
        Err(error) => {
            report::report_error(&error, style(&settings, report::stderr_is_terminal()));
            error.exit()
        }
    }
}

/// Prints clap's result when there is no command to run: the help, the version, or an error of the command line.
pub fn command_line_ended(result: &clap::Error) -> Exit {
    match report::command_line_text(result) {
        Ok(()) if result.use_stderr() => Exit::Wrong,
        Ok(()) => Exit::AsWritten,
        Err(error) => {
            report::report_error(&error, Style::colourless());
            error.exit()
        }
    }
}

/// The style of text for a stream. `terminal` says whether the stream is a terminal.
fn style(settings: &Settings, terminal: bool) -> Style {
    let around = &settings.surroundings;
    Style::decide(
        settings.color,
        terminal && around.smart_terminal,
        around.no_color,
        around.unicode,
    )
}

/// The folder of the book that the command line names.
fn found_book(settings: &Settings) -> Result<PathBuf, Error> {
    find_book(settings.book.as_deref(), &settings.here).map_err(Error::Usage)
}

fn dispatch(command: Command, settings: &Settings) -> Result<Exit, Error> {
    match command {
        Command::Run(args) => run::run(settings, &args),
        Command::Verify(args) => run::verify(settings, &args),
        Command::Plan(args) => plan::plan(settings, &args),
        Command::Check(args) => check::check(settings, &args),
        Command::Review(args) => review::review(settings, &args),
        Command::Diff(args) => diff::diff(settings, &args),
        Command::Down(args) => down::down(settings, &args),
        Command::Init(args) => init::init(settings, &args),
        Command::Publish(args) => publish::publish(settings, &args),
        Command::Shell(args) => shell::shell(settings, &args),
        Command::Script(args) => script::script(settings, &args),
        Command::Preprocess(args) => preprocess::preprocess(settings, &args),
        Command::Status(args) => status::status(settings, &args),
        Command::Export(args) => export::export(settings, &args),
        Command::Merge(args) => merge::merge(settings, &args),
        Command::Replay(args) => replay::replay(settings, &args),
        Command::Doctor(args) => doctor::doctor(settings, &args),
        Command::Completions { shell } => {
            report::completions(&mut Cli::command(), shell)?;
            Ok(Exit::AsWritten)
        }
    }
}
