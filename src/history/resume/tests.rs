use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::book::{Attributes, Place, SourceId, Span, Verify};
use crate::ids::StepName;
use crate::plan::{PlannedChapter, Step};

/// A step of these tests: its name, a number that stands for its text, and its special attributes.
#[derive(Debug, Clone, PartialEq)]
struct StepSpec {
    name: String,
    text: u8,
    verify: bool,
    always: bool,
    background: Option<Background>,
}

fn acting(name: &str) -> StepSpec {
    StepSpec { name: name.to_owned(), text: 0, verify: false, always: false, background: None }
}

fn verify(name: &str) -> StepSpec {
    StepSpec { verify: true, ..acting(name) }
}

fn always(name: &str) -> StepSpec {
    StepSpec { always: true, ..acting(name) }
}

/// A plan of chapters `0`, `1`, …; a verify step proves the nearest acting step before it.
fn plan(chapters: &[Vec<StepSpec>]) -> Plan {
    let chapters = chapters
        .iter()
        .enumerate()
        .map(|(number, steps)| chapter(&number.to_string(), steps))
        .collect();
    Plan {
        profile: "open".to_owned(),
        environment: Vec::new(),
        values: serde_json::Value::Null,
        chapters,
        files: Default::default(),
    }
}

fn chapter(name: &str, steps: &[StepSpec]) -> PlannedChapter {
    let resolved = steps.iter().enumerate().map(|(index, spec)| {
        let before = || (0..index).rev().find(|step| !steps[*step].verify);
        let role = if spec.verify {
            Role::Verify { proves: before() }
        } else {
            Role::Act { proven_by: Default::default() }
        };
        step(name, spec, role)
    });
    PlannedChapter {
        name: ChapterName::new(name),
        title: name.to_owned(),
        file: Path::new("chapter.md").into(),
        needs: Vec::new(),
        namespace: None,
        manifests: Vec::new(),
        steps: resolved.collect(),
        done: Vec::new(),
        fingerprint: Fingerprint::of([name.as_bytes()]),
        needed_by: None,
        from_before: Vec::new(),
        partial: false,
    }
}

fn step(chapter: &str, spec: &StepSpec, role: Role) -> Step {
    let attributes = Attributes {
        always: spec.always,
        background: spec.background,
        verify: spec.verify.then_some(Verify::Before),
        ..Attributes::default()
    };
    Step {
        id: StepId { chapter: ChapterName::new(chapter), step: StepName::new(spec.name.as_str()) },
        place: Place { file: Path::new("chapter.md").into(), line: 1 },
        span: Span { source: SourceId(0), start: 0, end: 0, line: 1 },
        script_line: 2,
        script: Arc::from("true"),
        role,
        attributes: Arc::new(attributes),
        expected: None,
        binds: Vec::new(),
        numbers: Arc::default(),
        expected_span: None,
        fingerprint: Fingerprint::of([spec.name.as_bytes(), &[spec.text]]),
        made_of: MadeOf::default(),
        reads: Default::default(),
        files: Default::default(),
    }
}

/// A past in which these steps ended under profile `open`. The last part says whether the step passed.
fn past(steps: &[(usize, StepSpec, bool)]) -> Past {
    let mut past = Past { run: "run-1".to_owned(), ..Past::default() };
    for (number, (chapter, spec, held)) in steps.iter().enumerate() {
        let planned = step(&chapter.to_string(), spec, Role::Act { proven_by: Default::default() });
        let before = PastStep {
            profile: "open".to_owned(),
            number,
            fingerprint: planned.fingerprint,
            passed: *held,
            skipped: false,
            cut_off: false,
            state_lost: false,
            seconds: 1.0,
            at: String::new(),
            attempts: 1,
            ending: None,
            run: "run-1".to_owned(),
            output: None,
            state: None,
            bound: Bindings::new(),
        };
        past.steps.insert(planned.id, before);
    }
    past
}

