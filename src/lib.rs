//! `guide` runs a book: Markdown chapters whose fenced command blocks are executed, in order, against a real world.
//!
//! The path goes one way, and the modules stand in its order:
//!
//! ```text
//! text ─book→ Book ─manifest, plan→ Plan ─engine through World→ Output ─compare→ Verdict → Event ─→ journal (store)
//!                                                                                                       └→ report
//! ```
//!
//! `book`, `manifest`, `plan`, `output`, `compare` and `event` are pure: text and data in, data out, no files, no clock, no
//! processes. `execute` alone touches the world, `store` alone opens files, `report` alone prints. `engine` joins execute and
//! compare; `commands` wires rooms together, one short file a subcommand.

pub mod ids;
pub mod text;

pub mod cli;
pub mod settings;

pub mod book;
pub mod manifest;
pub mod plan;

pub mod cluster;
pub mod doctor;
pub mod history;
pub mod identity;
pub mod output;
pub mod probe;
pub mod secrets;
pub mod serve;
pub mod shell;
pub mod topology;
pub mod world;

pub mod compare;
pub mod engine;
pub mod event;

pub mod publish;
pub mod recording;

pub mod report;
pub mod store;

pub mod commands;
pub mod error;
