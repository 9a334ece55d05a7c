//! HTML on one line: the templates (`*.html.j2` in this folder), and how a value is written into one.
//!
//! A template escapes every value unless it is HTML that this room has made ([`html`]), so that an unexpected value is text and never
//! markup.

use std::fmt::Write as _;
use std::sync::LazyLock;

use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value};

use crate::text::sanitize::is_unsafe;

/// The templates. A line end in one is only layout, because a blank line would end the HTML block on the page.
const TEMPLATES: [(&str, &str); 4] = [
    ("step", include_str!("step.html.j2")),
    ("manifest", include_str!("manifest.html.j2")),
    ("status_panel", include_str!("status_panel.html.j2")),
    ("pictures", include_str!("pictures.html.j2")),
];

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Lenient);
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_formatter(|out, _, value| {
        if value.is_undefined() || value.is_none() {
            return Ok(());
        }
        let shown = value.to_string();
        let written = out.write_str(&if value.is_safe() { shown } else { text(&shown) });
        written.map_err(|_| minijinja::Error::from(minijinja::ErrorKind::WriteFailure))
    });
    environment.add_filter("id", |name: String| id(&name));
    for (name, template) in TEMPLATES {
        let on_one_line: String = template.lines().map(str::trim).collect();
        // A template that cannot be parsed is missing, and `render` says so; a test renders each of them.
        let _ = environment.add_template_owned(name, on_one_line);
    }
    environment
});

/// The HTML of a template, or the reason if it fails.
pub(super) fn render(template: &str, values: Value) -> String {
    let rendered = ENVIRONMENT.get_template(template).and_then(|template| template.render(values));
    rendered.unwrap_or_else(|error| text(&format!("{error:#}")))
}

/// HTML that this room has made, as a value that a template does not escape.
pub(super) fn html(html: String) -> Value {
    Value::from_safe_string(html)
}

/// Text as HTML shows it, also within an attribute. Line ends become character references, because a blank line would end the HTML
/// block around it in Markdown. So do the characters with which mdBook and its preprocessors begin something of their own
/// (`{{#include …}}`, `{% … %}`, `$…$`, `\(…\)`, backquotes): what a step printed is text, and must not name a file to be put in its
/// place.
pub(super) fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for next in text.chars() {
        match next {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '{' => out.push_str("&#123;"),
            '}' => out.push_str("&#125;"),
            '$' => out.push_str("&#36;"),
            '\\' => out.push_str("&#92;"),
            '`' => out.push_str("&#96;"),
            '\n' => out.push_str("&#10;"),
            '\r' => {}
            '\t' => out.push_str("&#9;"),
            other if is_unsafe(other) => out.push('\u{fffd}'),
            other => out.push(other),
        }
    }
    out
}

/// What a program printed, as HTML that keeps its eight colours and its bold text. Other escape sequences are left out, and of a line
/// that was written over (`\r`) the last state is shown.
pub(super) fn terminal_output(output: &str) -> String {
    let mut terminal = anstream::adapter::WinconBytes::new();
    let mut out = String::with_capacity(output.len() + output.len() / 8);
    for (number, line) in output.trim_end().split('\n').enumerate() {
        if number > 0 {
            out.push_str("&#10;");
        }
        let line = line.trim_end_matches('\r');
        let line = line.rsplit('\r').next().unwrap_or(line);
        for (style, words) in terminal.extract_next(line.as_bytes()) {
            let class = class_of(style);
            let words = text(&words);
            let _ = if class.is_empty() {
                write!(out, "{words}")
            } else {
                write!(out, "<span class=\"{class}\">{words}</span>")
            };
        }
    }
    out
}

/// The classes of `page.css` for a style; empty for none.
fn class_of(style: anstyle::Style) -> String {
    let number = match style.get_fg_color() {
        Some(anstyle::Color::Ansi(colour)) => Some(anstyle::Ansi256Color::from_ansi(colour).0 % 8),
        Some(anstyle::Color::Ansi256(colour)) if colour.0 < 16 => Some(colour.0 % 8),
        _ => None,
    };
    let bold = style.get_effects().contains(anstyle::Effects::BOLD);
    let colour = number.map(|number| format!("g-c{number}"));
    colour.into_iter().chain(bold.then(|| "g-b".to_owned())).collect::<Vec<_>>().join(" ")
}

/// A name as an `id`.
pub(super) fn id(name: &str) -> String {
    name.chars()
        .map(|next| if next.is_alphanumeric() || next == '-' || next == '_' { next } else { '-' })
        .collect()
}

/// `40 ms`, `3 s`, `1 min 20 s`.
pub(super) fn seconds(seconds: f64) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a step's seconds are few and not negative"
    )]
    let whole = seconds.max(0.0).round() as u64;
    match whole {
        0 if seconds < 0.0995 => format!("{:.0} ms", seconds.max(0.0) * 1000.0),
        0..10 => format!("{seconds:.1} s"),
        10..60 => format!("{whole} s"),
        60..3600 => format!("{} min {} s", whole / 60, whole % 60),
        _ => format!("{} h {} min", whole / 3600, whole % 3600 / 60),
    }
}

