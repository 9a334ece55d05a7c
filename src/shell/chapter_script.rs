//! Renders a whole chapter as one shell script that can be run by hand (`guide script`).
//!
//! A step is written without a change, after `set -e -o pipefail`, because variables and functions
//! carry over from step to step. A step that may end its shell, or that is repeated, runs in a
//! subshell. The variables that it sets are then lost, and the script's header says so.

mod bindings;
mod repeat;

use std::path::Path;
use std::time::Duration;

use self::bindings::{capture, read_bindings};
use self::repeat::{Repeat, repeated};
use crate::book::{commands_of, resolve_cwd};
use crate::plan::{PlannedChapter, RenderedManifest, Step};
use crate::secrets::Masker;
use crate::text::shell_word::{is_variable_name, quoted};

/// The data of the script beside the chapter.
pub(crate) struct ChapterScript<'a> {
    pub chapter: &'a PlannedChapter,
    pub profile: &'a str,
    /// The values, as variables.
    pub environment: &'a [(String, String)],
    /// The kubeconfig of the book's cluster, if the book has one.
    pub kubeconfig: Option<&'a Path>,
    /// The book's folder and its state folder.
    pub book: &'a Path,
    pub state: &'a Path,
    /// The folder in which the steps run, if it is not the folder of the manifests.
    pub folder: Option<&'a Path>,
    /// The masker of the secrets, which are not written.
    pub masker: &'a Masker,
}

