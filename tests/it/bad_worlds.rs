//! Worlds that can't be asked, files that can't be written.

use crate::Project;

#[test]
fn a_torn_last_journal_line_is_dropped() {
    let book = Project::with_chapter(
        "# One\n\n```bash {name=a}\necho a >> \"$GUIDE_BOOK/log\"\n```\n\n```bash {name=b}\ntest -e \"$GUIDE_BOOK/cured\"\n```\n",
    );
    book.guide("run").exits(1);
    let run = std::fs::read_dir(book.path(".guide/runs"))
        .expect("runs")
        .next()
        .expect("one run")
        .expect("entry")
        .path()
        .join("journal.jsonl");
    let text = std::fs::read_to_string(&run).expect("journal");
    std::fs::write(&run, &text[..text.len() - 7]).expect("torn");
    book.write("cured", "");
    book.guide("run --resume").exits(0).says("goes on at chapter-1/b");
    assert_eq!(book.read("log"), "a\n");
}

#[test]
fn a_newer_journal_is_refused() {
    let book = Project::with_chapter("# One\n\n```bash {name=a}\ntrue\n```\n");
    book.guide("run").exits(0);
    let run = std::fs::read_dir(book.path(".guide/runs"))
        .expect("runs")
        .next()
        .expect("one run")
        .expect("entry")
        .path()
        .join("journal.jsonl");
    let text = std::fs::read_to_string(&run).expect("journal").replacen("\"format\":1", "\"format\":99", 1);
    std::fs::write(&run, text).expect("newer");
    book.guide("run --resume").exits(3).says("99");
}

#[test]
fn a_state_folder_that_is_no_folder_is_a_clear_error() {
    let book = Project::with_chapter("# One\n\n```bash {name=a}\ntrue\n```\n");
    book.write(".guide", "a file in the way");
    book.guide("run").exits(3).says(".guide");
}
