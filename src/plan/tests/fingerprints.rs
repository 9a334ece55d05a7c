//! What changes the fingerprint of a step, and what does not.

use super::*;

#[test]
fn a_fingerprint_changes_with_everything_that_decides_the_result_of_a_step() {
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
