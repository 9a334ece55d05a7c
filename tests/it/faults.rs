//! Kills at any moment, a full disk, a read-only disk: no passed step is lost, and no other step counts as passed.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use guide::testing::event::JOURNAL_FORMAT;
use guide::testing::store::load_past;

use crate::{Project, Said};

/// How often the runner is killed.
const KILLS: usize = 200;
/// The number of steps of the book, which is more than run between two kills.
const STEPS: usize = 2500;

/// A book in which every step writes its number into a file, which shows what really ran.
fn counting_book() -> Project {
    let steps = (0..STEPS).map(|step| {
        format!("```bash {{name=s{step}}}\necho {step} >> \"$GUIDE_BOOK/done\"\n```\n\n")
    });
    Project::with_chapter(&format!("# One\n\n{}", steps.collect::<String>()))
}

/// The numbers of the steps that ran, once for each time.
fn ran(book: &Project) -> Vec<usize> {
    if !book.has("done") {
        return Vec::new();
    }
    book.read("done").lines().map(|line| line.parse().expect("a number")).collect()
}

/// The numbers of the steps that have passed according to the journals.
fn believed(book: &Project) -> BTreeSet<usize> {
    let past = load_past(&book.path(".guide"), book.root())
        .expect("the journal can be read after every kill");
    let held = past.steps.iter().filter(|(_, step)| step.passed && !step.state_lost);
    held.map(|(id, _)| id.step.as_str()[1..].parse().expect("s7")).collect()
}

#[test]
fn two_hundred_kills_at_random_moments_lose_no_passed_step_and_invent_none() {
    let book = counting_book();
    let mut random = 0x2026_1123_u64;
    // The latest moment of a kill, in µs: later on a machine that takes long to reach the first step, earlier on a fast one.
    let (mut moment, mut before) = (0xffff, 0);
    for kill in 0..KILLS {
        if kill % 8 == 7 {
            let now = ran(&book).len();
            moment = match now - before {
                0..=3 => (moment * 2).min(2_000_000),
                4..=23 => moment,
                _ => moment / 2,
            };
            before = now;
        }
        let mut runner = book.start(if kill == 0 { "run" } else { "run --resume" });
        random =
            random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        std::thread::sleep(Duration::from_micros((random >> 33) % moment));
        runner.kill().expect("killed");
        runner.wait().expect("gone");

        let (ran, believed) = (ran(&book).into_iter().collect::<BTreeSet<_>>(), believed(&book));
        let invented: Vec<_> = believed.difference(&ran).collect();
        let forgotten: Vec<_> = ran.difference(&believed).collect();
        assert!(invented.is_empty(), "believed, but never ran, after kill {kill}: {invented:?}");
        assert!(
            forgotten.len() <= 1,
            "only the step that was running may be unknown after kill {kill}: {forgotten:?}"
        );
        if ran.len() >= STEPS {
            break; // a quick machine: the whole book ran between the kills
        }
    }
    let at_last = ran(&book);
    assert!(
        at_last.len() > KILLS / 4,
        "the kills came too early to mean anything: {} steps",
        at_last.len()
    );
    assert!(at_last.is_sorted(), "no step ran out of its order");
    let twice = at_last.windows(2).filter(|pair| pair[0] == pair[1]).count();
    assert!(twice <= KILLS, "a step runs again only where it was killed");
}

/// Runs guide with its state on a file system of its own, which `mount` makes, and copies its content to `kept` at the end.
/// `None` if this machine does not allow to make one.
fn on_its_own_disk(book: &Project, mount: &str) -> Option<Said> {
    let script = format!(
        "mkdir -p disk && {mount} || exit 99\n\"$GUIDE\" run --state disk\ncode=$?\nrm -rf kept && cp -a disk kept\nexit $code"
    );
    let mut unshare = Command::new("unshare");
    unshare
        .args(["--map-root-user", "--mount", "bash", "-c", &script])
        .env("GUIDE", env!("CARGO_BIN_EXE_guide"));
    let output = unshare.current_dir(book.root()).env("LC_ALL", "C.UTF-8").output().ok()?;
    let said = Said::of(&output, book.root());
    if said.code == Some(99) || said.stderr.starts_with("unshare:") {
        println!("skipped: no file system can be mounted here\n{}", said.stderr);
        return None;
    }
    Some(said)
}

const FILLS_THE_DISK: &str = "# One

```bash {name=a}
x=kept
echo a >> \"$GUIDE_BOOK/done\"
```

```bash {name=b}
head -c 3000000 /dev/zero | tr '\\0' 'x'
echo b >> \"$GUIDE_BOOK/done\"
```

```bash {name=c}
echo \"c $x\" >> \"$GUIDE_BOOK/done\"
```
";

#[test]
fn a_disk_that_becomes_full_ends_the_run_and_every_passed_step_is_kept() {
    let book = Project::with_chapter(FILLS_THE_DISK);
    let Some(said) = on_its_own_disk(&book, "mount -t tmpfs -o size=1m none disk") else { return };
    said.exits(3).says("the disk is full").says("`guide run --resume`");
    assert_eq!(book.read("done"), "a\nb\n");
    book.guide("run --resume --state kept").exits(0).says("resuming at chapter-1/c");
    assert_eq!(book.read("done"), "a\nb\nc kept\n");
}

#[test]
fn a_full_disk_is_reported_before_the_first_step() {
    let book = Project::with_chapter(FILLS_THE_DISK);
    let Some(said) = on_its_own_disk(&book, "mount -t tmpfs -o size=16k none disk") else { return };
    said.exits(3).says("the disk is full");
    assert!(!book.has("done"));
}

#[test]
fn a_read_only_disk_is_reported_before_the_first_step() {
    let book = Project::with_chapter(FILLS_THE_DISK);
    let Some(said) = on_its_own_disk(&book, "mount -t tmpfs -o ro none disk") else { return };
    said.exits(3).says("the disk is read-only").says("--state DIR");
    assert!(!book.has("done"));
}

#[test]
fn a_damaged_journal_is_reported_with_its_line() {
    let book = Project::with_chapter(
        r"
        # One

        ```bash {name=a}
        true
        ```
    ",
    );
    book.guide("run").exits(0);
    let journal = newest_journal(&book.path(".guide"));
    let text = std::fs::read_to_string(&journal).expect("a journal");
    std::fs::write(&journal, text.replacen('\n', "\nnot a line\n", 1)).expect("written");
    insta::assert_snapshot!(book.guide("run --resume").whole());
}

#[test]
fn a_journal_of_a_newer_guide_is_refused_with_both_formats() {
    let book = Project::with_chapter(
        r"
        # One

        ```bash {name=a}
        true
        ```
    ",
    );
    book.guide("run").exits(0);
    let journal = newest_journal(&book.path(".guide"));
    let text = std::fs::read_to_string(&journal).expect("a journal");
    let newer = text.replacen(&format!("\"format\":{JOURNAL_FORMAT}"), "\"format\":99", 1);
    assert_ne!(newer, text, "the journal begins with its format");
    std::fs::write(&journal, newer).expect("written");
    insta::assert_snapshot!(book.guide("run --resume").whole());
}

pub(crate) fn newest_journal(state: &Path) -> std::path::PathBuf {
    state.join("latest").join("journal.jsonl")
}
