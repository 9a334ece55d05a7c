//! Background steps.

use super::*;

fn background(script: &str, kind: Background) -> Command {
    Command { mode: Mode::Background(kind), ..command(script) }
}

#[test]
fn a_background_step_runs_in_the_chapters_state_until_the_chapters_end() {
    let mut chapter = Chapter::new();
    chapter.prints("greeting=hi; f() { echo \"f $1\"; }; set -u", "");
    let start = background("echo $greeting; f x; sleep 618", Background::Chapter);
    let output = chapter.with(&start);
    assert_eq!((text(&output).as_str(), output.ending), ("hi\nf x\n", Ending::Started));
    chapter.prints("pgrep -c -x -f 'sleep 618'", "1\n");
    assert!(chapter.world.background_ended(&start.step).is_none());
    assert_eq!(chapter.world.leave(), Vec::new());
    assert!(chapter.world.background_ended(&start.step).is_none());
    let context =
        ShellContext { folder: chapter.folder.path().to_owned(), environment: Vec::new() };
    chapter.world.enter(&context, None).unwrap();
    chapter.prints("pgrep -x -f 'sleep 618' || echo none", "none\n");
}

#[test]
fn a_background_step_that_ends_is_reported_with_its_output() {
    let mut chapter = Chapter::new();
    for (script, printed, code) in [
        ("echo no such thing; exit 3", "no such thing\n", 3),
        ("sleep 0.3; echo later; exit 4", "later\n", 4),
    ] {
        let start = background(script, Background::Chapter);
        // On a busy machine the first step may not have begun within the first moment.
        let mut output = chapter.with(&start);
        wait_until("the step has ended", || {
            output = chapter.world.background_ended(&start.step).unwrap_or_default();
            output.ending == Ending::Exited(code)
        });
        assert_eq!(text(&output), printed);
    }
}

#[test]
fn a_background_step_of_the_run_outlives_its_chapter_and_a_daemon_of_it_ends_with_it() {
    let mut chapter = Chapter::new();
    let start = background("(setsid -f sleep 619); sleep 620", Background::Run);
    assert_eq!(chapter.with(&start).ending, Ending::Started);
    chapter.world.leave();
    let context =
        ShellContext { folder: chapter.folder.path().to_owned(), environment: Vec::new() };
    chapter.world.enter(&context, None).unwrap();
    let alive = "pgrep -c -x -f 'sleep (619|620)' || true";
    chapter.prints(alive, "2\n");
    chapter.world.close();
    chapter.world.enter(&context, None).unwrap();
    chapter.prints(alive, "0\n");
}

#[test]
fn a_kept_background_step_is_never_stopped() {
    let mut chapter = Chapter::new();
    assert_eq!(chapter.with(&background("sleep 621", Background::Keep)).ending, Ending::Started);
    chapter.world.close();
    let context =
        ShellContext { folder: chapter.folder.path().to_owned(), environment: Vec::new() };
    chapter.world.enter(&context, None).unwrap();
    chapter.prints(
        "pgrep -c -x -f 'sleep 621'; ls -l /proc/$(pgrep -x -f 'sleep 621')/fd | grep -c pipe: || true",
        "1\n0\n",
    );
    chapter.prints("pkill -x -f 'sleep 621'", "");
}
