//! The part of a shell's state that may be written to disk: all pieces without a secret, and the
//! names of the others.

use super::declaration::{Declarations, line_end, words};
use super::descriptors;
use super::dump::traps;
use crate::output::ShellState;
use crate::secrets::Masker;
use crate::shell::secrets::Secrets;

/// The text of these pieces without those that contain a secret. `None` if no piece has to be
/// omitted.
///
/// A variable that a step names in `secret=` is omitted by its name, with any value. Another piece
/// (a variable, a function, a trap) is omitted if it contains a secret.
pub(super) fn without_secrets(
    pieces: &[Vec<u8>],
    secrets: &Secrets,
    masker: &Masker,
) -> Option<Vec<u8>> {
    let (mut kept, mut left_out) = (Vec::new(), Vec::new());
    let mut is_whole = true;
    for piece in pieces.iter().flat_map(|piece| split(piece)) {
        match left_out_as(piece, secrets, masker) {
            None => kept.extend_from_slice(piece),
            Some(name) => {
                is_whole = false;
                if piece.starts_with(b"__guide_folder=") {
                    kept.extend_from_slice(LOST_FOLDER);
                } else {
                    left_out.push(name);
                }
            }
        }
    }
    if is_whole {
        return None;
    }
    left_out.sort_unstable();
    left_out.dedup();
    if !left_out.is_empty() {
        kept.extend_from_slice(&ShellState::note_of_left_out(&left_out));
    }
    Some(kept)
}

/// The text that replaces a folder with a secret in its path. A step never runs in another folder
/// instead, so no run continues from such a state.
const LOST_FOLDER: &[u8] =
    b"__guide_lost+='the folder (a secret is in its name, so the name was not kept); '\n";

/// The name of a piece that has to be omitted. `None` for a piece that may stay.
fn left_out_as(piece: &[u8], secrets: &Secrets, masker: &Masker) -> Option<String> {
    let declared = Declarations(piece).next().filter(|_| piece.starts_with(b"declare -"));
    if let Some(variable) = declared {
        let name = String::from_utf8_lossy(variable.name).into_owned();
        let value = variable.value?;
        let found = secrets.has(&name)
            || masker.finds_in(piece)
            || words(value).iter().any(|word| masker.finds_in(word))
            || masker.finds_in(&words(value).join(&b' '));
        return found.then(|| match name.as_str() {
            "BASH_ALIASES" => "the aliases".to_owned(),
            "__guide_folders" => "the folders of pushd".to_owned(),
            _ => name,
        });
    }
    masker.finds_in(piece).then(|| description(piece))
}

fn description(piece: &[u8]) -> String {
    let text = String::from_utf8_lossy(piece);
    if let Some((name, _)) = text.split_once(" () \n") {
        return format!("{name}()");
    }
    let what = match text.split_whitespace().next().unwrap_or_default() {
        "trap" => {
            return format!("the trap {}", text.trim_end().rsplit(' ').next().unwrap_or_default());
        }
        first if first.starts_with("__guide_exit=") => "the trap EXIT",
        first if first.starts_with("__guide_late=") => {
            "the traps DEBUG, ERR, RETURN and the options of `set`"
        }
        first if first.starts_with("__guide_folder=") => "the folder",
        first if first.starts_with(descriptors::START) => {
            return format!("the descriptor {}", &first[descriptors::START.len()..]);
        }
        r"\builtin" if text.starts_with(r"\builtin set ") => "the arguments",
        _ => "a part of the state",
    };
    what.to_owned()
}

/// Splits functions and traps into one piece each; the text before them (options) stays one piece.
fn split(piece: &[u8]) -> Vec<&[u8]> {
    if piece.starts_with(b"trap -- ") {
        let lengths: Vec<usize> = traps(piece).iter().map(Vec::len).collect();
        return if lengths.iter().sum::<usize>() == piece.len() {
            cut(piece, &lengths)
        } else {
            vec![piece]
        };
    }
    let mut starts = vec![0];
    let mut at = 0;
    let mut outside = !piece.starts_with(b"declare -") && !piece.starts_with(b"__guide_");
    while outside && at < piece.len() {
        let end = at + line_end(&piece[at..]);
        let line = &piece[at..end];
        if line.ends_with(b" () \n") && piece[end..].starts_with(b"{ \n") {
            starts.push(at);
            // Only the closing bracket of the function is at the start of a line.
            let closed = memchr::memmem::find(&piece[end..], b"\n}\n");
            match closed {
                Some(length) => at = end + length + 3,
                None => outside = false,
            }
            starts.push(at);
            continue;
        }
        at = end;
    }
    starts.push(piece.len());
    starts.sort_unstable();
    starts.dedup();
    let lengths: Vec<usize> = starts.windows(2).map(|pair| pair[1] - pair[0]).collect();
    cut(piece, &lengths)
}

