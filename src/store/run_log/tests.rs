mod damage;
mod history;
mod pruning;

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
fn a_recorded_run_is_read_back() {
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
fn the_lock_names_the_chapter_of_the_run_until_its_end() {
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
