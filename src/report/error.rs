//! An error that ends a command: message, cause, and after a blank line what to do.

use super::problem::draw_groups;
use super::style::Style;
use super::terminal::write_talk;
use crate::error::Error;

/// Tells an error on stderr.
pub(crate) fn report_error(error: &Error, style: Style) {
    write_talk(&error_text(error, style));
}

fn error_text(error: &Error, style: Style) -> String {
    let mut text = String::new();
    if let Error::Book(problems, sources) = error {
        text += &draw_groups(sources, problems, style);
    }
    // A word of the command line that means nothing in the book (it has no place there) is no problem of the book's.
    if matches!(error, Error::Book(problems, _) if problems.iter().all(|problem| problem.span.is_none()))
    {
        text.pop();
    } else {
        text += &format!("{} {error}\n", style.failed("error:"));
    }
    if let Some(hint) = error.hint() {
        text += &format!("\n{} {hint}\n", style.hint("hint:"));
    }
    text
}
