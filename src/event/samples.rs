//! Events for tests: short to make, and one of every kind.

use std::path::Path;

use super::*;
use crate::compare::Difference;
use crate::ids::StepName;

/// `chapter/step` → id.
pub(crate) fn id(text: &str) -> StepId {
    let (chapter, step) = text.split_once('/').expect("chapter/step");
    StepId { chapter: ChapterName::new(chapter), step: StepName::new(step) }
}

/// What a step is; the same words give the same fingerprint.
pub(crate) fn print_of(text: &str) -> Fingerprint {
    Fingerprint::of([text.as_bytes()])
}

/// A run of the whole book.
pub(crate) fn started(run: &str) -> RunStarted {
    RunStarted {
        format: JOURNAL_FORMAT,
        run: run.to_owned(),
        at: "2026-11-23T22:45:00Z".to_owned(),
        guide: "0.1.0".to_owned(),
        book: "A cluster by hand".to_owned(),
        profile: "open".to_owned(),
        targets: Vec::new(),
        resumes: None,
        pid: 4711,
        steps: 4,
        root: "..".to_owned(),
        world: None,
        shard: None,
    }
}

/// A step that ended, after 1.5 s unless it did not run.
pub(crate) fn finished(step: &str, outcome: Outcome) -> StepFinished {
    let ran = !matches!(
        outcome,
        Outcome::UpToDate
            | Outcome::FoundSo
            | Outcome::TakenAsDone
            | Outcome::PassedBefore
            | Outcome::Skipped { .. }
    );
    let chapter = id(step).chapter;
    StepFinished {
        step: id(step),
        place: Place { file: Path::new(&format!("guide/{chapter}.md")).into(), line: 57 },
        fingerprint: print_of(step),
        outcome,
        at: "2026-11-23T22:45:10Z".to_owned(),
        seconds: if ran { 1.5 } else { 0.0 },
        attempts: u32::from(ran),
        ending: ran.then_some(Ending::Exited(0)),
        output: None,
        state: None,
        bound: Bindings::new(),
        leftovers: Vec::new(),
        made_of: None,
        because: None,
        evidence: None,
    }
}

/// A chapter that begins.
pub(crate) fn chapter_started(chapter: &str, steps: usize) -> Event {
    Event::ChapterStarted {
        chapter: ChapterName::new(chapter),
        title: "Infrastructure".to_owned(),
        steps,
    }
}

/// A chapter that ends.
pub(crate) fn chapter_finished(chapter: &str, outcome: ChapterOutcome) -> Event {
    let fingerprint = (outcome == ChapterOutcome::Passed).then(|| print_of(chapter));
    Event::ChapterFinished {
        chapter: ChapterName::new(chapter),
        outcome,
        fingerprint,
        done: Vec::new(),
        seconds: 12.0,
    }
}

/// A step that begins.
pub(crate) fn step_started(step: &str, number: usize, expected_seconds: Option<f64>) -> Event {
    Event::StepStarted {
        step: id(step),
        place: finished(step, Outcome::Passed).place,
        command: "kind create cluster".to_owned(),
        number,
        attempt: 1,
        expected_seconds,
        reason: Reason::Turn,
        interactive: false,
    }
}

/// A step that goes on.
pub(crate) fn progress(step: &str, seconds: f64, line: &str, waiting_for: Option<&str>) -> Event {
    Event::StepProgress {
        step: id(step),
        line: line.to_owned(),
        seconds,
        waiting_for: waiting_for.map(str::to_owned),
    }
}

/// Every way in which a step can fail.
pub(crate) fn every_failure() -> Vec<Failure> {
    let differences = vec![
        Difference::Missing {
            what: "row web".to_owned(),
            expected: "web  2/2".to_owned(),
            line: Some(2),
        },
        Difference::Unexpected {
            what: "line 4".to_owned(),
            actual: "surprise".to_owned(),
            line: None,
        },
        Difference::Changed {
            what: "row api, column READY".to_owned(),
            expected: "2/2".to_owned(),
            actual: "1/2".to_owned(),
            line: Some(3),
        },
        Difference::Binding {
            name: "port".to_owned(),
            why: "`abc` is not a number".to_owned(),
            line: Some(1),
        },
    ];
    vec![
        Failure::Exit { code: 7, expected: "0".to_owned() },
        Failure::Signal { signal: 9 },
        Failure::TimedOut {
            seconds: 120.0,
            limit: "timeout".to_owned(),
            waiting_for: Some("pod web: Pending".to_owned()),
        },
        Failure::Mismatch { differences, fence: true },
        Failure::Check { expression: "ready == 2".to_owned(), why: "`ready` is 1".to_owned() },
        Failure::Unrecoverable { why: "pod web: ImagePullBackOff".to_owned() },
        Failure::Broken { why: "bash could not be started".to_owned() },
    ]
}

