//! The files that a script writes.

use std::collections::BTreeSet;

use crate::book::commands_of;
use crate::plan::step::Step;

/// The files that a step reads and does not write. Only these are parts of the steps that use its functions.
pub(super) fn files_read_by(step: &Step) -> Vec<String> {
    let last = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    let written: BTreeSet<String> =
        all_written(&step.script).iter().map(|file| last(file)).collect();
    step.files.iter().filter(|file| !written.contains(&last(file))).cloned().collect()
}

/// The files that a script writes and whose names cannot be mistaken for another word.
pub(super) fn written_files(script: &str) -> Vec<String> {
    let mut files = all_written(script);
    // A name without a dot may be any word.
    files.retain(|file| !file.starts_with("/dev/") && file.contains('.') && !file.contains('$'));
    files.iter_mut().for_each(|file| *file = file.trim_start_matches("./").to_owned());
    files
}

/// The files that redirections, `tee` and `-o` write, as written in the script.
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
    fn written_files_are_found_in_redirections_and_options() {
        assert_eq!(
            written_files(
                "cat > ./a.yaml <<E\nx\nE\necho x | tee -a b.txt > /dev/null; curl -o c.json u; echo > plain >> $D/d.e"
            ),
            ["a.yaml", "b.txt", "c.json"]
        );
        assert_eq!(all_written("echo >> \"$GUIDE_BOOK/log\""), ["$GUIDE_BOOK/log"]);
    }
}
