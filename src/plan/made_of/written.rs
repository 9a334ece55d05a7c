//! The files that a script writes.

use std::collections::BTreeSet;

use crate::book::commands_of;
use crate::plan::step::Step;

/// The files of a step without those that it writes itself: what it wrote is no part of the steps that use its functions.
pub(super) fn files_read_by(step: &Step) -> Vec<String> {
    let last = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    let written: BTreeSet<String> =
        all_written(&step.script).iter().map(|file| last(file)).collect();
    step.files.iter().filter(|file| !written.contains(&last(file))).cloned().collect()
}

/// Of the files that a script writes those whose names are sure to be no other word.
pub(super) fn written_files(script: &str) -> Vec<String> {
    let mut files = all_written(script);
    // Without a full stop it may be any word.
    files.retain(|file| !file.starts_with("/dev/") && file.contains('.') && !file.contains('$'));
    files.iter_mut().for_each(|file| *file = file.trim_start_matches("./").to_owned());
    files
}

/// The files that a script's redirections, `tee` and `-o` write, by their names as written.
fn all_written(script: &str) -> Vec<String> {
    let mut files = Vec::new();
    if !script.contains('>') && !script.contains("tee") && !script.contains("-o") {
        return files;
    }
    for command in commands_of(script).all {
        let program = command.words.first().map(String::as_str);
        if program == Some("tee") {
            files.extend(
                command.words.iter().skip(1).filter(|word| !word.starts_with('-')).cloned(),
            );
        }
        if matches!(program, Some("curl" | "wget" | "openssl" | "sort")) {
            let values = command.words.windows(2);
            files.extend(values.filter(|pair| pair[0] == "-o").map(|pair| pair[1].clone()));
        }
        files.extend(command.writes);
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_script_writes_is_found_by_its_redirections_and_options() {
        assert_eq!(
            written_files(
                "cat > ./a.yaml <<E\nx\nE\necho x | tee -a b.txt > /dev/null; curl -o c.json u; echo > plain >> $D/d.e"
            ),
            ["a.yaml", "b.txt", "c.json"]
        );
        assert_eq!(all_written("echo >> \"$GUIDE_BOOK/log\""), ["$GUIDE_BOOK/log"]);
    }
}
