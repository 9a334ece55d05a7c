//! Durations as authors write them: `500ms`, `90s`, `2m`, `1h30m`.

use std::time::Duration;

/// Units from the longest to the shortest, with their length in milliseconds.
const UNITS: [(&str, u64); 5] =
    [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// Reads a duration.
///
/// # Errors
/// A message that says what is wrong.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    if text.is_empty() {
        return Err("it is empty".to_owned());
    }
    let mut rest = text;
    let mut total: u64 = 0;
    let mut allowed = &UNITS[..];
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            return Err(format!("there is no number before `{rest}`"));
        }
        let (number, after) = rest.split_at(digits);
        let letters = after.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (unit, after) = after.split_at(letters);
        if unit.is_empty() {
            return Err(if after.is_empty() {
                format!("`{number}` has no unit")
            } else {
                format!("`{after}` is not a unit")
            });
        }
        let Some(found) = allowed.iter().position(|(name, _)| *name == unit) else {
            let known = UNITS.iter().any(|(name, _)| *name == unit);
            return Err(if known {
                format!("`{unit}` stands out of order")
            } else {
                format!("`{unit}` is not a unit")
            });
        };
        total = number
            .parse::<u64>()
            .ok()
            .and_then(|number| number.checked_mul(allowed[found].1))
            .and_then(|part| total.checked_add(part))
            .ok_or_else(|| "it is too long".to_owned())?;
        allowed = &allowed[found + 1..];
        rest = after;
    }
    Ok(Duration::from_millis(total))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_read() {
        for (text, millis) in [
            ("500ms", 500),
            ("90s", 90_000),
            ("2m", 120_000),
            ("1h30m", 5_400_000),
            ("1m500ms", 60_500),
            ("0s", 0),
            ("1d", 86_400_000),
        ] {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
    }

    #[test]
    fn an_invalid_duration_is_refused_with_the_reason() {
        for (text, reason) in [
            ("", "empty"),
            ("90", "`90` has no unit"),
            ("s", "no number before `s`"),
            ("2min", "`min` is not a unit"),
            ("-1s", "no number before `-1s`"),
            ("1.5s", "`.5s` is not a unit"),
            ("30m1h", "`h` stands out of order"),
            ("1s1s", "`s` stands out of order"),
            ("99999999999999999999s", "too long"),
            ("99999999999999999d", "too long"),
            ("2m ", "no number before"),
        ] {
            let error = parse_duration(text).expect_err(text);
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}
