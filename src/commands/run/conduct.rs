//! From a plan to a finished run: connects every room of a run, in the order in which they begin.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;

use super::{RunCommand, listen, now};
use crate::commands::book_context::BookContext;
use crate::commands::cluster::WorldLock;
use crate::commands::cluster_monitor::LiveClusterMonitor;
use crate::commands::record::Recorder;
use crate::commands::reports::Reports;
use crate::engine::{Ports, RunRequest, SystemClock, conduct};
use crate::error::Error;
use crate::event::{RunStarted, RunSummary};
use crate::history::Past;
use crate::plan::Plan;
use crate::report::{self, Reporters, TerminalPrompt};
use crate::secrets::Masker;
use crate::shell::{Interrupt, ShellOptions, ShellWorld};
use crate::store::{
    FailureFolder, Recordings, Rendered, RunLock, RunLog, Snapshots, StoreError, load_past,
};
use crate::topology::Topology;

/// What a run is made of, before it begins.
pub(super) struct RunSetup<'a> {
    pub command: &'a RunCommand<'a>,
    pub context: &'a BookContext,
    pub plan: &'a Plan,
    pub masker: Masker,
}

/// A run whose journal has begun.
struct BegunRun {
    started: RunStarted,
    past: Past,
    record: RunLog,
    snapshots: Snapshots,
    monitor: LiveClusterMonitor,
}

/// A run whose last step has ended.
struct EndedRun {
    started: RunStarted,
    summary: RunSummary,
    folder: PathBuf,
    /// Whether the journal could be written to its end.
    journal: Result<(), StoreError>,
    snapshot_errors: Vec<StoreError>,
    /// The cluster at the end of each chapter.
    shapes: BTreeMap<String, Topology>,
}

