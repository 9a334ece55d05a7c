//! Counts the parts of an output that normalizers hide, for the person who reviews it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::kind::kind_of;
use super::normalize::{Rules, TextNormalizer, Where};
use super::strip_ansi::strip_ansi;
use super::table;
use super::tree::{self, Place};
use crate::book::{Normalizer, SnapshotKind};

/// The counts as words: `ages 3`, `fields uid 1`.
pub(crate) fn hidden(actual: &[u8], kind: SnapshotKind, rules: &Rules) -> Vec<String> {
    let text = strip_ansi(actual);
    let kind = if kind == SnapshotKind::Auto { kind_of(&text) } else { kind };
    let mut count = Count { output: rules.output(&text), by: BTreeMap::new() };
    match kind {
        SnapshotKind::Json | SnapshotKind::Yaml if tree::read(kind, &text).is_ok() => {
            let documents = tree::read(kind, &text).unwrap_or_default();
            documents.iter().for_each(|document| count.value(&Place::default(), document));
        }
        SnapshotKind::Table => {
            table::for_each_cell(&text, &mut |text, place| count.text(text, place));
        }
        _ => text.lines().for_each(|line| count.text(line, Where::Line)),
    }
    count.by.into_iter().map(|(what, number)| format!("{what} {number}")).collect()
}

struct Count {
    output: TextNormalizer,
    by: BTreeMap<String, usize>,
}

impl Count {
    fn text(&mut self, text: &str, place: Where<'_>) {
        for by in self.output.find(text, place).iter().filter_map(|found| found.by) {
            *self.by.entry(by.name().to_owned()).or_default() += 1;
        }
    }

    fn value(&mut self, place: &Place<'_>, value: &Value) {
        let place = place.of(value);
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    let here = place.field(name);
                    if here.is_volatile(self.output.rules) {
                        *self
                            .by
                            .entry(format!("{} {name}", Normalizer::Fields.name()))
                            .or_default() += 1;
                    } else {
                        self.value(&here, value);
                    }
                }
            }
            Value::Array(elements) => {
                elements.iter().for_each(|element| self.value(&place, element));
            }
            Value::String(text) => {
                text.trim_start_matches(tree::NUMBER)
                    .split('\n')
                    .for_each(|line| self.text(line, place.known()));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_parts_are_counted_by_their_normalizer() {
        let table =
            b"NAME                  READY   STATUS    RESTARTS   AGE\nweb-7d4b9c6f5-x2x9z   1/1     Running   0          5m\n";
        assert_eq!(hidden(table, SnapshotKind::Auto, &Rules::default()), ["ages 1", "hashes 1"]);
        let object =
            b"apiVersion: v1\nkind: Service\nmetadata: {name: web, uid: x}\nspec: {clusterIP: 10.96.0.7}\n";
        assert_eq!(
            hidden(object, SnapshotKind::Auto, &Rules::default()),
            ["fields uid 1", "ips 1"]
        );
        assert!(hidden(object, SnapshotKind::Auto, &Rules::none()).is_empty());
    }
}
