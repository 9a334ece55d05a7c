//! EXECUTE: one resolved command → one [`Output`](crate::output::Output). The only room that touches processes, the cluster,
//! signals and the clock. It never prints, opens no file of a run (outputs go into the [`Watcher`]), and decides nothing about
//! what an output means.

pub mod cluster;
pub mod facts;

mod assigned;
mod background;
mod channel;
mod declaration;
mod dump;
mod guard;
mod left;
mod mask;
mod probe;
mod processes;
mod pump;
mod quote;
mod reach;
mod rerun;
mod roots;
mod scripted;
mod secrets;
mod serve;
mod session;
mod shell;
mod signals;
mod sink;
mod state;
mod terminal;
mod versions;
mod world;

pub use mask::{MASK, MaskStream, Masker};
pub use rerun::Rerun;
pub use scripted::{Answer, Asked, ScriptedWorld};
pub use serve::serve;
pub use shell::{ShellOptions, ShellWorld};
pub use signals::Interrupt;
pub use versions::versions;
pub use world::{Command, Flow, Mode, Scene, Watcher, World, WorldError};
