//! The text of `guide diff`, and what `guide verify` leaves out for the same reason.

use crate::cluster::{DifferingObject, Drift, full_name};

/// One line for each finding; the fields of an object that differs are indented under it.
pub fn drift_text(drift: &Drift) -> String {
    let mut lines: Vec<String> = Vec::new();
    for (object, place) in &drift.missing {
        lines.push(format!("missing: {} ({place})", full_name(object)));
    }
    for differing in &drift.differing {
        add_differing(&mut lines, differing);
    }
    for found in &drift.unmanaged {
        let maker = found.made_by.as_ref().map(|maker| format!(" (made by {maker})"));
        lines.push(format!(
            "not in the book: {}{}",
            full_name(&found.object),
            maker.unwrap_or_default()
        ));
    }
    for (object, why) in &drift.not_compared {
        lines.push(format!("could not be compared: {}: {why}", full_name(object)));
    }
    for (object, place) in &drift.not_applied {
        lines.push(format!("not applied here: {} ({place})", full_name(object)));
    }
    if drift.is_none() {
        lines.push("no drift".to_owned());
    }
    lines.join("\n") + "\n"
}

/// What to do about objects that were left out of the comparison.
pub(crate) fn drift_hint(drift: &Drift) -> Option<&'static str> {
    let hint = "hint: compare also what was not applied here: `guide diff --all`\n";
    (!drift.not_applied.is_empty()).then_some(hint)
}

/// Which chapters `guide verify` leaves out, and how to check them too.
pub(crate) fn not_run_here(chapters: &[String]) -> String {
    format!(
        "not run here, and not checked: {}\nhint: check the whole book with `guide verify --all`\n",
        chapters.join(", ")
    )
}

fn add_differing(lines: &mut Vec<String>, differing: &DifferingObject) {
    let object = full_name(&differing.object);
    lines.push(format!("differs (book → cluster): {object} ({})", differing.place));
    let side = |value: &Option<String>| value.clone().unwrap_or_else(|| "(none)".to_owned());
    lines.extend(differing.fields.iter().map(|field| {
        format!("    {}: {} → {}", field.path, side(&field.manifest), side(&field.live))
    }));
    let refusal = differing.refusal.iter();
    lines.extend(refusal.map(|why| format!("    applying the manifest would fail: {why}")));
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    use crate::book::Place;
    use crate::cluster::{FieldDifference, UnmanagedObject};
    use crate::ids::ObjectRef;

    fn object(kind: &str, name: &str) -> ObjectRef {
        ObjectRef {
            api_version: "v1".into(),
            kind: kind.into(),
            namespace: Some("shop".into()),
            name: name.into(),
        }
    }

    fn place(line: u32) -> Place {
        Place { file: Path::new("chapter-2.md").into(), line }
    }

    #[test]
    fn every_finding_has_a_line() {
        let field = FieldDifference {
            path: "spec.replicas".into(),
            manifest: Some("3".into()),
            live: None,
        };
        let drift = Drift {
            missing: vec![(object("Service", "web"), place(41))],
            differing: vec![DifferingObject {
                object: object("Deployment", "web"),
                place: place(50),
                fields: vec![field],
                refusal: Some("the cluster answered 422".into()),
            }],
            unmanaged: vec![UnmanagedObject {
                object: object("Pod", "debug"),
                made_by: Some("kubectl-run".into()),
            }],
            not_compared: vec![(object("Pod", "a"), "the cluster refused this user".into())],
            not_applied: vec![(object("ConfigMap", "later"), place(90))],
        };
        let expected = "\
missing: service web in shop (chapter-2.md:41)
differs (book → cluster): deployment web in shop (chapter-2.md:50)
    spec.replicas: 3 → (none)
    applying the manifest would fail: the cluster answered 422
not in the book: pod debug in shop (made by kubectl-run)
could not be compared: pod a in shop: the cluster refused this user
not applied here: configmap later in shop (chapter-2.md:90)
";
        assert_eq!(drift_text(&drift), expected);
    }

    #[test]
    fn what_was_not_applied_here_is_no_drift_and_has_a_hint() {
        let later = vec![(object("ConfigMap", "later"), place(90))];
        let drift = Drift { not_applied: later, ..Drift::default() };
        let expected = "not applied here: configmap later in shop (chapter-2.md:90)\nno drift\n";
        assert_eq!(drift_text(&drift), expected);
        assert!(drift_hint(&drift).is_some_and(|hint| hint.contains("`guide diff --all`")));
        assert_eq!(drift_text(&Drift::default()), "no drift\n");
        assert_eq!(drift_hint(&Drift::default()), None);
    }
}
