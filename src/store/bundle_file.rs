//! `RUN.guide.tgz`: a run as one file. Reading a bundle of unknown origin is safe: only files that a bundle may contain are read, no
//! file is written under a name from the bundle, and sizes are limited.

#![expect(clippy::disallowed_methods, reason = "`store` is the room that opens files")]

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Component, Path, PathBuf};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

use super::error::StoreError;
use super::files::{Durability, replace_book_file, replace_private_file};
use super::journal::{Journal, parse_journal};
use super::run_folder::{JOURNAL, runs_folder};
use super::texts::list;
use crate::bundle::{BUNDLE_FORMAT, BundleHead};
use crate::diagnostic::Diagnostic;
use crate::event::Stored;
use crate::ids::ChapterName;

/// The first file of a bundle.
const HEAD: &str = "bundle.json";
/// The largest file in a bundle and the largest bundle, in bytes.
const LARGEST: u64 = 64 * 1024 * 1024;
const MOST: u64 = 256 * 1024 * 1024;
/// The most files.
const MOST_FILES: usize = 20_000;

/// A bundle that was read.
pub(crate) struct Bundle {
    /// The file.
    pub path: PathBuf,
    /// What was run.
    pub head: BundleHead,
    /// The run's journal.
    pub journal: Journal,
    files: BTreeMap<String, Vec<u8>>,
}

/// The files of a run for its bundle, by their names in the bundle. The states of shells are not among them, because they contain
/// folders of this machine.
///
/// # Errors
/// When one cannot be read.
pub(crate) fn files_of_run(
    state: &Path,
    root: &Path,
    run: &str,
    chapters: &[ChapterName],
) -> Result<BTreeMap<String, Vec<u8>>, StoreError> {
    let mut files = BTreeMap::new();
    let run_folder = runs_folder(state).join(run);
    for path in list(&run_folder) {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name == JOURNAL || name.ends_with("output.log") {
            add(&mut files, format!("run/{name}"), &path)?;
        }
    }
    for chapter in chapters {
        let chapter = chapter.as_str();
        let failures = state.join("failures").join(run).join(chapter);
        for folder in list(&failures) {
            let step = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            for path in list(&folder) {
                let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
                add(&mut files, format!("failures/{chapter}/{step}/{name}"), &path)?;
            }
        }
        for path in list(&root.join("snapshots").join(chapter)) {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if is_pending(name) {
                add(&mut files, format!("snapshots/{chapter}/{name}"), &path)?;
            }
        }
        for path in list(&state.join("pending").join(chapter)) {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if path.is_file() && name.ends_with(".json") {
                add(&mut files, format!("pending/{chapter}/{name}"), &path)?;
            }
        }
    }
    Ok(files)
}

fn add(files: &mut BTreeMap<String, Vec<u8>>, name: String, path: &Path) -> Result<(), StoreError> {
    let bytes = std::fs::read(path).map_err(StoreError::io("read", path))?;
    files.insert(name, bytes);
    Ok(())
}

/// Whether the file is a pending snapshot or recording.
fn is_pending(name: &str) -> bool {
    name.ends_with(".snap.new") || (name.starts_with("recording@") && name.ends_with(".json.new"))
}

/// Writes a bundle.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn write_bundle(
    path: &Path,
    head: &BundleHead,
    files: &BTreeMap<String, Vec<u8>>,
) -> Result<(), StoreError> {
    let bytes = packed(head, files).map_err(StoreError::file("pack", path))?;
    replace_book_file(path, &bytes, Durability::Synced)
}

fn packed(head: &BundleHead, files: &BTreeMap<String, Vec<u8>>) -> std::io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
    let mut head = serde_json::to_vec_pretty(head)?;
    head.push(b'\n');
    let all =
        std::iter::once((HEAD, &head)).chain(files.iter().map(|(name, file)| (&**name, file)));
    for (name, bytes) in all {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o600);
        archive.append_data(&mut header, name, bytes.as_slice())?;
    }
    let mut packed = archive.into_inner()?;
    packed.flush()?;
    packed.finish()
}

/// Reads a bundle.
///
/// # Errors
/// The file does not exist, is truncated or too large, contains a file that no bundle contains, or was written by a newer guide.
pub(crate) fn read_bundle(path: &Path) -> Result<Bundle, Diagnostic> {
    let file = File::open(path).map_err(StoreError::file("read", path))?;
    let refused = |why: String| {
        Diagnostic::new(format!("`{}` is not a bundle: {why}", path.display()))
            .with_hint("a bundle is what `guide export` writes; copy or download it again")
    };
    let mut files = unpacked(file).map_err(&refused)?;
    let head = files.remove(HEAD).ok_or_else(|| refused(format!("it has no {HEAD}")))?;
    let head = read_head(&head).map_err(&refused)?;
    if head.format > BUNDLE_FORMAT {
        let (found, by) = (head.format, head.guide);
        let path = path.to_owned();
        return Err(StoreError::NewerFormat { path, found, known: BUNDLE_FORMAT, by }.into());
    }
    let journal = files.get("run/journal.jsonl").map(|bytes| parse_journal(path, bytes));
    let journal = journal.transpose()?.flatten();
    let journal = journal.ok_or_else(|| refused("it has no journal".to_owned()))?;
    Ok(Bundle { path: path.to_owned(), head, journal, files })
}

