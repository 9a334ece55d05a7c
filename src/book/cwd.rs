//! `cwd`: the folder that steps run in. Written as `rendered`, `book`, `chapter`, a path below one of these, an absolute path, or a
//! path relative to the book.

use std::path::{Path, PathBuf};

/// The folder in a form that does not depend on the chapter's file: `rendered/…`, an absolute path, or a path relative to the book.
pub(crate) fn plain_cwd(written: &str, chapter_file: &Path) -> String {
    let written = written.trim();
    let (first, rest) = written.split_once('/').unwrap_or((written, ""));
    let below = |folder: &Path| folder.join(rest).display().to_string();
    match first {
        "chapter" => below(&Path::new("./").join(chapter_file.parent().unwrap_or(Path::new("")))),
        "book" => below(Path::new("./")),
        _ => written.to_owned(),
    }
}

/// The path of a folder in the form of [`plain_cwd`].
pub(crate) fn resolve_cwd(plain: &str, root: &Path, rendered: &Path) -> PathBuf {
    match plain.strip_prefix("rendered") {
        Some("") => rendered.to_owned(),
        Some(rest) if rest.starts_with('/') => rendered.join(rest.trim_start_matches('/')),
        _ => root.join(plain.trim_start_matches("./")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_a_known_folder_or_relative_to_the_book() {
        let folder = |written: &str| {
            let plain = plain_cwd(written, Path::new("guide/install/linux.md"));
            resolve_cwd(&plain, Path::new("/book"), Path::new("/state/rendered/linux"))
                .display()
                .to_string()
        };
        for (written, expected) in [
            ("rendered", "/state/rendered/linux"),
            ("rendered/charts", "/state/rendered/linux/charts"),
            ("book", "/book/"),
            ("book/src", "/book/src"),
            ("chapter", "/book/guide/install/"),
            ("chapter/../x", "/book/guide/install/../x"),
            ("examples", "/book/examples"),
            ("./examples", "/book/examples"),
            ("../other", "/book/../other"),
            ("/tmp", "/tmp"),
            ("rendered-here", "/book/rendered-here"),
        ] {
            assert_eq!(folder(written), expected, "{written}");
        }
    }
}
