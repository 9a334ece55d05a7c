//! STORE: the only room that opens files. It returns them as text or data, and replaces each of them as a whole.
//!
//! A run's folder holds `journal.jsonl` (one event per line), `output.log` (all outputs) and `states.log` (shell states). They are
//! written in the order state → output → journal line, so that a line never names bytes that do not exist.

mod append_only;
mod bundle_file;
mod config;
mod error;
mod failure_report;
mod files;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod history_cache;
mod holder;
mod included;
mod journal;
mod kubeconfig_file;
mod layout;
mod lock;
mod past;
mod pending_fence;
mod process;
mod prune;
mod recordings;
mod rendered;
mod run_folder;
mod run_log;
mod runs;
mod site;
mod site_commands;
mod site_files;
mod site_folder;
mod site_html;
mod site_parts;
mod snapshots;
mod source;
mod state_file;
mod sync;
mod temporary;
mod texts;
mod values;

pub(crate) use bundle_file::{Bundle, files_of_run, read_bundle, write_bundle};
pub(crate) use config::BookConfig;
pub(crate) use error::StoreError;
pub(crate) use failure_report::{FailureFolder, find_failure_report};
pub(crate) use files::{append_file, create_file, create_report, read_if_there, rewrite_chapter};
pub(crate) use history_cache::stored_root;
pub(crate) use included::included_steps;
pub(crate) use journal::read_journal;
pub(crate) use kubeconfig_file::{
    RememberedContext, mask_credentials, read_remembered_context, read_user_kubeconfigs,
    write_private_kubeconfig, write_remembered_context,
};
pub use layout::{BOOK_FILES, STATE_FILES};
pub use lock::RunLock;
pub(crate) use lock::current_holder;
pub use past::load_past;
pub(crate) use past::{DeletedManifests, forget_deleted, last_run, past_state, unfinished_targets};
pub(crate) use pending_fence::{PendingFence, PendingFences};
pub(crate) use recordings::Recordings;
pub(crate) use rendered::Rendered;
pub(crate) use run_folder::{JOURNAL, read_stored, run_id};
pub use run_log::RunLog;
pub(crate) use site::{MadeSite, Site, change_stamp, site_file};
pub(crate) use site_commands::{ForeignCommand, foreign_commands, remember_allowed, were_allowed};
pub(crate) use site_files::SiteFiles;
pub(crate) use snapshots::{PendingSnapshot, Snapshots};
pub(crate) use source::{BookFiles, find_book, path_aliases, read_book};
pub(crate) use state_file::{
    KeptWorld, read_note, read_world, world_path, write_note, write_world,
};
pub(crate) use temporary::sweep;
