//! `guide down`: asks, and then deletes the objects of the chapters' manifests, newest first.

use std::time::Duration;

use super::book_context::open;
use super::cluster::WorldLock;
use super::manifest_objects::manifest_objects;
use crate::cli::DownArgs;
use crate::cluster::{Action, Cluster, TeardownItem, TeardownPlan, TeardownRequest};
use crate::diagnostic::Diagnostic;
use crate::error::{Error, Exit};
use crate::history::Past;
use crate::ids::ObjectRef;
use crate::plan::{Plan, PlannedChapter, Selection};
use crate::report::{self, DownReporter};
use crate::settings::Settings;
use crate::shell::Interrupt;
use crate::store::{DeletedManifests, RunLock, forget_deleted, load_past};
use crate::world::Flow;

/// The longest time to wait until all objects are deleted.
const LIMIT: Duration = Duration::from_secs(180);

/// The manifests of the chosen chapters of which an object is deleted, or was deleted earlier. A late manifest always counts, since
/// its objects are not known beforehand.
fn deleted_manifests(chosen: &Plan, down: &TeardownPlan) -> DeletedManifests {
    let is_deleted = |object: &ObjectRef| {
        let action = |item: &TeardownItem| {
            same_object(&item.object, object) && !matches!(item.action, Action::Keep { .. })
        };
        down.items.iter().any(action)
    };
    let files = |chapter: &PlannedChapter| {
        let deleted = chapter
            .manifests
            .iter()
            .filter(|manifest| manifest.late || manifest.objects.iter().any(is_deleted));
        (chapter.name.clone(), deleted.map(|manifest| manifest.file.clone()).collect())
    };
    chosen.chapters.iter().map(files).collect()
}

/// Whether two references mean the same object. A manifest does not have to name its object's namespace.
fn same_object(one: &ObjectRef, other: &ObjectRef) -> bool {
    let namespaces = one.namespace.as_ref().zip(other.namespace.as_ref());
    (&one.kind, &one.name) == (&other.kind, &other.name)
        && namespaces.is_none_or(|(one, other)| one == other)
}

/// Shows what would be deleted, asks, and deletes it.
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
    let request = request(&whole, &chosen, &past, args.include_unmanaged)?;
    let plan = cluster.plan_teardown(&request).map_err(Diagnostic::from)?;
    report::print(&report::teardown_text(&plan))?;
    if let Some(hint) = report::teardown_hint(&plan) {
        report::eprint(hint);
    }
    if plan.deletions() > 0 && !args.yes && !confirmed(plan.deletions())? {
        return Ok(Exit::AsWritten);
    }
    // This comes before the first deletion: even if the command is killed, the next run must not count the objects as present.
    let deleted = deleted_manifests(&chosen, &plan);
    let interrupt = super::run::listen()?;
    forget_deleted(&context.state, &context.root, &mut past, &deleted)?;
    if plan.deletions() == 0 {
        report::print("nothing to delete\n")?;
        return Ok(Exit::AsWritten);
    }
    let live = report::stderr_is_terminal() && settings.surroundings.smart_terminal;
    tear_down(cluster, &plan, &interrupt, &mut DownReporter::new(live))
}

/// The objects of the chosen chapters, and those of all others, which must stay.
fn request(
    whole: &Plan,
    chosen: &Plan,
    past: &Past,
    include_unmanaged: bool,
) -> Result<TeardownRequest, Error> {
    let is_chosen = |chapter: &&PlannedChapter| {
        chosen.chapters.iter().any(|chosen| chosen.name == chapter.name)
    };
    let (mine, others): (Vec<_>, Vec<_>) = whole.chapters.iter().partition(is_chosen);
    Ok(TeardownRequest {
        chosen: manifest_objects(whole, mine, past)?,
        others: manifest_objects(whole, others, past)?,
        include_unmanaged,
    })
}

/// Asks the person. Without a terminal there is no person to ask.
fn confirmed(deletions: usize) -> Result<bool, Error> {
    if !report::stdin_is_terminal() {
        return Err(Error::usage(
            "`guide down` asks before it deletes, and there is no terminal",
            "answer with `--yes`",
        ));
    }
    Ok(report::ask(&format!("delete {deletions} objects?")))
}

fn tear_down(
    cluster: &Cluster,
    plan: &TeardownPlan,
    interrupt: &Interrupt,
    reporter: &mut DownReporter,
) -> Result<Exit, Error> {
    let outcome = cluster
        .tear_down(plan, LIMIT, &mut |progress| {
            reporter.progress(progress);
            if interrupt.count() > 0 { Flow::Interrupt } else { Flow::Continue }
        })
        .map_err(Diagnostic::from)?;
    reporter.end(&outcome);
    Ok(if outcome.interrupted {
        Exit::Interrupted
    } else if outcome.remaining.is_empty() {
        Exit::AsWritten
    } else {
        Exit::Differs
    })
}
