//! Starts a bash with its arguments, environment, folder, input and output.

#![expect(clippy::disallowed_methods, reason = "bash is looked for in PATH")]

use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use rustix::process::Pid;

use crate::output::Ending;

/// Variables of the caller that would change the behaviour of bash before its first command.
const NOT_INHERITED: [&str; 5] = ["BASH_ENV", "ENV", "SHELLOPTS", "BASHOPTS", "POSIXLY_CORRECT"];

/// Where and how a bash is started.
#[derive(Clone, Copy)]
pub(super) struct Start<'a> {
    pub(super) bash: &'a Path,
    pub(super) folder: &'a Path,
    pub(super) environment: &'a [(OsString, OsString)],
}

impl Start<'_> {
    /// A bash with these arguments, input and output, in a process group of its own or (`own_session`) in a session of its own.
    pub(super) fn bash(
        &self,
        arguments: &[&str],
        input: OwnedFd,
        output: OwnedFd,
        own_session: bool,
    ) -> duct::Expression {
        let mut all: Vec<OsString> = vec![self.bash.into(), "--noprofile".into(), "--norc".into()];
        all.extend(arguments.iter().map(OsString::from));
        if own_session {
            all.insert(0, "setsid".into());
        }
        let environment = self.environment.iter();
        let inherited =
            environment.filter(|(name, _)| !NOT_INHERITED.iter().any(|not| name == not));
        duct::cmd(all.remove(0), all)
            .dir(self.folder)
            .full_env(inherited.cloned())
            .stderr_to_stdout()
            .stdin_file(input)
            .stdout_file(output)
            .unchecked()
            .before_spawn(move |command| {
                if !own_session {
                    command.process_group(0);
                }
                Ok(())
            })
    }
}

impl Start<'_> {
    /// Runs a bash for a person to its end, with the runner's own input and output. `program` is a
    /// file that a non-interactive bash sources before its first command. Returns its exit code, or
    /// 128 plus the signal that ended it.
    pub(super) fn for_person(&self, arguments: &[&str], program: Option<&Path>) -> io::Result<i32> {
        let all = ["--noprofile"].iter().chain(arguments).map(OsString::from);
        let environment = self.environment.iter();
        let inherited =
            environment.filter(|(name, _)| !NOT_INHERITED.iter().any(|not| name == not)).cloned();
        let program = program.map(|program| ("BASH_ENV".into(), program.into()));
        let ended = duct::cmd(self.bash, all.collect::<Vec<_>>())
            .dir(self.folder)
            .full_env(inherited.chain(program))
            .unchecked()
            .run()?;
        Ok(match ending_of(ended.status) {
            Ending::Signalled(signal) => 128 + signal,
            Ending::Exited(code) => code,
            _ => -1,
        })
    }
}

/// The absolute path of a program, so that it is not searched for at each start. If it is not
/// found, the given path is returned, and starting it gives the error.
pub(super) fn found_on_path(program: &Path, environment: &[(OsString, OsString)]) -> PathBuf {
    let path = environment.iter().rev().find(|(name, _)| name == "PATH");
    let path = path.map(|(_, path)| path.clone()).unwrap_or_default();
    let folders = std::env::split_paths(&path)
        .filter(|folder| folder.is_absolute() && program.components().count() == 1);
    let mut programs = folders.map(|folder| folder.join(program));
    let found = programs.find(|path| {
        path.is_file() && rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok()
    });
    found.unwrap_or_else(|| program.to_owned())
}

/// The process id of a handle on a single command.
pub(super) fn pid_of(handle: &duct::Handle) -> io::Result<Pid> {
    let pid = handle.pids().first().and_then(|&pid| Pid::from_raw(pid.cast_signed()));
    pid.ok_or_else(|| io::Error::other("no process was started"))
}

/// How a bash ended.
pub(super) fn ending_of(status: ExitStatus) -> Ending {
    use std::os::unix::process::ExitStatusExt;
    match status.signal() {
        Some(signal) => Ending::Signalled(signal),
        None => Ending::Exited(status.code().unwrap_or(-1)),
    }
}
