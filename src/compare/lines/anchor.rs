//! Does the whole output match, `...` lines and all?

use std::ops::Range;

use super::{Expected, Texts};
use crate::compare::pattern::Scope;
use crate::compare::verdict::Bindings;

/// Line comparisons that finding the places of the parts between `...` may take.
const MOST_COMPARISONS: usize = 4_000_000;

/// The names bound when it matches. Between two `...` the first place that lets the rest match is taken.
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

/// Lines between `...` lines; the first and the last may be empty.
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
        // Parts placed so far: where, and what was bound before.
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
                    // Only another binding could make a later place better.
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

    /// The first place from `from` on where the part matches.
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
