//! `--report` and GitHub Actions: what was asked for, and where it is written.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::report::{Reporters, Wanted, write_data};
use crate::settings::Settings;
use crate::store::{StoreError, append_file, create_report};

/// The reports of a run and their files.
#[derive(Debug, Default)]
pub(super) struct Reports {
    junit: Vec<(PathBuf, Option<File>)>,
    json: Vec<PathBuf>,
    github: bool,
    step_summary: Option<PathBuf>,
}

impl Reports {
    /// Reads `--report` and what GitHub Actions says.
    ///
    /// # Errors
    /// When a word is not `junit=FILE` or `json=FILE`.
    pub(super) fn from_args(settings: &Settings, words: &[String]) -> Result<Self, Error> {
        let github = settings.surroundings.github.as_ref();
        let step_summary = github.and_then(|github| github.step_summary.clone());
        let mut reports = Self { github: github.is_some(), step_summary, ..Self::default() };
        for word in words {
            let (kind, file) = word.split_once('=').unwrap_or((word, ""));
            let path = settings.here.join(file);
            match kind {
                "junit" if !file.is_empty() => reports.junit.push((path, None)),
                "json" if !file.is_empty() => reports.json.push(path),
                _ => {
                    let wrong = format!("`--report {word}` names no report");
                    return Err(Error::usage(
                        wrong,
                        "write `--report junit=FILE` or `--report json=FILE`",
                    ));
                }
            }
        }
        Ok(reports)
    }

    /// Which reports have to be kept while the run goes on.
    pub(super) fn wanted(&self) -> Vec<Wanted> {
        let junit = (!self.junit.is_empty()).then_some(Wanted::Junit);
        junit.into_iter().chain(self.github.then_some(Wanted::Github)).collect()
    }

    /// Makes the files, so that a place that can't be written is told before step 1. JSON is written from here on.
    ///
    /// # Errors
    /// When one can't be made.
    pub(super) fn open(&mut self, reporters: &mut Reporters) -> Result<(), Error> {
        for path in &self.json {
            reporters.json_to(Box::new(create_report(path)?));
        }
        for (path, file) in &mut self.junit {
            *file = Some(create_report(path)?);
        }
        Ok(())
    }

    /// Writes what is written at the end.
    ///
    /// # Errors
    /// When a file can't be written.
    pub(super) fn write(&mut self, reporters: &mut Reporters) -> Result<(), Error> {
        let json = reporters.finish_json();
        if let (Err(error), Some(path)) = (json, self.json.first()) {
            return Err(StoreError::write_failed(path, error).into());
        }
        let junit = reporters.junit().unwrap_or_default();
        for (path, file) in &mut self.junit {
            let written = file.as_mut().map_or(Ok(()), |file| file.write_all(junit.as_bytes()));
            written.map_err(|error| StoreError::write_failed(path, error))?;
        }
        if let Some((annotations, summary)) = reporters.github() {
            write_data(&annotations);
            if let Some(file) = &self.step_summary {
                append_file(file, &summary)?;
            }
        }
        Ok(())
    }
}

/// The book's folder in its repository, for annotations: relative to where the command was typed.
pub(super) fn prefix(root: &Path, here: &Path) -> String {
    root.strip_prefix(here).map(|path| path.display().to_string()).unwrap_or_default()
}
