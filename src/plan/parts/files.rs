//! The files that a script may read, as paths or patterns relative to the book's root. It does not look whether they exist.
//!
//! It does not run the shell: a name that is only known when the step runs becomes a pattern (`conf/$name.yaml` → `conf/*.yaml`), so
//! that every file that may be meant counts.

mod pattern;

use std::collections::{BTreeMap, BTreeSet};

pub(crate) use self::pattern::fits;

/// The folder of all rendered manifests in paths of this file, wherever the state folder is.
pub(super) const RENDERED: &str = ".guide/rendered";
/// Flags of kubectl, kustomize and helm whose value is a file or folder.
const FILE_FLAGS: [&str; 7] =
    ["-f", "--filename", "-k", "--kustomize", "--values", "--from-file", "--set-file"];
/// Commands whose next word is a file.
const READERS: [&str; 6] = [".", "source", "bash", "sh", "cat", "envsubst"];
/// The value of `$GUIDE_BOOK` in paths of this file.
const BOOK: &str = "/@book";
/// The most meanings of one word, and the most folders of a chapter, that are followed.
const MAX_MEANINGS: usize = 12;

/// What the steps of a chapter so far reveal about names of files.
pub(super) struct ChapterFiles {
    /// The folders to which names may be relative, first the chapter's own.
    folders: Vec<String>,
    /// The texts that were assigned to each variable.
    variables: BTreeMap<String, BTreeSet<String>>,
    chapter: String,
}

impl ChapterFiles {
    /// The state before the first step. `folder` is where the chapter's shell starts, in the form of [`crate::book::plain_cwd`].
    pub(super) fn new(
        chapter: &str,
        folder: Option<&str>,
        values: impl Iterator<Item = (String, String)>,
    ) -> Self {
        let variables = values.map(|(name, text)| (name, BTreeSet::from([text]))).collect();
        let mut places = Self { folders: Vec::new(), variables, chapter: chapter.to_owned() };
        places.folders.extend(places.path_of_cwd(folder.unwrap_or("rendered")));
        places
    }

    /// A `cwd` as a path relative to the book's root; `None` if it is outside of the book.
    fn path_of_cwd(&self, cwd: &str) -> Option<String> {
        match cwd.split_once('/').unwrap_or((cwd, "")) {
            ("rendered", rest) => joined(&format!("{RENDERED}/{}", self.chapter), rest),
            ("", _) => None,
            _ => joined("", cwd),
        }
    }

    /// The files that a step's script names. Its assignments and changes of folder affect later steps too.
    pub(super) fn files_of(&mut self, script: &str, cwd: Option<&str>) -> BTreeSet<String> {
        let text = script.replace(['"', '\''], "");
        let words: Vec<String> = shell_words(&text).map(without_braces).collect();
        for word in &words {
            if let Some((name, value)) = word.split_once('=')
                && is_name(name)
                && !value.is_empty()
            {
                let known = self.variables.entry(name.to_owned()).or_default();
                if known.len() < MAX_MEANINGS {
                    known.insert(value.to_owned());
                }
            }
        }
        let own: Vec<String> = cwd.and_then(|cwd| self.path_of_cwd(cwd)).into_iter().collect();
        for pair in words.windows(2).filter(|pair| matches!(pair[0].as_str(), "cd" | "pushd")) {
            for path in self.meanings(&pair[1]) {
                for folder in self.resolved(&path, &own, true) {
                    if self.folders.len() < MAX_MEANINGS && !self.folders.contains(&folder) {
                        self.folders.push(folder);
                    }
                }
            }
        }
        let mut files = BTreeSet::new();
        let mut before = "";
        for word in &words {
            let value = word.rsplit_once('=').map_or(word.as_str(), |(_, value)| value);
            let is_file = FILE_FLAGS.contains(&before) || READERS.contains(&before);
            for path in self.meanings(value) {
                if is_file || path.contains(['.', '/']) {
                    files.extend(self.resolved(&path, &own, is_file));
                }
            }
            before = word.trim_end_matches('=');
        }
        files
    }

    /// The texts that a word may become when its variables are replaced.
    fn meanings(&self, word: &str) -> Vec<String> {
        let mut meanings = vec![word.to_owned()];
        for _ in 0..4 {
            if !meanings.iter().any(|word| word.contains('$')) {
                break;
            }
            let more: Vec<String> = meanings
                .iter()
                .flat_map(|word| self.with_one_value(word))
                .take(MAX_MEANINGS)
                .collect();
            meanings = more;
        }
        meanings.retain(|word| !word.contains('$'));
        meanings
    }

