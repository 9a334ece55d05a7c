//! The user's kubeconfig files, which are only read, and the private copy under the state folder.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::StoreError;
use super::files::{Durability, read_if_there, replace_private_file};
use crate::cluster::UserKubeconfig;
use crate::secrets::{Masker, kubeconfig_credential_files, kubeconfig_credentials};

/// The newest format known here.
const FORMAT: u32 = 1;
/// A larger file is no token and no key.
const LARGEST_CREDENTIAL: usize = 16 * 1024;

/// The context of an existing cluster that a book was last run on, so that later commands need not name it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RememberedContext {
    /// Format version.
    pub format: u32,
    /// The context's name.
    pub context: String,
    /// The file that `--kubeconfig` named; none for the user's default ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kubeconfig: Option<PathBuf>,
    /// `context` in book.toml at that time: where it has changed since, book.toml decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of_book: Option<String>,
    /// SHA-256 of the copy: the private file is written again only when the user's file has changed, since steps may have changed the
    /// private one.
    pub copy_sha256: String,
}

impl RememberedContext {
    /// A context to be remembered from now on.
    pub(crate) fn new(
        context: String,
        kubeconfig: Option<PathBuf>,
        of_book: Option<String>,
        copy_sha256: String,
    ) -> Self {
        Self { format: FORMAT, context, kubeconfig, of_book, copy_sha256 }
    }
}

/// Where the context is remembered.
pub(crate) fn remembered_context_path(state: &Path) -> PathBuf {
    state.join("context.json")
}

/// Reads the remembered context, if there is one.
///
/// # Errors
/// When the file cannot be read or is of a newer format.
pub(crate) fn read_remembered_context(
    state: &Path,
) -> Result<Option<RememberedContext>, StoreError> {
    let path = remembered_context_path(state);
    let Some(bytes) = read_if_there(&path)? else { return Ok(None) };
    let remembered: RememberedContext =
        serde_json::from_slice(&bytes).map_err(|error| StoreError::CorruptJournal {
            path: path.clone(),
            line: error.line(),
            why: error.to_string(),
        })?;
    if remembered.format > FORMAT {
        return Err(StoreError::NewerFormat {
            path,
            found: remembered.format,
            known: FORMAT,
            by: "a newer guide".to_owned(),
        });
    }
    Ok(Some(remembered))
}

/// Remembers a context.
///
/// # Errors
/// When the file cannot be written.
pub(crate) fn write_remembered_context(
    state: &Path,
    remembered: &RememberedContext,
) -> Result<(), StoreError> {
    let mut text = serde_json::to_vec_pretty(remembered).unwrap_or_default();
    text.push(b'\n');
    replace_private_file(&remembered_context_path(state), &text, Durability::Lazy)
}

/// Reads those of the user's kubeconfig files that exist.
///
/// # Errors
/// When one exists and cannot be read.
pub(crate) fn read_user_kubeconfigs(files: &[PathBuf]) -> Result<Vec<UserKubeconfig>, StoreError> {
    let mut read = Vec::new();
    for path in files {
        if let Some(bytes) = read_if_there(path)? {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            read.push(UserKubeconfig { path: path.clone(), text });
        }
    }
    Ok(read)
}

/// Masks the credentials in a kubeconfig file from now on. A file that is not there, or cannot be read, has none. `before`: what the
/// file held when it was last looked at.
pub(crate) fn mask_credentials(path: &Path, before: &mut Vec<u8>, masker: &Masker) {
    let Ok(Some(bytes)) = read_if_there(path) else { return };
    if bytes != *before {
        let text = String::from_utf8_lossy(&bytes);
        kubeconfig_credentials(&text).iter().for_each(|value| masker.add(value));
        let folder = path.parent().unwrap_or(Path::new("."));
        for file in kubeconfig_credential_files(&text) {
            let held = read_if_there(&folder.join(file)).ok().flatten().unwrap_or_default();
            if held.len() <= LARGEST_CREDENTIAL {
                masker.add(&held);
            }
        }
        *before = bytes;
    }
}

/// Writes the private kubeconfig.
///
/// # Errors
/// When the file cannot be written.
pub(crate) fn write_private_kubeconfig(path: &Path, text: &str) -> Result<(), StoreError> {
    replace_private_file(path, text.as_bytes(), Durability::Lazy)
}
