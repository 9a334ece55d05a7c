//! What is known of an acting step in this world: did it pass here, and as what?

use serde::{Deserialize, Serialize};

use crate::plan::MadeOf;

/// The last that happened to a step in this world.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepRecord {
    /// The run in which it happened.
    pub run: String,
    /// What happened.
    #[serde(flatten)]
    pub standing: Standing,
}

/// Where a step stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "standing", rename_all = "snake_case")]
pub enum Standing {
    /// It passed, or what it does was found done, and it was made of these parts.
    Passed {
        /// The parts.
        made_of: MadeOf,
    },
    /// It was begun and has not passed since: it failed, or the run was stopped or killed.
    Unfinished,
    /// It passed, and `guide down` took away what it made.
    TakenDown,
}

impl Standing {
    /// Why the step has to run whatever its checks say; `None` where it passed as it is now.
    pub fn why_run(&self, now: &MadeOf) -> Option<String> {
        match self {
            Self::Passed { made_of } => {
                let changes = made_of.changes_to(now);
                (!changes.is_empty()).then(|| changes.join(", "))
            }
            Self::Unfinished => Some("it has not passed since it was begun last".to_owned()),
            Self::TakenDown => Some("`guide down` took away what it made".to_owned()),
        }
    }
}
