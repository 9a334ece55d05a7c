//! The reports of a run, for `--report` and GitHub Actions, and the files that they are written to.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::report::{ReportKind, Reporters, print_bytes};
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
    /// Reads `--report` and the settings of GitHub Actions.
    ///
    /// # Errors
    /// When a `--report` is neither `junit=FILE` nor `json=FILE`.
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
                    let wrong = format!("invalid `--report {word}`");
                    return Err(Error::usage(
                        wrong,
                        "write `--report junit=FILE` or `--report json=FILE`",
                    ));
                }
            }
        }
        Ok(reports)
    }

    /// The reports that are collected during the run.
    pub(super) fn wanted(&self) -> Vec<ReportKind> {
        let junit = (!self.junit.is_empty()).then_some(ReportKind::Junit);
        junit.into_iter().chain(self.github.then_some(ReportKind::Github)).collect()
    }

    /// Creates the files, so that a file that cannot be written is reported before step 1. JSON is written from here on.
    ///
    /// # Errors
    /// When a file cannot be created.
    pub(super) fn open(&mut self, reporters: &mut Reporters) -> Result<(), Error> {
        for path in &self.json {
            reporters.json_to(Box::new(create_report(path)?));
        }
        for (path, file) in &mut self.junit {
            *file = Some(create_report(path)?);
        }
        Ok(())
    }

    /// Writes the reports that are written at the end of the run.
    ///
    /// # Errors
    /// When a file cannot be written.
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
            print_bytes(annotations.as_bytes())?;
            if let Some(file) = &self.step_summary {
                append_file(file, &summary)?;
            }
        }
        Ok(())
    }
}

/// The book's folder relative to the current folder, for annotations.
pub(super) fn prefix(root: &Path, here: &Path) -> String {
    root.strip_prefix(here).map(|path| path.display().to_string()).unwrap_or_default()
}
