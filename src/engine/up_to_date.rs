//! Does an acting step have to run? It is up to date only where it passed in this world as it is now, and its checks pass.

use super::chapter::ChapterRun;
use super::run::Run;
use crate::compare::Difference;
use crate::diagnostic::Diagnostic;
use crate::event::{Event, Failure, Reason};
use crate::history::is_run_from;
use crate::plan::{MadeOf, NamedFiles, Role, Step, named_files};

/// Whether an acting step has to run.
pub(super) enum Need {
    /// It has to; why, where it passed here before.
    Run(Option<String>),
    /// It passed as it is now, and its checks pass.
    UpToDate,
    /// It never ran here, and its checks pass.
    FoundSo,
    /// It never ran here, and this check passes all the same: what to say of it.
    Unproven(String),
}

impl Run<'_, '_> {
    /// Decides whether an acting step has to run, by what is known of it and by its checks.
    pub(super) fn need(
        &mut self,
        run: &mut ChapterRun,
        index: usize,
        now: &MadeOf,
    ) -> Result<Need, Diagnostic> {
        let (plan, past) = (self.request.plan, self.request.past);
        let step = &plan.chapters[run.chapter].steps[index];
        let Role::Act { proven_by } = &step.role else { return Ok(Need::Run(None)) };
        // A check whose own condition is not true has nothing to say.
        let has_a_say = |check: &usize| !matches!(self.unmet_condition(run, *check), Ok(Some(_)));
        let proven_by: &Vec<usize> = &proven_by.iter().copied().filter(has_a_say).collect();
        let record = past.record(&step.id, &plan.profile);
        if self.request.options.prove && record.is_none() {
            let steps = &plan.chapters[run.chapter].steps;
            for &check in proven_by.iter().filter(|check| !steps[**check].attributes.preexisting) {
                if self.asks(run, check, Reason::UpToDate, None)?.passes {
                    return Ok(Need::Unproven(self.passed_too_early(run, check, step)));
                }
            }
        }
        // What goes on in the background ended with the run that started it, whoever makes its check pass now.
        if proven_by.is_empty() || self.again(run) || step.ends_with_its_run() {
            return Ok(Need::Run(None));
        }
        if let Some(why) = record.and_then(|record| record.standing.why_run(now)) {
            return Ok(Need::Run(Some(why)));
        }
        for &check in proven_by {
            let asked = self.asks(run, check, Reason::UpToDate, None)?;
            if !asked.passes {
                let name = &plan.chapters[run.chapter].steps[check].id.step;
                let why = asked.why.map_or_else(
                    || format!("{name} did not pass"),
                    |why| format!("{name} did not pass: {why}"),
                );
                return Ok(Need::Run(record.is_some().then_some(why)));
            }
        }
        if record.is_some() {
            return Ok(Need::UpToDate);
        }
        self.warn_if_unproven(run, step, proven_by)?;
        Ok(Need::FoundSo)
    }

    /// In a world that this book made, what is there was made by its steps: a check that passes before its step has run may be
    /// one that can't fail.
    fn warn_if_unproven(
        &mut self,
        run: &ChapterRun,
        step: &Step,
        checks: &[usize],
    ) -> Result<(), Diagnostic> {
        let made_here = self
            .ports
            .monitor
            .made_by_book()
            .unwrap_or(self.acted || !self.request.past.records.is_empty());
        let steps = &self.planned(run).steps;
        let unexpected = checks.iter().find(|check| !steps[**check].attributes.preexisting);
        let Some(&check) = unexpected.filter(|_| made_here) else { return Ok(()) };
        let text = format!("warning: {}", self.passed_too_early(run, check, step));
        self.event(&Event::Note { text, step: Some(step.id.clone()) })
    }

    fn passed_too_early(&self, run: &ChapterRun, check: usize, step: &Step) -> String {
        let check = &self.planned(run).steps[check];
        format!(
            "{} ({}) passes before {} ({}) has ever run here: it proves nothing, or the step is not needed; mark it \
             `preexisting` where that may be so",
            check.id.step, check.place, step.id.step, step.place
        )
    }

    /// A secret that the step needs and that nothing gives a value: the caller, the values, or a step that has run before it.
    /// No state keeps it, so a resumed run has to be given it again.
    pub(super) fn missing_secret(&self, run: &ChapterRun, index: usize) -> Option<String> {
        let (plan, steps) = (self.request.plan, &self.planned(run).steps);
        let names = steps.iter().flat_map(|step| &step.attributes.secrets);
        let step = &steps[index];
        let needs =
            |name: &&String| step.attributes.secrets.contains(*name) || step.reads.contains(*name);
        let ran = |at: &usize| is_run_from(plan, self.start, (run.chapter, *at));
        let given = |name: &String| {
            self.request.given_secrets.contains(name)
                || run.bound.contains_key(name)
                || (0..=index).filter(ran).any(|at| may_assign(&steps[at].script, name))
        };
        names.filter(needs).find(|name| !given(name)).cloned()
    }

    /// The files of the book that a step names, as they are now.
    pub(super) fn files_of(&mut self, step: &Step) -> NamedFiles {
        if step.is_verify() {
            return NamedFiles::new();
        }
        let names = named_files(&step.script);
        if names.is_empty() { NamedFiles::new() } else { self.ports.workspace.named_files(&names) }
    }

    /// What a step is made of now.
    pub(super) fn made_of(&mut self, run: &ChapterRun, step: &Step) -> MadeOf {
        let files = self.files_of(step);
        step.made_of.in_run(step, &run.bound, &files)
    }
}

/// May the script give the variable a value? It names it otherwise than to read it, or runs what can't be seen.
fn may_assign(script: &str, name: &str) -> bool {
    let part = |next: char| next.is_ascii_alphanumeric() || next == '_';
    let named = script.match_indices(name).any(|(at, _)| {
        let before = script[..at]
            .chars()
            .next_back()
            .is_none_or(|before| !part(before) && !matches!(before, '$' | '{'));
        before && script[at + name.len()..].chars().next().is_none_or(|next| !part(next))
    });
    named || script.split_whitespace().any(|word| matches!(word, "source" | "." | "eval"))
}

/// Why a check did not pass, in a few words.
pub(super) fn in_short(failure: &Failure) -> String {
    match failure {
        Failure::Exit { code, expected } => format!("exit {code}, expected {expected}"),
        Failure::Signal { signal } => format!("ended by signal {signal}"),
        Failure::TimedOut { limit, .. } => format!("out of time ({limit}=)"),
        Failure::Mismatch { differences, .. } => {
            differences.first().map_or_else(|| "another output".to_owned(), difference)
        }
        Failure::Check { expression, why } => format!("`check={expression}` is not true: {why}"),
        Failure::Unrecoverable { why } | Failure::Broken { why } => {
            why.lines().next().unwrap_or_default().to_owned()
        }
    }
}

fn difference(difference: &Difference) -> String {
    match difference {
        Difference::Missing { what, expected, .. } => format!("{what} is missing: {expected}"),
        Difference::Unexpected { what, actual, .. } => format!("{what} was not expected: {actual}"),
        Difference::Changed { what, expected, actual, .. } => {
            format!("{what}: {actual}, expected {expected}")
        }
        Difference::Binding { name, why, .. } => format!("{name}: {why}"),
    }
}
