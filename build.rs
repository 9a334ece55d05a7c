//! How the program is linked, for a start that takes no longer than it must: a run of one step takes some milliseconds.
//!
//! To a fixed address: a position-independent program has 49,000 pointers to put right at each start; what that would protect it
//! from, it does on purpose: it runs what it reads. And with the unwinder built in, where the compiler has it: as a library of its
//! own it takes a tenth of a millisecond to load.

#![expect(
    clippy::disallowed_methods,
    reason = "cargo tells a build script by its environment what it builds for"
)]

use std::path::Path;
use std::process::Command;

fn main() {
    let target = |what: &str| std::env::var(format!("CARGO_CFG_TARGET_{what}")).unwrap_or_default();
    if target("OS") == "linux" && target("ENV") == "gnu" {
        println!("cargo::rustc-link-arg-bins=-no-pie");
        let for_itself = std::env::var("HOST").ok() == std::env::var("TARGET").ok();
        if for_itself && has_library("libgcc_eh.a") {
            println!("cargo::rustc-link-lib=static:-bundle=gcc_eh");
        }
    }
    println!("cargo::rerun-if-changed=build.rs");
}

/// Does the C compiler, which links for rustc, know where that is? If not, it answers with the bare name.
fn has_library(name: &str) -> bool {
    let answer = Command::new("cc").arg(format!("-print-file-name={name}")).output();
    answer.is_ok_and(|answer| Path::new(String::from_utf8_lossy(&answer.stdout).trim()).is_file())
}
