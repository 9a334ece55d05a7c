//! The readers of shell states and scripts, for the fuzz targets in `crate::fuzzing`.

use super::secrets::Secrets;
use super::side_effects::SideEffects;
use super::state::{Initial, MentionedNames, ShellSnapshot};
use crate::output::ShellState;
use crate::secrets::Masker;

/// Reads the dump of a shell with the secret variable `TOKEN`, and checks that no secret is in the
/// state for the disk.
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
    // The last line names the omitted parts. A name is not a secret, even if a secret has the same
    // letters.
    let note = if names.is_empty() { 0 } else { ShellState::note_of_left_out(&names).len() };
    let text = &kept.0[..kept.0.len() - note];
    assert!(!masker.finds_in(text), "{:?} holds a secret", String::from_utf8_lossy(text));
    let mut resumed = ShellSnapshot::from_text(&kept.0);
    resumed.inherit_missing(&read);
    resumed.for_disk();
}

/// Judges the side effects of a script and its assignments to a secret.
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