impl RunSetup<'_> {
    /// Runs the plan and writes its reports and recordings.
    ///
    /// # Errors
    /// When another run is active, when the cluster is not the book's, or when a file cannot be read or written.
    pub(super) fn run(
        &self,
        reports: &mut Reports,
        mut reporters: Reporters,
    ) -> Result<RunSummary, Error> {
        let interrupt = listen()?;
        let mut world = ShellWorld::new(self.shell_options(&interrupt))?;
        let began_at = now();
        let lock = RunLock::take(&self.context.state, std::process::id(), &began_at)?;
        world.hold_lock(lock.descriptor()?);
        reports.open(&mut reporters)?;
        let begun = self.begin(lock, &began_at)?;
        let ended = self.conduct(begun, world, &interrupt, &mut reporters);
        let written = reports.write(&mut reporters);
        self.conclude(ended, written)
    }

    /// Checks everything that must hold before the first step, and begins the journal.
    fn begin(&self, lock: RunLock, began_at: &str) -> Result<BegunRun, Error> {
        let Self { command, context, plan, masker } = self;
        let past = load_past(&context.state, &context.root)?;
        super::preconditions::refuse_unbound(plan, &past)?;
        let started = command.started(context, plan, &past, began_at);
        let world_lock = WorldLock::of(context, &started.run, now)?;
        world_lock.before()?;
        let record = RunLog::begin(&context.state, lock, started.clone(), &past)?;
        let snapshots = self.readable_snapshots()?;
        let records = self.records();
        let monitor = LiveClusterMonitor::over(world_lock, masker.clone(), records);
        Ok(BegunRun { started, past, record, snapshots, monitor })
    }

    /// The snapshots, after all that the plan compares with were read: an unreadable one must not count as one that was never
    /// accepted. The same holds for the accepted recordings.
    fn readable_snapshots(&self) -> Result<Snapshots, Error> {
        let Self { context, plan, .. } = self;
        let snapshots = Snapshots::of(&context.root, &context.state, &plan.profile);
        let steps = plan.chapters.iter().flat_map(|chapter| &chapter.steps);
        for step in steps.filter(|step| step.attributes.snapshot.is_some()) {
            snapshots.accepted(&step.id)?;
        }
        if self.records() {
            for chapter in plan.chapters.iter().filter(|chapter| !chapter.partial) {
                Recordings::of(&context.root).accepted(chapter.name.as_str(), &plan.profile)?;
            }
        }
        snapshots.sweep();
        Ok(snapshots)
    }

    /// Whether the run writes recordings.
    fn records(&self) -> bool {
        let Self { command, context, .. } = self;
        !command.options.verify_only && (command.record || context.config.record)
    }

    /// Runs the steps.
    fn conduct(
        &self,
        begun: BegunRun,
        mut world: ShellWorld,
        interrupt: &Interrupt,
        reporters: &mut Reporters,
    ) -> EndedRun {
        let Self { command, context, plan, masker } = self;
        let BegunRun { started, past, mut record, mut snapshots, mut monitor } = begun;
        let mut failure_reports =
            FailureFolder::of(&context.state, &started.run, &context.root, masker.clone());
        let mut workspace = Rendered::under(&context.state)
            .of_book(&context.root)
            .with_folders(context.working_folders());
        let mut prompt = TerminalPrompt::new(command.yes, reporters.pause());
        let request = RunRequest {
            plan,
            past: &past,
            options: command.options,
            environment: context.environment(command.settings),
            given_secrets: self.given_secrets(),
            started: started.clone(),
            interrupted: &|| interrupt.count() > 0,
            masker: masker.clone(),
            caller_variables: self.caller_variables().map(str::to_owned).collect(),
        };
        let mut ports = Ports {
            world: &mut world,
            record: &mut record,
            failure_reports: &mut failure_reports,
            reporter: reporters,
            snapshots: &mut snapshots,
            workspace: &mut workspace,
            monitor: &mut monitor,
            prompt: &mut prompt,
            clock: &SystemClock::start(),
        };
        let summary = conduct(&mut ports, &request);
        EndedRun {
            started,
            summary,
            folder: record.folder().to_owned(),
            journal: record.finish(),
            snapshot_errors: snapshots.take_errors(),
            shapes: monitor.into_shapes(),
        }
    }

    /// Reports the errors of the run's files, and writes the recordings.
    fn conclude(
        &self,
        ended: EndedRun,
        reports_written: Result<(), Error>,
    ) -> Result<RunSummary, Error> {
        if let (Err(_), Err(error)) = (&ended.journal, &reports_written) {
            // Only one error can be returned, and the journal's is the graver one.
            report::report_error(error, self.command.style());
        }
        ended.journal?;
        reports_written?;
        self.context.remember_profile()?;
        if let Some(error) = ended.snapshot_errors.into_iter().next() {
            return Err(error.into());
        }
        if self.records() {
            let recorder = Recorder {
                context: self.context,
                plan: self.plan,
                started: &ended.started,
                folder: &ended.folder,
                shapes: ended.shapes,
                masker: &self.masker,
                surroundings: &self.command.settings.surroundings,
                always: self.command.record,
            };
            report::eprint(&report::recordings_pending(recorder.record()?));
        }
        Ok(ended.summary)
    }

    fn shell_options(&self, interrupt: &Interrupt) -> ShellOptions {
        ShellOptions {
            bash: "bash".into(),
            environment: self.command.settings.surroundings.all.clone(),
            masker: self.masker.clone(),
            interrupt: interrupt.clone(),
            verify_only: self.command.options.verify_only,
        }
    }

    /// The names of the caller's environment variables.
    fn caller_variables(&self) -> impl Iterator<Item = &str> {
        let all = &self.command.settings.surroundings.all;
        all.iter().filter_map(|(name, _)| name.to_str())
    }

    /// The variables named by `secret=` to which the caller or the values give a value.
    fn given_secrets(&self) -> HashSet<String> {
        let steps = self.plan.chapters.iter().flat_map(|chapter| &chapter.steps);
        let secrets: HashSet<&String> = steps.flat_map(|step| &step.attributes.secrets).collect();
        let caller = self.command.settings.surroundings.all.iter();
        let caller = caller.filter(|(_, value)| !value.is_empty());
        let mut given: HashSet<&str> = caller.filter_map(|(name, _)| name.to_str()).collect();
        given.extend(self.plan.environment.iter().map(|(name, _)| name.as_str()));
        secrets.into_iter().filter(|name| given.contains(name.as_str())).cloned().collect()
    }
}