fn all_passed(chapters: &[Vec<StepSpec>]) -> Past {
    let steps = chapters
        .iter()
        .enumerate()
        .flat_map(|(chapter, steps)| steps.iter().map(move |spec| (chapter, spec.clone(), true)));
    past(&steps.collect::<Vec<_>>())
}

fn at(chapter: usize, step: usize, why: &str) -> Resume {
    Resume::At { chapter, step, why: why.to_owned() }
}

#[test]
fn a_book_that_has_never_run_starts_at_its_first_step() {
    let book = [vec![acting("a"), acting("b")]];
    assert_eq!(resume_point(&plan(&book), &Past::default()), at(0, 0, "not reached"));
}

#[test]
fn a_run_resumes_at_the_failed_step() {
    let book = [vec![acting("a"), acting("b"), acting("c")]];
    let past = past(&[(0, acting("a"), true), (0, acting("b"), false)]);
    assert_eq!(resume_point(&plan(&book), &past), at(0, 1, "failed"));
}

#[test]
fn a_run_resumes_at_an_edited_step_even_if_all_steps_passed() {
    let book = [vec![acting("a"), acting("b")], vec![acting("a"), acting("b")]];
    let past = all_passed(&book);
    let mut edited = book.clone();
    edited[0][1].text = 1;
    assert_eq!(resume_point(&plan(&edited), &past), at(0, 1, "changed since it passed"));
}

#[test]
fn a_run_resumes_at_an_inserted_step_and_ignores_a_deleted_one() {
    let book = [vec![acting("a"), acting("b"), acting("c")]];
    let past = all_passed(&book);
    let inserted = [vec![acting("a"), acting("new"), acting("b"), acting("c")]];
    let deleted = [vec![acting("a"), acting("c")]];
    assert_eq!(resume_point(&plan(&inserted), &past), at(0, 1, "not reached"));
    assert_eq!(resume_point(&plan(&deleted), &past), Resume::NothingLeft);
}

#[test]
fn steps_that_were_reordered_are_run_again_from_the_first_of_them() {
    let book = [vec![acting("a"), acting("b"), acting("c")]];
    let past = all_passed(&book);
    let reordered = [vec![acting("b"), acting("a"), acting("c")]];
    assert_eq!(resume_point(&plan(&reordered), &past), at(0, 1, "it has moved since it passed"));
}

#[test]
fn a_step_that_passed_under_another_profile_has_not_passed() {
    let book = [vec![acting("a")]];
    let mut past = all_passed(&book);
    past.steps.values_mut().for_each(|step| "sealed".clone_into(&mut step.profile));
    assert_eq!(resume_point(&plan(&book), &past), at(0, 0, "it passed under profile `sealed`"));
}

#[test]
fn a_step_whose_state_was_lost_is_run_again() {
    let book = [vec![acting("a"), acting("b")]];
    let mut past = all_passed(&book);
    past.steps.get_mut(&plan(&book).chapters[0].steps[1].id).unwrap().state_lost = true;
    assert_eq!(resume_point(&plan(&book), &past), at(0, 1, "the shell's state after it was lost"));
}

#[test]
fn an_always_step_runs_again_with_its_chapter_and_never_before_it() {
    let book = [vec![always("cleanup"), acting("a"), acting("b")], vec![acting("c")]];
    let plan = plan(&book);
    let failed =
        past(&[(0, acting("a"), true), (0, acting("b"), false), (0, always("cleanup"), true)]);
    let point = resume_point(&plan, &failed);
    assert_eq!(point, at(0, 2, "failed"));
    assert!(
        is_run_from(&plan, point.position(), (0, 0)),
        "the cleanup runs after the steps that run again"
    );
    assert!(!is_run_from(&plan, point.position(), (0, 1)));
    assert!(
        !is_run_from(&plan, (1, 0), (0, 0)),
        "the cleanup of a finished chapter is not repeated"
    );
}

