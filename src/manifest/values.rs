//! The text of a values file → values, read as kubectl reads YAML 1.1, with all that means something else than it looks like.
//!
//! A word that is a flag to kubectl (`no`, `on`, `y`) is that flag. A number that would be written otherwise afterwards (`1.30`, `010`,
//! `1_000`, `.inf`) stays as it was typed, since it is more often a version or a mode than a number.

use serde_json::Value;

use super::objects::BadYaml;
use super::yaml::{Reading, Scalar, yaml_documents};

/// A value that means something else than it looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Doubt {
    /// 1-based line.
    pub line: usize,
    /// What it is.
    pub message: String,
    /// How to say what is meant.
    pub hint: String,
}

/// The values of a file, and the doubts about them.
///
/// # Errors
/// When it is no YAML, or more than one document.
pub(crate) fn read_values(text: &str) -> Result<(Value, Vec<Doubt>), BadYaml> {
    let mut reading = AsKubectl::default();
    let mut documents = yaml_documents(text, &mut reading)
        .map_err(|error| BadYaml { message: error.message, line: error.line })?;
    if documents.len() > 1 {
        return Err(BadYaml { message: "it is more than one document".to_owned(), line: 1 });
    }
    Ok((documents.pop().unwrap_or(Value::Null), reading.doubts))
}

/// What a text without quotes is, and the doubt about it.
pub(crate) fn plain_value(text: &str) -> (Value, Option<Doubt>) {
    let mut reading = AsKubectl::default();
    let value = reading.scalar(Scalar { text, plain: true, tag: None, line: 1 });
    (value, reading.doubts.pop())
}

#[derive(Default)]
struct AsKubectl {
    doubts: Vec<Doubt>,
}

impl Reading for AsKubectl {
    fn scalar(&mut self, scalar: Scalar<'_>) -> Value {
        let text = scalar.text;
        let is_text = scalar
            .tag
            .is_some_and(|tag| !tag.is_yaml_core_schema() || tag.is_yaml_core_schema_tag("str"));
        if !scalar.plain || is_text {
            return Value::String(text.to_owned());
        }
        match text {
            "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
            "true" | "True" | "TRUE" => return Value::Bool(true),
            "false" | "False" | "FALSE" => return Value::Bool(false),
            _ => {}
        }
        if let Some(flag) = old_flag(text) {
            self.doubt(
                &scalar,
                format!("`{text}` is {flag} to kubectl, which reads YAML 1.1, and so it is here"),
            );
            return Value::Bool(flag);
        }
        let number = number(text);
        let as_written = number.to_string();
        if as_written == text {
            return number;
        }
        if let Some(meaning) = to_kubectl(text) {
            self.doubt(
                &scalar,
                format!("`{text}` is {meaning} to kubectl; here it stays as it is typed"),
            );
        }
        Value::String(text.to_owned())
    }

    fn merges(&self) -> bool {
        true
    }
}

impl AsKubectl {
    fn doubt(&mut self, scalar: &Scalar<'_>, message: String) {
        let hint = format!(
            "write `\"{}\"` for the text, or the value that is meant as YAML 1.2 has it",
            scalar.text
        );
        self.doubts.push(Doubt { line: scalar.line, message, hint });
    }
}

