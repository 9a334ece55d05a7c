//! Checks and what they prove, conditions, profiles and time limits.

use super::*;

#[test]
fn a_verify_step_proves_the_acting_step_before_it_or_the_one_it_names() {
    let text = step("name=a verify", "x")
        + &step("name=b", "x")
        + &step("name=c verify", "x")
        + &step("name=d", "x")
        + &step("name=e verify", "x")
        + &step("name=f verify=b", "x");
    let expected = [
        Role::Verify { proves: None },
        acts(&[2, 5]),
        Role::Verify { proves: Some(1) },
        acts(&[4]),
        Role::Verify { proves: Some(3) },
        Role::Verify { proves: Some(1) },
    ];
    assert_eq!(roles(&planned(&text)), expected);
}

#[test]
fn a_verify_step_does_not_prove_an_always_step_above_it_unless_it_names_it() {
    let text = step("name=a", "x")
        + &step("name=b always", "x")
        + &step("name=c verify", "x")
        + &step("name=d always", "x")
        + &step("name=e verify=d", "x");
    let expected = [
        acts(&[2]),
        acts(&[]),
        Role::Verify { proves: Some(0) },
        acts(&[4]),
        Role::Verify { proves: Some(3) },
    ];
    assert_eq!(roles(&planned(&text)), expected);
}

#[test]
fn steps_of_another_profile_are_not_planned_and_prove_nothing() {
    let text = step("name=a profile=open", "x")
        + &step("name=b profile=sealed", "x")
        + &step("name=c profile=open", "x")
        + &step("name=d verify", "x")
        + &step("name=e verify=a", "x");
    let plan = planned(&text);
    assert_eq!(ids(&plan), ["chapter-1/b", "chapter-1/d", "chapter-1/e"]);
    assert_eq!(
        roles(&plan),
        [acts(&[1]), Role::Verify { proves: Some(0) }, Role::Verify { proves: None }]
    );
}

#[test]
fn names_of_other_steps_are_checked() {
    let text = step("name=build", "x")
        + &step("name=a verify=biuld", "x")
        + &step("name=b verify=a", "x")
        + &step("name=c verify=c", "x")
        + &step("name=d background ready=build", "x")
        + &step("name=e background ready=nothing-like-it", "x");
    assert_eq!(
        messages(&text),
        [
            "5 `biuld` this chapter has no step `biuld`",
            "9 `a` `a` is a verify step, so there is nothing to prove",
            "13 `c` `c` cannot prove itself",
            "17 `build` `build` is not a verify step",
            "21 `nothing-like-it` this chapter has no step `nothing-like-it`"
        ]
    );
    let problems = refused(&[("chapter-1.md", &text)], &request(&[]));
    assert_eq!(problems[0].hint.as_deref(), Some("did you mean `build`?"));
    assert_eq!(problems[4].hint.as_deref(), Some("its verify steps are a, b, c"));
}

#[test]
fn a_background_step_cannot_wait_for_a_step_that_never_runs() {
    let text =
        step("name=engine background ready=up", "x") + &step("name=up verify profile=open", "x");
    assert_eq!(
        messages(&text),
        ["1 `up` `up` does not run under the profile `sealed`, so `engine` could never be ready"]
    );
}

#[test]
fn done_names_verify_steps() {
    let front = "---\ndone: [ok, act, nope]\n---\n".to_owned();
    let text = front + &step("name=act", "x") + &step("name=ok verify", "x");
    assert_eq!(
        messages(&text),
        ["2 `act` `act` is not a verify step", "2 `nope` this chapter has no step `nope`"]
    );
    let text = "---\ndone: [ok, other]\n---\n".to_owned()
        + &step("name=act", "x")
        + &step("name=ok verify", "x")
        + &step("name=other verify profile=open", "x");
    assert_eq!(planned(&text).chapters[0].done, [1]);
}

#[test]
fn a_time_limit_is_the_steps_or_the_chapters_or_two_minutes() {
    let text = step("name=a timeout=5s", "x") + &step("name=b", "x");
    let seconds = |plan: &Plan| {
        plan.chapters[0].steps.iter().map(|step| step.timeout().as_secs()).collect::<Vec<_>>()
    };
    assert_eq!(seconds(&planned(&text)), [5, 120]);
    assert_eq!(seconds(&planned(&("---\ntimeout: 10m\n---\n".to_owned() + &text))), [5, 600]);
}

#[test]
fn conditions_are_compiled() {
    let text = step("name=a check=\"count >\"", "x")
        + &step("name=b check=\"cuont > 2\"", "x")
        + "```output\n<count:int>\n```\n\n"
        + &step("name=c check=\"count > 2 and exit == 0 and n == 1\"", "x");
    let book = parsed(&[("chapter-1.md", &text)]);
    let request = PlanRequest { values: json!({"n": 1}), ..request(&[]) };
    let problems = make_plan(&book, &request).unwrap_err();
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(problems[0].message.starts_with("invalid `check=\"count >\"`"), "{problems:?}");
    assert_eq!(book.sources.text(problems[0].span.unwrap()), "count >");
    assert_eq!(
        (problems[1].message.as_str(), problems[1].hint.as_deref()),
        ("unknown name `cuont` in `check=\"cuont > 2\"`", Some("did you mean `count`?"))
    );
}

#[test]
fn an_unknown_profile_is_reported() {
    let text = step("name=a profile=seald", "x") + &step("name=b profile=ci", "x");
    assert_eq!(messages(&text), ["1 `seald` unknown profile `seald`"]);
    let book = parsed(&[("chapter-1.md", &step("name=a profile=ci", "x"))]);
    let ask = |profile: &str| PlanRequest { profile: profile.to_owned(), ..request(&[]) };
    assert_eq!(
        make_plan(&book, &ask("opne")).unwrap_err()[0].hint.as_deref(),
        Some("did you mean `open`?")
    );
    assert!(make_plan(&book, &ask("ci")).is_ok() && make_plan(&book, &ask("default")).is_ok());
}

#[test]
fn problems_outside_of_the_selection_are_reported_too() {
    let (one, two) = (step("name=a", "x"), step("name=b verify=nope", "x"));
    assert_eq!(
        refused(&[("chapter-1.md", &one), ("chapter-2.md", &two)], &request(&["chapter-1"])).len(),
        1
    );
}

#[test]
fn a_check_of_an_interactive_step_cannot_use_the_output_that_is_not_kept() {
    let text = step("name=a interactive check=\"'x' not in output\"", "x")
        + &step("name=b interactive check=\"exit == 0\"", "x");
    assert_eq!(
        messages(&text),
        [
            "1 `'x' not in output` what an interactive step writes to the terminal is not kept, so its `check=` can't use `output`"
        ]
    );
}
