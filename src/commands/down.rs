//! `guide down`: takes away what the chapters' manifests made, newest first; asks before.

use std::time::Duration;

use super::cluster::WorldLock;
use super::declared::declared;
use super::open::open;
use crate::cli::DownArgs;
use crate::error::{Error, Exit};
use crate::execute::cluster::DownRequest;
use crate::execute::{Flow, WorldError};
use crate::plan::Selection;
use crate::report::{self, DownTeller};
use crate::settings::Settings;
use crate::store::{RunLock, load_past};

/// Most time it waits for everything to be gone.
const LIMIT: Duration = Duration::from_secs(180);

/// Plans, asks, takes away.
pub fn down(settings: &Settings, args: &DownArgs) -> Result<Exit, Error> {
    let opened = open(settings)?;
    let whole = opened.plan(&Selection::default())?;
    let chosen = opened.plan(&Selection { targets: args.target.targets.clone(), ..Selection::default() })?;
    let _lock = RunLock::take(&opened.state, std::process::id(), &super::run::now())?;
    let past = load_past(&opened.state)?;
    let lock = WorldLock::of(&opened, "", super::run::now)?;
    let cluster = lock.cluster()?;
    lock.before()?;
    let is_chosen = |name: &crate::book::ChapterName| chosen.chapters.iter().any(|chapter| chapter.name == *name);
    let (mine, others): (Vec<_>, Vec<_>) = whole.chapters.iter().partition(|chapter| is_chosen(&chapter.name));
    let request = DownRequest {
        chosen: declared(&whole, mine, &past)?,
        others: declared(&whole, others, &past)?,
        with_strays: args.with_strays,
    };
    let plan = cluster.down_plan(&request).map_err(WorldError::from)?;
    for line in plan.lines() {
        report::write_data(&format!("{line}\n"));
    }
    if plan.going() == 0 {
        report::write_data("nothing to take away\n");
        return Ok(Exit::AsWritten);
    }
    if !args.yes {
        if !report::stdin_is_terminal() {
            return Err(Error::usage("`guide down` asks before it deletes, and there is no terminal", "answer with `--yes`"));
        }
        if !report::ask(&format!("delete {} objects?", plan.going())) {
            return Ok(Exit::AsWritten);
        }
    }
    let interrupt = super::run::listen()?;
    let live = report::stderr_is_terminal() && settings.surroundings.smart_terminal;
    let mut teller = DownTeller::new(live);
    let outcome = cluster
        .take_down(&plan, LIMIT, &mut |progress| {
            teller.tell(progress);
            if interrupt.asked() > 0 { Flow::Interrupt } else { Flow::Continue }
        })
        .map_err(WorldError::from)?;
    teller.end(&outcome);
    Ok(if outcome.interrupted {
        Exit::Interrupted
    } else if outcome.left.is_empty() {
        Exit::AsWritten
    } else {
        Exit::Differs
    })
}
