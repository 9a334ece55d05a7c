//! The program: parses the command line, runs the command, and returns its exit code.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let cli = match guide::cli::Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            return ExitCode::from(guide::commands::command_line_ended(&error).code());
        }
    };
    ExitCode::from(guide::commands::main(cli).code())
}
