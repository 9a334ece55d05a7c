//! A session of a terminal (`console`): lines with a prompt are the script, and the lines between them are the expected output.

use std::ops::Range;

/// A session.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Session {
    /// The commands without prompts.
    pub script: String,
    /// The output of all commands.
    pub expected: String,
    /// The 0-based lines from the first to the last line of the output.
    pub lines: Option<Range<usize>>,
    /// Whether commands divide the output.
    pub is_interleaved: bool,
}

/// Reads a session; `None` if no line has a prompt.
pub(super) fn read_session(text: &str) -> Option<Session> {
    let root = text.lines().find_map(|line| prompt(line, false)).is_none();
    let mut session = Session {
        script: String::new(),
        expected: String::new(),
        lines: None,
        is_interleaved: false,
    };
    let mut in_command = false;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let bare = line.trim_end_matches(['\n', '\r']);
        let continues = in_command
            && (bare.starts_with("> ") || bare == ">" || session.script.ends_with("\\\n"));
        if let Some(command) = prompt(bare, root) {
            session.script.push_str(command);
            session.script.push('\n');
            in_command = true;
        } else if continues {
            session.script.push_str(bare.strip_prefix("> ").unwrap_or(if bare == ">" {
                ""
            } else {
                bare
            }));
            session.script.push('\n');
        } else if session.script.is_empty() {
            // A line before the first prompt belongs to no command.
        } else if bare.is_empty() && in_command {
            in_command = false;
        } else {
            in_command = false;
            session.is_interleaved |=
                session.lines.as_ref().is_some_and(|lines| lines.end != number);
            let lines = session.lines.get_or_insert(number..number);
            lines.end = number + 1;
            session.expected.push_str(line);
        }
    }
    (!session.script.is_empty()).then_some(session)
}

/// The command after a prompt: `$ `, `user@host:~$ `, or, in a session without these (`root`), `# `.
fn prompt(line: &str, root: bool) -> Option<&str> {
    if line == "$" || (root && line == "#") {
        return Some("");
    }
    if let Some(command) =
        line.strip_prefix("$ ").or_else(|| line.strip_prefix("# ").filter(|_| root))
    {
        return Some(command);
    }
    let (before, command) = line.split_once("$ ")?;
    let is_shell = before.contains('@') && before.contains(':') && !before.contains(' ');
    is_shell.then_some(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_with_a_prompt_are_the_script_and_others_are_its_output() {
        let session =
            read_session("$ echo a \\\n    b\na b\n$ for i in 1 2; do\n> echo $i\n> done\n1\n2\n")
                .unwrap();
        assert_eq!(session.script, "echo a \\\n    b\nfor i in 1 2; do\necho $i\ndone\n");
        assert_eq!(session.expected, "a b\n1\n2\n");
        assert!(session.is_interleaved);
    }

    #[test]
    fn an_output_after_the_last_command_is_not_interleaved() {
        let session = read_session("$ cd x\n$ ls\na\n\nb\n").unwrap();
        assert_eq!(
            (session.script.as_str(), session.expected.as_str()),
            ("cd x\nls\n", "a\n\nb\n")
        );
        assert_eq!((session.lines, session.is_interleaved), (Some(2..5), false));
        let root = read_session("# id -u\n0\n").unwrap();
        assert_eq!((root.script.as_str(), root.expected.as_str()), ("id -u\n", "0\n"));
        let user = read_session("$ ls\n# not a prompt\n").unwrap();
        assert_eq!((user.script.as_str(), user.expected.as_str()), ("ls\n", "# not a prompt\n"));
        assert_eq!(read_session("ls\n"), None);
    }
}
