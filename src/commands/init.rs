//! `guide init`: writes a first book, which passes at once, or a book around an existing Markdown file.

#![expect(
    clippy::disallowed_methods,
    reason = "it only looks whether a file is in the way; `store` writes the files"
)]

mod ci;

use std::path::{Component, Path, PathBuf};

use self::ci::{CiFiles, ci_files};
use crate::cli::InitArgs;
use crate::cluster::private_kubeconfig;
use crate::error::{Error, Exit};
use crate::report;
use crate::settings::Settings;
use crate::shell::syntax_errors;
use crate::store::{create_file, read_if_there, read_user_kubeconfigs};
use crate::survey::{BlockUse, Survey, SurveyedBlock, survey};

const BOOK: &str = include_str!("init/book.toml");
const SUMMARY: &str = include_str!("init/SUMMARY.md");
const CHAPTER: &str = include_str!("init/chapter-1-first.md");
const NEW_CLUSTER: &str = include_str!("init/chapter-2-cluster.md");
const EXISTING_CLUSTER: &str = include_str!("init/chapter-2-existing.md");
const VALUES: &str = "greeting: Hello\n";
const GITIGNORE: &str = ".gitignore";
const IGNORED: &str = "/.guide/\n/book/\n*.snap.new\n*.json.new\n";

/// The cluster that a first book runs on.
#[derive(Debug, Clone, Copy)]
enum FirstCluster<'a> {
    /// The book needs no cluster.
    Without,
    /// A kind cluster of this name, which the book makes.
    New(&'a str),
    /// A context of the user's kubeconfig.
    Existing(&'a str),
}

/// The cluster that the command line names.
///
/// # Errors
/// When it names two, or a context that the user's kubeconfig does not have.
fn first_cluster<'a>(
    settings: &'a Settings,
    args: &'a InitArgs,
) -> Result<FirstCluster<'a>, Error> {
    match (&args.cluster, &settings.context) {
        (Some(_), Some(_)) => Err(Error::usage(
            "`--cluster` makes a new cluster and `--context` names one that exists",
            "choose one of the two",
        )),
        (Some(name), None) => Ok(FirstCluster::New(name)),
        (None, Some(context)) => {
            let files = read_user_kubeconfigs(&settings.user_kubeconfigs())?;
            if !files.is_empty() {
                private_kubeconfig(&files, Some(context)).map_err(Error::Usage)?;
            }
            Ok(FirstCluster::Existing(context))
        }
        (None, None) => Ok(FirstCluster::Without),
    }
}

/// Writes the book, and reports what it would run.
pub(super) fn init(settings: &Settings, args: &InitArgs) -> Result<Exit, Error> {
    let folder = settings.here.join(args.folder.as_deref().unwrap_or(&settings.here));
    let ci = args.ci.map(|system| ci_files(system, &folder)).transpose()?;
    let only_ci = args.from.is_none() && args.cluster.is_none() && args.title.is_none();
    if let Some(ci) = ci.as_ref().filter(|_| only_ci && folder.join("book.toml").is_file()) {
        return write_ci(settings, ci);
    }
    let cluster = first_cluster(settings, args)?;
    let document = match &args.from {
        Some(from) => Some(Document::read(&settings.here.join(from), &from.display().to_string())?),
        None => None,
    };
    let mut files = match &document {
        Some(document) => document.files(),
        None => as_bytes(first_book(chapter_of(cluster))),
    };
    files.push(("book.toml".to_owned(), book_toml(settings, args, &folder, cluster).into_bytes()));
    files.push((GITIGNORE.to_owned(), IGNORED.as_bytes().to_owned()));
    files.sort();
    write_new(&folder, &files)?;
    let shown = |name: &String| args.folder.clone().unwrap_or_default().join(name);
    let shown: Vec<PathBuf> = files.iter().map(|(name, _)| shown(name)).collect();
    match document {
        Some(document) => {
            let blocks = &document.survey.blocks;
            report::eprint(&report::survey_text(blocks));
            report::print(&report::adopted_text(&shown, args.folder.as_deref(), blocks))?;
        }
        None => {
            let programs = programs_of(cluster);
            report::print(&report::initialised_text(&shown, args.folder.as_deref(), programs))?;
        }
    }
    ci.map_or(Ok(Exit::AsWritten), |ci| write_ci(settings, &ci))
}

/// Writes the files for a code host, and names what the author still has to do.
fn write_ci(settings: &Settings, ci: &CiFiles) -> Result<Exit, Error> {
    for (path, text) in &ci.files {
        create_file(path, text.as_bytes())?;
    }
    let shown = |path: &PathBuf| {
        path.strip_prefix(&settings.here).map_or_else(|_| path.clone(), Path::to_owned)
    };
    let files: Vec<PathBuf> = ci.files.iter().map(|(path, _)| shown(path)).collect();
    report::print(&report::ci_text(&files, &ci.notes))?;
    Ok(Exit::AsWritten)
}

/// Writes the files, of which only `.gitignore` may exist already.
fn write_new(folder: &Path, files: &[(String, Vec<u8>)]) -> Result<(), Error> {
    let existing = files.iter().map(|(name, _)| folder.join(name)).filter(|path| path.exists());
    let existing: Vec<PathBuf> = existing.collect();
    if let Some(path) = existing.iter().find(|path| !path.ends_with(GITIGNORE)) {
        let message = format!("`{}` exists already; nothing was written", path.display());
        return Err(Error::usage(message, "name another folder: guide init FOLDER"));
    }
    for (name, text) in files {
        let path = folder.join(name);
        if !existing.contains(&path) {
            create_file(&path, text)?;
        }
    }
    Ok(())
}

