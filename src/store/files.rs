//! Small files that are replaced as a whole: after a crash, a reader finds the old content or the new content.

#![expect(clippy::disallowed_methods, reason = "`store` is the room that opens files")]

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use super::error::StoreError;
use super::temporary::{create_beside, name_beside};

/// Whether a replaced file must survive a loss of power.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Durability {
    /// The kernel decides when to write it. For files that the next run makes again.
    Lazy,
    /// The file and its name are on the disk when the call returns. For decisions of a person.
    Synced,
}

/// Replaces a file of the book and makes its folder.
///
/// # Errors
/// When any step is refused; the old file is then still there.
pub(super) fn replace_book_file(
    path: &Path,
    bytes: &[u8],
    durability: Durability,
) -> Result<(), StoreError> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(StoreError::file("make the folder", folder))?;
    }
    replace(path, bytes, durability, 0o666).map_err(StoreError::file("write", path))
}

/// Replaces a file of the state folder. The file, and the folders that are made for it, are readable by their owner only.
///
/// # Errors
/// As [`replace_book_file`].
pub(super) fn replace_private_file(
    path: &Path,
    bytes: &[u8],
    durability: Durability,
) -> Result<(), StoreError> {
    if let Some(folder) = path.parent() {
        make_private_folder(folder)?;
    }
    replace(path, bytes, durability, 0o600).map_err(StoreError::io("write", path))
}

/// Makes a folder of the state folder, and the missing ones above it, for their owner only.
///
/// # Errors
/// When it cannot be made.
pub(super) fn make_private_folder(folder: &Path) -> Result<(), StoreError> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(StoreError::io("make the folder", folder))
}

fn replace(path: &Path, bytes: &[u8], durability: Durability, mode: u32) -> io::Result<()> {
    let (mut file, temporary) = create_beside(path, mode)?;
    let written = file.write_all(bytes).and_then(|()| match durability {
        Durability::Lazy => Ok(()),
        Durability::Synced => file.sync_data(),
    });
    let replaced = written.and_then(|()| fs::rename(&temporary, path));
    if replaced.is_err() {
        let _ = fs::remove_file(&temporary);
        return replaced;
    }
    if durability == Durability::Synced { sync_folder_of(path) } else { Ok(()) }
}

/// Renames a complete file of the book, and writes it and its new name to the disk.
///
/// # Errors
/// When it cannot be synced or renamed; the old file is then still there.
pub(super) fn rename_synced(from: &Path, to: &Path) -> Result<(), StoreError> {
    let renamed = File::open(from)
        .and_then(|file| file.sync_data())
        .and_then(|()| fs::rename(from, to))
        .and_then(|()| sync_folder_of(to));
    renamed.map_err(StoreError::file("write", to))
}

/// The new name of a file is on the disk only after its folder was synced.
fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let synced = File::open(folder.unwrap_or(Path::new("."))).and_then(|folder| folder.sync_data());
    // Some network file systems cannot sync a folder.
    match synced {
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        synced => synced,
    }
}

/// Makes `path` a symbolic link to `target`, whatever it was before.
///
/// # Errors
/// When the link cannot be made or put in place.
pub(super) fn replace_link(path: &Path, target: &Path) -> Result<(), StoreError> {
    let temporary = name_beside(path);
    let made = std::os::unix::fs::symlink(target, &temporary)
        .and_then(|()| fs::rename(&temporary, path))
        .inspect_err(|_| drop(fs::remove_file(&temporary)));
    made.map_err(StoreError::io("write", path))
}

/// Appends text to a file of another program.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn append_file(path: &Path, text: &str) -> Result<(), StoreError> {
    let added = File::options()
        .append(true)
        .create(true)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()));
    added.map_err(StoreError::file("write", path))
}

/// Writes a new file and makes its folder.
///
/// # Errors
/// When the file exists, or cannot be written.
pub(crate) fn create_file(path: &Path, text: &[u8]) -> Result<(), StoreError> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(StoreError::file("make the folder", folder))?;
    }
    let written = File::options()
        .write(true)
        .create_new(true)
        .open(path)
        .and_then(|mut file| file.write_all(text));
    written.map_err(StoreError::file("write", path))
}

