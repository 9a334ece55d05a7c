//! Comparing a table of 10,000 rows, as kubectl prints it, with its accepted snapshot.
//!
//! `cargo bench --bench compare`. Goal: under 50 ms each. The pods are those of a later day: rows in another order, every suffix,
//! address and age another one. The nodes stay as they were, one row but for a cell that changed.

use std::fmt::Write;
use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use guide::testing::book::SnapshotKind;
use guide::testing::compare::{Bindings, Rules, Verdict, compare_snapshot};

const ROWS: usize = 10_000;
/// Letters of which the controllers make the ends of names.
const LETTERS: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

/// The end of a name, another one for each number.
fn suffix(mut number: usize, length: usize) -> String {
    let mut text = String::with_capacity(length);
    for _ in 0..length {
        text.push(char::from(LETTERS[number % LETTERS.len()]));
        number = number / LETTERS.len() + 7;
    }
    text
}

/// `kubectl get pods -A -o wide`, of the day with this number.
fn pods(day: usize) -> String {
    let mut text =
        "NAMESPACE   NAME                          READY   STATUS    RESTARTS        AGE    IP             NODE\n".to_owned();
    for row in 0..ROWS {
        let row = (row + day * 4_999) % ROWS;
        let name = format!("web-{row}-{}-{}", suffix(row + day * 31, 9), suffix(row * 3 + day, 5));
        let (restarts, age) = (row % 3, row % 40 + day + 1);
        let restarts =
            if restarts == 0 { "0".to_owned() } else { format!("{restarts} ({age}h ago)") };
        let address = format!("10.{}.{}.{}", 244 + day, row / 250, row % 250);
        let node = row % 3;
        let _ = writeln!(
            text,
            "team-{:<6} {name:<29} 1/1     Running   {restarts:<15} {age:<6} {address:<14} worker-{node}",
            row % 100
        );
    }
    text
}

/// Rows in which nothing is volatile.
fn nodes(changed: Option<usize>) -> String {
    let mut text = "NAME         STATUS     ROLES    VERSION\n".to_owned();
    for row in 0..ROWS {
        let status = if changed == Some(row) { "NotReady" } else { "Ready" };
        let _ = writeln!(text, "node-{row:<7} {status:<10} <none>   v1.35.0");
    }
    text
}

fn compare(accepted: &str, actual: &str) -> usize {
    let verdict = compare_snapshot(
        accepted,
        actual.as_bytes(),
        SnapshotKind::Table,
        &Bindings::new(),
        &Rules::default(),
    );
    match verdict {
        Verdict::Same { .. } => 0,
        Verdict::Differs(differences) => differences.len(),
        Verdict::New => panic!("there is an accepted table"),
    }
}

fn tables(criterion: &mut Criterion) {
    let cases = [
        ("pods of another day", pods(0), pods(1), 0),
        ("nodes as they were", nodes(None), nodes(None), 0),
        ("nodes, one cell changed", nodes(None), nodes(Some(5_000)), 1),
    ];
    let mut group = criterion.benchmark_group("10,000 rows");
    group.sample_size(20);
    for (name, accepted, actual, differences) in cases {
        assert_eq!(compare(&accepted, &actual), differences, "{name}");
        group.bench_function(name, |bencher| {
            bencher.iter(|| compare(black_box(&accepted), black_box(&actual)));
        });
    }
    group.finish();
}

criterion_group!(benches, tables);
criterion_main!(benches);
