//! The expressions of `check=` and `when=`: minijinja over the values and the names that steps have bound. Pure.
//!
//! A plan validates each expression, so that a misspelt name is an error before anything runs. The engine evaluates `when=` at
//! the beginning of a step's turn and `check=` at its end.

use std::collections::BTreeSet;
use std::ops::Range;

use minijinja::{Error, Value};

use super::selection::chapter_at;
use crate::book::{Book, Refusal};
use crate::ids::nearest;
use crate::manifest::{Bound, is_too_long, strict_environment};

/// The function of `when=` that returns whether a chapter has run.
const RAN: &str = "ran";

/// The most characters of a value that a message shows.
const LONGEST_VALUE: usize = 120;

/// Which attribute an expression belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `check=`, which is evaluated after the step.
    Check,
    /// `when=`, which is evaluated before it.
    When,
}

impl Kind {
    /// The names of such an expression besides values and bound names.
    fn own_names(self) -> &'static [&'static str] {
        match self {
            Self::Check => &["exit", "seconds", "output"],
            Self::When => &[RAN],
        }
    }

    fn attribute(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::When => "when",
        }
    }

    fn example(self) -> &'static str {
        match self {
            Self::Check => "write it like `check=\"count > 0 and exit == 0\"`",
            Self::When => "write it like `when=\"replicas > 1\"`, or `when='ran(\"chapter-5\")'`",
        }
    }

    fn known(self) -> &'static str {
        match self {
            Self::Check => {
                "a `check` knows `exit`, `seconds`, `output`, the values, and the names that `<name>` patterns bind"
            }
            Self::When => {
                "a `when` knows `ran(\"CHAPTER\")`, the values, and the names that `<name>` patterns of earlier steps bind"
            }
        }
    }
}

/// Checks that this expression can be evaluated as soon as the `bound` names have values.
///
/// # Errors
/// The expression cannot be parsed, or it uses a name that nothing defines.
pub(super) fn validate(
    expression: &str,
    kind: Kind,
    values: &serde_json::Value,
    bound: &BTreeSet<String>,
) -> Result<(), Refusal> {
    let environment = strict_environment();
    let attribute = kind.attribute();
    if is_too_long(expression) {
        return Err(Refusal::new(format!("`{attribute}=` is too long to be read"), kind.example()));
    }
    let compiled = environment.compile_expression(expression).map_err(|error| {
        Refusal::new(
            format!("invalid `{attribute}=\"{expression}\"`: {}", reason(&error)),
            kind.example(),
        )
    })?;
    let is_known = |name: &String| {
        bound.contains(name)
            || kind.own_names().contains(&name.as_str())
            || values.get(name).is_some()
            || environment.globals().any(|(global, _)| global == name)
    };
    let used: BTreeSet<String> = compiled.undeclared_variables(false).into_iter().collect();
    let Some(name) = used.iter().find(|name| !is_known(name)) else { return Ok(()) };
    let values = values.as_object().into_iter().flat_map(serde_json::Map::keys);
    let names = bound.iter().chain(values).map(String::as_str);
    let hint = match nearest(name, names.chain(kind.own_names().iter().copied())) {
        Some(near) => format!("did you mean `{near}`?"),
        None => kind.known().to_owned(),
    };
    Err(Refusal::new(format!("unknown name `{name}` in `{attribute}=\"{expression}\"`"), hint))
}

/// Evaluates an expression over these names.
///
/// # Errors
/// A message that says why it has no value.
pub(crate) fn evaluate(
    expression: &str,
    names: &serde_json::Value,
    bound: &Bound<'_>,
) -> Result<Value, String> {
    strict_environment()
        .compile_expression(expression)
        .and_then(|compiled| compiled.eval(bound.over(names)))
        .map_err(|error| reason(&error))
}

/// Whether a step's `when=` is true. `ran` are the names of the chapters that have run in this world.
///
/// # Errors
/// A message that says why the expression has no value.
pub(crate) fn is_met(
    expression: &str,
    values: &serde_json::Value,
    bound: &Bound<'_>,
    ran: BTreeSet<String>,
) -> Result<bool, String> {
    let mut environment = strict_environment();
    environment.add_function(RAN, move |chapter: String| ran.contains(&chapter));
    environment
        .compile_expression(expression)
        .and_then(|compiled| compiled.eval(bound.over(values)))
        .map(|value| value.is_true())
        .map_err(|error| reason(&error))
}

/// Whether an expression uses this name.
pub(crate) fn uses(expression: &str, name: &str) -> bool {
    !is_too_long(expression)
        && strict_environment()
            .compile_expression(expression)
            .is_ok_and(|compiled| compiled.undeclared_variables(false).contains(name))
}

/// The names that an expression uses, with their values, for a message: `who = "root", exit = 0`.
pub(crate) fn names_in(expression: &str, values: &serde_json::Value, bound: &Bound<'_>) -> String {
    let environment = strict_environment();
    let Ok(compiled) = environment.compile_expression(expression) else { return String::new() };
    let mut names: Vec<String> = compiled.undeclared_variables(true).into_iter().collect();
    names.sort_by_key(|name| (expression.find(name.as_str()), name.len()));
    let valued = names.iter().filter_map(|name| {
        let value = evaluate(name, values, bound).ok()?;
        let text = serde_json::to_string(&value).ok()?;
        let short: String = text.chars().take(LONGEST_VALUE).collect();
        let dots = if short.len() < text.len() { "…" } else { "" };
        Some(format!("{name} = {short}{dots}"))
    });
    let list = valued.collect::<Vec<_>>().join(", ");
    if list.is_empty() { "it is false".to_owned() } else { list }
}

