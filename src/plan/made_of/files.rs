//! The files that a script may read, as paths from the book's root, patterns among them. Whether they are there is for others to see.
//!
//! It is no shell: a name that is only known when the step runs becomes a pattern (`conf/$name.yaml` → `conf/*.yaml`), so that a
//! file which may be meant counts.

use std::collections::{BTreeMap, BTreeSet};

/// The folders of rendered manifests, wherever the state folder really is.
pub(super) const RENDERED: &str = ".guide/rendered";
/// Flags of kubectl, kustomize and helm that a file or folder follows.
const FILE_FLAGS: [&str; 7] =
    ["-f", "--filename", "-k", "--kustomize", "--values", "--from-file", "--set-file"];
/// Commands whose next word is a file, whatever it looks like.
const READERS: [&str; 6] = [".", "source", "bash", "sh", "cat", "envsubst"];
/// In place of `$GUIDE_BOOK`.
const BOOK: &str = "/@book";
/// So many meanings of one word, and so many folders of a chapter, are followed.
const MOST: usize = 12;

/// What the steps of a chapter so far say about the names of files.
pub(super) struct Places {
    /// Folders in which relative names may begin; the chapter's own first.
    folders: Vec<String>,
    /// Texts that variables were given.
    variables: BTreeMap<String, BTreeSet<String>>,
    chapter: String,
}

impl Places {
    /// Before the first step. `folder`: where the chapter's shell starts, as [`crate::book::plain_cwd`] gives it.
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

    /// A `cwd` as a path from the book's root; `None` where it lies elsewhere.
    fn path_of_cwd(&self, cwd: &str) -> Option<String> {
        match cwd.split_once('/').unwrap_or((cwd, "")) {
            ("rendered", rest) => joined(&format!("{RENDERED}/{}", self.chapter), rest),
            ("", _) => None,
            _ => joined("", cwd),
        }
    }

