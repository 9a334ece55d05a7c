//! What the whole program costs, started anew each time: a book of one step, beside what a shell alone takes for that step.
//!
//! `cargo bench --bench program`. Each run writes its record and brings it to the disk, as every run does.

#![expect(
    clippy::disallowed_methods,
    reason = "it makes the books it measures, and starts the program"
)]

use std::path::Path;
use std::process::{Command, Stdio};

use criterion::{Criterion, criterion_group, criterion_main};

fn book(folder: &Path) {
    let files = [
        ("book.toml", "[book]\ntitle = \"One step\"\nsrc = \"guide\"\n"),
        ("guide/SUMMARY.md", "# Summary\n\n- [One](chapter-1.md)\n"),
        (
            "guide/chapter-1.md",
            "# One\n\n```bash {name=hello}\necho hello\n```\n\n```output\nhello\n```\n",
        ),
    ];
    std::fs::create_dir(folder.join("guide")).expect("a folder");
    files.iter().for_each(|(name, text)| std::fs::write(folder.join(name), text).expect("a file"));
}

fn run(program: &str, arguments: &[&str], folder: &Path) {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    assert!(command.status().expect("it starts").success(), "{program} {arguments:?}");
}

fn program(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder");
    book(folder.path());
    let guide = env!("CARGO_BIN_EXE_guide");
    criterion.bench_function("guide run, one step", |bencher| {
        bencher.iter(|| run(guide, &["run"], folder.path()));
    });
    criterion.bench_function("guide --version", |bencher| {
        bencher.iter(|| run(guide, &["--version"], folder.path()));
    });
    criterion.bench_function("floor: bash in bash", |bencher| {
        bencher.iter(|| run("bash", &["-c", "bash -c 'echo hello'; :"], folder.path()));
    });
}

criterion_group!(benches, program);
criterion_main!(benches);
