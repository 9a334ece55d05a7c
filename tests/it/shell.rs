//! The shell state that carries over from step to step, and what a step cannot break.

use crate::Project;

fn steps(scripts: &[(&str, &str)]) -> String {
    let mut text = "# One\n".to_owned();
    for (index, (attributes, script)) in scripts.iter().enumerate() {
        text += &format!("\n```bash {{name=s{index} {attributes}}}\n{script}\n```\n");
    }
    text
}

#[test]
fn variables_functions_options_and_the_folder_carry_over() {
    let book = Project::with_chapter(&steps(&[
        (
            "",
            "plain=1; export out=2; list=(a 'b c'); declare -A map=([k]=v); f() { echo f-$1; }; shopt -s nullglob; set -u; mkdir d; cd d",
        ),
        (
            "",
            "test \"$plain $out ${list[1]} ${map[k]} $(f x)\" = '1 2 b c v f-x'\nshopt -q nullglob\n[[ $- == *u* ]]\ntest \"${PWD##*/}\" = d",
        ),
    ]));
    book.guide("run").exits(0).says("2 passed");
}

#[test]
fn no_step_can_prevent_the_next_one() {
    for script in [
        "exit 0",
        "exec true",
        "exec >&- 2>&-",
        "trap - EXIT; exit 0",
        "set +e",
        "unset PATH",
        "eval() { :; }; read() { :; }",
        "cd /; unset -f builtin",
        "IFS=x",
    ] {
        let book = Project::with_chapter(&steps(&[
            ("", "kept=yes"),
            ("", script),
            ("", "test \"$kept\" = yes; echo fine"),
        ]));
        book.guide("run").exits(0).says("3 passed");
    }
    let book = Project::with_chapter(&steps(&[
        ("", "kept=yes"),
        ("exit=137", "kill -9 $$"),
        ("", "test \"$kept\" = yes"),
    ]));
    book.guide("run").exits(0).says("3 passed");
}

#[test]
fn the_first_failing_command_of_a_step_ends_it() {
    let book =
        Project::with_chapter(&steps(&[("exit=1", "false | cat\ntouch \"$GUIDE_BOOK/went-on\"")]));
    book.guide("run").exits(0);
    assert!(!book.has("went-on"));
}

#[test]
fn chapters_share_no_shell() {
    let book = Project::with_chapters(&[
        (
            "chapter-1.md",
            r"
            # A

            ```bash {name=a}
            x=1
            ```
        ",
        ),
        (
            "chapter-2.md",
            r#"
            # B

            ```bash {name=b}
            test -z "${x:-}"
            ```
        "#,
        ),
    ]);
    book.guide("run").exits(0);
}

#[test]
fn a_hanging_step_with_a_hanging_child_ends_in_time_and_leaves_no_process() {
    let book = Project::with_chapter(&steps(&[(
        "timeout=1s",
        "echo begun; sleep 613 & setsid sleep 614 & sleep 615",
    )]));
    book.guide("run").exits(1).says("s0").says("begun");
    crate::project::nothing_runs("sleep 61");
}

#[test]
fn a_resumed_step_runs_in_its_old_folder_or_not_at_all() {
    let book = Project::with_chapter(&steps(&[
        ("", "echo precious >keep.txt; mkdir \"$GUIDE_BOOK/scratch\"; cd \"$GUIDE_BOOK/scratch\""),
        ("", "test -e \"$GUIDE_BOOK/ok\""),
        ("", "rm -rf ./*"),
    ]));
    book.guide("run").exits(1);
    std::fs::remove_dir(book.path("scratch")).expect("removed");
    book.write("ok", "");
    book.guide("run --resume")
        .exits(3)
        .says("this is gone: the folder BOOK/scratch")
        .says("hint: bring it back");
    assert_eq!(book.read(".guide/rendered/chapter-1/keep.txt"), "precious\n");
    std::fs::create_dir(book.path("scratch")).expect("made");
    book.guide("run --resume").exits(0);
    assert_eq!(book.read(".guide/rendered/chapter-1/keep.txt"), "precious\n");
}

#[test]
fn a_chapters_folder_that_a_step_removed_is_named() {
    let book = Project::with_chapter(&steps(&[
        ("", "rm -rf \"$PWD\""),
        ("exit=1", "false"),
        ("", "echo there"),
    ]));
    book.guide("run")
        .exits(3)
        .says("chapter-1/s2 can't be run: ")
        .says("the folder BOOK/.guide/rendered/chapter-1");
    // The folder belongs to guide: the next run makes it again.
    book.guide("run --resume").exits(0);
}

#[test]
fn a_run_that_follows_a_killed_one_never_meets_its_processes() {
    let book = Project::with_chapter(&steps(&[(
        "timeout=1s",
        "exec 8>\"$GUIDE_BOOK/held\"; flock -n 8 || { echo overlap; exit 9; }\n\
        for ((i = 0; i < 50; i++)); do setsid sleep 631 & done; touch \"$GUIDE_BOOK/begun\"; sleep 631",
    )]));
    for _ in 0..3 {
        let mut first = book.start("run");
        book.wait_for_file("begun");
        first.kill().expect("killed");
        std::fs::remove_file(book.path("begun")).expect("the step has begun");
        book.guide("run").exits(1).says("timed out");
        first.wait().expect("ended");
        std::fs::remove_file(book.path("begun")).expect("the step has begun");
    }
    crate::project::nothing_runs("sleep 631");
}

