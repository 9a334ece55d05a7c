//! Runs a program of this machine for a short time and returns its output.

mod changed_files;

pub(crate) use changed_files::Revision;

use std::io;
use std::time::Duration;

/// The result of a program that ended in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProbeOutput {
    /// The exit code. `None` when a signal ended the program.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl ProbeOutput {
    /// Whether the exit code is 0.
    pub(crate) fn succeeded(&self) -> bool {
        self.code == Some(0)
    }
}

/// The reason why there is no result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ProbeError {
    /// There is no such program in PATH.
    Missing,
    /// The program did not end in time and was killed.
    TimedOut,
    /// The program could not be started or waited for.
    Failed(String),
}

/// Runs a program without input and waits at most `limit`.
pub(crate) fn probe(
    program: &str,
    arguments: &[&str],
    limit: Duration,
) -> Result<ProbeOutput, ProbeError> {
    let started = duct::cmd(program, arguments)
        .stdin_null()
        .stdout_capture()
        .stderr_capture()
        .unchecked()
        .start();
    let handle = started.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => ProbeError::Missing,
        _ => ProbeError::Failed(error.to_string()),
    })?;
    match handle.wait_timeout(limit) {
        Ok(Some(output)) => Ok(ProbeOutput {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }),
        Ok(None) => {
            // Killing fails if the program has just ended by itself, which is not an error.
            let _ = handle.kill();
            Err(ProbeError::TimedOut)
        }
        Err(error) => Err(ProbeError::Failed(error.to_string())),
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the test measures a time limit")]
mod tests {
    use super::*;

    #[test]
    fn the_output_has_the_code_and_both_streams() {
        let answer =
            probe("sh", &["-c", "echo out; echo err >&2; exit 3"], Duration::from_secs(5)).unwrap();
        assert_eq!(
            answer,
            ProbeOutput { code: Some(3), stdout: "out\n".into(), stderr: "err\n".into() }
        );
    }

    #[test]
    fn a_missing_program_is_an_error() {
        assert_eq!(
            probe("no-such-program-anywhere", &[], Duration::from_secs(5)),
            Err(ProbeError::Missing)
        );
    }

    #[test]
    fn a_program_that_hangs_is_killed_in_time() {
        let start = std::time::Instant::now();
        assert_eq!(probe("sleep", &["30"], Duration::from_millis(100)), Err(ProbeError::TimedOut));
        assert!(start.elapsed() < Duration::from_secs(5));
    }
}
