//! `guide shell`: a shell in the state of a step; `guide run --pause`: the same at a failure.

use std::fs::File;
use std::io::{Read, Write};
use std::process::Stdio;

use crate::Project;
use crate::project::Said;

/// Runs `guide WORDS` with this as its stdin.
fn typed(book: &Project, words: &str, input: &str) -> Said {
    let mut guide = book
        .command(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("guide starts");
    guide.stdin.take().expect("a stdin").write_all(input.as_bytes()).expect("typed");
    Said::of(&guide.wait_with_output().expect("guide ends"), book.root())
}

/// Runs `guide WORDS` on a pseudo-terminal on which these keys were pressed. Returns the exit code and the screen.
fn on_terminal(book: &Project, words: &str, keys: &str) -> (Option<i32>, String) {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a pseudo-terminal");
    grantpt(&master).expect("granted");
    unlockpt(&master).expect("unlocked");
    let name = ptsname(&master, Vec::new()).expect("a name").into_string().expect("UTF-8");
    let terminal = || {
        Stdio::from(File::options().read(true).write(true).open(&name).expect("the terminal opens"))
    };
    let mut guide = book
        .command(words)
        .env("TERM", "dumb")
        .stdin(terminal())
        .stdout(terminal())
        .stderr(terminal())
        .spawn()
        .expect("guide starts");
    let mut master = File::from(master);
    master.write_all(keys.as_bytes()).expect("keys pressed");
    let mut screen = master.try_clone().expect("the screen");
    let reader = std::thread::spawn(move || {
        let (mut all, mut piece) = (Vec::new(), [0; 4096]);
        // The read fails when the last process has closed the terminal.
        while let Ok(length @ 1..) = screen.read(&mut piece) {
            all.extend_from_slice(&piece[..length]);
        }
        String::from_utf8_lossy(&all).into_owned()
    });
    let code = guide.wait().expect("guide ends").code();
    drop(guide);
    (code, reader.join().expect("the screen was read"))
}

const CHAPTER: &str = r#"
    # One

    ```bash {name=a}
    mkdir -p sub && cd sub
    x=1; list=(one 'two words'); f() { echo "f says $x"; }
    set -u; shopt -s nullglob
    trap 'echo the end of the chapter' EXIT
    echo pod web-7
    ```

    ```output
    pod <pod>
    ```

    ```bash {name=b}
    x=2
    ```

    ```bash {name=c}
    x=3
    [ -e "$GUIDE_BOOK/ok" ]
    ```

    ```bash {name=d}
    echo "d has $x"
    ```
"#;

const LOOK: &str = r#"
    f; echo "$pod ${list[1]} ${PWD##*/} $GUIDE_STEP"
    shopt -q nullglob && echo globs; [[ $- == *u* ]] && echo unset; false
    echo "${KUBECONFIG##*/} still here"
"#;

#[test]
fn the_shell_is_in_the_state_from_which_the_failed_step_started() {
    let book = Project::with_chapter(CHAPTER);
    book.guide("run").exits(1);
    let said = typed(&book, "shell", LOOK).exits(0);
    assert_eq!(
        said.stdout, "f says 2\nweb-7 two words sub c\nglobs\nunset\nkubeconfig still here\n",
        "{}",
        said.stderr
    );
    assert_eq!(said.stderr, "");
}

#[test]
fn a_step_that_passed_is_shown_as_it_left_the_shell_and_a_later_one_is_refused() {
    let book = Project::with_chapter(CHAPTER);
    book.guide("shell").exits(2).says("no step of this book has run here").says("guide run");
    book.guide("run").exits(1);
    for (word, x) in [("chapter-1/a", "1"), ("b", "2"), ("chapter-1/c", "2"), ("chapter-1", "2")] {
        let said = typed(&book, &format!("shell {word}"), "echo $x\n").exits(0);
        assert_eq!(said.stdout, format!("{x}\n"), "{word}: {}", said.stderr);
    }
    book.guide("shell d")
        .exits(2)
        .says("the state of chapter-1/d is not known: chapter-1/c has not passed here");
    book.guide("shell chapter-1/dd").exits(2).says("did you mean");
    book.write("ok", "");
    book.guide("run --resume").exits(0);
    assert_eq!(typed(&book, "shell", "echo $x\n").exits(0).stdout, "3\n");
    assert_eq!(typed(&book, "shell", "exit 7\n").code, Some(1));
}

#[test]
fn a_state_that_cannot_be_restored_is_refused_with_what_is_missing() {
    let book = Project::with_chapter(CHAPTER);
    book.guide("run").exits(1);
    std::fs::remove_dir_all(book.path(".guide/rendered/chapter-1/sub")).expect("removed");
    let said = typed(&book, "shell", "echo reached\n").exits(3).never_says("reached");
    said.says("the state of chapter-1/c cannot be restored: this is gone:").says("sub");
    let states = std::fs::read_dir(book.path(".guide/runs")).expect("runs");
    for run in states {
        let file = run.expect("a run").path().join("states.log");
        if file.exists() {
            std::fs::write(file, "").expect("emptied");
        }
    }
    typed(&book, "shell", "echo reached\n")
        .exits(3)
        .never_says("reached")
        .says("cannot be restored: what chapter-1/b left in the shell was lost");
}

#[test]
fn a_secret_that_was_not_kept_is_named_and_taken_from_the_environment() {
    let book = Project::with_chapter(
        r"
        # One

        ```bash {name=a secret=TOKEN}
        TOKEN=hunter2-hunter2; copy=$TOKEN; plain=yes
        ```

        ```bash {name=b}
        false
        ```
    ",
    );
    book.guide("run").exits(1);
    let said = typed(&book, "shell", "echo \"[${TOKEN-}] $plain\"\n").exits(0);
    assert_eq!(said.stdout, "[] yes\n");
    said.says("note: without ").says("TOKEN").never_says("hunter2");
}

#[test]
fn a_pause_tries_the_step_again_until_its_shell_is_left_with_another_code() {
    let book = Project::with_chapter(CHAPTER);
    let (code, screen) = on_terminal(&book, "run --pause", "touch $GUIDE_BOOK/ok; x=9; exit 0\n");
    assert_eq!(code, Some(0), "{screen}");
    assert!(screen.contains("paused: this shell is as chapter-1/c found it"), "{screen}");
    book.guide("status").exits(0).says("4 passed");
    assert_eq!(typed(&book, "shell d", "echo $x\n").exits(0).stdout, "3\n");
    let book = Project::with_chapter(CHAPTER);
    let (code, screen) = on_terminal(&book, "run --pause", "exit 1\n");
    assert_eq!(code, Some(1), "{screen}");
    assert!(screen.contains("1 failed"), "{screen}");
}

#[test]
fn a_pause_without_a_terminal_is_refused_before_the_first_step() {
    let book = Project::with_chapter(CHAPTER);
    let said = book.guide("run --pause").exits(2);
    assert_eq!(
        said.stderr,
        "error: `--pause` opens a shell at a failed step, and there is no terminal to open it on\n\n\
         hint: leave `--pause` out, and open the shell afterwards with `guide shell`\n"
    );
    assert!(!book.has(".guide/runs"));
}

#[test]
fn a_name_that_is_bound_reaches_the_step_after_one_that_failed() {
    let book = Project::with_chapter(
        r#"
        # One

        ```bash {name=a}
        echo pod web-7
        ```

        ```output
        pod <pod>
        ```

        ```bash {name=b}
        exit 4
        ```

        ```bash {name=c}
        echo "c has $pod" >"$GUIDE_BOOK/c"
        ```
    "#,
    );
    book.guide("run --keep-going").exits(1);
    assert_eq!(book.read("c"), "c has web-7\n");
}
