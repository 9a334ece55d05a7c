use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::book::{Attributes, Place, SourceId, Span, Verify};
use crate::ids::StepName;
use crate::plan::{PlannedChapter, Step};

/// A step as these tests write it down: what it is called, what it says, and what is special about it.
#[derive(Debug, Clone, PartialEq)]
struct Told {
    name: String,
    text: u8,
    verify: bool,
    always: bool,
    background: Option<Background>,
}

fn told(name: &str) -> Told {
    Told { name: name.to_owned(), text: 0, verify: false, always: false, background: None }
}

fn verify(name: &str) -> Told {
    Told { verify: true, ..told(name) }
}

fn always(name: &str) -> Told {
    Told { always: true, ..told(name) }
}

/// A plan of chapters `0`, `1`, …; a verify step proves the nearest acting step before it.
fn plan(chapters: &[Vec<Told>]) -> Plan {
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

fn chapter(name: &str, steps: &[Told]) -> PlannedChapter {
    let resolved = steps.iter().enumerate().map(|(index, told)| {
        let before = || (0..index).rev().find(|step| !steps[*step].verify);
        let role = if told.verify {
            Role::Verify { proves: before() }
        } else {
            Role::Act { proven_by: Default::default() }
        };
        step(name, told, role)
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

fn step(chapter: &str, told: &Told, role: Role) -> Step {
    let attributes = Attributes {
        always: told.always,
        background: told.background,
        verify: told.verify.then_some(Verify::Before),
        ..Attributes::default()
    };
    Step {
        id: StepId { chapter: ChapterName::new(chapter), step: StepName::new(told.name.as_str()) },
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
        fingerprint: Fingerprint::of([told.name.as_bytes(), &[told.text]]),
        made_of: MadeOf::default(),
        reads: Default::default(),
    }
}

/// A past in which these steps ended, all under profile `open`; `held` says how.
fn past(steps: &[(usize, Told, bool)]) -> Past {
    let mut past = Past { run: "run-1".to_owned(), ..Past::default() };
    for (number, (chapter, told, held)) in steps.iter().enumerate() {
        let planned = step(&chapter.to_string(), told, Role::Act { proven_by: Default::default() });
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

fn all_passed(chapters: &[Vec<Told>]) -> Past {
    let steps = chapters
        .iter()
        .enumerate()
        .flat_map(|(chapter, steps)| steps.iter().map(move |told| (chapter, told.clone(), true)));
    past(&steps.collect::<Vec<_>>())
}

fn at(chapter: usize, step: usize, why: &str) -> Resume {
    Resume::At { chapter, step, why: why.to_owned() }
}

#[test]
fn a_book_never_run_starts_at_its_first_step() {
    let book = [vec![told("a"), told("b")]];
    assert_eq!(resume_point(&plan(&book), &Past::default()), at(0, 0, "not reached"));
}

#[test]
fn a_failed_step_is_where_it_goes_on() {
    let book = [vec![told("a"), told("b"), told("c")]];
    let past = past(&[(0, told("a"), true), (0, told("b"), false)]);
    assert_eq!(resume_point(&plan(&book), &past), at(0, 1, "failed"));
}

#[test]
fn an_edited_step_is_where_it_goes_on_although_all_passed() {
    let book = [vec![told("a"), told("b")], vec![told("a"), told("b")]];
    let past = all_passed(&book);
    let mut edited = book.clone();
    edited[0][1].text = 1;
    assert_eq!(resume_point(&plan(&edited), &past), at(0, 1, "changed since it passed"));
}

#[test]
fn an_inserted_step_is_where_it_goes_on_and_a_deleted_one_is_not_missed() {
    let book = [vec![told("a"), told("b"), told("c")]];
    let past = all_passed(&book);
    let inserted = [vec![told("a"), told("new"), told("b"), told("c")]];
    let deleted = [vec![told("a"), told("c")]];
    assert_eq!(resume_point(&plan(&inserted), &past), at(0, 1, "not reached"));
    assert_eq!(resume_point(&plan(&deleted), &past), Resume::NothingLeft);
}

#[test]
fn steps_that_changed_places_are_run_again_from_the_first_of_them() {
    let book = [vec![told("a"), told("b"), told("c")]];
    let past = all_passed(&book);
    let reordered = [vec![told("b"), told("a"), told("c")]];
    assert_eq!(
        resume_point(&plan(&reordered), &past),
        at(0, 1, "stands in another place than when it passed")
    );
}

#[test]
fn what_passed_under_another_profile_has_not_passed() {
    let book = [vec![told("a")]];
    let mut past = all_passed(&book);
    past.steps.values_mut().for_each(|step| "sealed".clone_into(&mut step.profile));
    assert_eq!(resume_point(&plan(&book), &past), at(0, 0, "it passed under profile `sealed`"));
}

#[test]
fn a_step_whose_state_was_lost_is_run_again() {
    let book = [vec![told("a"), told("b")]];
    let mut past = all_passed(&book);
    past.steps.get_mut(&plan(&book).chapters[0].steps[1].id).unwrap().state_lost = true;
    assert_eq!(resume_point(&plan(&book), &past), at(0, 1, "the shell's state after it was lost"));
}

#[test]
fn an_always_step_runs_again_with_its_chapter_and_never_before_it() {
    let book = [vec![always("cleanup"), told("a"), told("b")], vec![told("c")]];
    let plan = plan(&book);
    let failed = past(&[(0, told("a"), true), (0, told("b"), false), (0, always("cleanup"), true)]);
    let point = resume_point(&plan, &failed);
    assert_eq!(point, at(0, 2, "failed"));
    assert!(
        is_run_from(&plan, point.position(), (0, 0)),
        "the cleanup comes after what is run again"
    );
    assert!(!is_run_from(&plan, point.position(), (0, 1)));
    assert!(
        !is_run_from(&plan, (1, 0), (0, 0)),
        "the cleanup of a chapter that is not gone on with is not repeated"
    );
}

#[test]
fn an_always_step_that_failed_is_all_that_is_left_of_its_chapter() {
    let book = [vec![always("cleanup"), told("a")], vec![told("b")]];
    let plan = plan(&book);
    let past = past(&[(0, told("a"), true), (0, always("cleanup"), false)]);
    let point = resume_point(&plan, &past);
    assert_eq!(point, at(0, 0, "failed"));
    assert!(
        !is_run_from(&plan, point.position(), (0, 1)),
        "the step written after it has passed before it"
    );
    assert!(is_run_from(&plan, point.position(), (1, 0)));
}

#[test]
fn verify_steps_before_the_point_are_asked_and_the_first_that_fails_leads_to_what_it_proves() {
    let book = [vec![told("a"), verify("a-is"), told("b"), verify("b-is"), told("c")]];
    let plan = plan(&book);
    let past = past(&[
        (0, told("a"), true),
        (0, verify("a-is"), true),
        (0, told("b"), true),
        (0, verify("b-is"), true),
        (0, told("c"), false),
    ]);
    let point = resume_point(&plan, &past);
    assert_eq!(resume_checks(&plan, &point), [(0, 1), (0, 3)]);
    assert_eq!(start_after_checks(&plan, &point, (0, 3)), at(0, 2, "0/b-is no longer holds"));
}

#[test]
fn of_a_chapter_that_ended_its_done_steps_are_asked_and_the_others_only_when_one_of_them_fails() {
    let book = [
        vec![
            told("a"),
            verify("a-is"),
            told("crowd"),
            verify("nine-pods"),
            told("b"),
            verify("b-is"),
        ],
        vec![verify("awake"), told("c")],
    ];
    let mut plan = plan(&book);
    plan.chapters[0].done = vec![5];
    let point = at(1, 0, "failed");
    assert_eq!(
        resume_checks(&plan, &point),
        [(0, 5)],
        "nine pods were there on the way; nobody says they still are"
    );
    assert_eq!(start_after_checks(&plan, &point, (0, 5)), at(0, 4, "0/b-is no longer holds"));
    assert_eq!(earlier_checks(&plan, &point, (0, 5)), [(0, 1), (0, 3)], "`a` may be gone as well");
    let inside = at(0, 5, "failed");
    assert_eq!(
        resume_checks(&plan, &inside),
        [(0, 1), (0, 3)],
        "a chapter gone on with in its middle is asked whole"
    );
    assert_eq!(earlier_checks(&plan, &inside, (0, 3)), []);
}

#[test]
fn checks_come_in_the_order_of_what_they_prove() {
    let book = [vec![told("a"), told("b"), verify("b-is"), verify("a-is"), told("c")]];
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
fn a_verify_step_that_proves_nothing_is_itself_where_it_starts() {
    let book = [vec![verify("alone"), told("a")]];
    let plan = plan(&book);
    assert_eq!(
        start_after_checks(&plan, &at(0, 1, "failed"), (0, 0)),
        at(0, 0, "0/alone no longer holds")
    );
}

#[test]
fn background_steps_that_ended_with_their_run_are_started_again() {
    let background = |name: &str, kind| Told { background: Some(kind), ..told(name) };
    let book = [
        vec![
            background("engine", Background::Keep),
            background("proxy", Background::Run),
            background("old", Background::Chapter),
        ],
        vec![
            background("forward", Background::Chapter),
            told("a"),
            told("b"),
            background("later", Background::Chapter),
        ],
    ];
    let plan = plan(&book);
    assert_eq!(background_to_restart(&plan, (1, 2)), [(0, 1), (1, 0)]);
    assert_eq!(background_to_restart(&plan, (0, 0)), []);
    assert_eq!(background_to_restart(&plan, PAST_END), []);
}

/// The same question answered by brute force, on the plain lists above: the longest beginning of the execution order in which
/// every step passed as it is.
fn oracle(book: &[Vec<Told>], passed: &[(usize, Told, bool)]) -> Option<(usize, usize)> {
    let mut order = Vec::new();
    for (chapter, steps) in book.iter().enumerate() {
        for last in [false, true] {
            for (index, told) in steps.iter().enumerate() {
                if told.always == last {
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

/// The acting step that a check proves, if that has its turn before it; else the step itself.
fn act_of(book: &[Vec<Told>], (chapter, index): (usize, usize)) -> (usize, usize) {
    let steps = &book[chapter];
    let proves = (0..index).rev().find(|step| steps[index].verify && !steps[*step].verify);
    let proves = proves.filter(|step| (steps[*step].always, *step) < (steps[index].always, index));
    (chapter, proves.unwrap_or(index))
}

/// What an author does to a book between two runs.
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

fn apply(book: &mut Vec<Vec<Told>>, edit: &Edit) {
    let chapter = match edit {
        Edit::DropChapter(chapter) => {
            // What is left keeps its number, as a chapter keeps its name: emptied, not removed.
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
        Edit::Insert(_, at) => steps.insert(at % (count + 1), told(&format!("new-{at}"))),
        _ if count == 0 => {}
        Edit::Delete(_, at) => drop(steps.remove(at % count)),
        Edit::Change(_, at) => steps[at % count].text += 1,
        Edit::Rename(_, at) => steps[at % count].name.push_str("-renamed"),
        Edit::Swap(_, at) => steps.swap(at % count, (at + 1) % count),
        Edit::DropChapter(_) | Edit::KeepOnly(_) => {}
    }
}

fn any_told() -> impl Strategy<Value = Told> {
    (0..3u8, any::<bool>(), 0..6u8).prop_map(|(text, verify, always)| Told {
        text,
        verify,
        always: always == 0,
        ..told("")
    })
}

fn any_book() -> impl Strategy<Value = Vec<Vec<Told>>> {
    prop::collection::vec(prop::collection::vec(any_told(), 0..6), 1..4).prop_map(|mut book| {
        for steps in &mut book {
            for (number, told) in steps.iter_mut().enumerate() {
                told.name = format!("step-{number}");
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

/// The run that was: every step of the book with how it ended, or not reached at all.
fn any_run(
    book: Vec<Vec<Told>>,
) -> impl Strategy<Value = (Vec<Vec<Told>>, Vec<(usize, Told, bool)>)> {
    let count = book.iter().map(Vec::len).sum::<usize>();
    prop::collection::vec(0..12u8, count).prop_map(move |fates| {
        let steps = book
            .iter()
            .enumerate()
            .flat_map(|(chapter, steps)| steps.iter().map(move |told| (chapter, told.clone())));
        let ended = steps
            .zip(fates)
            .filter(|(_, fate)| *fate != 0)
            .map(|((chapter, told), fate)| (chapter, told, fate != 1));
        (book.clone(), ended.collect())
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn the_point_is_where_the_oracle_says_whatever_was_edited(
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
    fn an_edit_never_lets_a_later_step_be_believed((book, at) in any_book().prop_flat_map(|book| (Just(book), 0..7usize))) {
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
            for (step, told) in steps.iter().enumerate() {
                let later = (chapter, told.always, step) >= (point.0, edited[point.0][point.1].always, point.1);
                prop_assert_eq!(is_run_from(&plan, point, (chapter, step)), later);
            }
        }
    }

    #[test]
    fn checks_are_passed_verify_steps_and_never_lead_behind_the_point((book, run) in any_book().prop_flat_map(any_run)) {
        let plan = plan(&book);
        let point = resume_point(&plan, &past(&run));
        let mut starts = Vec::new();
        for check in resume_checks(&plan, &point) {
            let told = &book[check.0][check.1];
            prop_assert!(told.verify && !told.always);
            prop_assert!(run.iter().any(|(chapter, then, held)| *chapter == check.0 && then == told && *held));
            let start = start_after_checks(&plan, &point, check).position();
            prop_assert!(!is_run_from(&plan, point.position(), start));
            prop_assert!(is_run_from(&plan, start, check), "the check that failed is asked again in its turn");
            starts.push(start);
        }
        prop_assert!(starts.is_sorted(), "the first that fails leads to the earliest start");
    }
}
