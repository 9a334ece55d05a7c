//! Report files that were asked for on the command line.

#![expect(clippy::disallowed_methods, reason = "`store` is the room that opens files")]

use std::fs::{self, File};
use std::path::Path;

use super::error::StoreError;

/// Opens a report that is written while the run goes on. Made at the run's start, so that a place that can't be written is told
/// before step 1.
///
/// # Errors
/// When it can't be made.
pub(crate) fn create_report(path: &Path) -> Result<File, StoreError> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(StoreError::io("make the folder", folder))?;
    }
    File::create(path).map_err(StoreError::io("write", path))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_report_gets_its_folder_and_replaces_an_older_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("reports/junit.xml");
        create_report(&path).unwrap().write_all(b"older, longer").unwrap();
        create_report(&path).unwrap().write_all(b"new").unwrap();
        assert_eq!(fs::read(path).unwrap(), b"new");
    }

    #[test]
    fn a_place_that_cannot_be_written_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = create_report(folder.path()).unwrap_err();
        assert!(
            error.to_string().starts_with(&format!("can't write `{}`: ", folder.path().display())),
            "{error}"
        );
    }
}
