//! Replaces the text of a fence. Every byte outside of it stays unchanged.

use std::ops::Range;

use similar::{Algorithm, DiffOp};

/// The reason why a text cannot be the text of a fence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FenceEditError {
    /// A line of it would end the fence.
    #[error(
        "a line of the output is a fence of its own (`{run}`), so it would end the chapter's fence"
    )]
    FenceTooShort {
        /// The marks of that line.
        run: String,
    },
    /// The ranges do not fit the chapter, because it has changed since it was parsed.
    #[error("the chapter is no longer the text that was parsed")]
    NotThisText,
}

impl FenceEditError {
    /// The hint for the person.
    pub(crate) fn hint(&self) -> String {
        match self {
            Self::FenceTooShort { run } => {
                let mark = run.chars().next().unwrap_or('`');
                let longer = mark.to_string().repeat(run.chars().count() + 1);
                format!(
                    "make both lines of the `output` fence `{longer}`, then run the step again and review it"
                )
            }
            Self::NotThisText => "run the step again, then review it".to_owned(),
        }
    }
}

/// The chapter with `new` as the text of the fence. `fence` is the byte range of the whole fence
/// from its first mark, and `body` the range between its two lines. New lines get the line end and
/// the prefix (of a list or a quote) of the fence; equal lines stay byte for byte.
///
/// # Errors
/// When the text would end the fence, or the ranges do not fit the chapter.
pub(crate) fn replace_fence_body(
    chapter: &str,
    fence: &Range<usize>,
    body: &Range<usize>,
    new: &str,
) -> Result<String, FenceEditError> {
    let opening = chapter.get(fence.start..body.start).ok_or(FenceEditError::NotThisText)?;
    let old = chapter.get(body.clone()).ok_or(FenceEditError::NotThisText)?;
    let mark = opening
        .chars()
        .next()
        .filter(|c| matches!(c, '`' | '~'))
        .ok_or(FenceEditError::NotThisText)?;
    let length = opening.chars().take_while(|c| *c == mark).count();
    if !opening.ends_with('\n') || !(old.is_empty() || old.ends_with('\n')) {
        return Err(FenceEditError::NotThisText);
    }
    let prefix = prefix(chapter, fence.start);
    let new: Vec<String> = new.lines().map(shown_in_markdown).collect();
    if let Some(run) = new.iter().find_map(|line| closing_run(line, mark, length)) {
        return Err(FenceEditError::FenceTooShort { run });
    }
    let end = if opening.ends_with("\r\n") { "\r\n" } else { "\n" };
    let body_text = merge(old, &new, &prefix, end);
    Ok(format!("{}{body_text}{}", &chapter[..body.start], &chapter[body.end..]))
}

/// The prefix that each line of the fence needs: the marks of a quote, and spaces of the width of a
/// list's mark.
fn prefix(chapter: &str, fence: usize) -> String {
    let line = chapter[..fence].rfind('\n').map_or(0, |end| end + 1);
    chapter[line..fence]
        .chars()
        .map(|c| if matches!(c, '>' | ' ' | '\t') { c } else { ' ' })
        .collect()
}

/// Whether Markdown would change the character.
fn shown_in_markdown(line: &str) -> String {
    line.replace('\0', "\u{fffd}").replace('\r', "")
}

/// The marks of a line of the text that would close the fence.
fn closing_run(line: &str, mark: char, length: usize) -> Option<String> {
    let text = line.trim();
    let indented = line.len() - line.trim_start().len() > 3;
    let closes = text.chars().count() >= length && text.chars().all(|c| c == mark);
    (closes && !indented).then(|| text.to_owned())
}

/// The new lines. Lines that equal one of the old body are taken over byte for byte.
fn merge(old: &str, new: &[String], prefix: &str, end: &str) -> String {
    let raw: Vec<&str> = old.split_inclusive('\n').collect();
    let content: Vec<&str> = raw.iter().map(|line| content(line, prefix)).collect();
    let wanted: Vec<&str> = new.iter().map(String::as_str).collect();
    let mut text = String::with_capacity(old.len());
    for op in similar::capture_diff_slices(Algorithm::Myers, &content, &wanted) {
        if let DiffOp::Equal { old_index, len, .. } = op {
            text.extend(raw[old_index..old_index + len].iter().copied());
            continue;
        }
        for line in &wanted[op.new_range()] {
            if line.trim().is_empty() {
                text.push_str(prefix.trim_end());
            } else {
                text.push_str(prefix);
                text.push_str(line);
            }
            text.push_str(end);
        }
    }
    text
}

