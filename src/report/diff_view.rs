//! Draws differences for a person: `row web, column READY: 2/2 → 1/2`, or both lines with the words that differ marked.

use similar::{ChangeTag, TextDiff};
use unicode_width::UnicodeWidthStr;

use super::style::Style;
use crate::compare::Difference;
use crate::text::sanitize::{fit, one_line};

/// The longest line that is shown, in columns.
const WIDTH: usize = 160;
/// The largest width, in columns, of each side of a change that is drawn in one line.
const SHORT: usize = 60;
/// The longest pair of lines, in bytes, of which the words are compared. Marks in longer lines are hard to read.
const COMPARED: usize = 2000;

/// The differences for which there was room.
#[derive(Debug, Default)]
pub(super) struct Drawn {
    /// The lines, without line ends.
    pub lines: Vec<String>,
    /// The number of differences that are not shown.
    pub hidden_differences: usize,
    /// The number of lines that the last shown difference lacks.
    pub hidden_lines: usize,
}

/// Draws at most `most` lines. Differences are drawn whole, except a first one that is longer than `most`.
pub(super) fn difference_lines(differences: &[Difference], most: usize, style: &Style) -> Drawn {
    let mut shown = Drawn::default();
    for (index, difference) in differences.iter().enumerate() {
        let drawn = draw(difference, style);
        if index > 0 && shown.lines.len() + drawn.len() > most {
            shown.hidden_differences = differences.len() - index;
            break;
        }
        shown.lines.extend(drawn);
        shown.hidden_lines = shown.lines.len().saturating_sub(most);
        shown.lines.truncate(most);
    }
    shown
}

/// All differences as text.
#[cfg(test)]
pub(crate) fn all_differences(differences: &[Difference]) -> String {
    difference_lines(differences, usize::MAX, &Style::colourless()).lines.concat_lines()
}

/// Joins lines to a text.
pub(super) trait ConcatLines {
    /// The lines, each followed by a line end.
    fn concat_lines(&self) -> String;
}

impl ConcatLines for [String] {
    fn concat_lines(&self) -> String {
        self.iter().flat_map(|line| [line.trim_end(), "\n"]).collect()
    }
}

fn draw(difference: &Difference, style: &Style) -> Vec<String> {
    match difference {
        Difference::Missing { what, expected, .. } => {
            heading(what, "missing", style).chain(quote('-', expected, style)).collect()
        }
        // The last difference of a long list may only count the others.
        Difference::Unexpected { what, actual, line: None } if actual.is_empty() => {
            vec![what.clone()]
        }
        Difference::Unexpected { what, actual, .. } => {
            heading(what, "not expected", style).chain(quote('+', actual, style)).collect()
        }
        Difference::Changed { what, expected, actual, .. } => {
            if !what.starts_with("line") && is_short(expected) && is_short(actual) {
                let arrow = style.symbols().arrow;
                let (expected, actual) = (one_line(expected), one_line(actual));
                return vec![format!(
                    "{}: {} {arrow} {}",
                    style.strong(what),
                    style.removed(expected),
                    style.added(actual)
                )];
            }
            let both = if expected.contains('\n')
                || actual.contains('\n')
                || expected.len() + actual.len() > COMPARED
            {
                quote('-', expected, style).chain(quote('+', actual, style)).collect()
            } else {
                changed_words(&one_line(expected), &one_line(actual), style)
            };
            std::iter::once(format!("{}:", style.strong(what))).chain(both).collect()
        }
        Difference::Binding { name, why, .. } => {
            vec![format!("{}: {}", style.strong(format!("<{name}>")), one_line(why))]
        }
    }
}

fn heading(what: &str, is: &str, style: &Style) -> impl Iterator<Item = String> + use<> {
    std::iter::once(format!("{} {is}:", style.strong(what)))
}

fn is_short(text: &str) -> bool {
    !text.contains('\n') && text.width() <= SHORT
}

fn quote(sign: char, text: &str, style: &Style) -> std::vec::IntoIter<String> {
    let ellipsis = style.symbols().ellipsis;
    let lines = text.lines().map(|line| {
        let line = format!("  {sign} {}", fit(&one_line(line), WIDTH, ellipsis));
        if sign == '-' { style.removed(line).to_string() } else { style.added(line).to_string() }
    });
    lines.collect::<Vec<_>>().into_iter()
}

