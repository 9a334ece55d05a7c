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

fn any_text() -> impl Strategy<Value = String> {
    let pieces = vec(proptest::sample::select(&PIECES[..]), 0..30).prop_map(|pieces| pieces.concat());
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
    let content: Vec<&str> = content.split_inclusive('\n').map(|line| line.trim_end_matches('\n')).collect();
    assert_eq!(content.len() + 1, lines.len(), "{fence:?} {content:?}");
    for (line, own) in lines.iter().zip(content) {
        let line = line.strip_suffix('\r').unwrap_or(line);
        assert!(line.ends_with(own.trim_start()), "{line:?} {own:?}");
    }
}

/// A piece of a well-formed chapter: its text, and whether it opens a step.
fn well_formed() -> impl Strategy<Value = (String, bool)> {
    let script =
        vec(
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
    let fenced = |info: &'static str, step: bool, script: String| (format!("```{info}\n{script}```\n\n"), step);
    let quoted = |prefix: &str, rest: &str, text: &str| {
        let lines: Vec<String> =
            text.trim_end().lines().map(|line| format!("{rest}{line}").trim_end_matches(' ').to_owned()).collect();
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn any_text_is_read_without_panic_and_every_place_is_true(text in any_text()) {
        let (book, problems) = parse_book(BookText::of_chapters([("a.md", text.as_str())]));
        for problem in &problems {
            problem.span.iter().chain(problem.also.iter().map(|(span, _)| span)).for_each(|span| check_place(&book.sources, *span));
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
    #[ignore = "its oracle takes a step inside a closed longer fence for lost; the oracle has to be corrected"]
    fn no_step_is_lost_without_a_word(parts in vec((well_formed(), any::<bool>()), 1..8)) {
        // A closing line left out, of any fence: what it swallows is a step, or there is a problem at or before it.
        let mut text = String::new();
        let mut openings = Vec::new();
        for ((part, step), open) in &parts {
            let line = text.matches('\n').count() + 1;
            let plain = part.starts_with("```");
            if *step {
                openings.push(u32::try_from(line).unwrap());
            }
            let closed = part.strip_suffix("````\n\n").or_else(|| part.strip_suffix("```\n\n"));
            text.push_str(if *open && plain { closed.unwrap_or(part) } else { part });
        }
        let (book, problems) = parse_book(BookText::of_chapters([("a.md", text.as_str())]));
        for opening in openings {
            let found = book.chapters[0].steps().any(|step| step.span.line == opening);
            let told = problems.iter().any(|problem| problem.span.is_some_and(|span| span.line <= opening));
            prop_assert!(found || told, "line {} of\n{}", opening, text);
        }
    }
}
