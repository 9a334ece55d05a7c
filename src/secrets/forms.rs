//! Reads the forms in which programs write a text: the meanings that the bytes at one place may
//! have.
//!
//! Each encoder leaves some characters unchanged and encodes the others, and the choice differs
//! from program to program. The masker therefore has no list of encoded values, but decodes the
//! text place by place. [`readings`] returns everything that the bytes at a place may mean
//! (unchanged, escaped by a backslash, quoted for a shell, percent-encoded, as an HTML entity …). A
//! value is found where its bytes can be read one after the other.

/// The largest number of quotes and backslashes that are read as one escaped character.
const LONGEST_RUN: usize = 32;
/// The largest number of blanks at the start of a line that are read as its indentation.
const LONGEST_INDENT: usize = 64;

/// A function that receives one reading: the bytes that are meant, and the index after their
/// written form.
type Take<'a> = &'a mut dyn FnMut(&[u8], usize);

/// Passes every reading of the bytes at `at` to `take`. Returns true if further bytes could add a
/// reading.
pub(crate) fn readings(text: &[u8], at: usize, take: Take<'_>) -> bool {
    let Some(&byte) = text.get(at) else { return true };
    take(&[byte], at + 1);
    match byte {
        b'\\' | b'\'' | b'"' | b'$' => quoted(text, at, take),
        b'%' => percent(text, at, take),
        b'&' => entity(text, at, take),
        b'=' => quoted_printable(text, at, take),
        b'\n' | b'\r' => line_break(text, at, take),
        b'+' => {
            take(b" ", at + 1);
            false
        }
        _ => false,
    }
}

/// Whether an encoded character can begin with this byte.
pub(crate) fn is_special(byte: u8) -> bool {
    matches!(byte, b'\\' | b'\'' | b'"' | b'$' | b'%' | b'&' | b'=' | b'\n' | b'\r' | b'+')
}

/// Reads quotes and backslashes: all forms of shells (`'\''`, `'"'"'`, `\"`, `$'\n'`), JSON, YAML,
/// SQL and CSV, also nested in each other.
fn quoted(text: &[u8], at: usize, take: Take<'_>) -> bool {
    let rest = &text[at..text.len().min(at + LONGEST_RUN)];
    let length = rest.iter().position(|byte| !b"\\'\"$".contains(byte)).unwrap_or(rest.len());
    let mut open = at + length == text.len();
    let run = &text[at..at + length];
    for sign in *b"\\'\"$" {
        let Some(first) = run.iter().position(|&byte| byte == sign) else { continue };
        // A run of backslashes is one backslash that was escaped any number of times. Another
        // character may have any quotes around it.
        let last = if sign == b'\\' {
            run.iter().position(|&byte| byte != b'\\').unwrap_or(run.len())
        } else {
            run.len()
        };
        let from = if sign == b'\\' { 1 } else { first + 1 };
        (from..=last).for_each(|length| take(&[sign], at + length));
    }
    if run.last() == Some(&b'\\') {
        open |= escaped(text, at + length, take);
    }
    open
}

/// Reads the letters at `at` after a backslash.
fn escaped(text: &[u8], at: usize, take: Take<'_>) -> bool {
    let Some(&letter) = text.get(at) else { return true };
    let mut open = false;
    // A character between its own quotes (`$'\n'` within a word) ends with a quote.
    let mut take_quoted = |meant: &[u8], end: usize| {
        let quotes =
            text[end..].iter().take(LONGEST_RUN).take_while(|byte| b"'\"".contains(byte)).count();
        (0..=quotes).for_each(|length| take(meant, end + length));
        open |= end + quotes == text.len();
    };
    if letter == b'\n' || letter == b'\r' {
        return continued_line(text, at, &mut take_quoted) || open;
    }
    if !letter.is_ascii_alphanumeric() {
        take_quoted(&[letter], at + 1);
    }
    if let Some(control) = control_character(letter) {
        take_quoted(&[control], at + 1);
    }
    numbered(text, at, letter, &mut take_quoted) || open
}

/// A backslash at the end of a line continues the line.
fn continued_line(text: &[u8], at: usize, take: Take<'_>) -> bool {
    let (end, ran_out) = after_indentation(text, line_end(text, at));
    take(b"", end);
    if text.get(end) == Some(&b'\\') {
        take(b"", end + 1);
    }
    ran_out
}

fn control_character(letter: u8) -> Option<u8> {
    Some(match letter {
        b'n' => b'\n',
        b't' => b'\t',
        b'r' => b'\r',
        b'a' => 7,
        b'b' => 8,
        b'v' => 11,
        b'f' => 12,
        b'e' | b'E' => 27,
        _ => return None,
    })
}

/// A character by its number: `101` (octal), `x41`, `u0041`, `u{41}`, `U00000041`.
fn numbered(text: &[u8], at: usize, letter: u8, take: Take<'_>) -> bool {
    let (digits, base) = match letter {
        b'0'..=b'3' => (at..at + 3, 8),
        b'x' => (at + 1..at + 3, 16),
        b'u' if text.get(at + 1) == Some(&b'{') => return in_braces(text, at + 2, take),
        b'u' => (at + 1..at + 5, 16),
        b'U' => (at + 1..at + 9, 16),
        _ => return false,
    };
    let Some(code) = text.get(digits.clone()).and_then(|digits| number(digits, base)) else {
        return digits.end > text.len();
    };
    match letter {
        b'u' if (0xd800..0xdc00).contains(&code) => {
            return surrogate_pair(text, digits.end, code, take);
        }
        b'u' | b'U' => take_character(code, digits.end, take),
        _ => {
            if let Ok(byte) = u8::try_from(code) {
                take(&[byte], digits.end);
            }
            if code >= 0x80 {
                take_character(code, digits.end, take);
            }
        }
    }
    false
}

