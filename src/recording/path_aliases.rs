//! Replaces folders of the machine that made a recording by the variables that readers know. Pure.
//!
//! A recording is committed and published, and the folders of the book, the state and the caches are private and mean nothing on
//! another machine. The output that a run compares is not changed, because a pattern may bind a path that a later step uses.

use std::path::Path;

/// Folders and their aliases.
#[derive(Debug, Clone, Default)]
pub(crate) struct PathAliases {
    /// The longest path first, because the state folder is usually in the book's folder.
    named: Vec<(String, &'static str)>,
}

impl PathAliases {
    /// The aliases of these folders, such as `$GUIDE_BOOK`. A relative path and the root of the file system have no alias.
    pub(crate) fn of<P: AsRef<Path>>(folders: impl IntoIterator<Item = (P, &'static str)>) -> Self {
        let text = |(folder, word): (P, &'static str)| {
            let text = folder.as_ref().to_str()?.trim_end_matches('/');
            (text.len() > 1 && text.starts_with('/')).then(|| (text.to_owned(), word))
        };
        let mut named: Vec<_> = folders.into_iter().filter_map(text).collect();
        named.sort_by_key(|(path, _)| std::cmp::Reverse(path.len()));
        Self { named }
    }

    /// The text with every folder replaced by its alias. A second call changes nothing.
    pub(crate) fn name_in(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (path, word) in &self.named {
            if text.contains(path.as_str()) {
                text = named(&text, path, word);
            }
        }
        text
    }
}

fn named(text: &str, path: &str, word: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for (found, _) in text.match_indices(path) {
        if begins(&text[..found]) && ends(&text[found + path.len()..]) {
            out.push_str(&text[at..found]);
            out.push_str(word);
            at = found + path.len();
        }
    }
    out.push_str(&text[at..]);
    out
}

/// Whether an absolute path can begin after this text: not within another path, but after the letter of an option (`-I/a`) and in a URL.
fn begins(before: &str) -> bool {
    let word = before.rfind(|next: char| !in_path(next)).map_or(before, |at| &before[at..]);
    let word = word.trim_start_matches(|next: char| !in_path(next));
    // The last letter of a colour (`ESC [ 0 m`) does not belong to a path.
    let coloured =
        before[..before.len() - word.len()].ends_with(['[', ';', '\u{1b}']) && word.ends_with('m');
    word.is_empty() || coloured || word == "//" || (word.starts_with('-') && !word.contains('/'))
}

/// Whether the name of the folder ends before this text.
fn ends(after: &str) -> bool {
    let mut after = after.chars();
    match after.next() {
        Some('.') => after.next().is_none_or(|next| !next.is_alphanumeric()),
        next => next.is_none_or(|next| next == '/' || !in_path(next)),
    }
}

fn in_path(next: char) -> bool {
    next.is_alphanumeric() || matches!(next, '/' | '.' | '_' | '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str) -> String {
        let folders = [
            ("/home/ada", "$HOME"),
            ("/home/ada/books/tree", "$GUIDE_BOOK"),
            ("/home/ada/books/tree/.guide/", "$GUIDE_STATE"),
            ("/home/ada/.cache", "$XDG_CACHE_HOME"),
            ("/", "$ROOT"),
            ("tmp", "$TMPDIR"),
        ];
        PathAliases::of(folders.map(|(path, word)| (Path::new(path), word))).name_in(text)
    }

    #[test]
    fn the_innermost_folder_is_replaced() {
        assert_eq!(
            named(
                "wrote /home/ada/books/tree/.guide/rendered/chapter-3/top.txt (of /home/ada/books/tree).\n"
            ),
            "wrote $GUIDE_STATE/rendered/chapter-3/top.txt (of $GUIDE_BOOK).\n"
        );
        assert_eq!(
            named("/home/ada/.cache/guide/lab:/home/ada/x"),
            "$XDG_CACHE_HOME/guide/lab:$HOME/x"
        );
    }

    #[test]
    fn a_path_is_found_in_a_url_an_option_an_assignment_quotes_and_colours() {
        assert_eq!(
            named(
                "file:///home/ada/a -I/home/ada/a A=/home/ada \"/home/ada\" \u{1b}[31m/home/ada\u{1b}[0m"
            ),
            "file://$HOME/a -I$HOME/a A=$HOME \"$HOME\" \u{1b}[31m$HOME\u{1b}[0m"
        );
        assert_eq!(named("{\"path\":\"/home/ada/b\"}"), "{\"path\":\"$HOME/b\"}");
    }

    #[test]
    fn a_longer_path_or_name_is_not_replaced() {
        let others = "/srv/home/ada ./home/ada /home/adam /home/ada-2 /home/ada.old /tmp/x /";
        assert_eq!(named(others), others);
    }

    #[test]
    fn replacing_twice_is_replacing_once() {
        let once = named("/home/ada/books/tree /home/ada/books/tree/.guide /home/ada/");
        assert_eq!(
            (once.as_str(), named(&once)),
            ("$GUIDE_BOOK $GUIDE_STATE $HOME/", once.clone())
        );
    }
}
