//! The manual, `docs/manual`: a book that guide runs itself.

use std::path::Path;
use std::process::{Command, Stdio};

fn manual() -> String {
    format!("{}/docs/manual", env!("CARGO_MANIFEST_DIR"))
}

/// `guide WORDS` on the manual, with its state and home in a folder of the test's own; its steps find this binary as `guide`.
fn guide(words: &str, home: &Path) -> (Option<i32>, String) {
    let binary = Path::new(env!("CARGO_BIN_EXE_guide"));
    let folder = binary.parent().expect("a folder").display().to_string();
    let path = std::env::var("PATH").unwrap_or_default();
    let output = Command::new(binary)
        .args(words.split(' '))
        .args(["--book", &manual(), "--state"])
        .arg(home.join("state"))
        .env_clear()
        .env("PATH", format!("{folder}:{path}"))
        .env("HOME", home)
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::null())
        .output()
        .expect("guide starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout) + &text(&output.stderr))
}

#[test]
fn every_page_of_the_manual_is_as_guide_behaves() {
    let home = tempfile::tempdir().expect("a temporary folder");
    for command in ["check", "run --keep-going", "run --keep-going"] {
        let (code, said) = guide(command, home.path());
        assert_eq!(code, Some(0), "guide {command}\n{said}");
    }
    let out = home.path().join("site");
    let (code, said) = guide(&format!("publish --out {}", out.display()), home.path());
    assert_eq!(code, Some(0), "{said}");
    for page in ["tutorial", "reference/commands", "explanation/resume"] {
        assert!(out.join(page).with_extension("html").exists(), "{page}\n{said}");
    }
}
