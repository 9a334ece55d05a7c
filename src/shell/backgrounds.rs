//! Background steps of the chapter and of the run.

use std::io;
use std::time::Instant;

use super::ShellWorld;
use super::preparation::prepare_background;
use super::step::of_status;
use crate::book::Background;
use crate::ids::StepId;
use crate::output::{Ending, Output};
use crate::shell::background::BackgroundStep;
use crate::world::{Command, Watcher};

impl ShellWorld {
    /// Starts it in a bash of its own, in the state the chapter's shell is in.
    pub(super) fn start_background(
        &mut self,
        command: &Command,
        kind: Background,
        watcher: &mut dyn Watcher,
    ) -> io::Result<Output> {
        let started = Instant::now();
        self.learn_secrets(command);
        let mut text = self.live.text.clone();
        text.extend_from_slice(prepare_background(command, self.scene.as_ref()).as_bytes());
        let withheld = self.secrets.may_be_set(&command.script, &command.secrets);
        self.background_count += 1;
        let tag = format!("{}+{}", self.tag, self.background_count);
        let background = BackgroundStep::start(
            &command.step,
            kind,
            &self.surroundings()?,
            &text,
            tag,
            &self.options.masker,
            withheld,
        )?;
        if kind != Background::Keep {
            self.guard(background.pid)?;
        }
        let ended = background.at_once()?;
        let taken = background.taken();
        watcher.output(&taken.bytes);
        self.backgrounds.push(background);
        let ending = ended.map_or(Ending::Started, of_status);
        Ok(Output {
            bytes: taken.bytes,
            total: taken.total,
            ending,
            duration: started.elapsed(),
            ..Output::default()
        })
    }

    /// How the latest step of that name ended, if it did.
    pub(super) fn ended_background(&self, step: &StepId) -> Option<Output> {
        let background =
            self.backgrounds.iter().rev().find(|background| background.step == *step)?;
        let status = background.ended().ok()??;
        let taken = background.taken();
        let duration = background.started.elapsed();
        Some(Output {
            bytes: taken.bytes,
            total: taken.total,
            ending: of_status(status),
            duration,
            ..Output::default()
        })
    }

    /// Ends those of these kinds.
    pub(super) fn stop_backgrounds(&mut self, these: impl Fn(Background) -> bool) {
        for background in self.backgrounds.extract_if(.., |background| these(background.kind)) {
            background.stop(&self.processes);
        }
    }
}
