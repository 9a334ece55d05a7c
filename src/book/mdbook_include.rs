//! mdBook's own `{{#include FILE}}` and its like: for the page, mdBook puts something else in their place. Of what guide runs or
//! compares, reader and runner would then see two different texts.

use std::ops::Range;

/// What mdBook 0.5 knows to replace.
const WORDS: [&str; 5] = ["include", "rustdoc_include", "playground", "playpen", "title"];

/// The first of them in a text; one with a backslash before it mdBook leaves in place.
pub(super) fn find_include(text: &str) -> Option<Range<usize>> {
    memchr::memmem::find_iter(text.as_bytes(), "{{").find_map(|start| {
        let after = text[start + 2..].trim_start().strip_prefix('#')?;
        let rest = WORDS
            .iter()
            .find_map(|word| after.strip_prefix(word))
            .filter(|rest| rest.starts_with(char::is_whitespace))?;
        if text[..start].ends_with('\\') {
            return None;
        }
        // Looked for last: a text may open many braces and close none.
        let end = rest.find("}}").filter(|&end| !rest[..end].trim().is_empty())?;
        Some(start..text.len() - rest.len() + end + 2)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_mdbook_would_replace_is_found() {
        let found = |text: &'static str| find_include(text).map(|at| &text[at]);
        assert_eq!(found("cat <<X\n{{#include a.sh:2:5}}\nX"), Some("{{#include a.sh:2:5}}"));
        assert_eq!(found("{{ .x }} {{ #title  Two }}"), Some("{{ #title  Two }}"));
    }

    #[test]
    fn what_it_leaves_alone_is_left_alone() {
        for text in [
            r"\{{#include a.sh}}",
            "{{#include}}",
            "{{#each pods}}x{{/each}}",
            "{{ include \"a\" }}",
            "${#a} {{",
            "{{#include a",
        ] {
            assert_eq!(find_include(text), None, "{text}");
        }
    }
}
