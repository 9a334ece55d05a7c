use proptest::prelude::*;
use unicode_width::UnicodeWidthStr;

use super::*;
use crate::book::SnapshotKind;
use crate::compare::normalized::normalized;
use crate::compare::{Bindings, Verdict, compare_snapshot};

/// A line of `pairs.txt`.
struct Pair {
    line: usize,
    equal: bool,
    kind: SnapshotKind,
    one: Vec<u8>,
    other: Vec<u8>,
}

fn pairs() -> Vec<Pair> {
    let lines = include_str!("pairs.txt").lines().enumerate();
    let written = lines.filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
    written
        .map(|(index, line)| {
            pair(index + 1, line).unwrap_or_else(|| panic!("pairs.txt:{}: {line}", index + 1))
        })
        .collect()
}

fn pair(line: usize, text: &str) -> Option<Pair> {
    let (head, outputs) = text.split_once(": ")?;
    let (relation, kind) = head.split_once(' ')?;
    let (one, other) = outputs.split_once(" || ")?;
    let equal = match relation {
        "equal" => true,
        "differ" => false,
        _ => return None,
    };
    let kind = match kind {
        "text" => SnapshotKind::Text,
        "table" => SnapshotKind::Table,
        "json" => SnapshotKind::Json,
        "yaml" => SnapshotKind::Yaml,
        _ => return None,
    };
    Some(Pair { line, equal, kind, one: bytes(one), other: bytes(other) })
}

fn bytes(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        bytes.extend(rest[..at].bytes());
        let escape = rest.as_bytes()[at + 1];
        rest = &rest[at + 2..];
        match escape {
            b'n' => bytes.push(b'\n'),
            b't' => bytes.push(b'\t'),
            b'x' => {
                bytes.push(u8::from_str_radix(&rest[..2], 16).expect("two hexadecimal digits"));
                rest = &rest[2..];
            }
            other => bytes.push(other),
        }
    }
    bytes.extend(rest.bytes());
    bytes.push(b'\n');
    bytes
}

fn is_same(stored: &str, output: &[u8], kind: SnapshotKind) -> bool {
    matches!(
        compare_snapshot(stored, output, kind, &Bindings::new(), &Rules::default()),
        Verdict::Same { .. }
    )
}

