//! Writes what a release carries beside the program: its manual pages and its completion scripts.
//!
//! `cargo run --example release-files -- FOLDER` makes `FOLDER/man` and `FOLDER/completions`. An example and not a subcommand, so
//! that neither a build of `guide` nor the program has to carry the writer of manual pages.

#![expect(
    clippy::disallowed_methods,
    reason = "the walls are the program's; this one only writes files"
)]

use std::error::Error;
use std::fs::create_dir_all;
use std::path::PathBuf;

use clap::{CommandFactory, ValueEnum};
use clap_complete::Shell;

fn main() -> Result<(), Box<dyn Error>> {
    let folder: PathBuf = std::env::args_os().nth(1).ok_or("usage: release-files FOLDER")?.into();
    let (man, completions) = (folder.join("man"), folder.join("completions"));
    create_dir_all(&man)?;
    create_dir_all(&completions)?;
    clap_mangen::generate_to(guide::cli::Cli::command(), &man)?;
    for shell in Shell::value_variants() {
        clap_complete::generate_to(*shell, &mut guide::cli::Cli::command(), "guide", &completions)?;
    }
    Ok(())
}
