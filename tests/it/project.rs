//! A small book in a temporary folder, run by the real binary, and the comparison of its output.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A book under test.
pub(crate) struct Project {
    folder: TempDir,
}

/// The result of one call.
pub(crate) struct Said {
    /// Exit code; `None` when ended by a signal.
    pub(crate) code: Option<i32>,
    /// stdout, without times.
    pub(crate) stdout: String,
    /// stderr, without times.
    pub(crate) stderr: String,
}

impl Project {
    /// A book with one chapter, `chapter-1.md`, of this text, which may be [indented](unindented).
    pub(crate) fn with_chapter(text: &str) -> Self {
        Self::with_chapters(&[("chapter-1.md", text)])
    }

    /// A book with these chapters, in this order; each text may be [indented](unindented).
    pub(crate) fn with_chapters(chapters: &[(&str, &str)]) -> Self {
        let project = Self { folder: tempfile::tempdir().expect("a temporary folder") };
        project.write(
            "book.toml",
            "[book]\ntitle = \"Test\"\nsrc = \"guide\"\n\n[preprocessor.guide]\n",
        );
        let links: String =
            chapters.iter().map(|(file, _)| format!("- [{file}]({file})\n")).collect();
        project.write("guide/SUMMARY.md", format!("# Summary\n\n{links}"));
        for (file, text) in chapters {
            project.write(&format!("guide/{file}"), text);
        }
        project
    }

    /// The book's root.
    pub(crate) fn root(&self) -> &Path {
        self.folder.path()
    }

    /// Path of a file of the book.
    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.root().join(file)
    }

    /// Writes a file of the book. The text of a Markdown file may be [indented](unindented).
    pub(crate) fn write(&self, file: &str, text: impl AsRef<[u8]>) {
        let path = self.path(file);
        fs::create_dir_all(path.parent().expect("a folder")).expect("folder made");
        match std::str::from_utf8(text.as_ref()) {
            Ok(text) if file.ends_with(".md") => fs::write(path, unindented(text)),
            _ => fs::write(path, text),
        }
        .expect("file written");
    }

    /// Reads a file of the book.
    #[track_caller]
    pub(crate) fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
    }

    /// Whether the book has such a file.
    pub(crate) fn has(&self, file: &str) -> bool {
        self.path(file).exists()
    }

    /// Waits until this file exists.
    #[track_caller]
    pub(crate) fn wait_for_file(&self, file: &str) {
        wait_for(file, || self.has(file).then_some(()));
    }

    /// The real binary with these arguments, in an environment without the variables of the caller.
    pub(crate) fn command(&self, words: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_guide"));
        command.args(words.split_whitespace()).current_dir(self.root()).stdin(Stdio::null());
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.root())
            .env("LC_ALL", "C.UTF-8");
        command
    }

    /// Runs `guide WORDS`.
    pub(crate) fn guide(&self, words: &str) -> Said {
        Said::of(&self.command(words).output().expect("guide starts"), self.root())
    }

    /// Starts `guide WORDS`, and does not wait for its end.
    pub(crate) fn start(&self, words: &str) -> Child {
        self.command(words)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("guide starts")
    }
}

impl Said {
    /// Reads the result of a finished call.
    pub(crate) fn of(output: &Output, root: &Path) -> Self {
        let calm = |bytes: &[u8]| {
            calm(&String::from_utf8_lossy(bytes).replace(&root.display().to_string(), "BOOK"))
        };
        Self {
            code: output.status.code(),
            stdout: calm(&output.stdout),
            stderr: calm(&output.stderr),
        }
    }

