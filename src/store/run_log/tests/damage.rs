//! Journals and states that are torn, damaged or of another format.

use super::*;

#[test]
fn a_journal_torn_at_any_byte_keeps_every_whole_line_and_nothing_else() {
    let desk = Desk::new();
    let steps = ["chapter-1/a", "chapter-1/b", "chapter-2/a", "chapter-2/b"];
    desk.ran("run-1", &steps);
    let whole = fs::read(desk.journal("run-1")).unwrap();

    for length in 0..=whole.len() {
        fs::write(desk.journal("run-1"), &whole[..length]).unwrap();
        let lines = memchr::memchr_iter(b'\n', &whole[..length]).count();
        assert_eq!(
            desk.held(),
            steps[..lines.saturating_sub(1).min(4)],
            "cut after {length} bytes"
        );
    }
}

#[test]
fn a_state_that_did_not_reach_the_disk_is_known_to_be_lost() {
    let desk = Desk::new();
    desk.ran("run-1", &["chapter-1/a", "chapter-1/b"]);
    let states = desk.state.path().join("runs/run-1/states.log");
    let length = fs::metadata(&states).unwrap().len();
    File::options().write(true).open(&states).unwrap().set_len(length - 1).unwrap();

    assert_eq!(desk.held(), ["chapter-1/a"]);
    assert!(desk.past().steps[&id("chapter-1/b")].state_lost);
}

#[test]
fn a_state_with_a_single_flipped_bit_is_known_to_be_lost() {
    let desk = Desk::new();
    desk.ran("run-1", &["chapter-1/a", "chapter-1/b"]);
    let states = desk.state.path().join("runs/run-1/states.log");
    let whole = fs::read(&states).unwrap();
    let first =
        usize::try_from(desk.past().steps[&id("chapter-1/a")].state.as_ref().unwrap().length)
            .unwrap();
    for bit in 0..whole.len() * 8 {
        let mut damaged = whole.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        fs::write(&states, &damaged).unwrap();
        let held = if bit / 8 < first { "chapter-1/b" } else { "chapter-1/a" };
        assert_eq!(desk.held(), [held], "bit {bit}");
    }
    fs::write(&states, &whole).unwrap();
    assert_eq!(desk.held(), ["chapter-1/a", "chapter-1/b"]);
}

#[test]
fn garbage_in_the_middle_is_an_error_with_its_line() {
    let desk = Desk::new();
    desk.ran("run-1", &["chapter-1/a"]);
    let mut lines: Vec<String> =
        fs::read_to_string(desk.journal("run-1")).unwrap().lines().map(str::to_owned).collect();
    lines.insert(1, "{\"event\":\"step_fin".to_owned());
    fs::write(desk.journal("run-1"), lines.join("\n") + "\n").unwrap();

    let error = load_past(desk.state.path(), desk.state.path().parent().unwrap()).unwrap_err();

    let file = desk.journal("run-1");
    assert_eq!(
        error.to_string(),
        format!(
            "`{}:2` is not a line of a journal: EOF while parsing a string (column 18)",
            file.display()
        )
    );
}

#[test]
fn a_newer_format_is_refused_and_both_are_named() {
    let desk = Desk::new();
    desk.ran("run-1", &["chapter-1/a"]);
    let newer = fs::read_to_string(desk.journal("run-1"))
        .unwrap()
        .replace("\"format\":2", "\"format\":3,\"shape\":\"unknown\"")
        .replace("\"guide\":\"0.1.0\"", "\"guide\":\"9.0.0\"");
    fs::write(desk.journal("run-1"), newer).unwrap();

    let error = load_past(desk.state.path(), desk.state.path().parent().unwrap()).unwrap_err();

    let file = desk.journal("run-1");
    assert_eq!(
        error.to_string(),
        format!(
            "`{}` has format 3, written by guide 9.0.0; this is guide {} and knows format 2",
            file.display(),
            env!("CARGO_PKG_VERSION")
        )
    );
}

#[test]
fn a_journal_of_an_older_format_that_cannot_be_read_does_not_count() {
    let desk = Desk::new();
    desk.ran("run-1", &["chapter-1/a"]);
    let journal = fs::read_to_string(desk.journal("run-1")).unwrap();
    let older = journal
        .replace("\"format\":2", "\"format\":1")
        .replace("\"event\":\"step_finished\"", "\"event\":\"step_was_done\"");
    fs::write(desk.journal("run-1"), &older).unwrap();
    assert_eq!(desk.held(), Vec::<String>::new());
    desk.ran("run-2", &["chapter-1/a"]);
    assert_eq!(desk.held(), ["chapter-1/a"]);
}
