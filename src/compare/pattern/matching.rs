//! Matches a text with a pattern, and finds the values that the names of the pattern bind. It
//! backtracks within a bound: a match that needs more steps is not found.

use std::borrow::Cow;

use std::collections::HashSet;

use super::numbers::{float_length, int_length, number_ends};
use super::{Pattern, Scope, Token};

use crate::book::NameKind;

use crate::compare::normalize::{Found, View};

/// The most steps for one line. A pattern that a person writes needs a few dozen.
const MOST_STEPS: usize = 100_000;

/// The part of the matched text that a name has taken.
struct Capture<'m> {
    variable: &'m str,
    /// The text, or `None` if the output contains the literal text `<name>`.
    text: Option<&'m str>,
}

impl Pattern<'_> {
    /// Whether the text matches. If it does, its names are added to the scope; otherwise the scope
    /// does not change.
    pub(crate) fn matches(
        &self,
        text: &str,
        scope: &mut Scope<'_>,
        view: Option<View<'_>>,
    ) -> bool {
        let Some(captures) = self.run(text, Some(&*scope), view) else { return false };
        let bound_here: Vec<(String, String)> = captures
            .iter()
            .filter(|capture| scope.get(capture.variable).is_none())
            .filter_map(|capture| Some((capture.variable.to_owned(), capture.text?.to_owned())))
            .collect();
        scope.bound_here.extend(bound_here);
        true
    }

    /// Whether the text would match if no name had been bound before.
    pub(crate) fn matches_alone(&self, text: &str, view: Option<View<'_>>) -> bool {
        self.run(text, None, view).is_some()
    }

    /// For a text that does not match only because of a bound name: that name and the reason.
    pub(crate) fn mismatch_reason(
        &self,
        text: &str,
        scope: &Scope<'_>,
        view: Option<View<'_>>,
    ) -> Option<(String, String)> {
        if let Some(captures) = self.run(text, None, view) {
            return captures.iter().find_map(|capture| {
                let (before, now) = (scope.get(capture.variable)?, capture.text?);
                (before != now).then(|| {
                    (
                        capture.variable.to_owned(),
                        format!("is `{before}` since it was bound, and `{now}` here"),
                    )
                })
            });
        }
        let untyped = Pattern { tokens: self.tokens.iter().map(untyped).collect() };
        let captures = untyped.run(text, None, view)?;
        let typed = self.tokens.iter().filter_map(|token| match token {
            Token::Name { kind, .. } => Some(*kind),
            _ => None,
        });
        captures.iter().zip(typed).find_map(|(capture, kind)| {
            let text = capture.text?;
            let (fits, what) = match kind {
                NameKind::Word => (true, ""),
                NameKind::Int => (int_length(text) == Some(text.len()), "a whole number"),
                NameKind::Float => (float_length(text) == Some(text.len()), "a number"),
            };
            (!fits).then(|| (capture.variable.to_owned(), format!("`{text}` is not {what}")))
        })
    }

    fn name_twice(&self) -> bool {
        let mut seen = HashSet::new();
        self.tokens
            .iter()
            .any(|token| matches!(token, Token::Name { variable, .. } if !seen.insert(variable)))
    }

    fn run<'m>(
        &'m self,
        text: &'m str,
        scope: Option<&'m Scope<'_>>,
        view: Option<View<'_>>,
    ) -> Option<Vec<Capture<'m>>> {
        let volatile = match view {
            Some(view) if self.tokens.iter().any(|token| matches!(token, Token::Volatile(_))) => {
                Cow::Owned(view.find(text))
            }
            _ => Cow::Borrowed(&[][..]),
        };
        Run {
            tokens: &self.tokens,
            text,
            scope,
            volatile,
            frames: Vec::new(),
            dead: HashSet::new(),
            steps: 0,
            name_twice: self.name_twice(),
        }
        .go()
    }
}

fn untyped<'t>(token: &Token<'t>) -> Token<'t> {
    match token {
        Token::Name { raw, variable, .. } => {
            Token::Name { raw, variable: variable.clone(), kind: NameKind::Word }
        }
        other => other.clone(),
    }
}

/// A token with several possible ends: the state at its beginning, and the ends that were not tried
/// yet, the next one last.
struct Frame {
    token: usize,
    start: usize,
    end: usize,
    untried: Ends,
}

/// The ends that were not tried yet, in the cheapest representation.
enum Ends {
    List(Vec<usize>),
    /// Any end from this position on, one character after the other.
    From(usize),
}

struct Run<'m> {
    tokens: &'m [Token<'m>],
    text: &'m str,
    scope: Option<&'m Scope<'m>>,
    volatile: Cow<'m, [Found]>,
    frames: Vec<Frame>,
    /// Pairs of a token and a position that are known to fail. They are kept only if no name occurs
    /// twice.
    dead: HashSet<(usize, usize)>,
    steps: usize,
    /// Whether a name occurs twice. If so, a pair that failed once may match with another value.
    name_twice: bool,
}

