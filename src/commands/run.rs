//! `guide run` and `guide verify`: what they select, plan and report. `conduct` connects the rooms of the run itself.

#![expect(clippy::disallowed_methods, reason = "a run is named after the time at which it begins")]

mod conduct;
mod preconditions;

use super::book_context::{BookContext, open};
use super::changed::select_changed;
use super::reports::{Reports, prefix};
use super::shards::chapters_of_shard;
use crate::cli::{RunArgs, SplitArgs, StepArgs, VerifyArgs};
use crate::diagnostic::Diagnostic;
use crate::engine::{Clock, Options, SystemClock};
use crate::error::{Error, Exit};
use crate::event::{JOURNAL_FORMAT, RunStarted, RunSummary, ShardOf, VERIFY_ONLY};
use crate::history::Past;
use crate::plan::{Plan, PlannedChapter, Selection, ShardNumber};
use crate::report::{self, Reporters, Style};
use crate::settings::Settings;
use crate::shell::Interrupt;
use crate::store::{load_past, run_id, stored_root, unfinished_targets};

use conduct::RunSetup;
use preconditions::require_terminal;

/// `guide run`.
pub(super) fn run(settings: &Settings, args: &RunArgs) -> Result<Exit, Error> {
    let selection = selection(&args.target.targets, &args.steps);
    let options = Options {
        rerun: args.rerun,
        keep_going: args.keep_going,
        resume: args.resume,
        prove: args.prove,
        pause: args.pause,
        ..Options::default()
    };
    RunCommand {
        settings,
        selection,
        only_here: false,
        options,
        yes: args.yes,
        record: args.record,
        reports: &args.report,
        changed_since: args.changed_since.as_deref(),
        shard: args.shard.map(|number| (number, &args.split)),
        shard_of: None,
    }
    .start()
}

/// `guide verify`.
pub(super) fn verify(settings: &Settings, args: &VerifyArgs) -> Result<Exit, Error> {
    let selection = selection(&args.target.targets, &StepArgs::default());
    let options = Options {
        verify_only: true,
        keep_going: true,
        wait_budget: args.wait,
        ..Options::default()
    };
    RunCommand {
        settings,
        selection,
        only_here: !args.all,
        options,
        yes: false,
        record: false,
        reports: &args.report,
        changed_since: None,
        shard: None,
        shard_of: None,
    }
    .start()
}

/// Without targets, `guide verify` checks the chapters that have run in this world. If none has, it checks the whole book: the world
/// was then made by someone else.
fn run_here(selected: Selection, context: &BookContext) -> Result<Selection, Error> {
    if selected != Selection::default() {
        return Ok(selected);
    }
    let plan = context.plan(&selected)?;
    let past = load_past(&context.state, &context.root)?;
    let known = |chapter: &PlannedChapter| past.has_chapter(chapter, &plan.profile);
    let (others, here): (Vec<_>, Vec<_>) =
        plan.chapters.iter().partition(|chapter| known(chapter) == Some(false));
    if others.is_empty() || !here.iter().any(|chapter| known(chapter) == Some(true)) {
        return Ok(selected);
    }
    let names = |chapters: &[&PlannedChapter]| -> Vec<String> {
        chapters.iter().map(|chapter| chapter.name.to_string()).collect()
    };
    report::eprint(&report::not_run_here(&names(&others)));
    Ok(Selection { targets: names(&here), ..selected })
}

/// The selection of the command line. `--resume` alone selects what the unfinished run had selected: a user who ran one chapter does
/// not want the whole book after correcting it.
pub(super) fn to_run(
    selected: Selection,
    resume: bool,
    context: &BookContext,
) -> Result<Selection, Error> {
    let is_empty = selected == Selection::default();
    if resume && is_empty {
        Ok(Selection::of_words(unfinished_targets(&context.state, &context.root)?))
    } else {
        Ok(selected)
    }
}

/// The selection of the command line.
pub(super) fn selection(targets: &[String], steps: &StepArgs) -> Selection {
    Selection {
        targets: targets.to_vec(),
        from: steps.from.clone(),
        to: steps.to.clone(),
        only: steps.only.clone(),
    }
}

/// A run, as the command line asks for it.
struct RunCommand<'a> {
    settings: &'a Settings,
    selection: Selection,
    /// Without targets, leaves out the chapters that have not run here.
    only_here: bool,
    options: Options,
    yes: bool,
    record: bool,
    reports: &'a [String],
    /// Only the chapters that have changed since this revision.
    changed_since: Option<&'a str>,
    /// Run only this shard, divided by these times.
    shard: Option<(ShardNumber, &'a SplitArgs)>,
    /// The shard as the journal keeps it.
    shard_of: Option<ShardOf>,
}