/// The digits of `\u{…}`, which begin at `start`.
fn in_braces(text: &[u8], start: usize, take: Take<'_>) -> bool {
    let Some(length) = text[start..].iter().take(7).position(|&byte| byte == b'}') else {
        return text.len() < start + 7;
    };
    if let Some(code) = number(&text[start..start + length], 16) {
        take_character(code, start + length + 1, take);
    }
    false
}

/// A character that is written as two `\u`, of which the first one ends at `at`.
fn surrogate_pair(text: &[u8], at: usize, high: u32, take: Take<'_>) -> bool {
    let Some(second) = text.get(at..) else { return true };
    let slashes = second.iter().take(LONGEST_RUN).take_while(|&&byte| byte == b'\\').count();
    let start = at + slashes + 1;
    let Some(digits) = text.get(start..start + 4) else { return true };
    if let Some(low) = number(digits, 16).filter(|code| (0xdc00..0xe000).contains(code)) {
        let code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
        take_character(code, start + 4, take);
    }
    false
}

/// `%2F`, `%2f`, `%252F`, `%u00FC`.
fn percent(text: &[u8], at: usize, take: Take<'_>) -> bool {
    let mut start = at + 1;
    while text[start..].starts_with(b"25") {
        take(b"%", start + 2);
        start += 2;
    }
    let long = text.get(start) == Some(&b'u');
    let digits = if long { start + 1..start + 5 } else { start..start + 2 };
    let Some(written) = text.get(digits.clone()) else { return true };
    match number(written, 16) {
        Some(code) if long => take_character(code, digits.end, take),
        Some(code) => take(&[u8::try_from(code).unwrap_or_default()], digits.end),
        None => {}
    }
    false
}

/// `&lt;`, `&#39;`, `&#x27;`, `&amp;lt;`.
fn entity(text: &[u8], at: usize, take: Take<'_>) -> bool {
    const NAMES: [(&[u8], &[u8]); 7] = [
        (b"amp", b"&"),
        (b"lt", b"<"),
        (b"gt", b">"),
        (b"quot", b"\""),
        (b"apos", b"'"),
        (b"nbsp", b" "),
        (b"newline", b"\n"),
    ];
    let mut start = at + 1;
    loop {
        let rest = &text[start..text.len().min(start + 12)];
        let Some(length) = rest.iter().position(|&byte| byte == b';') else {
            let may_go_on = rest.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'#');
            return rest.len() < 12 && may_go_on;
        };
        let (name, end) = (&rest[..length], start + length + 1);
        if let Some(digits) = name.strip_prefix(b"#") {
            let code = match digits.strip_prefix(b"x").or_else(|| digits.strip_prefix(b"X")) {
                Some(hexadecimal) => number(hexadecimal, 16),
                None => number(digits, 10),
            };
            if let Some(code) = code {
                take_character(code, end, take);
            }
        }
        if let Some((_, meant)) = NAMES.iter().find(|(known, _)| name.eq_ignore_ascii_case(known)) {
            take(meant, end);
        }
        if !name.eq_ignore_ascii_case(b"amp") {
            return false;
        }
        start = end;
    }
}

/// `=3D`, and `=` at a line's end.
fn quoted_printable(text: &[u8], at: usize, take: Take<'_>) -> bool {
    let Some(digits) = text.get(at + 1..at + 3) else { return true };
    match digits {
        [b'\n', _] => take(b"", at + 2),
        b"\r\n" => take(b"", at + 3),
        _ => {
            if let Some(code) = number(digits, 16).and_then(|code| u8::try_from(code).ok()) {
                take(&[code], at + 3);
            }
        }
    }
    false
}

/// Reads the end of a line with the indentation or the mark of the next one (`> `, `+ `, `# `), or
/// a blank at which a long line was folded.
fn line_break(text: &[u8], at: usize, take: Take<'_>) -> bool {
    let mut end = line_end(text, at);
    // YAML writes a line break within a folded text as an empty line, so a second line break may
    // belong to the first.
    for last in [false, true] {
        let (after, ran_out) = after_indentation(text, end);
        (end..=after).for_each(|end| take(b"\n", end));
        take(b" ", after);
        if ran_out {
            return true;
        }
        if last || !matches!(text[after], b'\n' | b'\r') {
            break;
        }
        end = line_end(text, after);
    }
    false
}

/// The index after `\n`, `\r\n` or `\r`.
fn line_end(text: &[u8], at: usize) -> usize {
    if text[at] == b'\r' && text.get(at + 1) == Some(&b'\n') { at + 2 } else { at + 1 }
}

/// The index after the indentation of a line, and whether the text ends there.
fn after_indentation(text: &[u8], at: usize) -> (usize, bool) {
    let start = at + usize::from(text.get(at).is_some_and(|byte| b"+-#>|".contains(byte)));
    let rest = text.get(start..).unwrap_or_default();
    let blanks = rest.iter().take(LONGEST_INDENT).take_while(|byte| b" \t".contains(byte)).count();
    (start + blanks, blanks == rest.len())
}

fn take_character(code: u32, end: usize, take: Take<'_>) {
    if let Some(character) = char::from_u32(code) {
        take(character.encode_utf8(&mut [0; 4]).as_bytes(), end);
    }
}

fn number(digits: &[u8], base: u32) -> Option<u32> {
    let all = digits.iter().all(|&digit| char::from(digit).is_digit(base));
    let text = std::str::from_utf8(digits).ok().filter(|text| all && !text.is_empty())?;
    u32::from_str_radix(text, base).ok()
}
