//! The text of `guide down`: its plan, its progress and its result.

use indicatif::{ProgressBar, ProgressStyle};

use super::humanize::count;
use super::terminal::{eprint, printable};
use crate::cluster::{
    Action, KeepReason, TeardownItem, TeardownOutcome, TeardownPlan, TeardownProgress, full_name,
};

/// One line for each object that would be deleted or is kept. Absent objects are left out.
pub fn teardown_text(plan: &TeardownPlan) -> String {
    let mut text = String::new();
    for item in &plan.items {
        let object = full_name(&item.object);
        match item.action {
            Action::Delete { .. } => {
                text += &format!("delete {object}\n");
                for unmanaged in &item.unmanaged {
                    let unmanaged = full_name(unmanaged);
                    text += &format!("    and with it {unmanaged}, which no manifest made\n");
                }
            }
            Action::Keep { reason } => {
                text += &format!("keep {object}: {}\n", keep_text(item, reason));
            }
            Action::Absent => {}
        }
    }
    text
}

/// How to delete what is kept only because of unmanaged objects.
pub(crate) fn teardown_hint(plan: &TeardownPlan) -> Option<&'static str> {
    let is_kept = |item: &TeardownItem| {
        matches!(item.action, Action::Keep { reason: KeepReason::UnmanagedInside })
    };
    let hint = "hint: delete namespaces together with what no manifest made: `guide down --include-unmanaged`\n";
    plan.items.iter().any(is_kept).then_some(hint)
}

fn keep_text(item: &TeardownItem, reason: KeepReason) -> String {
    match reason {
        KeepReason::SystemNamespace => "it is the cluster's own namespace".to_owned(),
        KeepReason::MadeByCluster => "the cluster made it, the book only changed it".to_owned(),
        KeepReason::OtherChapter => "another chapter declares it too".to_owned(),
        KeepReason::OtherChapterInside => "another chapter has objects in it".to_owned(),
        KeepReason::UnmanagedInside => {
            let first = item.unmanaged.first().map(full_name).unwrap_or_default();
            let more = match item.unmanaged.len() {
                0 | 1 => String::new(),
                all => format!(" and {} more", all - 1),
            };
            format!("it contains {first}{more}, which no manifest made")
        }
    }
}

/// Reports a running teardown: by a bar on a terminal, elsewhere by a line for each deleted object.
pub(crate) struct DownReporter {
    bar: Option<ProgressBar>,
    deleted: usize,
}

impl DownReporter {
    /// `live` means that stderr is a terminal.
    pub(crate) fn new(live: bool) -> Self {
        let bar = live.then(|| {
            let template = "{spinner} deleted {pos} of {len}  {wide_msg}";
            let style = ProgressStyle::with_template(template);
            ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        Self { bar, deleted: 0 }
    }

    /// Reports how far the teardown is.
    pub(crate) fn progress(&mut self, progress: &TeardownProgress) {
        let TeardownProgress { deleted, total, waiting_for } = progress;
        let waiting = waiting_for.as_ref().map(|what| format!("  waiting for {what}"));
        let waiting = waiting.unwrap_or_default();
        match &self.bar {
            Some(bar) => {
                bar.set_length(*total as u64);
                bar.set_position(*deleted as u64);
                bar.set_message(printable(waiting.trim_start()));
            }
            None if *deleted > self.deleted => {
                eprint(&format!("deleted {deleted} of {total}{waiting}\n"));
            }
            None => {}
        }
        self.deleted = *deleted;
    }

    /// Reports the result.
    pub(crate) fn end(&self, outcome: &TeardownOutcome) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        eprint(&outcome_text(outcome));
    }
}

fn outcome_text(outcome: &TeardownOutcome) -> String {
    let mut text = String::new();
    for (object, why) in &outcome.remaining {
        text += &format!("still exists: {}: {why}\n", full_name(object));
    }
    text += &format!("deleted {}", count(outcome.deleted.len(), "object"));
    if !outcome.remaining.is_empty() {
        text += &format!(", {} remaining", outcome.remaining.len());
    }
    text + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::ObjectRef;

    fn object(kind: &str, namespace: Option<&str>, name: &str) -> ObjectRef {
        ObjectRef {
            api_version: "v1".into(),
            kind: kind.into(),
            namespace: namespace.map(Into::into),
            name: name.into(),
        }
    }

    fn item(object: ObjectRef, action: Action, unmanaged: &[&str]) -> TeardownItem {
        let pod = |name: &&str| self::object("Pod", Some("shop"), name);
        TeardownItem { object, action, unmanaged: unmanaged.iter().map(pod).collect() }
    }

    fn namespace(action: Action, unmanaged: &[&str]) -> TeardownItem {
        item(object("Namespace", None, "shop"), action, unmanaged)
    }

    #[test]
    fn the_plan_names_what_is_deleted_with_a_namespace_and_what_is_kept() {
        let pod = |name| object("Pod", Some("shop"), name);
        let kept = Action::Keep { reason: KeepReason::OtherChapter };
        let plan = TeardownPlan {
            items: vec![
                item(pod("a"), Action::Absent, &[]),
                item(pod("b"), kept, &[]),
                namespace(Action::Delete { uid: "u".into() }, &["debug"]),
            ],
        };
        let expected = "\
keep pod b in shop: another chapter declares it too
delete namespace shop
    and with it pod debug in shop, which no manifest made
";
        assert_eq!(teardown_text(&plan), expected);
        assert_eq!((plan.deletions(), teardown_hint(&plan)), (1, None));
    }

    #[test]
    fn a_namespace_that_is_kept_for_an_unmanaged_object_has_a_hint_that_names_the_flag() {
        let kept = Action::Keep { reason: KeepReason::UnmanagedInside };
        let plan = TeardownPlan { items: vec![namespace(kept, &["debug", "more"])] };
        let expected = "keep namespace shop: it contains pod debug in shop and 1 more, which no manifest made\n";
        assert_eq!(teardown_text(&plan), expected);
        assert!(teardown_hint(&plan).is_some_and(|hint| hint.contains("--include-unmanaged")));
    }

    #[test]
    fn the_result_counts_deleted_objects_and_names_remaining_ones() {
        let pod = |name| object("Pod", Some("shop"), name);
        let mut outcome =
            TeardownOutcome { deleted: vec![pod("a"), pod("b")], ..TeardownOutcome::default() };
        assert_eq!(outcome_text(&outcome), "deleted 2 objects\n");
        outcome.remaining = vec![(pod("c"), "being deleted".into())];
        let expected =
            "still exists: pod c in shop: being deleted\ndeleted 2 objects, 1 remaining\n";
        assert_eq!(outcome_text(&outcome), expected);
    }
}
