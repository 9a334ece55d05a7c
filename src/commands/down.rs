//! `guide down`: takes away what the chapters' manifests made, newest first; asks before.

use std::time::Duration;

use super::book_context::open;
use super::cluster::WorldLock;
use super::manifest_objects::manifest_objects;
use crate::cli::DownArgs;
use crate::cluster::{Action, DownItem, DownPlan, DownRequest};
use crate::diagnostic::Diagnostic;
use crate::error::{Error, Exit};
use crate::ids::ObjectRef;
use crate::plan::{Plan, PlannedChapter, Selection};
use crate::report::{self, DownReporter};
use crate::settings::Settings;
use crate::store::{DeletedManifests, RunLock, forget_deleted, load_past};
use crate::world::Flow;

/// Most time it waits for everything to be gone.
const LIMIT: Duration = Duration::from_secs(180);

/// The chosen chapters' manifests with an object that goes, or has gone already. What a late one makes is not known beforehand.
fn taken(chosen: &Plan, down: &DownPlan) -> DeletedManifests {
    let goes = |object: &ObjectRef| {
        let fate = |item: &DownItem| {
            same_object(&item.object, object) && !matches!(item.fate, Action::Stays { .. })
        };
        down.items.iter().any(fate)
    };
    let files = |chapter: &PlannedChapter| {
        let gone = chapter
            .manifests
            .iter()
            .filter(|manifest| manifest.late || manifest.objects.iter().any(goes));
        (chapter.name.clone(), gone.map(|manifest| manifest.file.clone()).collect())
    };
    chosen.chapters.iter().map(files).collect()
}

/// A manifest need not name the namespace that its object is in.
fn same_object(one: &ObjectRef, other: &ObjectRef) -> bool {
    let namespaces = one.namespace.as_ref().zip(other.namespace.as_ref());
    (&one.kind, &one.name) == (&other.kind, &other.name)
        && namespaces.is_none_or(|(one, other)| one == other)
}

/// Plans, asks, takes away.
pub(super) fn down(settings: &Settings, args: &DownArgs) -> Result<Exit, Error> {
    let context = open(settings)?;
    let whole = context.plan(&Selection::default())?;
    let chosen = context
        .plan(&Selection { targets: args.target.targets.clone(), ..Selection::default() })?;
    let _lock = RunLock::take(&context.state, std::process::id(), &super::run::now())?;
    let mut past = load_past(&context.state, &context.root)?;
    let lock = WorldLock::of(&context, "", super::run::now)?;
    let cluster = lock.cluster()?;
    lock.before()?;
    let is_chosen = |name: &crate::ids::ChapterName| {
        chosen.chapters.iter().any(|chapter| chapter.name == *name)
    };
    let (mine, others): (Vec<_>, Vec<_>) =
        whole.chapters.iter().partition(|chapter| is_chosen(&chapter.name));
    let request = DownRequest {
        chosen: manifest_objects(&whole, mine, &past)?,
        others: manifest_objects(&whole, others, &past)?,
        with_strays: args.include_unmanaged,
    };
    let plan = cluster.down_plan(&request).map_err(Diagnostic::from)?;
    for line in plan.lines() {
        report::write_data(&format!("{line}\n"));
    }
    if plan.going() == 0 {
        forget_deleted(&context.state, &context.root, &mut past, &taken(&chosen, &plan))?;
        report::write_data("nothing to take away\n");
        return Ok(Exit::AsWritten);
    }
    if !args.yes {
        if !report::stdin_is_terminal() {
            return Err(Error::usage(
                "`guide down` asks before it deletes, and there is no terminal",
                "answer with `--yes`",
            ));
        }
        if !report::ask(&format!("delete {} objects?", plan.going())) {
            return Ok(Exit::AsWritten);
        }
    }
    let interrupt = super::run::listen()?;
    // Before the first object goes: whatever ends this, nothing of it may be believed to be there.
    forget_deleted(&context.state, &context.root, &mut past, &taken(&chosen, &plan))?;
    let live = report::stderr_is_terminal() && settings.surroundings.smart_terminal;
    let mut teller = DownReporter::new(live);
    let outcome = cluster
        .take_down(&plan, LIMIT, &mut |progress| {
            teller.tell(progress);
            if interrupt.count() > 0 { Flow::Interrupt } else { Flow::Continue }
        })
        .map_err(Diagnostic::from)?;
    teller.end(&outcome);
    Ok(if outcome.interrupted {
        Exit::Interrupted
    } else if outcome.left.is_empty() {
        Exit::AsWritten
    } else {
        Exit::Differs
    })
}
