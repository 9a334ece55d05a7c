#![expect(
    clippy::disallowed_methods,
    reason = "the test measures that a template is stopped in time"
)]

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::json;

use super::*;
use crate::manifest::{Bound, render_late};

fn render_with(text: &str, bound: &[&str]) -> Result<Rendered, Box<(Problem, String)>> {
    let mut sources = Sources::default();
    let chapter = format!(
        "> text\n>\n{}",
        text.lines().map(|line| format!("> {line}\n")).collect::<String>()
    );
    let id = sources.add(PathBuf::from("guide/chapter-1.md"), chapter);
    let body = Span {
        source: id,
        start: 9,
        end: u32::try_from(sources.file(id).text.len()).unwrap(),
        line: 3,
    };
    let values = json!({"cluster": {"name": "kind-cluster", "nodes": 3}, "ports": [80, 443]});
    let bound = bound.iter().map(|name| (*name).to_owned()).collect();
    let renderer = Renderer::new(&values, &sources);
    renderer.render(Template { file: "web.yaml", text, body }, &bound).map_err(|problem| {
        let shown = sources.text(problem.span.unwrap()).to_owned();
        Box::new((problem, shown))
    })
}

#[test]
fn values_are_put_in() {
    let text =
        "name: {{ cluster.name }}\nports:\n{% for port in ports %}- {{ port }}\n{% endfor %}";
    assert_eq!(
        render_with(text, &[]),
        Ok(Rendered::Now("name: kind-cluster\nports:\n- 80\n- 443\n".to_owned(), vec![]))
    );
}

#[test]
fn a_template_that_does_not_end_or_grows_without_limit_is_stopped() {
    let doubled =
        format!("{{% set x = 'aaaaaaaa' %}}{}{{{{ x }}}}", "{% set x = x ~ x %}".repeat(40));
    for text in [
        "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}",
        "{{ \"%800000000d\"|format(1) }}",
        "{{ 'x' * 2000000000 }}",
        &doubled,
    ] {
        let began = std::time::Instant::now();
        let bound = Bound { texts: &BTreeMap::new(), numbers: &BTreeSet::new() };
        let why = render_late(text, &json!({}), &bound).unwrap_err();
        assert!(began.elapsed() < std::time::Duration::from_secs(20), "{text}");
        assert!(!why.is_empty());
    }
    let long = "{% for i in range(5000) %}- name: x{{ i }}\n{% endfor %}";
    let bound = Bound { texts: &BTreeMap::new(), numbers: &BTreeSet::new() };
    assert!(render_late(long, &json!({}), &bound).is_ok());
}

#[test]
fn an_undefined_name_is_reported_with_its_place_and_the_nearest_name() {
    let (problem, shown) = *render_with("a: 1\nname: {{ cluster.nmae }}\n", &[]).unwrap_err();
    assert_eq!(problem.message, "`cluster.nmae` is undefined in the template of web.yaml");
    assert_eq!((problem.span.unwrap().line, shown.as_str()), (4, "cluster.nmae"));
    assert_eq!(problem.hint.as_deref(), Some("did you mean `cluster.name`?"));
    let (problem, shown) = *render_with("name: {{ nodes }}\n", &[]).unwrap_err();
    assert_eq!(
        (shown.as_str(), problem.hint.as_deref()),
        ("nodes", Some("did you mean `cluster.nodes`?"))
    );
    let (_, shown) = *render_with("name: {{ cluster.name ~ clutser.nodes }}\n", &[]).unwrap_err();
    assert_eq!(shown, "clutser.nodes");
}

#[test]
fn a_template_that_uses_bound_names_is_rendered_late() {
    assert_eq!(
        render_with("ip: {{ node_ip }}\nname: {{ cluster.name }}\n", &["node_ip"]),
        Ok(Rendered::Late)
    );
    let (problem, shown) =
        *render_with("ip: {{ node_ip }}\nname: {{ nodeip }}\n", &["node_ip"]).unwrap_err();
    assert_eq!(
        (problem.hint.as_deref(), shown.as_str()),
        (Some("did you mean `node_ip`?"), "nodeip")
    );
    assert_eq!(
        render_with("ip: {{ node_ip }}\nname: {{ other|default('x') }}\n", &["node_ip"]),
        Ok(Rendered::Late)
    );
}

#[test]
fn a_template_that_cannot_be_parsed_is_reported_with_its_line() {
    let (problem, shown) = *render_with("a: 1\nb: {{ cluster.name }\n", &[]).unwrap_err();
    assert!(
        problem.message.starts_with("the template of web.yaml cannot be parsed"),
        "{}",
        problem.message
    );
    assert_eq!(problem.span.unwrap().line, 4, "{shown}");
    assert!(
        render_with("{% include 'other' %}\n", &[])
            .unwrap_err()
            .0
            .message
            .contains("includes another template")
    );
}

#[test]
fn invalid_yaml_is_reported_at_the_line_of_the_template() {
    let (problem, shown) =
        *render_with("a: {{ cluster.name }}\nb: {{ cluster.name }}: c\n", &[]).unwrap_err();
    assert!(problem.message.contains("is not valid YAML after rendering"), "{}", problem.message);
    assert_eq!((problem.span.unwrap().line, shown.as_str()), (4, "b: {{ cluster.name }}: c"));
    assert!(problem.hint.unwrap().contains("`b: kind-cluster: c`"));
}

#[test]
fn bound_values_are_rendered_while_the_chapter_runs() {
    let texts = BTreeMap::from([
        ("ip".to_owned(), "10.0.0.7".to_owned()),
        ("count".to_owned(), "3".to_owned()),
    ]);
    let numbers = BTreeSet::from(["count".to_owned()]);
    let bound = Bound { texts: &texts, numbers: &numbers };
    let text = render_late(
        "ip: {{ ip }}\nn: {{ count + 1 }} of {{ total }}\n",
        &json!({"total": 5}),
        &bound,
    );
    assert_eq!(text.as_deref(), Ok("ip: 10.0.0.7\nn: 4 of 5\n"));
    assert!(render_late("{{ nothing }}", &json!({}), &bound).unwrap_err().contains("line 1"));
}

#[test]
fn a_list_or_an_expression_that_is_too_long_is_refused_at_once() {
    for template in ["a: {{ [1] * 100000000 }}\n", "a: {{ range(100000)|list * 1000 }}\n"] {
        let (problem, _) = *render_with(template, &[]).unwrap_err();
        assert!(
            problem.message.contains("100000000 entries is not written: 1000000 is the most"),
            "{}",
            problem.message
        );
    }
    let long = format!("a: {{{{ {}1 }}}}\n", "not ".repeat(30_000));
    let (problem, _) = *render_with(&long, &[]).unwrap_err();
    assert!(problem.message.contains("an expression that is too long"), "{}", problem.message);
}
