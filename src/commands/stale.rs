//! Stale recordings, which no longer belong to the present text of their steps. For `guide check` and `guide publish`.

use super::book_context::{BookContext, open};
use crate::error::Error;
use crate::plan::{Plan, Selection};
use crate::recording::{Included, mentioned_files};
use crate::settings::Settings;
use crate::store::Recordings;

/// One line for each step whose recording is stale, in every profile that has recordings.
pub(super) fn stale(
    settings: &Settings,
    context: &BookContext,
    plan: &Plan,
) -> Result<Vec<String>, Error> {
    let recordings = Recordings::of(&context.root);
    let mut lines = Vec::new();
    for profile in recordings.all_profiles(false) {
        if profile == plan.profile {
            lines.extend(of_profile(&recordings, plan)?);
        } else if let Ok(other) = open(&Settings { profile: Some(profile), ..settings.clone() })
            && let Ok(plan) = other.plan(&Selection::default())
        {
            lines.extend(of_profile(&recordings, &plan)?);
        }
    }
    Ok(lines)
}

/// Fingerprints of the files that any step of the plan mentions.
pub(super) fn included(recordings: &Recordings, plan: &Plan) -> Included {
    let steps = plan.chapters.iter().flat_map(|chapter| &chapter.steps);
    recordings.included(steps.flat_map(|step| mentioned_files(&step.script)))
}

fn of_profile(recordings: &Recordings, plan: &Plan) -> Result<Vec<String>, Error> {
    let included = included(recordings, plan);
    let mut lines = Vec::new();
    for chapter in &plan.chapters {
        let Some(recording) = recordings.accepted(chapter.name.as_str(), &plan.profile)? else {
            continue;
        };
        let judged = recording.judged(plan, chapter, &included);
        for (step, judged) in chapter.steps.iter().zip(judged) {
            if let Some((_, reasons)) = judged
                && !reasons.is_empty()
            {
                let (id, place, profile) = (&step.id, &step.place, &plan.profile);
                lines.push(format!(
                    "{place}: the recording of {id} ({profile}) is stale: {}",
                    reasons.join(", ")
                ));
            }
        }
    }
    Ok(lines)
}
