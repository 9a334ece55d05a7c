//! A Markdown file block by block: what of it `guide run` would run, what that would change as far as its words prove it, and the
//! chapter in which every doubtful block is marked `{skip}`.

use std::collections::HashSet;

use super::effects::{effect_of, functions_of};
use crate::book::{
    Block, Book, BookText, ListedFence, Problem, Severity, Span, StepBlock, list_fences, parse_book,
};
use crate::report::{BlockUse, ChangeTarget, SurveyedBlock};
use crate::shell::syntax_errors;

/// A document as it was found, and the chapter made of it.
pub(super) struct Survey {
    /// Every block, in order.
    pub told: Vec<SurveyedBlock>,
    /// The document, the doubtful blocks marked.
    pub chapter: String,
}

/// Looks at every fence of the text.
pub(super) fn survey(name: &str, text: &str) -> Survey {
    let (book, problems) = parse_book(BookText::of_chapters([(name, text)]));
    let blocks: Vec<&Block> = book.chapters.iter().flat_map(|chapter| &chapter.blocks).collect();
    let steps: Vec<&StepBlock> =
        book.chapters.iter().flat_map(crate::book::Chapter::steps).collect();
    let errors = syntax_errors(&steps.iter().map(|step| &*step.script).collect::<Vec<_>>())
        .unwrap_or_default();
    let unparsed: Vec<u32> = steps
        .iter()
        .zip(errors)
        .filter(|(_, error)| error.is_some())
        .map(|(step, _)| step.span.line)
        .collect();
    let mut functions = HashSet::new();
    steps.iter().for_each(|step| functions_of(&step.script, &mut functions));
    let mut told: Vec<SurveyedBlock> = blocks
        .iter()
        .map(|block| block_fate(&book, block, &problems, &unparsed, &functions))
        .collect();
    let from = book
        .chapters
        .first()
        .and_then(|chapter| chapter.front.span)
        .map_or(0, |span| span.end as usize);
    let seen = list_fences(
        text,
        text[from..].find('\n').map_or(from, |end| from + end + 1).min(text.len())
            * usize::from(from > 0),
    );
    told.extend(seen.iter().filter_map(|fence| shown(fence, &blocks, &book)));
    told.extend(problems.iter().filter(|problem| !is_inside_of_a_step(problem, &steps)).map(wrong));
    told.sort_by_key(|one| one.line);
    let chapter = mark(text, &seen, &told);
    name_as_marked(&mut told, name, &chapter);
    Survey { told, chapter }
}

/// A step without `name=` is named by its heading and counted, so that its name depends on which steps before it are marked
/// `{skip}`: the names are those of the marked chapter. Marking adds no line.
fn name_as_marked(told: &mut [SurveyedBlock], name: &str, chapter: &str) {
    let (book, _) = parse_book(BookText::of_chapters([(name, chapter)]));
    for step in book.chapters.iter().flat_map(crate::book::Chapter::steps) {
        for one in told.iter_mut().filter(|one| one.line == step.span.line) {
            if let BlockUse::Runs(name, _) = &mut one.fate {
                *name = step.name.to_string();
            }
        }
    }
}

fn block_fate(
    book: &Book,
    block: &Block,
    problems: &[Problem],
    unparsed: &[u32],
    functions: &HashSet<String>,
) -> SurveyedBlock {
    match block {
        Block::Manifest(manifest) => SurveyedBlock {
            line: manifest.span.line,
            fate: BlockUse::Rendered(manifest.file.clone()),
            first: first_line(&manifest.template),
        },
        Block::Step(step) => {
            let effect = effect_of(&step.script, functions);
            let fate = match doubt(book, step, problems, unparsed).or_else(|| {
                let risky = effect
                    .changes
                    .iter()
                    .any(|touch| matches!(touch, ChangeTarget::Machine | ChangeTarget::Outside(_)));
                (risky || !effect.doubts.is_empty()).then(|| effect.to_string())
            }) {
                Some(why) => BlockUse::Skipped(why),
                None => BlockUse::Runs(step.name.to_string(), effect),
            };
            SurveyedBlock { line: step.span.line, fate, first: first_line(&step.script) }
        }
    }
}