/// Every way in which a step can come out.
pub(crate) fn every_outcome() -> Vec<Outcome> {
    let mut outcomes = vec![
        Outcome::Passed,
        Outcome::Pending,
        Outcome::UpToDate,
        Outcome::FoundSo,
        Outcome::TakenAsDone,
        Outcome::PassedBefore,
        Outcome::Skipped { why: "`first` failed".to_owned() },
        Outcome::Interrupted,
    ];
    outcomes.extend(every_failure().into_iter().map(Outcome::Failed));
    outcomes
}

/// Every way in which an attempt can end.
const ENDINGS: [Ending; 6] = [
    Ending::Exited(7),
    Ending::Signalled(9),
    Ending::TimedOut,
    Ending::Interrupted,
    Ending::GivenUp,
    Ending::Started,
];

/// A run's events: every kind of event, outcome, ending and failure at least once, and every optional part both there and not there.
#[expect(clippy::too_many_lines, reason = "one of every kind")]
pub(crate) fn every_event() -> Vec<Event> {
    use ChapterOutcome::{Failed, Interrupted, NotRun, Passed, UpToDate};
    let mut events = vec![
        Event::RunStarted(RunStarted {
            targets: vec!["chapter-1".to_owned()],
            resumes: Some("20261123T220000.000Z-1".to_owned()),
            ..started("20261123T224500.000Z-4711")
        }),
        Event::Resumed { at: Some(id("chapter-1/step-1")), why: "failed".to_owned() },
        Event::Resumed { at: None, why: "every step has passed".to_owned() },
        chapter_started("chapter-1", 13),
        step_started("chapter-1/step-1", 1, Some(23.0)),
        progress("chapter-1/step-1", 3.0, "Preparing nodes", Some("node worker: NotReady")),
        progress("chapter-1/step-1", 4.0, "", None),
    ];
    for reason in [Reason::UpToDate, Reason::Recheck, Reason::ChapterDone, Reason::Ready] {
        if let Event::StepStarted { step, place, command, .. } =
            step_started("chapter-1/step-2", 2, None)
        {
            let (number, attempt, expected_seconds, interactive) = (2, 1, None, false);
            events.push(Event::StepStarted {
                step,
                place,
                command,
                number,
                attempt,
                expected_seconds,
                reason,
                interactive,
            });
        }
    }
    for (number, outcome) in (1..).zip(every_outcome()) {
        let step = format!("chapter-1/step-{number}");
        events.push(step_started(&step, number, None));
        let ending = ENDINGS[number % ENDINGS.len()];
        events.push(Event::StepFinished(StepFinished {
            output: Some(Stored {
                file: "output.log".into(),
                offset: 10,
                length: 20,
                checksum: None,
            }),
            state: Some(Stored {
                file: "states.log".into(),
                offset: 0,
                length: 4096,
                checksum: Some("00c0ffee00c0ffee".to_owned()),
            }),
            bound: Bindings::from([("port".to_owned(), "30080".to_owned())]),
            leftovers: vec![LeftoverProcess { pid: 99, command: "sleep 1000".to_owned() }],
            ending: Some(ending),
            ..finished(&step, outcome)
        }));
    }
    events.push(Event::Note {
        text: "`sleep 1000` (process 99) was left and stopped".to_owned(),
        step: Some(id("chapter-1/step-1")),
    });
    events.push(Event::Note { text: "the disk is nearly full".to_owned(), step: None });
    events.extend(
        [Passed, UpToDate, Failed, Interrupted, NotRun]
            .map(|outcome| chapter_finished("chapter-1", outcome)),
    );
    events.push(Event::StepFinished(finished("chapter-2/bare", Outcome::Passed)));
    events.push(Event::RunFinished(RunSummary {
        passed: 2,
        broken: Some("the engine went away".to_owned()),
        hint: Some("start it".to_owned()),
        at: "2026-11-23T22:46:01Z".to_owned(),
        seconds: 61.2,
        ..RunSummary::default()
    }));
    events
}
