//! Links the program to a fixed address. A position-independent one has 49,000 pointers to put right at each start, which is a
//! tenth of the time that a run of one step takes; what it would be protected from, it does on purpose: it runs what it reads.

#![expect(clippy::disallowed_methods, reason = "cargo tells a build script by its environment what it builds for")]

fn main() {
    let target = |what: &str| std::env::var(format!("CARGO_CFG_TARGET_{what}")).unwrap_or_default();
    if target("OS") == "linux" && target("ENV") == "gnu" {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
    println!("cargo::rerun-if-changed=build.rs");
}
