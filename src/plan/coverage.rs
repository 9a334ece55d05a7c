//! Finds the parts of a plan that prove nothing: acting steps without a check, checks that cannot fail, and `output` fences that
//! match any output.
//!
//! It reports only what is certain: a script that it does not understand counts as one that can fail.

use super::step::{Plan, Role, Step};
use crate::book::{Mark, Problems, Rule, Sources, Span, is_any_lines, marks};

/// The result of `guide check --coverage`.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Coverage {
    /// The number of acting steps of the plan.
    pub acting: usize,
    /// The number of acting steps that a check proves.
    pub proved: usize,
    /// A warning for each part that proves nothing, in the order of the text.
    pub gaps: Problems,
}

/// The coverage of all steps of a plan.
pub(crate) fn coverage(plan: &Plan, sources: &Sources) -> Coverage {
    let mut found = Coverage::default();
    for step in plan.chapters.iter().flat_map(|chapter| &chapter.steps) {
        let mut gap = |message: &str, hint: &str| {
            let place = first_line(step.span, sources);
            found.gaps.push(Rule::Coverage.at(place, message).warning().hint(hint));
        };
        match &step.role {
            Role::Act { proven_by } => {
                found.acting += 1;
                if proven_by.is_empty() && step.attributes.ready.is_none() {
                    gap(
                        "no check proves this step, so it runs every time",
                        "add a `bash {verify}` step after it that fails if the step has not done its work",
                    );
                } else {
                    found.proved += 1;
                }
            }
            Role::Verify { .. } => {
                if !compares(step) && step.attributes.exit.accepts(0) && cannot_fail(&step.script) {
                    gap(
                        "this check cannot fail, so it proves nothing",
                        "end it with a command that fails if the world is not as it should be, or compare its output",
                    );
                }
            }
        }
        if step.expected.as_deref().is_some_and(matches_any_output) {
            gap(
                "the `output` fence of this step matches any output",
                "write a part of the output that must occur, or remove the fence",
            );
        }
    }
    found
}

fn first_line(span: Span, sources: &Sources) -> Span {
    let length = sources.text(span).lines().next().unwrap_or_default().len();
    Span { end: span.start + u32::try_from(length).unwrap_or(0), ..span }
}

/// Whether the step can fail because of its output.
fn compares(step: &Step) -> bool {
    step.attributes.check.is_some()
        || step.attributes.snapshot.is_some()
        || step.expected.as_deref().is_some_and(|expected| !matches_any_output(expected))
}

/// Whether every line of the fence is `...` or consists of `[..]` only.
fn matches_any_output(expected: &str) -> bool {
    let matches_any = |line: &str| {
        let marks = marks(line);
        let marked: usize = marks.iter().map(|(range, _)| range.len()).sum();
        let blanks = line.chars().filter(|next| next.is_whitespace()).count();
        marks.iter().all(|(_, mark)| *mark == Mark::Any) && marked + blanks == line.len()
    };
    let mut lines = expected.lines().filter(|line| !line.trim().is_empty()).peekable();
    lines.peek().is_some() && lines.all(|line| is_any_lines(line) || matches_any(line))
}

/// Whether the script ends with 0 in every world. Steps run under `set -e -o pipefail`.
fn cannot_fail(script: &str) -> bool {
    let statements = statements(script);
    let last = statements.len().saturating_sub(1);
    statements.iter().enumerate().all(|(at, parts)| succeeds(parts, at == last))
}

/// How a command is joined to the one before it.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Join {
    First,
    And,
    Or,
}

/// Whether an and-or list never makes a script fail. In a list that is not the last statement, only a failure of the last command
/// ends the script.
fn succeeds(parts: &[(Join, String)], is_last: bool) -> bool {
    let mut is_sure = true;
    for (join, command) in parts {
        let sure = is_harmless(command) || (!is_last && command.starts_with("! "));
        is_sure = match join {
            Join::First => sure,
            Join::Or => is_sure || sure,
            Join::And if is_last => is_sure && sure,
            Join::And => sure,
        };
    }
    is_sure
}

/// Whether this command never fails.
fn is_harmless(command: &str) -> bool {
    let writes = command.replace(">&2", "").replace("2>&1", "").replace(">/dev/null", "");
    let mut words = command.split_whitespace();
    let known = match words.next() {
        Some("true" | ":" | "echo" | "printf") => true,
        Some("exit") => words.next() == Some("0"),
        _ => false,
    };
    known && !has_unquoted(&writes, &['|', '<', '>', '&', '(', '{', '`'])
}

