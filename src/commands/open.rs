//! Settings → an opened book: found, read, parsed, its values merged, its profile known.

use std::path::PathBuf;

use crate::book::{Book, Problems, parse_book};
use crate::error::Error;
use crate::plan::{Plan, PlanRequest, Selection, make_plan};
use crate::settings::Settings;
use crate::store::{BookConfig, BookFiles, find_book, read_book};

/// A book that commands can work with.
pub struct Opened {
    /// Folder of `book.toml`.
    pub root: PathBuf,
    /// The state folder.
    pub state: PathBuf,
    /// The run's private kubeconfig, or the one that was named.
    pub kubeconfig: PathBuf,
    /// `[preprocessor.guide]`.
    pub config: BookConfig,
    /// The parsed book.
    pub book: Book,
    /// What is wrong with its text.
    pub problems: Problems,
    /// The profile.
    pub profile: String,
    /// Profiles that have a values file, and the default one.
    pub known_profiles: Vec<String>,
    /// Values, merged.
    pub values: serde_json::Value,
    /// What is no error, but may not be what was meant.
    pub notes: Vec<String>,
}

/// Finds and reads the book.
pub fn open(settings: &Settings) -> Result<Opened, Error> {
    let root = find_book(settings.book.as_deref(), &settings.here)?;
    let mut files = read_book(&root);
    let state = settings.state_dir(&root);
    let profile = super::profile::choose(settings, &files.config, &state)?;
    let values = files.read_values(&profile, &settings.set);
    let known_profiles = files.profiles();
    let BookFiles { config, text, mut problems, notes, .. } = files;
    let (book, more) = parse_book(text);
    problems.extend(more);
    let kubeconfig = settings.kubeconfig.clone().unwrap_or_else(|| private_kubeconfig(&state));
    Ok(Opened { root, state, kubeconfig, config, book, problems, profile, known_profiles, values, notes })
}

fn private_kubeconfig(state: &std::path::Path) -> PathBuf {
    state.join("kubeconfig")
}

impl Opened {
    /// Tells what may not be what was meant.
    pub fn report_notes(&self) {
        for note in &self.notes {
            crate::report::write_talk(&format!("warning: {note}\n"));
        }
    }

    /// Where the run's private kubeconfig is, whichever is used.
    #[must_use]
    pub fn private_kubeconfig(&self) -> PathBuf {
        private_kubeconfig(&self.state)
    }

    /// Plans what was selected.
    ///
    /// # Errors
    /// Every problem of the book.
    pub fn plan(&self, selection: &Selection) -> Result<Plan, Error> {
        self.plan_with(selection, false)
    }

    /// Plans what was selected and the chapters it needs.
    ///
    /// # Errors
    /// Every problem of the book.
    pub fn plan_run(&self, selection: &Selection) -> Result<Plan, Error> {
        self.plan_with(selection, true)
    }

    fn plan_with(&self, selection: &Selection, with_needs: bool) -> Result<Plan, Error> {
        let request = PlanRequest {
            selection: selection.clone(),
            profile: self.profile.clone(),
            known_profiles: self.known_profiles.clone(),
            with_needs,
            values: self.values.clone(),
            normalize: self.config.normalize,
        };
        let mut problems = self.problems.clone();
        match make_plan(&self.book, &request) {
            Ok(plan) if problems.is_empty() => Ok(plan),
            Ok(_) => Err(Error::Book(problems, Box::new(self.book.sources.clone()))),
            Err(more) => {
                problems.extend(more);
                Err(Error::Book(problems, Box::new(self.book.sources.clone())))
            }
        }
    }

    /// Environment of every chapter's shell beside the values.
    #[must_use]
    pub fn environment(&self, settings: &Settings) -> Vec<(String, String)> {
        let text = |path: &std::path::Path| path.display().to_string();
        vec![
            ("KUBECONFIG".to_owned(), text(&self.kubeconfig)),
            ("GUIDE_BOOK".to_owned(), text(&self.root)),
            ("GUIDE_STATE".to_owned(), text(&self.state)),
            ("GUIDE_PROFILE".to_owned(), self.profile.clone()),
            ("PATH".to_owned(), format!("{}:{}", text(&self.state.join("bin")), settings.surroundings.path)),
        ]
    }
}
