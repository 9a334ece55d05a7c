//! Runs shellcheck on a script.

use std::io;
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;

/// The time limit of shellcheck for one chapter.
const LIMIT: Duration = Duration::from_secs(60);

/// The findings that do not apply to steps: a sourced file does not exist yet, and a step that ends
/// its shell does not end the chapter.
const LEFT_OUT: &str = "SC1090,SC1091,SC2317";

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Finding {
    /// 1-based.
    pub line: usize,
    /// The number of `SC2086`.
    pub code: u16,
    /// The message of shellcheck.
    pub message: String,
}

#[derive(Deserialize)]
struct Report {
    comments: Vec<Finding>,
}

/// Why there are no findings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LintError {
    /// shellcheck is not on the PATH.
    Missing,
    /// shellcheck failed. The text says why.
    Failed(String),
}

/// The findings of shellcheck in a bash script. `folder` is the folder in which it searches for its
/// configuration.
pub(crate) fn lint(script: &str, folder: &Path) -> Result<Vec<Finding>, LintError> {
    let exclude = format!("--exclude={LEFT_OUT}");
    let started = duct::cmd("shellcheck", ["--format=json1", "--shell=bash", &exclude, "-"])
        .dir(folder)
        .stdin_bytes(script)
        .stdout_capture()
        .stderr_capture()
        .unchecked()
        .start();
    let handle = started.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => LintError::Missing,
        _ => LintError::Failed(error.to_string()),
    })?;
    let output = match handle.wait_timeout(LIMIT) {
        Ok(Some(output)) => output,
        Ok(None) => {
            let _ = handle.kill();
            return Err(LintError::Failed("it did not answer within a minute".to_owned()));
        }
        Err(error) => return Err(LintError::Failed(error.to_string())),
    };
    let report: Result<Report, _> = serde_json::from_slice(&output.stdout);
    report.map(|report| report.comments).map_err(|_| {
        let said = String::from_utf8_lossy(&output.stderr);
        LintError::Failed(said.lines().next().unwrap_or("its answer is not JSON").to_owned())
    })
}
