//! Matches a whole output with an expected text that contains `...` lines.

use std::ops::Range;

use super::{Expected, Texts};
use crate::compare::pattern::Scope;
use crate::compare::verdict::Bindings;

/// The most line comparisons of the search for the places of the parts between `...` lines.
const MOST_COMPARISONS: usize = 4_000_000;

/// The names that are bound if the output matches. A part between two `...` lines takes the first
/// place that lets the rest match.
pub(super) fn match_all(texts: &Texts<'_>, bound: &Bindings) -> Option<Bindings> {
    let mut scope = Scope::new(bound);
    let parts = parts(&texts.expected);
    let (first, last) = (parts.first()?.clone(), parts.last()?.clone());
    let count = texts.actual.len();
    if parts.len() == 1 {
        let all = first.len() == count && holds(texts, &first, 0, &mut scope);
        return all.then_some(scope.bound_here);
    }
    if first.len() + last.len() > count || !holds(texts, &first, 0, &mut scope) {
        return None;
    }
    Search { texts, parts: &parts, left: MOST_COMPARISONS, last_at: count - last.len() }
        .run(first.len(), scope)
}

/// The parts between `...` lines. The first and the last part may be empty.
fn parts(expected: &[Expected<'_>]) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let mut start = 0;
    for (index, line) in expected.iter().enumerate() {
        if matches!(line, Expected::AnyLines) {
            parts.push(start..index);
            start = index + 1;
        }
    }
    parts.push(start..expected.len());
    parts
}

fn holds(texts: &Texts<'_>, part: &Range<usize>, at: usize, scope: &mut Scope<'_>) -> bool {
    part.clone().enumerate().all(|(offset, line)| texts.line_matches(line, at + offset, scope))
}

struct Search<'s, 't> {
    texts: &'s Texts<'t>,
    parts: &'s [Range<usize>],
    left: usize,
    last_at: usize,
}

impl Search<'_, '_> {
    fn run(&mut self, from: usize, scope: Scope<'_>) -> Option<Bindings> {
        // The parts that have a place: the place of each, and the names that were bound before it.
        let mut placed: Vec<(usize, Scope<'_>)> = Vec::new();
        let (mut at, mut scope) = (from, scope);
        loop {
            let part = placed.len() + 1;
            let found = if part + 1 == self.parts.len() {
                self.last(at, &scope)
            } else {
                self.place(part, at, &scope)
            };
            match found {
                Some((_, bound)) if part + 1 == self.parts.len() => return Some(bound.bound_here),
                Some((place, bound)) => {
                    placed.push((place, std::mem::replace(&mut scope, bound)));
                    at = place + self.parts[part].len();
                }
                None => {
                    let (place, before) = placed.pop()?;
                    // A later place can be better only if it binds other values.
                    let another = self.binds(placed.len() + 1)
                        || (1..=placed.len()).any(|part| self.binds(part));
                    if self.left == 0 || !another {
                        return None;
                    }
                    (at, scope) = (place + 1, before);
                }
            }
        }
    }

    fn last<'b>(&self, from: usize, scope: &Scope<'b>) -> Option<(usize, Scope<'b>)> {
        let mut scope = scope.clone();
        let part = self.parts.last()?;
        (self.last_at >= from && holds(self.texts, part, self.last_at, &mut scope))
            .then_some((self.last_at, scope))
    }

    /// The first place, from the line `from`, at which the part matches.
    fn place<'b>(
        &mut self,
        part: usize,
        from: usize,
        scope: &Scope<'b>,
    ) -> Option<(usize, Scope<'b>)> {
        let part = self.parts[part].clone();
        let last = self.last_at.checked_sub(part.len())?;
        for at in from..=last {
            self.left = self.left.checked_sub(1 + part.len())?;
            let mut tried = scope.clone();
            if holds(self.texts, &part, at, &mut tried) {
                return Some((at, tried));
            }
        }
        None
    }

    fn binds(&self, part: usize) -> bool {
        self.parts[part].clone().any(
            |line| matches!(&self.texts.expected[line], Expected::Pattern(_, pattern) if pattern.binds()),
        )
    }
}
