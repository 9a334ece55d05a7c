//! The secrets, the leftover processes and the bindings of a step.

use super::assert_story;
use super::book::TestBook;
use super::flow::NEXT;
use crate::output::{Ending, LeftoverProcess};
use crate::world::scripted::Answer;

#[test]
fn a_step_whose_secret_has_no_value_does_not_run() {
    let text = "
        # A

        ```bash {name=login secret=TOKEN}
        login
        ```
        ";
    let mut book = TestBook::new(text);
    assert_story!(
        book.run(),
        "
        a
          login: failed: the secret TOKEN has no value here: set it in the environment of `guide run`
        a: Failed
        1 failed
        "
    );
    book.given_secrets.insert("TOKEN".to_owned());
    assert_eq!(book.run().summary.passed, 1);
}

#[test]
fn a_process_that_outlived_its_step_is_noted() {
    let mut answer = Answer::ending("", Ending::Exited(0));
    answer.output.leftovers = vec![LeftoverProcess { pid: 7, command: "sleep 99".to_owned() }];
    let mut book = TestBook::new(NEXT);
    book.answer("a/three", [answer]);
    assert_story!(
        book.run(),
        "
        a
          0.0s three
          note: stopped a leftover process: sleep 99 (pid 7)
          three: Passed
        a: Passed
        1 passed
        "
    );
}

#[test]
fn a_name_that_an_output_binds_becomes_a_variable_of_the_later_steps() {
    let mut book = TestBook::new(
        "
        # A

        ```bash {name=ask}
        ask
        ```

        ```output
        node <node>
        ```

        ```bash {name=use}
        use
        ```
        ",
    );
    book.answer("a/ask", [Answer::passing("node one\n")]);
    let ran = book.run();
    let bound: Vec<_> = ran.world.commands().map(|command| command.bound.clone()).collect();
    assert_eq!(bound, [vec![], vec![("node".to_owned(), "one".to_owned())]]);
}
