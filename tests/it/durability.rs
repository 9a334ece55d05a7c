//! Racing and killed runs, many times over: a run always ends, the state is right, nothing is forgotten and nothing is invented.
//!
//! The number of times is small by default. `GUIDE_TEST_TIMES=1000 cargo test --test it durability::` repeats the counts of
//! `docs/durability.md`; `GUIDE_TEST_SEED` gives other books and other moments.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::process::{Child, Output, Stdio};
use std::time::{Duration, Instant};

use guide::testing::store::load_past;
use rustix::process::{Pid, Signal, kill_process};

use crate::random::{Random, times};
use crate::{Project, Said};

/// A run that takes longer than this hangs.
const LONGEST: Duration = Duration::from_secs(240);

/// Waits for the end of a run. `None`: it hangs, and was killed.
fn ended(mut run: Child) -> Option<Output> {
    let since = Instant::now();
    while run.try_wait().expect("a child").is_none() {
        if since.elapsed() > LONGEST {
            run.kill().expect("killed");
            run.wait().expect("ended");
            return None;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    Some(run.wait_with_output().expect("its output"))
}

/// Scripts in which something is killed, ends or is waited for while something else begins. `PAUSE` becomes nothing or a short time.
/// A child that gets TERM in the very moment of its fork can survive it (see `src/shell.rs`), and is waited for then: so none of them
/// sleeps for long.
const RACES: [&str; 20] = [
    "sleep 9 & PAUSE kill $!",
    "sleep 9 & PAUSE kill -9 $!; wait $! || true",
    "for ((k = 0; k < 5; k++)); do sleep 9 & pids+=($!); done; PAUSE kill \"${pids[@]}\"; pids=()",
    "coproc cat; PAUSE kill $COPROC_PID; wait $COPROC_PID || true",
    "coproc { read -r a; echo \"$a\"; }; echo x >&\"${COPROC[1]}\"; PAUSE wait $COPROC_PID || true",
    "(sleep 9) & PAUSE kill -HUP $!",
    "(trap 'exit 0' TERM; while :; do sleep 0.001; done) & PAUSE kill $!; wait $! || true",
    "{ sleep 9 | cat; } & PAUSE kill $!",
    ": < <(sleep 9) & PAUSE kill $! || true; wait $! || true",
    "serve() { sleep 9; }; serve & PAUSE kill $!; wait $! || true",
    "x=$(sleep 9 & PAUSE kill $!; echo ok); [[ $x == ok ]]",
    "trap 'signals=1' USR1; PAUSE kill -USR1 $$; trap - USR1",
    "trap 'children=1' CHLD; sleep 0.001 & PAUSE wait; trap - CHLD",
    "(exit 3) & PAUSE wait $! || true",
    "(kill -9 $BASHPID) || true",
    "timeout 0.0PAUSED sleep 9 || true",
    "setsid sleep 9 & PAUSE kill $! || true",
    "exec 5< <(PAUSE echo a); read -r -u 5 a; exec 5<&-",
    "set -m; sleep 9 & PAUSE kill %%; wait || true; set +m",
    "trap 'true' EXIT; (PAUSE exit 1) || true",
];

/// A chapter of racing steps, each of which a check follows; its last step races until its time limit, unless the file `calm` is there.
fn racing_chapter(random: &mut Random) -> String {
    let mut text = "# One\n".to_owned();
    let mut all = String::new();
    let steps = 3 + random.below(3);
    for step in 0..steps {
        let mut script = format!("n=begun-{step}\n");
        for _ in 0..=random.below(2) {
            let pause = ["", "sleep 0.001;", "sleep 0.004;", ":;"];
            let race = random.one_of(&RACES).replace("PAUSED", random.one_of(&["1", "03", "002"]));
            let _ = writeln!(script, "{}", race.replace("PAUSE", random.one_of(&pause)));
        }
        let _ = write!(script, "n=ended-{step}; all+=({step}); f_{step}() {{ :; }}");
        let _ = write!(all, "{step} ");
        let check = format!(
            "[[ \"$n ${{all[*]}} \" == 'ended-{step} {all}' ]] && declare -F f_{step} || {{ echo \"$n ${{all[*]}}\" >>\"$GUIDE_BOOK/wrong\"; exit 1; }}"
        );
        let _ = write!(
            text,
            "\n```bash {{name=s{step}}}\n{script}\n```\n\n```bash {{name=c{step}}}\n{check}\n```\n"
        );
    }
    let endless = random.one_of(&[
        "trap : TERM; while :; do sleep 0.0001 & done",
        "while :; do sleep 100 & kill $!; done",
        "while :; do ( : ) & done",
        "while :; do coproc cat; kill $COPROC_PID; wait || true; done 2>/dev/null",
        "sleep 100 & wait",
        "cat <(sleep 100)",
    ]);
    let last = format!("ended-{} {all}", steps - 1);
    let _ = write!(
        text,
        "\n```bash {{name=limit timeout={}ms}}\nif [[ ! -e $GUIDE_BOOK/calm ]]; then\nn=lost\n{endless}\nfi\n\
        [[ \"$n ${{all[*]}} \" == '{last}' ]] || {{ echo \"$n ${{all[*]}}\" >>\"$GUIDE_BOOK/wrong\"; exit 1; }}\n```\n",
        50 + random.below(300)
    );
    text
}

#[test]
fn racing_steps_always_end_and_leave_the_right_state() {
    let turns = times(8);
    let mut counts = [0; 3];
    for turn in 0..turns {
        let mut random = Random::of(turn);
        let text = racing_chapter(&mut random);
        let book = Project::with_chapter(&text);
        let run = |words: &str| {
            let output = ended(book.start(words));
            let output =
                output.unwrap_or_else(|| panic!("turn {turn}: `guide {words}` hangs\n{text}"));
            Said::of(&output, book.root())
        };
        for (index, (words, code)) in [("run", 1), ("run --resume", 0)].into_iter().enumerate() {
            let said = run(words);
            let wrong = book.has("wrong").then(|| book.read("wrong"));
            assert_eq!(
                (said.code, wrong),
                (Some(code), None),
                "turn {turn}: `guide {words}`\n{}{}\n{text}",
                said.stdout,
                said.stderr
            );
            if index == 0 {
                let limit = said.stdout.contains("✗ limit")
                    || said.stderr.contains("/limit failed: timed out");
                assert!(limit, "turn {turn}\n{}{}\n{text}", said.stdout, said.stderr);
                counts[1] += 1;
            }
            counts[0] += 1;
            counts[2] += text.matches("{name=").count();
            // On a busy machine the time in which the step is cut off is too short for its second run.
            let (before, after) = text.split_once("{name=limit timeout=").expect("a time limit");
            let after = after.split_once("ms}").expect("milliseconds").1;
            book.write("guide/chapter-1.md", format!("{before}{{name=limit}}{after}"));
            book.write("calm", "");
        }
    }
    let [runs, limits, steps] = counts;
    println!(
        "{turns} books, {runs} runs, {steps} steps at most, {limits} time limits: no hang, no wrong state"
    );
}

/// Steps of a book that is killed: each adds its number to a file, once it has found the state that the step before it left.
const STEPS: usize = 60;
const CHAPTERS: usize = 3;

fn killed_book(random: &mut Random) -> Project {
    let chapters: Vec<(String, String)> = (0..CHAPTERS)
        .map(|chapter| {
            let mut text = format!("# Chapter {chapter}\n");
            for step in (0..STEPS).filter(|step| step * CHAPTERS / STEPS == chapter) {
                let first = step % (STEPS / CHAPTERS) == 0;
                let expected = if first { " 0".to_owned() } else { format!("{} {}", step - 1, step % (STEPS / CHAPTERS)) };
                let pause = random.one_of(&["", "sleep 0.01", "sleep 0.03", "sleep 0.1 & wait"]);
                let _ = write!(
                    text,
                    "\n```bash {{name=s{step} timeout=2s}}\n\
                    [[ \"${{n-}} ${{#all[@]}}\" == '{expected}' ]] || {{ echo \"{step}: ${{n-}} ${{#all[@]}}\" >>\"$GUIDE_BOOK/wrong\"; exit 1; }}\n\
                    {pause}\necho {step} >>\"$GUIDE_BOOK/done\"\nn={step}; all+=({step})\n{}\n```\n",
                    random.one_of(&["", "sleep 0.01", "[[ -z ${SLOW-} ]] || sleep 100"])
                );
            }
            (format!("chapter-{chapter}.md"), text)
        })
        .collect();
    let chapters: Vec<(&str, &str)> =
        chapters.iter().map(|(file, text)| (file.as_str(), text.as_str())).collect();
    Project::with_chapters(&chapters)
}

/// How often each step did its work.
fn worked(book: &Project) -> [usize; STEPS] {
    let mut worked = [0; STEPS];
    if book.has("done") {
        for line in book.read("done").lines() {
            worked[line.parse::<usize>().expect("a step's number")] += 1;
        }
    }
    worked
}

/// The steps that the journals call passed.
fn passed(book: &Project) -> BTreeSet<usize> {
    let past = load_past(&book.path(".guide"), book.root()).expect("the journals can be read");
    let passed = past.steps.iter().filter(|(_, step)| step.passed && !step.state_lost);
    passed.map(|(id, _)| id.step.as_str()[1..].parse().expect("a step's number")).collect()
}

/// Kills a child of the runner: the chapter's bash, or the process that watches over the run.
fn kill_a_child(runner: &Child, random: &mut Random) {
    let path = format!("/proc/{0}/task/{0}/children", runner.id());
    let children = std::fs::read_to_string(path).unwrap_or_default();
    let children: Vec<&str> = children.split_whitespace().collect();
    if children.is_empty() {
        return;
    }
    let pid = Pid::from_raw(random.one_of(&children).parse().expect("a process id"));
    // It may have ended meanwhile.
    let _ = kill_process(pid.expect("a process id"), Signal::KILL);
}

#[test]
fn a_run_killed_at_any_moment_goes_on_with_nothing_forgotten_and_nothing_done_twice() {
    let kills = times(16);
    let mut random = Random::of(0);
    let (mut killed, mut books) = ([0; 3], 0);
    let (mut again, mut not_recorded) = (0, 0);
    while killed.iter().sum::<u64>() < kills {
        let book = killed_book(&mut random);
        books += 1;
        let (mut words, mut before, mut believed) = ("run", [0; STEPS], BTreeSet::new());
        loop {
            let kind = random.below(3);
            let mut command = book.command(words);
            if kind == 2 {
                command.env("SLOW", "1");
            }
            let piped = command.stdout(Stdio::piped()).stderr(Stdio::piped());
            let mut runner = piped.spawn().expect("guide starts");
            if kind < 2 {
                std::thread::sleep(Duration::from_micros(random.below(900_000)));
            }
            match kind {
                0 => runner.kill().expect("killed"),
                1 => kill_a_child(&runner, &mut random),
                _ => {}
            }
            killed[usize::try_from(kind).expect("small")] += 1;
            let output = ended(runner)
                .unwrap_or_else(|| panic!("`guide {words}` hangs in {:?}", book.root()));
            let said = Said::of(&output, book.root());
            let context =
                format!("kill {killed:?}, exit {:?}\n{}{}", said.code, said.stdout, said.stderr);
            assert!(!book.has("wrong"), "a wrong state: {}\n{context}", book.read("wrong"));
            let (now, is_believed) = (worked(&book), passed(&book));
            for step in 0..STEPS {
                let twice = believed.contains(&step) && now[step] > before[step];
                assert!(!twice, "step {step} had passed, and ran again\n{context}");
                assert!(
                    !is_believed.contains(&step) || now[step] > 0,
                    "step {step} never ran\n{context}"
                );
                assert!(
                    !believed.contains(&step) || is_believed.contains(&step),
                    "step {step} is forgotten\n{context}"
                );
            }
            let open =
                (0..STEPS).filter(|step| now[*step] > 0 && !is_believed.contains(step)).count();
            assert!(
                open <= 1,
                "only the step that was running may be unknown, not {open}\n{context}"
            );
            not_recorded += open;
            if said.code == Some(0) {
                assert!(
                    now.iter().all(|times| *times > 0),
                    "exit 0, and not every step ran\n{context}"
                );
                again += now.iter().map(|times| times - 1).sum::<usize>();
                break;
            }
            words = if book.has(".guide/latest/journal.jsonl") { "run --resume" } else { "run" };
            (before, believed) = (now, is_believed);
        }
    }
    let [runner, child, limit] = killed;
    println!(
        "{books} books of {STEPS} steps: {runner} times the runner killed, {child} times one of its processes, {limit} times a time limit; \
        forgotten 0, invented 0, a passed step run again 0, wrong states 0; steps cut off after their work, and so run again: {again} of {not_recorded}"
    );
}
