//! `guide check --lint`: what shellcheck finds in the steps. The steps of a chapter are looked at together, as one shell runs them:
//! what an earlier step sets is known in a later one.

use super::book_context::BookContext;
use super::syntax::{Script, line_of};
use crate::book::{Chapter, Problems, Rule, StepBlock, names_in};
use crate::plan::variables_of;
use crate::shell::{LintError, lint};

/// The findings, as warnings at the chapter's lines.
///
/// # Errors
/// Why there are none: shellcheck is missing or failed, in one sentence.
pub(super) fn lint_problems<'a>(
    context: &BookContext,
    chapters: impl Iterator<Item = &'a Chapter>,
) -> Result<Problems, String> {
    let values: Vec<String> =
        variables_of(&context.values).into_iter().map(|(name, _)| name).collect();
    let mut problems = Problems::new();
    for chapter in chapters {
        let steps: Vec<&StepBlock> = chapter.steps().collect();
        if steps.is_empty() {
            continue;
        }
        let (text, places) = joined(&steps, &values);
        let findings = lint(&text, &context.root).map_err(|error| match error {
            LintError::Missing => {
                "shellcheck is not installed, so `--lint` has looked at no step".to_owned()
            }
            LintError::Failed(why) => {
                format!("shellcheck could not look at {}: {why}", chapter.name)
            }
        })?;
        for finding in findings {
            let before = places.iter().rev().find(|(line, _)| *line <= finding.line);
            let Some((line, step)) = before else { continue };
            let script = Script { text: &step.script, fence: step.span };
            let place = line_of(&context.book.sources, &script, finding.line - line + 1);
            let message = format!("SC{}: {}", finding.code, finding.message);
            let hint = format!("see https://www.shellcheck.net/wiki/SC{}", finding.code);
            problems.push(Rule::Shellcheck(finding.code).at(place, message).warning().hint(hint));
        }
    }
    problems.dedup();
    Ok(problems)
}

/// The steps as one script, and the line on which each of them begins.
fn joined<'a>(steps: &[&'a StepBlock], values: &[String]) -> (String, Vec<(usize, &'a StepBlock)>) {
    let mut text = "set -e -o pipefail\n".to_owned();
    let bound = steps.iter().filter_map(|step| step.expected.as_ref());
    let bound = bound.flat_map(|expected| names_in(&expected.text).map(|(name, _)| name));
    for name in values.iter().cloned().chain(bound) {
        text += &format!("read -r {name}\n");
    }
    let mut places = Vec::new();
    for step in steps {
        places.push((text.matches('\n').count() + 1, *step));
        text += step.script.trim_end_matches('\n');
        // A backslash at the end would join the next step.
        text += if step.script.trim_end().ends_with('\\') { "\n\n" } else { "\n" };
    }
    (text, places)
}
