//! `guide down` as it goes on.

use indicatif::{ProgressBar, ProgressStyle};

use super::terminal::{eprint, printable};
use crate::cluster::{DownOutcome, DownProgress};

/// Tells how far taking away is: a bar on a terminal, a line whenever something is gone elsewhere.
pub(crate) struct DownReporter {
    bar: Option<ProgressBar>,
    gone: usize,
}

impl DownReporter {
    /// `live`: there is a terminal.
    pub(crate) fn new(live: bool) -> Self {
        let bar = live.then(|| {
            let style = ProgressStyle::with_template("{spinner} {pos}/{len} gone  {wide_msg}");
            ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        Self { bar, gone: 0 }
    }

    /// Tells of progress.
    pub(crate) fn tell(&mut self, progress: &DownProgress) {
        let waiting = progress.waiting_for.clone().unwrap_or_default();
        match &self.bar {
            Some(bar) => {
                bar.set_length(progress.of as u64);
                bar.set_position(progress.gone as u64);
                bar.set_message(printable(&waiting));
            }
            None if progress.gone > self.gone => {
                eprint(&format!("{} of {} gone  {waiting}\n", progress.gone, progress.of))
            }
            None => {}
        }
        self.gone = progress.gone;
    }

    /// Tells the end.
    pub(crate) fn end(&self, outcome: &DownOutcome) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        for (object, why) in &outcome.left {
            eprint(&format!("still there: {} {}: {why}\n", object.kind, object.name));
        }
        eprint(&format!("{} gone, {} left\n", outcome.gone.len(), outcome.left.len()));
    }
}
