//! Manifests of a chapter and shared ones.

use super::*;

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
    assert_eq!(messages(&text), ["2 `node_ip` `node_ip` is undefined in the template of web.yaml"]);
}

#[test]
fn two_manifests_of_one_file_are_refused_unless_their_profiles_differ() {
    let manifest = |words: &str| format!("```yaml {{file=web.yaml{words}}}\na: 1\n```\n\n");
    assert_eq!(
        messages(&(manifest("") + &manifest("") + &step("name=a", "x"))),
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
