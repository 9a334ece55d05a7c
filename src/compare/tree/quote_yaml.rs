//! Quotes the patterns of an expected YAML text, so that YAML reads them as text.

use crate::book::is_any_lines;

/// The YAML text in which `...` lines are a field of that name, and `[..]` and `<name>` values are
/// quoted.
pub(super) fn quote_patterns(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 32);
    let lines: Vec<&str> = text.lines().collect();
    let (mut before, mut text_column) = (None, None);
    // The column of the field with a text of several lines (`|`, `>`). All lines further to the
    // right belong to the text.
    let mut block: Option<usize> = None;
    for (index, line) in lines.iter().enumerate() {
        let indent = &line[..line.len() - line.trim_start().len()];
        if block.is_some_and(|column| line.trim().is_empty() || indent.len() > column) {
            quoted.push_str(line);
            quoted.push('\n');
            continue;
        }
        block = None;
        if line.trim_end() == "\\..." {
            quoted.push_str("...");
        } else if is_any_lines(line) {
            text_column = None;
            let element = in_list(lines[..index].iter().rev(), indent)
                .or_else(|| in_list(lines[index + 1..].iter(), indent));
            let element = element.unwrap_or(false);
            quoted.push_str(indent);
            quoted.push_str(if element { "- '...'" } else { "'...': '...'" });
        } else if line.trim().is_empty() || continues_text(line, before, text_column) {
            quoted.push_str(line);
        } else {
            text_column = column_of_text(line);
            block = column_of_block(line);
            quoted.push_str(&quote_value(line));
        }
        quoted.push('\n');
        before = if line.trim().is_empty() { before } else { Some(*line) };
    }
    quoted
}

/// Whether this line continues the text that began before it. It does if it is further to the right
/// than the field of that text. It also does if it is neither a field nor an element, unless the
/// line before it has only a key.
fn continues_text(line: &str, before: Option<&str>, text_column: Option<usize>) -> bool {
    let content = line.trim_start();
    let further = text_column.is_some_and(|column| line.len() - content.len() > column);
    let bare = !content.starts_with("- ") && !content.contains(": ");
    further || (bare && before.is_some_and(|before| !before.trim_end().ends_with(':')))
}

/// The column of the field or element whose value begins on this line as plain text. All following
/// lines further to the right continue that text, even if they look like an element or a field.
/// `None`: no plain text begins here.
fn column_of_text(line: &str) -> Option<usize> {
    let mut at = line.len() - line.trim_start().len();
    let mut column = None;
    while let Some(rest) = line[at..].strip_prefix("- ") {
        column = Some(at);
        at = line.len() - rest.trim_start().len();
    }
    let mut value = &line[at..];
    if let Some(colon) = value.find(": ") {
        column = Some(at);
        value = value[colon + 2..].trim_start();
    }
    let plain = !value.is_empty()
        && !value.trim_end().ends_with(':')
        && !value.starts_with(['"', '\'', '|', '>', '#', '[', '{', '&', '*', '!']);
    column.filter(|_| plain)
}

/// The column of the field or element whose value begins on the next line, as a text of several lines.
fn column_of_block(line: &str) -> Option<usize> {
    let mut at = line.len() - line.trim_start().len();
    let mut column = at;
    while let Some(rest) = line[at..].strip_prefix("- ") {
        column = at;
        at = line.len() - rest.trim_start().len();
    }
    let value = line[at..].split_once(": ").map(|(_, value)| {
        column = at;
        value
    });
    let value = value.unwrap_or(&line[at..]).trim();
    let mark = value.split(" #").next().unwrap_or_default().trim_end();
    let opens = mark.starts_with(['|', '>'])
        && mark[1..].bytes().all(|byte| matches!(byte, b'+' | b'-' | b'1'..=b'9'));
    opens.then_some(column)
}

/// Whether the lines of this indentation are elements of a list. `None`: there are no such lines.
fn in_list<'t>(lines: impl Iterator<Item = &'t &'t str>, indent: &str) -> Option<bool> {
    let block = lines
        .filter(|line| !is_any_lines(line))
        .take_while(|line| line.starts_with(indent) && line.trim() != "---");
    let mut siblings = block
        .filter_map(|line| line.get(indent.len()..))
        .filter(|rest| !rest.starts_with(' '))
        .peekable();
    siblings.peek()?;
    Some(siblings.all(|rest| rest.starts_with("- ")))
}

/// The line with its value in quotes, if YAML would not read the value as text because it contains `[..]`.
fn quote_value(line: &str) -> String {
    let after_key = line.find(": ").map_or(0, |at| at + 2);
    let rest = &line[after_key..];
    let start =
        after_key + rest.len() - rest.trim_start().trim_start_matches("- ").trim_start().len();
    let value = &line[start..];
    let bare = !value.is_empty() && !value.starts_with(['"', '\'', '|', '>', '#']);
    if bare && value.contains("[..]") {
        format!("{}'{}'", &line[..start], value.replace('\'', "''"))
    } else {
        line.to_owned()
    }
}