#[test]
fn a_code_that_stands_for_a_signal_is_explained() {
    let book = Project::with_chapter(&steps(&[("", "yes | head -1")]));
    book.guide("run")
        .exits(1)
        .says("exit 141 is 128 + 13")
        .says("the reader of a pipe ended before")
        .says("`exit=141`");
}

#[test]
fn a_damaged_state_is_never_run() {
    let book = Project::with_chapter(&steps(&[
        ("", "n=5"),
        ("", "test -e \"$GUIDE_BOOK/ok\"; echo \"n is $n\""),
    ]));
    book.guide("run").exits(1);
    book.write("ok", "");
    let states = std::fs::canonicalize(book.path(".guide/latest/states.log")).expect("states");
    let text = std::fs::read_to_string(&states).expect("read");
    std::fs::write(&states, text.replace("n=\"5\"", "n=\"7\"")).expect("written");
    book.guide("run --resume")
        .exits(0)
        .says("the shell's state after it was lost")
        .says("2 passed");
    let output = std::fs::read_to_string(
        std::fs::canonicalize(book.path(".guide/latest/output.log")).expect("output"),
    )
    .expect("read");
    assert_eq!(output, "n is 5\n");
}

#[test]
fn stdin_is_empty() {
    let book = Project::with_chapter(&steps(&[("", "test -z \"$(cat)\"")]));
    book.guide("run").exits(0);
}

#[test]
fn the_environment_of_a_step_names_its_book_and_chapter() {
    let book = Project::with_chapter(&steps(&[(
        "",
        "test \"$GUIDE_CHAPTER/$GUIDE_STEP\" = chapter-1/s0\ntest -e \"$GUIDE_BOOK/book.toml\"\ntest \"$KUBECONFIG\" = \"$GUIDE_STATE/kubeconfig\"\n[[ $PATH == \"$GUIDE_STATE/bin:\"* ]]",
    )]));
    book.guide("run").exits(0);
}

#[test]
fn invalid_bytes_and_long_outputs_are_handled() {
    let book = Project::with_chapter(&steps(&[
        ("", "printf 'a\\0b\\xff\\n'; head -c 20000000 /dev/zero | tr '\\0' x"),
        ("", "echo after"),
    ]));
    book.guide("run").exits(0).says("2 passed");
}

#[test]
fn a_secret_is_in_no_stream_and_no_file() {
    let book = Project::with_chapter(&steps(&[
        (
            "secret=TOKEN",
            "export TOKEN=s3cr3t/va+lue; echo \"token $TOKEN\"; echo -n \"$TOKEN\" | base64",
        ),
        ("", "echo \"later $TOKEN\"; false"),
    ]));
    book.guide("run").exits(1).says("later ***").never_says("s3cr3t").never_says("czNjcjN0");
    let found = std::process::Command::new("grep")
        .args(["-rlE", "s3cr3t|czNjcjN0", ".guide"])
        .current_dir(book.root())
        .output()
        .expect("grep");
    assert_eq!(String::from_utf8_lossy(&found.stdout), "", "files that hold the secret");
}

#[test]
fn the_files_that_a_step_has_opened_are_open_after_an_expected_failure_and_in_a_resumed_run() {
    let book = Project::with_chapter(&steps(&[
        ("", "exec 3> log; printf 'a\\nb\\n' > list; exec 4< list; read -r line <&4; echo one >&3"),
        ("exit=1", "false"),
        ("", "echo two >&3; test -e \"$GUIDE_BOOK/go\""),
        (
            "",
            "echo three >&3; read -r line <&4; test \"$line $(tr '\\n' ' ' < log)\" = 'b one two two three '",
        ),
    ]));
    book.guide("run").exits(1).says("2 passed, 1 failed");
    book.write("go", "");
    book.guide("run --resume").exits(0).says("2 passed");
}

#[test]
fn a_pipe_that_a_step_has_opened_stops_the_run_where_its_shell_is_replaced_and_the_exit_trap_is_named()
 {
    let book = Project::with_chapter(&steps(&[
        ("", "trap 'touch \"$GUIDE_BOOK/cleaned\"' EXIT; exec 3< <(echo x)"),
        ("", "read -r line <&3; test \"$line\" = x"),
        ("exit=1", "false"),
        ("", "touch \"$GUIDE_BOOK/ran\""),
    ]));
    let lost = "this is gone: the descriptor 3 (a pipe, which only one shell can have)";
    let said = book.guide("run").exits(3).says(&format!(
        "step chapter-1/s3 can't be run: it needs what the step before left, and {lost}"
    ));
    said.says(&format!(
        "the EXIT trap of the chapter did not run: it needs what the step before left, and {lost}"
    ));
    assert!(!book.has("ran") && !book.has("cleaned"));
    // A step that closes it leaves nothing that a new shell could not have.
    let closed = Project::with_chapter(&steps(&[
        ("", "exec 3< <(echo x); read -r line <&3; exec 3<&-"),
        ("exit=1", "false"),
        ("", "test \"$line\" = x"),
    ]));
    closed.guide("run").exits(0);
}
