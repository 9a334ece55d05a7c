//! The meaning of exit codes that stand for a signal, and what usually helps.

use super::step_line::signal_name;
use crate::event::Failure;

/// The meaning of an exit code or a signal.
pub(super) struct Meaning {
    /// The meaning, in one line.
    pub why: String,
    /// What usually helps.
    pub advice: Option<&'static str>,
}

/// `None` if the meaning of the code is up to the program.
pub(super) fn meaning(failure: &Failure) -> Option<Meaning> {
    let (signal, exit) = match failure {
        Failure::Signal { signal } => (*signal, None),
        // A shell returns 128 + N for a command that was ended by signal N.
        Failure::Exit { code, .. } => {
            (code.checked_sub(128).filter(|signal| (1..32).contains(signal))?, Some(*code))
        }
        _ => return None,
    };
    let (what, advice) = (meaning_of_signal(signal), advice_for_signal(signal));
    let name = signal_name(signal);
    let why = match exit {
        Some(code) if what.is_empty() => {
            format!("exit {code} is 128 + {signal}: a command was ended by {name}")
        }
        Some(code) => {
            format!("exit {code} is 128 + {signal}, a command was ended by {name}: {what}")
        }
        None if advice.is_none() => return None,
        None => format!("{name}: {what}"),
    };
    Some(Meaning { why, advice })
}

fn meaning_of_signal(signal: i32) -> &'static str {
    match signal {
        13 => {
            "the reader of a pipe ended before the writer had written everything, and `pipefail` makes this the exit code of the pipe"
        }
        21 | 22 => {
            "it tried to use the terminal, for example to read a password, and a step has no terminal"
        }
        9 => {
            "it was killed, by another process, or by the kernel because memory ran out (see `dmesg`)"
        }
        2 | 3 | 15 => "another process asked it to end",
        6 => "it detected an internal error and aborted",
        4 | 7 | 8 | 11 => "it crashed",
        24 => "it used more processor time than `ulimit -t` allows",
        25 => "it wrote a larger file than `ulimit -f` allows",
        _ => "",
    }
}

fn advice_for_signal(signal: i32) -> Option<&'static str> {
    match signal {
        13 => Some(
            "let the reader read to the end (`| sed -n 1p` instead of `| head -1`, `| grep PATTERN >/dev/null` instead of \
             `| grep -q PATTERN`), or expect the code with `exit=141`",
        ),
        21 | 22 => Some(
            "mark the step `interactive`, or avoid the question (`sudo -n`, `ssh -o BatchMode=yes`, input from a file or a pipe)",
        ),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::meaning;
    use crate::event::Failure;

    fn exit(code: i32) -> Failure {
        Failure::Exit { code, expected: "0".to_owned() }
    }

    #[test]
    fn a_code_that_stands_for_a_signal_is_explained() {
        let pipe = meaning(&exit(141)).unwrap();
        assert_eq!(
            pipe.why,
            "exit 141 is 128 + 13, a command was ended by signal 13 (PIPE): the reader of a pipe ended before the writer had written \
             everything, and `pipefail` makes this the exit code of the pipe"
        );
        assert!(pipe.advice.unwrap().contains("exit=141"));
        assert!(
            meaning(&Failure::Signal { signal: 21 })
                .unwrap()
                .advice
                .unwrap()
                .contains("`interactive`")
        );
        assert_eq!(
            meaning(&exit(138)).unwrap().why,
            "exit 138 is 128 + 10: a command was ended by signal 10"
        );
    }

    #[test]
    fn a_code_that_a_program_defines_itself_is_not_explained() {
        assert!(
            [0, 1, 2, 7, 126, 127, 128, 160, 255, -1]
                .into_iter()
                .all(|code| meaning(&exit(code)).is_none())
        );
    }
}
