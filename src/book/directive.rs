//! mdBook's own `{{#include FILE}}` and its like: for the page, mdBook puts something else in their place. Of what guide runs or
//! compares, reader and runner would then see two different texts.

use std::ops::Range;

/// What mdBook 0.5 knows to replace.
const WORDS: [&str; 5] = ["include", "rustdoc_include", "playground", "playpen", "title"];

/// The first of them in a text; one with a backslash before it mdBook leaves in place.
pub fn directive(text: &str) -> Option<Range<usize>> {
    memchr::memmem::find_iter(text.as_bytes(), "{{").find_map(|start| {
        let inner = &text[start + 2..];
        let end = inner.find("}}")?;
        let (word, rest) = inner[..end].trim_start().strip_prefix('#')?.split_once(char::is_whitespace)?;
        let known = WORDS.contains(&word) && !rest.trim().is_empty() && !text[..start].ends_with('\\');
        known.then_some(start..start + 2 + end + 2)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_mdbook_would_replace_is_found() {
        let found = |text: &'static str| directive(text).map(|at| &text[at]);
        assert_eq!(found("cat <<X\n{{#include a.sh:2:5}}\nX"), Some("{{#include a.sh:2:5}}"));
        assert_eq!(found("{{ .x }} {{ #title  Two }}"), Some("{{ #title  Two }}"));
    }

    #[test]
    fn what_it_leaves_alone_is_left_alone() {
        for text in
            [r"\{{#include a.sh}}", "{{#include}}", "{{#each pods}}x{{/each}}", "{{ include \"a\" }}", "${#a} {{", "{{#include a"]
        {
            assert_eq!(directive(text), None, "{text}");
        }
    }
}
