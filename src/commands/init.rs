//! `guide init`: a first book of one's own, that passes at once; or one made around a Markdown file that is there.

use std::path::PathBuf;

use super::survey::survey;
use crate::cli::InitArgs;
use crate::error::{Error, Exit};
use crate::report;
use crate::settings::Settings;
use crate::store::{create_file, read_text};

const BOOK: &str = include_str!("init/book.toml");
const SUMMARY: &str = include_str!("init/SUMMARY.md");
const CHAPTER: &str = include_str!("init/chapter-1-first.md");
const CLUSTER: &str = include_str!("init/chapter-2-cluster.md");
const VALUES: &str = "greeting: Hello\n";
const IGNORED: &str = "/.guide/\n/book/\n*.snap.new\n*.json.new\n";

/// Writes the book; says what it would run.
pub fn init(settings: &Settings, args: &InitArgs) -> Result<Exit, Error> {
    let folder = settings.here.join(args.folder.as_deref().unwrap_or(&settings.here));
    let title = args.title.clone().unwrap_or_else(|| "My book".to_owned());
    let mut files = match &args.from {
        Some(from) => from_markdown(settings, from)?,
        None => first_book(args.cluster.is_some()),
    };
    files.push(("book.toml".into(), book_toml(&title, args.cluster.as_deref())));
    files.push((".gitignore".into(), IGNORED.to_owned()));
    if let Some((name, _)) = files.iter().find(|(name, _)| name != ".gitignore" && folder.join(name).exists()) {
        let message = format!("`{}` is there already; nothing was written", folder.join(name).display());
        return Err(Error::usage(message, "name another folder: guide init FOLDER"));
    }
    files.sort();
    for (name, text) in &files {
        let path = folder.join(name);
        if name != ".gitignore" || !path.exists() {
            create_file(&path, text)?;
        }
    }
    let shown: Vec<PathBuf> = files.iter().map(|(name, _)| args.folder.clone().unwrap_or_default().join(name)).collect();
    report::write_data(&report::initialised(&shown, args.folder.as_deref(), args.cluster.is_some()));
    Ok(Exit::AsWritten)
}

fn first_book(cluster: bool) -> Vec<(String, String)> {
    let mut summary = SUMMARY.to_owned();
    let mut files =
        vec![("guide/chapter-1-first.md".to_owned(), CHAPTER.to_owned()), ("guide/values.yaml".to_owned(), VALUES.to_owned())];
    if cluster {
        summary.push_str("- [On the cluster](chapter-2-cluster.md)\n");
        files.push(("guide/chapter-2-cluster.md".to_owned(), CLUSTER.to_owned()));
    }
    files.push(("guide/SUMMARY.md".to_owned(), summary));
    files
}

/// The file as the only chapter, as it is; block by block it is said what would run.
fn from_markdown(settings: &Settings, from: &std::path::Path) -> Result<Vec<(String, String)>, Error> {
    let text = read_text(&settings.here.join(from))?;
    let told = survey(&from.display().to_string(), &text);
    report::write_talk(&report::survey_text(&told));
    Ok(vec![
        ("guide/SUMMARY.md".to_owned(), "# Summary\n\n- [Chapter 1](chapter-1.md)\n".to_owned()),
        ("guide/chapter-1.md".to_owned(), text),
        ("guide/values.yaml".to_owned(), "{}\n".to_owned()),
    ])
}

fn book_toml(title: &str, cluster: Option<&str>) -> String {
    let mut text = BOOK.replace("TITLE", &title.replace(['"', '\\'], "'"));
    if let Some(name) = cluster {
        text.push_str(&format!("cluster = \"{name}\"\ncontext = \"kind-{name}\"\n"));
    }
    text
}