#[test]
fn a_failed_always_step_is_the_only_step_of_its_chapter_that_runs_again() {
    let book = [vec![always("cleanup"), acting("a")], vec![acting("b")]];
    let plan = plan(&book);
    let past = past(&[(0, acting("a"), true), (0, always("cleanup"), false)]);
    let point = resume_point(&plan, &past);
    assert_eq!(point, at(0, 0, "failed"));
    assert!(
        !is_run_from(&plan, point.position(), (0, 1)),
        "the step after the cleanup ran before it and has passed"
    );
    assert!(is_run_from(&plan, point.position(), (1, 0)));
}

#[test]
fn checks_before_the_start_run_again_and_the_first_that_fails_moves_the_start_to_the_step_that_it_proves()
 {
    let book = [vec![acting("a"), verify("a-is"), acting("b"), verify("b-is"), acting("c")]];
    let plan = plan(&book);
    let past = past(&[
        (0, acting("a"), true),
        (0, verify("a-is"), true),
        (0, acting("b"), true),
        (0, verify("b-is"), true),
        (0, acting("c"), false),
    ]);
    let point = resume_point(&plan, &past);
    assert_eq!(resume_checks(&plan, &point), [(0, 1), (0, 3)]);
    assert_eq!(start_after_checks(&plan, &point, (0, 3)), at(0, 2, "0/b-is no longer holds"));
}

#[test]
fn a_chapter_that_ended_runs_its_done_checks_and_the_others_only_if_one_of_them_fails() {
    let book = [
        vec![
            acting("a"),
            verify("a-is"),
            acting("crowd"),
            verify("nine-pods"),
            acting("b"),
            verify("b-is"),
        ],
        vec![verify("awake"), acting("c")],
    ];
    let mut plan = plan(&book);
    plan.chapters[0].done = vec![5];
    let point = at(1, 0, "failed");
    assert_eq!(
        resume_checks(&plan, &point),
        [(0, 5)],
        "a check that is not in `done:` may fail after later steps"
    );
    assert_eq!(start_after_checks(&plan, &point, (0, 5)), at(0, 4, "0/b-is no longer holds"));
    assert_eq!(
        earlier_checks(&plan, &point, (0, 5)),
        [(0, 1), (0, 3)],
        "the work of `a` may be lost as well"
    );
    let inside = at(0, 5, "failed");
    assert_eq!(
        resume_checks(&plan, &inside),
        [(0, 1), (0, 3)],
        "all checks of a chapter run if the run resumes within it"
    );
    assert_eq!(earlier_checks(&plan, &inside, (0, 3)), []);
}

#[test]
fn checks_are_sorted_by_the_steps_that_they_prove() {
    let book = [vec![acting("a"), acting("b"), verify("b-is"), verify("a-is"), acting("c")]];
    let mut plan = plan(&book);
    plan.chapters[0].steps[3].role = Role::Verify { proves: Some(0) };
    let point = at(0, 4, "failed");
    assert_eq!(
        resume_checks(&plan, &point),
        [(0, 3), (0, 2)],
        "if both fail, the run starts at `a`"
    );
}

#[test]
fn a_failed_check_that_proves_no_step_is_itself_the_start() {
    let book = [vec![verify("alone"), acting("a")]];
    let plan = plan(&book);
    assert_eq!(
        start_after_checks(&plan, &at(0, 1, "failed"), (0, 0)),
        at(0, 0, "0/alone no longer holds")
    );
}

#[test]
fn background_steps_that_ended_with_their_run_are_started_again() {
    let background = |name: &str, kind| StepSpec { background: Some(kind), ..acting(name) };
    let book = [
        vec![
            background("engine", Background::Keep),
            background("proxy", Background::Run),
            background("old", Background::Chapter),
        ],
        vec![
            background("forward", Background::Chapter),
            acting("a"),
            acting("b"),
            background("later", Background::Chapter),
        ],
    ];
    let plan = plan(&book);
    assert_eq!(background_to_restart(&plan, (1, 2)), [(0, 1), (1, 0)]);
    assert_eq!(background_to_restart(&plan, (0, 0)), []);
    assert_eq!(background_to_restart(&plan, PAST_END), []);
}

