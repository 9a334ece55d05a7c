//! The real binary on small books: one case, one book, one sentence. Needs bash, no cluster.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "tests make books, start the binary, and say what they skip"
)]
#![allow(clippy::must_use_candidate, reason = "a chain of demands ends where it ends")]

mod adoption;
mod bad_books;
mod bad_worlds;
mod compare;
mod conditions;
mod documents;
mod faults;
mod images;
mod lab;
mod profile;
mod project;
mod publish;
mod replay;
mod review;
mod run;
mod secret_matrix;
mod secrets;
mod shell;
mod site;
mod up_to_date;
mod verify;
mod whole;
mod world_tree;

pub(crate) use project::{Project, Said};
