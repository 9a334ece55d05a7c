//! The data with which every chapter of a book is resolved.

use crate::book::{Book, Chapter, Normalizers, Place, plain_cwd};
use crate::ids::{Fingerprint, nearest};
use crate::manifest::{Renderer, YamlObject};

use super::values::ValueTable;

/// The data with which every chapter is resolved.
pub(super) struct ResolveContext<'a> {
    /// The book.
    pub book: &'a Book,
    /// The profile.
    pub profile: &'a str,
    /// The values, after every mention in the book was recorded.
    pub values: &'a ValueTable,
    /// The renderer with these values.
    pub renderer: &'a Renderer<'a>,
    /// The shared manifests, rendered.
    pub shared: &'a [Shared],
    /// The normalizers of steps if neither the step nor its chapter chooses any.
    pub normalize: Option<Normalizers>,
    /// The folder in which steps run if their chapter names none.
    pub cwd: Option<&'a str>,
}

impl ResolveContext<'_> {
    /// The folder in which a chapter's shell starts; `None` for the chapter's folder of rendered manifests.
    pub(super) fn folder_of(&self, chapter: &Chapter) -> Option<String> {
        let written = chapter.front.cwd.as_deref().or(self.cwd)?;
        let file = &self.book.sources.file(chapter.source).path;
        Some(plain_cwd(written, file)).filter(|folder| folder != "rendered")
    }
}

/// A manifest of `manifests/`, rendered once for all chapters.
pub(super) struct Shared {
    /// The file name.
    pub file: String,
    /// The rendered YAML.
    pub text: String,
    /// The objects in it.
    pub objects: Vec<YamlObject>,
    /// The place of the template.
    pub place: Place,
    /// The fingerprint of file name and text.
    pub fingerprint: Fingerprint,
}

/// A hint for an unknown name: the nearest name, otherwise all names.
pub(super) fn name_hint(word: &str, names: &[&str], what: &str) -> String {
    match nearest(word, names.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if names.is_empty() => format!("the chapter has no {what}"),
        None => format!("its {what} are {}", names[..names.len().min(12)].join(", ")),
    }
}
