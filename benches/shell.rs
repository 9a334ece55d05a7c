//! What a step costs in the chapter's shell: from the command to its output, end and saved state.

#![expect(
    clippy::disallowed_methods,
    reason = "a benchmark measures time, and passes its own environment on"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use guide::testing::ids::StepId;
use guide::testing::ids::{ChapterName, StepName};
use guide::testing::output::Ending;
use guide::testing::secrets::Masker;
use guide::testing::shell::{Interrupt, ShellOptions, ShellWorld};
use guide::testing::world::{Command, Flow, Mode, ShellContext, Watcher, World};

struct Blind;

impl Watcher for Blind {
    fn output(&mut self, bytes: &[u8]) {
        black_box(bytes);
    }

    fn tick(&mut self, _elapsed: Duration) -> Flow {
        Flow::Continue
    }
}

fn world(folder: &std::path::Path) -> ShellWorld {
    let interrupt = Interrupt::unconnected().expect("a pipe");
    let environment = std::env::vars_os().collect();
    let options = ShellOptions {
        bash: "bash".into(),
        environment,
        masker: Masker::new(),
        interrupt,
        verify_only: false,
    };
    let mut world = ShellWorld::new(options).expect("a world");
    world
        .enter(&ShellContext { folder: folder.to_owned(), environment: Vec::new() }, None)
        .expect("a shell");
    world
}

fn command(script: &str) -> Command {
    Command {
        step: StepId { chapter: ChapterName::new("chapter"), step: StepName::new("step") },
        script: script.into(),
        timeout: Duration::from_secs(60),
        mode: Mode::Shell,
        bound: Vec::new(),
        secrets: Vec::new(),
        cwd: None,
    }
}

fn run(world: &mut ShellWorld, script: &str) {
    let output = world.run(&command(script), &mut Blind).expect("an output");
    assert_eq!(output.ending, Ending::Exited(0), "{script}");
    black_box(output);
}

fn shell(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut living = world(folder.path());
    criterion
        .bench_function("echo line", |bencher| bencher.iter(|| run(&mut living, "echo line 1")));
    let mut number = 0;
    criterion.bench_function("export and echo", |bencher| {
        bencher.iter(|| {
            number += 1;
            run(&mut living, &format!("export count={number}; echo $count"));
        });
    });
    criterion
        .bench_function("2,000 lines", |bencher| bencher.iter(|| run(&mut living, "seq 2000")));
    criterion.bench_function("start and one step", |bencher| {
        bencher.iter_custom(|times| {
            let before = Instant::now();
            for _ in 0..times {
                run(&mut world(folder.path()), "echo hello");
            }
            before.elapsed()
        });
    });
    criterion.bench_function("floor: bash -c in a bash loop, 20 blocks", |bencher| {
        let script = "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do bash -c 'echo line 1'; done >/dev/null";
        bencher.iter(|| run(&mut living, script));
    });
}

criterion_group!(benches, shell);
criterion_main!(benches);
