//! The engine on a scripted world, with a clock that moves only when somebody waits.

mod book;

pub(super) use book::FakeClock;
