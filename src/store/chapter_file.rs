//! Chapters are the author's: they are written only by a review, and only while they are still the text that was parsed.

#![expect(clippy::disallowed_methods, reason = "`store` is the room that opens files")]

use std::fs;
use std::path::Path;

use super::error::StoreError;
use super::whole_file::{read_if_there, replace_file};

/// Replaces a chapter's text, its permissions kept; a chapter that is a symbolic link stays one.
///
/// # Errors
/// When the file is no longer `parsed`, or can't be written; it is then as it was.
pub(crate) fn rewrite_chapter(path: &Path, parsed: &str, text: &str) -> Result<(), StoreError> {
    let path = &path.canonicalize().map_err(StoreError::io("read", path))?;
    if read_if_there(path)?.is_none_or(|present| present != parsed.as_bytes()) {
        return Err(StoreError::ChapterChanged { path: path.clone() });
    }
    let permissions = fs::metadata(path).map_err(StoreError::io("read", path))?.permissions();
    replace_file(path, text.as_bytes(), true)?;
    fs::set_permissions(path, permissions).map_err(StoreError::io("write", path))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_chapter_keeps_its_permissions_and_its_link() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real.md"), folder.path().join("link.md"));
        fs::write(&real, "old").unwrap();
        fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        rewrite_chapter(&link, "old", "new").unwrap();
        assert_eq!(fs::read_to_string(&real).unwrap(), "new");
        assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    }

    #[test]
    fn a_chapter_that_was_edited_meanwhile_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.md");
        fs::write(&path, "edited").unwrap();
        let error = rewrite_chapter(&path, "old", "new").unwrap_err();
        assert!(matches!(error, StoreError::ChapterChanged { .. }), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "edited");
    }
}
