//! Asks the person, while the live display is hidden.

use std::io::BufRead;

use super::terminal::eprint;
use crate::engine::Prompt;
use crate::ids::StepId;

/// Hides the live display while a question is on the screen.
pub(crate) trait Pause {
    /// Runs this with the display hidden.
    fn paused(&self, ask: &mut dyn FnMut());
}

/// There is no live display.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NothingToPause;

impl Pause for NothingToPause {
    fn paused(&self, ask: &mut dyn FnMut()) {
        ask();
    }
}

/// Answers `confirm=`: with yes to every question, or with the person's answer.
pub(crate) struct TerminalPrompt {
    yes: bool,
    pause: Box<dyn Pause>,
}

impl TerminalPrompt {
    /// With `yes`, every question is answered with yes.
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

    fn pause(&mut self, step: &StepId, open: &mut dyn FnMut()) {
        self.pause.paused(&mut || {
            eprint(&format!(
                "paused: this shell is as {step} found it; `exit 0` tries the step again, `exit 1` ends the run\n"
            ));
            open();
        });
    }
}

/// Asks a question on the terminal. An empty answer means no.
pub(crate) fn ask(question: &str) -> bool {
    eprint(&format!("{question} [y/N] "));
    let mut answer = String::new();
    let _ = std::io::stdin().lock().read_line(&mut answer);
    matches!(answer.trim(), "y" | "Y" | "yes" | "Yes")
}
