//! The program: parses the command line, runs the command, and returns its exit code.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let cli = match guide::cli::Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // clap prints its own text. Help and the version are not errors.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    ExitCode::from(guide::commands::main(cli).code())
}
