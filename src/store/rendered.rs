//! The folder of a chapter's rendered manifests, in which its steps run.

#![expect(clippy::disallowed_methods, reason = "`store` is the room that opens files")]

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use super::files::{Durability, make_private_folder, read_if_there, replace_private_file};
use super::recordings::Recordings;
use super::temporary::sweep;
use crate::compare::Bindings;
use crate::diagnostic::Diagnostic;
use crate::engine::{Workspace, WorkspaceRequest};
use crate::ids::ChapterName;
use crate::plan::{NamedFiles, RenderedManifest};

/// Makes `STATE/rendered/CHAPTER` and writes manifests into it.
#[derive(Debug)]
pub(crate) struct Rendered {
    folder: PathBuf,
    /// The root of the book, if the files that steps name are to be read.
    book: Option<Recordings>,
    /// The chapters whose shell starts in another folder, with that folder.
    elsewhere: HashMap<ChapterName, PathBuf>,
}

impl Rendered {
    /// The folders in this state folder.
    pub(crate) fn under(state: &Path) -> Self {
        Self { folder: state.join("rendered"), book: None, elsewhere: HashMap::new() }
    }

    /// The same, which also reads files that steps name, of the book in this folder.
    pub(crate) fn of_book(self, root: &Path) -> Self {
        Self { book: Some(Recordings::of(root)), ..self }
    }

    /// The same, with the shells of these chapters started in other folders (`cwd`).
    pub(crate) fn with_folders(self, elsewhere: HashMap<ChapterName, PathBuf>) -> Self {
        Self { elsewhere, ..self }
    }

    /// The folder in which a chapter's shell starts. It exists after the chapter was prepared.
    pub(crate) fn folder_of(&self, chapter: &ChapterName) -> PathBuf {
        self.elsewhere.get(chapter).cloned().unwrap_or_else(|| self.folder.join(chapter.as_str()))
    }
}

impl Workspace for Rendered {
    fn prepare(&mut self, request: &WorkspaceRequest<'_>) -> Result<PathBuf, Diagnostic> {
        let folder = self.folder.join(request.chapter.name.as_str());
        make_private_folder(&folder)?;
        sweep(&folder);
        for (name, text) in request.files {
            let path = folder.join(name);
            if read_if_there(&path)?.is_none_or(|present| present != text.as_bytes()) {
                replace_private_file(&path, text.as_bytes(), Durability::Lazy)?;
            }
        }
        let start = self.folder_of(&request.chapter.name);
        if start.is_dir() {
            return Ok(start);
        }
        let message = format!(
            "there is no folder {}, where the steps of {} run",
            start.display(),
            request.chapter.name
        );
        let hint =
            "correct `cwd` in the chapter's front matter or in book.toml, or make the folder"
                .to_owned();
        Err(Diagnostic::new(message).with_hint(hint))
    }

    fn named_files(&mut self, names: &BTreeSet<String>) -> NamedFiles {
        self.book.as_ref().map(|book| book.named(names)).unwrap_or_default()
    }

    fn render_late(
        &self,
        template: &RenderedManifest,
        values: &serde_json::Value,
        bound: &Bindings,
    ) -> Result<String, String> {
        let bound = crate::manifest::Bound { texts: bound, numbers: &template.numbers };
        crate::manifest::render_late(&template.text, values, &bound)
    }
}
