//! Books → plans: roles, targets, needs, profiles, manifests, fingerprints.

use crate::ids::Fingerprint;

use serde_json::{Value, json};

use super::*;

use crate::book::{Book, BookText, Problem, parse_book};

mod fingerprints;
mod manifests;
mod roles;
mod selection;

/// A step's fence.
fn step(words: &str, script: &str) -> String {
    format!("```bash {{{words}}}\n{script}\n```\n\n")
}

fn parsed(chapters: &[(&str, &str)]) -> Book {
    let (book, problems) = parse_book(BookText::of_chapters(chapters.iter().copied()));
    assert_eq!(problems, []);
    book
}

fn request(targets: &[&str]) -> PlanRequest {
    let targets = targets.iter().map(|target| (*target).to_owned()).collect();
    let selection = Selection { targets, ..Selection::default() };
    let known_profiles = vec!["sealed".to_owned(), "open".to_owned()];
    PlanRequest {
        selection,
        profile: "sealed".to_owned(),
        known_profiles,
        with_needs: false,
        values: json!({}),
        normalize: None,
        cwd: None,
    }
}

fn planned(text: &str) -> Plan {
    make_plan(&parsed(&[("chapter-1.md", text)]), &request(&[]))
        .unwrap_or_else(|problems| panic!("{problems:?}"))
}

fn refused(chapters: &[(&str, &str)], request: &PlanRequest) -> Vec<Problem> {
    make_plan(&parsed(chapters), request).expect_err("problems")
}

/// The problems of one chapter as "line `excerpt` message".
fn messages(text: &str) -> Vec<String> {
    let book = parsed(&[("chapter-1.md", text)]);
    let problems = make_plan(&book, &request(&[])).expect_err("problems");
    let one = |problem: &Problem| match problem.span {
        Some(span) => format!("{} `{}` {}", span.line, book.sources.text(span), problem.message),
        None => problem.message.clone(),
    };
    problems.iter().map(one).collect()
}

fn ids(plan: &Plan) -> Vec<String> {
    plan.chapters
        .iter()
        .flat_map(|chapter| &chapter.steps)
        .map(|step| step.id.to_string())
        .collect()
}

fn acts(proven_by: &[usize]) -> Role {
    Role::Act { proven_by: proven_by.to_vec() }
}

fn roles(plan: &Plan) -> Vec<Role> {
    plan.chapters[0].steps.iter().map(|step| step.role.clone()).collect()
}

fn three_chapters() -> Vec<(&'static str, String)> {
    vec![
        (
            "guide/chapter-1-start.md",
            step("name=a", "x")
                + &step("name=b", "x")
                + &step("name=rare excludeFromRunAll=true", "x"),
        ),
        (
            "guide/chapter-2-ingress.md",
            "---\nneeds: [chapter-1, intro]\n---\n".to_owned()
                + &step("name=a", "x")
                + &step("name=c verify", "x")
                + &step("name=d", "x"),
        ),
        ("guide/intro.md", "Only text\n".to_owned()),
        (
            "guide/chapter-3-end.md",
            "---\nneeds: [1, ingress]\n---\n".to_owned() + &step("name=e", "x"),
        ),
    ]
}

fn select_from(selection: Selection) -> Result<Plan, Vec<String>> {
    let mut chapters = three_chapters();
    chapters.swap(1, 2);
    let texts: Vec<(&str, &str)> =
        chapters.iter().map(|(path, text)| (*path, text.as_str())).collect();
    let request = PlanRequest { selection, ..request(&[]) };
    make_plan(&parsed(&texts), &request).map_err(|problems| {
        problems
            .into_iter()
            .map(|problem| format!("{} ({})", problem.message, problem.hint.unwrap_or_default()))
            .collect()
    })
}

fn targets(words: &[&str]) -> Result<Vec<String>, Vec<String>> {
    select_from(request(words).selection).map(|plan| ids(&plan))
}

fn fingerprints(text: &str, values: &Value) -> Vec<Fingerprint> {
    let plan = make_plan(
        &parsed(&[("chapter-1.md", text)]),
        &PlanRequest { values: values.clone(), ..request(&[]) },
    )
    .unwrap();
    plan.chapters[0].steps.iter().map(|step| step.fingerprint).collect()
}