#[test]
fn every_pair_compares_as_the_table_says() {
    let mut wrong = String::new();
    let pairs = pairs();
    assert!(pairs.len() >= 150, "{} pairs", pairs.len());
    for Pair { line, equal, kind, one, other } in pairs {
        for (accepted, output) in [(&one, &other), (&other, &one)] {
            let stored = normalized(accepted, kind, &Rules::default());
            if !is_same(&stored, accepted, kind) {
                wrong +=
                    &format!("pairs.txt:{line}: not the same as itself, stored as\n{stored}\n");
            }
            if is_same(&stored, output, kind) != equal {
                wrong += &format!(
                    "pairs.txt:{line}: {}, stored as\n{stored}\n",
                    if equal { "differ" } else { "are equal" }
                );
            }
            let automatic = normalized(accepted, SnapshotKind::Auto, &Rules::default());
            if is_same(&automatic, output, SnapshotKind::Auto) && !equal {
                wrong += &format!(
                    "pairs.txt:{line}: are equal when the kind is found by looking, stored as\n{automatic}\n"
                );
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn a_volatile_value_of_one_or_two_characters_keeps_its_kind() {
    let object = |version: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  resourceVersion: \"{version}\"\n"
        )
    };
    for version in ["7", "13", "130"] {
        let stored = normalized(object(version).as_bytes(), SnapshotKind::Text, &Rules::default());
        assert!(!stored.contains(version), "{stored}");
        for other in ["7", "13", "1300"] {
            assert!(is_same(&stored, object(other).as_bytes(), SnapshotKind::Text), "{stored}");
        }
    }
}

#[test]
fn without_normalizers_every_difference_counts() {
    for Pair { line, kind, one, other, .. } in
        pairs().into_iter().filter(|pair| pair.kind == SnapshotKind::Text)
    {
        let stored = normalized(&one, kind, &Rules::none());
        let verdict = compare_snapshot(&stored, &other, kind, &Bindings::new(), &Rules::none());
        let same = matches!(verdict, Verdict::Same { .. });
        assert!(
            !same || crate::compare::strip_ansi(&one) == crate::compare::strip_ansi(&other),
            "pairs.txt:{line}"
        );
    }
}

#[test]
fn each_normalizer_alone_hides_the_text_of_its_description() {
    let line = "web-7d4b9c6f5-x2x9z took 350ms 5m ago 80:31234/TCP podIP: 10.0.0.1 pvc-0f9c2c8e-54f5-4d0e-9d6c-0a3c7c1f2b11";
    let hidden = |names: &str| {
        let rules = Rules(Normalizers::parse(names).expect("the names are known"));
        rules.output(line).shown(line, Where::Line)
    };
    assert_eq!(hidden("all"), "web-… took … … ago 80:…/TCP podIP: … pvc-…");
    assert_eq!(hidden("none"), line);
    assert_eq!(hidden("hashes"), line.replace("7d4b9c6f5-x2x9z", "…"));
    assert_eq!(hidden("ages,durations"), line.replace("350ms", "…").replace("5m ago", "… ago"));
    assert_eq!(hidden("ips"), line.replace("10.0.0.1", "…"));
}

#[test]
fn a_placeholder_keeps_the_width_and_is_read_at_every_width() {
    assert_eq!(Rules::default().normalize("took 350ms!"), "took ⟨tim⟩!");
    for short in ["⟨⟩", "⟨t⟩", "⟨time··⟩"] {
        assert!(is_same(&format!("took {short}\n"), b"took 5s\n", SnapshotKind::Text), "{short}");
    }
    assert!(!is_same("took ⟨hash⟩\n", b"took 5s\n", SnapshotKind::Text));
}

/// Text that normalizers replace, mixed with similar text.
fn volatile_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[a-z]{1,4}-[bcdf4-9]{5,10}(-[bcdf2456789]{5})?",
        "[0-9]{1,5}(\\.[0-9]{1,3}){0,4}",
        "[0-9]{1,4}[smhdy]([0-9]{1,3}[smh])?",
        "20[0-9]{2}-[01][0-9]-[0-3][0-9][T ][0-2][0-9]:[0-5][0-9](:[0-5][0-9])?(Z| UTC)?",
        "pvc-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        "[0-9]{1,3}:3[0-9]{4}/TCP",
        "⟨(time|ti|date|hash|ip)?·{0,3}⟩",
        "[ :/=,.()<>\\[\\]\\\\-]{1,3}",
        "(Up |in |took |pod/|podIP: | ago|age: ?|\\.\\.\\.|<a>|\\[\\.\\.\\])",
        "\\PC{0,4}",
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn normalising_twice_changes_nothing(text in volatile_text()) {
        let once = Rules::default().normalize(&text);
        let accepted = Rules::default().accepted(&once);
        let twice: Vec<String> = once.split('\n').map(|line| accepted.normalize(line, Where::Line)).collect();
        prop_assert_eq!(twice.join("\n"), once);
    }

    #[test]
    fn a_placeholder_is_as_wide_as_what_it_stands_for(text in "[a-z0-9 .:/-]{0,40}") {
        prop_assert_eq!(Rules::default().normalize(&text).width(), text.width());
    }

    #[test]
    fn what_is_stored_is_the_same_as_the_output_and_binds_nothing(text in volatile_text()) {
        for kind in [SnapshotKind::Text, SnapshotKind::Table, SnapshotKind::Auto] {
            let stored = normalized(text.as_bytes(), kind, &Rules::default());
            let verdict = compare_snapshot(&stored, text.as_bytes(), kind, &Bindings::new(), &Rules::default());
            let same = matches!(&verdict, Verdict::Same { bound } if bound.is_empty());
            prop_assert!(same, "{:?}: {}: {:?}", kind, stored, verdict);
        }
    }
}
