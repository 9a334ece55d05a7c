//! Takes a step's output: masks it, passes it to the watcher, and keeps its first part.

use std::time::Duration;

use crate::output::KEPT_BYTES;
use crate::secrets::{MaskStream, Masker};
use crate::world::{Flow, Watcher};

/// The largest output, in bytes, that is withheld until the step's secrets are known. Output beyond
/// it is not shown.
const LARGEST_KEPT_BACK: usize = 8 * 1024 * 1024;

/// Takes the output of one step.
pub(super) struct Sink<'a> {
    watcher: &'a mut dyn Watcher,
    masker: &'a Masker,
    stream: MaskStream,
    held: Option<Withheld>,
    captured: Captured,
}

/// The masked output that was passed on.
#[derive(Debug, Clone, Default)]
pub(super) struct Captured {
    /// Its first [`KEPT_BYTES`].
    pub(super) kept: Vec<u8>,
    /// The number of all bytes, including those that were neither kept nor searched for secrets.
    pub(super) total: u64,
    /// Why a notice was passed on in place of the output.
    pub(super) withheld: Option<String>,
}

/// Output that is withheld.
#[derive(Default)]
struct Withheld {
    bytes: Vec<u8>,
    /// The number of bytes beyond the limit of withheld output.
    beyond: u64,
}

impl<'a> Sink<'a> {
    /// With `withhold`, no output is passed on before the step's end, because the step may set a
    /// secret whose value is known only then.
    pub(super) fn new(watcher: &'a mut dyn Watcher, masker: &'a Masker, withhold: bool) -> Self {
        Self {
            watcher,
            masker,
            stream: MaskStream::default(),
            held: withhold.then(Withheld::default),
            captured: Captured::default(),
        }
    }

    /// Takes a piece of output.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        let Self { watcher, masker, stream, captured, held } = self;
        if let Some(held) = held {
            let room = (LARGEST_KEPT_BACK - held.bytes.len()).min(bytes.len());
            held.bytes.extend_from_slice(&bytes[..room]);
            held.beyond += (bytes.len() - room) as u64;
        } else {
            stream.push(masker, bytes, &mut |piece| captured.pass_on(*watcher, piece));
        }
    }

    /// Ends the output. If it was withheld and `doubt` says why some of its secrets may be unknown,
    /// a notice replaces it.
    pub(super) fn end(mut self, doubt: Option<&str>) -> Captured {
        let mut notice = String::new();
        let mut too_many = 0;
        if let Some(mut held) = self.held.take() {
            if doubt.is_none() {
                self.push(&held.bytes);
                too_many = held.beyond;
            } else {
                held.beyond += held.bytes.len() as u64;
            }
            if held.beyond > 0 {
                notice = withheld_notice(
                    held.beyond,
                    doubt.unwrap_or("the output is too long to be searched"),
                );
            }
        }
        let Self { watcher, masker, stream, captured, .. } = &mut self;
        stream.end(masker, &mut |piece| captured.pass_on(*watcher, piece));
        captured.pass_on(*watcher, notice.as_bytes());
        // The total includes the omitted bytes, so that a comparison can refuse an incomplete
        // output.
        captured.total += too_many;
        captured.withheld = doubt.filter(|_| !notice.is_empty()).map(str::to_owned);
        self.captured
    }

    /// Calls the watcher.
    pub(super) fn tick(&mut self, elapsed: Duration) -> Flow {
        self.watcher.tick(elapsed)
    }
}

/// The notice that replaces an output that cannot be shown.
pub(super) fn withheld_notice(bytes: u64, why: &str) -> String {
    format!("[guide: {bytes} bytes of output withheld, as they may hold a secret: {why}]\n")
}

impl Captured {
    /// Adds a piece.
    pub(super) fn keep(&mut self, piece: &[u8]) {
        let room = KEPT_BYTES.saturating_sub(self.kept.len()).min(piece.len());
        self.kept.extend_from_slice(&piece[..room]);
        self.total += piece.len() as u64;
    }

    fn pass_on(&mut self, watcher: &mut dyn Watcher, piece: &[u8]) {
        if !piece.is_empty() {
            self.keep(piece);
            watcher.output(piece);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct TestWatcher(Vec<u8>);

    impl Watcher for TestWatcher {
        fn output(&mut self, bytes: &[u8]) {
            self.0.extend_from_slice(bytes);
        }

        fn tick(&mut self, _elapsed: Duration) -> Flow {
            Flow::Continue
        }
    }

    /// The end of a withheld output of this length.
    fn kept_back(length: usize, doubt: Option<&str>) -> (Captured, String) {
        let (mut watcher, masker) = (TestWatcher::default(), Masker::new());
        let mut sink = Sink::new(&mut watcher, &masker, true);
        for piece in vec![b'x'; length].chunks(1 << 16) {
            sink.push(piece);
        }
        let captured = sink.end(doubt);
        assert_eq!(watcher.0, captured.kept);
        let text = String::from_utf8(captured.kept.clone()).unwrap();
        (captured, text.trim_start_matches('x').to_owned())
    }

    #[test]
    fn output_beyond_the_limit_of_withheld_output_is_counted_and_reported() {
        let (captured, notice) = kept_back(LARGEST_KEPT_BACK + 7, None);
        assert_eq!(notice, withheld_notice(7, "the output is too long to be searched"));
        let kept = LARGEST_KEPT_BACK + notice.len();
        assert_eq!((captured.kept.len(), captured.total), (kept, kept as u64 + 7));
        assert_eq!(captured.withheld, None);
    }

    #[test]
    fn a_withheld_output_within_the_limit_is_passed_on_whole() {
        let (captured, notice) = kept_back(LARGEST_KEPT_BACK, None);
        assert_eq!((captured.total, notice.as_str()), (LARGEST_KEPT_BACK as u64, ""));
    }

    #[test]
    fn a_doubtful_output_is_replaced_by_a_notice_of_all_its_bytes() {
        let (captured, notice) = kept_back(LARGEST_KEPT_BACK + 7, Some("why"));
        assert_eq!(notice, withheld_notice(LARGEST_KEPT_BACK as u64 + 7, "why"));
        assert_eq!(captured.total, notice.len() as u64);
        assert_eq!(captured.withheld.as_deref(), Some("why"));
    }

    #[test]
    fn nothing_is_withheld_of_a_step_that_printed_nothing() {
        let (captured, notice) = kept_back(0, Some("why"));
        assert_eq!((captured.withheld, notice.as_str()), (None, ""));
    }
}
