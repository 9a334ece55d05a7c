#![expect(clippy::disallowed_methods, reason = "tests make and read files of their own")]

use std::sync::Arc;

use super::*;
use crate::book::{Attributes, Place, SourceId, Span};
use crate::ids::Fingerprint;
use crate::plan::Role;

fn id(step: &str) -> StepId {
    StepId { chapter: ChapterName::new("chapter-1"), step: StepName::new(step) }
}

fn step(name: &str, expected: Option<&str>) -> Step {
    let attributes = Attributes { snapshot: Some(SnapshotKind::Text), ..Attributes::default() };
    Step {
        id: id(name),
        place: Place { file: Path::new("guide/chapter-1.md").into(), line: 12 },
        span: Span { source: SourceId(0), start: 0, end: 0, line: 12 },
        script_line: 13,
        script: Arc::from("echo: one\necho two # ---\n"),
        role: Role::Act { proven_by: Vec::new() },
        attributes: attributes.into(),
        expected: expected.map(Arc::from),
        binds: Vec::new(),
        numbers: Arc::default(),
        expected_span: None,
        made_of: Default::default(),
        reads: Default::default(),
        files: Default::default(),
        fingerprint: Fingerprint::of([&b"x"[..]]),
    }
}

struct Book {
    folder: tempfile::TempDir,
}

impl Book {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn snapshots(&self, profile: &str) -> Snapshots {
        Snapshots::of(self.folder.path(), &self.folder.path().join(".guide"), profile)
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.folder.path().join("snapshots").join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn has(&self, file: &str) -> bool {
        self.folder.path().join("snapshots").join(file).exists()
    }
}

fn pend(snapshots: &mut Snapshots, name: &str, output: &str) -> PathBuf {
    snapshots
        .write_pending(&step(name, None), SnapshotKind::Text, &Bindings::new(), output.as_bytes())
        .expect("it is written")
}

#[test]
fn a_pending_snapshot_stands_beside_the_accepted_one() {
    let book = Book::new();
    let mut snapshots = book.snapshots("sealed");
    assert_eq!(
        pend(&mut snapshots, "list", "one took 350ms\n"),
        Path::new("snapshots/chapter-1/list.snap.new")
    );
    assert_eq!(snapshots.accepted(&id("list")).unwrap(), None);
    let pending = snapshots.pending().unwrap();
    assert_eq!(
        (pending[0].step.clone(), pending[0].old.clone(), pending[0].new.as_str()),
        (id("list"), None, "one took ⟨tim⟩")
    );
    snapshots.accept(&pending[0], &pending[0].new).unwrap();
    snapshots.remove_pending(&pending[0]).unwrap();
    assert_eq!(snapshots.accepted(&id("list")).unwrap().as_deref(), Some("one took ⟨tim⟩"));
    assert!(!book.has("chapter-1/list.snap.new"));
}

#[test]
fn the_file_is_in_instas_format_with_place_and_script() {
    let book = Book::new();
    pend(&mut book.snapshots("sealed"), "list", "one\n");
    let path = book.folder.path().join("snapshots/chapter-1/list.snap.new");
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(
        text,
        "---\nsource: guide/chapter-1.md\nassertion_line: 12\nexpression: |-\n  echo: one\n  echo two # ---\ninfo:\n  kind: text\n  profile: sealed\n---\none\n"
    );
    let insta = insta::Snapshot::from_file(&path).unwrap();
    assert_eq!(insta.metadata().source(), Some("guide/chapter-1.md"));
    assert_eq!(insta.metadata().expression(), Some("echo: one\necho two # ---"));
}

#[test]
fn a_file_is_read_as_insta_reads_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.snap");
    let headers =
        ["", "source: x\n", "source: x\r\nexpression: \"a\\n---\"\r\n", "snapshot_kind: text\n"];
    let texts = [
        "",
        "\n",
        "one",
        "one\n",
        "\n one \n\n two\t\n \n",
        "one\r\ntwo\r\r\nthree\r",
        "---\none\n---\n",
    ];
    for (start, end) in [("---\n", "---\n"), ("--- \r\n", "---\t\r\n")] {
        for file in
            headers.iter().flat_map(|header| texts.map(|text| [start, header, end, text].concat()))
        {
            std::fs::write(&path, &file).unwrap();
            // insta knows no empty header.
            let Ok(expected) = insta::Snapshot::from_file(&path) else { continue };
            let (header, text) = read_snapshot(&path).unwrap().unwrap();
            assert_eq!(text, expected.contents().as_text().unwrap().to_string(), "{file:?}");
            assert_eq!(header.expression.as_deref(), expected.metadata().expression(), "{file:?}");
        }
    }
    std::fs::write(&path, "---\nsnapshot_kind: binary\nextension: png\n---\n").unwrap();
    assert!(read_snapshot(&path).unwrap_err().to_string().contains("it contains no text"));
    std::fs::write(&path, b"---\nsource: x\n---\n\xff\n").unwrap();
    assert!(read_snapshot(&path).unwrap_err().to_string().contains("utf-8"));
}

