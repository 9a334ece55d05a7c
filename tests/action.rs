//! Runs the test of the GitHub action's scripts, with the real program and git, and with a folder in the place of GitHub.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test starts a script and shows what it printed"
)]

use std::path::Path;
use std::process::Command;

#[test]
fn the_scripts_of_the_action_pass_their_test() {
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
