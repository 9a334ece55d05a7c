//! A command fence → its HTML: the commands, and under them what came out under each profile.

use std::collections::HashMap;

use super::ansi;
use super::html::{id, text};
use super::plot;
use super::series::Series;
use super::step_meta::{facts, not_run, up_to_date};
use super::view::{StepView, Views};
use crate::book::StepBlock;
use crate::ids::{ChapterName, StepName};
use crate::recording::Recording;

/// Lines of an output that are shown unfolded.
const UNFOLDED: usize = 14;

/// What the steps of one chapter are drawn with.
pub(super) struct Drawing<'a> {
    /// The chapter.
    pub chapter: &'a ChapterName,
    /// All profiles.
    pub views: &'a Views,
    /// The chapter's steps, as each of them sees them.
    pub judged: Vec<HashMap<StepName, StepView<'a>>>,
    /// Most characters of an output.
    pub most: usize,
}

impl Drawing<'_> {
    /// The whole step.
    pub(super) fn step(&self, block: &StepBlock) -> String {
        let name = block.name.as_str();
        let anchor = id(name);
        let profiles = block.attributes.profiles.join(" ");
        let data = if profiles.is_empty() {
            String::new()
        } else {
            format!(" data-profile=\"{}\"", text(&profiles))
        };
        let mut html = format!("<figure class=\"g-step\" id=\"step-{anchor}\"{data}>");
        html.push_str(&format!(
            "<figcaption><a class=\"g-name\" href=\"#step-{anchor}\">{}</a>",
            text(name)
        ));
        html.push_str(&badges(block));
        html.extend(self.elsewhere(block).iter().map(|profile| {
            format!("<span class=\"g-badge g-none\">{}: not run here</span>", text(profile))
        }));
        html.push_str("<button class=\"g-copy\" type=\"button\" hidden>Copy</button></figcaption>");
        html.push_str(&format!(
            "<pre class=\"g-commands\" tabindex=\"0\" aria-label=\"Commands of {}\">",
            text(name)
        ));
        html.push_str(&format!(
            "<code class=\"nohighlight\">{}</code></pre>",
            commands(&block.script)
        ));
        html.push_str(&self.panes(block));
        if let Some(expected) =
            block.expected.as_ref().filter(|expected| !expected.text.trim().is_empty())
        {
            let open = if self.recorded(block) { "" } else { " open" };
            let body = text(expected.text.trim_end());
            html.push_str(&format!("<details class=\"g-expected\"{open}><summary>What it has to print</summary><pre tabindex=\"0\">{body}</pre></details>"));
        }
        html.push_str("</figure>");
        html
    }

    /// What the checks printed that stand for a step which did not run.
    fn checks(&self, checks: &[String], recording: &Recording) -> String {
        let mut html = up_to_date(checks);
        for check in checks.iter().filter_map(|check| recording.step(check)) {
            let printed = check.output.trim_end();
            if !printed.is_empty() {
                let (name, body) = (text(&check.step), ansi::html(&cut(printed, self.most)));
                html.push_str(&format!("<details class=\"g-long\"><summary>What {name} printed</summary><pre class=\"g-output\" tabindex=\"0\" aria-label=\"Output of {name}\">{body}</pre></details>"));
            }
        }
        html
    }

    fn recorded(&self, block: &StepBlock) -> bool {
        self.judged
            .iter()
            .any(|judged| matches!(judged.get(&block.name), Some(StepView::Recorded(..))))
    }

    /// A pane a profile that has the step.
    fn panes(&self, block: &StepBlock) -> String {
        let several = self.views.len() > 1;
        let elsewhere = self.elsewhere(block);
        let mut panes = Vec::new();
        for (view, judged) in self.views.iter().zip(&self.judged) {
            let never = matches!(judged.get(&block.name), Some(StepView::NotRun));
            let body = match judged.get(&block.name) {
                None | Some(StepView::Absent) => continue,
                Some(StepView::NotRun) if elsewhere.contains(&view.profile()) => continue,
                Some(StepView::NotRun) => not_run(&[view.profile()], several),
                Some(StepView::Recorded(step, reasons)) => {
                    let Some(recording) = view.recording(self.chapter) else { continue };
                    let mut body = facts(step, reasons, recording);
                    if !step.up_to_date.is_empty() {
                        body.push_str(&self.checks(&step.up_to_date, recording));
                    } else if let Some(series) = &block.attributes.sample
                        && let Some(read) = Series::read(&step.output)
                    {
                        body.push_str(&plot::plot(
                            series,
                            &read,
                            &format!("{}-{}", id(block.name.as_str()), id(view.profile())),
                        ));
                    } else {
                        body.push_str(&output(&step.output, self.most));
                    }
                    body
                }
            };
            panes.push((view.profile(), body, never));
        }
        if panes.iter().all(|pane| pane.2) && panes.len() > 1 {
            // Nowhere: said once.
            let profiles: Vec<&str> = panes.iter().map(|pane| pane.0).collect();
            return format!(
                "<div class=\"g-panes\"><div class=\"g-pane\">{}</div></div>",
                not_run(&profiles, several)
            );
        }
        let tabs = panes.len() > 1;
        let pane = |(profile, body, _): (&str, String, bool)| {
            let label = if tabs {
                format!("<p class=\"g-label\">{}</p>", text(profile))
            } else {
                String::new()
            };
            format!("<div class=\"g-pane\" data-profile=\"{}\">{label}{body}</div>", text(profile))
        };
        let class = if tabs { "g-panes g-tabs" } else { "g-panes" };
        format!("<div class=\"{class}\">{}</div>", panes.into_iter().map(pane).collect::<String>())
    }
}

