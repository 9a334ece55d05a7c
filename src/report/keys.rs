//! One key at a time from a terminal, with no Return after it.

use std::io::Read;

use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};

/// A key of a review.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    /// A letter.
    Letter(char),
    /// Ctrl-C, Ctrl-D, Escape, or nobody there any more.
    Quit,
}

/// The terminal on stdin, giving keys as they are pressed; as it was again when this is dropped.
pub(crate) struct Keys {
    before: Option<Termios>,
}

impl Keys {
    /// Takes the terminal. Where its modes can't be set, a key is a line's first letter.
    pub(crate) fn of_stdin() -> Self {
        let stdin = std::io::stdin();
        let before = tcgetattr(&stdin).ok();
        if let Some(before) = &before {
            let mut modes = before.clone();
            // Ctrl-C comes as a key, so that the terminal is never left behind in this state.
            modes.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG);
            modes.special_codes[SpecialCodeIndex::VMIN] = 1;
            modes.special_codes[SpecialCodeIndex::VTIME] = 0;
            let _ = tcsetattr(&stdin, OptionalActions::Now, &modes);
        }
        Self { before }
    }

    /// Waits for the next key.
    pub(crate) fn next_key(&mut self) -> Key {
        let mut byte = [0];
        loop {
            match std::io::stdin().lock().read(&mut byte) {
                Ok(1) => match byte[0] {
                    3 | 4 | 27 => return Key::Quit,
                    letter if letter.is_ascii_graphic() => return Key::Letter(char::from(letter)),
                    _ => {}
                },
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                _ => return Key::Quit,
            }
        }
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, before);
        }
    }
}
