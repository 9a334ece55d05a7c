//! Terminal output → HTML that keeps its colours. Cursor movement is left out; a line written over (`\r`) shows its last state.

use super::html::push_text;

#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Pen {
    bold: bool,
    colour: Option<u8>,
}

impl Pen {
    fn open(self, out: &mut String) {
        if self == Self::default() {
            return;
        }
        let colour = self.colour.map_or(String::new(), |colour| format!("g-c{colour}"));
        let bold = if self.bold { "g-b" } else { "" };
        out.push_str(&format!("<span class=\"{}\">", format!("{colour} {bold}").trim()));
    }

    fn close(self, out: &mut String) {
        if self != Self::default() {
            out.push_str("</span>");
        }
    }

    /// The parameters of one `ESC [ … m`.
    fn select(&mut self, parameters: &str) {
        let mut codes = parameters.split(';').map(|code| code.parse::<u8>().unwrap_or(0));
        while let Some(code) = codes.next() {
            match code {
                0 => *self = Self::default(),
                1 => self.bold = true,
                22 => self.bold = false,
                30..=37 => self.colour = Some(code - 30),
                90..=97 => self.colour = Some(code - 90),
                39 => self.colour = None,
                // 256 colours and true colour have parameters of their own.
                38 | 48 => match codes.next() {
                    Some(5) => drop(codes.next()),
                    Some(2) => drop(codes.nth(2)),
                    _ => {}
                },
                _ => {}
            }
        }
    }
}

/// The output as the content of a `pre`.
pub(super) fn html(output: &str) -> String {
    let mut out = String::with_capacity(output.len() + output.len() / 8);
    let mut pen = Pen::default();
    for (number, line) in output.trim_end().split('\n').enumerate() {
        if number > 0 {
            out.push_str("&#10;");
        }
        let line = line.trim_end_matches('\r');
        write_line(line.rsplit('\r').next().unwrap_or(line), &mut pen, &mut out);
    }
    out
}

fn write_line(line: &str, pen: &mut Pen, out: &mut String) {
    pen.open(out);
    let mut rest = line;
    while let Some(at) = rest.find('\u{1b}') {
        push_text(&rest[..at], out);
        rest = &rest[at + 1..];
        let Some(sequence) = rest.strip_prefix('[') else {
            rest = after_other(rest);
            continue;
        };
        let Some(end) = sequence.find(|next: char| ('@'..='~').contains(&next)) else {
            rest = "";
            break;
        };
        if sequence[end..].starts_with('m') {
            pen.close(out);
            pen.select(&sequence[..end]);
            pen.open(out);
        }
        rest = &sequence[end + 1..];
    }
    push_text(rest, out);
    pen.close(out);
}

/// What follows an escape that is no `ESC [`: a title (`ESC ] … BEL`) as a whole, else one character.
fn after_other(rest: &str) -> &str {
    if rest.starts_with(']') {
        return rest.find('\u{7}').map_or("", |end| &rest[end + 1..]);
    }
    let mut rest = rest.chars();
    rest.next();
    rest.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_kept_and_end_with_their_line() {
        assert_eq!(html("\x1b[1;32mok\x1b[0m <b>"), "<span class=\"g-c2 g-b\">ok</span> &lt;b&gt;");
        assert_eq!(
            html("\x1b[31ma\nb\x1b[m"),
            "<span class=\"g-c1\">a</span>&#10;<span class=\"g-c1\">b</span>"
        );
        assert_eq!(html("\x1b[38;5;196mx\x1b[38;2;1;2;3my"), "xy");
    }

    #[test]
    fn movement_and_titles_are_left_out_and_the_last_state_of_a_line_stays() {
        assert_eq!(html("\x1b[2K\x1b]0;title\x07a"), "a");
        assert_eq!(html("10%\r50%\r100%\r\nend"), "100%&#10;end");
        assert_eq!(html("\x1b[3"), "");
    }
}
