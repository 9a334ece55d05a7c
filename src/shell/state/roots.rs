//! The folders that a saved state names by a variable instead of a path, so that a moved or copied
//! book resumes in its own folders.

use crate::text::shell_word::quoted;

/// The chapter's folder, the state folder and the book's, innermost first.
#[derive(Debug, Clone, Default)]
pub(super) struct Roots(Vec<(&'static str, Vec<u8>)>);

/// The variables of a chapter's new shell that hold their paths.
const NAMES: [&str; 3] = ["PWD", "GUIDE_STATE", "GUIDE_BOOK"];

impl Roots {
    /// Takes the paths from the variables of a new shell.
    pub(super) fn of(value: impl Fn(&str) -> Option<Vec<u8>>) -> Self {
        // A path that bash has to quote is not replaced.
        let is_plain = |path: &[u8]| {
            path.len() > 1
                && path
                    .iter()
                    .all(|byte| !b"\\\"$`'".contains(byte) && (b' '..=b'~').contains(byte))
        };
        Self(
            NAMES
                .iter()
                .filter_map(|name| Some((*name, value(name)?)))
                .filter(|(_, path)| is_plain(path))
                .collect(),
        )
    }

    /// Whether the variable is one of the variables that name the roots.
    pub(super) fn are_named_by(name: &[u8]) -> bool {
        NAMES.iter().any(|root| root.as_bytes() == name)
    }

    /// The word for a folder, in a new shell that is in the chapter's folder.
    pub(super) fn folder(&self, path: &[u8]) -> Vec<u8> {
        let below = |root: &[u8]| {
            path.strip_prefix(root)
                .filter(|rest| rest.is_empty() || rest.starts_with(b"/"))
                .map(<[u8]>::to_vec)
        };
        match self.0.iter().find_map(|(name, root)| Some((name, below(root)?))) {
            Some((name, rest)) => format!(
                "\"${name}\"{}",
                if rest.is_empty() { String::new() } else { quoted(&rest) }
            )
            .into_bytes(),
            None => quoted(path).into_bytes(),
        }
    }

    /// The word for a folder, in a shell that may be in any folder.
    pub(super) fn elsewhere(&self, path: &[u8]) -> Vec<u8> {
        Self(self.0.iter().filter(|(name, _)| *name != "PWD").cloned().collect()).folder(path)
    }

    /// A declaration of `declare -p` in which the variables replace their paths, for a shell that
    /// may be in any folder.
    pub(super) fn declaration(&self, text: &[u8]) -> Vec<u8> {
        let mut text = text.to_vec();
        for (name, root) in self.0.iter().filter(|(name, _)| *name != "PWD") {
            if memchr::memmem::find(&text, root).is_some() {
                text = named(&text, root, format!("${{{name}}}").as_bytes());
            }
        }
        text
    }
}

/// Replaces the path by the name at each place where bash expands the name and where the path
/// begins and ends as a whole.
fn named(text: &[u8], root: &[u8], name: &[u8]) -> Vec<u8> {
    let mut found = Vec::with_capacity(text.len());
    let (mut at, mut quote) = (0, None);
    while at < text.len() {
        let before = at.checked_sub(1).map(|before| text[before]);
        let after = text.get(at + root.len());
        if quote == Some(b'"')
            && text[at..].starts_with(root)
            && before.is_some_and(|before| b"\":=, ".contains(&before))
            && after.is_some_and(|after| b"\"/:, ".contains(after))
        {
            found.extend_from_slice(name);
            at += root.len();
            continue;
        }
        let byte = text[at];
        if byte == b'\\' && quote.is_some() {
            found.extend_from_slice(&text[at..(at + 2).min(text.len())]);
            at += 2;
            continue;
        }
        quote = match quote {
            Some(open) if open == byte => None,
            None if byte == b'"' || (byte == b'\'' && before == Some(b'$')) => Some(byte),
            unchanged => unchanged,
        };
        found.push(byte);
        at += 1;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::Roots;

    fn roots() -> Roots {
        Roots::of(|name| {
            let path = match name {
                "PWD" => "/b/.guide/rendered/a",
                "GUIDE_STATE" => "/b/.guide",
                _ => "/b",
            };
            Some(path.as_bytes().to_vec())
        })
    }

    #[test]
    fn a_folder_is_named_by_the_innermost_root() {
        let word = |path: &str| String::from_utf8(roots().folder(path.as_bytes())).unwrap();
        assert_eq!(word("/b/.guide/rendered/a"), "\"$PWD\"");
        assert_eq!(word("/b/.guide/rendered/a/su b"), "\"$PWD\"'/su b'");
        assert_eq!(word("/b/.guide/rendered/ab"), "\"$GUIDE_STATE\"'/rendered/ab'");
        assert_eq!(word("/b/x"), "\"$GUIDE_BOOK\"'/x'");
        assert_eq!(word("/bc"), "'/bc'");
    }

    #[test]
    fn paths_in_a_declaration_are_named_where_bash_expands_them() {
        let text = |text: &str| String::from_utf8(roots().declaration(text.as_bytes())).unwrap();
        assert_eq!(
            text("declare -x A=\"/b/.guide/x:/b:/bc\"\n"),
            "declare -x A=\"${GUIDE_STATE}/x:${GUIDE_BOOK}:/bc\"\n"
        );
        assert_eq!(
            text("declare -a A=([0]=\"/b/1\" [1]=$'/b/\\'\\n')\n"),
            "declare -a A=([0]=\"${GUIDE_BOOK}/1\" [1]=$'/b/\\'\\n')\n"
        );
        assert_eq!(text("declare -- A=\"x\\\"/b\"\n"), "declare -- A=\"x\\\"${GUIDE_BOOK}\"\n");
    }
}
