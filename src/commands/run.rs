//! `guide run` and `guide verify`.

use std::collections::HashSet;

use super::cluster::WorldLock;
use super::open::{BookContext, open};
use super::record::Recorder;
use super::reports::{Reports, prefix};
use super::watch::LiveClusterMonitor;
use crate::cli::{RunArgs, StepArgs, VerifyArgs};
use crate::engine::{Options, Ports, RunRequest, chapter_environment, conduct};
use crate::error::{Error, Exit};
use crate::event::{JOURNAL_FORMAT, RunStarted, RunSummary, VERIFY_ONLY};
use crate::history::Past;
use crate::plan::{FromBefore, Plan, PlannedChapter, Selection};
use crate::report::{self, Reporters, TerminalPrompt};
use crate::secrets::Masker;
use crate::settings::Settings;
use crate::shell::{Interrupt, ShellOptions, ShellWorld};
use crate::store::{
    FailureFolder, Rendered, RunLock, RunLog, Snapshots, load_past, root_as_kept, run_id,
    unfinished_targets,
};
use crate::world::{ShellContext, WorldError};

/// `guide run`.
pub(super) fn run(settings: &Settings, args: &RunArgs) -> Result<Exit, Error> {
    let selection = selection(&args.target.targets, &args.steps);
    let options = Options {
        again: args.again,
        keep_going: args.keep_going,
        resume: args.resume,
        prove: args.prove,
        ..Options::default()
    };
    Session {
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
    let options =
        Options { verify_only: true, keep_going: true, patience: args.wait, ..Options::default() };
    Session {
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
fn run_here(selected: Selection, opened: &BookContext) -> Result<Selection, Error> {
    if selected != Selection::default() {
        return Ok(selected);
    }
    let plan = opened.plan(&selected)?;
    let past = load_past(&opened.state, &opened.root)?;
    let known = |chapter: &PlannedChapter| past.has_chapter(chapter, &plan.profile);
    let (others, here): (Vec<_>, Vec<_>) =
        plan.chapters.iter().partition(|chapter| known(chapter) == Some(false));
    if others.is_empty() || !here.iter().any(|chapter| known(chapter) == Some(true)) {
        return Ok(selected);
    }
    let names = |chapters: &[&PlannedChapter]| -> Vec<String> {
        chapters.iter().map(|chapter| chapter.name.to_string()).collect()
    };
    report::write_talk(&report::not_run_here(&names(&others)));
    Ok(Selection { targets: names(&here), ..selected })
}

/// What was selected; where nothing but `--resume` was asked for, what the run was asked for that did not come to its end: who ran
/// one chapter does not mean the whole book after its cure.
pub(super) fn to_run(
    selected: Selection,
    resume: bool,
    opened: &BookContext,
) -> Result<Selection, Error> {
    let nothing_named = selected == Selection::default();
    if resume && nothing_named {
        Ok(Selection::of_words(unfinished_targets(&opened.state, &opened.root)?))
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

struct Session<'a> {
    settings: &'a Settings,
    selection: Selection,
    /// Without targets, leave out the chapters that have not run here.
    only_here: bool,
    options: Options,
    yes: bool,
    record: bool,
    reports: &'a [String],
}

impl Session<'_> {
    fn start(mut self) -> Result<Exit, Error> {
        let opened = self.open()?;
        opened.report_notes();
        self.selection = to_run(self.selection, self.options.resume, &opened)?;
        if self.only_here {
            self.selection = run_here(self.selection, &opened)?;
        }
        let mut reports = Reports::asked(self.settings, self.reports)?;
        let live = report::stderr_is_terminal() && self.settings.surroundings.smart_terminal;
        let style = super::style(self.settings, report::stderr_is_terminal());
        let mut tellers = Reporters::new(
            style,
            live,
            &reports.wanted(),
            &prefix(&opened.root, &self.settings.here),
        );
        let plan = self.planned(&opened)?;
        let recording = !self.options.verify_only && (self.record || opened.config.record);
        let interrupt = listen()?;
        let masker = opened.masker_of(&plan);
        let mut workspace = Rendered::under(&opened.state)
            .of_book(&opened.root)
            .with_folders(opened.working_folders());
        let environment = opened.environment(self.settings);
        let mut world =
            self.world(self.shell(&masker, &interrupt), &plan, &environment, &workspace)?;
        let began = now();
        let lock = RunLock::take(&opened.state, std::process::id(), &began)?;
        world.hold(lock.descriptor()?);
        reports.open(&mut tellers)?;
        let past = load_past(&opened.state, &opened.root)?;
        refuse_unbound(&plan, &past)?;
        let started = self.started(&opened, &plan, &past, &began);
        let started_run = started.run.clone();
        let world_lock = WorldLock::of(&opened, &started_run, now)?;
        world_lock.before()?;
        let mut record = RunLog::begin(&opened.state, lock, started.clone(), &past)?;
        let mut failure_reports =
            FailureFolder::of(&opened.state, &started_run, &opened.root, masker.clone());
        let mut accepted = Snapshots::of(&opened.root, &opened.state, &plan.profile);
        // A snapshot that can't be read must not pass for one that was never accepted.
        for step in plan
            .chapters
            .iter()
            .flat_map(|chapter| &chapter.steps)
            .filter(|step| step.attributes.snapshot.is_some())
        {
            accepted.accepted(&step.id)?;
        }
        let mut monitor = LiveClusterMonitor::over(world_lock, masker.clone(), recording);
        let mut ask = TerminalPrompt::new(self.yes, tellers.pause());
        let request = RunRequest {
            plan: &plan,
            past: &past,
            options: self.options,
            environment,
            given_secrets: self.given_secrets(&plan),
            started: started.clone(),
            interrupted: &|| interrupt.asked() > 0,
            now: &now,
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
            teller: &mut tellers,
            accepted: &mut accepted,
            workspace: &mut workspace,
            monitor: &mut monitor,
            ask: &mut ask,
        };
        let summary = conduct(&mut ports, &request);
        let folder = record.folder().to_owned();
        let finished = record.finish();
        opened.remember_profile()?;
        reports.write(&mut tellers)?;
        finished?;
        if let Some(fault) = accepted.take_faults().into_iter().next() {
            return Err(fault.into());
        }
        if recording {
            let (opened, plan, started, folder) = (&opened, &plan, &started, &*folder);
            let (shapes, surroundings) = (monitor.into_shapes(), &self.settings.surroundings);
            Recorder {
                opened,
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
        let opened = open(self.settings)?;
        if let Some(reason) = &opened.profile_reason {
            report::write_profile(
                &opened.profile,
                reason,
                &super::style(self.settings, report::stderr_is_terminal()),
            );
        }
        Ok(opened)
    }

    /// What is to be run, where somebody is there to answer its questions.
    fn planned(&self, opened: &BookContext) -> Result<Plan, Error> {
        let only_checks = self.options.verify_only;
        let plan = if only_checks {
            opened.plan(&self.selection)?
        } else {
            opened.plan_run(&self.selection)?
        };
        if !only_checks {
            refuse_unasked(&plan, self.yes, report::stdin_is_terminal())?;
            opened.parsed_by_bash(&plan)?;
        }
        Ok(opened.with_files(plan))
    }

    /// The world, in which the first chapter's shell makes itself ready. (Where a resumed run begins is not known yet.)
    fn world(
        &self,
        options: ShellOptions,
        plan: &Plan,
        of_run: &[(String, String)],
        workspace: &Rendered,
    ) -> Result<ShellWorld, WorldError> {
        let mut world = ShellWorld::new(options)?;
        if let Some(first) = plan.chapters.first().filter(|_| !self.options.resume) {
            let environment = chapter_environment(plan, of_run, &first.name);
            world.expect(ShellContext { folder: workspace.folder_of(&first.name), environment });
        }
        Ok(world)
    }

    fn shell(&self, masker: &Masker, interrupt: &Interrupt) -> ShellOptions {
        ShellOptions {
            bash: "bash".into(),
            environment: self.settings.surroundings.all.clone(),
            masker: masker.clone(),
            interrupt: interrupt.clone(),
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

    fn started(&self, opened: &BookContext, plan: &Plan, past: &Past, began: &str) -> RunStarted {
        let mut targets = self.selection.words();
        if self.options.verify_only {
            targets.push(VERIFY_ONLY.to_owned());
        }
        RunStarted {
            format: JOURNAL_FORMAT,
            run: run_id(jiff::Timestamp::now(), std::process::id(), &past.through),
            at: began.to_owned(),
            guide: env!("CARGO_PKG_VERSION").to_owned(),
            book: opened.book.title.clone(),
            profile: plan.profile.clone(),
            targets,
            resumes: (self.options.resume && !past.run.is_empty()).then(|| past.run.clone()),
            pid: std::process::id(),
            steps: plan.chapters.iter().map(|chapter| self.options.turns(chapter)).sum(),
            root: root_as_kept(&opened.state, &opened.root),
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
fn refuse_unasked(plan: &Plan, yes: bool, terminal: bool) -> Result<(), Error> {
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
pub(super) fn listen() -> Result<Interrupt, WorldError> {
    Interrupt::install().map_err(|error| WorldError {
        message: format!("signals can't be heard: {error}"),
        hint: None,
    })
}

/// RFC 3339 of now, UTC.
pub(super) fn now() -> String {
    format!("{:.3}", jiff::Timestamp::now())
}
