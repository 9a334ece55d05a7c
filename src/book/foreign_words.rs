//! Words that other tools use on a fence. guide ignores them, and `guide check --strict` lists them.

/// A tool, or a family of tools, and the attributes it is known to use.
const TOOLS: [(&str, &[&str]); 6] = [
    (
        "Runme",
        &[
            "id",
            "terminalRows",
            "promptEnv",
            "interpreter",
            "tag",
            "tags",
            "category",
            "closeTerminalOnSuccess",
            "mimeType",
            "language",
            "openOutput",
            "openTerminalOnError",
            "skipPrompts",
            "ignore",
            "transform",
            "runme.dev/id",
            "runme.dev/name",
            "runme.dev/nameGenerated",
            "endpoint",
            "openApi",
        ],
    ),
    (
        "Docusaurus",
        &[
            "title",
            "showLineNumbers",
            "live",
            "noInline",
            "npm2yarn",
            "metastring",
            "className",
            "copy",
            "nocopy",
            "noCopy",
        ],
    ),
    (
        "Hugo",
        &[
            "linenos",
            "lineNos",
            "linenostart",
            "lineNoStart",
            "hl_lines",
            "hl_Lines",
            "hl_inline",
            "hl_style",
            "anchorlinenos",
            "anchorLineNos",
            "lineanchors",
            "lineAnchors",
            "lineNumbersInTable",
            "noClasses",
            "noHl",
            "style",
            "tabWidth",
            "class",
            "filename",
            "fileName",
            "caption",
            "lang",
            "lineos",
        ],
    ),
    (
        "MkDocs",
        &["linenums", "annotate", "no-copy", "no-select", "select", "attr_list", "hl_lines"],
    ),
    (
        "markdown-exec",
        &[
            "exec",
            "html",
            "source",
            "result",
            "session",
            "idprefix",
            "id-prefix",
            "width",
            "tabs",
            "workdir",
            "returncode",
            "updatetoc",
        ],
    ),
    (
        "mdBook",
        &[
            "editable",
            "noplayground",
            "noplaypen",
            "playground",
            "mdbook-runnable",
            "hidelines",
            "should_panic",
            "no_run",
            "compile_fail",
        ],
    ),
];

/// The tool that is known to use this word on a fence.
pub(super) fn tool_of(word: &str) -> Option<&'static str> {
    // Classes, ids and line numbers have the same form in many tools.
    let is_lines =
        || word.starts_with(|first: char| first.is_ascii_digit()) && is_line_numbers(word);
    if word.starts_with(['.', '#'])
        || word.starts_with("data-")
        || word.starts_with("aria-")
        || is_lines()
    {
        return Some("a page");
    }
    TOOLS.iter().find(|(_, words)| words.contains(&word)).map(|(tool, _)| *tool)
}

/// Whether the text is a list of lines that a page highlights: `3-5`, `1,4-6`, `1 3`.
pub(super) fn is_line_numbers(text: &str) -> bool {
    !text.trim().is_empty()
        && text.chars().all(|next| next.is_ascii_digit() || matches!(next, ',' | '-' | ' ' | '.'))
}

#[cfg(test)]
mod tests {
    use super::super::attribute_list::STEP_WORDS;
    use super::*;

    #[test]
    fn no_word_of_another_tool_is_one_of_guides() {
        for (tool, words) in TOOLS {
            for word in words {
                assert!(!STEP_WORDS.contains(word), "{word} of {tool}");
            }
        }
    }

    #[test]
    fn a_word_is_known_by_the_tool_that_writes_it() {
        assert_eq!(tool_of("terminalRows"), Some("Runme"));
        assert_eq!(tool_of("3-5"), Some("a page"));
        assert_eq!(tool_of(".no-copy"), Some("a page"));
        assert_eq!(tool_of("tmeout"), None);
        assert_eq!(tool_of("3x"), None);
    }
}
