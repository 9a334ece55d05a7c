//! `guide init --ci`: the files by which a code host checks the book at every change and runs it every night.

use std::path::{Path, PathBuf};

use crate::cli::CiSystem;
use crate::error::Error;
use crate::report::CiNotes;

const GITHUB: &str = include_str!("github.yml");
const GITLAB: &str = include_str!("gitlab-ci.yml");
const GITLAB_JOB: &str = include_str!("../../../templates/guide.yml");
/// The file that a GitLab project may have for its other jobs.
const GITLAB_MAIN: &str = ".gitlab-ci.yml";

/// The files, with their paths, and what their author still has to do.
pub(super) struct CiFiles {
    pub(super) files: Vec<(PathBuf, String)>,
    pub(super) notes: CiNotes,
}

/// The files for the book in this folder. They belong into the root of its repository; without one, into the folder itself.
///
/// # Errors
/// When one of them exists: it is not guide's to change.
pub(super) fn ci_files(system: CiSystem, book: &Path) -> Result<CiFiles, Error> {
    let root = book.ancestors().find(|folder| folder.join(".git").exists()).unwrap_or(book);
    let below = book.strip_prefix(root).ok().filter(|below| !below.as_os_str().is_empty());
    let below = below.unwrap_or(Path::new(".")).to_string_lossy();
    let filled = |text: &str| {
        text.replace("vVERSION", concat!("v", env!("CARGO_PKG_VERSION")))
            .replace("book: BOOK", &format!("book: {}", serde_json::Value::from(below.as_ref())))
    };
    let mut files = match system {
        CiSystem::Github => vec![(".github/workflows/book.yml", filled(GITHUB))],
        CiSystem::Gitlab => {
            vec![(GITLAB_MAIN, filled(GITLAB)), (".gitlab/guide.yml", GITLAB_JOB.to_owned())]
        }
    };
    let mut notes = CiNotes {
        to_replace: match system {
            CiSystem::Github => &["OWNER"],
            CiSystem::Gitlab => &["ADDRESS", "SHA256"],
        },
        to_add: None,
    };
    if root.join(GITLAB_MAIN).exists()
        && let Some(at) = files.iter().position(|(name, _)| *name == GITLAB_MAIN)
    {
        let (name, text) = files.remove(at);
        notes.to_add = Some((root.join(name), text));
    }
    let files: Vec<_> = files.into_iter().map(|(name, text)| (root.join(name), text)).collect();
    if let Some((path, _)) = files.iter().find(|(path, _)| path.exists()) {
        return Err(Error::usage(
            format!("`{}` is there already; nothing was written", path.display()),
            "move it away, or change it yourself: docs/install.md shows what belongs into it",
        ));
    }
    Ok(CiFiles { files, notes })
}
