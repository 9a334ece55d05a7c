//! Command line + environment → [`Settings`]. The only reader of environment variables; nothing later asks them again.

use std::path::{Path, PathBuf};

use crate::cli::GlobalArgs;
use crate::report::ColourChoice;

/// What is known before the book is read.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// `--book`, as typed.
    pub book: Option<PathBuf>,
    /// The folder the command was typed in.
    pub here: PathBuf,
    /// `--state`.
    pub state: Option<PathBuf>,
    /// `--profile`.
    pub profile: Option<String>,
    /// `--set`.
    pub set: Vec<String>,
    /// `--kubeconfig`, absolute.
    pub kubeconfig: Option<PathBuf>,
    /// `--color`.
    pub color: ColourChoice,
    /// What the environment says.
    pub surroundings: Surroundings,
}

/// What the environment says.
#[derive(Debug, Clone, Default)]
pub(crate) struct Surroundings {
    /// `NO_COLOR` is set to something.
    pub no_color: bool,
    /// The locale is UTF-8, so that symbols beyond ASCII can be shown.
    pub unicode: bool,
    /// GitHub Actions: the file its step summary is written to, if given.
    pub github: Option<GitHub>,
    /// `PATH`.
    pub path: String,
    /// `HOME`.
    pub home: Option<PathBuf>,
    /// The user's cache folder: `XDG_CACHE_HOME`, else `.cache` at home.
    pub cache: Option<PathBuf>,
    /// `TMPDIR`.
    pub temporary: Option<PathBuf>,
    /// All of it, for the steps' shells.
    pub all: Vec<(std::ffi::OsString, std::ffi::OsString)>,
    /// Does the terminal understand cursor movement (`TERM` is not `dumb`)?
    pub smart_terminal: bool,
}

/// GitHub Actions around the run.
#[derive(Debug, Clone, Default)]
pub(crate) struct GitHub {
    /// `GITHUB_STEP_SUMMARY`.
    pub step_summary: Option<PathBuf>,
}

impl Settings {
    /// Reads the environment, once. A current folder that is gone is `.`: whatever is looked for there is then not found.
    pub(crate) fn from(global: &GlobalArgs) -> Self {
        let here = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
        Self {
            book: global.book.clone(),
            state: global.state.as_ref().map(|state| here.join(state)),
            profile: global.profile.clone(),
            set: global.set.clone(),
            kubeconfig: global.kubeconfig.as_ref().map(|file| here.join(file)),
            color: global.color,
            surroundings: Surroundings::read(),
            here,
        }
    }

    /// The state folder of a book.
    pub(crate) fn state_dir(&self, book_root: &Path) -> PathBuf {
        self.state.clone().unwrap_or_else(|| book_root.join(".guide"))
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
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
