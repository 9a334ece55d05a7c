//! The names of chapters and steps. Only parsing makes them, so that every other part can trust
//! them.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::path::{Component, Path};
use std::sync::Arc;

use crate::text::truncate;

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// A name that parsing has checked.
            pub fn new(text: impl Into<Arc<str>>) -> Self {
                Self(text.into())
            }

            /// The name's text.
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
    /// A chapter's name: `chapter-5` of `chapter-5-persistence.md`, or else the file's stem.
    ChapterName
}
name! {
    /// A step's name, unique in its chapter.
    StepName
}

/// The candidate nearest to `word` by edit distance, if one is near enough to be the intended word.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let limit = (word.chars().count() / 3).clamp(1, 3);
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The largest number of characters of a name, because it becomes part of a file's name.
const LONGEST_NAME: usize = 100;

/// Whether the text can be the name of a step, a profile or a series. It becomes a file's name and
/// a part of `chapter/step`.
pub(crate) fn is_name(text: &str) -> bool {
    text.starts_with(char::is_alphanumeric)
        && text.len() <= LONGEST_NAME
        && text.chars().all(|next| next.is_alphanumeric() || matches!(next, '-' | '_' | '.'))
}

/// A heading's text as a name: in lower case, with one dash for each run of characters that are
/// neither letters nor digits.
pub(crate) fn slug(heading: &str) -> String {
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

/// The names of a book's chapters: the shortest unique name of each file. `paths` are relative to
/// the folder of the chapters.
///
/// A chapter is named by its number (`chapter-5` of `chapter-5-persistence.md`), or else by its
/// file's stem (a `README.md` by its folder). If two chapters would share that name, each of them
/// is named by its path without the extension (`install/intro`).
pub(crate) fn chapter_names<'a>(paths: impl Iterator<Item = &'a Path>) -> Vec<ChapterName> {
    let paths: Vec<&Path> = paths.collect();
    let short: Vec<String> = paths.iter().map(|path| short_name(path)).collect();
    let mut owners: HashMap<&str, HashSet<&Path>> = HashMap::new();
    for (name, path) in short.iter().zip(&paths) {
        owners.entry(name).or_default().insert(path);
    }
    let mut taken: HashMap<String, &Path> = HashMap::new();
    let mut names = Vec::with_capacity(paths.len());
    for (name, path) in short.iter().zip(&paths) {
        let is_alone = owners.get(name.as_str()).is_some_and(|owners| owners.len() == 1);
        let base = if is_alone { name.clone() } else { long_name(path) };
        // If two files have the same name after their special characters were replaced, the later
        // one gets a number.
        let mut name = base.clone();
        let mut count = 1;
        while taken.get(&name).is_some_and(|owner| owner != path) {
            count += 1;
            name = format!("{base}-{count}");
        }
        taken.insert(name.clone(), path);
        names.push(ChapterName::new(name));
    }
    names
}

/// A part of a path as a part of a name: characters other than letters, digits, `-`, `_` and `.`
/// become dashes, and leading dots are removed.
fn name_part(part: &str) -> String {
    let name: String = part
        .chars()
        .map(
            |next| {
                if next.is_alphanumeric() || matches!(next, '-' | '_' | '.') { next } else { '-' }
            },
        )
        .collect();
    let name = name.trim_start_matches('.');
    if name.is_empty() { "chapter".to_owned() } else { cut(name).to_owned() }
}

/// The beginning of a name, because it becomes the name of a file, which may have at most 255 bytes.
fn cut(name: &str) -> &str {
    const LONGEST: usize = 150;
    truncate::bytes(name, LONGEST)
}

fn long_name(path: &Path) -> String {
    let parts = path.with_extension("");
    let parts = parts.components().filter_map(|part| match part {
        Component::Normal(part) => Some(name_part(&part.to_string_lossy())),
        Component::ParentDir => Some("up".to_owned()),
        _ => None,
    });
    let parts: Vec<String> = parts.collect();
    if parts.is_empty() { "chapter".to_owned() } else { parts.join("/") }
}

fn short_name(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let folder = path.parent().and_then(Path::file_name).map(std::ffi::OsStr::to_string_lossy);
    let stem = match (&*stem, folder) {
        ("README" | "readme" | "index", Some(folder)) => folder,
        _ => stem,
    };
    if let Some(after) = stem.strip_prefix("chapter-") {
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        if digits > 0 && matches!(after.as_bytes().get(digits), None | Some(b'-')) {
            return stem[.."chapter-".len() + digits].to_owned();
        }
    }
    name_part(&stem)
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
            assert_eq!(
                chapter_names([Path::new(path)].into_iter())[0].as_str(),
                expected,
                "{path}"
            );
        }
    }

    #[test]
    fn chapters_that_would_share_a_name_are_named_by_their_paths() {
        let names = |paths: &[&str]| -> Vec<String> {
            chapter_names(paths.iter().map(Path::new)).iter().map(ChapterName::to_string).collect()
        };
        assert_eq!(
            names(&["intro.md", "install/intro.md", "install/linux.md"]),
            ["intro", "install/intro", "linux"]
        );
        assert_eq!(
            names(&["a/overview.md", "b/overview.md", "b/README.md"]),
            ["a/overview", "b/overview", "b"]
        );
        assert_eq!(names(&["chapter-1-a.md", "chapter-1-b.md"]), ["chapter-1-a", "chapter-1-b"]);
        assert_eq!(names(&["a b.md", "a-b.md", "a:b.md"]), ["a-b", "a-b-2", "a-b-3"]);
    }

    #[test]
    fn no_name_leaves_its_folder() {
        let names = |paths: &[&str]| -> Vec<String> {
            chapter_names(paths.iter().map(Path::new)).iter().map(ChapterName::to_string).collect()
        };
        assert_eq!(names(&["...md", ".md", "..hidden.md"]), ["chapter", "md", "hidden"]);
        assert_eq!(names(&["../a.md", "x/../a.md", "../../x/README.md"]), ["up/a", "x/up/a", "x"]);
        assert!(names(&[&format!("{}.md", "é".repeat(200))])[0].len() <= 150);
    }

    #[test]
    fn the_nearest_name_is_near_enough_to_be_the_intended_one() {
        assert_eq!(nearest("tmeout", ["timeout", "until"]), Some("timeout"));
        assert_eq!(nearest("colour", ["timeout", "until"]), None);
    }
}
