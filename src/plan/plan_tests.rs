//! Books → plans: roles, targets, needs, profiles, manifests, fingerprints.

use crate::ids::Fingerprint;
use serde_json::{Value, json};

use super::*;
use crate::book::{Book, BookText, Problem, parse_book};

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
fn told(text: &str) -> Vec<String> {
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
fn steps_of_another_profile_are_left_out_and_prove_nothing() {
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
        told(&text),
        [
            "5 `biuld` this chapter has no step `biuld`",
            "9 `a` `a` is a verify step, so there is nothing to prove",
            "13 `c` `c` can't prove itself",
            "17 `build` `build` is no verify step",
            "21 `nothing-like-it` this chapter has no step `nothing-like-it`"
        ]
    );
    let problems = refused(&[("chapter-1.md", &text)], &request(&[]));
    assert_eq!(problems[0].hint.as_deref(), Some("did you mean `build`?"));
    assert_eq!(problems[4].hint.as_deref(), Some("its verify steps are a, b, c"));
}

#[test]
fn a_background_step_is_not_ready_by_a_step_that_never_runs() {
    let text =
        step("name=engine background ready=up", "x") + &step("name=up verify profile=open", "x");
    assert_eq!(
        told(&text),
        ["1 `up` `up` does not run under the profile `sealed`, so `engine` could never be ready"]
    );
}

