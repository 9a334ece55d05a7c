//! Asking the person, with the live display out of the way.

use std::io::BufRead;

use super::terminal::eprint;
use crate::engine::Prompt;
use crate::ids::StepId;

/// Something that can hold the live display back while a question stands on the screen.
pub(crate) trait Pause {
    /// Runs this with the display hidden.
    fn paused(&self, ask: &mut dyn FnMut());
}

/// No live display.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NothingToPause;

impl Pause for NothingToPause {
    fn paused(&self, ask: &mut dyn FnMut()) {
        ask();
    }
}

/// Answers `confirm=`: yes to all, or what the person types.
pub(crate) struct TerminalPrompt {
    yes: bool,
    pause: Box<dyn Pause>,
}

impl TerminalPrompt {
    /// `yes` answers everything.
    pub(crate) fn new(yes: bool, pause: Box<dyn Pause>) -> Self {
        Self { yes, pause }
    }
}

impl Prompt for TerminalPrompt {
    fn confirm(&mut self, step: &StepId, question: &str) -> bool {
        if self.yes {
            return true;
        }
        let mut answer = false;
        self.pause.paused(&mut || answer = ask(&format!("{step}: {question}")));
        answer
    }
}

/// Asks a question on the terminal. No answer is a no.
pub(crate) fn ask(question: &str) -> bool {
    eprint(&format!("{question} [y/N] "));
    let mut answer = String::new();
    let _ = std::io::stdin().lock().read_line(&mut answer);
    matches!(answer.trim(), "y" | "Y" | "yes" | "Yes")
}
