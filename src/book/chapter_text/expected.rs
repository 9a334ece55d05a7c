//! The step that an `output` fence belongs to.

use super::{ChapterReader, Preceding};
use crate::book::attributes::Attributes;
use crate::book::chapter::{Block, ExpectedBlock};
use crate::book::rule::Rule;

impl ChapterReader<'_> {
    /// Adds the output to the step before it, or reports why it is not compared.
    pub(super) fn take_expected(&mut self, expected: ExpectedBlock) {
        let before = std::mem::replace(&mut self.preceding, Preceding::Output);
        match (before, self.found.blocks.last_mut()) {
            (Preceding::Step | Preceding::StepAndParagraph, Some(Block::Step(step))) => {
                if let Some(why) = not_compared(&step.attributes) {
                    let problem = Rule::Fence.at(expected.span, why).label(step.span, "the step");
                    self.problems.push(problem.hint("mark it `{skip}` if it is only shown"));
                }
                step.expected = Some(expected);
            }
            (Preceding::StepAndText, Some(Block::Step(step))) => self.problems.push(
                Rule::Fence.at(expected.span, "this output does not follow its step directly, so it is not compared")
                    .warning()
                    .label(step.span, "the step before it")
                    .hint("move it up (one short paragraph may precede it), or mark it `{skip}` if it is only shown"),
            ),
            (Preceding::Output, _) => self.problems.push(
                Rule::Fence.at(expected.span, "the step before it already has an output, so this one is not compared")
                    .warning()
                    .hint("put both into one fence, or mark this one `{skip}` if it is only shown"),
            ),
            (Preceding::Skipped, _) => self.preceding = Preceding::Skipped,
            _ => {
                self.preceding = Preceding::NoStep;
                self.problems.push(
                    Rule::Fence.at(expected.span, "this output belongs to no step, so it is not compared")
                        .warning()
                        .hint("put it directly after the step that prints it, or mark it `{skip}` if it is only shown"),
                );
            }
        }
    }
}

/// Why the output of a step with these attributes is never compared.
fn not_compared(attributes: &Attributes) -> Option<&'static str> {
    if attributes.background.is_some() {
        return Some("the output of a background step is not compared");
    }
    attributes.interactive.then_some("the output of an interactive step is not compared")
}