fn read_head(bytes: &[u8]) -> Result<BundleHead, String> {
    #[derive(serde::Deserialize)]
    struct Format {
        format: u32,
        guide: String,
    }
    let format: Format =
        serde_json::from_slice(bytes).map_err(|error| format!("{HEAD} cannot be read: {error}"))?;
    match serde_json::from_slice(bytes) {
        Ok(head) => Ok(head),
        Err(_) if format.format > BUNDLE_FORMAT => {
            Err(format!("it has format {}, written by guide {}", format.format, format.guide))
        }
        Err(error) => Err(format!("{HEAD} cannot be read: {error}")),
    }
}

fn unpacked(file: File) -> Result<BTreeMap<String, Vec<u8>>, String> {
    let broken = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::UnexpectedEof => "it is cut short".to_owned(),
        _ => error.to_string(),
    };
    let mut files = BTreeMap::new();
    let mut total = 0;
    // One byte more than allowed is read, so that a file that is too large is not mistaken for a complete one.
    let mut archive = tar::Archive::new(GzDecoder::new(file).take(MOST + 64 * 1024 * 1024));
    for entry in archive.entries().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        let name = entry.path().map_err(broken)?.into_owned();
        let name = safe_name(&name).ok_or_else(|| format!("it contains `{}`", name.display()))?;
        if !entry.header().entry_type().is_file() {
            return Err(format!("`{name}` in it is not a file"));
        }
        total += entry.size();
        if entry.size() > LARGEST || total > MOST || files.len() >= MOST_FILES {
            let limit = MOST / 1024 / 1024;
            return Err(format!(
                "it is larger than {limit} MiB, or `{name}` is larger than a quarter of that"
            ));
        }
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).map_err(broken)?;
        if bytes.len() as u64 != entry.size() {
            return Err("it is cut short".to_owned());
        }
        files.insert(name, bytes);
    }
    // The checksum follows the last entry.
    let mut rest = archive.into_inner();
    std::io::copy(&mut rest, &mut std::io::sink()).map_err(broken)?;
    Ok(files)
}

/// The name, if a bundle may contain a file of this name: relative, without `..`, and below one of its folders.
fn safe_name(path: &Path) -> Option<String> {
    let name = path.to_str()?;
    let plain = path.components().all(|part| matches!(part, Component::Normal(_)));
    let last = path.file_name()?.to_str()?;
    let parts = path.components().count();
    let known = match name.split('/').next()? {
        HEAD => parts == 1,
        "run" => parts == 2 && (last == JOURNAL || last.ends_with("output.log")),
        "failures" => parts >= 4,
        "snapshots" => parts >= 3 && is_pending(last),
        "pending" => parts >= 3 && last.ends_with(".json"),
        _ => false,
    };
    (plain && known && !name.ends_with('/')).then(|| name.to_owned())
}

impl Bundle {
    /// The output of a step, as far as the bundle contains it.
    pub(crate) fn output(&self, stored: &Stored) -> String {
        let name = format!("run/{}", stored.file.display());
        let part = self.files.get(&name).and_then(|bytes| {
            let start = usize::try_from(stored.offset).ok()?;
            let end = start.checked_add(usize::try_from(stored.length).ok()?)?;
            bytes.get(start..end)
        });
        String::from_utf8_lossy(part.unwrap_or_default()).into_owned()
    }

    /// Writes the pending outputs of the bundle's own chapters into the book. Returns their number.
    ///
    /// # Errors
    /// When one cannot be written.
    pub(crate) fn write_pending(&self, root: &Path, state: &Path) -> Result<usize, StoreError> {
        let mut count = 0;
        for (name, bytes) in &self.files {
            let (folder, rest) = name.split_once('/').unwrap_or_default();
            let chapter = rest.rsplit_once('/').map_or("", |(chapter, _)| chapter);
            if !self.head.chapters.iter().any(|own| own.as_str() == chapter) {
                continue;
            }
            match folder {
                "snapshots" => replace_book_file(&root.join(name), bytes, Durability::Synced)?,
                "pending" => replace_private_file(&state.join(name), bytes, Durability::Synced)?,
                _ => continue,
            }
            count += 1;
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_a_bundle_contains_are_taken() {
        let takes = |name: &str| safe_name(Path::new(name)).is_some();
        for name in [
            "bundle.json",
            "run/journal.jsonl",
            "run/1-2.output.log",
            "snapshots/install/intro/x.snap.new",
            "failures/c/s/run.sh",
        ] {
            assert!(takes(name), "{name}");
        }
        for name in [
            "/etc/passwd",
            "../bundle.json",
            "run/../../x",
            "run/states.log",
            "snapshots/c/x.snap",
            "snapshots/../.git/x.snap.new",
            "book.toml",
            "pending/c",
            "run/a/journal.jsonl",
            "./bundle.json",
            "failures/c",
        ] {
            assert!(!takes(name), "{name}");
        }
    }
}