    /// The word with each value of its first variable.
    fn with_one_value(&self, word: &str) -> Vec<String> {
        let Some(at) = word.find('$') else { return vec![word.to_owned()] };
        let rest = &word[at + 1..];
        let (name, after) = match rest.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
            Some((name, after)) => (name, after),
            None => {
                rest.split_at(rest.find(|next: char| !is_part_of_name(next)).unwrap_or(rest.len()))
            }
        };
        let values: Vec<&str> = match name {
            "GUIDE_BOOK" => vec![BOOK],
            "GUIDE_STATE" => vec!["/@book/.guide"],
            _ => match self.variables.get(name) {
                Some(values) => values.iter().map(String::as_str).collect(),
                None => vec!["*"],
            },
        };
        values.iter().map(|value| format!("{}{value}{after}", &word[..at])).collect()
    }

    /// A word as paths relative to the book's root, one for each folder to which it may be relative. A name without a pattern may also
    /// be relative to the root, because a script can change the folder in ways that are not followed.
    fn resolved(&self, path: &str, own: &[String], is_file: bool) -> Vec<String> {
        let is_plain = |next: char| next.is_alphanumeric() || "_-./+%*?[]@".contains(next);
        if !path.chars().all(is_plain) || path.starts_with('-') {
            return Vec::new();
        }
        if let Some((_, inside)) = path.split_once(BOOK) {
            return joined("", inside).into_iter().filter(|path| is_specific(path)).collect();
        }
        if path.starts_with('/') {
            return Vec::new();
        }
        let is_pattern = path.contains(['*', '?', '[']);
        let root = (!is_pattern && !path.starts_with("..")).then(String::new);
        let folders = own.iter().chain(&self.folders).chain(root.iter());
        let mut paths: Vec<String> = folders
            .filter_map(|folder| joined(folder, path))
            .filter(|path| is_specific(path) && (is_file || path.contains(['.', '/'])))
            .collect();
        paths.sort();
        paths.dedup();
        paths
    }
}

/// Whether the path is neither the root nor a pattern that matches everything.
fn is_specific(path: &str) -> bool {
    path.split('/').next_back().is_some_and(|last| !last.is_empty())
        && path.contains(|next: char| next.is_alphanumeric())
}

/// `path` relative to the root, if it was relative to `folder`. `..` remains only at the beginning; `None` for more than three.
fn joined(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => match parts.last() {
                Some(&last) if last != ".." => drop(parts.pop()),
                _ if parts.len() < 3 => parts.push(".."),
                _ => return None,
            },
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The text between blanks and operators of the shell, in a script without quotes.
fn shell_words(script: &str) -> impl Iterator<Item = &str> {
    let ends = |next: char| {
        next.is_whitespace()
            || matches!(next, '`' | ';' | '&' | '|' | '(' | ')' | '<' | '>' | ',' | '@' | ':')
    };
    script.split(ends).filter(|word| !word.is_empty())
}

/// Replaces one end of a brace expansion, which the comma has divided, by a pattern: `conf/{a` → `conf/*`.
fn without_braces(word: &str) -> String {
    let has_variable = word.contains("${");
    match (word.find('{'), word.find('}')) {
        (Some(open), None) if !has_variable => format!("{}*", &word[..open]),
        (None, Some(close)) => format!("*{}", &word[close + 1..]),
        _ => word.to_owned(),
    }
}

/// Whether a script passes files on without naming each of them: by a pattern, a folder, or a name made of variables.
pub(super) fn takes_any_file(script: &str) -> bool {
    let text = script.replace(['"', '\''], "");
    let mut after_flag = false;
    for word in shell_words(&text) {
        let (flag, value) = match word.split_once('=') {
            Some((flag, value)) if FILE_FLAGS.contains(&flag) => (true, value),
            _ => (after_flag, word),
        };
        let folder = matches!(value, "." | "./" | "$PWD" | "${PWD}" | "*") || value.ends_with("/.");
        let made =
            value.contains(['*', '$', '?']) && (value.contains(".y") || value.contains(".json"));
        if folder || made || (flag && value.contains(['$', '*'])) {
            return true;
        }
        after_flag = FILE_FLAGS.contains(&word.trim_end_matches('='));
    }
    false
}

fn is_part_of_name(next: char) -> bool {
    next.is_ascii_alphanumeric() || next == '_'
}

fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text.chars().all(is_part_of_name)
}

#[cfg(test)]
mod tests;
