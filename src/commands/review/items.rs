//! What is pending review: snapshots, fences and recordings, in the book's order.

use std::ops::Range;

use super::walk::Decision;
use crate::book::{Chapter, SourceId, StepBlock};
use crate::commands::book_context::BookContext;
use crate::compare::{Choice, Hunk, Rules, hunks};
use crate::error::Error;
use crate::ids::StepId;
use crate::plan::{ChapterSelection, Selection, pick};
use crate::recording::changes;
use crate::report::PendingOutput;
use crate::store::{PendingFence, PendingFences, PendingSnapshot, Recordings, Snapshots};

/// A pending output and its accepted text.
pub(super) struct Item {
    /// The output as it is shown. Its hunks change the text `old` into the new one.
    pub output: PendingOutput,
    /// The accepted text.
    pub old: String,
    /// What is written when the output is accepted.
    pub target: Accepting,
    /// The output of a check that was repeated until its time was over (`until=`): mostly a world that is not ready yet, and not a new
    /// truth.
    pub was_waited_for: bool,
}

/// What is written when an output is accepted.
pub(super) enum Accepting {
    /// A snapshot file.
    Snapshot(Box<PendingSnapshot>),
    /// A recording, which is accepted as a whole or not at all.
    Recording {
        /// The chapter.
        chapter: String,
        /// The profile.
        profile: String,
    },
    /// The body of a fence.
    Fence {
        pending: PendingFence,
        /// The chapter.
        source: SourceId,
        /// The bytes of the whole fence.
        fence: Range<usize>,
        /// The bytes between its opening and its closing line.
        body: Range<usize>,
    },
}

impl Item {
    /// The decision that accepts every hunk.
    pub(super) fn accepted(&self) -> Decision {
        Decision { choices: vec![Choice::Accept; self.output.hunks.len()], decided: true }
    }

    /// What `--accept` decides about everything that no target names.
    pub(super) fn accepted_unnamed(&self) -> Decision {
        if self.was_waited_for {
            Decision { decided: false, ..self.rejected() }
        } else {
            self.accepted()
        }
    }

    /// The decision that rejects every hunk.
    pub(super) fn rejected(&self) -> Decision {
        Decision { choices: vec![Choice::Keep; self.output.hunks.len()], decided: true }
    }
}

/// The pending items of the targets, or without targets those of the book, and notes about items that cannot be reviewed.
///
/// # Errors
/// When a target does not exist, or a file cannot be read.
pub(super) fn collect(
    context: &BookContext,
    targets: &[String],
) -> Result<(Vec<Item>, Vec<String>), Error> {
    let picks = picked(context, targets)?;
    let snapshots = Snapshots::of(&context.root, &context.state, &context.profile);
    let fences = PendingFences::of(&context.state);
    let mut pending = snapshots.pending()?;
    let (mut items, mut notes) = (Vec::new(), Vec::new());
    for (chapter, pick) in context.book.chapters.iter().zip(&picks) {
        for block in chapter.steps() {
            let id = StepId { chapter: chapter.name.clone(), step: block.name.clone() };
            let of_step = pending.extract_if(.., |one| one.step == id).collect::<Vec<_>>();
            if !pick.contains(&block.name) {
                continue;
            }
            let of_step = of_step.into_iter();
            items.extend(of_step.map(|one| snapshot_item(context, &snapshots, block, one)));
            if let Some(fence) = fences.get(&id)? {
                match fence_item(context, chapter, block, fence) {
                    Some(item) => items.push(item),
                    None => notes.push(why_not_reviewed(&id, block)),
                }
            }
        }
    }
    for (chapter, pick) in context.book.chapters.iter().zip(&picks) {
        if *pick == ChapterSelection::All {
            items.extend(recording_items(context, chapter)?);
        }
    }
    if targets.is_empty() {
        let orphaned = |one: PendingSnapshot| {
            let path = snapshots.shown(&one.path);
            format!("`{}` belongs to no step of the book: remove it", path.display())
        };
        notes.extend(pending.into_iter().map(orphaned));
    }
    Ok((items, notes))
}

/// Why the pending output of a fence cannot be reviewed.
fn why_not_reviewed(id: &StepId, block: &StepBlock) -> String {
    if block.expected.as_ref().is_some_and(|expected| expected.is_interleaved) {
        format!(
            "{id} has an output after each of its commands: correct the outputs in the chapter by hand"
        )
    } else {
        format!("the `output` fence of {id} has changed since the step ran: run the step again")
    }
}

/// What the targets select of each chapter.
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
        // An empty output can be accepted as well.
        changes.push(Hunk {
            start: 0,
            old: Vec::new(),
            new: Vec::new(),
            before: Vec::new(),
            after: Vec::new(),
        });
    }
    let output = PendingOutput {
        step: pending.step.clone(),
        place: Some(context.book.sources.place(block.span)),
        file: snapshots.shown(&pending.accepts_to),
        fence: false,
        new: pending.old.is_none(),
        hidden: pending.hidden.clone(),
        hunks: changes,
    };
    let was_waited_for = block.attributes.until.is_some() && pending.old.is_some();
    Item { output, old, target: Accepting::Snapshot(Box::new(pending)), was_waited_for }
}

/// The name of a chapter's recording, in the form of a step's name.
fn whole(chapter: &Chapter) -> StepId {
    StepId { chapter: chapter.name.clone(), step: crate::ids::StepName::new("recording") }
}

/// The pending recordings of a chapter, one for each profile. Each has one hunk that shows what is new.
fn recording_items(context: &BookContext, chapter: &Chapter) -> Result<Vec<Item>, Error> {
    let recordings = Recordings::of(&context.root);
    let name = chapter.name.as_str();
    let mut items = Vec::new();
    for profile in recordings.profiles(name, true) {
        let old = recordings.accepted(name, &profile)?;
        let lines = match recordings.pending(name, &profile) {
            Ok(Some(new)) => changes(old.as_ref(), &new, &Rules::default()),
            Ok(None) => continue,
            // A damaged file can be rejected; accepting it fails with this message.
            Err(error) if error.is_of_book() => vec![error.to_string()],
            Err(error) => return Err(error.into()),
        };
        let hunk =
            Hunk { start: 0, old: Vec::new(), new: lines, before: Vec::new(), after: Vec::new() };
        let output = PendingOutput {
            step: whole(chapter),
            place: None,
            file: recordings.shown(name, &profile),
            fence: false,
            new: old.is_none(),
            hidden: Vec::new(),
            hunks: vec![hunk],
        };
        items.push(Item {
            output,
            old: String::new(),
            target: Accepting::Recording { chapter: name.to_owned(), profile },
            was_waited_for: false,
        });
    }
    Ok(items)
}

/// The pending output of a fence; `None` if the fence has changed since.
fn fence_item(
    context: &BookContext,
    chapter: &Chapter,
    block: &StepBlock,
    pending: PendingFence,
) -> Option<Item> {
    let expected = block
        .expected
        .as_ref()
        .filter(|expected| !expected.is_interleaved && *expected.text == *pending.expected)?;
    let place = context.book.sources.place(expected.span);
    let output = PendingOutput {
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
    let was_waited_for = block.attributes.until.is_some();
    Some(Item { output, old, target, was_waited_for })
}

fn with_line_end(mut text: String) -> String {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text
}
