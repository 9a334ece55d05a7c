//! A stand-in for the world, for tests of the engine: answers from a list and remembers what it was asked. It runs nothing.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use crate::diagnostic::Diagnostic;
use crate::ids::ChapterName;
use crate::ids::StepId;
use crate::output::{Ending, LeftoverProcess, Output, ShellState};
use crate::world::{Command, Flow, ShellContext, Watcher, World};

/// What the stand-in was asked, in order.
#[derive(Debug, Clone)]
pub(crate) enum Asked {
    /// A chapter was entered, from this state.
    Enter(ShellContext, Option<ShellState>),
    /// A command was run.
    Run(Command),
    /// A chapter was left.
    Leave,
    /// The run was closed.
    Close,
}

/// One answer to a command.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    /// Shown to the watcher in these pieces; `output.bytes` and `total` are made of them.
    pub(crate) pieces: Vec<Vec<u8>>,
    /// The rest of the output.
    pub(crate) output: Output,
    /// The watcher is asked this often, 100 ms of told time apart. What it wants is done.
    pub(crate) ticks: u32,
}

impl Answer {
    /// Passes with this output, at once.
    pub(crate) fn passing(text: &str) -> Self {
        Self::ending(text, Ending::Exited(0))
    }

    /// Ends like this with this output, at once.
    pub(crate) fn ending(text: &str, ending: Ending) -> Self {
        let output = Output { ending, state: Some(ShellState::default()), ..Output::default() };
        Self { pieces: vec![text.as_bytes().to_vec()], output, ticks: 0 }
    }

    /// Takes so long: `ticks` times 100 ms of told time.
    pub(crate) fn after(self, ticks: u32) -> Self {
        Self { ticks, ..self }
    }

    /// Leaves this state.
    pub(crate) fn leaving(mut self, state: &str) -> Self {
        self.output.state = Some(ShellState(state.as_bytes().to_vec()));
        self
    }
}

/// Decides what a command answers; none: the world can't be reached any more.
type Decide = Box<dyn FnMut(&Command) -> Option<Answer>>;

/// The stand-in.
#[derive(Default)]
pub(crate) struct ScriptedWorld {
    decide: Option<Decide>,
    answers: HashMap<String, VecDeque<Answer>>,
    ended: HashMap<StepId, Output>,
    chapter: Option<ChapterName>,
    /// All it was asked.
    pub(crate) asked: Vec<Asked>,
    /// What the next `leave` or `close` says it had to stop.
    pub(crate) left: Vec<LeftoverProcess>,
}

impl ScriptedWorld {
    /// Knows no answer yet.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// The next time `chapter/step` is run it answers this; after the last answer, that one again.
    pub(crate) fn answer(&mut self, step: &str, answer: Answer) -> &mut Self {
        self.answers.entry(step.to_owned()).or_default().push_back(answer);
        self
    }

    /// Every command is answered by this, which may keep a world of its own.
    pub(crate) fn answer_by(
        &mut self,
        decide: impl FnMut(&Command) -> Option<Answer> + 'static,
    ) -> &mut Self {
        self.decide = Some(Box::new(decide));
        self
    }

    fn answer_to(&mut self, command: &Command) -> Result<Option<Answer>, Diagnostic> {
        let name = command.step.to_string();
        if let Some(decide) = &mut self.decide {
            let gone = || Diagnostic::new(format!("the world went away at {name}"));
            return decide(command).map(Some).ok_or_else(gone);
        }
        let answers = self.answers.get_mut(&name).filter(|answers| !answers.is_empty());
        let answers =
            answers.ok_or_else(|| Diagnostic::new(format!("no answer is scripted for {name}")))?;
        Ok(if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() })
    }

    /// From now on that background step has ended like this.
    pub(crate) fn end_background(&mut self, step: StepId, output: Output) {
        self.ended.insert(step, output);
    }

    /// The steps it was asked to run, in order.
    pub(crate) fn ran(&self) -> Vec<String> {
        let step = |asked: &Asked| match asked {
            Asked::Run(command) => Some(command.step.to_string()),
            _ => None,
        };
        self.asked.iter().filter_map(step).collect()
    }

    /// The chapter of the last command.
    pub(crate) fn chapter(&self) -> Option<&ChapterName> {
        self.chapter.as_ref()
    }
}

