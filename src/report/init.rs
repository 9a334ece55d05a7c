//! The text that `guide init` prints.

use std::path::{Path, PathBuf};

use super::humanize::count;
use crate::survey::{BlockUse, SurveyedBlock};

/// Two or three lines for each block.
pub(crate) fn survey_text(blocks: &[SurveyedBlock]) -> String {
    let mut text = String::new();
    for block in blocks {
        let (what, more) = match &block.usage {
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
        text.push_str(&format!("line {}: {what}\n", block.line));
        let first = Some(block.first.clone()).filter(|first| !first.is_empty());
        for line in first.into_iter().chain(more) {
            text.push_str(&format!("    {line}\n"));
        }
    }
    let is_step =
        |block: &SurveyedBlock| matches!(block.usage, BlockUse::Runs(..) | BlockUse::Skipped(_));
    if !blocks.iter().any(is_step) {
        text.push_str("no block would run: only `bash` and `sh` blocks do\n");
    }
    text
}

/// Names the files that were written, and the next commands.
pub(crate) fn initialised_text(files: &[PathBuf], folder: Option<&Path>, programs: &str) -> String {
    let mut text = wrote(files);
    text.push_str(&format!(
        "now:  {}guide check && guide run && guide review && guide publish\n",
        into(folder)
    ));
    if !programs.is_empty() {
        text.push_str(&format!(
            "the second chapter needs {programs}; `guide doctor` shows whether they are installed\n"
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

/// Names the files that were written for a code host, and what the author still has to do.
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

/// Names the files that were made of an existing document, and asks the author to read the chapter before it runs.
pub(crate) fn adopted_text(
    files: &[PathBuf],
    folder: Option<&Path>,
    blocks: &[SurveyedBlock],
) -> String {
    let number =
        |wanted: fn(&BlockUse) -> bool| blocks.iter().filter(|block| wanted(&block.usage)).count();
    let runs = number(|usage| matches!(usage, BlockUse::Runs(..)));
    let skipped = number(|usage| matches!(usage, BlockUse::Skipped(_)));
    let wrong = number(|usage| matches!(usage, BlockUse::Wrong(_)));
    let chapter = folder.unwrap_or(Path::new("")).join("guide/chapter-1.md");
    let mut text = wrote(files);
    let uses = format!("{} would run, {skipped} marked `{{skip}}`", count(runs, "block"));
    text.push_str(&format!(
        "now read {}: {uses}; remove `skip` from the blocks that may run\n",
        chapter.display()
    ));
    if wrong > 0 {
        text.push_str(&format!(
            "and correct its errors ({}): `guide check` refuses it until then\n",
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
