//! What holds for any text: the parser never panics, no step is lost without a word, every place is true.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::plan::{PlanRequest, make_plan};
use crate::report::Style;
use crate::report::problem::draw_all;

/// Pieces that matter to the parser, to be strung together at random.
const PIECES: [&str; 44] = [
    "```bash {name=a}\n",
    "```bash\n",
    "```sh {verify timeout=2m}\n",
    "```\n",
    "````\n",
    "~~~\n",
    "~~~sh\n",
    "```output\n",
    "```yaml {file=a.yaml}\n",
    "```text\n",
    "> ",
    "- ",
    "1. ",
    "  ",
    "    ",
    "\t",
    "\n",
    "\r\n",
    "\n\n",
    "echo hello\n",
    "text é 日本",
    "---\n",
    "---\nneeds: [x]\n",
    "title: x\n",
    "# Heading `x`\n",
    "===\n",
    "<!--\n",
    "-->\n",
    "<div>\n",
    "</div>\n",
    "{",
    "}",
    "\"",
    "'",
    "\\",
    "=",
    "\0",
    "\u{feff}",
    "{{ x }}",
    "```bash {\"name\":\"x\",",
    "{skip}",
    "`",
    "<b>",
    "[a]: x\n",
];

/// More for a long search by `PROPTEST_CASES`.
pub(super) fn config() -> ProptestConfig {
    let config = ProptestConfig::default();
    ProptestConfig { cases: config.cases.max(600), ..config }
}

fn any_text() -> impl Strategy<Value = String> {
    let pieces =
        vec(proptest::sample::select(&PIECES[..]), 0..30).prop_map(|pieces| pieces.concat());
    prop_oneof![4 => pieces, 1 => any::<String>()]
}

fn check_place(sources: &Sources, span: Span) {
    let text = &sources.file(span.source).text;
    assert!(text.get(span.range()).is_some(), "{span:?} is no part of the text");
    let lines = text[..span.start as usize].matches('\n').count();
    assert_eq!(span.line as usize, lines + 1, "{span:?} {:?}", sources.text(span));
}

/// The script's lines are what stands at the end of the fence's lines.
fn check_body(sources: &Sources, span: Span, content: &str) {
    let fence = sources.text(span);
    assert!(fence.starts_with(['`', '~']), "{fence:?}");
    let lines: Vec<&str> = fence.split('\n').skip(1).collect();
    let content: Vec<&str> =
        content.split_inclusive('\n').map(|line| line.trim_end_matches('\n')).collect();
    assert_eq!(content.len() + 1, lines.len(), "{fence:?} {content:?}");
    for (line, own) in lines.iter().zip(content) {
        let line = line.strip_suffix('\r').unwrap_or(line);
        assert!(line.ends_with(own.trim_start()), "{line:?} {own:?}");
    }
}

/// A piece of a well-formed chapter: its text, and whether it opens a step.
fn well_formed() -> impl Strategy<Value = (String, bool)> {
    let script = vec(
        proptest::sample::select(
            &[
                "echo hello",
                "",
                "  if true; then",
                "\tx",
                "cat <<'END'",
                "# Heading",
                "- item",
                "> quote",
                "~~~",
                "``",
                "---",
            ][..],
        ),
        1..5,
    )
    .prop_map(|lines| format!("true\n{}\n", lines.join("\n")));
    let fenced = |info: &'static str, step: bool, script: String| {
        (format!("```{info}\n{script}```\n\n"), step)
    };
    let quoted = |prefix: &str, rest: &str, text: &str| {
        let lines: Vec<String> = text
            .trim_end()
            .lines()
            .map(|line| format!("{rest}{line}").trim_end_matches(' ').to_owned())
            .collect();
        format!("{prefix}{}\n\n", lines.join("\n")[rest.len()..].to_owned())
    };
    (0..9u8, script).prop_map(move |(kind, script)| match kind {
        0 => fenced("bash", true, script),
        1 => fenced("sh {timeout=2m}", true, script),
        2 => fenced("text", false, script),
        3 => fenced("bash {skip}", false, script),
        4 => (quoted("- ", "  ", &fenced("bash", true, script).0), true),
        5 => (quoted("> ", "> ", &fenced("bash", true, script).0), true),
        6 => (format!("<!--\n```bash\n{script}```\n-->\n\n"), false),
        7 => (format!("````text\n```bash\n{script}```\n````\n\n"), false),
        _ => ("Some text.\n\n## A heading\n\n".to_owned(), false),
    })
}

