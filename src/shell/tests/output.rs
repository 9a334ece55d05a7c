//! The output of a step, and secrets in it.

use super::*;

#[test]
fn all_bytes_are_passed_on() {
    let mut chapter = Chapter::new();
    let output = chapter.run("printf 'a\\0b\\377\\n\\033[1mc'");
    assert_eq!(output.bytes, b"a\0b\xff\n\x1b[1mc");
    assert_eq!(text(&chapter.run("printf '%s' 'é \u{1F600}'")), "é \u{1F600}");
}

#[test]
fn a_large_output_is_counted_and_kept_in_part() {
    let mut chapter = Chapter::new();
    let output = chapter.run("head -c 100000000 /dev/zero");
    assert_eq!((output.total, output.bytes.len()), (100_000_000, crate::output::KEPT_BYTES));
}

#[test]
fn a_long_script_and_a_long_line_are_accepted() {
    let mut chapter = Chapter::new();
    let long = "x".repeat(700_000);
    let script = format!("y='{long}'\n{}echo ${{#y}}", "echo a line of many\n".repeat(20_000));
    let output = chapter.run(&script);
    assert_eq!((output.ending, output.total), (Ending::Exited(0), 20_000 * 15 + 7));
}

#[test]
fn secrets_are_masked_including_those_that_are_set_later() {
    let mut chapter = Chapter::with_environment(&[("TOKEN", "from-the-scene")]);
    let with = |script: &str| Command { secrets: vec!["TOKEN".to_owned()], ..command(script) };
    assert_eq!(text(&chapter.with(&with("echo $TOKEN; echo $TOKEN | base64"))), "***\n***K\n");
    assert_eq!(
        text(&chapter.with(&with("TOKEN=made-in-here; copy=x$TOKEN; echo $TOKEN"))),
        "***\n"
    );
    let output = chapter.run("echo $TOKEN $copy");
    assert_eq!(text(&output), "*** x***\n");
    assert!(!String::from_utf8_lossy(&output.state.unwrap().0).contains("made-in-here"));
}

#[test]
fn a_secret_of_the_shell_outlives_the_shell_but_is_not_in_the_state() {
    let mut chapter = Chapter::new();
    let set = Command {
        secrets: vec!["TOKEN".to_owned()],
        ..command("TOKEN=s3cret-value; list=(a \"$TOKEN\"); echo ok")
    };
    let output = chapter.with(&set);
    assert_eq!(text(&output), "ok\n");
    assert!(!String::from_utf8_lossy(&output.state.unwrap().0).contains("s3cret"));
    chapter.ends("kill -9 $$", Ending::Signalled(9));
    chapter.prints(
        "[[ $TOKEN == s3cret-value && ${list[1]} == s3cret-value ]] && echo $TOKEN",
        "***\n",
    );
}

#[test]
fn the_output_of_a_killed_step_that_may_have_set_a_secret_is_withheld() {
    let mut chapter = Chapter::new();
    let set = Command {
        secrets: vec!["TOKEN".to_owned()],
        ..command("TOKEN=s3cret-value; echo $TOKEN; kill -9 $$")
    };
    let output = chapter.with(&set);
    assert!(text(&output).starts_with("[guide: 13 bytes of output withheld"), "{}", text(&output));
}
