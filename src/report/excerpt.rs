//! One problem of the book's text with its excerpts: message, place, lines with carets, further places, hint.
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

use std::fmt::Write;

use unicode_width::UnicodeWidthChar;

use super::style::Style;
use crate::book::{Problem, Severity, Sources, Span};
use crate::text::sanitize::{is_unsafe, lines, one_line};

/// The width of a tab in an excerpt, in columns.
const TAB: usize = 4;

/// How many lines of a span are shown.
const MOST_LINES: usize = 4;

/// How many columns of a line are shown.
const MOST_COLUMNS: usize = 160;

/// Draws one problem. The text ends with a line end.
pub(crate) fn draw(sources: &Sources, problem: &Problem, style: Style) -> String {
    let mut out = String::new();
    let label = match problem.severity {
        Severity::Error | Severity::Unrunnable => style.failed("error").to_string(),
        Severity::Warning => style.warning("warning").to_string(),
        Severity::Note => style.hint("note").to_string(),
    };
    let _ = writeln!(out, "{label}{}", style.strong(format_args!(": {}", lines(&problem.message))));
    let labels = problem.labels.iter().map(|(span, _)| span);
    let last_line = problem.span.iter().chain(labels).map(|span| last_line(sources, span)).max();
    let gutter = last_line.unwrap_or(0).to_string().len();
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

/// The number of the last line of a span that is shown.
fn last_line(sources: &Sources, span: &Span) -> usize {
    let text = sources.file(span.source).text.get(span.range());
    let height = text.map_or(1, |text| text.lines().count().clamp(1, MOST_LINES));
    span.line as usize + height - 1
}

/// Draws excerpts into a text.
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
        let start = text.floor_char_boundary(span.start as usize);
        let end = text.floor_char_boundary((span.end as usize).max(start));
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

fn width(next: char) -> usize {
    if next == '\t' { TAB } else { next.width().unwrap_or(1) }
}

fn columns(text: &str) -> usize {
    text.chars().map(width).sum()
}

/// The part of a line that is shown, with tabs as spaces and control characters replaced; and whether the line is longer.
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
            character if is_unsafe(character) => shown.push('\u{fffd}'),
            character => shown.push(character),
        }
    }
    (shown, false)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::book::SourceId;

    fn span(text: &str, part: &str) -> (Sources, Span) {
        let mut sources = Sources::default();
        let source = sources.add(PathBuf::from("a.md"), text);
        let start = text.find(part).unwrap();
        let line = 1 + u32::try_from(text[..start].matches('\n').count()).unwrap();
        let number = |at: usize| u32::try_from(at).unwrap();
        (sources, Span { source, start: number(start), end: number(start + part.len()), line })
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
    fn only_the_first_lines_of_a_long_span_are_shown() {
        let text = "one\ntwo\nthree\nfour\nfive\nsix\n";
        let (sources, span) = span(text, text);
        let drawn = draw(&sources, &Problem::at(span, "no"), Style::colourless());
        assert!(drawn.ends_with("4 | four\n  | ^^^^\n  ...\n"), "{drawn}");
    }

    #[test]
    fn of_a_long_line_the_marked_part_is_shown() {
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
    fn colour_is_used_if_the_style_has_it() {
        let problem = Problem::without_span("x");
        let style = Style::decide(crate::report::ColourChoice::Always, true, false, true);
        let drawn = draw(&Sources::default(), &problem, style);
        assert!(crate::report::terminal::printable(&drawn).contains('\u{1b}'), "{drawn}");
    }

    #[test]
    fn a_place_outside_of_the_text_does_not_panic() {
        let mut sources = Sources::default();
        sources.add(PathBuf::from("a.md"), "é");
        let span = Span { source: SourceId(0), start: 1, end: 1, line: 1 };
        assert!(draw(&sources, &Problem::at(span, "no"), Style::colourless()).contains("a.md:1:1"));
    }
}