    /// Asserts the exit code.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(
            self.code,
            Some(code),
            "exit code\n--- stdout\n{}\n--- stderr\n{}",
            self.stdout,
            self.stderr
        );
        self
    }

    /// Asserts that stdout or stderr contains this text.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        let all = self.all();
        assert!(all.contains(text), "not said: {text:?}\n--- all\n{all}");
        self
    }

    /// Asserts that neither stream contains this text.
    #[track_caller]
    pub(crate) fn never_says(self, text: &str) -> Self {
        let all = self.all();
        assert!(!all.contains(text), "said: {text:?}\n--- all\n{all}");
        self
    }

    /// The exit code and both streams for `insta::assert_snapshot!`, without the parts that differ from run to run.
    pub(crate) fn whole(&self) -> String {
        let code = self.code.map_or_else(|| "none".to_owned(), |code| code.to_string());
        let text = format!("exit {code}\n--- stdout\n{}--- stderr\n{}", self.stdout, self.stderr);
        crate::whole::calm(&text, Path::new("BOOK"))
    }

    fn all(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}

/// The text of a chapter from the form in which a test contains it: a raw string that begins with a line break and is indented like the
/// code around it. The first line break, the common indentation and the spaces before the closing quote are removed. A text that does
/// not begin with a line break is returned unchanged.
pub(crate) fn unindented(text: &str) -> String {
    let Some(text) = text.strip_prefix('\n') else { return text.to_owned() };
    let text = text.trim_end_matches(' ');
    let filled = text.lines().filter(|line| !line.trim_matches(' ').is_empty());
    let width =
        filled.map(|line| line.len() - line.trim_start_matches(' ').len()).min().unwrap_or(0);
    let lines = text.split('\n').map(|line| line.get(width..).unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn an_indented_chapter_is_written_without_its_indentation() {
    let indented = "
        # One

        ```bash {name=a}
        if true; then
            echo deeper
        fi
        ```
        ";
    let text = "# One\n\n```bash {name=a}\nif true; then\n    echo deeper\nfi\n```\n";
    assert_eq!(unindented(indented), text);
    assert_eq!(unindented(text), text, "a text that is not indented stays as it is");
}

/// Replaces seconds by `[time]`, because they differ from run to run.
fn calm(text: &str) -> String {
    let mut calm = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|character: char| character.is_ascii_digit()) {
        let number = rest[start..]
            .find(|character: char| !character.is_ascii_digit() && character != '.')
            .map_or(rest.len(), |length| start + length);
        let unit = if rest[number..].starts_with("ms") {
            2
        } else {
            usize::from(rest[number..].starts_with('s'))
        };
        let after = rest[number + unit..].chars().next();
        let is_time = unit > 0 && !after.is_some_and(char::is_alphanumeric);
        calm.push_str(&rest[..start]);
        calm.push_str(if is_time { "[time]" } else { &rest[start..number] });
        rest = &rest[number + if is_time { unit } else { 0 }..];
    }
    calm + rest
}

/// Every entry below the folder that is not itself a folder. Links are listed and not followed.
pub(crate) fn entries_below(folder: &Path) -> Vec<PathBuf> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry")) {
        if entry.file_type().expect("a kind").is_dir() {
            entries.extend(entries_below(&entry.path()));
        } else {
            entries.push(entry.path());
        }
    }
    entries
}

/// Waits until no process whose command line begins with these words is alive.
#[track_caller]
pub(crate) fn nothing_runs(command: &str) {
    let alive = || {
        let listed = Command::new("ps").args(["-eo", "pid=,args="]).output().expect("ps");
        let text = String::from_utf8_lossy(&listed.stdout).into_owned();
        text.lines()
            .filter(|line| {
                line.trim_start().split_once(' ').is_some_and(|(_, args)| args.starts_with(command))
            })
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    wait_for(&format!("the end of `{command}`"), || alive().is_empty().then_some(()));
}

/// Calls a function every ten milliseconds until it returns a value, for at most 30 seconds.
#[track_caller]
pub(crate) fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + Duration::from_secs(30);
    loop {
        if let Some(answer) = look() {
            return answer;
        }
        assert!(Instant::now() < end, "waited 30 seconds in vain for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Sends SIGINT, as Ctrl-C does.
pub(crate) fn interrupt(child: &Child) {
    let pid = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw);
    let signal = rustix::process::Signal::INT;
    rustix::process::kill_process(pid.expect("a process id"), signal).expect("interrupted");
}
