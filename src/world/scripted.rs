//! A world for tests of the engine: it gives scripted answers and remembers the calls. It runs nothing.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use crate::diagnostic::Diagnostic;
use crate::ids::StepId;
use crate::output::{Ending, LeftoverProcess, Output, ShellState};
use crate::world::{Command, Flow, ShellContext, Watcher, World};

/// The time between two calls of the watcher.
const TICK: Duration = Duration::from_millis(100);

/// A call of the world.
#[derive(Debug, Clone)]
pub(crate) enum Call {
    /// A chapter was entered, with this state.
    Enter(Option<ShellState>),
    /// A command was run.
    Run(Command),
    /// A chapter was left.
    Leave,
    /// The run was closed.
    Close,
}

/// The answer to a command.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    /// The output, in the pieces in which the watcher gets it.
    pub(crate) pieces: Vec<Vec<u8>>,
    /// Everything else about the output.
    pub(crate) output: Output,
    /// How long the command takes, in ticks of 100 ms. The watcher may end it at each of them.
    pub(crate) ticks: u32,
}

impl Answer {
    /// Passes at once, with this output.
    pub(crate) fn passing(text: &str) -> Self {
        Self::ending(text, Ending::Exited(0))
    }

    /// Ends at once like this, with this output.
    pub(crate) fn ending(text: &str, ending: Ending) -> Self {
        let output = Output { ending, state: Some(ShellState::default()), ..Output::default() };
        Self { pieces: vec![text.as_bytes().to_vec()], output, ticks: 0 }
    }

    /// Takes this many ticks.
    pub(crate) fn after(self, ticks: u32) -> Self {
        Self { ticks, ..self }
    }

    /// Leaves this state.
    pub(crate) fn leaving(mut self, state: &str) -> Self {
        self.output.state = Some(ShellState(state.as_bytes().to_vec()));
        self
    }
}

/// Decides the answer to a command. `None`: the world cannot be reached any more.
type Decide = Box<dyn FnMut(&Command) -> Option<Answer>>;

/// The scripted world.
#[derive(Default)]
pub(crate) struct ScriptedWorld {
    decide: Option<Decide>,
    answers: HashMap<String, VecDeque<Answer>>,
    /// How background steps end, and the step during which they do.
    background_ends: HashMap<String, (String, Output)>,
    on_tick: Option<Box<dyn FnMut(Duration)>>,
    /// All calls.
    pub(crate) calls: Vec<Call>,
    /// What the next `leave` or `close` had to stop.
    pub(crate) leftovers: Vec<LeftoverProcess>,
}

impl ScriptedWorld {
    /// A world without answers.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Adds an answer for `chapter/step`. Each is given once and the last one again and again.
    pub(crate) fn answer(&mut self, step: &str, answer: Answer) -> &mut Self {
        self.answers.entry(step.to_owned()).or_default().push_back(answer);
        self
    }

    /// Lets this function answer every command.
    pub(crate) fn answer_by(
        &mut self,
        decide: impl FnMut(&Command) -> Option<Answer> + 'static,
    ) -> &mut Self {
        self.decide = Some(Box::new(decide));
        self
    }

    /// Calls this function with the time that passes while a command runs.
    pub(crate) fn on_tick(&mut self, pass: impl FnMut(Duration) + 'static) {
        self.on_tick = Some(Box::new(pass));
    }

    /// The background step ends like this while the step `during` runs.
    pub(crate) fn end_background(&mut self, step: &str, during: &str, output: Output) {
        self.background_ends.insert(step.to_owned(), (during.to_owned(), output));
    }

    /// The steps that were run, in order.
    pub(crate) fn ran(&self) -> Vec<String> {
        self.commands().map(|command| command.step.to_string()).collect()
    }

    /// The commands that were run, in order.
    pub(crate) fn commands(&self) -> impl Iterator<Item = &Command> {
        self.calls.iter().filter_map(|call| match call {
            Call::Run(command) => Some(command),
            _ => None,
        })
    }

    fn answer_to(&mut self, command: &Command) -> Result<Answer, Diagnostic> {
        let name = command.step.to_string();
        let answer = match &mut self.decide {
            Some(decide) => decide(command),
            None => self.answers.get_mut(&name).and_then(|answers| {
                if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() }
            }),
        };
        answer.ok_or_else(|| Diagnostic {
            message: format!("the world cannot be reached at {name}"),
            hint: Some("start it".to_owned()),
        })
    }
}

impl World for ScriptedWorld {
    fn enter(
        &mut self,
        _context: &ShellContext,
        state: Option<&ShellState>,
    ) -> Result<(), Diagnostic> {
        self.calls.push(Call::Enter(state.cloned()));
        Ok(())
    }

    fn run(&mut self, command: &Command, watcher: &mut dyn Watcher) -> Result<Output, Diagnostic> {
        self.calls.push(Call::Run(command.clone()));
        let Answer { pieces, mut output, ticks } = self.answer_to(command)?;
        for piece in &pieces {
            watcher.output(piece);
        }
        output.bytes = pieces.concat();
        output.total = output.bytes.len() as u64;
        for tick in 1..=ticks {
            output.duration = TICK * tick;
            if let Some(pass) = &mut self.on_tick {
                pass(TICK);
            }
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
        let (during, output) = self.background_ends.get(&step.to_string())?;
        self.commands().any(|command| command.step.to_string() == *during).then(|| output.clone())
    }

    fn leave(&mut self) -> Vec<LeftoverProcess> {
        self.calls.push(Call::Leave);
        std::mem::take(&mut self.leftovers)
    }

    fn close(&mut self) -> Vec<LeftoverProcess> {
        self.calls.push(Call::Close);
        std::mem::take(&mut self.leftovers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{ChapterName, StepName};
    use crate::world::Mode;

    struct GivesUpAtTick(u32);

    impl Watcher for GivesUpAtTick {
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
    fn answers_are_given_in_order_and_the_last_one_again() {
        let mut world = ScriptedWorld::new();
        world
            .answer("a/b", Answer::passing("one"))
            .answer("a/b", Answer::ending("two", Ending::Exited(3)));
        let mut next = || world.run(&command(1000), &mut GivesUpAtTick(9)).unwrap();
        assert_eq!(
            (next().bytes, next().ending, next().ending),
            (b"one".to_vec(), Ending::Exited(3), Ending::Exited(3))
        );
        assert_eq!(world.ran(), ["a/b", "a/b", "a/b"]);
    }

    #[test]
    fn a_command_ends_at_its_timeout_or_when_the_watcher_gives_up() {
        let mut world = ScriptedWorld::new();
        world.answer("a/b", Answer::passing("").after(20));
        assert_eq!(
            world.run(&command(1000), &mut GivesUpAtTick(99)).unwrap().ending,
            Ending::TimedOut
        );
        assert_eq!(
            world.run(&command(1000), &mut GivesUpAtTick(3)).unwrap().ending,
            Ending::GivenUp
        );
    }

    #[test]
    fn a_step_without_an_answer_is_an_error_of_the_world() {
        assert!(ScriptedWorld::new().run(&command(1), &mut GivesUpAtTick(1)).is_err());
    }
}
