//! Colours and symbols. The other files of this room name meanings (passed, failed, hint), and never a colour.

use std::fmt;

use anstyle::{AnsiColor, Style as Ansi};

use crate::text::sanitize::is_colour_mark;

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

/// The colours and symbols of a text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    colour: bool,
    symbols: &'static Symbols,
}

/// Symbols with a meaning. A word or a position beside each symbol has the same meaning, so no symbol is needed to read a line.
#[derive(Debug)]
pub(crate) struct Symbols {
    /// A step that passed.
    pub passed: &'static str,
    /// A step that did not have to run.
    pub skipped: &'static str,
    /// A step that failed.
    pub failed: &'static str,
    /// A step that was not reached.
    pub not_run: &'static str,
    /// Between parts of a line.
    pub dot: &'static str,
    /// The mark of omitted text.
    pub ellipsis: &'static str,
    /// The line to the left of quoted text.
    pub bar: &'static str,
    /// The arrow from one value to another.
    pub arrow: &'static str,
    /// The done part of a progress bar.
    pub full: &'static str,
    /// The other part of a progress bar.
    pub open: &'static str,
    /// The frames of the spinner.
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
    /// Decides by the choice, and by whether the stream is a terminal, `NO_COLOR` is set, and the locale uses UTF-8.
    pub(crate) fn decide(choice: ColourChoice, terminal: bool, no_color: bool, utf8: bool) -> Self {
        let colour = match choice {
            ColourChoice::Always => true,
            ColourChoice::Never => false,
            ColourChoice::Auto => terminal && !no_color,
        };
        Self { colour, symbols: if utf8 { &UNICODE } else { &ASCII } }
    }

    /// No colour, with symbols beyond ASCII. For files and tests.
    pub(crate) fn colourless() -> Self {
        Self { colour: false, symbols: &UNICODE }
    }

    /// The symbols.
    pub(crate) fn symbols(&self) -> &'static Symbols {
        self.symbols
    }

    /// Whether escape sequences are written.
    pub(crate) fn has_colour(&self) -> bool {
        self.colour
    }

    /// Something is correct.
    pub(crate) fn passed<T: fmt::Display>(&self, text: T) -> Painted<T> {
        self.paint(Paint::Green, text)
    }

    /// Something is wrong.
    pub(crate) fn failed<T: fmt::Display>(&self, text: T) -> Painted<T> {
        self.paint(Paint::BoldRed, text)
    }

    /// Something deserves attention.
    pub(crate) fn warning<T: fmt::Display>(&self, text: T) -> Painted<T> {
        self.paint(Paint::Yellow, text)
    }

    /// Something did not have to be done.
    pub(crate) fn skipped<T: fmt::Display>(&self, text: T) -> Painted<T> {
        self.paint(Paint::Cyan, text)
    }

    /// The next thing to do.
    pub(crate) fn hint<T: fmt::Display>(&self, text: T) -> Painted<T> {
        self.paint(Paint::BoldCyan, text)
    }

    /// A heading, or the words of a line that matter.
    pub(crate) fn strong<T: fmt::Display>(&self, text: T) -> Painted<T> {
        self.paint(Paint::Bold, text)
    }

    /// Words that a reader can skip.
    pub(crate) fn faint<T: fmt::Display>(&self, text: T) -> Painted<T> {
        self.paint(Paint::Dimmed, text)
    }

    /// The frame of an excerpt: line numbers and arrows.
    pub(crate) fn frame<T: fmt::Display>(&self, text: T) -> Painted<T> {
        self.paint(Paint::BoldBlue, text)
    }

    /// Expected text that is missing.
    pub(crate) fn removed<T: fmt::Display>(&self, text: T) -> Painted<T> {
        self.paint(Paint::Red, text)
    }

    /// Actual text that was not expected.
    pub(crate) fn added<T: fmt::Display>(&self, text: T) -> Painted<T> {
        self.paint(Paint::Green, text)
    }

    /// The words that differ in a removed line.
    pub(crate) fn removed_word<T: fmt::Display>(&self, text: T) -> Painted<T> {
        self.paint(Paint::UnderlinedRed, text)
    }

    /// The words that differ in an added line.
    pub(crate) fn added_word<T: fmt::Display>(&self, text: T) -> Painted<T> {
        self.paint(Paint::UnderlinedGreen, text)
    }

    fn paint<T: fmt::Display>(&self, paint: Paint, text: T) -> Painted<T> {
        Painted { paint: self.colour.then_some(paint), text }
    }
}

