use super::xml::escape;
use super::*;
use crate::event::Evidence;
use crate::event::samples::{every_event, finished, id, started};

fn reported(events: &[Event]) -> String {
    let mut junit = Junit::default();
    for event in events {
        junit.report(event);
    }
    junit.xml()
}

const REPORT: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="A cluster by hand" tests="3" failures="1" errors="0" time="61.250">
  <testsuite name="chapter-1" tests="2" failures="0" errors="0" skipped="1" time="1.500" timestamp="2026-11-23T22:45:00Z" file="guide/chapter-1.md">
    <testcase classname="chapter-1" name="a" time="1.500" file="guide/chapter-1.md" line="57"/>
    <testcase classname="chapter-1" name="b" time="0.000" file="guide/chapter-1.md" line="57">
      <skipped message="up to date"/>
    </testcase>
  </testsuite>
  <testsuite name="chapter-2" tests="1" failures="1" errors="0" skipped="0" time="1.500" timestamp="2026-11-23T22:45:00Z" file="guide/chapter-2.md">
    <testcase classname="chapter-2" name="c" time="1.500" file="guide/chapter-2.md" line="57">
      <failure message="exit 7, expected 0" type="exit">error: chapter-2/c failed: exit 7, expected 0
  --&gt; guide/chapter-2.md:57
   │
58 │ curl &quot;$url&quot; &amp;&amp; echo &lt;ok&gt;
   │
output:
  │ no route
hint: fix it, then `guide run --resume`</failure>
      <system-out>no route</system-out>
    </testcase>
  </testsuite>
</testsuites>
"#;

#[test]
fn a_chapter_is_a_suite_and_a_step_a_case() {
    let failed = Outcome::Failed(Failure::Exit { code: 7, expected: "0".to_owned() });
    let evidence = Evidence {
        script: "curl \"$url\" && echo <ok>".to_owned(),
        script_line: 58,
        output_tail: "\u{1b}[31mno\u{0} route\u{1b}[0m\n".to_owned(),
        ..Evidence::default()
    };
    let events = [
        Event::RunStarted(started("run-1")),
        Event::StepFinished(finished("chapter-1/a", Outcome::Passed)),
        Event::StepFinished(finished("chapter-1/b", Outcome::UpToDate)),
        Event::StepFinished(StepFinished {
            evidence: Some(Box::new(evidence)),
            ..finished("chapter-2/c", failed)
        }),
        Event::RunFinished(RunSummary { seconds: 61.25, ..RunSummary::default() }),
    ];
    assert_eq!(reported(&events), REPORT);
}

#[test]
fn a_world_that_cannot_be_checked_is_an_error_of_its_own() {
    let summary =
        RunSummary { broken: Some("no engine\nanswers".to_owned()), ..RunSummary::default() };
    let xml = reported(&[Event::RunStarted(started("run-1")), Event::RunFinished(summary)]);
    assert!(xml.contains("tests=\"1\" failures=\"0\" errors=\"1\""), "{xml}");
    assert!(
        xml.contains("<error message=\"no engine&#10;answers\" type=\"broken\"></error>"),
        "{xml}"
    );
}

#[test]
fn attempts_of_retry_are_reruns_and_attempts_of_until_are_not() {
    let attempts =
        |step: &str, attempts, outcome| StepFinished { attempts, ..finished(step, outcome) };
    let failed = Outcome::Failed(Failure::Exit { code: 1, expected: "0".to_owned() });
    let mut junit = Junit::new("docs");
    for step in ["chapter-1/flaky", "chapter-1/broken"] {
        junit.case(&id(step), &finished(step, Outcome::Passed).place).retried = true;
    }
    for step in [
        attempts("chapter-1/flaky", 3, Outcome::Passed),
        attempts("chapter-1/broken", 2, failed),
        attempts("chapter-1/waits", 40, Outcome::Passed),
    ] {
        junit.report(&Event::StepFinished(step));
    }
    let xml = junit.xml();
    let of = |element: &str| xml.matches(element).count();
    assert_eq!((of("<flakyFailure "), of("<rerunFailure ")), (2, 1), "{xml}");
    assert!(
        xml.contains("<flakyFailure message=\"attempt 2 of 3 failed\" type=\"retry\"/>"),
        "{xml}"
    );
    assert!(xml.contains("file=\"docs/guide/chapter-1.md\" line=\"57\""), "{xml}");
}

#[test]
fn a_planned_step_that_was_not_reached_is_skipped_with_the_reason() {
    let mut junit = Junit::default();
    for step in ["chapter-1/a", "chapter-1/b"] {
        junit.case(&id(step), &finished(step, Outcome::Passed).place);
    }
    let failed = Outcome::Failed(Failure::Exit { code: 1, expected: "0".to_owned() });
    junit.report(&Event::StepFinished(finished("chapter-1/a", failed)));
    let xml = junit.xml();
    assert!(xml.contains("tests=\"2\" failures=\"1\" errors=\"0\" skipped=\"1\""), "{xml}");
    assert!(xml.contains("<skipped message=\"not run: chapter-1/a failed\"/>"), "{xml}");
}

#[test]
fn every_outcome_is_counted_where_it_belongs() {
    let xml = reported(&every_event());
    // 15 outcomes, one step and the world more; 6 failures, since the one that could not be started is an error, as are the
    // interrupted one and the world.
    assert!(xml.contains("tests=\"17\" failures=\"6\" errors=\"3\" time=\"61.200\""), "{xml}");
}

#[test]
fn a_ci_that_shows_the_file_finds_no_command_in_it() {
    assert_eq!(escape("::add-mask::x ##[error]"), ":&#58;add-mask:&#58;x ##&#91;error]");
    assert_eq!(escape("a:b [1] #"), "a:b [1] #");
}

#[test]
fn no_character_that_xml_forbids_is_written() {
    let all: String = (0..0xd800u32).chain(0xe000..0x1_1000).filter_map(char::from_u32).collect();
    let evidence = Evidence {
        output_tail: all.clone(),
        script: all.clone(),
        script_line: 1,
        ..Evidence::default()
    };
    let failed = Outcome::Failed(Failure::Unrecoverable { why: all });
    let step =
        StepFinished { evidence: Some(Box::new(evidence)), ..finished("chapter-1/a", failed) };
    let xml = reported(&[Event::StepFinished(step)]);
    let forbidden = |character: &char| !matches!(character, '\n' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    assert_eq!(xml.chars().find(forbidden), None);
    let bare = xml
        .replace("&amp;", "")
        .replace("&lt;", "")
        .replace("&gt;", "")
        .replace("&quot;", "")
        .replace("&#10;", "")
        .replace("&#58;", "")
        .replace("&#91;", "");
    assert!(!bare.contains('&'));
}
