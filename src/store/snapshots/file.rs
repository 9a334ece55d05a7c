//! The format of a snapshot file, which is that of insta.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::book::SnapshotKind;
use crate::store::error::StoreError;
use crate::store::files::{Durability, read_if_there, replace_book_file};
use crate::store::texts::{chapter_folders, list};

/// The extension of an accepted file.
pub(super) const ACCEPTED: &str = "snap";
/// The extension of a pending file.
pub(super) const PENDING: &str = "snap.new";

/// The fields between the `---` lines of a snapshot file. insta keeps all of them when it accepts, except `assertion_line`.
#[derive(Debug, Clone, Serialize, Deserialize, Default)]
pub(super) struct Header {
    /// The chapter's file, relative to the book's root.
    pub(super) source: Option<String>,
    /// 1-based line of the step; pending files only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) assertion_line: Option<u32>,
    /// The step's script.
    pub(super) expression: Option<String>,
    /// `binary` if the content is in another file; nothing if it is text.
    #[serde(skip_serializing)]
    pub(super) snapshot_kind: Option<String>,
    /// The fields that guide adds to the format of insta.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) info: Option<Info>,
}

/// The fields that guide adds to the format of insta.
#[derive(Debug, Clone, Serialize, Deserialize, Default)]
pub(super) struct Info {
    /// How outputs are compared with the snapshot.
    pub(super) kind: Option<SnapshotKind>,
    /// The profile of the run that wrote it.
    pub(super) profile: Option<String>,
    /// The values of the output that normalizers hide; pending files only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) hidden: Vec<String>,
}

/// Files below the folder whose names end with `.extension`, sorted.
pub(super) fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let ending = format!(".{extension}");
    let has_extension = |path: &PathBuf| {
        path.file_name()
            .and_then(|name| name.to_str())
            .is_some_and(|name| name.ends_with(&ending) && !name.starts_with('.'))
    };
    let mut files = Vec::new();
    for chapter in chapter_folders(folder) {
        files.extend(list(&chapter).into_iter().filter(has_extension));
    }
    files
}

/// The header and the text of a snapshot file; `None` if it does not exist.
pub(super) fn read_snapshot(path: &Path) -> Result<Option<(Header, String)>, StoreError> {
    let Some(bytes) = read_if_there(path)? else { return Ok(None) };
    let invalid = |why: String| StoreError::InvalidSnapshot { path: path.to_owned(), why };
    let file = String::from_utf8(bytes).map_err(|error| invalid(error.to_string()))?;
    parse_snapshot(&file).map(Some).map_err(invalid)
}

/// The header and the text of a file, read as insta reads them: the text ends before its last blanks, and its lines end with `\n`.
fn parse_snapshot(file: &str) -> Result<(Header, String), String> {
    // insta reads a file without a header as one of its old format.
    let mut lines = file.lines();
    if lines.next().map(str::trim_end) != Some("---") {
        return Err("its first line is not `---`".to_owned());
    }
    let header: Vec<&str> = lines.by_ref().take_while(|line| line.trim_end() != "---").collect();
    let header: Header =
        serde_yaml::from_str(&header.join("\n")).map_err(|error| error.to_string())?;
    if header.snapshot_kind.as_deref().is_some_and(|kind| kind != "text") {
        return Err("it contains no text".to_owned());
    }
    let text = lines.collect::<Vec<_>>().join("\n");
    Ok((header, text.trim_end().replace("\r\n", "\n")))
}

/// The content of a snapshot file.
pub(super) fn file_text(header: &Header, text: &str) -> String {
    let header = serde_yaml::to_string(header).unwrap_or_default();
    format!("---\n{header}---\n{}\n", text.trim_end())
}

/// Writes a file of the book, unless it has this content already.
pub(super) fn write_if_changed(
    path: &Path,
    text: &str,
    durability: Durability,
) -> Result<(), StoreError> {
    if read_if_there(path)?.is_some_and(|present| present == text.as_bytes()) {
        return Ok(());
    }
    replace_book_file(path, text.as_bytes(), durability)
}