fn has_unquoted(text: &str, marks: &[char]) -> bool {
    let mut quotes = Quotes::default();
    text.chars().any(|next| quotes.is_plain(next) && marks.contains(&next))
}

/// Quotes and parentheses around the character that is read.
#[derive(Default)]
struct Quotes {
    open: Option<char>,
    escaped: bool,
}

impl Quotes {
    /// Reads the next character. Returns whether it is outside of quotes.
    fn is_plain(&mut self, next: char) -> bool {
        if std::mem::take(&mut self.escaped) {
            return false;
        }
        match (self.open, next) {
            (Some('\''), '\'') | (Some('"'), '"') => self.open = None,
            (Some('\''), _) => {}
            (_, '\\') => self.escaped = true,
            (Some(_), _) => {}
            (None, '\'' | '"') => self.open = Some(next),
            (None, _) => return true,
        }
        false
    }
}

/// The statements of a script, each as the commands of its and-or list.
fn statements(script: &str) -> Vec<Vec<(Join, String)>> {
    let script = script.replace("\\\n", " ");
    let mut statements = Vec::new();
    let mut parts: Vec<(Join, String)> = Vec::new();
    let (mut join, mut command, mut quotes) = (Join::First, String::new(), Quotes::default());
    let mut rest = script.char_indices();
    let mut in_comment = false;
    while let Some((at, next)) = rest.next() {
        in_comment &= next != '\n';
        let is_plain = !in_comment && quotes.is_plain(next);
        in_comment |=
            is_plain && next == '#' && !command.ends_with(|last: char| !last.is_whitespace());
        if in_comment {
            continue;
        }
        let operator = script.get(at..at + 2).unwrap_or_default();
        match next {
            '&' | '|' if is_plain && matches!(operator, "&&" | "||") => {
                rest.next();
                parts.push((join, std::mem::take(&mut command).trim().to_owned()));
                join = if next == '&' { Join::And } else { Join::Or };
            }
            // After an operator the list continues in the next line.
            '\n' if is_plain && command.trim().is_empty() && join != Join::First => {}
            '\n' | ';' if is_plain => {
                end_statement(&mut statements, &mut parts, (join, std::mem::take(&mut command)));
                join = Join::First;
            }
            _ => command.push(next),
        }
    }
    end_statement(&mut statements, &mut parts, (join, command));
    statements
}

fn end_statement(
    statements: &mut Vec<Vec<(Join, String)>>,
    parts: &mut Vec<(Join, String)>,
    (join, command): (Join, String),
) {
    if !command.trim().is_empty() {
        parts.push((join, command.trim().to_owned()));
    }
    if !parts.is_empty() {
        statements.push(std::mem::take(parts));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_that_cannot_fail_is_known() {
        for script in [
            "true\n",
            ":",
            "# nothing\necho \"all is well\"\n",
            "kubectl get pods || true\n",
            "kubectl get pods | grep web || echo 'not yet'",
            "grep -q a b && echo found || :",
            "kubectl get pods ||\n  true",
            "test -e x && echo there\necho done",
            "! grep x y\necho done",
            "kubectl get x || true; exit 0",
            "printf '%s\\n' \"a | b; c && d\"",
            "echo \"it's\" \\\n  fine >&2",
        ] {
            assert!(cannot_fail(script), "{script}");
        }
    }

    #[test]
    fn a_check_that_may_fail_is_not_reported() {
        for script in [
            "kubectl get pods\n",
            "test -e x",
            "echo x | grep y",
            "true && test -e x",
            "test -e x && echo there",
            "! grep x y",
            "true || true; false",
            "echo \"|| true\"; test -e x",
            "kubectl get pods # || true",
            "if a; then echo b; fi",
            "echo x >file",
            "x=$(kubectl get y)",
            "exit 1",
            "echo a & wait",
        ] {
            assert!(!cannot_fail(script), "{script}");
        }
    }

    #[test]
    fn a_fence_of_wildcards_matches_any_output() {
        for expected in ["...\n", "[..]\n", "  [..] [..]\n...\n", "\n...\n\n"] {
            assert!(matches_any_output(expected), "{expected}");
        }
        for expected in ["", "\n", "web [..]\n", "<name>\n", "\\...\n", "...\nweb\n", "\\[..]\n"] {
            assert!(!matches_any_output(expected), "{expected}");
        }
    }
}
