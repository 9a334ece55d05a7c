//! A command fence → its HTML: the commands, and below them their output under each profile.

use std::collections::{HashMap, HashSet};

use minijinja::{Value, context};

use super::html::{html, id, moment, render, seconds, terminal_output};
use super::plot;
use super::series::Series;
use super::view::{StepView, View, Views};
use crate::book::StepBlock;
use crate::ids::{ChapterName, StepName};
use crate::recording::{RecordedStep, Recording};

/// The most lines of an output that are shown unfolded.
const UNFOLDED: usize = 14;

/// The data with which the steps of one chapter are drawn.
pub(super) struct Drawing<'a> {
    pub chapter: &'a ChapterName,
    /// All profiles.
    pub views: &'a Views,
    /// The steps of the chapter under each profile.
    pub steps: Vec<HashMap<StepName, StepView<'a>>>,
    /// The steps that the page does not show.
    pub hidden: HashSet<&'a StepName>,
    /// The most bytes of an output.
    pub most: usize,
}

impl<'a> Drawing<'a> {
    /// The HTML of a step.
    pub(super) fn step(&self, block: &StepBlock) -> String {
        let elsewhere = self.elsewhere(block);
        let panes = self.panes(block, &elsewhere);
        let expected = block.expected.as_ref().map_or("", |expected| expected.text.trim_end());
        render(
            "step",
            context! {
                name => block.name.as_str(),
                profiles => block.attributes.profiles.join(" "),
                badges => badges(block),
                commands => commands(&block.script),
                tabs => panes.len() > 1,
                expected_open => !self.is_recorded(block),
                expected => if expected.trim().is_empty() { "" } else { expected },
                elsewhere => elsewhere.iter().map(|profile| (*profile).to_owned()).collect::<Vec<_>>(),
                panes,
            },
        )
    }

    fn is_recorded(&self, block: &StepBlock) -> bool {
        self.steps
            .iter()
            .any(|steps| matches!(steps.get(&block.name), Some(StepView::Recorded(..))))
    }

    /// The profiles without any recording, if another profile has one. The caption names them, because their own tabs would be empty.
    fn elsewhere(&self, block: &StepBlock) -> Vec<&'a str> {
        if !self.is_recorded(block) {
            return Vec::new();
        }
        let never_ran = self
            .views
            .iter()
            .zip(&self.steps)
            .filter(|(view, steps)| !view.ran() && steps.contains_key(&block.name));
        never_ran.map(|(view, _)| view.profile()).collect()
    }

    /// One pane for each profile that has the step; a single one if none of them recorded it.
    fn panes(&self, block: &StepBlock, elsewhere: &[&str]) -> Vec<Value> {
        let several = self.views.len() > 1;
        let having: Vec<(&View, &StepView<'_>)> = self
            .views
            .iter()
            .zip(&self.steps)
            .filter_map(|(view, steps)| Some((view, steps.get(&block.name)?)))
            .filter(|(view, step)| {
                !matches!(step, StepView::NotRun) || !elsewhere.contains(&view.profile())
            })
            .collect();
        if having.len() > 1 && having.iter().all(|(_, step)| matches!(step, StepView::NotRun)) {
            let under: Vec<String> =
                having.iter().map(|(view, _)| view.profile().to_owned()).collect();
            return vec![context! { not_run => context! { under } }];
        }
        let pane = |(view, step): &(&View, &StepView<'_>)| match step {
            StepView::NotRun => {
                let under: Vec<String> =
                    several.then(|| view.profile().to_owned()).into_iter().collect();
                Some(context! { profile => view.profile(), not_run => context! { under } })
            }
            StepView::Recorded(step, reasons) => {
                Some(self.recorded(block, view, step, reasons, view.recording(self.chapter)?))
            }
        };
        having.iter().filter_map(pane).collect()
    }

    fn recorded(
        &self,
        block: &StepBlock,
        view: &View,
        step: &RecordedStep,
        reasons: &[String],
        recording: &Recording,
    ) -> Value {
        let (profile, facts) = (view.profile(), facts(step, reasons, recording));
        if !step.up_to_date.is_empty() {
            let check = |name: &String| {
                let printed = recording.step(name).map_or("", |check| check.output.as_str());
                context! { name, output => self.output(printed) }
            };
            let is_hidden = |name: &str| self.hidden.iter().any(|hidden| hidden.as_str() == name);
            let shown = step.up_to_date.iter().filter(|name| !is_hidden(name));
            let checks: Vec<Value> = shown.map(check).collect();
            return context! { profile, facts, checks, up_to_date => true };
        }
        if let Some(series) = &block.attributes.sample
            && let Some(read) = Series::read(&step.output)
        {
            let anchor = format!("{}-{}", id(block.name.as_str()), id(profile));
            return context! { profile, facts, plot => html(plot::plot(series, &read, &anchor)) };
        }
        let lines = step.output.trim_end().lines().count();
        let folded_lines = (lines > UNFOLDED).then_some(lines);
        context! { profile, facts, folded_lines, output => self.output(&step.output) }
    }

    fn output(&self, output: &str) -> Value {
        html(terminal_output(&cut(output.trim_end(), self.most)))
    }
}

