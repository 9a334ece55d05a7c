//! FILES: the only room that opens them. What is read is handed on as text or data; what is written is whole or not there.
//!
//! A run's folder holds `journal.jsonl` (a line an event), `output.log` (all outputs) and `states.log` (shell states). They are
//! written in the order state → output → journal line, so that a line never speaks of bytes that are not there.

mod append;
mod chapter_file;
mod config;
mod fault;
mod included;
mod journal;
mod lock;
mod note;
mod past;
mod pending_fence;
mod recordings;
mod remembered;
mod rendered;
mod report_file;
mod run;
mod site;
mod site_commands;
mod site_files;
mod site_folder;
mod site_html;
mod snapshots;
mod source;
#[cfg(test)]
mod source_tests;
mod sync;
mod values;
mod whole_file;
mod world_file;

pub use chapter_file::rewrite_chapter;
pub use config::BookConfig;
pub use fault::StoreError;
pub use included::included_steps;
pub use journal::{Journal, read_journal};
pub use lock::{Holder, RunLock, who_runs};
pub use note::{FailureFolder, find_failure_report, read_note, write_note};
pub use past::{Taken, forget_taken, last_run, load_past, unfinished_targets};
pub use pending_fence::{PendingFence, PendingFences};
pub use recordings::Recordings;
pub use remembered::root_as_kept;
pub use rendered::Rendered;
pub use report_file::create_report;
pub use run::{JOURNAL, RunLog, read_stored, run_id};
pub use site::{MadeSite, Site, site_file, stamp};
pub use site_commands::{ForeignCommand, foreign_commands, remember_allowed, were_allowed};
pub use site_files::SiteFiles;
pub use snapshots::{PendingSnapshot, Snapshots};
pub use source::{BookFiles, NoBook, find_book, read_book, spellings};
pub use whole_file::{append_file, create_file, read_if_there, replace_file};
pub use world_file::{KeptWorld, read_world, world_path, write_world};
