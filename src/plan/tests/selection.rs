//! Targets, `--from`, `--to`, and chapters that others need.

use super::*;

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
fn the_name_of_a_readme_means_all_chapters_of_its_folder() {
    let chapters = [
        ("guide/chapter-1.md", step("name=a", "x")),
        ("guide/chapter-8/README.md", step("name=b", "x")),
        ("guide/chapter-8/metrics.md", step("name=c", "x") + &step("name=d", "x")),
        ("guide/chapter-9.md", step("name=e", "x")),
    ];
    let book = parsed(&chapters.each_ref().map(|(path, text)| (*path, text.as_str())));
    let targets = |word: &str| {
        let messages = |problems: crate::book::Problems| {
            problems.into_iter().map(|problem| problem.message).collect::<Vec<_>>()
        };
        make_plan(&book, &request(&[word])).map(|plan| ids(&plan)).map_err(messages)
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
        "chapter-8 has no step or part `nothing` (its parts are metrics)"
    );
    assert_eq!(
        refused("chapter-8/metric"),
        "chapter-8 has no step or part `metric` (did you mean `chapter-8/metrics`?)"
    );
}

#[test]
fn a_step_that_runs_only_when_named_is_selected_by_its_name_only() {
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
fn an_unknown_target_is_refused_with_the_nearest_name() {
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
        "`3..1` is in the wrong order: chapter-3 comes after chapter-1 (did you mean `chapter-1..chapter-3`?)"
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
        ["`--from` comes after `--to` (exchange them)"]
    );
    assert_eq!(
        cut(&["2"], Some("ee"), None).unwrap_err()[0],
        "chapter-2 has no step `ee` (did you mean `chapter-2/a`?)"
            .replace(" (did you mean `chapter-2/a`?)", " (its steps are a, c, d)")
    );
}

#[test]
fn indices_are_adjusted_to_the_selected_part() {
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
fn a_whole_chapter_adds_the_chapters_it_needs() {
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
fn needs_that_can_never_be_met_are_refused() {
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
    assert_eq!(problems[0].message, "chapter-1 needs chapter-2, which follows it in SUMMARY.md");
}

#[test]
fn a_selection_is_read_back_from_its_words() {
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