#[test]
fn done_names_verify_steps() {
    let front = "---\ndone: [ok, act, nope]\n---\n".to_owned();
    let text = front + &step("name=act", "x") + &step("name=ok verify", "x");
    assert_eq!(
        told(&text),
        ["2 `act` `act` is no verify step", "2 `nope` this chapter has no step `nope`"]
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

#[test]
fn targets_select_chapters_and_steps() {
    let all =
        ["chapter-1/a", "chapter-1/b", "chapter-2/a", "chapter-2/c", "chapter-2/d", "chapter-3/e"];
    assert_eq!(targets(&[]).unwrap(), all);
    for word in ["chapter-2", "2", "ingress", "chapter-2-ingress", "chapter-2-ingress.md"] {
        assert_eq!(targets(&[word]).unwrap(), all[2..5], "{word}");
    }
    assert_eq!(targets(&["chapter-2..chapter-3"]).unwrap(), all[2..]);
    assert_eq!(targets(&["1..intro"]).unwrap(), all[..2]);
    assert_eq!(
        targets(&["3", "1/b", "1/a"]).unwrap(),
        ["chapter-1/a", "chapter-1/b", "chapter-3/e"]
    );
    assert_eq!(targets(&["ingress/c", "chapter-2"]).unwrap(), all[2..5]);
    assert_eq!(targets(&["intro"]).unwrap(), [""; 0]);
}

#[test]
fn a_chapter_in_parts_is_a_folder_whose_readme_stands_for_all_of_them() {
    let chapters = [
        ("guide/chapter-1.md", step("name=a", "x")),
        ("guide/chapter-8/README.md", step("name=b", "x")),
        ("guide/chapter-8/metrics.md", step("name=c", "x") + &step("name=d", "x")),
        ("guide/chapter-9.md", step("name=e", "x")),
    ];
    let book = parsed(&chapters.each_ref().map(|(path, text)| (*path, text.as_str())));
    let targets = |word: &str| {
        let told = |problems: crate::book::Problems| {
            problems.into_iter().map(|problem| problem.message).collect::<Vec<_>>()
        };
        make_plan(&book, &request(&[word])).map(|plan| ids(&plan)).map_err(told)
    };
    assert_eq!(targets("chapter-8").unwrap(), ["chapter-8/b", "metrics/c", "metrics/d"]);
    assert_eq!(targets("1..8").unwrap(), ["chapter-1/a", "chapter-8/b", "metrics/c", "metrics/d"]);
    let to = Selection { to: Some("chapter-8".to_owned()), ..Selection::default() };
    let plan = make_plan(&book, &PlanRequest { selection: to, ..PlanRequest::default() }).unwrap();
    assert_eq!(ids(&plan), ["chapter-1/a", "chapter-8/b", "metrics/c", "metrics/d"]);
    for word in ["chapter-8/metrics", "metrics", "chapter-8/metrics.md"] {
        assert_eq!(targets(word).unwrap(), ["metrics/c", "metrics/d"], "{word}");
    }
    assert_eq!(targets("chapter-8/metrics/d").unwrap(), ["metrics/d"]);
    assert_eq!(targets("chapter-8/b").unwrap(), ["chapter-8/b"]);
    let refused = |word: &str| {
        let problem = make_plan(&book, &request(&[word])).unwrap_err().remove(0);
        format!("{} ({})", problem.message, problem.hint.unwrap_or_default())
    };
    assert_eq!(
        refused("chapter-8/nothing"),
        "chapter-8 has no step and no part `nothing` (its parts are metrics)"
    );
    assert_eq!(
        refused("chapter-8/metric"),
        "chapter-8 has no step and no part `metric` (did you mean `chapter-8/metrics`?)"
    );
}

#[test]
fn a_step_that_runs_only_when_named_is_left_out_until_it_is_named() {
    assert_eq!(targets(&["1"]).unwrap(), ["chapter-1/a", "chapter-1/b"]);
    assert_eq!(targets(&["1/rare"]).unwrap(), ["chapter-1/rare"]);
    let only = Selection { only: Some("rare".to_owned()), ..Selection::default() };
    assert_eq!(ids(&select_from(only).unwrap()), ["chapter-1/rare"]);
    let from = Selection {
        from: Some("1/b".to_owned()),
        to: Some("intro".to_owned()),
        ..Selection::default()
    };
    assert_eq!(ids(&select_from(from).unwrap()), ["chapter-1/b"]);
}

#[test]
fn a_target_that_is_not_there_names_the_nearest() {
    let refused = |word: &str| targets(&[word]).unwrap_err().remove(0);
    assert_eq!(
        refused("chapter-4"),
        "the book has no chapter `chapter-4` (did you mean `chapter-1`?)"
    );
    assert_eq!(refused("ingres"), "the book has no chapter `ingres` (did you mean `ingress`?)");
    assert_eq!(
        refused("9"),
        "the book has no chapter `9` (its chapters are chapter-1, intro, chapter-2, chapter-3)"
    );
    assert_eq!(
        refused("2/cc"),
        "chapter-2 has no step `cc` (did you mean `chapter-2/a`?)".replace("/a`", "/c`")
    );
    assert_eq!(
        refused("rare"),
        "the book has no chapter `rare` (did you mean the step `chapter-1/rare`?)"
    );
    assert_eq!(
        refused("3..1"),
        "`3..1` runs backwards: chapter-3 stands after chapter-1 (did you mean `chapter-1..chapter-3`?)"
    );
    assert_eq!(targets(&["x1", "y2", "1/zz"]).unwrap_err().len(), 3);
}

#[test]
fn from_and_to_cut_the_selection() {
    let cut = |words: &[&str], from: Option<&str>, to: Option<&str>| {
        let targets = words.iter().map(|word| (*word).to_owned()).collect();
        select_from(Selection {
            targets,
            from: from.map(str::to_owned),
            to: to.map(str::to_owned),
            only: None,
        })
        .map(|plan| ids(&plan))
    };
    assert_eq!(cut(&[], Some("c"), None).unwrap(), ["chapter-2/c", "chapter-2/d", "chapter-3/e"]);
    assert_eq!(
        cut(&[], None, Some("chapter-2/a")).unwrap(),
        ["chapter-1/a", "chapter-1/b", "chapter-2/a"]
    );
    assert_eq!(cut(&["2"], Some("a"), Some("c")).unwrap(), ["chapter-2/a", "chapter-2/c"]);
    assert_eq!(
        cut(&[], Some("chapter-2"), Some("chapter-2")).unwrap(),
        ["chapter-2/a", "chapter-2/c", "chapter-2/d"]
    );
    assert_eq!(
        cut(&[], Some("a"), None).unwrap_err(),
        ["more than one chapter has a step `a` (write `chapter-1/a` or `chapter-2/a`)"]
    );
    assert_eq!(
        cut(&[], Some("d"), Some("b")).unwrap_err(),
        ["`--from` stands after `--to` (exchange them)"]
    );
    assert_eq!(
        cut(&["2"], Some("ee"), None).unwrap_err()[0],
        "chapter-2 has no step `ee` (did you mean `chapter-2/a`?)"
            .replace(" (did you mean `chapter-2/a`?)", " (its steps are a, c, d)")
    );
}

#[test]
fn a_part_of_a_chapter_keeps_its_indices_right() {
    let text = "---\ndone: [ok, also]\n---\n".to_owned()
        + &step("name=a", "x")
        + "```yaml {file=m.yaml}\na: 1\n```\n\n"
        + &step("name=b", "x")
        + &step("name=ok verify", "x")
        + &step("name=also verify=a", "x");
    let book = parsed(&[("chapter-1.md", &text)]);
    let plan = make_plan(&book, &request(&["1/b", "1/ok", "1/also"])).unwrap();
    let chapter = &plan.chapters[0];
    assert!(chapter.partial);
    assert_eq!(
        roles(&plan),
        [acts(&[1]), Role::Verify { proves: Some(0) }, Role::Verify { proves: None }]
    );
    assert_eq!((chapter.done.as_slice(), chapter.manifests[0].before_step), (&[1, 2][..], 0));
    let one = make_plan(&book, &request(&["1/ok"])).unwrap();
    assert_eq!((one.chapters[0].done.len(), one.chapters[0].partial), (0, true));
    let whole = make_plan(&book, &request(&["1"])).unwrap();
    assert_eq!((whole.chapters[0].partial, whole.chapters[0].manifests[0].before_step), (false, 1));
    assert_eq!(whole.chapters[0].fingerprint, one.chapters[0].fingerprint);
}

#[test]
fn a_chapter_keeps_the_names_of_those_it_needs() {
    let plan = select_from(Selection::default()).unwrap();
    let needs = |index: usize| {
        plan.chapters[index].needs.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(
        (needs(0), needs(1), needs(2)),
        (
            vec![],
            vec!["chapter-1".to_owned()],
            vec!["chapter-1".to_owned(), "chapter-2".to_owned()]
        )
    );
    assert_eq!(plan.chapters.len(), 3);
}

#[test]
fn a_whole_chapter_may_bring_along_what_it_needs() {
    let chapters = three_chapters();
    let texts: Vec<(&str, &str)> = [0, 2, 1, 3]
        .iter()
        .map(|index| (chapters[*index].0, chapters[*index].1.as_str()))
        .collect();
    let book = parsed(&texts);
    let plan = |words: &[&str]| {
        make_plan(&book, &PlanRequest { with_needs: true, ..request(words) }).unwrap()
    };
    assert_eq!(
        ids(&plan(&["2"])),
        ["chapter-1/a", "chapter-1/b", "chapter-2/a", "chapter-2/c", "chapter-2/d"]
    );
    let brought: Vec<_> = plan(&["3"])
        .chapters
        .into_iter()
        .map(|chapter| chapter.needed_by.map(|name| name.to_string()))
        .collect();
    assert_eq!(brought.len(), 3);
    assert!(
        brought[0].is_some() && brought[1].as_deref() == Some("chapter-3") && brought[2].is_none(),
        "{brought:?}"
    );
    assert_eq!(ids(&plan(&["2/c"])), ["chapter-2/c"]);
    for (words, from, expected) in [
        (&["2"][..], "chapter-2/a", &["chapter-2/a", "chapter-2/c", "chapter-2/d"][..]),
        (&["2"], "chapter-2/c", &["chapter-2/c", "chapter-2/d"]),
        (&["2", "3"], "chapter-2/d", &["chapter-2/d", "chapter-3/e"]),
    ] {
        let selection = Selection { from: Some(from.to_owned()), ..request(words).selection };
        let from_there =
            make_plan(&book, &PlanRequest { with_needs: true, selection, ..request(&[]) }).unwrap();
        assert_eq!(ids(&from_there), expected, "`--from` goes back to no chapter before it");
    }
}

#[test]
fn needs_that_can_never_be_met_are_told() {
    let text = |needs: &str| format!("---\nneeds: [{needs}]\n---\n") + &step("name=a", "x");
    let (one, two, three) = (text("chapter-3, chaptr-2"), text("chapter-2"), text("chapter-1"));
    let chapters = [
        ("chapter-1.md", one.as_str()),
        ("chapter-2.md", two.as_str()),
        ("chapter-3.md", three.as_str()),
    ];
    let problems = refused(&chapters, &request(&[]));
    let messages: Vec<&str> = problems.iter().map(|problem| problem.message.as_str()).collect();
    assert_eq!(
        messages,
        [
            "these chapters need each other: chapter-1 → chapter-3 → chapter-1",
            "the book has no chapter `chaptr-2`",
            "chapter-2 needs itself"
        ]
    );
    assert!(problems.iter().all(|problem| problem.span.is_some_and(|span| span.line == 2)));
    let problems = refused(
        &[("chapter-1.md", &text("2")), ("chapter-2.md", &step("name=a", "x"))],
        &request(&[]),
    );
    assert_eq!(
        problems[0].message,
        "chapter-1 needs chapter-2, which stands after it in SUMMARY.md"
    );
}

#[test]
fn problems_of_chapters_that_are_not_selected_are_told_too() {
    let (one, two) = (step("name=a", "x"), step("name=b verify=nope", "x"));
    assert_eq!(
        refused(&[("chapter-1.md", &one), ("chapter-2.md", &two)], &request(&["chapter-1"])).len(),
        1
    );
}

#[test]
fn a_profile_nobody_knows_is_told() {
    let text = step("name=a profile=seald", "x") + &step("name=b profile=ci", "x");
    assert_eq!(told(&text), ["1 `seald` unknown profile `seald`"]);
    let book = parsed(&[("chapter-1.md", &step("name=a profile=ci", "x"))]);
    let ask = |profile: &str| PlanRequest { profile: profile.to_owned(), ..request(&[]) };
    assert_eq!(
        make_plan(&book, &ask("opne")).unwrap_err()[0].hint.as_deref(),
        Some("did you mean `open`?")
    );
    assert!(make_plan(&book, &ask("ci")).is_ok() && make_plan(&book, &ask("default")).is_ok());
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
fn manifests_are_rendered_with_values_and_know_their_objects() {
    let text = "---\nnamespace: web\n---\n".to_owned()
        + &step("name=a", "x")
        + "```yaml {file=web.yaml}\napiVersion: v1\nkind: Service\nmetadata: {name: \"{{ web.name }}\"}\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: web}\n```\n\n"
        + &step("name=b", "x");
    let book = parsed(&[("chapter-1.md", &text)]);
    let request = PlanRequest { values: json!({"web": {"name": "page"}}), ..request(&[]) };
    let plan = make_plan(&book, &request).unwrap();
    let manifest = &plan.chapters[0].manifests[0];
    assert!(manifest.text.contains("name: \"page\"") && manifest.own && !manifest.late);
    assert_eq!((manifest.before_step, manifest.place.line), (1, 8));
    let objects: Vec<_> = manifest
        .objects
        .iter()
        .map(|object| (object.kind.as_str(), object.namespace.as_deref(), object.name.as_str()))
        .collect();
    assert_eq!(objects, [("Service", Some("web"), "page"), ("Namespace", None, "web")]);
    assert_eq!(plan.environment, [("WEB_NAME".to_owned(), "page".to_owned())]);
}

#[test]
fn a_manifest_with_a_bound_name_is_rendered_late() {
    let text = step("name=a", "x")
        + "```output\nip <node_ip>, <none>\n```\n\n```yaml {file=web.yaml}\nip: {{ node_ip }}\n```\n\n"
        + &step("name=b", "x");
    let plan = planned(&text);
    let manifest = &plan.chapters[0].manifests[0];
    assert_eq!(
        (manifest.late, manifest.text.as_str(), manifest.before_step),
        (true, "ip: {{ node_ip }}\n", 1)
    );
    let text = "```yaml {file=web.yaml}\nip: {{ node_ip }}\n```\n\n".to_owned()
        + &step("name=a", "x")
        + "```output\nip <node_ip>\n```\n";
    assert_eq!(told(&text), ["2 `node_ip` `node_ip` is undefined in the template of web.yaml"]);
}

#[test]
fn two_manifests_of_one_file_are_told_unless_their_profiles_differ() {
    let manifest = |words: &str| format!("```yaml {{file=web.yaml{words}}}\na: 1\n```\n\n");
    assert_eq!(
        told(&(manifest("") + &manifest("") + &step("name=a", "x"))),
        ["5 ````yaml {file=web.yaml}` two manifests of this chapter are written to web.yaml"]
    );
    let plan =
        planned(&(manifest(" profile=sealed") + &manifest(" profile=open") + &step("name=a", "x")));
    assert_eq!(plan.chapters[0].manifests.len(), 1);
}

#[test]
fn shared_manifests_belong_to_the_chapters_that_mention_them() {
    let mut text = BookText::of_chapters([
        ("chapter-1.md", step("name=a", "kubectl apply -f web.yaml").as_str()),
        ("chapter-2.md", step("name=b", "true").as_str()),
    ]);
    let source = text.sources.add(
        "guide/manifests/web.yaml.j2".into(),
        "apiVersion: v1\nkind: Pod\nmetadata: {name: {{ web }}}\n",
    );
    text.shared_manifests.push(("web.yaml".to_owned(), source));
    let book = parse_book(text).0;
    let plan = |web: &str| {
        make_plan(&book, &PlanRequest { values: json!({"web": web}), ..request(&[]) }).unwrap()
    };
    let own: Vec<bool> =
        plan("a").chapters.iter().map(|chapter| chapter.manifests[0].own).collect();
    assert_eq!(own, [true, false]);
    let prints = |plan: &Plan| {
        [plan.chapters[0].steps[0].fingerprint, plan.chapters[1].steps[0].fingerprint]
    };
    let (old, new) = (prints(&plan("a")), prints(&plan("b")));
    assert!(old[0] != new[0] && old[1] == new[1]);
    let problems = make_plan(&book, &request(&[])).unwrap_err();
    assert_eq!(
        book.sources.place(problems[0].span.unwrap()).to_string(),
        "guide/manifests/web.yaml.j2:3"
    );
}

fn fingerprints(text: &str, values: &Value) -> Vec<Fingerprint> {
    let plan = make_plan(
        &parsed(&[("chapter-1.md", text)]),
        &PlanRequest { values: values.clone(), ..request(&[]) },
    )
    .unwrap();
    plan.chapters[0].steps.iter().map(|step| step.fingerprint).collect()
}

#[test]
fn a_fingerprint_changes_with_all_that_decides_how_a_step_comes_out_and_nothing_else() {
    let none = json!({});
    let base = step("name=a", "echo 1") + "```output\n1\n```\n";
    let print = |text: &str| fingerprints(text, &none)[0];
    let same = [
        "# Another heading\n\n".to_owned() + &base,
        step("name=b", "echo 1") + "```output\n1\n```\n",
        step("name=a exit=0", "echo 1") + "```output\n1\n```\n",
        "---\ntimeout: 9m\n---\n".to_owned() + &base,
        step("\"name\":\"a\",\"always\":false", "echo 1") + "```output\n1\n```\n",
        base.replace('\n', "\r\n"),
    ];
    for text in same {
        assert_eq!(print(&text), print(&base), "{text}");
    }
    let other = [
        step("name=a", "echo 2") + "```output\n1\n```\n",
        step("name=a", "echo 1") + "```output\n2\n```\n",
        step("name=a", "echo 1"),
        step("name=a exit=1", "echo 1") + "```output\n1\n```\n",
        step("name=a timeout=9m", "echo 1") + "```output\n1\n```\n",
        step("name=a verify", "echo 1") + "```output\n1\n```\n",
        "```yaml {file=a.yaml}\na: 1\n```\n\n".to_owned() + &base,
    ];
    for text in other {
        assert_ne!(print(&text), print(&base), "{text}");
    }
}

#[test]
fn a_manifest_counts_for_the_steps_after_it() {
    let text = |value: &str| {
        step("name=a", "x")
            + &format!("```yaml {{file=web.yaml}}\na: {value}\n```\n\n")
            + &step("name=b", "x")
    };
    let (old, new) = (fingerprints(&text("1"), &json!({})), fingerprints(&text("2"), &json!({})));
    assert!(old[0] == new[0] && old[1] != new[1]);
    let text = text("{{ n }}");
    let (old, new) = (fingerprints(&text, &json!({"n": 1})), fingerprints(&text, &json!({"n": 2})));
    assert!(old[0] == new[0] && old[1] != new[1]);
}

#[test]
fn a_selection_is_written_down_and_read_again() {
    let both = Selection {
        targets: vec!["2..3".to_owned()],
        from: Some("2/b".to_owned()),
        to: Some("c".to_owned()),
        only: None,
    };
    assert_eq!(both.words(), ["2..3", "--from 2/b", "--to c"]);
    for selection in [
        both,
        Selection { only: Some("a".to_owned()), ..Selection::default() },
        Selection::default(),
    ] {
        assert_eq!(Selection::of_words(selection.words()), selection);
    }
}
