//! Resumed and partial runs, and what counts of them.

use super::*;

#[test]
fn a_resumed_run_that_is_killed_before_it_decides_changes_nothing() {
    let desk = Desk::new();
    let mut log = desk.begin(started("run-1"));
    step(&mut log, "chapter-1/a", Outcome::Passed).unwrap();
    log.finish().unwrap();
    let again = RunStarted { resumes: Some("run-1".to_owned()), ..started("run-2") };
    drop(desk.begin(again));

    assert_eq!(desk.held(), ["chapter-1/a"]);
    assert_eq!(desk.past().run, "run-2");
    assert_eq!(desk.past().steps[&id("chapter-1/a")].run, "run-1");
}

#[test]
fn a_resumed_run_that_has_decided_replaces_the_old_run() {
    let desk = Desk::new();
    let mut log = desk.begin(started("run-1"));
    for name in ["chapter-1/a", "chapter-1/b", "chapter-1/c"] {
        step(&mut log, name, Outcome::Passed).unwrap();
    }
    log.finish().unwrap();
    let past = desk.past();
    let mut log = desk.begin(RunStarted { resumes: Some("run-1".to_owned()), ..started("run-2") });
    let kept = taken_over(&mut log, &past, "chapter-1/a");
    let decision =
        Event::Resumed { at: Some(id("chapter-1/b")), why: "no longer holds".to_owned() };
    log.events(&[kept, decision]).unwrap();
    drop(log);

    assert_eq!(desk.held(), ["chapter-1/a"]);
}

#[test]
fn outputs_that_were_taken_over_remain_after_their_run_is_removed() {
    let desk = Desk::new();
    let mut log = desk.begin(started("run-1"));
    step(&mut log, "chapter-1/a", Outcome::Passed).unwrap();
    log.finish().unwrap();
    for (resumed, run) in [("run-1", "run-2"), ("run-2", "run-3")] {
        let past = desk.past();
        let mut log = desk.begin(RunStarted { resumes: Some(resumed.to_owned()), ..started(run) });
        let kept = taken_over(&mut log, &past, "chapter-1/a");
        log.events(&[kept, Event::Resumed { at: None, why: "all passed".to_owned() }]).unwrap();
        log.finish().unwrap();
        fs::remove_dir_all(desk.state.path().join("runs").join(resumed)).unwrap();
    }

    let past = desk.past();
    let kept = &past.steps[&id("chapter-1/a")];
    let log = desk.begin(started("run-4"));
    let state = log.past_state(&kept.run, kept.state.as_ref().unwrap()).unwrap();
    assert_eq!(state, ShellState(b"declare -- after=chapter-1/a".to_vec()));
    assert_eq!(kept.state.as_ref().unwrap().file, Path::new("run-1.states.log"));
}

#[test]
fn a_partial_run_overlays_the_run_before_it() {
    let desk = Desk::new();
    desk.ran("run-1", &["chapter-1/a", "chapter-2/a", "chapter-2/b", "chapter-3/a"]);
    let mut log =
        desk.begin(RunStarted { targets: vec!["chapter-2".to_owned()], ..started("run-2") });
    log.event(&chapter_started("chapter-2", 2)).unwrap();
    step(&mut log, "chapter-2/a", Outcome::Passed).unwrap();
    drop(log);
    assert_eq!(
        desk.held(),
        ["chapter-1/a", "chapter-2/a", "chapter-3/a"],
        "chapter-2/b may have been running when it was killed"
    );

    let mut log =
        desk.begin(RunStarted { targets: vec!["chapter-2/b".to_owned()], ..started("run-3") });
    log.event(&chapter_started("chapter-2", 1)).unwrap();
    step(&mut log, "chapter-2/b", Outcome::Passed).unwrap();
    end(log);
    assert_eq!(desk.held(), ["chapter-1/a", "chapter-2/a", "chapter-2/b", "chapter-3/a"]);

    end(desk.begin(started("run-4")));
    assert_eq!(desk.held(), Vec::<String>::new(), "a run of the whole book begins anew");
}

#[test]
fn a_step_that_did_not_pass_does_not_count() {
    let desk = Desk::new();
    let mut log = desk.begin(started("run-1"));
    step(&mut log, "chapter-1/a", Outcome::Passed).unwrap();
    step(&mut log, "chapter-1/b", Outcome::Interrupted).unwrap();
    log.finish().unwrap();
    assert_eq!(desk.held(), ["chapter-1/a"]);
    let known: Vec<StepId> = desk.past().seconds.into_keys().collect();
    assert_eq!(known, [id("chapter-1/a")], "only a step that passed says how long it takes");
}
