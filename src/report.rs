//! REPORT: events → text. The only room that prints, and all of it is talk: step lines, progress and failures go to stderr, as
//! cargo's and nextest's do, so that stdout stays free for what a command was asked to give (`--json`, `status`, `plan`).
//!
//! A reporter is a consumer of [`Event`]s and never asks for more than they hold. A reader who has gone away (a closed pipe) is
//! no error.

mod ask;
mod check;
mod differs;
mod down;
mod error;
mod exit_codes;
mod facts;
mod failure;
mod frame;
mod github;
mod init;
mod json;
mod junit;
mod keys;
mod line;
mod live;
mod meanwhile;
mod plain;
mod plan;
pub(crate) mod problem;
mod publication;
mod reporters;
mod review;
mod status;
mod style;
mod talk;
mod terminal;
mod times;

mod words;

pub(crate) use ask::{TerminalPrompt, ask};
pub(crate) use check::{check_text, notes_text};
pub(crate) use down::DownReporter;
pub(crate) use error::report_error;
pub(crate) use facts::{facts_json, facts_text, write_profile};
pub(crate) use init::{Effect, Fate, Surveyed, Touch, adopted, initialised, survey_text};
pub(crate) use keys::{Key, Keys};
pub(crate) use meanwhile::meanwhile;
pub(crate) use plan::{plan_json, plan_text};
pub(crate) use publication::{Publication, publication_notes, publication_text};
pub(crate) use reporters::{Reporters, Wanted};
pub(crate) use review::{
    Reviewed, Waiting, hunk_text, keys_text, reviewed_json, reviewed_text, waiting_text,
};
pub(crate) use status::{Seen, status, status_json};
pub(crate) use style::{ColourChoice, Style};
pub(crate) use terminal::{
    completions, stderr_is_terminal, stdin_is_terminal, stdout_is_terminal, write_data, write_talk,
};
pub(crate) use times::times;
pub(crate) use words::recordings_wait;
