//! FILES: the only room that opens them. What is read is handed on as text or data; what is written is whole or not there.
//!
//! A run's folder holds `journal.jsonl` (a line an event), `output.log` (all outputs) and `states.log` (shell states). They are
//! written in the order state → output → journal line, so that a line never speaks of bytes that are not there.

mod append_only;
mod chapter_file;
mod config;
mod error;
mod history_cache;
mod included;
mod journal;
mod kubeconfig_file;
mod lock;
mod note;
mod past;
mod pending_fence;
mod recordings;
mod rendered;
mod report_file;
mod run_log;
mod site;
mod site_commands;
mod site_files;
mod site_folder;
mod site_html;
mod snapshots;
mod source;
mod sync;
mod texts;
mod values;
mod whole_file;
mod world_file;

pub(crate) use chapter_file::rewrite_chapter;
pub(crate) use config::BookConfig;
pub(crate) use error::StoreError;
pub(crate) use history_cache::stored_root;
pub(crate) use included::included_steps;
pub(crate) use journal::read_journal;
pub(crate) use kubeconfig_file::{
    RememberedContext, read_remembered_context, read_user_kubeconfigs, write_private_kubeconfig,
    write_remembered_context,
};
pub use lock::RunLock;
pub(crate) use lock::current_holder;
pub(crate) use note::{FailureFolder, find_failure_report, read_note, write_note};
pub use past::load_past;
pub(crate) use past::{DeletedManifests, forget_deleted, last_run, unfinished_targets};
pub(crate) use pending_fence::{PendingFence, PendingFences};
pub(crate) use recordings::Recordings;
pub(crate) use rendered::Rendered;
pub(crate) use report_file::create_report;
pub use run_log::RunLog;
pub(crate) use run_log::{JOURNAL, read_stored, run_id};
pub(crate) use site::{MadeSite, Site, change_stamp, site_file};
pub(crate) use site_commands::{ForeignCommand, foreign_commands, remember_allowed, were_allowed};
pub(crate) use site_files::SiteFiles;
pub(crate) use snapshots::{PendingSnapshot, Snapshots};
pub(crate) use source::{BookFiles, find_book, path_aliases, read_book};
pub(crate) use whole_file::{append_file, create_file, read_if_there};
pub(crate) use world_file::{KeptWorld, read_world, world_path, write_world};