/// Both lines, with the words that differ underlined, or without colour with carets under them.
pub(super) fn changed_words(expected: &str, actual: &str, style: &Style) -> Vec<String> {
    let diff = TextDiff::from_words(expected, actual);
    let mut sides = [Side::new("  - "), Side::new("  + ")];
    for change in diff.iter_all_changes() {
        let word = change.value();
        match change.tag() {
            ChangeTag::Equal => {
                sides[0].push(word, &style.removed(word), ' ');
                sides[1].push(word, &style.added(word), ' ');
            }
            ChangeTag::Delete => sides[0].push(word, &style.removed_word(word), '^'),
            ChangeTag::Insert => sides[1].push(word, &style.added_word(word), '^'),
        }
    }
    let lines = sides.into_iter().flat_map(|side| side.lines(style));
    lines.collect()
}

struct Side {
    text: String,
    marks: String,
}

impl Side {
    fn new(start: &str) -> Self {
        Self { text: start.to_owned(), marks: " ".repeat(start.len()) }
    }

    fn push(&mut self, word: &str, painted: &impl std::fmt::Display, mark: char) {
        self.text += &painted.to_string();
        self.marks.extend(std::iter::repeat_n(mark, word.width()));
    }

    fn lines(self, style: &Style) -> Vec<String> {
        // If the whole line differs, carets under all of it add nothing.
        let marks = self.marks.trim();
        let wanted =
            !style.has_colour() && !marks.is_empty() && marks.len() + 4 < self.text.width();
        let mut lines = vec![self.text];
        if wanted {
            lines.push(self.marks.trim_end().to_owned());
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Failure;
    use crate::event::samples::every_failure;
    use crate::report::ColourChoice;
    use crate::report::terminal::printable;

    fn changed(what: &str, expected: &str, actual: &str) -> Difference {
        Difference::Changed {
            what: what.to_owned(),
            expected: expected.to_owned(),
            actual: actual.to_owned(),
            line: None,
        }
    }

    #[test]
    fn every_kind_of_difference_has_its_own_form() {
        let mismatch = every_failure().into_iter().find_map(|failure| match failure {
            Failure::Mismatch { differences, .. } => Some(differences),
            _ => None,
        });
        assert_eq!(
            all_differences(&mismatch.unwrap()),
            "row web missing:\n  - web  2/2\nline 4 not expected:\n  + surprise\nrow api, column READY: 2/2 → 1/2\n\
             <port>: `abc` is not a number\n"
        );
    }

    #[test]
    fn the_words_that_differ_in_a_line_are_marked_without_colour_too() {
        assert_eq!(
            all_differences(&[changed("line 3", "ready 2 of 3 nodes", "ready 1 of 3 nodes")]),
            "line 3:\n  - ready 2 of 3 nodes\n          ^\n  + ready 1 of 3 nodes\n          ^\n"
        );
    }

    #[test]
    fn with_colour_the_words_that_differ_are_underlined_instead() {
        let style = Style::decide(ColourChoice::Always, true, false, true);
        let Drawn { lines, hidden_differences, .. } =
            difference_lines(&[changed("line 1", "a b", "a c")], 30, &style);
        assert_eq!(hidden_differences, 0);
        assert_eq!(lines.len(), 3);
        let line = printable(&lines[1]);
        assert!(line.ends_with("\u{1b}[1m\u{1b}[4m\u{1b}[31mb\u{1b}[0m"), "{line:?}");
    }

    #[test]
    fn differences_without_room_are_counted_and_the_first_one_is_always_shown() {
        let many: Vec<Difference> =
            (0..50).map(|row| changed(&format!("row {row}"), "a", "b")).collect();
        let drawn = difference_lines(&many, 30, &Style::colourless());
        let counts =
            |drawn: &Drawn| (drawn.lines.len(), drawn.hidden_differences, drawn.hidden_lines);
        assert_eq!(counts(&drawn), (30, 20, 0));
        let tall = [changed("field a", &"x\n".repeat(100), "y"), changed("field b", "1", "2")];
        assert_eq!(counts(&difference_lines(&tall, 30, &Style::colourless())), (30, 1, 72));
    }

    #[test]
    fn a_difference_that_counts_the_others_is_shown_unchanged() {
        let rest = Difference::Unexpected {
            what: "17 more differences".to_owned(),
            actual: String::new(),
            line: None,
        };
        assert_eq!(all_differences(&[rest]), "17 more differences\n");
    }

    #[test]
    fn control_characters_of_an_output_are_not_printed() {
        let shown = all_differences(&[changed("line 1", "plain", "\u{1b}[2J\u{7}boo")]);
        assert!(!shown.contains(['\u{1b}', '\u{7}']), "{shown:?}");
    }
}
