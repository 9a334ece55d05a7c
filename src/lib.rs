//! `guide` runs a book: Markdown chapters whose fenced command blocks are executed, in order, against a real world.
//!
//! The path goes one way, and the modules are listed in its order:
//!
//! ```text
//! text ─book→ Book ─manifest, plan→ Plan ─engine through World→ Output ─compare→ Verdict → Event ─→ journal (store)
//!                                                                                                       └→ report
//! ```
//!
//! `book`, `manifest`, `plan`, `output`, `compare` and `event` are pure: they convert text and data
//! into data, without files, a clock or processes. Only `shell`, `cluster` and `doctor` access the
//! world, only `store` opens files, and only `report` prints. `engine` runs steps and compares
//! their output. `commands` connects the rooms, with one file for each subcommand.

#![cfg_attr(
    not(target_os = "linux"),
    allow(dead_code, reason = "only a run uses it, and steps run on Linux")
)]

mod diagnostic;
mod ids;
mod text;

pub mod cli;
mod settings;

mod book;
mod manifest;
mod plan;
mod survey;

mod bundle;
mod cluster;
mod doctor;
mod history;
mod identity;
mod output;
mod probe;
mod secrets;
mod serve;
#[cfg(target_os = "linux")]
mod shell;
#[cfg(not(target_os = "linux"))]
#[path = "shell_elsewhere.rs"]
mod shell;
mod topology;
mod world;

mod compare;
mod engine;
mod event;

#[cfg(any(test, fuzzing))]
pub mod fuzzing;

mod publish;
mod recording;

mod report;
mod store;

pub mod commands;
pub mod error;

/// The items of the rooms that the integration tests and the benchmarks use. It is not an interface
/// for other programs.
#[doc(hidden)]
pub mod testing {
    pub mod book {
        pub use crate::book::{Background, BookText, MARKDOWN, Place, SnapshotKind, parse_book};
    }
    pub mod cluster {
        pub use crate::cluster::{
            Access, Cause, Cluster, ClusterErrorKind, ClusterWatch, DriftRequest, EVIDENCE_BYTES,
            EVIDENCE_LIMIT, EvidenceRequest, LastingProblem, ManifestObject, TeardownRequest,
            WatchScope, manifest_objects_in,
        };
    }
    pub mod compare {
        pub use crate::compare::{Bindings, Rules, Verdict, compare_snapshot};
    }
    pub mod event {
        pub use crate::event::{Event, JOURNAL_FORMAT, Outcome, Record, RunStarted, StepFinished};
    }
    pub mod history {
        pub use crate::history::Past;
    }
    pub mod identity {
        pub use crate::identity::Sameness;
    }
    pub mod ids {
        pub use crate::ids::{ChapterName, Fingerprint, ObjectRef, StepId, StepName};
    }
    pub mod output {
        pub use crate::output::{Ending, ShellState};
    }
    pub mod plan {
        pub use crate::plan::{PlanRequest, make_plan};
    }
    pub mod reference {
        pub use crate::book::{ATTRIBUTES, AttributeText};
        pub use crate::store::{BOOK_FILES, STATE_FILES};
    }
    pub mod report {
        pub use crate::report::{drift_text, teardown_text};
    }
    pub mod secrets {
        pub use crate::secrets::Masker;
    }
    pub mod shell {
        pub use crate::shell::{Interrupt, ShellOptions, ShellWorld};
    }
    pub mod store {
        pub use crate::store::{RunLock, RunLog, load_past};
    }
    pub mod world {
        pub use crate::world::{Command, Flow, Mode, ShellContext, Watcher, World};
    }
}
