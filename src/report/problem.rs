//! A problem of the book's text, drawn: message, place, excerpt with carets, further places, hint.
//!
//! ```text
//! error: unknown attribute `tmeout`
//!   --> guide/chapter-1.md:57:12
//!    |
//! 57 | ```bash {name=x tmeout=2m}
//!    |                 ^^^^^^
//!
//! hint: did you mean `timeout`?
//! ```

use std::collections::{HashMap, HashSet};
use std::fmt::Write;

use unicode_width::UnicodeWidthChar;

use super::humanize::count;
use super::style::Style;
use super::terminal::eprint;
use crate::book::{Problem, Severity, Sources, Span};
use crate::error::Error;
use crate::text::sanitize::{is_unsafe, lines, one_line};

/// Columns a tab takes in an excerpt.
const TAB: usize = 4;

/// Most lines of a span that are shown.
const MOST_LINES: usize = 4;

/// Most columns of a line that are shown.
const MOST_COLUMNS: usize = 160;

/// All problems, an empty line between, and how many there are.
#[cfg(test)]
pub(crate) fn draw_all(sources: &Sources, problems: &[Problem], style: Style) -> String {
    let mut out = draw_groups(sources, problems, style);
    if problems.len() > 1 {
        let _ = writeln!(out, "{}", style.failed(format_args!("{} errors", problems.len())));
    }
    out
}

/// Problems of one kind that are drawn one by one.
const DRAWN: usize = 3;

/// Further places of a kind that are named.
const NAMED: usize = 8;

/// From so many problems on, the kinds are listed first.
const MANY: usize = 20;

/// All problems, those of one kind together: a few are drawn, of the others only the places are named.
pub(crate) fn draw_groups(sources: &Sources, problems: &[Problem], style: Style) -> String {
    let groups = groups(problems);
    let mut out = String::new();
    if problems.len() > MANY && groups.len() > 1 {
        out.push_str(&overview(sources, problems, &groups));
    }
    for group in groups {
        // One more is as short as the words that would stand for it.
        let drawn = if group.len() <= DRAWN + 1 { group.len() } else { DRAWN };
        for (index, problem) in group[..drawn].iter().enumerate() {
            // What to do is said once for each kind.
            let said = index > 0 && problem.hint.is_some() && drawn < group.len();
            let shown = if said { &Problem { hint: None, ..(*problem).clone() } } else { *problem };
            out.push_str(&draw(sources, shown, style));
            out.push('\n');
        }
        if drawn < group.len() {
            out.push_str(&more_like_it(sources, &group[drawn..], style));
        }
    }
    out
}

/// Problems of one kind each, in the order in which their first came.
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

/// A message without what it quotes.
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

fn more_like_it(sources: &Sources, more: &[&Problem], style: Style) -> String {
    let mut out =
        format!("{}\n", style.strong(format_args!("... and {} more like it:", more.len())));
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

/// What a message quotes first.
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
    // A word of the command line that means nothing in the book (it has no place there) is no problem of the book's.
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

/// One problem, ended by a line end.
pub(crate) fn draw(sources: &Sources, problem: &Problem, style: Style) -> String {
    let mut out = String::new();
    let label = match problem.severity {
        Severity::Error => style.failed("error").to_string(),
        Severity::Warning => style.warning("warning").to_string(),
        Severity::Note => style.hint("note").to_string(),
    };
    let _ = writeln!(out, "{label}{}", style.strong(format_args!(": {}", lines(&problem.message))));
    let height = |span: &Span| {
        sources
            .file(span.source)
            .text
            .get(span.range())
            .map_or(1, |text| text.lines().count().clamp(1, MOST_LINES))
    };
    let last_line = |span: &Span| span.line as usize + height(span) - 1;
    let gutter = problem
        .span
        .iter()
        .chain(problem.labels.iter().map(|(span, _)| span))
        .map(last_line)
        .max()
        .unwrap_or(0);
    let gutter = gutter.to_string().len();
    if let Some(span) = problem.span {
        let mut picture = Picture { out: &mut out, sources, style, gutter };
        picture.draw(span, None);
    }
    for (span, note) in &problem.labels {
        let mut picture = Picture { out: &mut out, sources, style, gutter };
        picture.draw(*span, Some(&one_line(note)));
    }
    if let Some(hint) = &problem.hint {
        let _ = writeln!(out, "\n{}: {}", style.hint("hint"), lines(hint));
    }
    out
}

struct Picture<'a> {
    out: &'a mut String,
    sources: &'a Sources,
    style: Style,
    gutter: usize,
}