/// What stands against running a step, whatever it changes.
fn doubt(book: &Book, step: &StepBlock, problems: &[Problem], unparsed: &[u32]) -> Option<String> {
    let notes = book
        .chapters
        .iter()
        .flat_map(|chapter| &chapter.notes)
        .filter(|note| note.severity == Severity::Warning);
    let found = problems
        .iter()
        .chain(notes)
        .find(|problem| problem.span.is_some_and(|span| is_inside(span, step.span)));
    let unparsed = || unparsed.contains(&step.span.line).then(|| "bash can't parse it".to_owned());
    found.map(|problem| problem.message.clone()).or_else(unparsed)
}

fn is_inside(span: Span, fence: Span) -> bool {
    (fence.start..fence.end).contains(&span.start)
}

fn is_inside_of_a_step(problem: &Problem, steps: &[&StepBlock]) -> bool {
    problem.span.is_some_and(|span| steps.iter().any(|step| is_inside(span, step.span)))
}

fn wrong(problem: &Problem) -> SurveyedBlock {
    let first = problem.hint.clone().unwrap_or_default();
    SurveyedBlock {
        line: problem.span.map_or(0, |span| span.line),
        fate: BlockUse::Wrong(problem.message.clone()),
        first,
    }
}

/// A fence that is not run, and what would make a step of one that looks like commands.
fn shown(fence: &ListedFence, blocks: &[&Block], book: &Book) -> Option<SurveyedBlock> {
    let is_told = blocks.iter().any(|block| match block {
        Block::Step(step) => {
            step.span.line == fence.line
                || step.expected.as_ref().is_some_and(|output| output.span.line == fence.line)
        }
        Block::Manifest(manifest) => manifest.span.line == fence.line,
    });
    if is_told {
        return None;
    }
    let notes = book.chapters.iter().flat_map(|chapter| &chapter.notes);
    let note = notes
        .filter(|note| note.span.is_some_and(|span| span.line == fence.line))
        .find_map(|note| note.hint.clone());
    let language = fence.info.split([' ', ',', '{']).next().unwrap_or_default();
    let why = match note {
        Some(hint) => format!("is not run: {hint}"),
        None if language.is_empty() && fence.info.is_empty() => {
            "is not run: write `bash` after the fence, without prompts, to have it run".to_owned()
        }
        None => "is prose: not run".to_owned(),
    };
    let first = if fence.info.is_empty() { "(no language)".to_owned() } else { fence.info.clone() };
    Some(SurveyedBlock { line: fence.line, fate: BlockUse::Shown(why), first })
}

fn first_line(script: &str) -> String {
    script
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty() && !line.starts_with('#'))
        .unwrap_or_default()
        .to_owned()
}

