use proptest::prelude::*;

use super::*;

const TABLE: &str = "NAME   READY   AGE\nweb    1/1     5m\n";

#[test]
fn the_kind_is_found_by_the_form_of_the_text() {
    assert_eq!(kind_of("{\"a\": 1}"), SnapshotKind::Json);
    assert_eq!(kind_of("{\"a\": 1}\n{\"a\": 2}\n"), SnapshotKind::Json);
    assert_eq!(kind_of("apiVersion: v1\nkind: Pod\n"), SnapshotKind::Yaml);
    assert_eq!(kind_of("---\na: 1\n"), SnapshotKind::Yaml);
    assert_eq!(kind_of(TABLE), SnapshotKind::Table);
    for text in ["", "hello", "Error: no such thing", "[INFO] started", "{not json", "key: value"] {
        assert_eq!(kind_of(text), SnapshotKind::Text, "{text}");
    }
}

#[test]
fn a_fence_without_a_kind_is_compared_exactly() {
    let fence = |text: &str| {
        compare_fence(
            "web-7d4b9c6f5-x2x9z 5m",
            text.as_bytes(),
            None,
            &Bindings::new(),
            &Rules::default(),
        )
    };
    assert!(matches!(fence("web-7d4b9c6f5-x2x9z 5m\n"), Verdict::Same { .. }));
    assert!(matches!(fence("web-7d4b9c6f5-x2x9z 6m\n"), Verdict::Differs(_)));
}

#[test]
fn a_fence_with_a_kind_is_compared_as_a_snapshot() {
    let fence = |kind| {
        compare_fence(
            TABLE,
            b"NAME   READY   AGE\nweb    1/1     12d\n",
            Some(kind),
            &Bindings::new(),
            &Rules::default(),
        )
    };
    for kind in [SnapshotKind::Auto, SnapshotKind::Table, SnapshotKind::Text] {
        assert!(matches!(fence(kind), Verdict::Same { .. }), "{kind:?}");
    }
}

#[test]
fn colours_do_not_matter() {
    let verdict =
        compare_fence("ok\n", b"\x1b[32mok\x1b[0m\r\n", None, &Bindings::new(), &Rules::default());
    assert!(matches!(verdict, Verdict::Same { .. }));
}

#[test]
fn an_accepted_text_that_cannot_be_read_as_its_kind_is_compared_by_line() {
    let compare = |actual: &[u8], kind| {
        compare_snapshot("no table\n", actual, kind, &Bindings::new(), &Rules::default())
    };
    for kind in [SnapshotKind::Json, SnapshotKind::Yaml, SnapshotKind::Table] {
        assert!(matches!(compare(b"no table\n", kind), Verdict::Same { .. }));
        assert!(matches!(compare(b"something\n", kind), Verdict::Differs(_)));
    }
}

const KINDS: [SnapshotKind; 5] = [
    SnapshotKind::Auto,
    SnapshotKind::Text,
    SnapshotKind::Table,
    SnapshotKind::Json,
    SnapshotKind::Yaml,
];

/// Texts that are similar to those of each kind.
fn anything() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        Just("NAME   READY   AGE".to_owned()),
        Just("...".to_owned()),
        "[a-c]{1,3}   [0-2]/[0-2]   [0-9]{1,2}[smh]",
        " {0,4}(- )?[a-c]: ?([0-9]|<n:int>|\\[\\.\\.\\]|x|\"y\")",
        "[{}\\[\\],:\" a-c0-9<>]{0,12}",
        "\\PC{0,12}",
        Just(String::new()),
    ];
    prop::collection::vec(line, 0..8).prop_map(|lines| lines.join("\n"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_text_makes_comparing_panic(expected in anything(), actual in anything(), bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        for kind in KINDS {
            let _ = compare_snapshot(&expected, actual.as_bytes(), kind, &Bindings::new(), &Rules::default());
            let _ = compare_snapshot(&expected, &bytes, kind, &Bindings::new(), &Rules::default());
        }
        let _ = compare_fence(&expected, &bytes, None, &Bindings::new(), &Rules::none());
    }

    #[test]
    fn every_text_is_the_same_as_itself(text in anything()) {
        for kind in KINDS {
            let verdict = compare_snapshot(&text, text.as_bytes(), kind, &Bindings::new(), &Rules::default());
            let same = matches!(verdict, Verdict::Same { .. });
            prop_assert!(same, "{kind:?}: {verdict:?}");
        }
    }
}
