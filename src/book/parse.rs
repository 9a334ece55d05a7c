//! The texts of a book → [`Book`], with every problem of every file.

use std::collections::HashMap;
use std::collections::hash_map::{Entry, OccupiedEntry};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::ScopedJoinHandle;

use super::chapter::{Block, Book, Chapter, StepBlock};
use super::chapter_text::read_chapter_text;
use super::cwd::plain_cwd;
use super::front_matter::read_front_matter;
use super::languages::Languages;
use super::problem::{Problem, Problems, Severity};
use super::source::{SourceId, Sources, Span};
use super::step_names::name_steps;
use crate::ids::{ChapterName, chapter_names};

/// The size in bytes below which parsing a book takes less time than starting threads.
const WORTH_A_THREAD: usize = 512 * 1024;

/// The texts of a book, as `store::source` reads them.
#[derive(Debug, Clone, Default)]
pub struct BookText {
    /// The title of `book.toml`.
    pub title: String,
    /// Every file that was read, including `book.toml` and SUMMARY.md.
    pub sources: Sources,
    /// The files of the chapters in the order of SUMMARY.md.
    pub chapters: Vec<ChapterSource>,
    /// `manifests/*.yaml.j2` beside the chapters: the name of the file to write (without `.j2`), and the template.
    pub shared_manifests: Vec<(String, SourceId)>,
    /// Languages whose fences are steps beside `bash` and `sh`.
    pub languages: Languages,
    /// The folder of the chapters, as messages show it. Names of chapters are relative to it.
    pub src: PathBuf,
}

/// A chapter's file.
#[derive(Debug, Clone)]
pub struct ChapterSource {
    /// Its text.
    pub source: SourceId,
    /// Title in SUMMARY.md.
    pub summary_title: String,
    /// Its link in SUMMARY.md, for problems.
    pub link: Option<Span>,
}

impl BookText {
    /// A book of these chapters (path, text), which need not be files.
    pub fn of_chapters<'a>(chapters: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut book = Self::default();
        for (path, text) in chapters {
            let source = book.sources.add(PathBuf::from(path), text);
            book.chapters.push(ChapterSource { source, summary_title: String::new(), link: None });
        }
        book
    }
}

/// Parses every chapter. The book contains everything that was understood; the problems describe the rest.
pub fn parse_book(text: BookText) -> (Book, Problems) {
    let BookText { title, sources, chapters, shared_manifests, languages, src } = text;
    let mut problems = Problems::new();
    let mut first: HashMap<Arc<Path>, Option<Span>> = HashMap::new();
    let paths: Vec<Arc<Path>> =
        chapters.iter().map(|chapter| sources.file(chapter.source).path.clone()).collect();
    let names = chapter_names(paths.iter().map(|path| path.strip_prefix(&src).unwrap_or(path)));
    let mut named = Vec::with_capacity(chapters.len());
    for ((chapter, path), name) in chapters.into_iter().zip(paths).zip(names) {
        match first.entry(path) {
            Entry::Occupied(earlier) => problems.push(named_twice(&chapter, &earlier)),
            Entry::Vacant(entry) => {
                entry.insert(chapter.link);
                named.push((chapter, name));
            }
        }
    }
    let mut parsed = Vec::with_capacity(named.len());
    for (chapter, more) in parse_chapters(&sources, &named, &languages) {
        parsed.push(chapter);
        problems.extend(more);
    }
    (Book { title, sources, chapters: parsed, shared_manifests, languages }, problems)
}

fn named_twice(
    chapter: &ChapterSource,
    earlier: &OccupiedEntry<'_, Arc<Path>, Option<Span>>,
) -> Problem {
    let message = format!("SUMMARY.md names {} twice", earlier.key().display());
    let mut problem =
        Problem::without_span(message).hint("remove one of the links: a file is one chapter");
    problem.span = chapter.link;
    problem.labels.extend(earlier.get().map(|link| (link, "first named here".to_owned())));
    problem
}

type Parsed = (Chapter, Problems);

