//! What the fuzz targets (`crate::fuzzing`) may do with the readers of shell states and scripts.

use super::secrets::Secrets;
use super::side_effects::SideEffects;
use super::state::{Initial, MentionedNames, ShellSnapshot};
use crate::output::ShellState;
use crate::secrets::Masker;

/// Reads the dump of a shell with the variable `TOKEN` as a secret: no secret gets into the state on disk.
pub(crate) fn state(initial: &[u8], dump: &[u8]) {
    let masker = Masker::new();
    let mut secrets = Secrets::default();
    secrets.add("TOKEN");
    let mut mentioned = MentionedNames::default();
    mentioned.add(&String::from_utf8_lossy(dump));
    let initial = Initial::read(initial, 7);
    let known = (&initial, &mentioned);
    let Some(read) = ShellSnapshot::read(dump, "M", known, &mut secrets, &masker) else { return };
    let again = ShellSnapshot::read(dump, "M", known, &mut secrets, &masker);
    assert_eq!(Some(&read), again.as_ref(), "read twice, a dump gives two states");
    let kept = read.for_disk();
    let names = kept.left_out();
    // The last line names what was left out: names, which are no secret even where a secret has the same letters.
    let note = if names.is_empty() { 0 } else { ShellState::note_of_left_out(&names).len() };
    let text = &kept.0[..kept.0.len() - note];
    assert!(!masker.finds_in(text), "{:?} holds a secret", String::from_utf8_lossy(text));
    let mut resumed = ShellSnapshot::from_text(&kept.0);
    resumed.inherit_missing(&read);
    resumed.for_disk();
}

/// Judges what a script may do to its shell and its secrets.
pub(crate) fn script(script: &str) {
    SideEffects::of_script(script);
    let mut secrets = Secrets::default();
    secrets.add("TOKEN");
    let named = ["TOKEN".to_owned()];
    secrets.may_be_set(script, &named);
    secrets.doubt(script, &named, false);
    secrets.set_known("TOKEN", true);
    secrets.doubt(script, &[], true);
    MentionedNames::default().add(script);
}
