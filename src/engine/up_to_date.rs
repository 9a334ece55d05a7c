//! Does an acting step have to run? It is up to date only where it passed in this world as it is now, and its checks pass.

use super::chapter::Stand;
use super::run::Run;
use crate::compare::Difference;
use crate::event::{Failure, Reason};
use crate::execute::WorldError;
use crate::plan::{MadeOf, NamedFiles, Role, Step, named_files};

/// Whether an acting step has to run.
pub(super) enum Need {
    /// It has to; why, where it passed here before.
    Run(Option<String>),
    /// It passed as it is now, and its checks pass.
    UpToDate,
    /// It never ran here, and its checks pass.
    FoundSo,
}

impl Run<'_, '_> {
    /// Decides whether an acting step has to run, by what is known of it and by its checks.
    pub(super) fn need(&mut self, stand: &mut Stand, index: usize, now: &MadeOf) -> Result<Need, WorldError> {
        let (plan, past) = (self.request.plan, self.request.past);
        let step = &plan.chapters[stand.chapter].steps[index];
        let Role::Act { proven_by } = &step.role else { return Ok(Need::Run(None)) };
        // What goes on in the background ended with the run that started it, whoever makes its check pass now.
        if proven_by.is_empty() || self.again(stand) || step.ends_with_its_run() {
            return Ok(Need::Run(None));
        }
        let record = past.record(&step.id, &plan.profile);
        if let Some(why) = record.and_then(|record| record.standing.why_run(now)) {
            return Ok(Need::Run(Some(why)));
        }
        for &check in proven_by {
            let asked = self.asks(stand, check, Reason::AlreadySo, None)?;
            if !asked.passes {
                let name = &plan.chapters[stand.chapter].steps[check].id.step;
                let why = asked.why.map_or_else(|| format!("{name} did not pass"), |why| format!("{name} did not pass: {why}"));
                return Ok(Need::Run(record.is_some().then_some(why)));
            }
        }
        Ok(if record.is_some() { Need::UpToDate } else { Need::FoundSo })
    }

    /// The files of the book that a step names, as they are now.
    pub(super) fn files_of(&mut self, step: &Step) -> NamedFiles {
        if step.is_verify() {
            return NamedFiles::new();
        }
        let names = named_files(&step.script);
        if names.is_empty() { NamedFiles::new() } else { self.ports.stage.named_files(&names) }
    }

    /// What a step is made of now.
    pub(super) fn made_of(&mut self, stand: &Stand, step: &Step) -> MadeOf {
        let files = self.files_of(step);
        step.made_of.in_run(step, &stand.bound, &files)
    }
}

/// Why a check did not pass, in a few words.
pub(super) fn in_short(failure: &Failure) -> String {
    match failure {
        Failure::Exit { code, expected } => format!("exit {code}, expected {expected}"),
        Failure::Signal { signal } => format!("ended by signal {signal}"),
        Failure::TimedOut { limit, .. } => format!("out of time ({limit}=)"),
        Failure::Mismatch { differences, .. } => differences.first().map_or_else(|| "another output".to_owned(), difference),
        Failure::Check { expression, why } => format!("`check={expression}` is not true: {why}"),
        Failure::Hopeless { why } | Failure::Broken { why } => why.lines().next().unwrap_or_default().to_owned(),
    }
}

fn difference(difference: &Difference) -> String {
    match difference {
        Difference::Missing { what, expected, .. } => format!("{what} is missing: {expected}"),
        Difference::Unexpected { what, actual, .. } => format!("{what} was not expected: {actual}"),
        Difference::Changed { what, expected, actual, .. } => format!("{what}: {actual}, expected {expected}"),
        Difference::Binding { name, why, .. } => format!("{name}: {why}"),
    }
}
