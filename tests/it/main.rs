//! Runs the real binary on small books: one book for each case. The tests need bash and no cluster.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "tests make books, start the binary, and say what they skip"
)]
#![expect(
    clippy::too_many_lines,
    reason = "a test shows its chapters as text, from the book to the last assertion"
)]
#![allow(
    clippy::must_use_candidate,
    reason = "the result of the last assertion of a chain is not used"
)]

mod adopted_world;
mod adoption;
mod api_server;
mod bad_books;
mod bad_worlds;
mod changed;
mod ci_files;
mod compare;
mod conditions;
mod dockerfile;
mod documents;
mod durability;
mod existing_cluster;
mod faults;
mod first_meeting;
mod formats;
mod help;
mod hostile_text;
mod images;
mod lab;
mod manual;
mod named_commands;
mod profile;
mod project;
mod publish;
mod random;
mod reaches_the_disk;
mod reference_tables;
mod replay;
mod review;
mod rooms;
mod run;
mod schemas;
mod script;
mod secret_matrix;
mod secrets;
mod shards;
mod shell;
mod site;
mod step_shell;
mod up_to_date;
mod verify;
mod what_changed;
mod whole;
mod world_tree;

pub(crate) use project::{Project, Said};
