//! The step that each check proves: `verify`, `verify=STEP`, `ready=STEP` and the front matter's `done:`.

use std::collections::HashMap;

use super::context::{ResolveContext, name_hint};
use super::step::{Role, Step};
use crate::book::{Chapter, Problem, Problems, Refusal, Rule, Span, StepBlock, Verify};
use crate::ids::StepName;

/// Gives every step of a chapter its role. `steps` are the steps of the profile; the chapter's other steps are known by name only.
pub(super) fn link_roles(
    context: &ResolveContext<'_>,
    chapter: &Chapter,
    steps: &mut [Step],
    problems: &mut Problems,
) {
    let mut last_act = None;
    let mut names = Names { chapter, indices: None };
    for index in 0..steps.len() {
        let proves = match &steps[index].attributes.verify {
            None => {
                // An `always` step runs after all others, so that a check below it runs before it and cannot prove it.
                if !steps[index].attributes.always {
                    last_act = Some(index);
                }
                continue;
            }
            Some(Verify::Before) => last_act,
            Some(Verify::Step(name)) => {
                let name = name.clone();
                match names.acting(&name, &steps[index].id.step) {
                    Ok(()) => names.index(steps, &name),
                    Err(refusal) => {
                        problems.push(refusal.at(word_of(context, chapter, &steps[index], &name)));
                        None
                    }
                }
            }
        };
        steps[index].role = Role::Verify { proves };
        if let Some(Role::Act { proven_by }) = proves.map(|proves| &mut steps[proves].role) {
            proven_by.push(index);
        }
    }
    check_ready(context, chapter, steps, &mut names, problems);
}

fn check_ready(
    context: &ResolveContext<'_>,
    chapter: &Chapter,
    steps: &[Step],
    names: &mut Names<'_>,
    problems: &mut Problems,
) {
    for step in steps {
        let Some(ready) = &step.attributes.ready else { continue };
        let wrong = names.verify(ready).err().or_else(|| {
            let missing = names.index(steps, ready).is_none();
            let hint = format!(
                "give both steps the same `profile=`, or let `{ready}` run under every one"
            );
            let message = format!(
                "`{ready}` does not run under the profile `{}`, so `{}` could never be ready",
                context.profile, step.id.step
            );
            missing.then(|| Refusal::new(message, hint))
        });
        if let Some(refusal) = wrong {
            problems.push(refusal.at(word_of(context, chapter, step, ready)));
        }
    }
}

/// The indices of the steps of this profile that the front matter's `done:` names.
pub(super) fn prove_chapter(
    context: &ResolveContext<'_>,
    chapter: &Chapter,
    steps: &[Step],
    problems: &mut Problems,
) -> Vec<usize> {
    let mut names = Names { chapter, indices: None };
    let mut done = Vec::new();
    for name in &chapter.front.done {
        match names.verify(name) {
            Ok(()) => {
                let index = names.index(steps, name);
                if let Some(started) = index.and_then(|index| ending_step_of(&steps[index], steps))
                {
                    let message = format!(
                        "`{name}` proves `{}`, a background step that is stopped at the end, so it cannot prove later that the chapter is done",
                        started.id.step
                    );
                    let mut problem = Rule::Verify
                        .without_span(message)
                        .hint("name a check of something that lasts, or remove it from `done`");
                    problem.span = chapter
                        .front
                        .span
                        .map(|front| context.book.sources.find_in(front, name.as_str()));
                    problems.push(problem);
                }
                done.extend(index);
            }
            Err(refusal) => {
                let mut problem =
                    Problem { hint: refusal.hint, ..Rule::Verify.without_span(refusal.message) };
                problem.span = chapter
                    .front
                    .span
                    .map(|front| context.book.sources.find_in(front, name.as_str()));
                problems.push(problem);
            }
        }
    }
    done.sort_unstable();
    done.dedup();
    done
}

/// The background step that a check proves, if that step ends with the chapter or run that started it.
fn ending_step_of<'a>(check: &Step, steps: &'a [Step]) -> Option<&'a Step> {
    let Role::Verify { proves: Some(proves) } = check.role else { return None };
    Some(&steps[proves]).filter(|step| step.ends_with_its_run())
}

/// The word in a step's braces that names another step.
fn word_of(context: &ResolveContext<'_>, chapter: &Chapter, step: &Step, word: &StepName) -> Span {
    let block = chapter.steps().find(|block| block.name == step.id.step);
    block.map_or(step.span, |block| context.book.sources.find_in(block.info, word.as_str()))
}

/// The steps of a chapter by name. The table of indices is made when it is first needed, because most chapters do not need it.
struct Names<'a> {
    chapter: &'a Chapter,
    indices: Option<HashMap<StepName, usize>>,
}

impl Names<'_> {
    fn index(&mut self, steps: &[Step], name: &StepName) -> Option<usize> {
        let table = || {
            steps.iter().enumerate().map(|(index, step)| (step.id.step.clone(), index)).collect()
        };
        self.indices.get_or_insert_with(table).get(name).copied()
    }

    fn block(
        &self,
        name: &StepName,
        has_role: fn(&StepBlock) -> bool,
        what: &str,
    ) -> Result<&StepBlock, Refusal> {
        self.chapter.steps().find(|block| block.name == *name).ok_or_else(|| {
            let names: Vec<&str> = self
                .chapter
                .steps()
                .filter(|block| has_role(block))
                .map(|block| block.name.as_str())
                .collect();
            Refusal::new(
                format!("this chapter has no step `{name}`"),
                name_hint(name.as_str(), &names, what),
            )
        })
    }

    fn acting(&self, name: &StepName, verify: &StepName) -> Result<(), Refusal> {
        let acts = |block: &StepBlock| block.attributes.verify.is_none();
        if name == verify {
            return Err(Refusal::new(
                format!("`{name}` cannot prove itself"),
                "name the acting step that it proves",
            ));
        }
        if acts(self.block(name, acts, "acting steps")?) {
            Ok(())
        } else {
            Err(Refusal::new(
                format!("`{name}` is a verify step, so there is nothing to prove"),
                "name the acting step that both prove",
            ))
        }
    }

    fn verify(&self, name: &StepName) -> Result<(), Refusal> {
        let verifies = |block: &StepBlock| block.attributes.verify.is_some();
        if verifies(self.block(name, verifies, "verify steps")?) {
            Ok(())
        } else {
            Err(Refusal::new(
                format!("`{name}` is not a verify step"),
                format!("mark it `verify` if it only reads: `bash {{name={name} verify}}`"),
            ))
        }
    }
}
