//! Processes that outlive their step.

use super::*;

/// A `sleep` that no other test run on this machine has, and a pattern that finds it but not the
/// searching process.
fn own_sleep(seconds: u32) -> (String, String) {
    let own = std::process::id();
    (format!("sleep {seconds}.{own}"), format!("[s]leep {seconds}[.]{own}"))
}

#[test]
fn a_step_out_of_time_is_stopped_with_all_its_processes() {
    let mut chapter = Chapter::new();
    let (sleep, pattern) = own_sleep(611);
    let mut hung = command(&format!("echo before; setsid {sleep} & {sleep} & {sleep}"));
    // On a busy machine bash itself may be late, so it gets more time.
    for seconds in [1, 2, 4, 8, 16] {
        hung.timeout = Duration::from_secs(seconds);
        let output = chapter.with(&hung);
        assert_eq!(output.ending, Ending::TimedOut);
        chapter.prints(&format!("pgrep -f '{pattern}' || echo none"), "none\n");
        if text(&output) == "before\n" {
            return;
        }
        assert_eq!(text(&output), "");
    }
    panic!("the step never came to its output");
}

#[test]
fn leftover_processes_are_named_and_stopped() {
    let mut chapter = Chapter::new();
    let ((first, one), (second, other)) = (own_sleep(613), own_sleep(614));
    // A child is bash or setsid until it has become `sleep`. The step ends when both have.
    let both =
        format!("until pgrep -xf '{one}' && pgrep -xf '{other}'; do sleep 0.01; done >/dev/null");
    let output = chapter.run(&format!("{first} & (setsid -f {second}); {both}; echo started"));
    assert_eq!((text(&output).as_str(), output.ending), ("started\n", Ending::Exited(0)));
    let mut names: Vec<&str> = output.leftovers.iter().map(|left| left.command.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, [first.as_str(), second.as_str()]);
    chapter.prints(&format!("pgrep -f '{one}|{other}' || echo none"), "none\n");
}

#[test]
fn a_process_that_ends_by_itself_at_once_is_not_a_leftover() {
    let mut chapter = Chapter::new();
    // On a busy machine it may not end at once.
    wait_until("nothing is called a leftover", || {
        let output = chapter.run("sleep 0.02 & cat <(echo x; sleep 0.01)");
        assert_eq!(text(&output), "x\n");
        output.leftovers.is_empty()
    });
}

#[test]
fn a_process_that_keeps_writing_neither_delays_its_step_nor_writes_into_the_next_one() {
    let mut chapter = Chapter::new();
    let output = chapter.run("yes & until pgrep -x yes -P $$ >/dev/null; do :; done; echo done");
    assert_eq!(output.ending, Ending::Exited(0));
    assert_eq!(
        output.leftovers.iter().map(|left| left.command.as_str()).collect::<Vec<_>>(),
        ["yes"]
    );
    chapter.prints("echo clean", "clean\n");
    chapter.ends("yes & exit 3", Ending::Exited(3));
    chapter.prints("echo clean", "clean\n");
}
