//! Renders a failed step as a script that can be run by hand: `run.sh` of its failure report.
//! `store` writes the file.

use std::path::Path;

use crate::book::Place;
use crate::ids::StepId;
use crate::text::shell_word::{is_variable_name, quoted};

/// The content of the script.
#[derive(Debug, Clone)]
pub(crate) struct Rerun<'a> {
    pub step: &'a StepId,
    pub place: &'a Place,
    /// The folder it ran in.
    pub folder: &'a Path,
    /// The variables that guide added to the environment: values, `KUBECONFIG`, `GUIDE_…`.
    pub environment: &'a [(String, String)],
    /// The names of the variables, among these and others that the step uses, whose values are
    /// secret. The script does not contain these values and requires the variables in its
    /// environment.
    pub secrets: &'a [String],
    /// The relative name of a file beside the script that restores the shell's state when it is sourced.
    pub state: Option<&'a str>,
    /// The script of the step.
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
            // This comes before the change of the folder, because the script may be called by a
            // relative name.
            "here=$(cd -- \"$(dirname -- \"${BASH_SOURCE[0]}\")\" && pwd) || exit".to_owned(),
        ];
        for (name, value) in self
            .environment
            .iter()
            .filter(|(name, _)| is_variable_name(name) && !self.secrets.contains(name))
        {
            lines.push(format!("export {name}={}", quoted(value.as_bytes())));
        }
        for name in self.secrets.iter().filter(|name| is_variable_name(name)) {
            lines.push(format!(
                ": \"${{{name}:?is secret and not kept here: set it and run this again}}\"; export {name}"
            ));
        }
        lines.push(format!("cd -- {} || exit", quoted(self.folder.as_os_str().as_encoded_bytes())));
        if let Some(state) = self.state {
            lines.push(format!("source \"$here\"/{}", quoted(state.as_bytes())));
            lines.push(
                "if [[ ${__guide_lost-} ]]; then printf 'gone: %s\\n' \"$__guide_lost\" >&2; exit 1; fi"
                    .to_owned(),
            );
            // The state contains the name of the previous step.
            lines.push(format!("export GUIDE_STEP={}", quoted(self.step.step.as_str().as_bytes())));
        }
        lines.push("set -e -o pipefail".to_owned());
        lines.push("exec </dev/null".to_owned());
        if self.state.is_some() {
            // Tracing options come last, so that the restoring of the state is not traced.
            lines.push("eval \"${__guide_late-}\"".to_owned());
        }
        lines.push(String::new());
        lines.push(self.script.trim_end_matches('\n').to_owned());
        lines.push(String::new());
        lines.join("\n")
    }
}

/// A text without line ends, for a comment.
fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
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
    fn values_folder_and_command_are_the_step_s() {
        let value = "it's $HOME `x` \"y\"\nsecond";
        let answer = run(&[("VALUE", value)], &[], "printf '%s|' \"$VALUE\" \"$PWD\"\n");
        assert_eq!(
            (answer.stdout.as_str(), answer.code),
            (format!("{value}|/tmp|").as_str(), Some(0))
        );
    }

    #[test]
    fn the_script_ends_at_the_first_failing_command_like_the_step() {
        let answer = run(&[], &[], "false | cat\necho not reached");
        assert_eq!((answer.stdout.as_str(), answer.code), ("", Some(1)));
    }

    #[test]
    fn a_secret_is_required_and_not_written() {
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
    fn a_text_that_is_not_a_variable_name_is_omitted() {
        assert_eq!(run(&[("a b; echo bad", "x"), ("1x", "y")], &[], "echo good").stdout, "good\n");
    }
}
