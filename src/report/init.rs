//! What `guide init` says.

use std::path::{Path, PathBuf};

use super::humanize::count;

/// A block of someone's Markdown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SurveyedBlock {
    /// 1-based line of its fence.
    pub line: u32,
    /// What becomes of it.
    pub fate: BlockUse,
    /// Its first command.
    pub first: String,
}

/// What becomes of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum BlockUse {
    /// It runs as this step, with this effect.
    Runs(String, Effect),
    /// It would run, but was marked `{skip}`, for this reason.
    Skipped(String),
    /// It is rendered as this file.
    Rendered(String),
    /// It is not run, and why.
    Shown(String),
    /// What is wrong with the document, and what to do.
    Wrong(String),
}

/// What a script changes, as far as its words prove it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Effect {
    /// What it changes.
    pub changes: Vec<ChangeTarget>,
    /// Why more than that can't be told.
    pub doubts: Vec<String>,
}

impl Effect {
    /// Is it proven that it changes nothing?
    pub(crate) fn only_looks(&self) -> bool {
        self.changes.is_empty() && self.doubts.is_empty()
    }

    /// Adds something that is changed.
    pub(crate) fn change(&mut self, touch: ChangeTarget) {
        if !self.changes.contains(&touch) {
            self.changes.push(touch);
        }
    }

    /// Adds something that can't be told.
    pub(crate) fn unknown(&mut self, why: String) {
        if !self.doubts.contains(&why) {
            self.doubts.push(why);
        }
    }
}

impl std::fmt::Display for Effect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.only_looks() {
            return f.write_str("only looks");
        }
        let changes: Vec<String> = self.changes.iter().map(ToString::to_string).collect();
        let doubts = self.doubts.join("; ");
        match (changes.is_empty(), doubts.is_empty()) {
            (true, _) => write!(f, "can't tell what it changes: {doubts}"),
            (false, true) => write!(f, "changes {}", changes.join("; ")),
            (false, false) => {
                write!(f, "changes {}, and perhaps more: {doubts}", changes.join("; "))
            }
        }
    }
}

/// What a command changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ChangeTarget {
    /// Objects of a cluster.
    Cluster,
    /// Containers, images, whole clusters.
    Engine,
    /// Files below the folder it runs in, and temporary ones.
    Files,
    /// A file or a setting elsewhere.
    Outside(String),
    /// Packages, services, processes, the kernel's settings.
    Machine,
}

impl std::fmt::Display for ChangeTarget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Cluster => f.write_str("the cluster's objects"),
            Self::Engine => f.write_str("containers, images or whole clusters"),
            Self::Files => f.write_str("files"),
            Self::Outside(file) => write!(f, "what is not the book's: {file}"),
            Self::Machine => f.write_str("THE MACHINE ITSELF"),
        }
    }
}

/// A line or two a block.
pub(crate) fn survey_text(told: &[SurveyedBlock]) -> String {
    let mut text = String::new();
    for one in told {
        let (what, more) = match &one.fate {
            BlockUse::Runs(step, effect) => {
                (format!("runs as step `{step}`"), Some(effect.to_string()))
            }
            BlockUse::Skipped(why) => {
                ("would run, and is marked `{skip}`".to_owned(), Some(why.clone()))
            }
            BlockUse::Rendered(file) => (format!("is rendered as {file}"), None),
            BlockUse::Shown(why) => (why.clone(), None),
            BlockUse::Wrong(message) => (format!("is wrong: {message}"), None),
        };
        text.push_str(&format!("line {}: {what}\n", one.line));
        for line in
            [Some(one.first.clone()).filter(|first| !first.is_empty()), more].into_iter().flatten()
        {
            text.push_str(&format!("    {line}\n"));
        }
    }
    let would_run =
        |one: &&SurveyedBlock| matches!(one.fate, BlockUse::Runs(..) | BlockUse::Skipped(_));
    if !told.iter().any(|one| would_run(&one)) {
        text.push_str("nothing of it would run: only `bash` and `sh` blocks do\n");
    }
    text
}

/// What was written, and what to type now.
pub(crate) fn initialised_text(files: &[PathBuf], folder: Option<&Path>, programs: &str) -> String {
    let mut text = wrote(files);
    text.push_str(&format!(
        "now:  {}guide check && guide run && guide review && guide publish\n",
        into(folder)
    ));
    if !programs.is_empty() {
        text.push_str(&format!(
            "its second chapter needs {programs}: `guide doctor` looks for them\n"
        ));
    }
    text
}

/// What the author of a book still has to do after the files for a code host were written.
pub(crate) struct CiNotes {
    /// The words in the files that only the author can replace.
    pub to_replace: &'static [&'static str],
    /// A file that existed, and the lines to add to it.
    pub to_add: Option<(PathBuf, String)>,
}

/// What was written for a code host.
pub(crate) fn ci_text(files: &[PathBuf], notes: &CiNotes) -> String {
    let mut text = wrote(files);
    if let Some((path, lines)) = &notes.to_add {
        text.push_str(&format!("add to {}, which was left as it is:\n\n", path.display()));
        lines.lines().filter(|line| !line.starts_with('#')).for_each(|line| {
            text.push_str(&format!("    {line}\n"));
        });
        text.push('\n');
    }
    for word in notes.to_replace {
        let by = match *word {
            "OWNER" => "the owner of the repository in which guide is released",
            "ADDRESS" => "the address below which guide's releases lie",
            _ => "the archive's checksum, from the release's SHA256SUMS",
        };
        text.push_str(&format!("replace {word}: {by}\n"));
    }
    text
}

/// What was written of somebody's document: it is to be read before anything of it runs.
pub(crate) fn adopted_text(
    files: &[PathBuf],
    folder: Option<&Path>,
    told: &[SurveyedBlock],
) -> String {
    let number =
        |wanted: fn(&BlockUse) -> bool| told.iter().filter(|one| wanted(&one.fate)).count();
    let runs = number(|fate| matches!(fate, BlockUse::Runs(..)));
    let skipped = number(|fate| matches!(fate, BlockUse::Skipped(_)));
    let wrong = number(|fate| matches!(fate, BlockUse::Wrong(_)));
    let chapter = folder.unwrap_or(Path::new("")).join("guide/chapter-1.md");
    let mut text = wrote(files);
    let blocks = format!("{} would run, {skipped} marked `{{skip}}`", count(runs, "block"));
    text.push_str(&format!(
        "now read {}: {blocks}; take `skip` away where a block may run\n",
        chapter.display()
    ));
    if wrong > 0 {
        text.push_str(&format!(
            "and correct what is wrong in it ({}): `guide check` refuses it until then\n",
            count(wrong, "place")
        ));
    }
    text.push_str(&format!(
        "then:  {}guide check && guide plan    (neither runs anything)\n",
        into(folder)
    ));
    text
}

fn wrote(files: &[PathBuf]) -> String {
    files.iter().map(|file| format!("wrote {}\n", file.display())).collect()
}

fn into(folder: Option<&Path>) -> String {
    folder.map_or(String::new(), |folder| format!("cd {} && ", folder.display()))
}
