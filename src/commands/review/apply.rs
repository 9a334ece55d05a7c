//! Writes the decisions of a review: snapshot files, recordings, and the bodies of fences, one chapter at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::PathBuf;

use super::items::{Accepting, Item};
use super::walk::Decision;
use crate::book::{SourceId, parse_chapter};
use crate::commands::book_context::BookContext;
use crate::compare::{Choice, FenceEditError, apply_hunks, replace_fence_body};
use crate::error::Error;
use crate::report::Reviewed;
use crate::store::{
    PendingFence, PendingFences, PendingSnapshot, Recordings, Snapshots, StoreError,
    rewrite_chapter, sweep,
};

/// The files that a review writes.
pub(super) struct Review<'o> {
    context: &'o BookContext,
    snapshots: Snapshots,
    fences: PendingFences,
}

/// The new text of a fence.
struct NewBody<'i> {
    /// Index of the reviewed item.
    item: usize,
    pending: &'i PendingFence,
    fence: &'i Range<usize>,
    body: &'i Range<usize>,
    text: String,
    decided: bool,
}

impl<'o> Review<'o> {
    /// The review of this book.
    pub(super) fn of(context: &'o BookContext) -> Self {
        let snapshots = Snapshots::of(&context.root, &context.state, &context.profile);
        snapshots.sweep();
        sweep_chapters(context);
        Self { context, snapshots, fences: PendingFences::of(&context.state) }
    }

    /// Writes all decisions. Returns the outcome of each item, and the errors.
    pub(super) fn apply(
        &self,
        items: &[Item],
        decisions: &[Decision],
    ) -> (Vec<Reviewed>, Vec<Error>) {
        let mut reviewed = Vec::with_capacity(items.len());
        let mut errors = Vec::new();
        let mut bodies: BTreeMap<SourceId, Vec<NewBody<'_>>> = BTreeMap::new();
        for (index, (item, decision)) in items.iter().zip(decisions).enumerate() {
            reviewed.push(outcome(decision));
            let text = apply_hunks(&item.old, &item.output.hunks, &decision.choices);
            let written = match &item.target {
                Accepting::Snapshot(pending) => self.snapshot(pending, &text, decision),
                Accepting::Recording { chapter, profile } => {
                    self.recording(chapter, profile, reviewed[index])
                }
                Accepting::Fence { pending, source, fence, body } => {
                    let decided = decision.decided;
                    let new = NewBody { item: index, pending, fence, body, text, decided };
                    bodies.entry(*source).or_default().push(new);
                    Ok(())
                }
            };
            if let Err(error) = written {
                reviewed[index] = Reviewed::Failed;
                errors.push(error.into());
            }
        }
        for (source, bodies) in bodies {
            self.chapter(source, bodies, &mut reviewed, &mut errors);
        }
        (reviewed, errors)
    }

    fn recording(&self, chapter: &str, profile: &str, outcome: Reviewed) -> Result<(), StoreError> {
        let recordings = Recordings::of(&self.context.root);
        match outcome {
            Reviewed::Accepted | Reviewed::InPart => recordings.accept(chapter, profile),
            Reviewed::Rejected => recordings.reject(chapter, profile),
            Reviewed::Pending | Reviewed::Failed => Ok(()),
        }
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

    /// Writes the fences of a chapter, the last one first, so that the byte ranges of the fences before it stay valid.
    fn chapter(
        &self,
        source: SourceId,
        mut bodies: Vec<NewBody<'_>>,
        reviewed: &mut [Reviewed],
        errors: &mut Vec<Error>,
    ) {
        bodies.sort_by_key(|new| std::cmp::Reverse(new.body.start));
        let file = self.context.book.sources.file(source);
        let mut text = file.text.to_string();
        let mut written = Vec::new();
        for new in bodies {
            if matches!(reviewed[new.item], Reviewed::Rejected | Reviewed::Pending) {
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
                    errors.push(error);
                }
            }
        }
        if *text != *file.text
            && let Err(error) =
                rewrite_chapter(&self.context.root.join(&file.path), &file.text, &text)
        {
            written.iter().for_each(|new| reviewed[new.item] = Reviewed::Failed);
            errors.push(error.into());
            return;
        }
        let kept = written.iter().filter_map(|new| self.update_pending(new).err());
        errors.extend(kept.map(Error::from));
    }

    /// The chapter's new text, if it gives `guide check` no new problem and the step then expects the accepted output.
    fn accepted_by_check(
        &self,
        before: &str,
        text: String,
        new: &NewBody<'_>,
    ) -> Result<String, Error> {
        let id = &new.pending.step;
        let book = &self.context.book;
        let mut sources = book.sources.clone();
        let mut parse = |text: &str| {
            let source = sources.add("chapter.md".into(), text.to_owned());
            parse_chapter(&sources, source, id.chapter.clone(), "", &book.languages)
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
            Some("the fence cannot contain the output unchanged".to_owned())
        } else {
            self.context.refusal_with(chapter, sources)
        };
        match why {
            None => Ok(text),
            Some(why) => Err(Error::usage(
                format!(
                    "the output of {id} cannot be written into its fence, because `guide check` would refuse the chapter: {why}"
                ),
                "compare with a `snapshot` instead of the `output` fence",
            )),
        }
    }

    /// Removes the pending fence, or keeps the part of it that was not decided.
    fn update_pending(&self, new: &NewBody<'_>) -> Result<(), StoreError> {
        if new.decided {
            return self.fences.clear_pending(&new.pending.step);
        }
        self.fences.write(&PendingFence { expected: new.text.clone(), ..new.pending.clone() })
    }
}

fn outcome(decision: &Decision) -> Reviewed {
    let kept = decision.choices.iter().filter(|choice| **choice == Choice::Keep).count();
    match (decision.decided, kept) {
        (true, 0) => Reviewed::Accepted,
        (_, kept) if kept < decision.choices.len() => Reviewed::InPart,
        (true, _) => Reviewed::Rejected,
        (false, _) => Reviewed::Pending,
    }
}

/// Removes the temporary files that a killed review left beside the chapters.
fn sweep_chapters(opened: &BookContext) {
    let files = opened.book.chapters.iter().map(|chapter| opened.book.sources.file(chapter.source));
    let folders: BTreeSet<PathBuf> =
        files.filter_map(|file| Some(opened.root.join(&file.path).parent()?.to_owned())).collect();
    folders.iter().for_each(|folder| sweep(folder));
}

fn refused(pending: &PendingFence, error: &FenceEditError) -> Error {
    Error::usage(
        format!("the output of {} cannot be written into its fence: {error}", pending.step),
        error.hint(),
    )
}