fn cut<'a>(piece: &'a [u8], lengths: &[usize]) -> Vec<&'a [u8]> {
    let mut rest = piece;
    let mut pieces = Vec::new();
    for &length in lengths {
        let (first, after) = rest.split_at(length);
        pieces.push(first);
        rest = after;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(pieces: &[&str], named: &[&str], values: &[&str]) -> Option<String> {
        let (mut secrets, masker) = (Secrets::default(), Masker::new());
        named.iter().for_each(|name| secrets.add(name));
        values.iter().for_each(|value| masker.add(value.as_bytes()));
        let pieces: Vec<Vec<u8>> = pieces.iter().map(|piece| piece.as_bytes().to_vec()).collect();
        without_secrets(&pieces, &secrets, &masker).map(|text| String::from_utf8(text).unwrap())
    }

    #[test]
    fn a_state_without_secrets_is_kept_whole() {
        assert_eq!(
            kept(&["declare -- A=\"1\"\n", "declare -x TOKEN\n"], &["TOKEN"], &["hunter2"]),
            None
        );
    }

    #[test]
    fn a_named_variable_is_omitted_with_any_value() {
        let text =
            kept(&["declare -- A=\"1\"\n", "declare -x TOKEN=\"a\"\n"], &["TOKEN"], &[]).unwrap();
        assert!(
            text.starts_with("declare -- A=\"1\"\n")
                && text.contains("TOKEN")
                && !text.contains("TOKEN="),
            "{text}"
        );
    }

    #[test]
    fn only_the_function_with_the_secret_is_omitted() {
        let before = "\\builtin shopt -s nullglob || \\builtin :\nconn () \n{ \n    echo -U postgres\n}\nhelper () \n{ \n    echo }\n}\ndeclare -fx helper\n";
        let text = kept(
            &[before, "trap -- 'echo postgres' USR1\ntrap -- 'a\nb' USR2\n"],
            &[],
            &["postgres"],
        )
        .unwrap();
        for expected in [
            "nullglob",
            "helper () \n{ \n    echo }\n}\n",
            "declare -fx helper\n",
            "trap -- 'a\nb' USR2\n",
        ] {
            assert!(text.contains(expected), "{text}");
        }
        assert!(!text.contains("postgres"), "{text}");
        assert_eq!(ShellState(text.into_bytes()).left_out(), ["conn()", "the trap USR1"]);
    }

    #[test]
    fn a_folder_with_a_secret_in_its_name_is_lost_without_a_replacement() {
        let folder = "__guide_folder='/tmp/x-hunter2'\n\\builtin cd -- \"$__guide_folder\"\n";
        let text = kept(&[folder, "declare -- A=\"1\"\n"], &[], &["hunter2"]).unwrap();
        assert_eq!(
            text,
            "__guide_lost+='the folder (a secret is in its name, so the name was not kept); '\ndeclare -- A=\"1\"\n"
        );
    }

    #[test]
    fn a_secret_is_found_behind_the_quotes_of_bash() {
        for declaration in [
            "declare -x A=\"Bearer Pa\\$\\$w\\\"d\"\n",
            "declare -a A=([0]=\"x\" [1]=\"Pa\\$\\$w\\\"d\")\n",
            "declare -- A=$'a\\nPa$$w\"d'\n",
        ] {
            let text = kept(&[declaration], &[], &["Pa$$w\"d"]).unwrap_or_default();
            assert!(
                text.contains("left out") && !text.contains("w\\\"d") && !text.contains("w\"d"),
                "{declaration}{text}"
            );
        }
    }
}
