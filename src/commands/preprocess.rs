//! `guide preprocess`: speaks mdBook's preprocessor protocol, so that plain `mdbook build` makes the same pages.

use super::publish::{annotator, read_views};
use crate::cli::PreprocessArgs;
use crate::error::{Error, Exit};
use crate::publish::supports;
use crate::report;
use crate::settings::Settings;

/// `supports RENDERER` answers with the exit code. Without arguments, the book is read from stdin as JSON and written annotated.
pub(super) fn preprocess(settings: &Settings, args: &PreprocessArgs) -> Result<Exit, Error> {
    match args.words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["supports", renderer] => {
            return Ok(if supports(renderer) { Exit::AsWritten } else { Exit::Differs });
        }
        [] => {}
        _ => {
            return Err(Error::usage(
                "`guide preprocess` is called by mdBook",
                "make the site with `guide publish`",
            ));
        }
    }
    let input = std::io::read_to_string(std::io::stdin()).unwrap_or_default();
    let (context, mut book) = mdbook_preprocessor::parse_input(input.as_bytes())
        .map_err(|error| not_understood(&input, &error.to_string()))?;
    let settings = Settings { book: Some(context.root), ..settings.clone() };
    let (context, views) = read_views(&settings, false)?;
    annotator(context, views).annotate(&mut book);
    let text = serde_json::to_string(&book)
        .map_err(|error| Error::usage(format!("the book cannot be written: {error}"), ""))?;
    report::print_bytes(text.as_bytes())?;
    Ok(Exit::AsWritten)
}

/// The error for input that is not a book, or that is a book of an mdBook version with another format.
fn not_understood(input: &str, why: &str) -> Error {
    let known = "mdBook 0.5";
    let make = format!(
        "make the site with `guide publish`, which contains {known}, or with `mdbook build` of {known}"
    );
    let sent: serde_json::Value = serde_json::from_str(input).unwrap_or_default();
    let version = sent[0]["mdbook_version"].as_str().filter(|version| !version.starts_with("0.5."));
    match version {
        Some(version) => {
            let version: String =
                version.chars().filter(|next| !next.is_control()).take(40).collect();
            Error::usage(
                format!("this book comes from mdBook {version}, and guide reads books of {known}"),
                make,
            )
        }
        None => Error::usage(format!("the input is not a book of mdBook: {why}"), make),
    }
}
