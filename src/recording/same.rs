//! Whether a new recording differs from the old one in more than times, dates and numbers, which differ in every run.

use super::{RecordedStep, Recording};
use crate::compare::Rules;

/// Whether two recordings are equal except for times, dates and numbers.
pub(crate) fn same(old: &Recording, new: &Recording, rules: &Rules) -> bool {
    old.versions == new.versions
        && old.shape.is_some() == new.shape.is_some()
        && old.steps.len() == new.steps.len()
        && old
            .steps
            .iter()
            .zip(&new.steps)
            .all(|(old, new)| old.step == new.step && same_step(old, new, rules))
}

fn same_step(old: &RecordedStep, new: &RecordedStep, rules: &Rules) -> bool {
    old.of == new.of
        && old.exit == new.exit
        && old.up_to_date == new.up_to_date
        && comparable_lines(&old.output, rules) == comparable_lines(&new.output, rules)
}

/// The sorted, distinct lines of an output, with one digit for every number.
fn comparable_lines(output: &str, rules: &Rules) -> Vec<String> {
    let normalised = rules.normalize(output);
    let mut lines: Vec<String> =
        normalised.lines().map(numbers_as_one).filter(|line| !line.is_empty()).collect();
    lines.sort();
    lines.dedup();
    lines
}

fn numbers_as_one(line: &str) -> String {
    let mut comparable_lines = String::with_capacity(line.len());
    let mut gap = false;
    for next in line.chars() {
        if next.is_whitespace() {
            gap = !comparable_lines.is_empty();
            continue;
        }
        if std::mem::take(&mut gap) {
            comparable_lines.push(' ');
        }
        let number = next.is_ascii_digit()
            || (matches!(next, '.' | ',' | '-') && comparable_lines.ends_with('0'));
        match number {
            true if comparable_lines.ends_with('0') => {}
            true => comparable_lines.push('0'),
            false => comparable_lines.push(next),
        }
    }
    comparable_lines
}

/// The changes of `new` as lines for a reader: every step that changed, with its output.
pub(crate) fn changes(old: Option<&Recording>, new: &Recording, rules: &Rules) -> Vec<String> {
    let mut lines = Vec::new();
    if old.is_none_or(|old| old.versions != new.versions) {
        lines.extend(new.versions.iter().map(|(name, version)| format!("{name} {version}")));
    }
    for step in &new.steps {
        let before = old.and_then(|old| old.step(&step.step));
        if before.is_some_and(|before| same_step(before, step, rules)) {
            continue;
        }
        if !step.up_to_date.is_empty() {
            lines.push(format!(
                "{} (up to date: {} passed)",
                step.step,
                step.up_to_date.join(", ")
            ));
            continue;
        }
        let exit = step
            .exit
            .filter(|code| *code != 0)
            .map_or(String::new(), |code| format!(", exit {code}"));
        lines.push(format!("{} ({:.1} s{exit})", step.step, step.seconds));
        lines.extend(step.output.lines().map(|line| format!("    {line}")));
    }
    let gone =
        old.into_iter().flat_map(|old| &old.steps).filter(|step| new.step(&step.step).is_none());
    lines.extend(gone.map(|step| format!("{} is not a step any more", step.step)));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comparable(output: &str) -> Vec<String> {
        comparable_lines(output, &Rules::default())
    }

    #[test]
    fn numbers_times_and_order_are_not_compared() {
        assert_eq!(
            comparable("Requests per second: 1537.20\nfailed: 0\n"),
            comparable("failed: 3\nRequests per second:  1,201.5\n")
        );
        assert_eq!(comparable("0,1,20\n3,2,180\n"), comparable("0,1,3\n3,1,20\n6,9,55\n"));
    }

    #[test]
    fn words_are_compared() {
        assert_ne!(
            comparable("deployment.apps/web created\n"),
            comparable("deployment.apps/web unchanged\n")
        );
        assert_ne!(comparable("a\n"), comparable("a\nwarning: x\n"));
    }
}