impl Picture<'_> {
    fn draw(&mut self, span: Span, note: Option<&str>) {
        let file = self.sources.file(span.source);
        let text: &str = &file.text;
        let start = floor(text, span.start as usize);
        let end = floor(text, (span.end as usize).max(start));
        let line_start = text[..start].rfind('\n').map_or(0, |end| end + 1);
        let column = text[line_start..start].chars().count() + 1;
        let _ = writeln!(
            self.out,
            "{:gutter$}{} {}:{}:{column}",
            "",
            self.style.frame("-->"),
            one_line(&file.path.display().to_string()),
            span.line,
            gutter = self.gutter
        );
        self.bar();
        let mut at = line_start;
        for (number, line) in
            (span.line..).zip(text[line_start..].split_inclusive('\n')).take(MOST_LINES)
        {
            let bare = line.trim_end_matches(['\n', '\r']);
            let marked = start.max(at) - at..end.min(at + bare.len()).max(start.max(at)) - at;
            let last = end <= at + line.len();
            self.line(number, bare, marked, note.filter(|_| last), note.is_some());
            at += line.len();
            if last {
                return;
            }
        }
        let _ =
            writeln!(self.out, "{:gutter$} {}", "", self.style.frame("..."), gutter = self.gutter);
        if let Some(note) = note {
            let _ = writeln!(
                self.out,
                "{:gutter$} {} {note}",
                "",
                self.style.frame("="),
                gutter = self.gutter
            );
        }
    }

    fn bar(&mut self) {
        let _ =
            writeln!(self.out, "{:gutter$} {}", "", self.style.frame("|"), gutter = self.gutter);
    }

    fn line(
        &mut self,
        number: u32,
        line: &str,
        marked: std::ops::Range<usize>,
        note: Option<&str>,
        further: bool,
    ) {
        let marked = marked.start.min(line.len())..marked.end.min(line.len());
        let before = columns(&line[..marked.start]);
        let from = if before > MOST_COLUMNS - 40 { marked.start } else { 0 };
        let (shown, cut) = visible(&line[from..]);
        let ellipsis = |cut: bool| if cut { "..." } else { "" };
        let frame = self.style.frame(format!("{number:gutter$} |", gutter = self.gutter));
        let _ = writeln!(
            self.out,
            "{}",
            format!("{frame} {}{shown}{}", ellipsis(from > 0), ellipsis(cut)).trim_end()
        );
        let indent = columns(&line[from..marked.start]) + ellipsis(from > 0).len();
        let width =
            columns(&line[marked.clone()]).clamp(1, MOST_COLUMNS.saturating_sub(indent).max(1));
        let marks = (if further { "-" } else { "^" }).repeat(width);
        let marks = if further {
            self.style.frame(marks).to_string()
        } else {
            self.style.failed(marks).to_string()
        };
        let note = note.map(|note| format!(" {note}")).unwrap_or_default();
        let _ = writeln!(
            self.out,
            "{:gutter$} {} {:indent$}{marks}{note}",
            "",
            self.style.frame("|"),
            "",
            gutter = self.gutter
        );
    }
}

/// The nearest place at or before this one where a character begins.
fn floor(text: &str, place: usize) -> usize {
    let mut place = place.min(text.len());
    while !text.is_char_boundary(place) {
        place -= 1;
    }
    place
}

fn width(next: char) -> usize {
    if next == '\t' { TAB } else { next.width().unwrap_or(1) }
}

fn columns(text: &str) -> usize {
    text.chars().map(width).sum()
}

