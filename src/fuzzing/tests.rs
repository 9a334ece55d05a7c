#![expect(clippy::disallowed_methods, reason = "the inputs lie in files")]

use std::path::Path;

use super::TARGETS;

#[test]
fn every_target_keeps_its_promises_on_its_inputs() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz");
    for (name, target) in TARGETS {
        let inputs: Vec<_> = std::fs::read_dir(folder.join(name))
            .unwrap_or_else(|error| panic!("no inputs of the target `{name}`: {error}"))
            .map(|input| input.unwrap().path())
            .collect();
        assert!(!inputs.is_empty(), "no inputs of the target `{name}`");
        for input in inputs {
            let bytes = std::fs::read(&input).unwrap();
            let kept = std::panic::catch_unwind(|| target(&bytes));
            assert!(kept.is_ok(), "a promise is broken for the input {}", input.display());
        }
    }
}
