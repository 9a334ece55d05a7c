//! REPORT: events → text. The only room that prints. Step lines, progress and failures go to stderr, as those of cargo and nextest do,
//! so that stdout contains only the data of a command (`--json`, `status`, `plan`).
//!
//! A reporter consumes [`Event`]s and uses only what they contain. A closed pipe is no error.

mod ask;
mod bundle;
mod changed;
mod check;
mod check_formats;
mod diff_view;
mod doctor;
mod down;
mod drift;
mod excerpt;
mod exit_codes;
mod failure;
mod github;
mod humanize;
mod init;
mod json;
mod junit;
mod keys;
mod live;
mod live_view;
mod plain;
mod plan;
pub(crate) mod problem;
mod publish;
mod reporters;
mod review;
mod shards;
mod slow_notice;
mod status;
mod step_line;
mod style;
mod terminal;
mod times;

pub(crate) use ask::{TerminalPrompt, ask};
pub(crate) use bundle::{exported_text, replayed_text};
pub(crate) use changed::changed_text;
pub(crate) use check::{check_text, notes_text};
pub(crate) use check_formats::{github_text, sarif_text};
pub(crate) use doctor::{facts_json, facts_text, write_profile};
pub use down::teardown_text;
pub(crate) use down::{DownReporter, teardown_hint};
pub use drift::drift_text;
pub(crate) use drift::{drift_hint, not_run_here};
pub(crate) use humanize::{recordings_not_kept, recordings_pending};
pub(crate) use init::{CiNotes, adopted_text, ci_text, initialised_text, survey_text};
pub(crate) use keys::{Key, Keys};
pub(crate) use plan::{plan_json, plan_text};
pub(crate) use problem::report_error;
pub(crate) use publish::{Publication, publication_notes, publication_text};
pub(crate) use reporters::{ReportKind, Reporters};
pub(crate) use review::{
    PendingOutput, Reviewed, hunk_text, pending_text, review_prompt, reviewed_json, reviewed_text,
};
pub(crate) use shards::{split_json, split_matrix, split_text};
pub(crate) use slow_notice::notice_when_slow;
pub(crate) use status::{ShownRun, status, status_json};
pub(crate) use style::{ColourChoice, Style};
pub(crate) use terminal::{
    command_line_text, completions, eprint, print, print_bytes, stderr_is_terminal,
    stdin_is_terminal, stdout_is_terminal,
};
pub(crate) use times::times;
