//! The program: parses the command line, runs the command, and returns its exit code.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};
use guide::cli::Cli;

fn main() -> ExitCode {
    match parse(std::env::args_os().collect()) {
        Ok(cli) => ExitCode::from(guide::commands::main(cli).code()),
        Err(error) => ExitCode::from(guide::commands::command_line_ended(&error).code()),
    }
}

/// The usage names the program as it was called: kubectl starts a plugin `kubectl-guide` for `kubectl guide`.
fn parse(arguments: Vec<OsString>) -> Result<Cli, clap::Error> {
    let program = arguments.first().map(Path::new).and_then(Path::file_name);
    let plugin = program.is_some_and(|name| name == "kubectl-guide");
    let mut command = Cli::command().bin_name(if plugin { "kubectl guide" } else { "guide" });
    let mut matches = command.try_get_matches_from_mut(arguments)?;
    Cli::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut command))
}