/// Finds the start by brute force on the lists above: after the longest prefix of the execution order in which every step passed
/// unchanged.
fn oracle(book: &[Vec<StepSpec>], passed: &[(usize, StepSpec, bool)]) -> Option<(usize, usize)> {
    let mut order = Vec::new();
    for (chapter, steps) in book.iter().enumerate() {
        for last in [false, true] {
            for (index, spec) in steps.iter().enumerate() {
                if spec.always == last {
                    order.push((chapter, index));
                }
            }
        }
    }
    let when = |position: &(usize, usize)| {
        let now = &book[position.0][position.1];
        passed.iter().position(|(chapter, then, held)| {
            *chapter == position.0 && then.name == now.name && then.text == now.text && *held
        })
    };
    let in_order = |positions: &[(usize, usize)]| {
        (0..book.len()).all(|chapter| {
            let of_chapter = positions
                .iter()
                .filter(|position| position.0 == chapter && !book[chapter][position.1].always);
            of_chapter.map(when).collect::<Vec<_>>().is_sorted()
        })
    };
    let longest = (0..=order.len())
        .rev()
        .find(|length| {
            order[..*length].iter().all(|step| when(step).is_some()) && in_order(&order[..*length])
        })
        .unwrap_or(0);
    let point = order.get(longest).copied()?;
    // An edited check leads to the acting step that it proves.
    let now = &book[point.0][point.1];
    let then =
        passed.iter().rev().find(|(chapter, then, _)| *chapter == point.0 && then.name == now.name);
    let edited = then.is_some_and(|(_, then, _)| then.text != now.text);
    Some(if edited { act_of(book, point) } else { point })
}

/// The acting step that a check proves, if that step runs before the check; otherwise the step itself.
fn act_of(book: &[Vec<StepSpec>], (chapter, index): (usize, usize)) -> (usize, usize) {
    let steps = &book[chapter];
    let proves = (0..index).rev().find(|step| steps[index].verify && !steps[*step].verify);
    let proves = proves.filter(|step| (steps[*step].always, *step) < (steps[index].always, index));
    (chapter, proves.unwrap_or(index))
}

/// A change that an author makes between two runs.
#[derive(Debug, Clone)]
enum Edit {
    Insert(usize, usize),
    Delete(usize, usize),
    Change(usize, usize),
    Rename(usize, usize),
    Swap(usize, usize),
    DropChapter(usize),
    KeepOnly(usize),
}

fn apply(book: &mut Vec<Vec<StepSpec>>, edit: &Edit) {
    let chapter = match edit {
        Edit::DropChapter(chapter) => {
            // The chapter is emptied and not removed, so that the other chapters keep their numbers, which are their names here.
            let at = chapter % book.len();
            return book[at].clear();
        }
        Edit::KeepOnly(chapter) => {
            let kept = chapter % book.len();
            return book
                .iter_mut()
                .enumerate()
                .filter(|(at, _)| *at != kept)
                .for_each(|(_, steps)| steps.clear());
        }
        Edit::Insert(chapter, _)
        | Edit::Delete(chapter, _)
        | Edit::Change(chapter, _)
        | Edit::Rename(chapter, _)
        | Edit::Swap(chapter, _) => chapter % book.len(),
    };
    let steps = &mut book[chapter];
    let count = steps.len();
    match edit {
        Edit::Insert(_, at) => steps.insert(at % (count + 1), acting(&format!("new-{at}"))),
        _ if count == 0 => {}
        Edit::Delete(_, at) => drop(steps.remove(at % count)),
        Edit::Change(_, at) => steps[at % count].text += 1,
        Edit::Rename(_, at) => steps[at % count].name.push_str("-renamed"),
        Edit::Swap(_, at) => steps.swap(at % count, (at + 1) % count),
        Edit::DropChapter(_) | Edit::KeepOnly(_) => {}
    }
}

fn any_step() -> impl Strategy<Value = StepSpec> {
    (0..3u8, any::<bool>(), 0..6u8).prop_map(|(text, verify, always)| StepSpec {
        text,
        verify,
        always: always == 0,
        ..acting("")
    })
}

