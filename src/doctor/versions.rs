//! The versions that a page names: of kind, and of the container engine. The nodes themselves
//! report the version of Kubernetes.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use crate::probe::probe;

/// The time limit, because the end of a run must not be delayed for a caption.
const LIMIT: Duration = Duration::from_secs(2);

/// The versions that `kind` (in the book's `bin/` first, then in PATH) and the container engine
/// report. Unknown ones are omitted.
pub(crate) fn versions(programs: &Path, node: Option<&str>) -> BTreeMap<String, String> {
    let mut versions = BTreeMap::new();
    let own = programs.join("kind").to_string_lossy().into_owned();
    let kind = [own.as_str(), "kind"].into_iter().find_map(|kind| output_of(kind, &["version"]));
    if let Some(version) =
        kind.as_deref().and_then(|text| text.split_whitespace().find(|word| word.starts_with('v')))
    {
        versions.insert("kind".to_owned(), version.to_owned());
    }
    let image = node.and_then(|node| {
        output_of(
            "docker",
            &["inspect", "--type", "container", "--format", "{{.Config.Image}}", node],
        )
    });
    if let Some(image) = image.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()) {
        let short = image.split('@').next().unwrap_or(&image).to_owned();
        versions.insert("node image".to_owned(), short);
    }
    versions
}

fn output_of(program: &str, arguments: &[&str]) -> Option<String> {
    probe(program, arguments, LIMIT)
        .ok()
        .filter(crate::probe::ProbeOutput::succeeded)
        .map(|answer| answer.stdout)
}
