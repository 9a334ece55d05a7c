//! What an exit code or a signal says by itself, and what is mostly to be done about it.

use super::step_line::signal_name;
use crate::event::Failure;

/// A line on what the number means, and advice where there is any of use.
pub(super) struct Meaning {
    pub why: String,
    pub advice: Option<&'static str>,
}

/// None where the number means only what its program says.
pub(super) fn meaning(failure: &Failure) -> Option<Meaning> {
    let (signal, exit) = match failure {
        Failure::Signal { signal } => (*signal, None),
        // What a shell makes of a signal that ended a command.
        Failure::Exit { code, .. } => {
            (code.checked_sub(128).filter(|signal| (1..32).contains(signal))?, Some(*code))
        }
        _ => return None,
    };
    let (what, advice) = match signal {
        13 => (
            "the reader of a pipe ended before the writer had written all, and under `pipefail` that is how the whole pipe ends",
            Some(
                "let the reader read to the end (`| sed -n 1p` in place of `| head -1`, `| grep PATTERN >/dev/null` in place of \
                `| grep -q PATTERN`), or expect it with `exit=141`",
            ),
        ),
        21 | 22 => (
            "it wanted to read a line (a password, a yes) from the terminal or to change it, and a step runs without one",
            Some(
                "mark the step `interactive`, or give it what it asks for (`sudo -n`, `ssh -o BatchMode=yes`, a file, a pipe)",
            ),
        ),
        9 => (
            "it was killed: by the kernel if memory ran out (`dmesg` says so), else by somebody",
            None,
        ),
        2 | 3 | 15 => ("somebody asked it to end", None),
        6 => ("it found something wrong with itself and gave up", None),
        4 | 7 | 8 | 11 => ("it crashed", None),
        24 => ("it used more processor time than `ulimit -t` lets it", None),
        25 => ("it wrote a larger file than `ulimit -f` lets it", None),
        _ => ("", None),
    };
    let why = match exit {
        Some(code) if what.is_empty() => {
            format!("exit {code} is 128 + {signal}: a command was ended by {}", signal_name(signal))
        }
        Some(code) => {
            format!(
                "exit {code} is 128 + {signal}, a command was ended by {}: {what}",
                signal_name(signal)
            )
        }
        None if advice.is_none() => return None,
        None => format!("{}: {what}", signal_name(signal)),
    };
    Some(Meaning { why, advice })
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
             all, and under `pipefail` that is how the whole pipe ends"
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
    fn a_code_of_a_programs_own_is_not() {
        assert!(
            [0, 1, 2, 7, 126, 127, 128, 160, 255, -1]
                .into_iter()
                .all(|code| meaning(&exit(code)).is_none())
        );
    }
}
