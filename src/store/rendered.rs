//! A chapter's working folder under the state folder: rendered manifests, as the steps find them.

#![expect(clippy::disallowed_methods, reason = "`store` is the room that opens files")]

use std::path::{Path, PathBuf};

use super::whole_file::{read_if_there, replace_file};
use crate::book::ChapterName;
use crate::compare::Bindings;
use crate::engine::{Stage, StageRequest};
use crate::execute::WorldError;
use crate::plan::RenderedManifest;

/// Makes `STATE/rendered/CHAPTER` and writes manifests into it.
#[derive(Debug)]
pub struct Rendered {
    folder: PathBuf,
}

impl Rendered {
    /// Under this state folder.
    #[must_use]
    pub fn under(state: &Path) -> Self {
        Self { folder: state.join("rendered") }
    }

    /// A chapter's working folder; there once the chapter has been prepared.
    #[must_use]
    pub fn folder_of(&self, chapter: &ChapterName) -> PathBuf {
        self.folder.join(chapter.as_str())
    }
}

impl Stage for Rendered {
    fn prepare(&mut self, request: &StageRequest<'_>) -> Result<PathBuf, WorldError> {
        let folder = self.folder_of(&request.chapter.name);
        std::fs::create_dir_all(&folder).map_err(super::StoreError::io("make the folder", &folder))?;
        for (name, text) in request.files {
            let path = folder.join(name);
            if read_if_there(&path)?.is_none_or(|present| present != text.as_bytes()) {
                replace_file(&path, text.as_bytes(), false)?;
            }
        }
        Ok(folder)
    }

    fn render_late(&self, template: &RenderedManifest, values: &serde_json::Value, bound: &Bindings) -> Result<String, String> {
        let bound = crate::manifest::Bound { texts: bound, numbers: &template.numbers };
        crate::manifest::render_late(&template.text, values, &bound)
    }
}
