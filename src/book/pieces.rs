//! A long chapter read in two pieces at once, one beside the other: what comes is the same, in little more than half the time.
//!
//! The cut is made where a block of its own begins, as far as can be seen from a few bytes. Whether it really is one only the
//! piece before it can tell, by not ending within a fence or within HTML; in any doubt the whole is read again, from its start.

use super::chapter_text::{ChapterText, Piece, read_piece};
use super::languages::Languages;
use super::problem::Problems;
use super::source::SourceId;

/// Shorter chapters are read sooner than a thread is started for half of them.
const LONG: usize = 512 * 1024;

/// Reads the Markdown that begins at byte `from` of `text`.
pub(super) fn read_chapter_text(
    source: SourceId,
    text: &str,
    from: usize,
    languages: &Languages,
    problems: &mut Problems,
) -> ChapterText {
    let long = text.len() - from >= LONG;
    let pieces = long.then(|| cut(text, from + (text.len() - from) / 2)).flatten();
    match pieces.and_then(|at| read_both(source, text, from, at, languages)) {
        Some((found, more)) => {
            problems.extend(more);
            found
        }
        None => read_piece(source, text, Piece::whole(text, from), languages, problems).0,
    }
}

/// The first place from here on at which a block begins at the margin, behind an empty line. None where a link may be defined for
/// the other piece to use.
fn cut(text: &str, from: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    if memchr::memmem::find(bytes, b"]:").is_some() {
        return None;
    }
    let begins = |at: &usize| {
        bytes.get(*at).is_some_and(|first| first.is_ascii_alphabetic() || b"`#".contains(first))
    };
    memchr::memmem::find_iter(&bytes[from..], b"\n\n").map(|found| from + found + 2).find(begins)
}

/// Both pieces and their problems, in this order; none where the cut was no good one.
fn read_both(
    source: SourceId,
    text: &str,
    from: usize,
    at: usize,
    languages: &Languages,
) -> Option<(ChapterText, Problems)> {
    let read = |piece| {
        let mut problems = Problems::new();
        let (found, is_sure) = read_piece(source, text, piece, languages, &mut problems);
        is_sure.then_some((found, problems))
    };
    let (first, second) = std::thread::scope(|scope| {
        let second =
            std::thread::Builder::new().spawn_scoped(scope, || read(Piece::rest(text, at))).ok();
        let first = read(Piece::first(from, at));
        (first, second.and_then(|second| second.join().ok()).flatten())
    });
    let ((mut found, mut problems), (rest, more)) = (first?, second?);
    found.blocks.extend(rest.blocks);
    found.names.extend(rest.names);
    found.title = found.title.or(rest.title);
    problems.extend(more);
    Some((found, problems))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::property_tests::{config, document};
    use super::super::source::Sources;
    use super::*;

    fn source() -> SourceId {
        Sources::default().add("chapter.md".into(), "")
    }

    fn whole(text: &str) -> String {
        let mut problems = Problems::new();
        let (found, _) =
            read_piece(source(), text, Piece::whole(text, 0), &Languages::default(), &mut problems);
        format!("{found:#?} {problems:#?}")
    }

    #[test]
    fn a_long_chapter_is_cut_before_a_block() {
        let block = "Prose.\n\n```bash {name=a}\necho\n```\n";
        let text = block.repeat(100);
        let at = cut(&text, text.len() / 2).unwrap();
        assert!(text[at..].starts_with("```bash"));
        let (found, problems) =
            read_both(source(), &text, 0, at, &Languages::default()).expect("a good cut");
        assert_eq!(format!("{found:#?} {problems:#?}"), whole(&text));
    }

    #[test]
    fn a_cut_within_a_fence_or_a_comment_or_before_what_belongs_to_the_piece_before_is_none() {
        for (from, text) in [
            (0, "````text\nx\n\n```bash {name=a}\necho\n```\n````\n"),
            (0, "<!--\n\n# no heading\n\n-->\n"),
            (10, "# One\n\n```bash\necho\n```\n\n```output\nx\n```\n"),
            (10, "# One\n\n```bash\necho\n```\n\n```bash\necho\n```\n"),
        ] {
            let at = cut(text, from).unwrap();
            assert!(read_both(source(), text, 0, at, &Languages::default()).is_none(), "{text}");
        }
        assert_eq!(cut("# [a]\n\ntext\n\n[a]: x\n", 0), None);
    }

    proptest! {
        #![proptest_config(config())]

        #[test]
        fn two_pieces_are_the_whole(text in document(), from in any::<proptest::sample::Index>()) {
            if let Some((found, problems)) = cut(&text, from.index(text.len() + 1)).and_then(|at| read_both(source(), &text, 0, at, &Languages::default())) {
                prop_assert_eq!(format!("{:#?} {:#?}", found, problems), whole(&text));
            }
        }
    }
}
