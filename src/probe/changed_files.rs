//! Asks git for the book's files that differ from a revision, and for their text at that revision.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{ProbeError, ProbeOutput, probe};
use crate::diagnostic::Diagnostic;

/// The time limit for git. A large repository on a slow disk needs seconds.
const LIMIT: Duration = Duration::from_secs(60);

/// The files of a folder at a revision.
pub(crate) struct Revision {
    /// The folder, and its path in its repository (empty, or with a `/` at its end).
    folder: PathBuf,
    prefix: String,
    /// The name that the user gave, and the commit.
    name: String,
    commit: String,
}

impl Revision {
    /// Finds a revision of the repository that this folder is in.
    ///
    /// # Errors
    /// When there is no git, no repository, or no such revision.
    pub(crate) fn find(folder: &Path, name: &str) -> Result<Self, Diagnostic> {
        let prefix = git(folder, &["rev-parse", "--show-prefix"])?;
        if !prefix.succeeded() {
            return Err(Diagnostic::new(format!(
                "{} is in no git repository, so nothing is known of `{name}`",
                folder.display()
            ))
            .with_hint(format!("git says: {}", first_line(&prefix.stderr))));
        }
        let of_commit = format!("{name}^{{commit}}");
        let words = ["rev-parse", "--verify", "--quiet", "--end-of-options", &of_commit];
        let commit = git(folder, &words)?;
        if name.is_empty() || !commit.succeeded() {
            return Err(unknown(folder, name)?);
        }
        Ok(Self {
            folder: folder.to_owned(),
            prefix: prefix.stdout.trim_end_matches('\n').to_owned(),
            name: name.to_owned(),
            commit: commit.stdout.trim().to_owned(),
        })
    }

    /// The files that differ from the revision, including untracked ones, relative to the folder.
    ///
    /// # Errors
    /// When git cannot compare.
    pub(crate) fn changed_files(&self) -> Result<Vec<String>, Diagnostic> {
        let changed =
            ["diff", "--name-only", "--no-renames", "--relative", "-z", &self.commit, "--", "."];
        let new = ["ls-files", "--others", "--exclude-standard", "-z", "--", "."];
        let mut files = Vec::new();
        for words in [changed.as_slice(), new.as_slice()] {
            let listed = git(&self.folder, words)?;
            if !listed.succeeded() {
                return Err(Diagnostic::new(format!(
                    "git cannot compare the book with `{}`: {}",
                    self.name,
                    first_line(&listed.stderr)
                )));
            }
            files.extend(
                listed.stdout.split('\0').filter(|name| !name.is_empty()).map(str::to_owned),
            );
        }
        files.sort();
        files.dedup();
        Ok(files)
    }

    /// A file's text at the revision. `None` if the file did not exist.
    ///
    /// # Errors
    /// When git cannot be run.
    pub(crate) fn text_of(&self, file: &str) -> Result<String, Diagnostic> {
        let object = format!("{}:{}{file}", self.commit, self.prefix);
        Ok(git(&self.folder, &["cat-file", "blob", &object])?.stdout)
    }
}

/// Why a revision does not exist: the name is wrong, or the clone is shallow.
fn unknown(folder: &Path, name: &str) -> Result<Diagnostic, Diagnostic> {
    let shallow = git(folder, &["rev-parse", "--is-shallow-repository"])?;
    if shallow.stdout.trim() == "true" {
        return Ok(Diagnostic::new(format!(
            "this clone is shallow and does not have the revision `{name}`"
        ))
        .with_hint(
            "fetch its history first: `git fetch --unshallow`, or `fetch-depth: 0` for actions/checkout",
        ));
    }
    Ok(Diagnostic::new(format!("git knows no revision `{name}`"))
        .with_hint("name a commit, a branch or a tag, for example `--changed-since main` or `HEAD~1`; `git fetch` brings those of a remote"))
}

fn git(folder: &Path, words: &[&str]) -> Result<ProbeOutput, Diagnostic> {
    let folder = folder.display().to_string();
    let all: Vec<&str> = ["-C", &folder].iter().chain(words).copied().collect();
    probe("git", &all, LIMIT).map_err(|error| match error {
        ProbeError::Missing => {
            Diagnostic::new("`--changed-since` asks git, and git is not on the PATH")
                .with_hint("install git, or name the chapters instead")
        }
        ProbeError::TimedOut => Diagnostic::new("git did not answer within a minute"),
        ProbeError::Failed(why) => Diagnostic::new(format!("git cannot be run: {why}")),
    })
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default().trim_start_matches("fatal: ")
}