impl<'a> Drawing<'a> {
    /// Profiles that were never run here, where another one was: a word under that one says so, a tab of their own would be empty.
    fn elsewhere(&self, block: &StepBlock) -> Vec<&'a str> {
        if !self.recorded(block) {
            return Vec::new();
        }
        let never = self
            .views
            .iter()
            .zip(&self.judged)
            .filter(|(view, judged)| !view.ran() && judged.contains_key(&block.name));
        never.map(|(view, _)| view.profile()).collect()
    }
}

/// What is worth knowing before copying.
fn badges(block: &StepBlock) -> String {
    let mut badges = Vec::new();
    let attributes = &block.attributes;
    if !attributes.profiles.is_empty() {
        badges.push(format!("profile {}", attributes.profiles.join(", ")));
    }
    if attributes.verify.is_some() {
        badges.push("proof".to_owned());
    }
    if attributes.confirm.is_some() {
        badges.push("asks first".to_owned());
    }
    if attributes.background.is_some() {
        badges.push("in the background".to_owned());
    }
    badges.iter().map(|badge| format!("<span class=\"g-badge\">{}</span>", text(badge))).collect()
}

/// The script, comments set apart.
fn commands(script: &str) -> String {
    let line = |line: &str| {
        let comment = line.trim_start().starts_with('#');
        if comment {
            format!("<span class=\"g-comment\">{}</span>", text(line))
        } else {
            text(line)
        }
    };
    script.trim_end().split('\n').map(line).collect::<Vec<_>>().join("&#10;")
}

/// What was printed; folded where it is long.
fn output(output: &str, most: usize) -> String {
    let output = output.trim_end();
    if output.is_empty() {
        return String::new();
    }
    let lines = output.lines().count();
    let body = format!(
        "<pre class=\"g-output\" tabindex=\"0\" aria-label=\"Output\">{}</pre>",
        ansi::html(&cut(output, most))
    );
    if lines <= UNFOLDED {
        return body;
    }
    format!("<details class=\"g-long\"><summary>Output, {lines} lines</summary>{body}</details>")
}

/// A page must not become heavy by one long output.
fn cut(output: &str, most: usize) -> String {
    if output.len() <= most {
        return output.to_owned();
    }
    let boundary = |at: usize| (0..=at).rev().find(|at| output.is_char_boundary(*at)).unwrap_or(0);
    let (head, tail) = (boundary(most * 2 / 3), boundary(output.len() - most / 3));
    let left = output[head..tail].lines().count();
    format!("{}\n[… {left} lines more in the recording …]\n{}", &output[..head], &output[tail..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_output_is_folded_and_a_heavy_one_cut() {
        assert!(output("one\n", 1000).starts_with("<pre"));
        assert!(
            output(&"line\n".repeat(15), 1000)
                .starts_with("<details class=\"g-long\"><summary>Output, 15 lines")
        );
        let heavy = cut(&"é line\n".repeat(1000), 300);
        assert!(heavy.len() < 400 && heavy.contains("lines more in the recording"));
        assert_eq!(output("", 10), "");
    }

    #[test]
    fn comments_are_set_apart_and_markup_stays_text() {
        assert_eq!(
            commands("# say <hi>\necho hi # there\n"),
            "<span class=\"g-comment\"># say &lt;hi&gt;</span>&#10;echo hi # there"
        );
    }
}