/// Every colour that guide uses.
#[derive(Debug, Clone, Copy)]
enum Paint {
    Bold,
    Dimmed,
    Red,
    Green,
    Yellow,
    Cyan,
    BoldRed,
    BoldCyan,
    BoldBlue,
    UnderlinedRed,
    UnderlinedGreen,
}

/// In the order of their marks.
const PAINTS: [Paint; 11] = [
    Paint::Bold,
    Paint::Dimmed,
    Paint::Red,
    Paint::Green,
    Paint::Yellow,
    Paint::Cyan,
    Paint::BoldRed,
    Paint::BoldCyan,
    Paint::BoldBlue,
    Paint::UnderlinedRed,
    Paint::UnderlinedGreen,
];

/// The mark of the first paint; see [`is_colour_mark`] for why these characters.
const FIRST_MARK: u32 = 0xfdd0;
/// The mark that ends a paint.
const END_MARK: char = '\u{fdef}';

impl Paint {
    fn ansi(self) -> Ansi {
        match self {
            Self::Bold => Ansi::new().bold(),
            Self::Dimmed => Ansi::new().dimmed(),
            Self::Red => AnsiColor::Red.on_default(),
            Self::Green => AnsiColor::Green.on_default(),
            Self::Yellow => AnsiColor::Yellow.on_default(),
            Self::Cyan => AnsiColor::Cyan.on_default(),
            Self::BoldRed => AnsiColor::Red.on_default().bold(),
            Self::BoldCyan => AnsiColor::Cyan.on_default().bold(),
            Self::BoldBlue => AnsiColor::Blue.on_default().bold(),
            Self::UnderlinedRed => AnsiColor::Red.on_default().bold().underline(),
            Self::UnderlinedGreen => AnsiColor::Green.on_default().bold().underline(),
        }
    }

    fn mark(self) -> char {
        char::from_u32(FIRST_MARK + self as u32).unwrap_or(END_MARK)
    }
}

/// Text with a colour. It is written with marks around it, which [`with_escape_sequences`] replaces when it is printed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Painted<T> {
    paint: Option<Paint>,
    text: T,
}

impl<T: fmt::Display> fmt::Display for Painted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.paint {
            Some(paint) => write!(f, "{}{}{END_MARK}", paint.mark(), self.text),
            None => self.text.fmt(f),
        }
    }
}

/// The text with an escape sequence in the place of every colour mark: the last thing that happens to it before it is printed.
pub(super) fn with_escape_sequences(text: &str) -> String {
    let mut coloured = String::with_capacity(text.len());
    for character in text.chars() {
        let paint =
            (character as u32).checked_sub(FIRST_MARK).and_then(|at| PAINTS.get(at as usize));
        match paint {
            Some(paint) => coloured.push_str(&paint.ansi().render().to_string()),
            None if character == END_MARK => {
                coloured.push_str(&anstyle::Reset.render().to_string());
            }
            None if is_colour_mark(character) => {}
            None => coloured.push(character),
        }
    }
    coloured
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_is_for_terminals_unless_no_color_is_set() {
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
        let painted =
            Style::decide(ColourChoice::Always, false, false, true).strong("x").to_string();
        assert_eq!(with_escape_sequences(&painted), "\u{1b}[1mx\u{1b}[0m");
    }

    #[test]
    fn every_colour_has_a_mark_of_its_own_that_becomes_its_escape_sequence() {
        for paint in PAINTS {
            let painted = Painted { paint: Some(paint), text: "x" }.to_string();
            let expected = format!("{}x{}", paint.ansi().render(), anstyle::Reset.render());
            assert_eq!(with_escape_sequences(&painted), expected);
        }
    }

    #[test]
    fn a_locale_without_utf8_gets_ascii_only() {
        let symbols = Style::decide(ColourChoice::Auto, true, false, false).symbols();
        let all = format!("{symbols:?}");
        assert!(all.is_ascii(), "{all}");
    }
}
