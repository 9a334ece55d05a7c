//! The doorway: parse, run, print one error, return a code.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let cli = match guide::cli::Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // clap's own text; help and version are no errors.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    ExitCode::from(guide::commands::main(cli).code())
}
