//! What the record of a run costs: a step in it, its beginning and end, and reading it back.
//!
//! `cargo bench --bench journal`. Steps write 200 bytes and leave a shell state of 4 KiB, once the same as before and once
//! another each time.

#![expect(clippy::disallowed_methods, reason = "a benchmark measures time")]

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use guide::testing::book::Place;
use guide::testing::event::{Event, JOURNAL_FORMAT, Outcome, Record, RunStarted, StepFinished};
use guide::testing::history::Past;
use guide::testing::ids::{ChapterName, StepName};
use guide::testing::ids::{Fingerprint, StepId};
use guide::testing::output::{Ending, ShellState};
use guide::testing::store::{RunLock, RunLog, load_past};

fn begin(state: &Path, run: &str) -> RunLog {
    let lock = RunLock::take(state, 1, "now").expect("the lock is free");
    let started = RunStarted {
        format: JOURNAL_FORMAT,
        run: run.to_owned(),
        at: "2026-11-23T22:45:00Z".to_owned(),
        guide: "0.1.0".to_owned(),
        book: "A cluster by hand".to_owned(),
        profile: "open".to_owned(),
        targets: Vec::new(),
        resumes: None,
        pid: 1,
        steps: 1000,
        root: "..".to_owned(),
        world: None,
        shard: None,
    };
    RunLog::begin(state, lock, started, &Past::default()).expect("the folder can be written")
}

fn step(log: &mut RunLog, number: u64, state: &ShellState) {
    let chapter = ChapterName::new("chapter-1");
    log.output(&[b'x'; 200]);
    let output = Some(log.finish_output());
    let state = Some(log.state(&chapter, state));
    let finished = StepFinished {
        step: StepId { chapter, step: StepName::new(format!("step-{number}")) },
        place: Place { file: Path::new("guide/chapter-1-infrastructure.md").into(), line: 57 },
        fingerprint: Fingerprint::of([&number.to_le_bytes()[..]]),
        outcome: Outcome::Passed,
        at: "2026-11-23T22:45:10.123Z".to_owned(),
        seconds: 0.001_234,
        attempts: 1,
        ending: Some(Ending::Exited(0)),
        output,
        state,
        bound: [("port".to_owned(), "30080".to_owned())].into(),
        leftovers: Vec::new(),
        made_of: None,
        because: None,
        evidence: None,
    };
    log.event(&Event::StepFinished(finished)).expect("the disk has room");
}

fn steps(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("journal");
    group.throughput(Throughput::Elements(1));
    for (name, changes) in
        [("a step, its state unchanged", false), ("a step, its state changed", true)]
    {
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|count| {
                let folder = tempfile::tempdir().expect("a temporary folder");
                let mut log = begin(folder.path(), "run-1");
                let mut state = ShellState(vec![b's'; 4096]);
                let since = Instant::now();
                for number in 0..count {
                    if changes {
                        state.0[..8].copy_from_slice(&number.to_le_bytes());
                    }
                    step(&mut log, number, &state);
                }
                let took = since.elapsed();
                log.finish().expect("the disk has room");
                took
            });
        });
    }
    group.finish();
}

fn whole_runs(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("journal");
    group.sample_size(20).measurement_time(Duration::from_secs(3));
    let state = ShellState(vec![b's'; 4096]);
    group.bench_function("a run of one step, begun, kept, synced and ended", |bencher| {
        bencher.iter_batched(
            || tempfile::tempdir().expect("a temporary folder"),
            |folder| {
                let mut log = begin(folder.path(), "run-1");
                step(&mut log, 1, &state);
                log.finish().expect("the disk has room");
                folder
            },
            BatchSize::PerIteration,
        );
    });
    group.bench_function("reading back a run of 1000 steps", |bencher| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut log = begin(folder.path(), "run-1");
        (0..1000).for_each(|number| step(&mut log, number, &state));
        log.finish().expect("the disk has room");
        bencher.iter(|| {
            black_box(load_past(folder.path(), folder.path()).expect("the journal is whole"))
        });
    });
    group.finish();
}

criterion_group!(benches, steps, whole_runs);
criterion_main!(benches);