impl RunCommand<'_> {
    fn start(mut self) -> Result<Exit, Error> {
        let context = self.open()?;
        context.report_notes();
        require_terminal_to_pause(self.options.pause, report::stdin_is_terminal())?;
        if let Some(revision) = self.changed_since {
            let Some(changed) = select_changed(&context, revision)? else {
                return Ok(Exit::AsWritten);
            };
            self.selection = changed;
        }
        self.selection = to_run(self.selection, self.options.resume, &context)?;
        if let Some((number, args)) = self.shard {
            let (chapters, split) =
                chapters_of_shard(self.settings, &context, &self.selection, number, args)?;
            if chapters.is_empty() {
                report::eprint(&format!("shard {number} has no chapters: nothing to run\n"));
                return Ok(Exit::AsWritten);
            }
            self.selection = Selection { targets: chapters, ..Selection::default() };
            self.shard_of = Some(ShardOf { number: number.number, of: number.of, split: split.id });
        }
        if self.only_here {
            self.selection = run_here(self.selection, &context)?;
        }
        let mut reports = Reports::from_args(self.settings, self.reports)?;
        let plan = self.planned(&context)?;
        let reporters = self.reporters(&context, &plan, &reports);
        let masker = context.masker_of(&plan);
        let setup = RunSetup { command: &self, context: &context, plan: &plan, masker };
        Ok(exit(&setup.run(&mut reports, reporters)?))
    }

    /// Opens the book, and reports the profile if guide chose it.
    fn open(&self) -> Result<BookContext, Error> {
        let context = open(self.settings)?;
        if let Some(reason) = &context.profile_reason {
            report::write_profile(&context.profile, reason, &self.style());
        }
        Ok(context)
    }

    /// The plan, after the checks that need no lock.
    fn planned(&self, context: &BookContext) -> Result<Plan, Error> {
        let only_checks = self.options.verify_only;
        let plan = if only_checks {
            context.plan(&self.selection)?
        } else {
            context.plan_run(&self.selection)?
        };
        if !only_checks {
            require_terminal(&plan, self.yes, report::stdin_is_terminal())?;
            context.parsed_by_bash(&plan)?;
        }
        Ok(context.with_files(plan))
    }

    fn reporters(&self, context: &BookContext, plan: &Plan, reports: &Reports) -> Reporters {
        let live = report::stderr_is_terminal() && self.settings.surroundings.smart_terminal;
        let prefix = prefix(&context.root, &self.settings.here);
        let mut reporters = Reporters::new(self.style(), live, &reports.wanted(), &prefix);
        reporters.expect(plan, self.options.verify_only);
        reporters
    }

    /// The style of what is written for a person.
    fn style(&self) -> Style {
        super::style(self.settings, report::stderr_is_terminal())
    }

    /// How the run begins: the first event of its journal.
    fn started(&self, context: &BookContext, plan: &Plan, past: &Past, began: &str) -> RunStarted {
        let mut targets = self.selection.words();
        if self.options.verify_only {
            targets.push(VERIFY_ONLY.to_owned());
        }
        RunStarted {
            format: JOURNAL_FORMAT,
            run: run_id(jiff::Timestamp::now(), std::process::id(), &past.newest_run),
            at: began.to_owned(),
            guide: env!("CARGO_PKG_VERSION").to_owned(),
            book: context.book.title.clone(),
            profile: plan.profile.clone(),
            targets,
            resumes: (self.options.resume && !past.run.is_empty()).then(|| past.run.clone()),
            pid: std::process::id(),
            steps: plan.chapters.iter().map(|chapter| self.options.steps_to_run(chapter)).sum(),
            root: stored_root(&context.state, &context.root),
            world: past.world.clone(),
            shard: self.shard_of.clone(),
        }
    }
}

/// A pause is a shell on the terminal.
fn require_terminal_to_pause(pause: bool, terminal: bool) -> Result<(), Error> {
    if pause && !terminal {
        return Err(Error::usage(
            "`--pause` opens a shell at a failed step, and there is no terminal to open it on",
            "leave `--pause` out, and open the shell afterwards with `guide shell`",
        ));
    }
    Ok(())
}

pub(super) fn exit(summary: &RunSummary) -> Exit {
    if summary.interrupted {
        Exit::Interrupted
    } else if summary.broken.is_some() {
        Exit::NoWorld
    } else if summary.failed > 0 || summary.pending > 0 {
        Exit::Differs
    } else {
        Exit::AsWritten
    }
}

/// Counts Ctrl-C and SIGTERM from now on.
pub(super) fn listen() -> Result<Interrupt, Diagnostic> {
    Interrupt::install().map_err(|error| Diagnostic::new(format!("cannot handle signals: {error}")))
}

/// The current time as RFC 3339, UTC.
pub(super) fn now() -> String {
    SystemClock::start().timestamp()
}
