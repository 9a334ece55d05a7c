//! Reads the command line and the environment into [`Settings`]. Only this file reads environment
//! variables, each once, at the start.

#![expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]

use std::path::{Path, PathBuf};

use crate::cli::GlobalArgs;
use crate::report::ColourChoice;

/// The settings from the command line and the environment.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// `--book`, as typed.
    pub book: Option<PathBuf>,
    /// The folder in which the command was typed.
    pub here: PathBuf,
    /// `--state`.
    pub state: Option<PathBuf>,
    /// `--profile`.
    pub profile: Option<String>,
    /// `--set`.
    pub set: Vec<String>,
    /// `--context`.
    pub context: Option<String>,
    /// `--kubeconfig`, absolute.
    pub kubeconfig: Option<PathBuf>,
    /// `--color`.
    pub color: ColourChoice,
    /// The environment.
    pub surroundings: Surroundings,
}

/// The part of the environment that guide uses.
#[derive(Debug, Clone, Default)]
pub(crate) struct Surroundings {
    /// Whether `NO_COLOR` is set and not empty.
    pub no_color: bool,
    /// Whether the locale is UTF-8, so that symbols beyond ASCII can be shown.
    pub unicode: bool,
    /// The job of GitHub Actions in which the command runs, if there is one.
    pub github: Option<GitHub>,
    /// `PATH`.
    pub path: String,
    /// `HOME`.
    pub home: Option<PathBuf>,
    /// The user's cache folder: `XDG_CACHE_HOME`, or else `.cache` in the home folder.
    pub cache: Option<PathBuf>,
    /// `TMPDIR`.
    pub temporary: Option<PathBuf>,
    /// The files that `KUBECONFIG` lists, in their written form.
    pub kubeconfigs: Vec<PathBuf>,
    /// All variables, for the shells of the steps.
    pub all: Vec<(std::ffi::OsString, std::ffi::OsString)>,
    /// Whether the terminal supports cursor movement: `TERM` is not `dumb`.
    pub smart_terminal: bool,
}

/// A job of GitHub Actions.
#[derive(Debug, Clone, Default)]
pub(crate) struct GitHub {
    /// `GITHUB_STEP_SUMMARY`: the file to which the job's summary is appended.
    pub step_summary: Option<PathBuf>,
}

impl Settings {
    /// Reads the environment. A current folder that does not exist any more becomes `.`, which
    /// contains no book.
    pub(crate) fn from(global: &GlobalArgs) -> Self {
        let here = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
        Self {
            book: global.book.clone(),
            state: global.state.as_ref().map(|state| here.join(state)),
            profile: global.profile.clone(),
            set: global.set.clone(),
            context: global.context.clone(),
            kubeconfig: global.kubeconfig.as_ref().map(|file| here.join(file)),
            color: global.color,
            surroundings: Surroundings::read(),
            here,
        }
    }

    /// The kubeconfig files of the user: `--kubeconfig`, else those that `KUBECONFIG` lists, else `~/.kube/config`.
    pub(crate) fn user_kubeconfigs(&self) -> Vec<PathBuf> {
        let around = &self.surroundings;
        let listed = &around.kubeconfigs;
        match &self.kubeconfig {
            Some(file) => vec![file.clone()],
            None if !listed.is_empty() => listed.iter().map(|file| self.here.join(file)).collect(),
            None => around.home.iter().map(|home| home.join(".kube/config")).collect(),
        }
    }

    /// The state folder of a book.
    pub(crate) fn state_dir(&self, book_root: &Path) -> PathBuf {
        self.state.clone().unwrap_or_else(|| book_root.join(".guide"))
    }
}

impl Surroundings {
    fn read() -> Self {
        let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let locale = set("LC_ALL")
            .or_else(|| set("LC_CTYPE"))
            .or_else(|| set("LANG"))
            .unwrap_or_default()
            .to_lowercase();
        let github = set("GITHUB_ACTIONS").filter(|value| value == "true");
        let home = set("HOME").map(PathBuf::from);
        Self {
            cache: set("XDG_CACHE_HOME")
                .map(PathBuf::from)
                .or_else(|| Some(home.as_ref()?.join(".cache"))),
            kubeconfigs: std::env::split_paths(&set("KUBECONFIG").unwrap_or_default())
                .filter(|file| !file.as_os_str().is_empty())
                .collect(),
            temporary: set("TMPDIR").map(PathBuf::from),
            home,
            no_color: set("NO_COLOR").is_some(),
            unicode: locale.contains("utf-8") || locale.contains("utf8"),
            github: github
                .map(|_| GitHub { step_summary: set("GITHUB_STEP_SUMMARY").map(Into::into) }),
            all: std::env::vars_os().collect(),
            path: set("PATH").unwrap_or_default(),
            smart_terminal: set("TERM").is_some_and(|term| term != "dumb"),
        }
    }
}