impl World for ScriptedWorld {
    fn enter(
        &mut self,
        scene: &ShellContext,
        state: Option<&ShellState>,
    ) -> Result<(), Diagnostic> {
        self.asked.push(Asked::Enter(scene.clone(), state.cloned()));
        Ok(())
    }

    fn run(&mut self, command: &Command, watcher: &mut dyn Watcher) -> Result<Output, Diagnostic> {
        self.asked.push(Asked::Run(command.clone()));
        self.chapter = Some(command.step.chapter.clone());
        let Some(Answer { pieces, mut output, ticks }) = self.answer_to(command)? else {
            return Ok(Output::default());
        };
        for piece in &pieces {
            watcher.output(piece);
        }
        output.bytes = pieces.concat();
        output.total = output.bytes.len() as u64;
        for tick in 1..=ticks {
            output.duration = Duration::from_millis(100) * tick;
            let stopped = match watcher.tick(output.duration) {
                Flow::Continue if output.duration >= command.timeout => Some(Ending::TimedOut),
                Flow::Continue => None,
                Flow::Interrupt => Some(Ending::Interrupted),
                Flow::GiveUp => Some(Ending::GivenUp),
            };
            if let Some(ending) = stopped {
                return Ok(Output { ending, state: None, ..output });
            }
        }
        Ok(output)
    }

    fn background_ended(&mut self, step: &StepId) -> Option<Output> {
        self.ended.get(step).cloned()
    }

    fn leave(&mut self) -> Vec<LeftoverProcess> {
        self.asked.push(Asked::Leave);
        std::mem::take(&mut self.left)
    }

    fn close(&mut self) -> Vec<LeftoverProcess> {
        self.asked.push(Asked::Close);
        std::mem::take(&mut self.left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::StepName;
    use crate::world::Mode;

    struct Impatient(u32);

    impl Watcher for Impatient {
        fn output(&mut self, _bytes: &[u8]) {}

        fn tick(&mut self, _elapsed: Duration) -> Flow {
            self.0 = self.0.saturating_sub(1);
            if self.0 == 0 { Flow::GiveUp } else { Flow::Continue }
        }
    }

    fn command(timeout: u64) -> Command {
        let step = StepId { chapter: ChapterName::new("a"), step: StepName::new("b") };
        let timeout = Duration::from_millis(timeout);
        Command {
            step,
            script: "x".into(),
            timeout,
            mode: Mode::Shell,
            bound: Vec::new(),
            secrets: Vec::new(),
            cwd: None,
        }
    }

    #[test]
    fn answers_come_in_order_and_the_last_one_stays() {
        let mut world = ScriptedWorld::new();
        world
            .answer("a/b", Answer::passing("one"))
            .answer("a/b", Answer::ending("two", Ending::Exited(3)));
        let mut next = || world.run(&command(1000), &mut Impatient(9)).unwrap();
        assert_eq!(
            (next().bytes, next().ending, next().ending),
            (b"one".to_vec(), Ending::Exited(3), Ending::Exited(3))
        );
        assert_eq!(world.ran(), ["a/b", "a/b", "a/b"]);
    }

    #[test]
    fn time_runs_out_and_watchers_are_heard() {
        let mut world = ScriptedWorld::new();
        world.answer("a/b", Answer::passing("").after(20));
        assert_eq!(world.run(&command(1000), &mut Impatient(99)).unwrap().ending, Ending::TimedOut);
        assert_eq!(world.run(&command(1000), &mut Impatient(3)).unwrap().ending, Ending::GivenUp);
    }

    #[test]
    fn a_step_without_an_answer_is_an_error_of_the_world() {
        assert!(ScriptedWorld::new().run(&command(1), &mut Impatient(1)).is_err());
    }
}
