//! HTML on one line.

/// Text as HTML shows it, also within an attribute. Line ends become character references: a blank line would end the HTML block
/// it stands in, as Markdown has it. So do the characters with which mdBook and its preprocessors begin something of their own
/// (`{{#include …}}`, `{% … %}`, `$…$`, `\(…\)`, backquotes): what a step printed is text, and must not name a file to put in its place.
pub(super) fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    push_text(text, &mut out);
    out
}

/// As [`text`], at the end of what is there.
pub(super) fn push_text(text: &str, out: &mut String) {
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
            other if other.is_control() => out.push('\u{fffd}'),
            other => out.push(other),
        }
    }
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

/// `24 Nov 2026, 21:20 UTC`; where it is no time, the text as HTML shows it.
pub(super) fn moment(at: &str) -> String {
    at.parse::<jiff::Timestamp>()
        .map_or_else(|_| text(at), |at| at.strftime("%-d %b %Y, %H:%M UTC").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_an_output_stays_text_on_one_line() {
        assert_eq!(text("<script>\n\n\"&\""), "&lt;script&gt;&#10;&#10;&quot;&amp;&quot;");
        assert_eq!(text("a\r\nb\x07"), "a&#10;b\u{fffd}");
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
    fn times_are_short() {
        assert_eq!(
            [seconds(0.04), seconds(30.9), seconds(80.0), seconds(4000.0)],
            ["40 ms", "31 s", "1 min 20 s", "1 h 6 min"]
        );
        assert_eq!(moment("2026-11-24T21:20:40.478Z"), "24 Nov 2026, 21:20 UTC");
        assert_eq!(moment("some <day>"), "some &lt;day&gt;");
    }
}
