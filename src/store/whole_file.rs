//! Small files that are either the old ones or the new ones, never a part.

#![expect(clippy::disallowed_methods, reason = "`store` is the room that opens files")]

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::error::StoreError;

/// Replaces a file: written beside it, brought to the disk if `durable`, then renamed over it. Makes its folder.
///
/// # Errors
/// When any of this is refused; the old file is then still there.
pub(crate) fn replace_file(path: &Path, bytes: &[u8], durable: bool) -> Result<(), StoreError> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(StoreError::io("make the folder", folder))?;
    }
    replace_with(path, bytes, durable, 0o666)
}

/// The same for a file of the state folder: it, and the folders that are made for it, are their owner's only.
///
/// # Errors
/// As [`replace_file`].
pub(super) fn replace_private_file(
    path: &Path,
    bytes: &[u8],
    durable: bool,
) -> Result<(), StoreError> {
    if let Some(folder) = path.parent() {
        make_private_folder(folder)?;
    }
    replace_with(path, bytes, durable, 0o600)
}

/// Makes a folder of the state folder, and those above it that are not there, for their owner only.
///
/// # Errors
/// When it can't be made.
pub(super) fn make_private_folder(folder: &Path) -> Result<(), StoreError> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(StoreError::io("make the folder", folder))
}

fn replace_with(path: &Path, bytes: &[u8], durable: bool, mode: u32) -> Result<(), StoreError> {
    let beside = beside(path);
    let created = File::options().write(true).create(true).truncate(true).mode(mode).open(&beside);
    let written = created.and_then(|mut file| {
        file.write_all(bytes)?;
        if durable { file.sync_data() } else { Ok(()) }
    });
    written.and_then(|()| fs::rename(&beside, path)).map_err(|error| {
        let _ = fs::remove_file(&beside);
        StoreError::io("write", path)(error)
    })
}

/// Lets `path` be a symbolic link to `target`, whatever it was before.
///
/// # Errors
/// When it can't be made or put in place.
pub(super) fn replace_link(path: &Path, target: &Path) -> Result<(), StoreError> {
    let beside = beside(path);
    let _ = fs::remove_file(&beside);
    let made = std::os::unix::fs::symlink(target, &beside).and_then(|()| fs::rename(&beside, path));
    made.map_err(StoreError::io("write", path))
}

/// Adds text to the end of a file that is another program's.
///
/// # Errors
/// When it can't be written.
pub(crate) fn append_file(path: &Path, text: &str) -> Result<(), StoreError> {
    let added = File::options()
        .append(true)
        .create(true)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()));
    added.map_err(StoreError::io("write", path))
}

/// Writes a file that is not there yet, and makes its folder.
///
/// # Errors
/// When it is there, or can't be written.
pub(crate) fn create_file(path: &Path, text: &[u8]) -> Result<(), StoreError> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(StoreError::io("make the folder", folder))?;
    }
    let written = File::options()
        .write(true)
        .create_new(true)
        .open(path)
        .and_then(|mut file| file.write_all(text));
    written.map_err(StoreError::io("write", path))
}

/// A file's text; `None` when there is no such file.
///
/// # Errors
/// When it is there and can't be read.
pub(crate) fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StoreError::io("read", path)(error)),
    }
}

/// A name for the new file that no other process uses, in the same folder.
fn beside(path: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}", std::process::id()));
    path.with_file_name(name)
}
