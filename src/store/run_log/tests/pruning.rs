//! Which runs are removed, and what is kept of them.

use super::*;

#[test]
fn old_runs_are_pruned_and_their_times_and_chapters_are_kept() {
    let desk = Desk::new();
    let mut log = desk.begin(started("run-00"));
    step(&mut log, "chapter-1/slow", Outcome::Passed).unwrap();
    log.event(&chapter_finished("chapter-1", ChapterOutcome::Passed)).unwrap();
    end(log);
    let failure_report = desk.state.path().join("failures/run-00/chapter-1/slow");
    fs::create_dir_all(&failure_report).unwrap();
    for number in 1..=29 {
        assert_eq!(desk.runs().len(), number, "they are forgotten ten at a time");
        let mut log = desk.begin(started(&format!("run-{number:02}")));
        log.event(&chapter_finished("chapter-1", ChapterOutcome::Failed)).unwrap();
        end(log);
    }

    assert_eq!(desk.runs().len(), 20);
    assert_eq!(desk.runs()[0], "run-10");
    assert!(!failure_report.exists());
    let past = desk.past();
    assert_eq!(past.seconds.get(&id("chapter-1/slow")), Some(&1.5));
    let chapter = &past.chapters[&ChapterName::new("chapter-1")];
    assert_eq!(chapter.outcome, ChapterOutcome::Failed);
    assert_eq!(chapter.passed_as, None, "its last run failed");
}

#[test]
#[expect(clippy::print_stderr, reason = "a test that is skipped says why")]
fn the_next_run_releases_the_reserved_disk_space() {
    use std::os::unix::fs::MetadataExt;
    let desk = Desk::new();
    desk.ran("run-1", &["chapter-1/first"]);
    let files = || {
        [JOURNAL, STATES]
            .map(|name| fs::metadata(desk.state.path().join("runs/run-1").join(name)).unwrap())
    };
    let lengths = files().map(|file| file.len());
    if files().iter().all(|file| file.blocks() * 512 < JOURNAL_AHEAD) {
        eprintln!("skipped: this file system keeps nothing in reserve");
        return;
    }

    end(desk.begin(started("run-2")));

    assert!(files().iter().all(|file| file.blocks() * 512 < JOURNAL_AHEAD / 2), "{:?}", files());
    assert_eq!(files().map(|file| file.len()), lengths);
}

#[test]
fn the_run_that_the_past_is_based_on_is_never_pruned() {
    let desk = Desk::new();
    desk.ran("run-00", &["chapter-1/a"]);
    for number in 1..=45 {
        end(desk.begin(RunStarted {
            targets: vec!["chapter-2".to_owned()],
            ..started(&format!("run-{number:02}"))
        }));
    }

    assert_eq!(desk.held(), ["chapter-1/a"]);
}

#[test]
fn runs_of_checks_only_are_pruned_and_not_read_again() {
    let desk = Desk::new();
    desk.ran("run-00", &["chapter-1/a"]);
    for number in 1..=45 {
        let targets = vec![crate::event::VERIFY_ONLY.to_owned()];
        end(desk.begin(RunStarted { targets, ..started(&format!("run-{number:02}")) }));
    }

    assert_eq!(desk.held(), ["chapter-1/a"]);
    assert!(desk.runs().len() <= 30, "{:?}", desk.runs());
    assert_eq!(desk.runs()[0], "run-00");
    assert_eq!((desk.past().run.as_str(), desk.past().newest_run.as_str()), ("run-00", "run-45"));
    assert_eq!(
        crate::store::history_cache::read_history_cache(desk.state.path(), "..").unwrap().through,
        "run-44"
    );
}

#[test]
fn only_replaced_partial_runs_are_pruned() {
    let desk = Desk::new();
    desk.ran("run-000", &["chapter-1/a", "chapter-2/a", "chapter-3/a"]);
    let part = |run: &str, chapter: &str, outcome: Outcome| {
        let started = RunStarted { targets: vec![chapter.to_owned()], ..started(run) };
        let mut log = desk.begin(started);
        log.event(&chapter_started(chapter, 1)).unwrap();
        step(&mut log, &format!("{chapter}/a"), outcome).unwrap();
        end(log);
    };
    part("run-001", "chapter-2", Outcome::Passed);
    for number in 2..200 {
        part(&format!("run-{number:03}"), "chapter-3", Outcome::Passed);
    }

    assert!(desk.runs().len() <= KEPT_RUNS + 11, "{:?}", desk.runs());
    assert_eq!(desk.runs()[..2], ["run-000", "run-001"], "both hold the last run of a step");
    assert_eq!(desk.held(), ["chapter-1/a", "chapter-2/a", "chapter-3/a"]);
    let past = desk.past();
    for (step, run) in
        [("chapter-1/a", "run-000"), ("chapter-2/a", "run-001"), ("chapter-3/a", "run-199")]
    {
        assert_eq!(past.steps[&id(step)].run, run, "{step}");
    }
}

#[test]
fn a_killed_partial_run_that_withdraws_an_older_step_is_kept() {
    let desk = Desk::new();
    desk.ran("run-00", &["chapter-1/a", "chapter-2/a", "chapter-2/b"]);
    let targets = vec!["chapter-2".to_owned()];
    let mut killed = desk.begin(RunStarted { targets, ..started("run-01") });
    killed.event(&chapter_started("chapter-2", 2)).unwrap();
    drop(killed);
    for number in 2..60 {
        let targets = vec!["chapter-3".to_owned()];
        end(desk.begin(RunStarted { targets, ..started(&format!("run-{number:02}")) }));
    }
    assert_eq!(desk.held(), ["chapter-1/a"]);
}

#[test]
fn runs_of_another_book_in_the_same_state_folder_are_not_pruned() {
    let desk = Desk::new();
    let mut other = desk.begin(RunStarted { root: "/other".to_owned(), ..started("run-00") });
    step(&mut other, "chapter-1/a", Outcome::Passed).unwrap();
    end(other);
    for number in 1..60 {
        desk.ran(&format!("run-{number:02}"), &["chapter-1/a"]);
    }
    assert_eq!(desk.runs()[0], "run-00");
    assert!(desk.runs().len() <= KEPT_RUNS + 10, "{:?}", desk.runs());
}