/// The programs that the chapter on the cluster needs.
fn programs_of(cluster: FirstCluster<'_>) -> &'static str {
    match cluster {
        FirstCluster::Without => "",
        FirstCluster::New(_) => "kind and kubectl",
        FirstCluster::Existing(_) => "kubectl",
    }
}

fn chapter_of(cluster: FirstCluster<'_>) -> Option<&'static str> {
    match cluster {
        FirstCluster::Without => None,
        FirstCluster::New(_) => Some(NEW_CLUSTER),
        FirstCluster::Existing(_) => Some(EXISTING_CLUSTER),
    }
}

fn first_book(cluster: Option<&str>) -> Vec<(String, String)> {
    let mut summary = SUMMARY.to_owned();
    let mut files = vec![
        ("guide/chapter-1-first.md".to_owned(), CHAPTER.to_owned()),
        ("guide/values.yaml".to_owned(), VALUES.to_owned()),
    ];
    if let Some(chapter) = cluster {
        summary.push_str("- [On the cluster](chapter-2-cluster.md)\n");
        files.push(("guide/chapter-2-cluster.md".to_owned(), chapter.to_owned()));
    }
    files.push(("guide/SUMMARY.md".to_owned(), summary));
    files
}

fn as_bytes(files: Vec<(String, String)>) -> Vec<(String, Vec<u8>)> {
    files.into_iter().map(|(name, text)| (name, text.into_bytes())).collect()
}

/// An existing document that becomes the only chapter of a book.
struct Document {
    survey: Survey,
    chapter: Vec<u8>,
}

impl Document {
    fn read(path: &Path, shown: &str) -> Result<Self, Error> {
        let bytes = read_if_there(path)?.ok_or_else(|| {
            Error::usage(format!("there is no file {shown}"), "name a Markdown file")
        })?;
        let is_utf16 = bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]);
        if is_utf16 || bytes.contains(&0) {
            return Err(Error::usage(
                format!("{shown} is not UTF-8 but looks like UTF-16; nothing was written"),
                "save it as UTF-8",
            ));
        }
        Ok(match std::str::from_utf8(&bytes) {
            Ok(text) => {
                let survey = survey(shown, text, parses);
                let chapter = survey.chapter.clone().into_bytes();
                Self { survey, chapter }
            }
            Err(error) => Self::of_other_bytes(&bytes, shown, error.valid_up_to()),
        })
    }

    /// A text that is not UTF-8 from the byte `valid` on. Each byte becomes one character, so that every byte is written unchanged.
    fn of_other_bytes(bytes: &[u8], shown: &str, valid: usize) -> Self {
        let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
        let mut survey = survey(shown, &text, parses);
        let line = 1 + memchr::memchr_iter(b'\n', &bytes[..valid]).count();
        survey.blocks.insert(0, not_utf8(line));
        let chapter = survey.chapter.chars().map(|next| u8::try_from(next).unwrap_or(b'?'));
        Self { chapter: chapter.collect(), survey }
    }

    fn files(&self) -> Vec<(String, Vec<u8>)> {
        let summary = "# Summary\n\n- [Chapter 1](chapter-1.md)\n";
        vec![
            ("guide/SUMMARY.md".to_owned(), summary.as_bytes().to_owned()),
            ("guide/chapter-1.md".to_owned(), self.chapter.clone()),
            ("guide/values.yaml".to_owned(), b"{}\n".to_vec()),
        ]
    }
}

/// Whether bash can parse each script. Without bash every script counts as correct.
fn parses(scripts: &[&str]) -> Vec<bool> {
    match syntax_errors(scripts) {
        Ok(errors) => errors.iter().map(Option::is_none).collect(),
        Err(_) => vec![true; scripts.len()],
    }
}

fn not_utf8(line: usize) -> SurveyedBlock {
    let message = "the text is not UTF-8; its bytes were copied unchanged".to_owned();
    SurveyedBlock {
        line: u32::try_from(line).unwrap_or(1),
        usage: BlockUse::Wrong(message),
        first: "save guide/chapter-1.md as UTF-8".to_owned(),
    }
}

/// The folder of a document as `cwd` names it in the book of this folder.
fn folder_of(document: &Path, book: &Path) -> String {
    let tidy = |path: &Path| {
        let mut tidy = PathBuf::new();
        for part in path.components() {
            match part {
                Component::CurDir => {}
                Component::ParentDir => drop(tidy.pop()),
                other => tidy.push(other),
            }
        }
        tidy
    };
    let (folder, book) = (tidy(document.parent().unwrap_or(Path::new("/"))), tidy(book));
    if folder == book {
        return "book".to_owned();
    }
    match book.strip_prefix(&folder) {
        Ok(below) => vec![".."; below.components().count()].join("/"),
        Err(_) => folder.strip_prefix(&book).unwrap_or(&folder).display().to_string(),
    }
}

fn book_toml(
    settings: &Settings,
    args: &InitArgs,
    folder: &Path,
    cluster: FirstCluster<'_>,
) -> String {
    let title = args.title.as_deref().unwrap_or("My book");
    let mut text = BOOK.replace("TITLE", &title.replace(['"', '\\'], "'"));
    match cluster {
        FirstCluster::Without => {}
        FirstCluster::New(name) => {
            text.push_str(&format!("cluster = \"{name}\"\ncontext = \"kind-{name}\"\n"));
        }
        FirstCluster::Existing(context) => {
            let context = toml::Value::from(context);
            text.push_str(&format!("context = {context}\n"));
        }
    }
    if let Some(from) = &args.from {
        // The commands were written for a reader who works in the folder of the document.
        text.push_str(&format!("cwd = {:?}\n", folder_of(&settings.here.join(from), folder)));
    }
    text
}
