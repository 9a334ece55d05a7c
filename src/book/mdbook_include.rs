//! Finds `{{#include FILE}}` and the other directives of mdBook. mdBook replaces them on the page, so that in a fence that guide runs
//! or compares the reader would see another text than guide uses.

use std::ops::Range;

/// The directives that mdBook 0.5 replaces.
const WORDS: [&str; 5] = ["include", "rustdoc_include", "playground", "playpen", "title"];

/// The bytes of the first directive in a text. mdBook does not replace one after a backslash.
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
        // The closing braces are searched last, because a text may open many braces and close none.
        let end = rest.find("}}").filter(|&end| !rest[..end].trim().is_empty())?;
        Some(start..text.len() - rest.len() + end + 2)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directive_of_mdbook_is_found() {
        let found = |text: &'static str| find_include(text).map(|at| &text[at]);
        assert_eq!(found("cat <<X\n{{#include a.sh:2:5}}\nX"), Some("{{#include a.sh:2:5}}"));
        assert_eq!(found("{{ .x }} {{ #title  Two }}"), Some("{{ #title  Two }}"));
    }

    #[test]
    fn text_that_mdbook_does_not_replace_is_not_found() {
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
