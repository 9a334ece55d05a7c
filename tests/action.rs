//! The scripts of the GitHub action, by their own test: the real program and git, and a GitHub of one folder.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test starts a script and shows what it printed"
)]

use std::path::Path;
use std::process::Command;

#[test]
fn the_action_s_scripts_do_what_they_say() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("action/test");
    let output = Command::new(script)
        .arg(env!("CARGO_BIN_EXE_guide"))
        .output()
        .expect("bash runs the script");
    let (printed, errors) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    println!("{printed}{errors}");
    if output.status.code() == Some(77) {
        return; // It says what it lacks.
    }
    assert!(output.status.success(), "{printed}{errors}");
    assert!(
        printed.lines().filter(|line| line.starts_with("ok ")).count() > 20,
        "tests are missing:\n{printed}"
    );
}
