//! What is known of an acting step in this world: whether it passed here, and what it was made of then.

use serde::{Deserialize, Serialize};

use crate::plan::MadeOf;

/// What last happened to a step in this world.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepRecord {
    /// The run in which it happened.
    pub run: String,
    /// What happened.
    #[serde(flatten)]
    pub standing: Standing,
}

/// The state of a step's work in this world.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "standing", rename_all = "snake_case")]
pub enum Standing {
    /// It passed, or its work was found done, and it was made of these parts.
    Passed {
        /// The parts.
        made_of: MadeOf,
    },
    /// It has begun and not passed since: it failed, or the run was stopped or killed.
    Unfinished,
    /// It passed, and `guide down` deleted what it made.
    TakenDown,
}

impl Standing {
    /// Why the step must run even if its checks pass; `None` if it passed as it is now.
    pub fn why_run(&self, now: &MadeOf) -> Option<String> {
        match self {
            Self::Passed { made_of } => {
                let changes = made_of.changes_to(now);
                (!changes.is_empty()).then(|| changes.join(", "))
            }
            Self::Unfinished => Some("it did not pass the last time it began".to_owned()),
            Self::TakenDown => Some("`guide down` deleted what it made".to_owned()),
        }
    }
}
