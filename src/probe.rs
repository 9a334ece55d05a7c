//! A short question to a program of this machine: its answer, or that there is none in time.

use std::io;
use std::time::Duration;

/// What the program said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    /// Its exit code; none when a signal ended it.
    pub(crate) code: Option<i32>,
    /// Its stdout.
    pub(crate) stdout: String,
    /// Its stderr.
    pub(crate) stderr: String,
}

impl Answer {
    /// Did it end with 0?
    pub(crate) fn succeeded(&self) -> bool {
        self.code == Some(0)
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NoAnswer {
    /// No such program in PATH.
    Missing,
    /// Not in time; it was ended.
    TooLate,
    /// It could not be started or waited for.
    Broken(String),
}

/// Runs a program with no input and waits at most `limit`.
pub(crate) fn probe(
    program: &str,
    arguments: &[&str],
    limit: Duration,
) -> Result<Answer, NoAnswer> {
    let started = duct::cmd(program, arguments)
        .stdin_null()
        .stdout_capture()
        .stderr_capture()
        .unchecked()
        .start();
    let handle = started.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => NoAnswer::Missing,
        _ => NoAnswer::Broken(error.to_string()),
    })?;
    match handle.wait_timeout(limit) {
        Ok(Some(output)) => Ok(Answer {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }),
        Ok(None) => {
            // It may have ended by itself meanwhile: as good.
            let _ = handle.kill();
            Err(NoAnswer::TooLate)
        }
        Err(error) => Err(NoAnswer::Broken(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_code_and_both_streams() {
        let answer =
            probe("sh", &["-c", "echo out; echo err >&2; exit 3"], Duration::from_secs(5)).unwrap();
        assert_eq!(
            answer,
            Answer { code: Some(3), stdout: "out\n".into(), stderr: "err\n".into() }
        );
    }

    #[test]
    fn a_missing_program_is_said_so() {
        assert_eq!(
            probe("no-such-program-anywhere", &[], Duration::from_secs(5)),
            Err(NoAnswer::Missing)
        );
    }

    #[test]
    fn a_program_that_hangs_is_ended_in_time() {
        let start = std::time::Instant::now();
        assert_eq!(probe("sleep", &["30"], Duration::from_millis(100)), Err(NoAnswer::TooLate));
        assert!(start.elapsed() < Duration::from_secs(5));
    }
}