    /// The files that a step's script names. What it assigns, and where it goes, counts for the steps after it too.
    pub(super) fn files_of(&mut self, script: &str, cwd: Option<&str>) -> BTreeSet<String> {
        let text = script.replace(['"', '\''], "");
        let words: Vec<String> = shell_words(&text).map(without_braces).collect();
        for word in &words {
            if let Some((name, value)) = word.split_once('=')
                && is_name(name)
                && !value.is_empty()
            {
                let known = self.variables.entry(name.to_owned()).or_default();
                if known.len() < MOST {
                    known.insert(value.to_owned());
                }
            }
        }
        let own: Vec<String> = cwd.and_then(|cwd| self.path_of_cwd(cwd)).into_iter().collect();
        for pair in words.windows(2).filter(|pair| matches!(pair[0].as_str(), "cd" | "pushd")) {
            for path in self.meanings(&pair[1]) {
                for folder in self.resolved(&path, &own, true) {
                    if self.folders.len() < MOST && !self.folders.contains(&folder) {
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

    /// What a word may stand for once its variables have their values.
    fn meanings(&self, word: &str) -> Vec<String> {
        let mut meanings = vec![word.to_owned()];
        for _ in 0..4 {
            if !meanings.iter().any(|word| word.contains('$')) {
                break;
            }
            let more: Vec<String> =
                meanings.iter().flat_map(|word| self.with_one_value(word)).take(MOST).collect();
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

    /// A word as paths from the book's root: from each folder in which it may begin. A name without a pattern may begin in the root,
    /// too, for a script may have gone there in a way that is not followed.
    fn resolved(&self, path: &str, own: &[String], is_file: bool) -> Vec<String> {
        let is_plain = |next: char| next.is_alphanumeric() || "_-./+%*?[]@".contains(next);
        if !path.chars().all(is_plain) || path.starts_with('-') {
            return Vec::new();
        }
        if let Some((_, inside)) = path.split_once(BOOK) {
            return joined("", inside).into_iter().filter(|path| is_worth(path)).collect();
        }
        if path.starts_with('/') {
            return Vec::new();
        }
        let is_pattern = path.contains(['*', '?', '[']);
        let root = (!is_pattern && !path.starts_with("..")).then(String::new);
        let folders = own.iter().chain(&self.folders).chain(root.iter());
        let mut paths: Vec<String> = folders
            .filter_map(|folder| joined(folder, path))
            .filter(|path| is_worth(path) && (is_file || path.contains(['.', '/'])))
            .collect();
        paths.sort();
        paths.dedup();
        paths
    }
}

/// Not the root itself, and no pattern that fits all.
fn is_worth(path: &str) -> bool {
    path.split('/').next_back().is_some_and(|last| !last.is_empty())
        && path.contains(|next: char| next.is_alphanumeric())
}

/// `path` seen from `folder`, without `.` and `..` but for leading ones.
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

/// What stands between blanks and the shell's own marks, in a text without quotes.
fn shell_words(script: &str) -> impl Iterator<Item = &str> {
    let ends = |next: char| {
        next.is_whitespace()
            || matches!(next, '`' | ';' | '&' | '|' | '(' | ')' | '<' | '>' | ',' | '@' | ':')
    };
    script.split(ends).filter(|word| !word.is_empty())
}

/// `{a` and `b}`, as a comma has parted them, are patterns: `conf/{a` → `conf/*`.
fn without_braces(word: &str) -> String {
    let has_variable = word.contains("${");
    match (word.find('{'), word.find('}')) {
        (Some(open), None) if !has_variable => format!("{}*", &word[..open]),
        (None, Some(close)) => format!("*{}", &word[close + 1..]),
        _ => word.to_owned(),
    }
}

/// Does a script hand files on without naming each: a pattern, a folder, a name made of variables?
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

/// Whether a path fits a pattern of the shell, part by part.
pub(crate) fn fits(pattern: &str, path: &str) -> bool {
    let (mut patterns, mut parts) = (pattern.split('/'), path.split('/'));
    loop {
        match (patterns.next(), parts.next()) {
            (None, None) => return true,
            (Some(pattern), Some(part)) if part_fits(pattern.as_bytes(), part.as_bytes()) => {}
            _ => return false,
        }
    }
}

/// A set (`[ab]`) counts as any one byte.
fn part_fits(pattern: &[u8], part: &[u8]) -> bool {
    match (pattern.first(), part.first()) {
        (None, None) => true,
        (Some(b'*'), _) => (0..=part.len()).any(|at| part_fits(&pattern[1..], &part[at..])),
        (Some(b'?'), Some(_)) => part_fits(&pattern[1..], &part[1..]),
        (Some(b'['), Some(_)) if pattern.contains(&b']') => {
            let close = pattern.iter().position(|&byte| byte == b']').unwrap_or(0);
            part_fits(&pattern[close + 1..], &part[1..])
        }
        (Some(a), Some(b)) if a == b => part_fits(&pattern[1..], &part[1..]),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(folder: Option<&str>, cwd: Option<&str>, scripts: &[&str]) -> Vec<String> {
        let values = [("CHART_DIR".to_owned(), "charts".to_owned())].into_iter();
        let mut places = Places::new("one", folder, values);
        let (last, before) = scripts.split_last().expect("a script");
        before.iter().for_each(|script| drop(places.files_of(script, None)));
        places.files_of(last, cwd).into_iter().collect()
    }

    /// Of one script in a shell that starts in the rendered folder, without the files of that folder itself.
    fn of_book(script: &str) -> Vec<String> {
        let own = format!("{RENDERED}/one/");
        files(None, None, &[script]).into_iter().filter(|file| !file.starts_with(&own)).collect()
    }

    #[test]
    fn a_file_of_the_book_is_found_however_it_is_written() {
        for (script, expected) in [
            ("helm install x \"$GUIDE_BOOK/charts/x\"", vec!["charts/x"]),
            ("\"$GUIDE_BOOK\"/bin/go.sh; echo done /etc/passwd", vec!["bin/go.sh"]),
            ("cat '${GUIDE_BOOK}/a b'", vec!["a"]),
            ("x --values deploy/v.yaml --values=w.yaml", vec!["deploy/v.yaml", "w.yaml"]),
            ("kubectl apply -k overlays", vec!["overlays"]),
            ("kubectl create cm x --from-file=key=conf/a.txt", vec!["conf/a.txt"]),
            ("helm install x $CHART_DIR/web", vec!["charts/web"]),
            ("D=$GUIDE_BOOK/conf; cat $D/a.txt", vec!["conf", "conf/a.txt"]),
            ("cat $GUIDE_BOOK/conf/*.txt $GUIDE_BOOK/c{a,b}.txt", vec!["c*", "conf/*.txt"]),
            ("for f in a b; do cat $GUIDE_BOOK/conf/$f.txt; done", vec!["conf/*.txt"]),
            ("kubectl apply -f $GUIDE_BOOK/../k8s/app.yaml", vec!["../k8s/app.yaml"]),
            ("cd $GUIDE_BOOK/src && make -f Mk", vec!["Mk", "src", "src/Mk"]),
            ("kubectl get pods -o jsonpath={.items[*]}; ls *; echo $HOME", vec![]),
        ] {
            assert_eq!(of_book(script), expected, "{script}");
        }
    }

    #[test]
    fn a_relative_name_begins_where_the_step_runs_and_where_steps_before_it_went() {
        let own = |file: &str| format!("{RENDERED}/one/{file}");
        assert_eq!(
            files(Some("./guide/"), None, &["cat conf/*.txt a.txt"]),
            ["a.txt", "guide/a.txt", "guide/conf/*.txt"]
        );
        assert_eq!(
            files(None, Some("./deploy"), &["sh ./go"]),
            [own("go"), "deploy/go".into(), "go".into()]
        );
        assert_eq!(
            files(None, None, &["cat ../two/web.yaml"]),
            [format!("{RENDERED}/two/web.yaml")]
        );
        assert_eq!(
            files(Some("./g"), None, &["D=x; cd sub", "cat $D/y"]),
            ["g/sub/x/y", "g/x/y", "sub/x/y", "x/y"]
        );
        assert_eq!(files(Some("/elsewhere"), None, &["cat *.txt"]), Vec::<String>::new());
    }

    #[test]
    fn a_script_that_takes_whatever_file_there_is_is_recognised() {
        for script in [
            "kubectl apply -f .",
            "kubectl apply -k ./",
            "for f in *.yaml; do :; done",
            "kubectl apply -f $f.yaml",
            "kubectl apply --filename=\"$file\"",
        ] {
            assert!(takes_any_file(script), "{script}");
        }
        for script in
            ["kubectl apply -f web.yaml", "kubectl get pods -o yaml", "echo $HOME", "ls | grep x"]
        {
            assert!(!takes_any_file(script), "{script}");
        }
    }

    #[test]
    fn patterns_fit_as_in_the_shell() {
        for (pattern, path) in
            [("conf/*.txt", "conf/a.txt"), ("c*/?[xy].y", "conf/ax.y"), ("a/*", "a/b")]
        {
            assert!(fits(pattern, path), "{pattern} {path}");
        }
        for (pattern, path) in [("conf/*", "conf/a/b"), ("*.txt", "a.txt.bak"), ("a/?", "a/")] {
            assert!(!fits(pattern, path), "{pattern} {path}");
        }
    }
}
