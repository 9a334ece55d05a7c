//! The text of a values file → values, and the scalars whose meaning may surprise.
//!
//! kubectl reads YAML 1.1. A word that kubectl reads as a boolean (`no`, `on`, `y`) is a boolean here too. A number that JSON would
//! write differently (`1.30`, `010`, `1_000`, `.inf`) is kept as typed, because it is more often a version or a mode than a number.

use serde_json::Value;

use super::yaml::{Scalar, ScalarReader, YamlError, yaml_documents};

/// A scalar whose meaning may surprise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ambiguity {
    /// 1-based line.
    pub line: usize,
    /// How it is read.
    pub message: String,
    /// How to write it without ambiguity.
    pub hint: String,
}

/// The values of a file, and its ambiguous scalars in their order.
///
/// # Errors
/// The text is not valid YAML, or contains more than one document.
pub(crate) fn read_values(text: &str) -> Result<(Value, Vec<Ambiguity>), YamlError> {
    let mut reading = AsKubectl::default();
    let mut documents = yaml_documents(text, &mut reading)?;
    if documents.len() > 1 {
        return Err(YamlError {
            message: "the file contains more than one document".to_owned(),
            line: 1,
        });
    }
    Ok((documents.pop().unwrap_or(Value::Null), reading.ambiguities))
}

/// The value of a text without quotes, and whether its meaning may surprise.
pub(crate) fn plain_value(text: &str) -> (Value, Option<Ambiguity>) {
    let mut reading = AsKubectl::default();
    let value = reading.scalar(Scalar { text, plain: true, tag: None, line: 1 });
    (value, reading.ambiguities.pop())
}

#[derive(Default)]
struct AsKubectl {
    ambiguities: Vec<Ambiguity>,
}

impl ScalarReader for AsKubectl {
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
        if let Some(flag) = yaml_1_1_boolean(text) {
            self.ambiguity(
                &scalar,
                format!("`{text}` is read as {flag}, as kubectl reads it (YAML 1.1)"),
            );
            return Value::Bool(flag);
        }
        let number = number(text);
        let as_written = number.to_string();
        if as_written == text {
            return number;
        }
        if let Some(meaning) = kubectl_meaning(text) {
            self.ambiguity(&scalar, format!("{meaning}; guide keeps it as typed"));
        }
        Value::String(text.to_owned())
    }

    fn merges_anchors(&self) -> bool {
        true
    }
}

impl AsKubectl {
    fn ambiguity(&mut self, scalar: &Scalar<'_>, message: String) {
        let hint = format!(
            "write `\"{}\"` if you mean the text, or write the value as YAML 1.2 does",
            scalar.text
        );
        self.ambiguities.push(Ambiguity { line: scalar.line, message, hint });
    }
}

/// The boolean that a word is in YAML 1.1 only.
fn yaml_1_1_boolean(text: &str) -> Option<bool> {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Some(true),
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

/// The number that a text is in JSON; null if it is not a number.
fn number(text: &str) -> Value {
    let starts = text.trim_start_matches('-').starts_with(|c: char| c.is_ascii_digit());
    if !starts {
        return Value::Null;
    }
    let whole =
        text.parse::<i64>().map(Value::from).or_else(|_| text.parse::<u64>().map(Value::from));
    whole.ok().or_else(|| text.parse::<f64>().ok().map(Value::from)).unwrap_or(Value::Null)
}

/// How kubectl reads a plain text that looks like a number to it, as a sentence. `None` if it does not look like a number.
fn kubectl_meaning(text: &str) -> Option<String> {
    let (minus, bare) = match text.strip_prefix(['-', '+']) {
        Some(rest) => (if text.starts_with('-') { "-" } else { "" }, rest),
        None => ("", text),
    };
    if matches!(bare, ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN") {
        return Some(format!("kubectl refuses a file that contains `{text}`"));
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
        return Some(format!("kubectl reads `{text}` as the number {minus}{number}"));
    }
    let number = plain.parse::<f64>().ok().filter(|number| number.is_finite())?;
    Some(format!(
        "kubectl reads `{text}` as the number {minus}{}",
        serde_json::Number::from_f64(number)
            .map_or(plain, |number| without_zero_fraction(&number.to_string()))
    ))
}

/// A number without a fraction of zero: `1000.0` becomes `1000`.
fn without_zero_fraction(number: &str) -> String {
    number.strip_suffix(".0").unwrap_or(number).to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn words_that_kubectl_reads_as_booleans_are_booleans_and_reported() {
        let (values, ambiguities) =
            read_values("a: no\nb: On\nc: y\nd: \"no\"\ne: !!str off\nf: true\n").unwrap();
        assert_eq!(
            values,
            json!({"a": false, "b": true, "c": true, "d": "no", "e": "off", "f": true})
        );
        assert_eq!(
            ambiguities.iter().map(|ambiguity| ambiguity.line).collect::<Vec<_>>(),
            [1, 2, 3]
        );
        assert_eq!(ambiguities[0].message, "`no` is read as false, as kubectl reads it (YAML 1.1)");
    }

    #[test]
    fn numbers_that_json_writes_differently_stay_as_typed_and_are_reported() {
        for (text, number) in [
            ("1.30", "1.3"),
            ("010", "8"),
            ("0o10", "8"),
            ("0x1F", "31"),
            ("1_000", "1000"),
            ("1e3", "1000"),
            ("+1", "1"),
            ("-0", "-0"),
            ("09", "9"),
            ("12345678901234567890123", "1.2345678901234568e+22"),
        ] {
            let (value, ambiguity) = plain_value(text);
            assert_eq!(value, json!(text));
            let message = ambiguity.unwrap_or_else(|| panic!("{text} is not reported")).message;
            assert_eq!(
                message,
                format!("kubectl reads `{text}` as the number {number}; guide keeps it as typed")
            );
        }
        assert_eq!(
            plain_value(".inf").1.unwrap().message,
            "kubectl refuses a file that contains `.inf`; guide keeps it as typed"
        );
    }

    #[test]
    fn an_unambiguous_scalar_is_not_reported() {
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
    fn anchors_are_merged_and_a_duplicate_key_is_refused() {
        let (values, _) =
            read_values("base: &base {a: 1, b: 2}\nown:\n  <<: *base\n  b: 3\n").unwrap();
        assert_eq!(values["own"], json!({"b": 3, "a": 1}));
        let bad = read_values("a: 1\nb: 2\na: 3\n").unwrap_err();
        assert_eq!((bad.message.as_str(), bad.line), ("the key `a` occurs twice", 3));
        assert_eq!(read_values("# nothing\n").unwrap().0, Value::Null);
    }
}
