use std::fs::File;

use super::*;
use crate::event::samples::{
    chapter_finished, chapter_started, every_event, finished, id, print_of, started,
};
use crate::event::{ChapterOutcome, Outcome, RunSummary, StepFinished};
use crate::ids::StepId;
use crate::store::prune::KEPT_RUNS;
use crate::store::run_folder::run_id;
use crate::store::{current_holder, load_past, read_journal};

/// A state folder and what the tests do with it.
struct Desk {
    state: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        Self { state: tempfile::tempdir().unwrap() }
    }

    fn begin(&self, started: RunStarted) -> RunLog {
        RunLog::begin(self.state.path(), self.lock(), started, &self.past()).unwrap()
    }

    /// A whole run of these steps, all passed.
    fn ran(&self, run: &str, steps: &[&str]) {
        let mut log = self.begin(started(run));
        steps.iter().for_each(|name| step(&mut log, name, Outcome::Passed).unwrap());
        end(log);
    }

    fn lock(&self) -> RunLock {
        RunLock::take(self.state.path(), 4711, "2026-11-23T22:45:00Z").unwrap()
    }

    fn past(&self) -> Past {
        load_past(self.state.path(), self.state.path().parent().unwrap()).unwrap()
    }

    fn held(&self) -> Vec<String> {
        let past = self.past();
        let mut held: Vec<String> = past
            .steps
            .iter()
            .filter(|(_, step)| step.passed && !step.state_lost)
            .map(|(id, _)| id.to_string())
            .collect();
        held.sort_unstable();
        held
    }

    fn journal(&self, run: &str) -> PathBuf {
        self.state.path().join("runs").join(run).join(JOURNAL)
    }

    fn runs(&self) -> Vec<String> {
        let mut runs: Vec<String> = fs::read_dir(self.state.path().join("runs"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        runs.sort_unstable();
        runs
    }
}

fn step(log: &mut RunLog, step: &str, outcome: Outcome) -> Result<(), Diagnostic> {
    log.output(format!("output of {step}\n").as_bytes());
    let output = Some(log.finish_output());
    let state = Some(
        log.state(&id(step).chapter, &ShellState(format!("declare -- after={step}").into_bytes())),
    );
    log.event(&Event::StepFinished(StepFinished { output, state, ..finished(step, outcome) }))
}

fn end(mut log: RunLog) {
    log.event(&Event::RunFinished(RunSummary::default())).unwrap();
    log.finish().unwrap();
}

fn taken_over(log: &mut RunLog, past: &Past, step: &str) -> Event {
    let before = &past.steps[&id(step)];
    let state = before.state.as_ref().map(|state| log.take_over(&before.run, state));
    Event::StepFinished(StepFinished { state, ..finished(step, Outcome::PassedBefore) })
}

#[test]
fn what_was_recorded_is_read_back() {
    let desk = Desk::new();
    let mut log = desk.begin(started("run-1"));
    step(&mut log, "chapter-1/first", Outcome::Passed).unwrap();
    step(&mut log, "chapter-1/second", Outcome::Pending).unwrap();
    end(log);

    let past = desk.past();
    let second = &past.steps[&id("chapter-1/second")];
    let folder = desk.state.path().join("runs/run-1");
    assert_eq!(past.run, "run-1");
    assert_eq!(desk.held(), ["chapter-1/first", "chapter-1/second"]);
    assert_eq!(second.fingerprint, print_of("chapter-1/second"));
    assert_eq!(
        read_stored(&folder, second.output.as_ref().unwrap()).unwrap(),
        b"output of chapter-1/second\n"
    );
    assert_eq!(
        read_stored(&folder, second.state.as_ref().unwrap()).unwrap(),
        b"declare -- after=chapter-1/second"
    );
    assert_eq!(past.seconds.get(&id("chapter-1/first")), Some(&1.5));
    assert_eq!(fs::read_link(desk.state.path().join("latest")).unwrap(), Path::new("runs/run-1"));
}

#[test]
fn the_lock_tells_which_chapter_the_run_is_in_until_its_end() {
    let desk = Desk::new();
    let mut log = desk.begin(started("run-1"));
    log.event(&chapter_started("chapter-2", 3)).unwrap();
    assert_eq!(
        current_holder(desk.state.path()).unwrap().chapter,
        Some(ChapterName::new("chapter-2"))
    );
    end(log);
    assert_eq!(current_holder(desk.state.path()), None);
}

#[test]
fn every_kept_event_is_the_same_after_reading() {
    let desk = Desk::new();
    let events = every_event();
    let Event::RunStarted(start) = &events[0] else { panic!() };
    let mut log = desk.begin(start.clone());
    log.events(&events[1..]).unwrap();
    log.finish().unwrap();

    let journal = read_journal(&desk.journal(&start.run)).unwrap().unwrap();

    let kept: Vec<String> =
        events[1..].iter().filter_map(kept).map(|event| format!("{event:?}")).collect();
    let read: Vec<String> = journal.events.iter().map(|event| format!("{event:?}")).collect();
    assert_eq!(read, kept);
}

#[test]
fn an_unchanged_state_is_kept_once_and_a_changed_one_again() {
    let desk = Desk::new();
    let mut log = desk.begin(started("run-1"));
    let (one, two) = (ChapterName::new("chapter-1"), ChapterName::new("chapter-2"));
    let first = log.state(&one, &ShellState(b"a=1".to_vec()));
    assert_eq!(log.state(&one, &ShellState(b"a=1".to_vec())), first);
    assert_ne!(log.state(&two, &ShellState(b"a=1".to_vec())), first);
    let third = log.state(&two, &ShellState(b"a=22".to_vec()));
    assert_eq!((third.file.as_path(), third.offset, third.length), (Path::new(STATES), 6, 4));
    end(log);
    assert_eq!(fs::read(desk.state.path().join("runs/run-1/states.log")).unwrap(), b"a=1a=1a=22");
}

/// The journal of a run of two chapters, cut after every single byte: whatever is left, no step is believed without its
/// whole line, none with it is forgotten, and nothing panics.
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
fn a_resumed_run_killed_before_it_decided_leaves_the_old_run_in_force() {
    let desk = Desk::new();
    let mut log = desk.begin(started("run-1"));
    step(&mut log, "chapter-1/a", Outcome::Passed).unwrap();
    log.finish().unwrap();
    let again = RunStarted { resumes: Some("run-1".to_owned()), ..started("run-2") };
    drop(desk.begin(again));

    assert_eq!(desk.held(), ["chapter-1/a"]);
    assert_eq!(desk.past().run, "run-2");
    assert_eq!(desk.past().steps[&id("chapter-1/a")].run, "run-1");
}

#[test]
fn a_resumed_run_that_decided_speaks_for_itself_alone() {
    let desk = Desk::new();
    let mut log = desk.begin(started("run-1"));
    for name in ["chapter-1/a", "chapter-1/b", "chapter-1/c"] {
        step(&mut log, name, Outcome::Passed).unwrap();
    }
    log.finish().unwrap();
    let past = desk.past();
    let mut log = desk.begin(RunStarted { resumes: Some("run-1".to_owned()), ..started("run-2") });
    let kept = taken_over(&mut log, &past, "chapter-1/a");
    let decision =
        Event::Resumed { at: Some(id("chapter-1/b")), why: "no longer holds".to_owned() };
    log.events(&[kept, decision]).unwrap();
    drop(log);

    assert_eq!(desk.held(), ["chapter-1/a"]);
}

#[test]
fn what_was_taken_over_outlives_the_run_it_came_from() {
    let desk = Desk::new();
    let mut log = desk.begin(started("run-1"));
    step(&mut log, "chapter-1/a", Outcome::Passed).unwrap();
    log.finish().unwrap();
    for (resumed, run) in [("run-1", "run-2"), ("run-2", "run-3")] {
        let past = desk.past();
        let mut log = desk.begin(RunStarted { resumes: Some(resumed.to_owned()), ..started(run) });
        let kept = taken_over(&mut log, &past, "chapter-1/a");
        log.events(&[kept, Event::Resumed { at: None, why: "all passed".to_owned() }]).unwrap();
        log.finish().unwrap();
        fs::remove_dir_all(desk.state.path().join("runs").join(resumed)).unwrap();
    }

    let past = desk.past();
    let kept = &past.steps[&id("chapter-1/a")];
    let log = desk.begin(started("run-4"));
    let state = log.past_state(&kept.run, kept.state.as_ref().unwrap()).unwrap();
    assert_eq!(state, ShellState(b"declare -- after=chapter-1/a".to_vec()));
    assert_eq!(kept.state.as_ref().unwrap().file, Path::new("run-1.states.log"));
}

#[test]
fn a_run_of_a_part_is_laid_over_the_run_before_it() {
    let desk = Desk::new();
    desk.ran("run-1", &["chapter-1/a", "chapter-2/a", "chapter-2/b", "chapter-3/a"]);
    let mut log =
        desk.begin(RunStarted { targets: vec!["chapter-2".to_owned()], ..started("run-2") });
    log.event(&chapter_started("chapter-2", 2)).unwrap();
    step(&mut log, "chapter-2/a", Outcome::Passed).unwrap();
    drop(log);
    assert_eq!(
        desk.held(),
        ["chapter-1/a", "chapter-2/a", "chapter-3/a"],
        "chapter-2/b may have been running when it was killed"
    );

    let mut log =
        desk.begin(RunStarted { targets: vec!["chapter-2/b".to_owned()], ..started("run-3") });
    log.event(&chapter_started("chapter-2", 1)).unwrap();
    step(&mut log, "chapter-2/b", Outcome::Passed).unwrap();
    end(log);
    assert_eq!(desk.held(), ["chapter-1/a", "chapter-2/a", "chapter-2/b", "chapter-3/a"]);

    end(desk.begin(started("run-4")));
    assert_eq!(desk.held(), Vec::<String>::new(), "a run of the whole book begins anew");
}

#[test]
fn old_runs_go_but_their_times_and_chapters_stay() {
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
fn the_disk_space_a_run_kept_in_reserve_is_given_back_by_the_next_one() {
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
fn the_run_that_the_past_stands_on_is_never_pruned() {
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
fn runs_that_only_asked_are_forgotten_and_not_read_again_and_again() {
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
fn a_folder_that_cannot_be_made_is_named_with_what_to_do() {
    let desk = Desk::new();
    fs::write(desk.state.path().join("runs"), "not a folder").unwrap();

    let error = RunLog::begin(desk.state.path(), desk.lock(), started("run-1"), &Past::default())
        .unwrap_err();

    let runs = desk.state.path().join("runs");
    assert_eq!(
        error.to_string(),
        format!("can't make the folder `{}`: File exists (os error 17)", runs.display())
    );
}

#[test]
fn ids_of_runs_sort_by_time() {
    let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap();
    let first = run_id(at("2026-11-23T22:45:00.0409Z"), 99_999, "");
    let second = run_id(at("2026-11-23T22:45:00.5Z"), 7, &first);
    assert_eq!(first, "20261123T224500.040Z-99999");
    assert!(first < second);
}

#[test]
fn ids_sort_in_the_order_of_the_runs_although_the_clock_was_set_back() {
    let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap();
    let first = run_id(at("2026-11-23T12:00:00Z"), 7, "");
    let second = run_id(at("2026-11-23T11:00:00Z"), 99_999, &first);
    let third = run_id(at("2026-11-23T11:00:01Z"), 3, &second);
    assert!(first < second && second < third, "{first} {second} {third}");
}

#[test]
fn output_beyond_the_buffer_is_whole() {
    let desk = Desk::new();
    let mut log = desk.begin(started("run-1"));
    let piece: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    for _ in 0..5 {
        log.output(&piece);
    }
    let stored = log.finish_output();
    log.output(b"next");
    let next = log.finish_output();
    end(log);

    let folder = desk.state.path().join("runs/run-1");
    assert_eq!(stored, Stored { file: OUTPUT.into(), offset: 0, length: 500_000, checksum: None });
    assert_eq!(read_stored(&folder, &stored).unwrap(), piece.repeat(5));
    assert_eq!(read_stored(&folder, &next).unwrap(), b"next");
}

#[test]
fn a_step_that_did_not_hold_is_not_believed() {
    let desk = Desk::new();
    let mut log = desk.begin(started("run-1"));
    step(&mut log, "chapter-1/a", Outcome::Passed).unwrap();
    step(&mut log, "chapter-1/b", Outcome::Interrupted).unwrap();
    log.finish().unwrap();
    assert_eq!(desk.held(), ["chapter-1/a"]);
    let known: Vec<StepId> = desk.past().seconds.into_keys().collect();
    assert_eq!(known, [id("chapter-1/a")], "only a step that passed says how long it takes");
}

#[test]
fn partial_runs_that_later_ones_replaced_are_pruned_and_the_others_stay() {
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
fn a_killed_partial_run_that_withdraws_an_older_step_stays() {
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

#[test]
fn a_state_folder_that_was_removed_or_replaced_during_the_run_is_an_error() {
    let desk = Desk::new();
    let log = desk.begin(started("run-1"));
    let journal = desk.journal("run-1");
    fs::remove_file(&journal).unwrap();
    fs::write(&journal, "").unwrap();
    let expected = format!(
        "can't find at the run's end `{}`: another file took its place during the run",
        journal.display()
    );
    assert_eq!(log.finish().unwrap_err().to_string(), expected);

    let log = desk.begin(started("run-2"));
    fs::remove_dir_all(desk.state.path().join("runs")).unwrap();
    let journal = desk.journal("run-2");
    assert_eq!(
        log.finish().unwrap_err().to_string(),
        format!("can't find at the run's end `{}`: there is no such file", journal.display())
    );
}
