//! `guide preprocess`: mdBook's preprocessor protocol, so that plain `mdbook build` makes the same pages.

use super::publish::read_views;
use crate::cli::PreprocessArgs;
use crate::error::{Error, Exit};
use crate::publish::{Annotator, supports};
use crate::report;
use crate::settings::Settings;

/// `supports RENDERER`: says so by its exit code. Else the book comes on stdin as JSON, and goes out annotated.
pub fn preprocess(settings: &Settings, args: &PreprocessArgs) -> Result<Exit, Error> {
    match args.words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["supports", renderer] => return Ok(if supports(renderer) { Exit::AsWritten } else { Exit::Differs }),
        [] => {}
        _ => return Err(Error::usage("`guide preprocess` is called by mdBook", "make the site with `guide publish`")),
    }
    let (context, mut book) = mdbook_preprocessor::parse_input(std::io::stdin()).map_err(|error| {
        Error::usage(
            format!("what came on stdin is not mdBook's: {error}"),
            "make the site with `guide publish` or `mdbook build`",
        )
    })?;
    let settings = Settings { book: Some(context.root), ..settings.clone() };
    let (opened, views) = read_views(&settings, false)?;
    Annotator { src: opened.config.src.clone(), book: opened.book, views }.annotate(&mut book);
    let text = serde_json::to_string(&book).map_err(|error| Error::usage(format!("the book can't be written: {error}"), ""))?;
    report::write_data(&text);
    Ok(Exit::AsWritten)
}
