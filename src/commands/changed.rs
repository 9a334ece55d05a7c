//! `--changed-since`: the chapters whose text, manifests, values, files or snapshots differ from a revision of git, and why.

use std::path::Path;

use serde_json::{Map, Value};

use super::book_context::BookContext;
use crate::error::Error;
use crate::ids::ChapterName;
use crate::plan::{Plan, PlannedChapter, Selection, fits};
use crate::probe::Revision;
use crate::report;

/// A chapter that has changed, and what of it, in a few words each.
pub(super) struct ChangedChapter {
    pub name: ChapterName,
    pub reasons: Vec<String>,
}

/// The selection of the chapters that have changed since a revision, which stderr names. `None`: none has.
///
/// # Errors
/// No repository, no such revision, or a book that cannot be planned.
pub(super) fn select_changed(
    context: &BookContext,
    revision: &str,
) -> Result<Option<Selection>, Error> {
    let plan = context.plan(&Selection::default())?;
    let changed = changed_chapters(context, &plan, revision)?;
    let told: Vec<(String, String)> = changed
        .iter()
        .map(|chapter| (chapter.name.to_string(), chapter.reasons.join(", ")))
        .collect();
    report::eprint(&report::changed_text(revision, &told));
    let targets: Vec<String> = changed.iter().map(|chapter| chapter.name.to_string()).collect();
    Ok((!targets.is_empty()).then(|| Selection { targets, ..Selection::default() }))
}

fn changed_chapters(
    context: &BookContext,
    plan: &Plan,
    revision: &str,
) -> Result<Vec<ChangedChapter>, Error> {
    let revision = Revision::find(&context.root, revision).map_err(Error::Usage)?;
    let files = revision.changed_files().map_err(Error::Usage)?;
    let values = ChangedValues::of(context, &revision, &files)?;
    let of_chapter = |chapter: &PlannedChapter| {
        let mut reasons: Vec<String> =
            files.iter().filter(|file| is_of(file, chapter)).cloned().collect();
        reasons.extend(values.as_ref().map(|values| values.reasons(chapter)).unwrap_or_default());
        let name = chapter.name.clone();
        (!reasons.is_empty()).then_some(ChangedChapter { name, reasons })
    };
    Ok(plan.chapters.iter().filter_map(of_chapter).collect())
}

/// Is the file the chapter's text, one of its manifests, one of its snapshots, or a file that one of its steps names? Every
/// chapter is made of book.toml.
fn is_of(file: &str, chapter: &PlannedChapter) -> bool {
    let path = Path::new(file);
    if file == "book.toml" || path == &*chapter.file {
        return true;
    }
    let snapshots = Path::new("snapshots").join(chapter.name.as_str());
    if path.parent() == Some(&*snapshots) {
        return path.extension().is_none_or(|ending| ending != "new");
    }
    let own = chapter.manifests.iter().filter(|manifest| manifest.own);
    if own.map(|manifest| &manifest.place.file).any(|template| **template == *path) {
        return true;
    }
    let mut named = chapter.steps.iter().flat_map(|step| &step.files);
    named.any(|name| is_below(path, name))
}

/// Is it this file, or one in this folder? Either may be a pattern.
fn is_below(path: &Path, name: &str) -> bool {
    let parts: Vec<&str> = name.split('/').filter(|part| !part.is_empty()).collect();
    let own: Vec<String> = path.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    own.len() >= parts.len() && parts.iter().zip(&own).all(|(part, own)| fits(part, own))
}

/// The book planned with the values of the revision, and with those of now, both read in the same way.
struct ChangedValues {
    then: Option<Plan>,
    now: Option<Plan>,
    files: Vec<String>,
}

impl ChangedValues {
    /// `None` where no values file of the profile has changed.
    fn of(
        context: &BookContext,
        revision: &Revision,
        changed: &[String],
    ) -> Result<Option<Self>, Error> {
        let files = values_files(context);
        let changed: Vec<String> =
            files.iter().filter(|file| changed.contains(file)).cloned().collect();
        if changed.is_empty() {
            return Ok(None);
        }
        let (mut then, mut now) = (Map::new(), Map::new());
        for file in &files {
            merge(&mut then, table(&revision.text_of(file).map_err(Error::Usage)?));
            let text = crate::store::read_if_there(&context.root.join(file))?;
            merge(&mut now, table(&String::from_utf8_lossy(&text.unwrap_or_default())));
        }
        let plan = |values| context.plan_of_values(Value::Object(values)).ok();
        Ok(Some(Self { then: plan(then), now: plan(now), files: changed }))
    }

    /// What of the chapter the other values change.
    fn reasons(&self, chapter: &PlannedChapter) -> Vec<String> {
        let find = |plan: &Option<Plan>| {
            let chapters = plan.as_ref()?.chapters.iter();
            chapters.into_iter().find(|other| other.name == chapter.name).cloned()
        };
        // A book that can't be planned with the one or the other may differ anywhere.
        let (Some(then), Some(now)) = (find(&self.then), find(&self.now)) else {
            return self.files.clone();
        };
        let mut reasons: Vec<String> = Vec::new();
        for (then, now) in then.steps.iter().zip(&now.steps) {
            for reason in then.made_of.changes_to(&now.made_of) {
                if !reasons.contains(&reason) {
                    reasons.push(reason);
                }
            }
        }
        for (then, now) in then.manifests.iter().zip(&now.manifests) {
            let reason = format!("the manifest {} has changed", now.file);
            if now.own && then.text != now.text && !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
        reasons
    }
}

/// The values files of the profile, the general one first; relative to the book.
fn values_files(context: &BookContext) -> Vec<String> {
    let of_profile = format!(".{}.", context.profile);
    let of_others: Vec<String> = context
        .known_profiles
        .iter()
        .filter(|profile| **profile != context.profile)
        .map(|profile| format!(".{profile}."))
        .collect();
    let mut files: Vec<String> = Vec::new();
    for path in &context.values_files {
        let path = path.strip_prefix(&context.root).unwrap_or(path).display().to_string();
        let name = path.rsplit('/').next().unwrap_or_default();
        let is_of = |profile: &String| name.contains(profile.as_str());
        if is_of(&of_profile) {
            files.push(path);
        } else if !of_others.iter().any(is_of) {
            files.insert(0, path);
        }
    }
    files
}

/// A YAML text as a table; anything else is empty.
fn table(text: &str) -> Map<String, Value> {
    match serde_yaml::from_str(text) {
        Ok(Value::Object(table)) => table,
        _ => Map::new(),
    }
}

fn merge(values: &mut Map<String, Value>, more: Map<String, Value>) {
    for (key, value) in more {
        match (values.get_mut(&key), value) {
            (Some(Value::Object(known)), Value::Object(more)) => merge(known, more),
            (_, value) => drop(values.insert(key, value)),
        }
    }
}
