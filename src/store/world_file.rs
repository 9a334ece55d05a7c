//! `.guide/world.json`: which cluster this book was run on.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::StoreError;
use super::whole_file::{read_if_there, replace_private_file};
use crate::identity::WorldIdentity;

/// The newest format known here.
const FORMAT: u32 = 1;

/// The kept identity of the book's cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeptWorld {
    /// Format version.
    pub format: u32,
    /// RFC 3339, UTC: when it was made or adopted.
    pub at: String,
    /// The run that did.
    pub run: String,
    /// Which cluster.
    pub identity: WorldIdentity,
    /// The kubeconfig it was adopted through (`--kubeconfig`); none for the run's private one.
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
        Self { format: FORMAT, at, run, identity, kubeconfig }
    }
}

/// Where it is kept.
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
    if kept.format > FORMAT {
        return Err(StoreError::NewerFormat {
            path,
            found: kept.format,
            known: FORMAT,
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
    replace_private_file(&world_path(state), &text, true)
}
