//! Finds steps in files that a chapter includes (`{{#include part.md}}`): mdBook shows them, but guide does not run them.

#![expect(clippy::disallowed_methods, reason = "`store` is the room that opens files")]

use std::cell::Cell;
use std::ops::Range;
use std::path::{Path, PathBuf};

use pulldown_cmark::{Event, Parser, Tag};
use regex::Regex;

use crate::book::{Book, Languages, MARKDOWN, Sources, parse_chapter};
use crate::ids::ChapterName;

/// How deeply mdBook follows includes in included files.
const DEEPEST: usize = 10;
/// The most files that are read for one include, because files may include each other.
const MOST_READ: usize = 200;
/// The longest text that is read, in bytes.
const LARGEST: u64 = 4 * 1024 * 1024;

/// One line for each include of a chapter that shows steps of another file. `root` is the book's folder.
pub(crate) fn included_steps(root: &Path, book: &Book) -> Vec<String> {
    let Ok(directive) = Regex::new(r"(\\?)\{\{\s*#(?:rustdoc_)?include\s+([^\s}]+)\s*\}\}") else {
        return Vec::new();
    };
    let reader = Reader { root, languages: &book.languages, directive, read: Cell::new(0) };
    let mut lines = Vec::new();
    for chapter in &book.chapters {
        let file = book.sources.file(chapter.source);
        for (line, words, path, part) in reader.includes(&file.text, &root.join(&file.path)) {
            let mut steps = Vec::new();
            reader.read.set(0);
            reader.steps(&path, &part, 1, &mut steps);
            if let Some(first) = steps.first() {
                let count = if steps.len() == 1 {
                    "a step".to_owned()
                } else {
                    format!("{} steps", steps.len())
                };
                let place = file.path.display();
                lines.push(format!(
                    "{place}:{line}: `{words}` shows {count} that guide never runs ({first}): move it into the chapter, or mark it `{{skip}}`"
                ));
            }
        }
    }
    lines
}

struct Reader<'a> {
    root: &'a Path,
    languages: &'a Languages,
    directive: Regex,
    read: Cell<usize>,
}

impl Reader<'_> {
    /// The includes of a text outside of code: the line, the text of the include, the file, and the part of the file.
    fn includes(&self, text: &str, file: &Path) -> Vec<(usize, String, PathBuf, String)> {
        if !text.contains("include") {
            return Vec::new();
        }
        let code: Vec<Range<usize>> = Parser::new_ext(text, MARKDOWN)
            .into_offset_iter()
            .filter_map(|(event, range)| {
                matches!(event, Event::Start(Tag::CodeBlock(_))).then_some(range)
            })
            .collect();
        let folder = file.parent().unwrap_or(self.root);
        let found = self.directive.captures_iter(text).filter(|found| found[1].is_empty());
        let outside = found.filter(|found| {
            let at = found.get(0).map_or(0, |whole| whole.start());
            !code.iter().any(|code| code.contains(&at))
        });
        outside
            .map(|found| {
                let whole = found.get(0).map_or(0..0, |whole| whole.range());
                let line = 1 + memchr::memchr_iter(b'\n', &text.as_bytes()[..whole.start]).count();
                let (path, part) = found[2].split_once(':').unwrap_or((&found[2], ""));
                (line, text[whole].to_owned(), folder.join(path), part.to_owned())
            })
            .collect()
    }

    /// Adds the places of the steps in an included file.
    fn steps(&self, path: &Path, part: &str, depth: usize, into: &mut Vec<String>) {
        self.read.set(self.read.get() + 1);
        if self.read.get() > MOST_READ
            || !std::fs::metadata(path).is_ok_and(|about| about.is_file() && about.len() <= LARGEST)
        {
            return;
        }
        let Ok(text) = std::fs::read_to_string(path) else { return };
        let lines = part_of(&text, part);
        let shown: String = text
            .lines()
            .skip(lines.start)
            .take(lines.len())
            .map(|line| format!("{line}\n"))
            .collect();
        let mut sources = Sources::default();
        let source = sources.add(path.to_owned(), shown.as_str());
        let (chapter, _) =
            parse_chapter(&sources, source, ChapterName::new("included"), "", self.languages);
        let place = path.strip_prefix(self.root).unwrap_or(path).display().to_string();
        into.extend(
            chapter
                .steps()
                .map(|step| format!("{place}:{}", lines.start + step.span.line as usize)),
        );
        if depth < DEEPEST {
            for (_, _, inner, part) in self.includes(&shown, path) {
                self.steps(&inner, &part, depth + 1, into);
            }
        }
    }
}

/// The lines (from 0) that an include names: `2:10`, `2:`, `:10`, `2`, the name of an anchor, or all.
fn part_of(text: &str, part: &str) -> Range<usize> {
    let all = text.lines().count();
    let mut ends = part.splitn(3, ':');
    let (first, last) = (ends.next().unwrap_or_default(), ends.next());
    let number = |text: &str| text.parse::<usize>().ok();
    if !first.is_empty() && number(first).is_none() {
        let line = |mark: &str| {
            text.lines().position(|line| {
                line.split_once(mark)
                    .is_some_and(|(_, name)| name.split_whitespace().next() == Some(first))
            })
        };
        return line("ANCHOR:").map_or(0..0, |start| start + 1..line("ANCHOR_END:").unwrap_or(all));
    }
    let start = number(first).map_or(0, |line| line.saturating_sub(1)).min(all);
    let end = match last {
        None if first.is_empty() => all,
        None => start + 1,
        Some(last) => number(last).unwrap_or(all),
    };
    start..end.clamp(start, all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_include_names_the_same_lines_as_in_mdbook() {
        let text = "1\n2\n<!-- ANCHOR: part -->\n4\n<!-- ANCHOR_END: part -->\n6\n";
        let part = |part| part_of(text, part);
        assert_eq!(
            [part(""), part("2:4"), part("2:"), part(":2"), part("2"), part("part"), part("9:12")],
            [0..6, 1..4, 1..6, 0..2, 1..2, 3..4, 6..6]
        );
    }
}