fn any_book() -> impl Strategy<Value = Vec<Vec<StepSpec>>> {
    prop::collection::vec(prop::collection::vec(any_step(), 0..6), 1..4).prop_map(|mut book| {
        for steps in &mut book {
            for (number, spec) in steps.iter_mut().enumerate() {
                spec.name = format!("step-{number}");
            }
        }
        book
    })
}

fn any_edit() -> impl Strategy<Value = Edit> {
    (0..7u8, 0..4usize, 0..7usize).prop_map(|(kind, chapter, at)| match kind {
        0 => Edit::Insert(chapter, at),
        1 => Edit::Delete(chapter, at),
        2 => Edit::Change(chapter, at),
        3 => Edit::Rename(chapter, at),
        4 => Edit::Swap(chapter, at),
        5 => Edit::DropChapter(chapter),
        _ => Edit::KeepOnly(chapter),
    })
}

/// A past run: the steps of the book that were reached, and whether each of them passed.
fn any_run(
    book: Vec<Vec<StepSpec>>,
) -> impl Strategy<Value = (Vec<Vec<StepSpec>>, Vec<(usize, StepSpec, bool)>)> {
    let count = book.iter().map(Vec::len).sum::<usize>();
    prop::collection::vec(0..12u8, count).prop_map(move |endings| {
        let steps = book
            .iter()
            .enumerate()
            .flat_map(|(chapter, steps)| steps.iter().map(move |spec| (chapter, spec.clone())));
        let ended = steps
            .zip(endings)
            .filter(|(_, ending)| *ending != 0)
            .map(|((chapter, spec), ending)| (chapter, spec, ending != 1));
        (book.clone(), ended.collect())
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn the_start_is_the_one_that_the_oracle_finds_whatever_was_edited(
        (book, run) in any_book().prop_flat_map(any_run),
        edits in prop::collection::vec(any_edit(), 0..4),
    ) {
        let mut book = book;
        edits.iter().for_each(|edit| apply(&mut book, edit));
        let point = resume_point(&plan(&book), &past(&run));
        let found = match &point {
            Resume::NothingLeft => None,
            Resume::At { chapter, step, .. } => Some((*chapter, *step)),
        };
        prop_assert_eq!(found, oracle(&book, &run));
    }

    #[test]
    fn after_an_edit_no_later_step_counts_as_passed((book, at) in any_book().prop_flat_map(|book| (Just(book), 0..7usize))) {
        let past = all_passed(&book);
        let mut edited = book.clone();
        let chapter = at % book.len();
        prop_assume!(!book[chapter].is_empty());
        let index = at % book[chapter].len();
        edited[chapter][index].text += 1;
        let plan = plan(&edited);
        let point = resume_point(&plan, &past).position();
        prop_assert_eq!(point, act_of(&edited, (chapter, index)));
        for (chapter, steps) in edited.iter().enumerate() {
            for (step, spec) in steps.iter().enumerate() {
                let later = (chapter, spec.always, step) >= (point.0, edited[point.0][point.1].always, point.1);
                prop_assert_eq!(is_run_from(&plan, point, (chapter, step)), later);
            }
        }
    }

    #[test]
    fn the_checks_to_run_have_passed_and_never_move_the_start_forward((book, run) in any_book().prop_flat_map(any_run)) {
        let plan = plan(&book);
        let point = resume_point(&plan, &past(&run));
        let mut starts = Vec::new();
        for check in resume_checks(&plan, &point) {
            let spec = &book[check.0][check.1];
            prop_assert!(spec.verify && !spec.always);
            prop_assert!(run.iter().any(|(chapter, then, held)| *chapter == check.0 && then == spec && *held));
            let start = start_after_checks(&plan, &point, check).position();
            prop_assert!(!is_run_from(&plan, point.position(), start));
            prop_assert!(is_run_from(&plan, start, check), "the failed check runs again after the new start");
            starts.push(start);
        }
        prop_assert!(starts.is_sorted(), "the first check that fails gives the earliest start");
    }
}
