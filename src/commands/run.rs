//! `guide run` and `guide verify`.

use std::collections::HashSet;

use super::book_context::{BookContext, open};
use super::cluster::WorldLock;
use super::cluster_monitor::LiveClusterMonitor;
use super::record::Recorder;
use super::reports::{Reports, prefix};
use crate::cli::{RunArgs, StepArgs, VerifyArgs};
use crate::diagnostic::Diagnostic;
use crate::engine::{Clock, Options, Ports, RunRequest, SystemClock, conduct};
use crate::error::{Error, Exit};
use crate::event::{JOURNAL_FORMAT, RunStarted, RunSummary, VERIFY_ONLY};
use crate::history::Past;
use crate::plan::{FromBefore, Plan, PlannedChapter, Selection};
use crate::report::{self, Reporters, TerminalPrompt};
use crate::secrets::Masker;
use crate::settings::Settings;
use crate::shell::{Interrupt, ShellOptions, ShellWorld};
use crate::store::{
    FailureFolder, Recordings, Rendered, RunLock, RunLog, Snapshots, load_past, run_id,
    stored_root, unfinished_targets,
};

/// `guide run`.
pub(super) fn run(settings: &Settings, args: &RunArgs) -> Result<Exit, Error> {
    let selection = selection(&args.target.targets, &args.steps);
    let options = Options {
        rerun: args.rerun,
        keep_going: args.keep_going,
        resume: args.resume,
        prove: args.prove,
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
    }
    .start()
}

/// Without targets `guide verify` checks the chapters that have run in this world. Where none has, it checks the whole book, as
/// someone who was handed a world wants it.
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

/// What was selected; where nothing but `--resume` was asked for, what the run was asked for that did not come to its end: who ran
/// one chapter does not mean the whole book after its cure.
pub(super) fn to_run(
    selected: Selection,
    resume: bool,
    context: &BookContext,
) -> Result<Selection, Error> {
    let nothing_named = selected == Selection::default();
    if resume && nothing_named {
        Ok(Selection::of_words(unfinished_targets(&context.state, &context.root)?))
    } else {
        Ok(selected)
    }
}

/// What was selected on the command line.
pub(super) fn selection(targets: &[String], steps: &StepArgs) -> Selection {
    Selection {
        targets: targets.to_vec(),
        from: steps.from.clone(),
        to: steps.to.clone(),
        only: steps.only.clone(),
    }
}

struct RunCommand<'a> {
    settings: &'a Settings,
    selection: Selection,
    /// Without targets, leave out the chapters that have not run here.
    only_here: bool,
    options: Options,
    yes: bool,
    record: bool,
    reports: &'a [String],
}