/// The text with `skip` and the reason in the braces of every doubtful block, and not a byte else changed.
fn mark(text: &str, seen: &[ListedFence], told: &[SurveyedBlock]) -> String {
    let mut marked = String::with_capacity(text.len());
    let mut from = 0;
    for fence in seen {
        let why = told.iter().find_map(|one| match &one.fate {
            BlockUse::Skipped(why) if one.line == fence.line => Some(why),
            _ => None,
        });
        let Some(why) = why else { continue };
        let why: String = why
            .chars()
            .map(|next| if "\"\\`{}\n\r".contains(next) || !next.is_ascii() { '\'' } else { next })
            .collect();
        let open = fence.info.find('{').map(|at| fence.info_at.start + at + 1);
        let (at, words) = match open {
            Some(at) if text[at..].trim_start().starts_with('"') => {
                (at, format!("\"skip\":true,\"why\":\"{why}\","))
            }
            Some(at) => (at, format!("skip why=\"{why}\" ")),
            None => (fence.info_at.end, format!(" {{skip why=\"{why}\"}}")),
        };
        marked.push_str(&text[from..at]);
        marked.push_str(&words);
        from = at;
    }
    marked.push_str(&text[from..]);
    marked
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fates(text: &str) -> Vec<(u32, String)> {
        let name = |fate: &BlockUse| match fate {
            BlockUse::Runs(_, effect) => format!("runs: {effect}"),
            BlockUse::Skipped(why) => format!("skipped: {why}"),
            BlockUse::Rendered(file) => format!("rendered: {file}"),
            BlockUse::Shown(why) => why.clone(),
            BlockUse::Wrong(why) => format!("wrong: {why}"),
        };
        survey("r.md", text).told.iter().map(|one| (one.line, name(&one.fate))).collect()
    }

    #[test]
    fn every_fence_is_told_once_in_its_order() {
        let text = "# T\n\n```bash\nls\n```\n\n```console\n$ ls\n```\n\n```yaml\na: 1\n```\n\n```bash {name=x\nls\n```\n";
        let fates = fates(text);
        assert_eq!(
            fates.iter().map(|(line, _)| *line).collect::<Vec<_>>(),
            [3, 7, 11, 15],
            "{fates:?}"
        );
        assert_eq!(fates[0].1, "runs: only looks");
        assert!(
            fates[1].1.starts_with("is not run: write `languages = [\"console\"]`"),
            "{fates:?}"
        );
        assert_eq!(fates[2].1, "is prose: not run");
        assert_eq!(fates[3].1, "skipped: this brace is not closed");
    }

    #[test]
    fn doubtful_blocks_are_marked_and_the_marked_chapter_is_right() {
        let text = "# T\r\n\r\n```bash\r\nsudo rm x\r\n```\r\n\r\n- a\n\n  ```sh {name=a timeout=2m}\n  ./x \"y\"\n  ```\n\n\
                    ```bash {\"name\":\"b\"}\n$ ls\n```\n\n```bash title=\"x\"\nif true\n```\n\n~~~bash\nkubectl get pod <pod>\n~~~\n\n```bash\nls\n```\n";
        let survey = survey("r.md", text);
        assert_eq!(
            survey.told.iter().filter(|one| matches!(one.fate, BlockUse::Skipped(_))).count(),
            5,
            "{:?}",
            survey.told
        );
        let (book, problems) =
            parse_book(BookText::of_chapters([("r.md", survey.chapter.as_str())]));
        assert_eq!(problems, []);
        assert_eq!(
            book.chapters[0].steps().map(|step| step.script.to_string()).collect::<Vec<_>>(),
            ["ls\n"]
        );
        assert!(
            survey.chapter.contains("```bash {skip why=\"changes THE MACHINE ITSELF\"}\r\n"),
            "{}",
            survey.chapter
        );
        assert!(survey.chapter.contains("title=\"x\" {skip why="), "{}", survey.chapter);
    }

    #[test]
    fn steps_are_named_as_in_the_marked_chapter() {
        let text = "# T\n\n```bash\nsudo rm x\n```\n\n```bash\nls\n```\n\n```bash\npwd\n```\n";
        let survey = survey("r.md", text);
        let names: Vec<&str> = survey
            .told
            .iter()
            .filter_map(|one| match &one.fate {
                BlockUse::Runs(name, _) => Some(name.as_str()),
                _ => None,
            })
            .collect();
        assert_eq!(names, ["t", "t-2"]);
        let (book, _) = parse_book(BookText::of_chapters([("r.md", survey.chapter.as_str())]));
        let steps = book.chapters[0].steps().map(|step| step.name.to_string());
        assert_eq!(steps.collect::<Vec<_>>(), names);
    }

    #[test]
    fn indented_code_is_no_fence_and_a_deep_closing_line_closes_none() {
        let fates =
            fates("    ```bash\n    rm x\n    ```\n\n```text\n    ```\n```\n\n```bash\nls\n```\n");
        assert_eq!(fates.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [5, 9], "{fates:?}");
    }
}
