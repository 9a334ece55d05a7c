//! Colour and symbols, decided once. Elsewhere only the names of meanings are used, never a colour.

use std::fmt;

use anstyle::{AnsiColor, Style as Ansi};

/// `--color`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum ColourChoice {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// How text is painted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    colour: bool,
    symbols: &'static Symbols,
}

/// Signs with a meaning. Every one stands beside a word or a position that says the same, so none is needed to understand a line.
#[derive(Debug)]
pub(crate) struct Symbols {
    /// A step that passed.
    pub passed: &'static str,
    /// A step that had not to be run.
    pub skipped: &'static str,
    /// A step that failed.
    pub failed: &'static str,
    /// A step that was not reached.
    pub not_run: &'static str,
    /// Between parts of a line.
    pub dot: &'static str,
    /// Something was left out.
    pub ellipsis: &'static str,
    /// Left of quoted text.
    pub bar: &'static str,
    /// From one value to another.
    pub arrow: &'static str,
    /// The done part of a progress bar.
    pub full: &'static str,
    /// Its open part.
    pub open: &'static str,
    /// Frames of what turns while something runs.
    pub spinner: &'static [&'static str],
}

static UNICODE: Symbols = Symbols {
    passed: "✓",
    skipped: "↷",
    failed: "✗",
    not_run: "·",
    dot: "·",
    ellipsis: "…",
    bar: "│",
    arrow: "→",
    full: "━",
    open: "╌",
    spinner: &["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"],
};

static ASCII: Symbols = Symbols {
    passed: "ok  ",
    skipped: "--  ",
    failed: "FAIL",
    not_run: "    ",
    dot: "-",
    ellipsis: "...",
    bar: "|",
    arrow: "->",
    full: "#",
    open: ".",
    spinner: &["|", "/", "-", "\\"],
};

impl Style {
    /// Decides from what the settings know: the choice, whether the stream is a terminal, whether `NO_COLOR` is set to
    /// something, whether the locale writes UTF-8.
    pub(crate) fn decide(choice: ColourChoice, terminal: bool, no_color: bool, utf8: bool) -> Self {
        let colour = match choice {
            ColourChoice::Always => true,
            ColourChoice::Never => false,
            ColourChoice::Auto => terminal && !no_color,
        };
        Self { colour, symbols: if utf8 { &UNICODE } else { &ASCII } }
    }

    /// No colour; symbols beyond ASCII. For files and tests.
    pub(crate) fn colourless() -> Self {
        Self { colour: false, symbols: &UNICODE }
    }

    /// The symbols.
    pub(crate) fn symbols(&self) -> &'static Symbols {
        self.symbols
    }

    /// Are escape sequences written?
    pub(crate) fn has_colour(&self) -> bool {
        self.colour
    }

    /// As it should be.
    pub(crate) fn passed<T: fmt::Display>(&self, text: T) -> Painted<T> {
        self.paint(AnsiColor::Green.on_default(), text)
    }

    /// Not as it should be.
    pub(crate) fn failed<T: fmt::Display>(&self, text: T) -> Painted<T> {
        self.paint(AnsiColor::Red.on_default().bold(), text)
    }

    /// Wants to be looked at.
    pub(crate) fn warning<T: fmt::Display>(&self, text: T) -> Painted<T> {
        self.paint(AnsiColor::Yellow.on_default(), text)
    }

    /// Had not to be done.
    pub(crate) fn skipped<T: fmt::Display>(&self, text: T) -> Painted<T> {
        self.paint(AnsiColor::Cyan.on_default(), text)
    }

    /// What to do next.
    pub(crate) fn hint<T: fmt::Display>(&self, text: T) -> Painted<T> {
        self.paint(AnsiColor::Cyan.on_default().bold(), text)
    }

    /// A heading, or the words that count in a line.
    pub(crate) fn strong<T: fmt::Display>(&self, text: T) -> Painted<T> {
        self.paint(Ansi::new().bold(), text)
    }

    /// What can be passed over.
    pub(crate) fn faint<T: fmt::Display>(&self, text: T) -> Painted<T> {
        self.paint(Ansi::new().dimmed(), text)
    }

    /// Frames of excerpts: line numbers, arrows.
    pub(crate) fn frame<T: fmt::Display>(&self, text: T) -> Painted<T> {
        self.paint(AnsiColor::Blue.on_default().bold(), text)
    }

    /// Text that was expected and is not there.
    pub(crate) fn removed<T: fmt::Display>(&self, text: T) -> Painted<T> {
        self.paint(AnsiColor::Red.on_default(), text)
    }

    /// Text that came instead.
    pub(crate) fn added<T: fmt::Display>(&self, text: T) -> Painted<T> {
        self.paint(AnsiColor::Green.on_default(), text)
    }

    /// The very words that differ in a removed line.
    pub(crate) fn removed_word<T: fmt::Display>(&self, text: T) -> Painted<T> {
        self.paint(AnsiColor::Red.on_default().bold().underline(), text)
    }

    /// The very words that differ in an added line.
    pub(crate) fn added_word<T: fmt::Display>(&self, text: T) -> Painted<T> {
        self.paint(AnsiColor::Green.on_default().bold().underline(), text)
    }

    fn paint<T: fmt::Display>(&self, ansi: Ansi, text: T) -> Painted<T> {
        Painted { ansi: if self.colour { ansi } else { Ansi::new() }, text }
    }
}

/// Text with its paint.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Painted<T> {
    ansi: Ansi,
    text: T,
}

impl<T: fmt::Display> fmt::Display for Painted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{}", self.ansi.render(), self.text, self.ansi.render_reset())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_is_for_terminals_unless_the_environment_says_no() {
        let colour = |choice, terminal, no_color| {
            Style::decide(choice, terminal, no_color, true).has_colour()
        };
        assert!(colour(ColourChoice::Auto, true, false));
        assert!(!colour(ColourChoice::Auto, false, false));
        assert!(!colour(ColourChoice::Auto, true, true));
        assert!(colour(ColourChoice::Always, false, true));
        assert!(!colour(ColourChoice::Never, true, false));
    }

    #[test]
    fn without_colour_no_escape_sequence_is_written() {
        let style = Style::colourless();
        assert_eq!(style.failed("error").to_string(), "error");
        assert_eq!(
            Style::decide(ColourChoice::Always, false, false, true).strong("x").to_string(),
            "\u{1b}[1mx\u{1b}[0m"
        );
    }

    #[test]
    fn a_locale_without_utf8_gets_ascii_only() {
        let symbols = Style::decide(ColourChoice::Auto, true, false, false).symbols();
        let all = format!("{symbols:?}");
        assert!(all.is_ascii(), "{all}");
    }
}
