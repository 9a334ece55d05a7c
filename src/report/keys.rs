//! Reads single keys from a terminal, without Return.

use std::io::Read;

use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};

/// A key of a review.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    /// A letter.
    Letter(char),
    /// Ctrl-C, Ctrl-D, Escape, or the end of the input.
    Quit,
}

/// The terminal on stdin in a mode in which it returns each key at once. Dropping this restores its mode.
pub(crate) struct Keys {
    before: Option<Termios>,
}

impl Keys {
    /// Changes the mode of the terminal. If that is not possible, keys are read from lines.
    pub(crate) fn of_stdin() -> Self {
        let stdin = std::io::stdin();
        let before = tcgetattr(&stdin).ok();
        if let Some(before) = &before {
            let mut modes = before.clone();
            // Ctrl-C is read as a key, so that the terminal's mode is always restored.
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