/// A time as `24 Nov 2026, 21:20 UTC`; a text that is not a time is not changed.
pub(super) fn moment(at: &str) -> String {
    at.parse::<jiff::Timestamp>()
        .map_or_else(|_| at.to_owned(), |at| at.strftime("%-d %b %Y, %H:%M UTC").to_string())
}

/// `1 chapter`, `2 chapters`.
pub(super) fn counted(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

#[cfg(test)]
mod tests {
    use minijinja::context;

    use super::*;

    #[test]
    fn an_output_is_text_on_one_line() {
        assert_eq!(text("<script>\n\n\"&\""), "&lt;script&gt;&#10;&#10;&quot;&amp;&quot;");
        assert_eq!(text("a\r\nb\x07\u{202e}'"), "a&#10;b\u{fffd}\u{fffd}'");
    }

    #[test]
    fn nothing_in_an_output_is_a_directive_of_mdbook_or_of_one_of_its_preprocessors() {
        let shown = text("{{#include ../.guide/kubeconfig}} {% embed x %} $x$ \\(y\\) ```z```");
        assert!(!shown.contains(['{', '}', '$', '\\', '`']), "{shown}");
        assert!(
            shown.starts_with("&#123;&#123;#include ../.guide/kubeconfig&#125;&#125;"),
            "{shown}"
        );
    }

    #[test]
    fn every_value_of_a_template_is_escaped() {
        const NASTY: &str = "</pre><script>\"'{{#include x}}$`\n\n\u{202e}";
        for (name, template) in TEMPLATES {
            // Every name that the template reads has the nasty value, alone and in lists.
            let item = context! { name => NASTY, text => NASTY, title => NASTY, profile => NASTY, page => NASTY,
            kind => NASTY, class => NASTY, base64 => NASTY, output => NASTY, facts => NASTY, profiles => [NASTY, NASTY], indent => NASTY };
            let values = context! {
                name => NASTY, file => NASTY, file_name => NASTY, title => NASTY, label => NASTY, table => NASTY, table_label => NASTY,
                profiles => NASTY, expected => NASTY, chapters => NASTY, commands => vec![item.clone(), item.clone()], badges => [NASTY, NASTY],
                elsewhere => [NASTY], columns => [NASTY], rows => [[NASTY, NASTY]], nodes => vec![item.clone()],
                template => vec![item.clone()], versions => vec![item.clone(), item.clone()], beside => true, svg => NASTY,
                views => [context! { profile => NASTY, last => NASTY, versions => [NASTY], rows => vec![item.clone()] }],
                panes => [context! { profile => NASTY, facts => vec![item.clone()], output => NASTY, up_to_date => true, checks => vec![item.clone()] },
                    context! { not_run => context! { under => [NASTY, NASTY] } }],
            };
            let page = render(name, values);
            assert!(page.contains("&lt;/pre&gt;&lt;script&gt;"), "{name} shows nothing: {page}");
            assert!(
                !page.contains("<script>")
                    && !page.contains(['{', '}', '$', '`', '\n', '\u{202e}']),
                "{name}: {page}"
            );
            assert!(!template.contains("safe"), "{name} inserts HTML as it is");
        }
    }

    #[test]
    fn colours_are_kept_and_end_with_their_line() {
        assert_eq!(
            terminal_output("\x1b[1;32mok\x1b[0m <b>"),
            "<span class=\"g-c2 g-b\">ok</span> &lt;b&gt;"
        );
        assert_eq!(
            terminal_output("\x1b[31ma\nb\x1b[m"),
            "<span class=\"g-c1\">a</span>&#10;<span class=\"g-c1\">b</span>"
        );
        assert_eq!(terminal_output("\x1b[38;5;196mx\x1b[38;2;1;2;3my"), "xy");
    }

    #[test]
    fn movement_and_titles_are_removed_and_the_last_state_of_a_line_is_shown() {
        assert_eq!(terminal_output("\x1b[2K\x1b]0;title\x07a"), "a");
        assert_eq!(terminal_output("10%\r50%\r100%\r\nend"), "100%&#10;end");
        assert_eq!(terminal_output("\x1b[3"), "");
    }

    #[test]
    fn times_are_short() {
        assert_eq!(
            [seconds(0.04), seconds(30.9), seconds(80.0), seconds(4000.0)],
            ["40 ms", "31 s", "1 min 20 s", "1 h 6 min"]
        );
        assert_eq!(moment("2026-11-24T21:20:40.478Z"), "24 Nov 2026, 21:20 UTC");
        assert_eq!(moment("some <day>"), "some <day>");
    }
}
