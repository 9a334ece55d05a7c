//! What waits for review: pending snapshots and pending fences, in the book's order.

use std::ops::Range;

use super::walk::Decision;
use crate::book::{Chapter, SourceId, StepBlock};
use crate::commands::book_context::BookContext;
use crate::compare::{Choice, Hunk, Rules, hunks};
use crate::error::Error;
use crate::ids::StepId;
use crate::plan::{ChapterSelection, Selection, pick};
use crate::recording::changes;
use crate::report::Waiting;
use crate::store::{PendingFence, PendingFences, PendingSnapshot, Recordings, Snapshots};

/// Something that waits for review.
pub(super) struct Item {
    /// As it is told; its hunks lead from `old` to `new`.
    pub waiting: Waiting,
    /// The text that is accepted now.
    pub old: String,
    /// What accepting writes.
    pub target: Accepting,
}

/// What accepting writes.
pub(super) enum Accepting {
    /// A snapshot file.
    Snapshot(Box<PendingSnapshot>),
    /// A recording: all of it or nothing.
    Recording {
        /// The chapter.
        chapter: String,
        /// The profile.
        profile: String,
    },
    /// The body of a fence.
    Fence {
        /// As it is kept.
        pending: PendingFence,
        /// The chapter.
        source: SourceId,
        /// The whole fence.
        fence: Range<usize>,
        /// What stands between its lines.
        body: Range<usize>,
    },
}

impl Item {
    /// All of it accepted.
    pub(super) fn accepted(&self) -> Decision {
        Decision { choices: vec![Choice::Accept; self.waiting.hunks.len()], decided: true }
    }

    /// None of it.
    pub(super) fn rejected(&self) -> Decision {
        Decision { choices: vec![Choice::Keep; self.waiting.hunks.len()], decided: true }
    }
}

/// What waits of the targets (none: of the book), and notes on what can't be reviewed.
///
/// # Errors
/// When a target is none, or a file can't be read.
pub(super) fn collect(
    context: &BookContext,
    targets: &[String],
) -> Result<(Vec<Item>, Vec<String>), Error> {
    let picks = picked(context, targets)?;
    let snapshots = Snapshots::of(&context.root, &context.state, &context.profile);
    let fences = PendingFences::of(&context.state);
    let mut pending = snapshots.pending()?;
    let mut items = Vec::new();
    let mut notes = Vec::new();
    for (chapter, pick) in context.book.chapters.iter().zip(&picks) {
        for block in chapter.steps() {
            let id = StepId { chapter: chapter.name.clone(), step: block.name.clone() };
            let mine = |one: &PendingSnapshot| one.step == id;
            let snapshots_of_step: Vec<PendingSnapshot> =
                pending.extract_if(.., |one| mine(one)).collect();
            if !pick.holds(&block.name) {
                continue;
            }
            items.extend(
                snapshots_of_step
                    .into_iter()
                    .map(|one| snapshot_item(context, &snapshots, block, one)),
            );
            if let Some(fence) = fences.get(&id)? {
                match fence_item(context, chapter, block, fence) {
                    Some(item) => items.push(item),
                    None if block.expected.as_ref().is_some_and(|expected| expected.in_pieces) => {
                        notes
                            .push(format!("the outputs of {id} stand between its commands: correct them in the chapter by hand"));
                    }
                    None => notes.push(format!(
                        "the `output` fence of {id} has changed since it ran: run it again"
                    )),
                }
            }
        }
    }
    for (chapter, _) in
        context.book.chapters.iter().zip(&picks).filter(|(_, pick)| **pick == ChapterSelection::All)
    {
        items.extend(recording_items(context, chapter)?);
    }
    if targets.is_empty() {
        let gone = |one: PendingSnapshot| {
            format!(
                "`{}` belongs to no step of the book: remove it",
                snapshots.shown(&one.path).display()
            )
        };
        notes.extend(pending.into_iter().map(gone));
    }
    Ok((items, notes))
}

/// What the targets pick, chapter by chapter.
fn picked(context: &BookContext, targets: &[String]) -> Result<Vec<ChapterSelection>, Error> {
    let selection = Selection { targets: targets.to_vec(), ..Selection::default() };
    pick(&context.book, &selection)
        .map_err(|problems| Error::Book(problems, Box::new(context.book.sources.clone())))
}

fn snapshot_item(
    context: &BookContext,
    snapshots: &Snapshots,
    block: &StepBlock,
    pending: PendingSnapshot,
) -> Item {
    let old = pending.old.clone().map(with_line_end).unwrap_or_default();
    let new = with_line_end(pending.new.clone());
    let mut changes = hunks(&old, &new);
    if changes.is_empty() {
        // No output at all is an output to accept, too.
        changes.push(Hunk {
            start: 0,
            old: Vec::new(),
            new: Vec::new(),
            before: Vec::new(),
            after: Vec::new(),
        });
    }
    let waiting = Waiting {
        step: pending.step.clone(),
        place: Some(context.book.sources.place(block.span)),
        file: snapshots.shown(&pending.accepts_to),
        fence: false,
        new: pending.old.is_none(),
        hidden: pending.hidden.clone(),
        hunks: changes,
    };
    Item { waiting, old, target: Accepting::Snapshot(Box::new(pending)) }
}

/// A chapter as a whole, where a step is asked for.
fn whole(chapter: &Chapter) -> StepId {
    StepId { chapter: chapter.name.clone(), step: crate::ids::StepName::new("recording") }
}

/// Recordings of a chapter that wait, a profile each: one hunk that shows what is new.
fn recording_items(context: &BookContext, chapter: &Chapter) -> Result<Vec<Item>, Error> {
    let recordings = Recordings::of(&context.root);
    let name = chapter.name.as_str();
    let mut items = Vec::new();
    for profile in recordings.profiles(name, true) {
        let Some(new) = recordings.pending(name, &profile)? else { continue };
        let old = recordings.accepted(name, &profile)?;
        let lines = changes(old.as_ref(), &new, &Rules::default());
        let hunk =
            Hunk { start: 0, old: Vec::new(), new: lines, before: Vec::new(), after: Vec::new() };
        let waiting = Waiting {
            step: whole(chapter),
            place: None,
            file: recordings.shown(name, &profile),
            fence: false,
            new: old.is_none(),
            hidden: Vec::new(),
            hunks: vec![hunk],
        };
        items.push(Item {
            waiting,
            old: String::new(),
            target: Accepting::Recording { chapter: name.to_owned(), profile },
        });
    }
    Ok(items)
}

/// `None` when the fence is another by now.
fn fence_item(
    context: &BookContext,
    chapter: &Chapter,
    block: &StepBlock,
    pending: PendingFence,
) -> Option<Item> {
    let expected = block
        .expected
        .as_ref()
        .filter(|expected| !expected.in_pieces && *expected.text == *pending.expected)?;
    let place = context.book.sources.place(expected.span);
    let waiting = Waiting {
        step: pending.step.clone(),
        file: place.file.to_path_buf(),
        place: Some(place),
        fence: true,
        new: expected.text.trim().is_empty(),
        hidden: Vec::new(),
        hunks: hunks(&pending.expected, &pending.proposed),
    };
    let old = pending.expected.clone();
    let target = Accepting::Fence {
        pending,
        source: chapter.source,
        fence: expected.span.range(),
        body: expected.body.range(),
    };
    Some(Item { waiting, old, target })
}

fn with_line_end(mut text: String) -> String {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text
}