/// The line over a recorded output: exit code, date, duration, versions, and whether it is out of date.
fn facts(step: &RecordedStep, reasons: &[String], recording: &Recording) -> Vec<Value> {
    let fact = |kind: &str, text: String| context! { kind, text };
    let mut facts = Vec::new();
    if !step.up_to_date.is_empty() {
        facts.push(fact("passed", "up to date".to_owned()));
    }
    if let Some(code) = step.exit.filter(|code| *code != 0) {
        facts.push(fact("exit", format!("exit {code}")));
    }
    if !reasons.is_empty() {
        facts.push(fact("stale", reasons.join(", ")));
    }
    if recording.pending {
        facts.push(fact("part", "not reviewed yet".to_owned()));
    }
    facts.push(context! { kind => "time", text => moment(&step.at), datetime => step.at.as_str() });
    if step.up_to_date.is_empty() {
        let attempts =
            if step.attempts > 1 { format!(", {} attempts", step.attempts) } else { String::new() };
        facts.push(fact("plain", format!("{}{attempts}", seconds(step.seconds))));
    }
    if !recording.versions.is_empty() {
        let named = recording.versions.iter().map(|(name, version)| format!("{name} {version}"));
        facts.push(fact("versions", named.collect::<Vec<_>>().join(", ")));
    }
    facts
}

/// What a reader must know before copying the commands.
fn badges(block: &StepBlock) -> Vec<String> {
    let attributes = &block.attributes;
    let profiles = &attributes.profiles;
    let badges = [
        (!profiles.is_empty(), format!("profile {}", profiles.join(", "))),
        (attributes.verify.is_some(), "check".to_owned()),
        (attributes.confirm.is_some(), "asks first".to_owned()),
        (attributes.background.is_some(), "in the background".to_owned()),
    ];
    badges.into_iter().filter_map(|(applies, badge)| applies.then_some(badge)).collect()
}

/// The lines of the script, each with whether it is a comment.
fn commands(script: &str) -> Vec<Value> {
    let line = |text: &str| context! { text, is_comment => text.trim_start().starts_with('#') };
    script.trim_end().split('\n').map(line).collect()
}

/// The output, without its middle if it is longer than `most` bytes.
fn cut(output: &str, most: usize) -> String {
    if output.len() <= most {
        return output.to_owned();
    }
    let head = output.floor_char_boundary(most * 2 / 3);
    let tail = output.floor_char_boundary(output.len() - most / 3);
    let missing = output[head..tail].lines().count();
    format!("{}\n[… {missing} more lines in the recording …]\n{}", &output[..head], &output[tail..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heavy_output_is_cut_in_its_middle() {
        let heavy = cut(&"é line\n".repeat(1000), 300);
        assert!(heavy.len() < 400 && heavy.contains("more lines in the recording"));
        assert_eq!(cut("short", 300), "short");
    }

    #[test]
    fn comments_are_marked() {
        let lines = commands("# say <hi>\necho hi # there\n");
        let is_comment = |line: &Value| line.get_attr("is_comment").unwrap().is_true();
        assert_eq!(lines.iter().map(is_comment).collect::<Vec<_>>(), [true, false]);
    }
}