#[test]
fn a_snapshot_of_the_profile_wins() {
    let book = Book::new();
    book.write("chapter-1/list.snap", "---\nsource: x\n---\nshared\n");
    book.write("chapter-1/list@open.snap", "---\nsource: x\n---\nopen\n");
    assert_eq!(book.snapshots("sealed").accepted(&id("list")).unwrap().as_deref(), Some("shared"));
    let mut open = book.snapshots("open");
    assert_eq!(open.accepted(&id("list")).unwrap().as_deref(), Some("open"));
    assert_eq!(
        pend(&mut open, "list", "other\n"),
        Path::new("snapshots/chapter-1/list@open.snap.new")
    );
    let pending = open.pending().unwrap();
    assert_eq!(pending.len(), 1);
    assert!(
        pending[0].accepts_to.ends_with("chapter-1/list@open.snap"),
        "{:?}",
        pending[0].accepts_to
    );
}

#[test]
fn what_is_proposed_keeps_the_patterns_that_match() {
    let book = Book::new();
    book.write("chapter-1/list.snap", "---\nsource: x\n---\nport <p:int>\nold\n");
    let mut snapshots = book.snapshots("");
    pend(&mut snapshots, "list", "port 5\nnew\n");
    assert_eq!(snapshots.pending().unwrap()[0].new, "port <p:int>\nnew");
}

#[test]
fn a_run_that_matches_takes_the_pending_file_away() {
    let book = Book::new();
    pend(&mut book.snapshots(""), "list", "one\n");
    book.snapshots("").clear_pending(&step("other", None));
    assert!(book.has("chapter-1/list.snap.new"));
    book.snapshots("").clear_pending(&step("list", None));
    assert!(!book.has("chapter-1/list.snap.new"));
}

#[test]
fn a_pending_file_is_written_only_if_it_changed() {
    let book = Book::new();
    pend(&mut book.snapshots(""), "list", "one\n");
    let path = book.folder.path().join("snapshots/chapter-1/list.snap.new");
    let before = std::fs::metadata(&path).unwrap().modified().unwrap();
    pend(&mut book.snapshots(""), "list", "one\n");
    assert_eq!(std::fs::metadata(&path).unwrap().modified().unwrap(), before);
}

#[test]
fn snapshots_of_no_step_are_named() {
    let book = Book::new();
    for file in [
        "chapter-1/a.snap",
        "chapter-1/b@open.snap",
        "chapter-1/gone.snap",
        "chapter-9/a.snap",
        "chapter-1/b.snap.new",
    ] {
        book.write(file, "---\nsource: x\n---\nx\n");
    }
    let used = HashSet::from([id("a"), id("b")]);
    let unused = book.snapshots("").unused(&used);
    assert_eq!(
        unused,
        [Path::new("snapshots/chapter-1/gone.snap"), Path::new("snapshots/chapter-9/a.snap")]
    );
}

#[test]
fn a_file_that_is_no_snapshot_is_an_error_with_what_to_do() {
    let book = Book::new();
    for (text, why) in
        [("just text\n", "its first line is not `---`"), ("---\nsource: [\n---\nx\n", "")]
    {
        book.write("chapter-1/list.snap", text);
        let error = book.snapshots("").accepted(&id("list")).unwrap_err();
        assert!(
            error.to_string().contains("snapshots/chapter-1/list.snap` is not a snapshot"),
            "{error}"
        );
        assert!(error.to_string().contains(why), "{error}");
        assert!(error.hint().is_some());
    }
}

#[test]
fn a_fence_that_differs_is_pending_in_the_state_folder_until_it_matches() {
    let book = Book::new();
    let fenced = step("list", Some("n <n:int>\nold\n"));
    let mut snapshots = book.snapshots("");
    snapshots.write_pending_fence(&fenced, &Bindings::new(), b"n 5\nnew\n").expect("it is written");
    let fences = PendingFences::of(&book.folder.path().join(".guide"));
    let pending = fences.get(&id("list")).unwrap().expect("it is pending");
    assert_eq!(
        (pending.expected.as_str(), pending.proposed.as_str()),
        ("n <n:int>\nold\n", "n <n:int>\nnew\n")
    );
    snapshots.clear_pending(&fenced);
    assert_eq!(fences.get(&id("list")).unwrap(), None);
}