/// Parses the chapters, in several threads if the book is large. The result has the order of the chapters.
fn parse_chapters(
    sources: &Sources,
    chapters: &[(ChapterSource, ChapterName)],
    languages: &Languages,
) -> Vec<Parsed> {
    let parse = &|part: &[(ChapterSource, ChapterName)]| -> Vec<Parsed> {
        let one = |(chapter, name): &(ChapterSource, ChapterName)| {
            let title = &chapter.summary_title;
            parse_chapter(sources, chapter.source, name.clone(), title, languages)
        };
        part.iter().map(one).collect()
    };
    let bytes: usize =
        chapters.iter().map(|(chapter, _)| sources.file(chapter.source).text.len()).sum();
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    if bytes < WORTH_A_THREAD || threads == 1 {
        return parse(chapters);
    }
    std::thread::scope(|scope| {
        let start = |part| {
            let worker = std::thread::Builder::new().spawn_scoped(scope, move || parse(part));
            worker.map_err(|_| part)
        };
        let parts = chapters.chunks(chapters.len().div_ceil(threads).max(1));
        let workers: Vec<_> = parts.map(start).collect();
        // If the system refuses a thread, this one parses its part.
        let finish = |worker: Result<ScopedJoinHandle<'_, Vec<Parsed>>, &_>| match worker {
            Ok(worker) => worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            Err(part) => parse(part),
        };
        workers.into_iter().flat_map(finish).collect()
    })
}

/// Parses one chapter's text.
pub(crate) fn parse_chapter(
    sources: &Sources,
    source: SourceId,
    name: ChapterName,
    summary_title: &str,
    languages: &Languages,
) -> (Chapter, Problems) {
    let mut problems = Problems::new();
    let text = &sources.file(source).text;
    problems.extend(odd_line_end(source, text));
    let (front, from) = read_front_matter(source, text, &mut problems);
    let mut read = read_chapter_text(source, text, from, languages, &mut problems);
    let heading = read.title.take().filter(|title| !title.is_empty());
    let title = front.title.clone().or(heading).unwrap_or_else(|| {
        if summary_title.is_empty() { name.as_str().to_owned() } else { summary_title.to_owned() }
    });
    let mut blocks = name_steps(read, &mut problems);
    resolve_folders(&mut blocks, &sources.file(source).path);
    problems.sort_by_key(|problem| problem.span.map(|span| span.start));
    let (errors, notes) =
        problems.into_iter().partition(|problem| problem.severity <= Severity::Unrunnable);
    (Chapter { name, title, source, front, blocks, notes }, errors)
}

/// Makes `cwd=` of every step independent of the chapter's file.
fn resolve_folders(blocks: &mut [Block], file: &Path) {
    for block in blocks {
        if let Block::Step(StepBlock { attributes, .. }) = block
            && let Some(written) = &attributes.cwd
        {
            attributes.cwd = Some(plain_cwd(written, file));
        }
    }
}

/// A lone carriage return that ends a line. It ends a line for Markdown but not for editors and bash, so that they would read another
/// text. Within a line, for example of a progress bar in an `output` fence, it is accepted.
fn odd_line_end(source: SourceId, text: &str) -> Option<Problem> {
    let bytes = text.as_bytes();
    let only = !bytes.contains(&b'\n');
    let ends_line = |at: &usize| {
        let rest = &text[at + 1..];
        let next = rest.trim_start_matches(' ');
        !rest.starts_with('\n')
            && !rest.is_empty()
            && (only
                || (rest.len() - next.len() < 4
                    && (next.starts_with("```") || next.starts_with("~~~"))))
    };
    let at = memchr::memchr_iter(b'\r', bytes).find(ends_line)?;
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let line = 1 + memchr::memchr_iter(b'\n', &bytes[..at]).count();
    let span = Span { source, start: number(at), end: number(at + 1), line: number(line) };
    Some(
        Problem::at(span, "a line of this chapter ends with a lone carriage return")
            .hint("save the file with the line ends of Unix (LF) or Windows (CRLF)"),
    )
}
