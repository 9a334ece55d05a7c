//! A failed step as a script that can be run by hand: `run.sh` of its failure report. Pure text; `store` writes it.

use std::path::Path;

use crate::book::Place;
use crate::ids::StepId;

/// What the script says and does.
#[derive(Debug, Clone)]
pub(crate) struct Rerun<'a> {
    pub step: &'a StepId,
    /// Where the step stands.
    pub place: &'a Place,
    /// The folder it ran in.
    pub folder: &'a Path,
    /// What guide added to the environment: values, `KUBECONFIG`, `GUIDE_…`.
    pub environment: &'a [(String, String)],
    /// Names among these, and of further variables the step uses, whose values are secret: they are asked for, not written.
    pub secrets: &'a [String],
    /// A file, beside the script, that restores the shell's state when sourced; a relative name.
    pub state: Option<&'a str>,
    /// What bash got.
    pub script: &'a str,
}

impl Rerun<'_> {
    /// The whole script.
    pub(crate) fn text(&self) -> String {
        let mut lines = vec![
            "#!/usr/bin/env bash".to_owned(),
            format!(
                "# {} ({}), as guide ran it.",
                one_line(&self.step.to_string()),
                one_line(&self.place.to_string())
            ),
            // Before the folder changes: the script may be called by a relative name.
            "here=$(cd -- \"$(dirname -- \"${BASH_SOURCE[0]}\")\" && pwd) || exit".to_owned(),
        ];
        for (name, value) in self
            .environment
            .iter()
            .filter(|(name, _)| is_name(name) && !self.secrets.contains(name))
        {
            lines.push(format!("export {name}={}", quoted(value)));
        }
        for name in self.secrets.iter().filter(|name| is_name(name)) {
            lines.push(format!(
                ": \"${{{name}:?is secret and not kept here: set it and run this again}}\"; export {name}"
            ));
        }
        lines.push(format!("cd -- {} || exit", quoted(&self.folder.to_string_lossy())));
        if let Some(state) = self.state {
            lines.push(format!("source \"$here\"/{}", quoted(state)));
            lines.push(
                "if [[ ${__guide_lost-} ]]; then printf 'gone: %s\\n' \"$__guide_lost\" >&2; exit 1; fi"
                    .to_owned(),
            );
            // The state is of the step before and says so.
            lines.push(format!("export GUIDE_STEP={}", quoted(self.step.step.as_str())));
        }
        lines.push("set -e -o pipefail".to_owned());
        lines.push("exec </dev/null".to_owned());
        if self.state.is_some() {
            // Options that would show in what restores the state (tracing, say) come last.
            lines.push("eval \"${__guide_late-}\"".to_owned());
        }
        lines.push(String::new());
        lines.push(self.script.trim_end_matches('\n').to_owned());
        lines.push(String::new());
        lines.join("\n")
    }
}

/// A comment must end where its line does.
fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|first: char| first.is_ascii_digit())
        && name.chars().all(|character| character == '_' || character.is_ascii_alphanumeric())
}

/// In single quotes, whatever is in it.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{ChapterName, StepName};
    use crate::probe::{ProbeOutput, probe};
    use std::time::Duration;

    /// The script's text, run by bash.
    fn run(environment: &[(&str, &str)], secrets: &[&str], script: &str) -> ProbeOutput {
        let step = StepId { chapter: ChapterName::new("chapter-5"), step: StepName::new("pin") };
        let place = Place { file: Path::new("chapter-5.md").into(), line: 41 };
        let environment: Vec<_> = environment
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let secrets: Vec<_> = secrets.iter().map(|name| (*name).to_owned()).collect();
        let folder = Path::new("/tmp");
        let rerun = Rerun {
            step: &step,
            place: &place,
            folder,
            environment: &environment,
            secrets: &secrets,
            state: None,
            script,
        };
        probe("bash", &["-c", &rerun.text()], Duration::from_secs(10)).unwrap()
    }

    #[test]
    fn values_folder_and_command_are_as_they_were() {
        let value = "it's $HOME `x` \"y\"\nsecond";
        let answer = run(&[("VALUE", value)], &[], "printf '%s|' \"$VALUE\" \"$PWD\"\n");
        assert_eq!(
            (answer.stdout.as_str(), answer.code),
            (format!("{value}|/tmp|").as_str(), Some(0))
        );
    }

    #[test]
    fn it_ends_at_the_first_failing_command_as_the_step_did() {
        let answer = run(&[], &[], "false | cat\necho not reached");
        assert_eq!((answer.stdout.as_str(), answer.code), ("", Some(1)));
    }

    #[test]
    fn a_secret_is_asked_for_and_not_written() {
        let answer =
            run(&[("PASSWORD_OF_NOBODY", "hush-hush")], &["PASSWORD_OF_NOBODY"], "echo reached");
        assert!(
            answer.stderr.contains("is secret and not kept here")
                && !answer.stderr.contains("hush-hush"),
            "{answer:?}"
        );
        assert_eq!(answer.stdout, "");
    }

    #[test]
    fn what_is_no_variable_s_name_is_left_out() {
        assert_eq!(run(&[("a b; echo bad", "x"), ("1x", "y")], &[], "echo good").stdout, "good\n");
    }
}
