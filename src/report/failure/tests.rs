use super::*;
use crate::compare::Difference;
use crate::event::samples::{every_failure, finished};

fn failed(failure: Failure, evidence: Evidence) -> StepFinished {
    StepFinished {
        evidence: Some(Box::new(evidence)),
        ..finished("chapter-2/curl-localhost", Outcome::Failed(failure))
    }
}

fn curl() -> Evidence {
    Evidence {
        script: "curl -sf http://localhost/\necho done\n".to_owned(),
        script_line: 99,
        output_tail: "curl: (7) Failed to connect\n".to_owned(),
        failure_report: Some(".guide/failures/chapter-2/curl-localhost".into()),
        ..Evidence::default()
    }
}

#[test]
fn a_wrong_exit_code_is_shown_with_its_place_command_output_and_what_to_do() {
    let step = failed(Failure::Exit { code: 7, expected: "0".to_owned() }, curl());
    assert_eq!(
        failure(&step, &Style::colourless()),
        "\
error: chapter-2/curl-localhost failed: exit 7, expected 0
  --> guide/chapter-2.md:57
    │
 99 │ curl -sf http://localhost/
100 │ echo done
    │
output:
  │ curl: (7) Failed to connect
failure report: .guide/failures/chapter-2/curl-localhost
hint: fix it, then `guide run --resume`
"
    );
}

#[test]
fn after_a_verify_the_hint_does_not_offer_to_resume() {
    let hint = |failure_: Failure, evidence: Evidence| {
        let text = failure(
            &failed(failure_, Evidence { verify_only: true, ..evidence }),
            &Style::colourless(),
        );
        text.lines().last().unwrap_or_default().to_owned()
    };
    let exit = Failure::Exit { code: 7, expected: "0".to_owned() };
    assert_eq!(hint(exit.clone(), curl()), "hint: fix it, or let `guide run chapter-2` do so");
    let cure = Some("lab-worker is stopped: `docker start lab-worker`".to_owned());
    assert_eq!(
        hint(exit, Evidence { hint: cure, ..curl() }),
        "hint: lab-worker is stopped: `docker start lab-worker`, then `guide verify`"
    );
    let timed_out =
        Failure::TimedOut { seconds: 120.0, limit: "until".to_owned(), waiting_for: None };
    assert_eq!(
        hint(timed_out, curl()),
        "hint: if it only needs longer, raise `until=`; else fix it, or let `guide run chapter-2` do so"
    );
    let cut_short = Evidence { wait: Some(std::time::Duration::from_secs(300)), ..curl() };
    assert_eq!(
        hint(Failure::Exit { code: 7, expected: "0".to_owned() }, cut_short),
        "hint: if it only needs longer, `guide verify --wait 300s`; else fix it, or let `guide run chapter-2` do so"
    );
}

#[test]
fn for_a_stopped_node_the_hint_is_to_start_it_and_not_a_longer_wait() {
    let cure = Some("lab-worker is stopped: `docker start lab-worker`".to_owned());
    let timed_out =
        Failure::TimedOut { seconds: 120.0, limit: "until".to_owned(), waiting_for: None };
    let text = failure(&failed(timed_out, Evidence { hint: cure, ..curl() }), &Style::colourless());
    assert!(
        text.ends_with(
            "\nhint: lab-worker is stopped: `docker start lab-worker`, then `guide run --resume`\n"
        ),
        "{text}"
    );
}

#[test]
fn a_mismatch_shows_the_differences_instead_of_the_whole_output() {
    let differences = vec![Difference::Changed {
        what: "row web, column READY".to_owned(),
        expected: "2/2".to_owned(),
        actual: "1/2".to_owned(),
        line: None,
    }];
    let evidence = Evidence {
        pending: Some("snapshots/chapter-2/pods.snap.new".into()),
        failure_report: None,
        ..curl()
    };
    let step = failed(Failure::Mismatch { differences, fence: false }, evidence);
    assert_eq!(
            failure(&step, &Style::colourless()),
            "\
error: chapter-2/curl-localhost failed: the output differs from the accepted snapshot in 1 place
  --> guide/chapter-2.md:57
    │
 99 │ curl -sf http://localhost/
100 │ echo done
    │
differences (- expected, + actual):
  row web, column READY: 2/2 → 1/2
hint: if the new output is correct, accept it with `guide review`; else fix it, then `guide run --resume`
"
        );
}

#[test]
fn a_timeout_names_what_the_step_waited_for_and_its_leftover_processes() {
    let timed_out = Failure::TimedOut {
        seconds: 120.0,
        limit: "until".to_owned(),
        waiting_for: Some("pod web: Pending".to_owned()),
    };
    let mut step =
        failed(timed_out, Evidence { output_tail: String::new(), failure_report: None, ..curl() });
    step.leftovers
        .push(crate::output::LeftoverProcess { pid: 99, command: "sleep 1000".to_owned() });
    let text = failure(&step, &Style::colourless());
    let end = text.split_once("    │\nit").unwrap().1;
    assert_eq!(
        end,
        " was waiting for pod web: Pending\nno output\nstopped leftover process 99: sleep 1000\n\
             hint: if it only needs longer, raise `until=`; else fix it, then `guide run --resume`\n"
    );
}

#[test]
fn a_long_output_shows_its_last_thirty_lines() {
    let output: String = (1..=100).map(|line| format!("line {line}\n")).collect();
    let step = failed(
        Failure::Exit { code: 1, expected: "0".to_owned() },
        Evidence { output_tail: output, ..curl() },
    );
    let text = failure(&step, &Style::colourless());
    assert!(text.contains("output, last 30 lines:\n  │ line 71\n"), "{text}");
    assert!(!text.contains("line 70\n"));
}

#[test]
fn a_long_command_and_many_differences_are_bounded() {
    let differences: Vec<Difference> = (0..300)
        .map(|row| Difference::Missing {
            what: format!("row {row}"),
            expected: "x".to_owned(),
            line: None,
        })
        .collect();
    let evidence = Evidence { script: "true\n".repeat(500), ..curl() };
    let step = failed(Failure::Mismatch { differences, fence: true }, evidence);
    let text = failure(&step, &Style::colourless());
    assert!(text.contains("    │ … 480 lines more\n"), "{text}");
    assert!(
        text.contains(
            "  … 280 differences more: all of it in .guide/failures/chapter-2/curl-localhost\n"
        ),
        "{text}"
    );
    assert!(text.lines().count() < 80);
}

#[test]
fn every_failure_has_a_report_even_without_evidence() {
    for kind in every_failure() {
        let text = failure(&finished("chapter-1/a", Outcome::Failed(kind)), &Style::colourless());
        assert!(
            text.starts_with("error: chapter-1/a failed: ") && text.contains("\nhint: "),
            "{text}"
        );
    }
    assert_eq!(failure(&finished("chapter-1/a", Outcome::Passed), &Style::colourless()), "");
}
