//! The text of an error that ends a command: problems of the book in groups of one kind, other errors as a message with a hint.

use std::collections::{HashMap, HashSet};
use std::fmt::Write;

use super::excerpt::draw;
use super::humanize::count;
use super::style::Style;
use super::terminal::eprint;
use crate::book::{Problem, Severity, Sources};
use crate::error::Error;
use crate::text::sanitize::{lines, one_line};

/// Draws all problems, and then their number.
#[cfg(test)]
pub(crate) fn draw_all(sources: &Sources, problems: &[Problem], style: Style) -> String {
    let mut out = draw_groups(sources, problems, style);
    if problems.len() > 1 {
        let _ = writeln!(out, "{}", style.failed(format_args!("{} errors", problems.len())));
    }
    out
}

/// How many problems of one kind are drawn.
const DRAWN: usize = 3;

/// How many further places of one kind are named.
const NAMED: usize = 8;

/// If there are more problems than this, a list of the kinds comes first.
const MANY: usize = 20;

/// Draws all problems in groups of one kind. The first problems of a group are drawn, and only the places of the others are named.
pub(crate) fn draw_groups(sources: &Sources, problems: &[Problem], style: Style) -> String {
    let groups = groups(problems);
    let mut out = String::new();
    if problems.len() > MANY && groups.len() > 1 {
        out.push_str(&overview(sources, problems, &groups));
    }
    for group in groups {
        // Drawing one more problem takes no more room than the line that would count it.
        let drawn = if group.len() <= DRAWN + 1 { group.len() } else { DRAWN };
        for (index, problem) in group[..drawn].iter().enumerate() {
            // The hint is drawn once for each kind.
            let has_hint_above = index > 0 && problem.hint.is_some() && drawn < group.len();
            let shown = if has_hint_above {
                &Problem { hint: None, ..(*problem).clone() }
            } else {
                *problem
            };
            out.push_str(&draw(sources, shown, style));
            out.push('\n');
        }
        if drawn < group.len() {
            out.push_str(&further_places(sources, &group[drawn..], style));
        }
    }
    out
}

/// The problems in groups of one kind, in the order of their first problems.
fn groups(problems: &[Problem]) -> Vec<Vec<&Problem>> {
    let mut groups: Vec<Vec<&Problem>> = Vec::new();
    let mut known: HashMap<(Severity, String), usize> = HashMap::new();
    for problem in problems {
        let at = *known.entry((problem.severity, kind(&problem.message))).or_insert(groups.len());
        if at == groups.len() {
            groups.push(Vec::new());
        }
        groups[at].push(problem);
    }
    groups
}

/// The kind of a message: its text without the quoted words.
fn kind(message: &str) -> String {
    let parts = message.split('`').enumerate();
    parts.map(|(index, part)| if index % 2 == 0 { part } else { "`…`" }).collect()
}

fn overview(sources: &Sources, problems: &[Problem], groups: &[Vec<&Problem>]) -> String {
    let files: HashSet<_> =
        problems.iter().filter_map(|problem| problem.span).map(|span| span.source).collect();
    let mut out = format!(
        "{} problems of {} kinds in {}:\n",
        problems.len(),
        groups.len(),
        count(files.len(), "file")
    );
    let mut largest: Vec<&Vec<&Problem>> = groups.iter().collect();
    largest.sort_by_key(|group| std::cmp::Reverse(group.len()));
    for group in largest {
        let first = group[0]
            .span
            .map_or(String::new(), |span| format!(" (first: {})", sources.place(span)));
        let _ = writeln!(out, "{:>8}  {}{first}", group.len(), kind(&group[0].message));
    }
    out.push('\n');
    out
}

fn further_places(sources: &Sources, more: &[&Problem], style: Style) -> String {
    let mut out =
        format!("{}\n", style.strong(format_args!("... and {} more of this kind:", more.len())));
    for problem in more.iter().take(NAMED) {
        let place = problem.span.map_or_else(
            || problem.message.clone(),
            |span| format!("{}  {}", sources.place(span), quoted(&problem.message)),
        );
        let _ = writeln!(out, "    {}", one_line(place.trim_end()));
    }
    if more.len() > NAMED {
        let _ = writeln!(out, "    and {} more", more.len() - NAMED);
    }
    out.push('\n');
    out
}

/// The first word that a message quotes.
fn quoted(message: &str) -> &str {
    message.split('`').nth(1).unwrap_or_default()
}

/// Prints an error that ends a command on stderr: the message, and after a blank line what to do next.
pub(crate) fn report_error(error: &Error, style: Style) {
    eprint(&error_text(error, style));
}

fn error_text(error: &Error, style: Style) -> String {
    let mut text = String::new();
    if let Error::Book(problems, sources) = error {
        text += &draw_groups(sources, problems, style);
    }
    // A problem without a place in the book is about a word of the command line, so the problems of the book are not counted.
    if matches!(error, Error::Book(problems, _) if problems.iter().all(|problem| problem.span.is_none()))
    {
        text.pop();
    } else {
        text += &format!("{} {}\n", style.failed("error:"), lines(&error.to_string()));
    }
    if let Some(hint) = error.hint() {
        text += &format!("\n{} {}\n", style.hint("hint:"), lines(hint));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::{BookText, parse_book};

    fn drawn(text: &str) -> String {
        let (book, problems) = parse_book(BookText::of_chapters([("guide/chapter-1.md", text)]));
        draw_all(&book.sources, &problems, Style::colourless())
    }

    #[test]
    fn the_wrong_word_is_underlined() {
        let expected = "\
error: unknown attribute `tmeout`
 --> guide/chapter-1.md:3:17
  |
3 | ```bash {name=x tmeout=2m}
  |                 ^^^^^^

hint: did you mean `timeout`?

";
        assert_eq!(drawn("# Title\n\n```bash {name=x tmeout=2m}\ntrue\n```\n"), expected);
    }

    #[test]
    fn problems_of_one_kind_are_grouped() {
        let steps = |word: &str, times: usize| -> String {
            (0..times)
                .map(|count| {
                    format!("```bash {{name=s{word}{count} {word}{count}=1}}\ntrue\n```\n\n")
                })
                .collect()
        };
        let text = drawn(&format!("{}{}", steps("foo", 30), "```bash {timeout=x}\ntrue\n```\n"));
        assert!(
                text.starts_with(
                    "31 problems of 2 kinds in 1 file:\n      30  unknown attribute `…` (first: guide/chapter-1.md:1)\n"
                ),
                "{text}"
            );
        assert_eq!(text.matches("\nhint: ").count(), 2, "{text}");
        assert!(
            text.contains("... and 27 more of this kind:\n    guide/chapter-1.md:13  foo3\n"),
            "{text}"
        );
        assert!(text.contains("    and 19 more\n"), "{text}");
        assert!(text.lines().count() < 60, "{text}");
    }

    #[test]
    fn a_further_place_has_its_own_excerpt() {
        let text = "```bash {name=x}\ntrue\n```\n\n\n\n\n\n\n```bash {name=x}\ntrue\n```\n";
        let expected = "\
error: two steps of this chapter are named `x`
  --> guide/chapter-1.md:10:15
   |
10 | ```bash {name=x}
   |               ^
  --> guide/chapter-1.md:1:15
   |
 1 | ```bash {name=x}
   |               - first named here

hint: rename one of them: files and messages identify a step by its name

";
        assert_eq!(drawn(text), expected);
    }
}