/// A line as it can be shown: tabs as spaces, control characters as `?`, and whether it was cut.
fn visible(line: &str) -> (String, bool) {
    let mut shown = String::with_capacity(line.len());
    let mut column = 0;
    for next in line.chars() {
        column += width(next);
        if column > MOST_COLUMNS {
            return (shown, true);
        }
        match next {
            '\t' => shown.push_str(&" ".repeat(TAB)),
            unsafe_one if is_unsafe(unsafe_one) => shown.push('\u{fffd}'),
            plain => shown.push(plain),
        }
    }
    (shown, false)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::book::{BookText, SourceId, parse_book};

    fn drawn(text: &str) -> String {
        let (book, problems) = parse_book(BookText::of_chapters([("guide/chapter-1.md", text)]));
        draw_all(&book.sources, &problems, Style::colourless())
    }

    fn span(text: &str, part: &str) -> (Sources, Span) {
        let mut sources = Sources::default();
        let source = sources.add(PathBuf::from("a.md"), text);
        let start = text.find(part).unwrap();
        let line = 1 + u32::try_from(text[..start].matches('\n').count()).unwrap();
        let number = |at: usize| u32::try_from(at).unwrap();
        (sources, Span { source, start: number(start), end: number(start + part.len()), line })
    }

    #[test]
    fn the_very_word_is_underlined() {
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
    fn problems_of_one_kind_are_told_together() {
        let steps = |word: &str, times: usize| -> String {
            (0..times)
                .map(|count| {
                    format!("```bash {{name=s{word}{count} {word}{count}=1}}\ntrue\n```\n\n")
                })
                .collect()
        };
        let told = drawn(&format!("{}{}", steps("foo", 30), "```bash {timeout=x}\ntrue\n```\n"));
        assert!(
            told.starts_with(
                "31 problems of 2 kinds in 1 file:\n      30  unknown attribute `…` (first: guide/chapter-1.md:1)\n"
            ),
            "{told}"
        );
        assert_eq!(told.matches("\nhint: ").count(), 2, "{told}");
        assert!(
            told.contains("... and 27 more like it:\n    guide/chapter-1.md:13  foo3\n"),
            "{told}"
        );
        assert!(told.contains("    and 19 more\n"), "{told}");
        assert!(told.lines().count() < 60, "{told}");
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

hint: a step is known by its name in every file and message, so give one of them another

";
        assert_eq!(drawn(text), expected);
    }

    #[test]
    fn tabs_and_wide_characters_keep_the_carets_in_place() {
        let (sources, span) = span("\t日本 wrong\r\n", "wrong");
        let drawn = draw(&sources, &Problem::at(span, "no"), Style::colourless());
        assert_eq!(
            drawn,
            "error: no\n --> a.md:1:5\n  |\n1 |     日本 wrong\n  |          ^^^^^\n"
        );
    }

    #[test]
    fn a_long_span_is_cut() {
        let text = "one\ntwo\nthree\nfour\nfive\nsix\n";
        let (sources, span) = span(text, text);
        let drawn = draw(&sources, &Problem::at(span, "no"), Style::colourless());
        assert!(drawn.ends_with("4 | four\n  | ^^^^\n  ...\n"), "{drawn}");
    }

    #[test]
    fn a_long_line_shows_the_part_that_matters() {
        let text = format!("{} wrong {}\n", "a".repeat(500), "b".repeat(500));
        let (sources, span) = span(&text, "wrong");
        let drawn = draw(&sources, &Problem::at(span, "no"), Style::colourless());
        assert!(drawn.contains("1 | ...wrong bbb"), "{drawn}");
        assert!(drawn.contains("\n  |    ^^^^^\n"), "{drawn}");
    }

    #[test]
    fn a_problem_without_a_place_is_a_message_and_a_hint() {
        let problem =
            Problem::without_span("the book has no chapter `x`").hint("its chapters are a, b");
        let expected = "error: the book has no chapter `x`\n\nhint: its chapters are a, b\n";
        assert_eq!(draw(&Sources::default(), &problem, Style::colourless()), expected);
    }

    #[test]
    fn colour_is_only_used_when_asked_for() {
        let problem = Problem::without_span("x");
        let style = Style::decide(super::super::style::ColourChoice::Always, true, false, true);
        let drawn = draw(&Sources::default(), &problem, style);
        assert!(super::super::terminal::printable(&drawn).contains('\u{1b}'), "{drawn}");
    }

    #[test]
    fn a_place_out_of_the_text_is_no_panic() {
        let mut sources = Sources::default();
        sources.add(PathBuf::from("a.md"), "é");
        let span = Span { source: SourceId(0), start: 1, end: 1, line: 1 };
        assert!(draw(&sources, &Problem::at(span, "no"), Style::colourless()).contains("a.md:1:1"));
    }
}
