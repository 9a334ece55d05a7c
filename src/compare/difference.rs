//! Collects differences, up to a number that suits a person and the journal.

use super::verdict::Difference;

/// The most differences that are kept. Further ones are only counted.
const MOST: usize = 200;
/// The longest text of one side of a difference that is kept, in bytes.
const LONGEST: usize = 4_000;

/// The collected differences.
#[derive(Debug, Default)]
pub(super) struct Differences {
    kept: Vec<Difference>,
    more: usize,
}

impl Differences {
    pub(super) fn push(&mut self, difference: Difference) {
        if self.kept.len() < MOST {
            self.kept.push(difference);
        } else {
            self.more += 1;
        }
    }

    pub(super) fn missing(&mut self, what: impl Into<String>, expected: &str, line: Option<usize>) {
        self.push(Difference::Missing {
            what: what.into(),
            expected: cut(expected),
            line: number(line),
        });
    }

    pub(super) fn unexpected(
        &mut self,
        what: impl Into<String>,
        actual: &str,
        line: Option<usize>,
    ) {
        self.push(Difference::Unexpected {
            what: what.into(),
            actual: cut(actual),
            line: number(line),
        });
    }

    pub(super) fn changed(
        &mut self,
        what: impl Into<String>,
        expected: &str,
        actual: &str,
        line: Option<usize>,
    ) {
        self.push(Difference::Changed {
            what: what.into(),
            expected: cut(expected),
            actual: cut(actual),
            line: number(line),
        });
    }

    pub(super) fn binding(&mut self, (name, why): (String, String), line: Option<usize>) {
        self.push(Difference::Binding { name, why: cut(&why), line: number(line) });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// The kept differences, and a last one with the number of the others.
    pub(super) fn into_vec(mut self) -> Vec<Difference> {
        if self.more > 0 {
            let what = format!("{} more differences", self.more);
            self.kept.push(Difference::Unexpected { what, actual: String::new(), line: None });
        }
        self.kept
    }
}

fn number(line: Option<usize>) -> Option<u32> {
    line.and_then(|line| u32::try_from(line).ok())
}

fn cut(text: &str) -> String {
    if text.len() <= LONGEST {
        return text.to_owned();
    }
    let end = (0..=LONGEST).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    format!("{}… ({} bytes more)", &text[..end], text.len() - end)
}
