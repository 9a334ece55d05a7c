//! The state of a step that was judged by its script equals the state that the whole report gives.

use super::*;
use crate::shell::side_effects::SideEffects;

/// A script that `side_effects.rs` judges.
fn plain_script() -> impl proptest::strategy::Strategy<Value = String> {
    use proptest::prelude::*;
    let name = prop::sample::select(vec!["A", "B", "C_1", "PATH", "HOME", "TERM", "NEW"]);
    let value = prop::sample::select(vec![
        "1",
        "'two words'",
        "\"$A x\"",
        "${B}",
        "$PATH",
        "",
        "\"q\\\"q\"",
        "'it\"s'",
        "\"$?\"",
        "é",
    ]);
    let assign = (name, value).prop_map(|(name, value)| format!("{name}={value}"));
    let command = prop_oneof![
        assign.clone(),
        assign.clone().prop_map(|assign| format!("export {assign}")),
        assign.clone().prop_map(|assign| format!("{assign} true")),
        (assign.clone(), assign).prop_map(|(one, other)| format!("{one} {other}")),
        Just("export A NEW".to_owned()),
        Just("echo $A ${B} | cat >&2".to_owned()),
        Just("false || echo no # why\ntrue".to_owned()),
        Just("/bin/true && ls /dev/null".to_owned()),
    ];
    let between = prop::sample::select(vec!["\n", "; ", " && "]);
    prop::collection::vec((command, between), 1..5).prop_map(|parts| {
        parts.into_iter().map(|(command, between)| command + between).collect::<String>() + "true"
    })
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 24, ..Default::default() })]

    #[test]
    fn a_judged_script_leaves_the_state_that_the_whole_report_shows(scripts in proptest::collection::vec(plain_script(), 1..6)) {
        let (mut judged, mut reported) = (Chapter::new(), Chapter::new());
        judged.prints("true", "");
        reported.prints("true", "");
        let folder = |chapter: &Chapter, output: &Output| {
            let state = output.state.as_ref().map(|state| String::from_utf8_lossy(&state.0).into_owned());
            state.map(|state| state.replace(&chapter.folder.path().display().to_string(), "FOLDER"))
        };
        for script in scripts {
            assert_ne!(SideEffects::of_script(&script), SideEffects::Anything, "{script}");
            let one = judged.run(&script);
            // A script with `eval` is not judged, so the whole state is reported.
            let other = reported.run(&format!("eval ''; {script}"));
            assert_eq!((one.ending, &one.bytes), (other.ending, &other.bytes), "{script}");
            assert_eq!(folder(&judged, &one), folder(&reported, &other), "{script}");
        }
    }
}

/// A process that Python or `nohup` has started ignores signals from the start. This is not part of
/// the chapter's state, and scripts can nevertheless be judged.
#[test]
fn a_signal_that_was_ignored_from_the_start_is_not_part_of_the_state() {
    let mut maker = Chapter::new();
    maker.prints(
        "printf '#!/bin/bash\\ntrap \"\" XFSZ HUP\\nexec bash \"$@\"\\n' >ignoring; chmod +x ignoring",
        "",
    );
    let bash = maker.folder.path().join("ignoring");
    let interrupt = Interrupt::unconnected().unwrap();
    let environment = std::env::vars_os().collect();
    let options = ShellOptions {
        bash,
        environment,
        masker: Masker::new(),
        interrupt: interrupt.clone(),
        verify_only: false,
    };
    let mut chapter = Chapter::of(options, &[], interrupt);
    // The process that started the tests may have ignored more signals.
    for name in ["SIGXFSZ", "SIGHUP"] {
        chapter.prints(&format!("trap -p {name}"), &format!("trap -- '' {name}\n"));
    }
    assert!(chapter.world.snapshot.tracks_precisely());
    let state = chapter.run("trap '' USR1; x=1").state.unwrap();
    let state = String::from_utf8(state.0).unwrap();
    assert!(
        state.contains("trap -- '' SIGUSR1")
            && !state.contains("SIGHUP")
            && !state.contains("SIGXFSZ"),
        "{state}"
    );
}
