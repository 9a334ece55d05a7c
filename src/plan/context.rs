//! What every chapter of a book is resolved with.

use crate::book::{Book, Chapter, Normalizers, Place, plain_cwd};
use crate::ids::{Fingerprint, nearest};
use crate::manifest::{Renderer, YamlObject};

use super::values::ValueTable;

/// What every chapter is resolved with.
pub(super) struct ResolveContext<'a> {
    /// The book.
    pub book: &'a Book,
    /// The profile.
    pub profile: &'a str,
    /// The values, sealed.
    pub values: &'a ValueTable,
    /// Renders with the values.
    pub renderer: &'a Renderer<'a>,
    /// The shared manifests, rendered.
    pub shared: &'a [Shared],
    /// Which normalizers apply where neither step nor chapter says so.
    pub normalize: Option<Normalizers>,
    /// The folder that steps run in where their chapter names none.
    pub cwd: Option<&'a str>,
}

impl ResolveContext<'_> {
    /// The folder that a chapter's shell starts in, where it is not the chapter's rendered one.
    pub(super) fn folder_of(&self, chapter: &Chapter) -> Option<String> {
        let written = chapter.front.cwd.as_deref().or(self.cwd)?;
        let file = &self.book.sources.file(chapter.source).path;
        Some(plain_cwd(written, file)).filter(|folder| folder != "rendered")
    }
}

/// A manifest of `manifests/`, rendered once for all chapters.
pub(super) struct Shared {
    /// File name.
    pub file: String,
    /// The YAML.
    pub text: String,
    /// Its objects.
    pub objects: Vec<YamlObject>,
    /// Where the template stands.
    pub place: Place,
    /// Of file and text.
    pub fingerprint: Fingerprint,
}

/// "did you mean", or what there is.
pub(super) fn name_hint(word: &str, names: &[&str], what: &str) -> String {
    match nearest(word, names.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if names.is_empty() => format!("the chapter has no {what}"),
        None => format!("its {what} are {}", names[..names.len().min(12)].join(", ")),
    }
}