/// Opens a report file, which is filled during the run. This happens before step 1, so that a path that cannot be written is an
/// error early.
///
/// # Errors
/// When it cannot be made.
pub(crate) fn create_report(path: &Path) -> Result<File, StoreError> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(StoreError::file("make the folder", folder))?;
    }
    File::create(path).map_err(StoreError::file("write", path))
}

/// Replaces a chapter's text and keeps its permissions; a chapter that is a symbolic link stays one. Only a review writes
/// chapters, and only while they are still the text that was parsed.
///
/// # Errors
/// When the file is no longer `parsed`, or cannot be written; it is then unchanged.
pub(crate) fn rewrite_chapter(path: &Path, parsed: &str, text: &str) -> Result<(), StoreError> {
    let path = &path.canonicalize().map_err(StoreError::file("read", path))?;
    if read_if_there(path)?.is_none_or(|present| present != parsed.as_bytes()) {
        return Err(StoreError::ChapterChanged { path: path.clone() });
    }
    let permissions = fs::metadata(path).map_err(StoreError::file("read", path))?.permissions();
    replace_book_file(path, text.as_bytes(), Durability::Synced)?;
    fs::set_permissions(path, permissions).map_err(StoreError::file("write", path))
}

/// Removes a file; one that does not exist is no error.
pub(super) fn remove_if_there(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(StoreError::file("remove", path)(error))
        }
        _ => Ok(()),
    }
}

/// A file's bytes; `None` when there is no such file.
///
/// # Errors
/// When it exists and cannot be read.
pub(crate) fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    match read_whole(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error)
            if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
        {
            Ok(None)
        }
        Err(error) => Err(StoreError::file("read", path)(error)),
    }
}

/// Reads a file that a book names. It refuses a device, which may have no end, and a pipe, which may have no writer, because a link in
/// a book may lead anywhere.
pub(super) fn read_whole(path: &Path) -> io::Result<Vec<u8>> {
    let kind = fs::metadata(path)?.file_type();
    let is_given = path.starts_with("/dev") || path.starts_with("/proc");
    if kind.is_file() || kind.is_dir() || is_given {
        return fs::read(path);
    }
    Err(io::Error::new(
        io::ErrorKind::InvalidInput,
        "it is a pipe, a socket or a device, and not a file",
    ))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_replaced_file_leaves_no_other_file_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/a");
        for (text, durability) in [("old", Durability::Lazy), ("new", Durability::Synced)] {
            replace_book_file(&path, text.as_bytes(), durability).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        replace_link(&folder.path().join("deep/link"), Path::new("a")).unwrap();
        replace_link(&folder.path().join("deep/link"), Path::new("a")).unwrap();
        assert_eq!(fs::read_dir(folder.path().join("deep")).unwrap().count(), 2);
    }

    #[test]
    fn a_prepared_link_at_the_old_temporary_name_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let victim = folder.path().join("victim");
        fs::write(&victim, "kept").unwrap();
        let guessed = folder.path().join(format!(".a.{}", std::process::id()));
        std::os::unix::fs::symlink(&victim, guessed).unwrap();
        replace_book_file(&folder.path().join("a"), b"new", Durability::Lazy).unwrap();
        assert_eq!(fs::read_to_string(victim).unwrap(), "kept");
    }

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
    fn a_chapter_that_was_edited_during_the_review_is_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.md");
        fs::write(&path, "edited").unwrap();
        let error = rewrite_chapter(&path, "old", "new").unwrap_err();
        assert!(matches!(error, StoreError::ChapterChanged { .. }), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "edited");
    }

    #[test]
    fn a_report_gets_its_folder_and_replaces_an_older_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("reports/junit.xml");
        create_report(&path).unwrap().write_all(b"older, longer").unwrap();
        create_report(&path).unwrap().write_all(b"new").unwrap();
        assert_eq!(fs::read(path).unwrap(), b"new");
    }

    #[test]
    fn a_report_that_cannot_be_written_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = create_report(folder.path()).unwrap_err();
        let expected =
            format!("can't write `{}`: Is a directory (os error 21)", folder.path().display());
        assert_eq!(error.to_string(), expected);
    }
}
