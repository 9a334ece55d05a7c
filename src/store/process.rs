//! Whether a process that a file of guide names still exists.

#![expect(clippy::disallowed_methods, reason = "`store` is the room that opens files")]

use std::fs;

use rustix::process::{Pid, test_kill_process};

/// Returns whether the process exists and has not ended yet. A zombie has ended. In doubt (no `/proc`, a process of another user)
/// the answer is yes.
pub(super) fn is_alive(pid: u32) -> bool {
    match fs::read_to_string(format!("/proc/{pid}/stat")) {
        Ok(stat) => {
            !stat.rsplit_once(") ").is_some_and(|(_, fields)| fields.starts_with(['Z', 'X']))
        }
        Err(_) => {
            let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
            pid.is_none_or(|pid| test_kill_process(pid) != Err(rustix::io::Errno::SRCH))
        }
    }
}
