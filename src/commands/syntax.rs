//! Steps that bash cannot parse, as problems of the book. They are found before anything runs.

use crate::book::{Problems, Rule, Sources, Span};
use crate::shell::syntax_errors;

/// A step's script and fence.
pub(super) struct Script<'a> {
    /// The script as bash gets it.
    pub text: &'a str,
    /// The whole fence.
    pub fence: Span,
}

/// The scripts that bash cannot parse. Without bash the list is empty, since the run itself reports a missing bash.
pub(super) fn syntax_problems(sources: &Sources, scripts: &[Script<'_>]) -> Problems {
    let texts: Vec<&str> = scripts.iter().map(|script| script.text).collect();
    let errors = syntax_errors(&texts).unwrap_or_default();
    let wrong = scripts.iter().zip(errors).filter_map(|(script, error)| Some((script, error?)));
    let problem = |(script, error): (&Script<'_>, crate::shell::SyntaxError)| {
        Rule::BashSyntax.at(line_of(sources, script, error.line), format!("bash cannot parse this step: {}", error.message))
            .hint("guide runs no step until bash can parse all of them; mark a step that is only shown with `{skip}`")
    };
    wrong.map(problem).collect()
}

/// The script's line in the chapter. The script of a session has other lines than its fence, so the whole fence is marked.
pub(super) fn line_of(sources: &Sources, script: &Script<'_>, number: usize) -> Span {
    let fence = sources.text(script.fence);
    let lines: Vec<&str> = fence.split_inclusive('\n').collect();
    let is_plain = lines.len() == script.text.lines().count() + 2;
    let last = lines.len().saturating_sub(2).max(1);
    let index = if is_plain { number.min(last) } else { 0 };
    let before: usize = lines.iter().take(index).map(|line| line.len()).sum();
    let line = lines.get(index).map_or("", |line| line.trim_end());
    let blanks = line.len() - line.trim_start().len();
    let at = |bytes: usize| script.fence.start + u32::try_from(bytes).unwrap_or(0);
    let number = script.fence.line + u32::try_from(index).unwrap_or(0);
    Span { start: at(before + blanks), end: at(before + line.len()), line: number, ..script.fence }
}