/// The chapters that an expression names in `ran("…")`, as written.
pub(super) fn chapters_named(expression: &str) -> impl Iterator<Item = &str> {
    places_of_chapters(expression).into_iter().map(|place| &expression[place])
}

/// The expression with the full name of each chapter in `ran("…")`. A chapter that does not exist stays as written.
pub(super) fn with_chapter_names(expression: &str, book: &Book) -> String {
    let mut named = expression.to_owned();
    for place in places_of_chapters(expression).into_iter().rev() {
        if let Ok(index) = chapter_at(book, &expression[place.clone()]) {
            named.replace_range(place, book.chapters[index].name.as_str());
        }
    }
    named
}

/// The bytes of the names between the quotes of `ran("…")`. A name that the expression computes is not among them.
fn places_of_chapters(expression: &str) -> Vec<Range<usize>> {
    let is_part = |next: char| next.is_alphanumeric() || next == '_' || next == '.';
    let name = |found: Range<usize>| {
        let inner = expression[found.end..].trim_start().strip_prefix('(')?.trim_start();
        let quote = inner.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
        let start = expression.len() - inner.len() + 1;
        let length = expression[start..].find(quote)?;
        Some(start..start + length)
    };
    crate::text::word_search::find_words(expression, RAN, is_part).filter_map(name).collect()
}

fn reason(error: &Error) -> String {
    error.detail().map_or_else(|| error.kind().to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;

    fn met(expression: &str) -> Result<bool, String> {
        let texts = BTreeMap::from([
            ("count".to_owned(), "12".to_owned()),
            ("word".to_owned(), "12".to_owned()),
        ]);
        let numbers = BTreeSet::from(["count".to_owned()]);
        let bound = Bound { texts: &texts, numbers: &numbers };
        let values = json!({"shop": {"replicas": 3}, "regions": ["a"]});
        is_met(expression, &values, &bound, BTreeSet::from(["chapter-5".to_owned()]))
    }

    #[test]
    fn a_condition_is_evaluated_over_values_bound_names_and_chapters_that_ran() {
        for (expression, expected) in [
            ("shop.replicas > 2", true),
            ("count > 11", true),
            ("word == \"12\"", true),
            ("word == 12", false),
            ("ran(\"chapter-5\")", true),
            ("ran('chapter-6') or not regions", false),
            ("ran(\"chapter-5\") and count < 3", false),
        ] {
            assert_eq!(met(expression), Ok(expected), "{expression}");
        }
    }

    #[test]
    fn a_condition_without_a_value_says_why() {
        assert!(met("shop.replicaz > 2").is_err());
        assert!(met("ran()").is_err());
    }

    #[test]
    fn a_misspelt_name_is_found_before_anything_runs() {
        let bound = BTreeSet::from(["count".to_owned()]);
        let values = json!({"replicas": 3});
        let refused = |kind, expression: &str| {
            let refusal = validate(expression, kind, &values, &bound).unwrap_err();
            format!("{} ({})", refusal.message, refusal.hint.unwrap_or_default())
        };
        assert_eq!(
            refused(Kind::When, "cuont > 1"),
            "unknown name `cuont` in `when=\"cuont > 1\"` (did you mean `count`?)"
        );
        assert_eq!(
            refused(Kind::When, "replcas > 1"),
            "unknown name `replcas` in `when=\"replcas > 1\"` (did you mean `replicas`?)"
        );
        assert!(refused(Kind::When, "output").contains("a `when` knows `ran(\"CHAPTER\")`"));
        assert!(refused(Kind::Check, "ran(\"a\")").contains("unknown name `ran`"));
        assert!(refused(Kind::Check, "count >").starts_with("invalid `check=\"count >\"`: "));
        for expression in ["ran(\"x\") and count", "not replicas", "range(3)"] {
            assert_eq!(validate(expression, Kind::When, &values, &bound), Ok(()), "{expression}");
        }
    }

    #[test]
    fn the_chapters_of_a_condition_are_found_where_they_are_written_out() {
        let named = |expression| chapters_named(expression).collect::<Vec<_>>();
        assert_eq!(named("ran(\"5\") or ran( 'install/intro' )"), ["5", "install/intro"]);
        assert_eq!(named("ran(name) or x.ran(\"5\") or bran(\"6\") or ran(\"7"), [""; 0]);
    }

    #[test]
    fn a_condition_is_evaluated_over_names() {
        let names = json!({"count": 3, "output": "ok"});
        let (texts, numbers) = (BTreeMap::new(), BTreeSet::new());
        let value = |condition: &str| {
            evaluate(condition, &names, &Bound { texts: &texts, numbers: &numbers })
        };
        assert!(value("count > 2 and output == 'ok'").unwrap().is_true());
        assert!(!value("count > 3").unwrap().is_true());
        assert!(value("coutn > 3").is_err());
    }

    #[test]
    fn a_bound_text_stays_text_and_a_bound_number_is_one() {
        let names = ["v", "c", "s", "h1", "h2", "n", "m"];
        let texts = names.into_iter().map(str::to_owned).zip(
            ["1.30", "1.30", "1.3", "0e12345", "0e98765", "00042", "123456789012345678901"]
                .map(str::to_owned),
        );
        let texts: BTreeMap<String, String> = texts.collect();
        let numbers = BTreeSet::from(["n".to_owned(), "m".to_owned()]);
        let bound = Bound { texts: &texts, numbers: &numbers };
        for right in [
            "v == '1.30'",
            "c != s",
            "h1 != h2",
            "n == 42",
            "m > 123456789012345678900",
            "m < 123456789012345678902",
        ] {
            assert!(evaluate(right, &json!({}), &bound).unwrap().is_true(), "{right}");
        }
    }
}
