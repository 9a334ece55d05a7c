//! Does a text match a pattern, and what do its names bind then? Backtracking with a bound: what takes longer is no match.

use std::borrow::Cow;
use std::collections::HashSet;

use super::{Pattern, Scope, Token};
use crate::book::NameKind;
use crate::compare::normalize::{Found, View};

/// Steps one line may take. Patterns people write need a few dozen.
const MOST_STEPS: usize = 100_000;

/// A name's part of the matched text.
struct Capture<'m> {
    variable: &'m str,
    /// The text, `None` where the name stood for itself.
    text: Option<&'m str>,
}

impl Pattern<'_> {
    /// Does the text match? The names it binds are then in the scope; otherwise the scope is unchanged.
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

    /// Would the text match if nothing had been bound before?
    pub(crate) fn matches_alone(&self, text: &str, view: Option<View<'_>>) -> bool {
        self.run(text, None, view).is_some()
    }

    /// For a text that matches but for its names: the first name that is to mismatch_reason, and why.
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

/// A token with several ways to match: where it began and the ends still to try, the next one last.
struct Frame {
    token: usize,
    start: usize,
    end: usize,
    untried: Ends,
}

/// Ends still to try, cheapest form each.
enum Ends {
    List(Vec<usize>),
    /// Any end from here on, in steps of a character.
    From(usize),
}

struct Run<'m> {
    tokens: &'m [Token<'m>],
    text: &'m str,
    scope: Option<&'m Scope<'m>>,
    volatile: Cow<'m, [Found]>,
    frames: Vec<Frame>,
    /// Branching tokens and places that are known to fail (kept only while no name occurs twice).
    dead: HashSet<(usize, usize)>,
    steps: usize,
    /// Does a name occur twice? Then what failed once may match with another value.
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

    /// The state after the token, if it can match here.
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

    /// The next untried way of the last branching token.
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

    /// Where a name may end, the one to try first last.
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

    /// What an earlier name of this line has taken.
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

/// The first end of a `[..]`, from `from` on, after which the next token has a chance.
fn next_end(text: &str, from: usize, next: Option<&Token<'_>>) -> Option<usize> {
    let rest = text.get(from..)?;
    match next {
        Some(Token::Text(wanted)) => {
            memchr::memmem::find(rest.as_bytes(), wanted.as_bytes()).map(|offset| from + offset)
        }
        _ => Some(from),
    }
}

/// Every length that is itself a number, the longest last.
fn number_ends(rest: &str, at: usize, length: fn(&str) -> Option<usize>) -> Vec<usize> {
    let longest = length(rest).unwrap_or(0);
    (1..=longest.min(400))
        .filter(|end| length(&rest[..*end]) == Some(*end))
        .map(|end| at + end)
        .collect()
}

/// Length of the whole number at the start of the text.
fn int_length(text: &str) -> Option<usize> {
    let sign = usize::from(text.starts_with(['+', '-']));
    let digits = digits(&text[sign..]);
    (digits > 0).then_some(sign + digits)
}

/// Length of the number at the start of the text: `3`, `-0.5`, `.5`, `1e-3`.
fn float_length(text: &str) -> Option<usize> {
    let sign = usize::from(text.starts_with(['+', '-']));
    let whole = digits(&text[sign..]);
    let mut end = sign + whole;
    let mut fraction = 0;
    if text[end..].starts_with('.') {
        fraction = digits(&text[end + 1..]);
        end += if fraction > 0 { fraction + 1 } else { 0 };
    }
    if whole + fraction == 0 {
        return None;
    }
    if text[end..].starts_with(['e', 'E'])
        && let Some(exponent) = int_length(&text[end + 1..])
    {
        end += 1 + exponent;
    }
    Some(end)
}

fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}
