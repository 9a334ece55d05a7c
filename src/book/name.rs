//! Names of chapters and steps: made only by parsing, trusted afterwards.

use std::fmt;
use std::sync::Arc;

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes a name that parsing has checked.
            #[must_use]
            pub fn new(text: impl Into<Arc<str>>) -> Self {
                Self(text.into())
            }

            /// The name's text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

name! {
    /// A chapter's name: `chapter-5` of `chapter-5-persistence.md`; else the file's stem.
    ChapterName
}
name! {
    /// A step's name, unique in its chapter.
    StepName
}

/// The candidate nearest to `word` by edit distance, if one is near enough to be what was meant.
#[must_use]
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (word.chars().count() / 3).clamp(1, 3);
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Most characters of a name: it becomes part of a file's name.
const LONGEST_NAME: usize = 100;

/// Is it fit to be the name of a step, a profile or a series? It becomes a file's name and part of `chapter/step`.
pub(super) fn is_name(text: &str) -> bool {
    text.starts_with(char::is_alphanumeric)
        && text.len() <= LONGEST_NAME
        && text.chars().all(|next| next.is_alphanumeric() || matches!(next, '-' | '_' | '.'))
}

/// A heading's text as a name: lower case, everything else than letters and digits one dash.
pub(super) fn slug(heading: &str) -> String {
    let mut slug = String::with_capacity(heading.len());
    for next in heading.chars() {
        if next.is_alphanumeric() {
            if slug.len() + next.len_utf8() > LONGEST_NAME - 10 {
                break;
            }
            slug.extend(next.to_lowercase());
        } else if !matches!(next, '\'' | '’') && !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(slug.trim_end_matches('-').len());
    slug
}

/// The name of a chapter's file: `chapter-5` of `chapter-5-persistence.md`, else the stem; the folder's name for a `README.md`.
pub(super) fn chapter_name(path: &std::path::Path) -> ChapterName {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let folder = path.parent().and_then(std::path::Path::file_name).map(std::ffi::OsStr::to_string_lossy);
    let stem = match (&*stem, folder) {
        ("README" | "readme" | "index", Some(folder)) => folder,
        _ => stem,
    };
    if let Some(after) = stem.strip_prefix("chapter-") {
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        if digits > 0 && matches!(after.as_bytes().get(digits), None | Some(b'-')) {
            return ChapterName::new(&stem[.."chapter-".len() + digits]);
        }
    }
    let name: String =
        stem.chars().map(|next| if next.is_alphanumeric() || matches!(next, '-' | '_' | '.') { next } else { '-' }).collect();
    ChapterName::new(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heading_becomes_a_slug() {
        for (heading, expected) in [
            ("Pin the Ingress", "pin-the-ingress"),
            ("  What's `kubectl get -A`?  ", "whats-kubectl-get-a"),
            ("5. Persistence — and more", "5-persistence-and-more"),
            ("Größe", "größe"),
            ("!!!", ""),
        ] {
            assert_eq!(slug(heading), expected);
            assert!(expected.is_empty() || is_name(expected));
        }
        assert!(is_name(&slug(&"long ".repeat(100))));
    }

    #[test]
    fn a_chapter_is_named_after_its_file() {
        for (path, expected) in [
            ("guide/chapter-5-persistence.md", "chapter-5"),
            ("chapter-12.md", "chapter-12"),
            ("chapter-5a.md", "chapter-5a"),
            ("chapter-one.md", "chapter-one"),
            ("intro.md", "intro"),
            ("tools/README.md", "tools"),
            ("README.md", "README"),
            ("my notes.md", "my-notes"),
        ] {
            assert_eq!(chapter_name(std::path::Path::new(path)).as_str(), expected, "{path}");
        }
    }

    #[test]
    fn the_nearest_name_is_one_that_may_have_been_meant() {
        assert_eq!(nearest("tmeout", ["timeout", "until"]), Some("timeout"));
        assert_eq!(nearest("colour", ["timeout", "until"]), None);
    }
}