/// A fence that stands at the left edge, by the numbers of its lines from 0; `closing`: none up to the text's end.
struct OuterFence {
    opening: usize,
    length: usize,
    closing: Option<usize>,
}

/// `CommonMark`'s rule for fences, read anew from the lines alone: what opens one, and which later line may close it. Only for
/// texts of [`well_formed`] pieces, whose lists, quotes and comments are whole.
fn outer_fences(text: &str) -> Vec<OuterFence> {
    enum Inside {
        Nothing,
        Fence,
        /// A list, quote or comment up to this line.
        Other(&'static str),
    }
    let mut fences: Vec<OuterFence> = Vec::new();
    let mut inside = Inside::Nothing;
    for (number, line) in text.lines().enumerate() {
        let indent = line.len() - line.trim_start_matches(' ').len();
        let ticks = line[indent..].bytes().take_while(|byte| *byte == b'`').count();
        let info = &line[indent + ticks..];
        inside = match (inside, fences.last_mut()) {
            (Inside::Fence, Some(fence))
                if indent < 4 && ticks >= fence.length && info.trim().is_empty() =>
            {
                fence.closing = Some(number);
                Inside::Nothing
            }
            (Inside::Other(end), _) if line == end => Inside::Nothing,
            (Inside::Nothing, _) if line.starts_with("- ```") => Inside::Other("  ```"),
            (Inside::Nothing, _) if line.starts_with("> ```") => Inside::Other("> ```"),
            (Inside::Nothing, _) if line == "<!--" => Inside::Other("-->"),
            (Inside::Nothing, _) if indent < 4 && ticks >= 3 && !info.contains('`') => {
                fences.push(OuterFence { opening: number, length: ticks, closing: None });
                Inside::Fence
            }
            (before, _) => before,
        };
    }
    fences
}

/// The corpus: chapters as people wrote them, to be damaged.
const CHAPTERS: [&str; 4] = [
    include_str!("../../guide/chapter-1-infrastructure.md"),
    include_str!("../../guide/chapter-3-registry.md"),
    include_str!("../../guide/chapter-6-hibernation.md"),
    include_str!("../../README.md"),
];

/// What happens to a text that is edited in haste, merged badly or cut off.
#[derive(Debug, Clone)]
enum Harm {
    Drop,
    Double,
    Swap,
    Cut,
    Indent(&'static str),
    Insert(&'static str),
}

fn harm() -> impl Strategy<Value = Harm> {
    prop_oneof![
        Just(Harm::Drop),
        Just(Harm::Double),
        Just(Harm::Swap),
        Just(Harm::Cut),
        proptest::sample::select(&["    ", "\t", "> ", "- ", "```"][..]).prop_map(Harm::Indent),
        proptest::sample::select(&PIECES[..]).prop_map(Harm::Insert),
    ]
}

/// A place in the middle of a line, between two characters.
fn middle(line: &str) -> usize {
    line.floor_char_boundary(line.len() / 2)
}

impl Harm {
    fn apply(
        &self,
        lines: &mut Vec<String>,
        at: proptest::sample::Index,
        other: proptest::sample::Index,
    ) {
        if lines.is_empty() {
            return;
        }
        let (at, other) = (at.index(lines.len()), other.index(lines.len()));
        match self {
            Self::Drop => drop(lines.remove(at)),
            Self::Double => lines.insert(other, lines[at].clone()),
            Self::Swap => lines.swap(at, other),
            // In the middle of a line, as a full disk does.
            Self::Cut => {
                let end = middle(&lines[at]);
                lines[at].truncate(end);
            }
            Self::Indent(prefix) => lines[at].insert_str(0, prefix),
            Self::Insert(piece) => {
                let place = middle(&lines[at]);
                lines[at].insert_str(place, piece);
            }
        }
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_text_is_read_without_panic_and_every_place_is_true(text in any_text()) {
        let (book, problems) = parse_book(BookText::of_chapters([("a.md", text.as_str())]));
        for problem in &problems {
            problem.span.iter().chain(problem.labels.iter().map(|(span, _)| span)).for_each(|span| check_place(&book.sources, *span));
        }
        for step in book.chapters[0].steps() {
            check_place(&book.sources, step.span);
            check_place(&book.sources, step.info);
            check_body(&book.sources, step.span, &step.script);
            prop_assert_eq!(step.script_line, step.span.line + 1);
            if let Some(expected) = &step.expected {
                check_place(&book.sources, expected.span);
                check_place(&book.sources, expected.body);
                check_body(&book.sources, expected.span, &expected.text);
                let body: String = book.sources.text(expected.body).to_owned();
                prop_assert_eq!(body.lines().count(), expected.text.lines().count());
            }
        }
        let drawn = draw_all(&book.sources, &problems, Style::colourless());
        prop_assert_eq!(drawn.matches("error: ").count() >= problems.len(), true);
        let _ = make_plan(&book, &PlanRequest::default()).map_err(|problems| draw_all(&book.sources, &problems, Style::colourless()));
    }

    #[test]
    fn every_step_of_a_well_formed_chapter_is_found(parts in vec(well_formed(), 0..12)) {
        let text: String = parts.iter().map(|(text, _)| text.as_str()).collect();
        let (book, problems) = parse_book(BookText::of_chapters([("a.md", text.as_str())]));
        prop_assert_eq!(&problems, &vec![], "{}", text);
        prop_assert_eq!(book.chapters[0].steps().count(), parts.iter().filter(|(_, step)| *step).count(), "{}", text);
    }

    #[test]
    fn every_step_is_found_or_reported(parts in vec((well_formed(), any::<bool>()), 1..8)) {
        // Closing lines of any fences are missing. A step that CommonMark then reads as text of another fence is reported, at that
        // fence or between the two; only in a longer fence that is closed a step is shown on purpose.
        let mut text = String::new();
        let mut openings = Vec::new();
        for ((part, step), open) in &parts {
            if *step {
                openings.push(text.matches('\n').count());
            }
            let closed = part.strip_suffix("````\n\n").or_else(|| part.strip_suffix("```\n\n"));
            text.push_str(if *open && part.starts_with("```") { closed.unwrap_or(part) } else { part });
        }
        let fences = outer_fences(&text);
        let (book, problems) = parse_book(BookText::of_chapters([("a.md", text.as_str())]));
        for opening in openings {
            let line = u32::try_from(opening).unwrap() + 1;
            let around = fences.iter().find(|fence| fence.opening < opening && fence.closing.is_none_or(|end| end > opening));
            let reported_from = match around {
                Some(fence) if fence.closing.is_some() && fence.length > 3 => continue,
                Some(fence) => u32::try_from(fence.opening).unwrap() + 1,
                None => line,
            };
            let found = around.is_none() && book.chapters[0].steps().any(|step| step.span.line == line);
            let is_reported = problems.iter().filter_map(|problem| problem.span).any(|span| (reported_from..=line).contains(&span.line));
            prop_assert!(found || is_reported, "line {line} of\n{text}\n{problems:?}");
        }
    }

    #[test]
    fn a_damaged_chapter_of_the_book_is_read_without_panic(
        which in 0..CHAPTERS.len(),
        harms in vec((any::<proptest::sample::Index>(), any::<proptest::sample::Index>(), harm()), 1..6),
    ) {
        let mut lines: Vec<String> = CHAPTERS[which].split_inclusive('\n').map(str::to_owned).collect();
        for (at, other, harm) in harms {
            harm.apply(&mut lines, at, other);
        }
        let text = lines.concat();
        let (book, problems) = parse_book(BookText::of_chapters([("a.md", text.as_str())]));
        for problem in &problems {
            problem.span.iter().chain(problem.labels.iter().map(|(span, _)| span)).for_each(|span| check_place(&book.sources, *span));
        }
        for step in book.chapters[0].steps() {
            check_place(&book.sources, step.span);
            check_body(&book.sources, step.span, &step.script);
        }
        let _ = draw_all(&book.sources, &problems, Style::colourless());
        let _ = make_plan(&book, &PlanRequest::default()).map_err(|problems| draw_all(&book.sources, &problems, Style::colourless()));
    }
}