impl ChapterScript<'_> {
    /// The whole script.
    pub(crate) fn text(&self) -> String {
        let mut lines = self.head();
        lines.extend(self.environment_lines());
        lines.extend(self.folder_lines());
        for manifest in self.chapter.manifests.iter().filter(|manifest| !manifest.late) {
            lines.extend(self.manifest(manifest));
        }
        lines.push("exec </dev/null".to_owned());
        lines.extend(self.at_the_end());
        for (index, step) in self.chapter.steps.iter().enumerate() {
            let late = self.chapter.manifests.iter();
            let late = late.filter(|manifest| manifest.late && manifest.before_step == index);
            lines.extend(late.flat_map(|manifest| self.manifest(manifest)));
            if !step.attributes.always {
                lines.push(String::new());
                lines.extend(self.step(step));
            }
        }
        lines.join("\n") + "\n"
    }

    fn head(&self) -> Vec<String> {
        let chapter = self.chapter;
        let mut lines = vec![
            "#!/usr/bin/env bash".to_owned(),
            format!(
                "# {}: the steps of {} as one script, for profile {}.",
                one_line(&chapter.title),
                one_line(&chapter.file.display().to_string()),
                one_line(self.profile)
            ),
            format!("# Written by `guide script {}`.", one_line(chapter.name.as_str())),
        ];
        for needed in &chapter.needs {
            lines.push(format!("# The chapter needs {needed}, which is not in this script."));
        }
        lines.extend([
            "# The script stops at the first step that fails. It does not compare outputs, and it never skips a step as up to date."
                .to_owned(),
            "# A step in parentheses may end its shell or be repeated: variables that it sets are lost after it.".to_owned(),
            "set -e -o pipefail".to_owned(),
            String::new(),
        ]);
        lines
    }

    fn environment_lines(&self) -> Vec<String> {
        let secrets = self.masker.names();
        let mut lines = Vec::new();
        for (name, value) in self.environment.iter().filter(|(name, _)| is_variable_name(name)) {
            if secrets.contains(name) || self.masker.mask(value) != *value {
                lines.push(format!(
                    ": \"${{{name}:?is secret and not written here: set it and run this again}}\""
                ));
                lines.push(format!("export {name}"));
            } else {
                lines.push(format!("export {name}={}", quoted(value.as_bytes())));
            }
        }
        let path = |path: &Path| quoted(path.as_os_str().as_encoded_bytes());
        if let Some(kubeconfig) = self.kubeconfig {
            lines.push(format!("export KUBECONFIG={}", path(kubeconfig)));
        }
        lines.extend([
            format!("export GUIDE_BOOK={}", path(self.book)),
            format!("export GUIDE_PROFILE={}", quoted(self.profile.as_bytes())),
            format!("export GUIDE_CHAPTER={}", quoted(self.chapter.name.as_str().as_bytes())),
            format!("export PATH={}:\"$PATH\"", path(&self.state.join("bin"))),
        ]);
        lines
    }

    /// The commands that make a new folder with the manifests and change to the folder in which the
    /// steps run.
    fn folder_lines(&self) -> Vec<String> {
        let rendered = "\"$GUIDE_STATE\"/rendered/\"$GUIDE_CHAPTER\"";
        let mut lines = vec![
            "GUIDE_STATE=$(mktemp -d)".to_owned(),
            "export GUIDE_STATE".to_owned(),
            format!("mkdir -p -- {rendered}"),
        ];
        let folder = self.folder.map(|folder| quoted(folder.as_os_str().as_encoded_bytes()));
        lines.push(format!("cd -- {}", folder.as_deref().unwrap_or(rendered)));
        lines.push(String::new());
        lines
    }

    fn manifest(&self, manifest: &RenderedManifest) -> Vec<String> {
        let target = format!(
            "\"$GUIDE_STATE\"/rendered/\"$GUIDE_CHAPTER\"/{}",
            quoted(manifest.file.as_bytes())
        );
        if manifest.late {
            let why = format!(
                "{} uses names that the output of a step binds, so that only `guide run` can render it",
                manifest.file
            );
            return vec![failure(&why)];
        }
        if self.masker.mask(&manifest.text) != manifest.text {
            let kept = self.state.join("rendered").join(self.chapter.name.as_str());
            let kept = quoted(kept.join(&manifest.file).as_os_str().as_encoded_bytes());
            return vec![
                "# It holds a secret, which is not written here. `guide run` has rendered it there."
                    .to_owned(),
                format!("cp -- {kept} {target}"),
            ];
        }
        here_document(&format!("cat >{target}"), &manifest.text)
    }

    /// The EXIT trap with the `always` steps and the end of the background steps, so that they run
    /// also after a failure.
    fn at_the_end(&self) -> Vec<String> {
        let always: Vec<&Step> =
            self.chapter.steps.iter().filter(|step| step.attributes.always).collect();
        let in_background =
            self.chapter.steps.iter().any(|step| step.attributes.background.is_some());
        if always.is_empty() && !in_background {
            return Vec::new();
        }
        let mut lines = vec![
            String::new(),
            "guide_background=()".to_owned(),
            "# shellcheck disable=SC2317,SC2329".to_owned(),
            "guide_end() {".to_owned(),
            "guide_result=$?".to_owned(),
            "trap - EXIT".to_owned(),
        ];
        for step in always {
            lines.extend(self.step(step));
        }
        lines.push(
            "for guide_process in \"${guide_background[@]}\"; do kill \"$guide_process\" 2>/dev/null || :; done"
                .to_owned(),
        );
        lines.push("exit \"$guide_result\"".to_owned());
        lines.push("}".to_owned());
        lines.push("trap guide_end EXIT".to_owned());
        lines
    }

    /// A step with a comment that names it.
    fn step(&self, step: &Step) -> Vec<String> {
        let attributes = &step.attributes;
        let title = one_line(&format!("{} ({})", step.id, step.place));
        let mut lines = vec![
            format!("# {title}"),
            format!("printf '%s\\n' {} >&2", quoted(format!("==> {title}").as_bytes())),
            format!("export GUIDE_STEP={}", quoted(step.id.step.as_str().as_bytes())),
        ];
        if let Some(condition) = &attributes.when {
            lines.push(format!(
                "# `guide run` runs it only where this holds: {}",
                one_line(condition)
            ));
        }
        if step.expected.is_some() || attributes.snapshot.is_some() || attributes.check.is_some() {
            lines.push("# `guide run` checks its output, too.".to_owned());
        }
        let (before, after) = self.around(step);
        lines.extend(before);
        lines.extend(self.commands(step));
        lines.extend(after);
        lines
    }

    /// The text before and after the commands: the question of `confirm=`, and the change to the
    /// folder of `cwd=`.
    fn around(&self, step: &Step) -> (Vec<String>, Vec<String>) {
        let (mut before, mut after) = (Vec::new(), Vec::new());
        if let Some(question) = &step.attributes.confirm {
            before.push(format!("printf '%s [y/N] ' {} >&2", quoted(question.as_bytes())));
            before.push("read -r guide_answer </dev/tty || guide_answer=n".to_owned());
            before.push("if [[ $guide_answer == [yY]* ]]; then".to_owned());
            after.push("fi".to_owned());
        }
        if let Some(cwd) = &step.attributes.cwd {
            let rendered = Path::new("/");
            let folder = match cwd.strip_prefix("rendered") {
                Some(rest) if rest.is_empty() || rest.starts_with('/') => format!(
                    "\"$GUIDE_STATE\"/rendered/\"$GUIDE_CHAPTER\"{}",
                    quoted(rest.as_bytes())
                ),
                _ => quoted(resolve_cwd(cwd, self.book, rendered).as_os_str().as_encoded_bytes()),
            };
            before.push("guide_folder=$PWD".to_owned());
            before.push(format!("cd -- {folder}"));
            after.insert(0, "cd -- \"$guide_folder\"".to_owned());
        }
        (before, after)
    }

    fn commands(&self, step: &Step) -> Vec<String> {
        let attributes = &step.attributes;
        let mut lines = vec!["set -e -o pipefail".to_owned()];
        if attributes.background.is_some() {
            lines.push("(".to_owned());
            lines.push(script_of(step));
            lines.push(") &".to_owned());
            lines.push("guide_background+=(\"$!\")".to_owned());
            let ready = attributes
                .ready
                .as_ref()
                .and_then(|name| self.chapter.steps.iter().find(|other| other.id.step == *name));
            if let Some(check) = ready {
                let until = check.attributes.until.unwrap_or_else(|| step.timeout());
                lines.extend(repeated(
                    check,
                    &script_of(check),
                    Repeat::For(until, Duration::ZERO),
                ));
            }
            return lines;
        }
        let repeat = Repeat::of(step);
        if repeat.is_some() || may_end_its_shell(&step.script) {
            lines.extend(repeated(step, &script_of(step), repeat.unwrap_or(Repeat::Times(0))));
            return lines;
        }
        let bindings = read_bindings(step);
        if attributes.interactive {
            lines.extend(["{".to_owned(), script_of(step), "} </dev/tty".to_owned()]);
        } else if bindings.is_empty() {
            lines.push(script_of(step));
        } else {
            lines.extend(capture(&script_of(step), &bindings));
        }
        lines
    }
}

/// The step's commands with a line end, so that another line can follow them.
fn script_of(step: &Step) -> String {
    let script = step.script.trim_end_matches('\n');
    if script.ends_with('\\') { format!("{script}\n") } else { script.to_owned() }
}

/// Whether the script may end or replace its shell.
fn may_end_its_shell(script: &str) -> bool {
    commands_of(script).all.iter().any(|command| {
        matches!(command.words.first().map(String::as_str), Some("exit" | "exec" | "logout"))
    })
}

/// A text as a here-document, between lines that do not occur in the text.
fn here_document(command: &str, text: &str) -> Vec<String> {
    let mut end = "END_OF_MANIFEST".to_owned();
    while text.lines().any(|line| line == end) {
        end.push('_');
    }
    vec![format!("{command} <<'{end}'"), text.trim_end_matches('\n').to_owned(), end]
}

/// A command that prints why the script cannot continue, and ends it.
fn failure(why: &str) -> String {
    format!("{{ printf '%s\\n' {} >&2; exit 1; }}", quoted(why.as_bytes()))
}

/// A text without line ends, for a comment.
fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}