impl<'m> Run<'m> {
    fn go(mut self) -> Option<Vec<Capture<'m>>> {
        let (mut token, mut at) = (0, 0);
        loop {
            self.steps += 1;
            if self.steps > MOST_STEPS {
                return None;
            }
            let next = match self.tokens.get(token) {
                None if at == self.text.len() => return Some(self.captures()),
                None => None,
                Some(current) => self.step(token, current, at),
            };
            match next.or_else(|| self.back()) {
                Some((next_token, next_at)) => (token, at) = (next_token, next_at),
                None => return None,
            }
        }
    }

    /// The state after the token, if the token can match here.
    fn step(&mut self, index: usize, token: &'m Token<'m>, at: usize) -> Option<(usize, usize)> {
        let rest = &self.text[at..];
        let length = match token {
            Token::Text(text) => rest.starts_with(text).then_some(text.len()),
            Token::Gap => Some(rest.len() - rest.trim_start_matches([' ', '\t']).len())
                .filter(|length| *length > 0 || rest.is_empty()),
            Token::Volatile(placeholder) => self
                .volatile
                .iter()
                .find(|found| found.range.start == at && found.placeholder == *placeholder)
                .map(|found| found.range.len()),
            Token::Any | Token::Name { .. } => return self.branch(index, token, at),
        };
        length.map(|length| (index + 1, at + length))
    }

    fn branch(&mut self, index: usize, token: &'m Token<'m>, at: usize) -> Option<(usize, usize)> {
        if !self.dead.insert((index, at)) && !self.name_twice {
            return None;
        }
        let untried = match token {
            Token::Any if index + 1 == self.tokens.len() => Ends::List(vec![self.text.len()]),
            Token::Any => Ends::From(at),
            Token::Name { raw, variable, kind } => {
                Ends::List(self.name_ends(index, raw, variable, *kind, at))
            }
            _ => return None,
        };
        self.frames.push(Frame { token: index, start: at, end: at, untried });
        self.back()
    }

    /// The state at the next untried end of the last token that has one.
    fn back(&mut self) -> Option<(usize, usize)> {
        loop {
            let frame = self.frames.last_mut()?;
            let end = match &mut frame.untried {
                Ends::List(ends) => ends.pop(),
                Ends::From(from) => next_end(self.text, *from, self.tokens.get(frame.token + 1))
                    .inspect(|end| {
                        *from = end + self.text[*end..].chars().next().map_or(1, char::len_utf8);
                    }),
            };
            if let Some(end) = end {
                frame.end = end;
                return Some((frame.token + 1, end));
            }
            self.frames.pop();
        }
    }

    /// The possible ends of a name. The one to try first is the last.
    fn name_ends(
        &self,
        index: usize,
        raw: &str,
        variable: &str,
        kind: NameKind,
        at: usize,
    ) -> Vec<usize> {
        let rest = &self.text[at..];
        let here =
            self.captured(variable).or_else(|| self.scope.and_then(|scope| scope.get(variable)));
        if let Some(value) = here {
            return if !value.is_empty() && rest.starts_with(value) {
                vec![at + value.len()]
            } else {
                Vec::new()
            };
        }
        let word = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let mut ends: Vec<usize> = match kind {
            NameKind::Word => {
                rest[..word].char_indices().map(|(i, c)| at + i + c.len_utf8()).collect()
            }
            NameKind::Int => number_ends(rest, at, int_length),
            NameKind::Float => number_ends(rest, at, float_length),
        };
        let whole_first =
            kind != NameKind::Word || matches!(self.tokens.get(index + 1), Some(Token::Any));
        if !whole_first {
            ends.reverse();
        }
        if rest.starts_with(raw) {
            ends.push(at + raw.len());
        }
        ends
    }

    /// The text that an earlier occurrence of the name in this line has taken.
    fn captured(&self, wanted: &str) -> Option<&'m str> {
        self.frames.iter().find_map(|frame| match &self.tokens[frame.token] {
            Token::Name { raw, variable, .. } if variable == wanted => {
                Some(&self.text[frame.start..frame.end]).filter(|text| text != raw)
            }
            _ => None,
        })
    }

    fn captures(&self) -> Vec<Capture<'m>> {
        let captured = self.frames.iter().filter_map(|frame| match &self.tokens[frame.token] {
            Token::Name { raw, variable, .. } => {
                let text = &self.text[frame.start..frame.end];
                Some(Capture { variable, text: (text != *raw).then_some(text) })
            }
            _ => None,
        });
        captured.collect()
    }
}

/// The first end of a `[..]`, from the position `from`, at which the next token may match.
fn next_end(text: &str, from: usize, next: Option<&Token<'_>>) -> Option<usize> {
    let rest = text.get(from..)?;
    match next {
        Some(Token::Text(wanted)) => {
            memchr::memmem::find(rest.as_bytes(), wanted.as_bytes()).map(|offset| from + offset)
        }
        _ => Some(from),
    }
}