impl RunCommand<'_> {
    #[expect(
        clippy::too_many_lines,
        reason = "connects every room of a run once, in the order in which they begin"
    )]
    fn start(mut self) -> Result<Exit, Error> {
        let context = self.open()?;
        context.report_notes();
        self.selection = to_run(self.selection, self.options.resume, &context)?;
        if self.only_here {
            self.selection = run_here(self.selection, &context)?;
        }
        let mut reports = Reports::from_args(self.settings, self.reports)?;
        let live = report::stderr_is_terminal() && self.settings.surroundings.smart_terminal;
        let style = super::style(self.settings, report::stderr_is_terminal());
        let mut reporters = Reporters::new(
            style,
            live,
            &reports.wanted(),
            &prefix(&context.root, &self.settings.here),
        );
        let plan = self.planned(&context)?;
        reporters.expect(&plan, self.options.verify_only);
        let recording = !self.options.verify_only && (self.record || context.config.record);
        let interrupt = listen()?;
        let masker = context.masker_of(&plan);
        let mut workspace = Rendered::under(&context.state)
            .of_book(&context.root)
            .with_folders(context.working_folders());
        let environment = context.environment(self.settings);
        let mut world = ShellWorld::new(self.shell(&masker, &interrupt))?;
        let began = now();
        let lock = RunLock::take(&context.state, std::process::id(), &began)?;
        world.hold_lock(lock.descriptor()?);
        reports.open(&mut reporters)?;
        let past = load_past(&context.state, &context.root)?;
        refuse_unbound(&plan, &past)?;
        let started = self.started(&context, &plan, &past, &began);
        let started_run = started.run.clone();
        let world_lock = WorldLock::of(&context, &started_run, now)?;
        world_lock.before()?;
        let mut record = RunLog::begin(&context.state, lock, started.clone(), &past)?;
        let mut failure_reports =
            FailureFolder::of(&context.state, &started_run, &context.root, masker.clone());
        let mut accepted = Snapshots::of(&context.root, &context.state, &plan.profile);
        // A snapshot that can't be read must not pass for one that was never accepted.
        for step in plan
            .chapters
            .iter()
            .flat_map(|chapter| &chapter.steps)
            .filter(|step| step.attributes.snapshot.is_some())
        {
            accepted.accepted(&step.id)?;
        }
        // The same holds for an accepted recording that the run compares with.
        if recording {
            for chapter in plan.chapters.iter().filter(|chapter| !chapter.partial) {
                Recordings::of(&context.root).accepted(chapter.name.as_str(), &plan.profile)?;
            }
        }
        accepted.sweep();
        let mut monitor = LiveClusterMonitor::over(world_lock, masker.clone(), recording);
        let mut prompt = TerminalPrompt::new(self.yes, reporters.pause());
        let request = RunRequest {
            plan: &plan,
            past: &past,
            options: self.options,
            environment,
            given_secrets: self.given_secrets(&plan),
            started: started.clone(),
            interrupted: &|| interrupt.count() > 0,
            masker: masker.clone(),
            caller_variables: self
                .settings
                .surroundings
                .all
                .iter()
                .filter_map(|(name, _)| name.to_str())
                .map(str::to_owned)
                .collect(),
        };
        let mut ports = Ports {
            world: &mut world,
            record: &mut record,
            failure_reports: &mut failure_reports,
            reporter: &mut reporters,
            snapshots: &mut accepted,
            workspace: &mut workspace,
            monitor: &mut monitor,
            prompt: &mut prompt,
            clock: &SystemClock::start(),
        };
        let summary = conduct(&mut ports, &request);
        let folder = record.folder().to_owned();
        let finished = record.finish();
        let written = reports.write(&mut reporters);
        if let (Err(_), Err(error)) = (&finished, &written) {
            report::report_error(error, super::style(self.settings, report::stderr_is_terminal()));
        }
        finished?;
        written?;
        context.remember_profile()?;
        if let Some(fault) = accepted.take_errors().into_iter().next() {
            return Err(fault.into());
        }
        if recording {
            let (context, plan, started, folder) = (&context, &plan, &started, &*folder);
            let (shapes, surroundings) = (monitor.into_shapes(), &self.settings.surroundings);
            Recorder {
                context,
                plan,
                started,
                folder,
                shapes,
                masker: &masker,
                surroundings,
                always: self.record,
            }
            .tell()?;
        }
        Ok(exit(&summary))
    }

    /// The book; says which profile was found to fit.
    fn open(&self) -> Result<BookContext, Error> {
        let context = open(self.settings)?;
        if let Some(reason) = &context.profile_reason {
            report::write_profile(
                &context.profile,
                reason,
                &super::style(self.settings, report::stderr_is_terminal()),
            );
        }
        Ok(context)
    }

    /// What is to be run, where somebody is there to answer its questions.
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

    fn shell(&self, masker: &Masker, interrupt: &Interrupt) -> ShellOptions {
        ShellOptions {
            bash: "bash".into(),
            environment: self.settings.surroundings.all.clone(),
            masker: masker.clone(),
            interrupt: interrupt.clone(),
            verify_only: self.options.verify_only,
        }
    }

    /// Variables named by `secret=` that the caller or the values give a value.
    fn given_secrets(&self, plan: &Plan) -> HashSet<String> {
        let steps = plan.chapters.iter().flat_map(|chapter| &chapter.steps);
        let secrets: HashSet<&String> = steps.flat_map(|step| &step.attributes.secrets).collect();
        let caller = self.settings.surroundings.all.iter().filter(|(_, value)| !value.is_empty());
        let caller: HashSet<&str> = caller.filter_map(|(name, _)| name.to_str()).collect();
        let values: HashSet<&String> = plan.environment.iter().map(|(name, _)| name).collect();
        secrets
            .into_iter()
            .filter(|name| caller.contains(name.as_str()) || values.contains(name))
            .cloned()
            .collect()
    }

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
        }
    }
}

/// An unset name never reaches a script as nothing: what a step reads has to be bound by a selected step, or in the last run.
fn refuse_unbound(plan: &Plan, past: &Past) -> Result<(), Error> {
    for chapter in &plan.chapters {
        if let Err(FromBefore { name, binder, reader }) = past.bound_before(chapter, plan) {
            return Err(Error::usage(
                format!(
                    "{reader} reads `{name}`, which {binder} binds: it is not in this run, and no run here has bound the name"
                ),
                format!("run from there: `--from {}`", binder.step),
            ));
        }
    }
    Ok(())
}

/// A step that asks, where nobody can answer, is an error before step 1.
fn require_terminal(plan: &Plan, yes: bool, terminal: bool) -> Result<(), Error> {
    for step in plan.chapters.iter().flat_map(|chapter| &chapter.steps) {
        if let Some(question) = step.attributes.confirm.as_ref().filter(|_| !yes && !terminal) {
            return Err(Error::usage(
                format!(
                    "{} ({}) asks {question:?}, and there is no terminal to ask on",
                    step.id, step.place
                ),
                "answer yes to every question with `--yes`",
            ));
        }
        if step.attributes.interactive && !terminal {
            return Err(Error::usage(
                format!("{} ({}) is interactive, and there is no terminal", step.id, step.place),
                "run it on a terminal, or leave it out with `--from`, `--to` or targets",
            ));
        }
    }
    Ok(())
}

fn exit(summary: &RunSummary) -> Exit {
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

/// Hears Ctrl-C and SIGTERM from now on.
pub(super) fn listen() -> Result<Interrupt, Diagnostic> {
    Interrupt::install()
        .map_err(|error| Diagnostic::new(format!("signals can't be heard: {error}")))
}

/// RFC 3339 of now, UTC.
pub(super) fn now() -> String {
    SystemClock::start().timestamp()
}
