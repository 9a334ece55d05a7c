//! Small files of the state folder: one-line notes, and `world.json`, which names the cluster that the book was run on.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::StoreError;
use super::files::{Durability, read_if_there, replace_private_file};
use crate::identity::WorldIdentity;

/// The newest format of `world.json` that this guide knows.
const WORLD_FORMAT: u32 = 1;

/// The kept identity of the book's cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeptWorld {
    /// Format version.
    pub format: u32,
    /// When it was made or adopted: RFC 3339, UTC.
    pub at: String,
    /// The run that made or adopted it.
    pub run: String,
    /// The identity of the cluster.
    pub identity: WorldIdentity,
    /// The kubeconfig with which it was adopted (`--kubeconfig`); `None` for the private one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kubeconfig: Option<PathBuf>,
}

impl KeptWorld {
    /// An identity to be kept from now on.
    pub(crate) fn new(
        identity: WorldIdentity,
        kubeconfig: Option<PathBuf>,
        at: String,
        run: String,
    ) -> Self {
        Self { format: WORLD_FORMAT, at, run, identity, kubeconfig }
    }
}

/// The path of `world.json`.
pub(crate) fn world_path(state: &Path) -> PathBuf {
    state.join("world.json")
}

/// Reads the kept identity, if there is one.
///
/// # Errors
/// When it can't be read or is of a newer format.
pub(crate) fn read_world(state: &Path) -> Result<Option<KeptWorld>, StoreError> {
    let path = world_path(state);
    let Some(bytes) = read_if_there(&path)? else { return Ok(None) };
    let kept: KeptWorld =
        serde_json::from_slice(&bytes).map_err(|error| StoreError::CorruptJournal {
            path: path.clone(),
            line: error.line(),
            why: error.to_string(),
        })?;
    if kept.format > WORLD_FORMAT {
        return Err(StoreError::NewerFormat {
            path,
            found: kept.format,
            known: WORLD_FORMAT,
            by: "a newer guide".to_owned(),
        });
    }
    Ok(Some(kept))
}

/// Keeps an identity.
///
/// # Errors
/// When it can't be written.
pub(crate) fn write_world(state: &Path, kept: &KeptWorld) -> Result<(), StoreError> {
    let mut text = serde_json::to_vec_pretty(kept).unwrap_or_default();
    text.push(b'\n');
    replace_private_file(&world_path(state), &text, Durability::Synced)
}

/// Reads a note.
///
/// # Errors
/// When it exists and cannot be read.
pub(crate) fn read_note(state: &Path, name: &str) -> Result<Option<String>, StoreError> {
    let bytes = read_if_there(&state.join(name))?;
    Ok(bytes
        .map(|bytes| String::from_utf8_lossy(&bytes).trim().to_owned())
        .filter(|text| !text.is_empty()))
}

/// Writes a note.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn write_note(state: &Path, name: &str, text: &str) -> Result<(), StoreError> {
    replace_private_file(&state.join(name), format!("{text}\n").as_bytes(), Durability::Lazy)
}
