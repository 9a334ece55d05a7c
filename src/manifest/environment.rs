//! The environment of every template and condition: an undefined name is an error, and time, memory and text are bounded.

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior, Value};

/// An environment in which an undefined name is an error, and in which every template ends.
pub(crate) fn strict_environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    if let Ok(syntax) = SyntaxConfig::builder().keep_trailing_newline(true).build() {
        environment.set_syntax(syntax);
    }
    environment.set_debug(true);
    environment.set_fuel(Some(FUEL));
    environment.set_formatter(|out, state, value| match value.len() {
        // A list such as `[1] * 100000000` takes no memory until it is written, and writing it would take minutes.
        Some(length) if length > LONGEST_LIST => {
            let why =
                format!("a list of {length} entries is not written: {LONGEST_LIST} is the most");
            Err(Error::new(ErrorKind::InvalidOperation, why))
        }
        _ => minijinja::escape_formatter(out, state, value),
    });
    environment
}

/// Renders into a text of at most [`LARGEST_TEXT`] bytes, because one value can describe more text than there is memory.
pub(super) fn render_bounded(
    template: &minijinja::Template<'_, '_>,
    values: impl Into<Value>,
) -> Result<String, Error> {
    let mut text = BoundedText(Vec::new());
    template.render_captured_to(values, &mut text)?;
    Ok(String::from_utf8_lossy(&text.0).into_owned())
}

/// The longest list that a template writes, in entries.
const LONGEST_LIST: usize = 1_000_000;

/// The largest text of one template, in bytes.
const LARGEST_TEXT: usize = 16 * 1024 * 1024;

struct BoundedText(Vec<u8>);

impl std::io::Write for BoundedText {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.0.len() + bytes.len() > LARGEST_TEXT {
            return Err(std::io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The most instructions of one template: far more than any manifest needs, and used up in well under a second.
const FUEL: u64 = 2_000_000;
