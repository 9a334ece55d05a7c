//! IDS: the identifiers of a chapter, a step and an object, and fingerprints of their content. It
//! is the lowest room and imports no other one.

mod fingerprint;
mod name;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use fingerprint::Fingerprint;
pub(crate) use fingerprint::Hashing;
pub use name::ChapterName;
pub use name::StepName;
pub(crate) use name::nearest;
pub(crate) use name::{chapter_names, is_name, slug};

/// `chapter/step`: the identifier of a step in every file and message. It contains no index, so
/// that it survives edits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StepId {
    /// The chapter.
    pub chapter: ChapterName,
    /// The step in it.
    pub step: StepName,
}

impl fmt::Display for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.chapter, self.step)
    }
}

impl Serialize for StepId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for StepId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        let (chapter, step) = text
            .rsplit_once('/')
            .ok_or_else(|| serde::de::Error::custom("a step id has the form chapter/step"))?;
        Ok(Self { chapter: ChapterName::new(chapter), step: StepName::new(step) })
    }
}

/// An object that a manifest makes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ObjectRef {
    /// The `apiVersion` of the YAML: `apps/v1`.
    pub api_version: String,
    /// The kind: `Deployment`.
    pub kind: String,
    /// The namespace of the YAML, or else of the chapter, or else none.
    pub namespace: Option<String>,
    /// `metadata.name`.
    pub name: String,
}
