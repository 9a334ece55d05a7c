use super::*;

/// Notations of a Secret whose password is `hunter2!` (`aHVudGVyMiE=`).
const SPELLINGS: [&str; 16] = [
    "kind: Secret\nstringData:\n  p: hunter2!\n",
    "kind: \"Secret\"\nstringData:\n  p: hunter2!\n",
    "kind: 'Secret'   # a comment\nstringData: # another\n  p: hunter2!\n",
    "\"kind\": Secret\n\"stringData\":\n  \"p\": hunter2!\n",
    "? kind\n: Secret\n? stringData\n: {p: hunter2!}\n",
    "kind:\n  Secret\nstringData:\n  p:\n    hunter2!\n",
    "kind: !!str Secret\ndata: {p: aHVudGVyMiE=}\n",
    "{kind: Secret, data: {p: aHVudGVyMiE=}}\n",
    "{\n  \"kind\": \"Secret\",\n  \"data\": {\"p\": \"aHVudGVyMiE=\"}\n}\n",
    "kind: List\nitems:\n- kind: ConfigMap\n- kind: Secret\n  data:\n    p: aHVudGVyMiE=\n",
    "kind: SecretList\nitems:\n- data:\n    p: aHVudGVyMiE=\n",
    "[{kind: List, items: [{kind: Secret, stringData: {p: hunter2!}}]}]\n",
    "stringData:\n  p: |\n    hunter2!\nkind: >-\n  Secret\n",
    "a: &kind Secret\nb: &data\n  p: hunter2!\nkind: *kind\nstringData: *data\n",
    "kind: Secret\nstringData:\n  p: \"hunter\\x32!\"\n",
    "metadata:\n  annotations:\n    kubectl.kubernetes.io/last-applied-configuration: |\n      {\"kind\":\"Secret\",\"stringData\":{\"p\":\"hunter2!\"}}\n",
];

#[test]
fn a_secret_is_recognized_in_every_notation() {
    for text in SPELLINGS {
        for text in [
            text.to_owned(),
            format!("kind: ConfigMap\ndata: {{a: b}}\n---\n{text}---\nkind: Service\n"),
        ] {
            let shown = without_secret_data(&text);
            // An anchor outside of the data may stay, but the Secret itself must be masked.
            let anchored = text.contains("&data");
            assert!(
                anchored || (!shown.contains("hunter") && !shown.contains("aHVudGVyMiE")),
                "{text}\n→\n{shown}"
            );
            assert!(shown.contains(MASK), "{text}\n→\n{shown}");
            let values = secret_values(&text);
            assert!(
                values.iter().any(|value| value.trim_ascii() == b"hunter2!"),
                "{text}: {values:?}"
            );
        }
    }
}

#[test]
fn a_text_without_secrets_stays_the_same_byte_for_byte() {
    for text in [
        "kind: ConfigMap # c\ndata: {a: b}\n",
        "",
        "\n",
        "# nothing\n",
        "a: [1, 2]\n---\n---\nb:   x\n",
        "just text",
    ] {
        assert_eq!(without_secret_data(text), text);
        assert!(secret_values(text).is_empty());
    }
}

#[test]
fn the_other_documents_keep_their_text_and_the_secret_its_names() {
    let text = "kind: ConfigMap # kept\ndata:   {a: b}\n--- # two\nkind: Secret\nmetadata: {name: x}\nstringData: {p: hunter2, q: 5}\ntype: Opaque\n";
    assert_eq!(
        without_secret_data(text),
        "kind: ConfigMap # kept\ndata:   {a: b}\n--- # two\nkind: Secret\nmetadata:\n  name: x\nstringData:\n  p: '***'\n  q: '***'\ntype: Opaque\n"
    );
}

#[test]
fn a_text_that_cannot_be_read_and_mentions_secrets_is_not_shown() {
    let shown = without_secret_data("kind: Secret\nstringData: {p: hunter2\n");
    assert!(!shown.contains("hunter2") && shown.contains(MASK), "{shown}");
}

#[test]
fn literals_of_a_secret_generator_are_masked() {
    let text = "kind: Kustomization\nsecretGenerator:\n- name: db\n  literals: [p=hunter2]\n";
    assert!(without_secret_data(text).contains("p=***"));
    assert_eq!(secret_values(text), [b"hunter2".to_vec()]);
}
