//! Writes what was decided: snapshot files, and the bodies of fences, a chapter at a time.

use std::collections::BTreeMap;
use std::ops::Range;

use super::items::{Accepting, Item};
use super::walk::Decision;
use crate::book::{SourceId, Sources, parse_chapter};
use crate::commands::book_context::BookContext;
use crate::compare::{Choice, FenceEditError, apply_hunks, replace_fence_body};
use crate::error::Error;
use crate::report::Reviewed;
use crate::store::{
    PendingFence, PendingFences, PendingSnapshot, Recordings, Snapshots, StoreError,
    rewrite_chapter,
};

/// Where reviews are written.
pub(super) struct Review<'o> {
    context: &'o BookContext,
    snapshots: Snapshots,
    fences: PendingFences,
}

/// A fence's new text, and whose it is.
struct NewBody<'i> {
    item: usize,
    pending: &'i PendingFence,
    fence: &'i Range<usize>,
    body: &'i Range<usize>,
    text: String,
    decided: bool,
}

impl<'o> Review<'o> {
    /// Of this book.
    pub(super) fn of(context: &'o BookContext) -> Self {
        let snapshots = Snapshots::of(&context.root, &context.state, &context.profile);
        Self { context, snapshots, fences: PendingFences::of(&context.state) }
    }

    /// Writes all decisions; how each item came out, and what could not be written.
    pub(super) fn apply(
        &self,
        items: &[Item],
        decisions: &[Decision],
    ) -> (Vec<Reviewed>, Vec<Error>) {
        let mut reviewed = Vec::with_capacity(items.len());
        let mut faults = Vec::new();
        let mut bodies: BTreeMap<SourceId, Vec<NewBody<'_>>> = BTreeMap::new();
        for (index, (item, decision)) in items.iter().zip(decisions).enumerate() {
            reviewed.push(outcome(decision));
            let text = apply_hunks(&item.old, &item.waiting.hunks, &decision.choices);
            match &item.target {
                Accepting::Snapshot(pending) => {
                    if let Err(fault) = self.snapshot(pending, &text, decision) {
                        reviewed[index] = Reviewed::Failed;
                        faults.push(fault.into());
                    }
                }
                Accepting::Recording { chapter, profile } => {
                    let recordings = Recordings::of(&self.context.root);
                    let written = match reviewed[index] {
                        Reviewed::SnapshotStore | Reviewed::InPart => {
                            recordings.accept(chapter, profile)
                        }
                        Reviewed::Rejected => recordings.reject(chapter, profile),
                        Reviewed::Waits | Reviewed::Failed => Ok(()),
                    };
                    if let Err(fault) = written {
                        reviewed[index] = Reviewed::Failed;
                        faults.push(fault.into());
                    }
                }
                Accepting::Fence { pending, source, fence, body } => {
                    let new = NewBody {
                        item: index,
                        pending,
                        fence,
                        body,
                        text,
                        decided: decision.decided,
                    };
                    bodies.entry(*source).or_default().push(new);
                }
            }
        }
        for (source, bodies) in bodies {
            self.chapter(source, bodies, &mut reviewed, &mut faults);
        }
        (reviewed, faults)
    }

    fn snapshot(
        &self,
        pending: &PendingSnapshot,
        text: &str,
        decision: &Decision,
    ) -> Result<(), StoreError> {
        let accepts = decision.choices.iter().any(|choice| *choice != Choice::Keep);
        if accepts {
            self.snapshots.accept(pending, text)?;
        }
        if decision.decided { self.snapshots.remove_pending(pending) } else { Ok(()) }
    }

    /// The last fence of a chapter first, so that the places of those before it stay right.
    fn chapter(
        &self,
        source: SourceId,
        mut bodies: Vec<NewBody<'_>>,
        reviewed: &mut [Reviewed],
        faults: &mut Vec<Error>,
    ) {
        bodies.sort_by_key(|new| std::cmp::Reverse(new.body.start));
        let file = self.context.book.sources.file(source);
        let mut text = file.text.to_string();
        let mut written = Vec::new();
        for new in bodies {
            if matches!(reviewed[new.item], Reviewed::Rejected | Reviewed::Waits) {
                written.push(new);
                continue;
            }
            let changed = replace_fence_body(&text, new.fence, new.body, &new.text)
                .map_err(|error| refused(new.pending, &error));
            match changed.and_then(|changed| self.accepted_by_check(&text, changed, &new)) {
                Ok(changed) => {
                    text = changed;
                    written.push(new);
                }
                Err(error) => {
                    reviewed[new.item] = Reviewed::Failed;
                    faults.push(error);
                }
            }
        }
        if *text != *file.text
            && let Err(fault) =
                rewrite_chapter(&self.context.root.join(&file.path), &file.text, &text)
        {
            written.iter().for_each(|new| reviewed[new.item] = Reviewed::Failed);
            faults.push(fault.into());
            return;
        }
        faults.extend(written.iter().filter_map(|new| self.settle(new).err()).map(Error::from));
    }

    /// The chapter's new text, where `guide check` has nothing against it that it had not before, and the step then expects what
    /// was accepted.
    fn accepted_by_check(
        &self,
        before: &str,
        text: String,
        new: &NewBody<'_>,
    ) -> Result<String, Error> {
        let id = &new.pending.step;
        let parse = |text: &str| {
            let mut sources = Sources::default();
            let source = sources.add("chapter.md".into(), text.to_owned());
            parse_chapter(&sources, source, id.chapter.clone(), "", &self.context.book.languages)
        };
        let ((_, old_problems), (chapter, problems)) = (parse(before), parse(&text));
        let lines = |text: &str| {
            text.trim_end().lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>()
        };
        let expected = chapter
            .steps()
            .find(|step| step.name == id.step)
            .and_then(|step| step.expected.as_ref());
        let why = if problems.len() > old_problems.len() {
            let known =
                |message: &str| old_problems.iter().any(|problem| problem.message == message);
            let problem =
                problems.iter().find(|problem| !known(&problem.message)).or(problems.last());
            problem.map(|problem| problem.message.clone())
        } else if expected.is_none_or(|expected| lines(&expected.text) != lines(&new.text)) {
            Some("the fence would not hold it as it is".to_owned())
        } else {
            None
        };
        match why {
            None => Ok(text),
            Some(why) => Err(Error::usage(
                format!(
                    "the output of {id} cannot be written into its fence, since `guide check` would refuse the chapter: {why}"
                ),
                "compare with a `snapshot` instead of the `output` fence",
            )),
        }
    }

    /// The pending fence is gone, or waits with what is left of it.
    fn settle(&self, new: &NewBody<'_>) -> Result<(), StoreError> {
        if new.decided {
            return self.fences.settle(&new.pending.step);
        }
        self.fences.keep(&PendingFence { expected: new.text.clone(), ..new.pending.clone() })
    }
}

fn outcome(decision: &Decision) -> Reviewed {
    let kept = decision.choices.iter().filter(|choice| **choice == Choice::Keep).count();
    match (decision.decided, kept) {
        (true, 0) => Reviewed::SnapshotStore,
        (_, kept) if kept < decision.choices.len() => Reviewed::InPart,
        (true, _) => Reviewed::Rejected,
        (false, _) => Reviewed::Waits,
    }
}

fn refused(pending: &PendingFence, error: &FenceEditError) -> Error {
    Error::usage(
        format!("the output of {} cannot be written into its fence: {error}", pending.step),
        error.hint(),
    )
}
