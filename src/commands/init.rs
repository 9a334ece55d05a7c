//! `guide init`: a first book of one's own, that passes at once; or one made around a Markdown file that is there.

mod ci;

use std::path::{Component, Path, PathBuf};

use self::ci::{CiFiles, ci_files};
use super::survey::{Survey, survey};
use crate::cli::InitArgs;
use crate::cluster::private_kubeconfig;
use crate::error::{Error, Exit};
use crate::report::{self, BlockUse, SurveyedBlock};
use crate::settings::Settings;
use crate::store::{create_file, read_if_there, read_user_kubeconfigs};

const BOOK: &str = include_str!("init/book.toml");
const SUMMARY: &str = include_str!("init/SUMMARY.md");
const CHAPTER: &str = include_str!("init/chapter-1-first.md");
const NEW_CLUSTER: &str = include_str!("init/chapter-2-cluster.md");
const EXISTING_CLUSTER: &str = include_str!("init/chapter-2-existing.md");
const VALUES: &str = "greeting: Hello\n";
const IGNORED: &str = "/.guide/\n/book/\n*.snap.new\n*.json.new\n";

/// The cluster that a first book runs on.
#[derive(Debug, Clone, Copy)]
enum FirstCluster<'a> {
    /// None.
    Without,
    /// A kind cluster of this name, which the book makes.
    New(&'a str),
    /// A context of the user's kubeconfig.
    Existing(&'a str),
}

/// Which cluster the command line names.
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

/// Writes the book; says what it would run.
pub(super) fn init(settings: &Settings, args: &InitArgs) -> Result<Exit, Error> {
    let folder = settings.here.join(args.folder.as_deref().unwrap_or(&settings.here));
    let ci = args.ci.map(|system| ci_files(system, &folder)).transpose()?;
    let only_ci = args.from.is_none() && args.cluster.is_none() && args.title.is_none();
    if let Some(ci) = ci.as_ref().filter(|_| only_ci && folder.join("book.toml").is_file()) {
        return write_ci(settings, ci);
    }
    let title = args.title.clone().unwrap_or_else(|| "My book".to_owned());
    let cluster = first_cluster(settings, args)?;
    let adopted = args
        .from
        .as_ref()
        .map(|from| Adopted::read(&settings.here.join(from), &from.display().to_string()))
        .transpose()?;
    let mut files = match &adopted {
        Some(adopted) => adopted.files(),
        None => as_bytes(first_book(chapter_of(cluster))),
    };
    let mut toml = book_toml(&title, cluster);
    if let Some(from) = &args.from {
        // Its commands were written for a reader who stands beside the document.
        toml.push_str(&format!("cwd = {:?}\n", folder_of(&settings.here.join(from), &folder)));
    }
    files.push(("book.toml".into(), toml.into_bytes()));
    files.push((".gitignore".into(), IGNORED.as_bytes().to_owned()));
    if let Some((name, _)) =
        files.iter().find(|(name, _)| name != ".gitignore" && folder.join(name).exists())
    {
        let message =
            format!("`{}` is there already; nothing was written", folder.join(name).display());
        return Err(Error::usage(message, "name another folder: guide init FOLDER"));
    }
    files.sort();
    for (name, text) in &files {
        let path = folder.join(name);
        if name != ".gitignore" || !path.exists() {
            create_file(&path, text)?;
        }
    }
    let shown: Vec<PathBuf> =
        files.iter().map(|(name, _)| args.folder.clone().unwrap_or_default().join(name)).collect();
    match adopted {
        Some(adopted) => {
            report::eprint(&report::survey_text(&adopted.survey.told));
            report::print(&report::adopted_text(
                &shown,
                args.folder.as_deref(),
                &adopted.survey.told,
            ))?;
        }
        None => {
            let programs = match cluster {
                FirstCluster::Without => "",
                FirstCluster::New(_) => "kind and kubectl",
                FirstCluster::Existing(_) => "kubectl",
            };
            report::print(&report::initialised_text(&shown, args.folder.as_deref(), programs))?;
        }
    }
    ci.map_or(Ok(Exit::AsWritten), |ci| write_ci(settings, &ci))
}

/// Writes the files for a code host, and says what its author has to fill in.
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

/// Somebody's document, on its way to be the only chapter of a book.
struct Adopted {
    survey: Survey,
    chapter: Vec<u8>,
}

impl Adopted {
    fn read(path: &Path, shown: &str) -> Result<Self, Error> {
        let bytes = read_if_there(path)?.ok_or_else(|| {
            Error::usage(format!("there is no file {shown}"), "name a Markdown file")
        })?;
        if bytes.starts_with(&[0xFF, 0xFE])
            || bytes.starts_with(&[0xFE, 0xFF])
            || bytes.contains(&0)
        {
            return Err(Error::usage(
                format!("{shown} is not UTF-8 but looks like UTF-16; nothing was written"),
                "save it as UTF-8",
            ));
        }
        Ok(match std::str::from_utf8(&bytes) {
            Ok(text) => {
                let survey = survey(shown, text);
                let chapter = survey.chapter.clone().into_bytes();
                Self { survey, chapter }
            }
            // Every byte as one character, so that each goes back as it came.
            Err(error) => {
                let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
                let mut survey = survey(shown, &text);
                let line = 1 + memchr::memchr_iter(b'\n', &bytes[..error.valid_up_to()]).count();
                survey.told.insert(0, not_utf8(line));
                let chapter =
                    survey.chapter.chars().map(|next| u8::try_from(next).unwrap_or(b'?')).collect();
                Self { survey, chapter }
            }
        })
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

fn not_utf8(line: usize) -> SurveyedBlock {
    let message = "it is not UTF-8; its bytes were left as they are".to_owned();
    SurveyedBlock {
        line: u32::try_from(line).unwrap_or(1),
        fate: BlockUse::Wrong(message),
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

fn book_toml(title: &str, cluster: FirstCluster<'_>) -> String {
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
    text
}