/// A raw line without line end and prefix.
fn content<'t>(line: &'t str, prefix: &str) -> &'t str {
    let line = line.trim_end_matches(['\n', '\r']);
    line.strip_prefix(prefix).unwrap_or_else(|| {
        let white = line.len() - line.trim_start_matches([' ', '\t']).len();
        &line[white.min(prefix.len())..]
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use pulldown_cmark::{Event, Parser, Tag};

    use super::*;

    /// The first `output` fence: the range of the whole fence, the range of its body, and its text.
    fn fence(chapter: &str) -> (Range<usize>, Range<usize>, String) {
        let mut found = None;
        let mut text = String::new();
        for (event, range) in Parser::new(chapter).into_offset_iter() {
            match event {
                Event::Start(Tag::CodeBlock(_)) if found.is_none() => {
                    let start =
                        range.start + chapter[range.clone()].find(['`', '~']).expect("a fence");
                    let body = start + chapter[start..].find('\n').expect("an end of the line") + 1;
                    found = Some((start..range.end, body..body));
                }
                Event::Text(part) => {
                    if let Some((whole, body)) = &mut found
                        && range.start >= body.start
                        && range.end <= whole.end
                    {
                        body.end = range.end;
                        text.push_str(&part);
                    }
                }
                _ => {}
            }
        }
        let (whole, body) = found.expect("there is a fence");
        (whole, body, text)
    }

    #[track_caller]
    fn replaced(chapter: &str, new: &str) -> String {
        let (whole, body, _) = fence(chapter);
        let text = replace_fence_body(chapter, &whole, &body, new).expect("it can stand there");
        assert_eq!(&text[..body.start], &chapter[..body.start]);
        assert!(text.ends_with(&chapter[body.end..]));
        text
    }

    #[test]
    fn only_the_body_changes() {
        assert_eq!(
            replaced("# A\n\n```output\nold\n```\n\nrest  \n", "new\nlines\n"),
            "# A\n\n```output\nnew\nlines\n```\n\nrest  \n"
        );
        assert_eq!(replaced("```output\n```\n", "new\n"), "```output\nnew\n```\n");
        assert_eq!(replaced("```output\nold\n```\n", ""), "```output\n```\n");
    }

    #[test]
    fn a_chapter_with_crlf_keeps_crlf() {
        assert_eq!(
            replaced("a\r\n\r\n```output\r\nold\r\n```\r\nb\r\n", "x\ny\n"),
            "a\r\n\r\n```output\r\nx\r\ny\r\n```\r\nb\r\n"
        );
    }

    #[test]
    fn a_fence_in_a_list_keeps_its_indentation_and_one_in_a_quote_its_marks() {
        assert_eq!(
            replaced("1. do\n\n   ```output\n   old\n   ```\n\n2. x\n", "a\n\n  b\n"),
            "1. do\n\n   ```output\n   a\n\n     b\n   ```\n\n2. x\n"
        );
        assert_eq!(replaced("- ```output\n  old\n  ```\n", "a\n"), "- ```output\n  a\n  ```\n");
        assert_eq!(
            replaced("> ```output\n> old\n> ```\n", "a\n\nb\n"),
            "> ```output\n> a\n>\n> b\n> ```\n"
        );
    }

    #[test]
    fn lines_that_stay_keep_every_byte() {
        let chapter = "- x\n\n  ```output\n  kept  \n\told\n  also\n  ```\n";
        assert!(replaced(chapter, "kept  \nnew\nalso\n").contains("  kept  \n  new\n  also\n"));
    }

    #[test]
    fn a_text_that_would_end_the_fence_is_refused_with_a_hint() {
        let chapter = "```output\nold\n```\n";
        let (whole, body, _) = fence(chapter);
        let error = replace_fence_body(chapter, &whole, &body, "a\n```\nb\n")
            .expect_err("it can't stand there");
        assert!(error.hint().contains("````"), "{}", error.hint());
        let longer = "````output\nold\n````\n";
        assert_eq!(replaced(longer, "```\nb\n```\n"), "````output\n```\nb\n```\n````\n");
        assert_eq!(replaced("~~~output\nold\n~~~\n", "```\n"), "~~~output\n```\n~~~\n");
    }

    #[test]
    fn ranges_of_another_text_are_refused() {
        #[expect(clippy::reversed_empty_ranges, reason = "that is what is refused")]
        let wrong = [(0..3, 1..2), (0..900, 10..800), (2..1, 0..0)];
        for (fence, body) in wrong {
            assert_eq!(
                replace_fence_body("```output\nold\n```\n", &fence, &body, "x"),
                Err(FenceEditError::NotThisText)
            );
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn no_byte_outside_moves_and_the_fence_then_holds_the_text(
            before in prop_oneof![Just(""), Just("# Ä\n\ntext\n\n"), Just("a\r\n\r\n")],
            container in prop_oneof![Just(""), Just("> "), Just("   "), Just("- "), Just("10. "), Just("> - ")],
            old in prop::collection::vec("[a-z .<>]{0,8}", 0..5),
            new in prop::collection::vec("([a-z .<>#*`~-]|\\PC){0,8}", 0..6),
            after in prop_oneof![Just(""), Just("\nend\n"), Just("\n\n```bash\nx\n```\n")],
            crlf in any::<bool>(),
        ) {
            let rest: String = container.chars().map(|c| if c == '>' || c == ' ' { c } else { ' ' }).collect();
            let body: String = old.iter().map(|line| format!("{rest}{line}\n")).collect();
            let chapter = format!("{before}{container}````output\n{body}{rest}````\n{after}");
            let chapter = if crlf { chapter.replace("\r\n", "\n").replace('\n', "\r\n") } else { chapter };
            let (whole, range, _) = fence(&chapter);
            let text: String = new.iter().map(|line| format!("{line}\n")).collect();
            let Ok(changed) = replace_fence_body(&chapter, &whole, &range, &text) else { return Ok(()) };
            prop_assert_eq!(&changed[..range.start], &chapter[..range.start]);
            let tail = &chapter[range.end..];
            prop_assert!(changed.ends_with(tail));
            let (_, now, held) = fence(&changed);
            prop_assert_eq!(now, range.start..changed.len() - tail.len());
            let ends: Vec<&str> = text.lines().map(str::trim_end).collect();
            prop_assert_eq!(held.lines().map(str::trim_end).collect::<Vec<_>>(), ends);
        }
    }
}