/// YAML 1.1 knows more words for true and false.
fn old_flag(text: &str) -> Option<bool> {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Some(true),
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

/// The number that a text is in JSON; null for none.
fn number(text: &str) -> Value {
    let starts = text.trim_start_matches('-').starts_with(|c: char| c.is_ascii_digit());
    if !starts {
        return Value::Null;
    }
    let whole =
        text.parse::<i64>().map(Value::from).or_else(|_| text.parse::<u64>().map(Value::from));
    whole.ok().or_else(|| text.parse::<f64>().ok().map(Value::from)).unwrap_or(Value::Null)
}

/// What kubectl makes of a plain text that looks like a number to it.
fn to_kubectl(text: &str) -> Option<String> {
    let (minus, bare) = match text.strip_prefix(['-', '+']) {
        Some(rest) => (if text.starts_with('-') { "-" } else { "" }, rest),
        None => ("", text),
    };
    if matches!(bare, ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN") {
        return Some("nothing, since it refuses a file with it,".to_owned());
    }
    if !bare.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    let plain = bare.replace('_', "");
    let whole = |digits: &str, radix: u32| {
        i128::from_str_radix(digits, radix).ok().filter(|_| !digits.starts_with(['+', '-']))
    };
    let number = if let Some(digits) = plain.strip_prefix("0x") {
        whole(digits, 16)
    } else if let Some(digits) = plain.strip_prefix("0o") {
        whole(digits, 8)
    } else if let Some(digits) = plain.strip_prefix("0b") {
        whole(digits, 2)
    } else if plain.len() > 1
        && plain.starts_with('0')
        && plain.bytes().all(|byte| byte.is_ascii_digit())
    {
        whole(&plain, 8).or_else(|| whole(&plain, 10))
    } else {
        None
    };
    if let Some(number) = number {
        return Some(format!("the number {minus}{number}"));
    }
    let number = plain.parse::<f64>().ok().filter(|number| number.is_finite())?;
    Some(format!(
        "the number {minus}{}",
        serde_json::Number::from_f64(number).map_or(plain, |number| trimmed(&number.to_string()))
    ))
}

/// `1000.0` is 1000.
fn trimmed(number: &str) -> String {
    number.strip_suffix(".0").unwrap_or(number).to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn words_that_are_flags_to_kubectl_are_flags_and_reported() {
        let (values, doubts) =
            read_values("a: no\nb: On\nc: y\nd: \"no\"\ne: !!str off\nf: true\n").unwrap();
        assert_eq!(
            values,
            json!({"a": false, "b": true, "c": true, "d": "no", "e": "off", "f": true})
        );
        assert_eq!(doubts.iter().map(|doubt| doubt.line).collect::<Vec<_>>(), [1, 2, 3]);
        assert!(doubts[0].message.starts_with("`no` is false to kubectl"), "{}", doubts[0].message);
    }

    #[test]
    fn numbers_that_would_be_written_otherwise_stay_as_typed_and_are_reported() {
        for (text, meaning) in [
            ("1.30", "the number 1.3 "),
            ("010", "the number 8 "),
            ("0o10", "the number 8 "),
            ("0x1F", "the number 31 "),
            ("1_000", "the number 1000 "),
            ("1e3", "the number 1000 "),
            ("+1", "the number 1 "),
            ("-0", "the number -0 "),
            ("09", "the number 9 "),
            (".inf", "nothing, since"),
            ("12345678901234567890123", "the number 1.2345678901234568e+22 "),
        ] {
            let (value, doubt) = plain_value(text);
            assert_eq!(value, json!(text));
            let message = doubt.unwrap_or_else(|| panic!("{text} is not reported")).message;
            assert!(message.contains(&format!("is {meaning}")), "{message}");
        }
    }

    #[test]
    fn what_looks_like_what_it_is_is_not_reported() {
        for (text, value) in [
            ("3", json!(3)),
            ("-2", json!(-2)),
            ("1.5", json!(1.5)),
            ("18446744073709551615", json!(18_446_744_073_709_551_615_u64)),
            ("v1.30", json!("v1.30")),
            ("1.2.3", json!("1.2.3")),
            ("2024-01-01", json!("2024-01-01")),
            ("12:30", json!("12:30")),
            ("10.0.0.0/8", json!("10.0.0.0/8")),
            ("5m", json!("5m")),
            ("0e", json!("0e")),
            ("~", Value::Null),
            ("none", json!("none")),
        ] {
            assert_eq!(plain_value(text), (value, None), "{text}");
        }
    }

    #[test]
    fn anchors_merges_and_keys_that_are_there_twice() {
        let (values, _) =
            read_values("base: &base {a: 1, b: 2}\nown:\n  <<: *base\n  b: 3\n").unwrap();
        assert_eq!(values["own"], json!({"b": 3, "a": 1}));
        let bad = read_values("a: 1\nb: 2\na: 3\n").unwrap_err();
        assert_eq!((bad.message.as_str(), bad.line), ("`a` is there twice", 3));
        assert_eq!(read_values("# nothing\n").unwrap().0, Value::Null);
    }
}
