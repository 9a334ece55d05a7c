//! The problems of a book in formats of other programs: SARIF 2.1.0 for code scanning, and annotations of GitHub Actions.

use std::collections::BTreeSet;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::{Value, json};

use super::github::{data, property};
use super::json::json_text;
use crate::book::{Problem, Rule, Severity, Sources};
use crate::text::sanitize::one_line;

/// What a path in a URI may not hold as it is.
const NOT_IN_PATHS: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b']')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// A place in a file, in lines and columns from 1; the end is one column past the last character.
struct Region {
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
}

/// One run of guide as SARIF. `prefix`: the book's folder in its repository.
pub(crate) fn sarif_text(sources: &Sources, problems: &[Problem], prefix: &str) -> String {
    let rules: BTreeSet<Rule> = problems.iter().map(|problem| problem.rule).collect();
    let rules: Vec<Rule> = rules.into_iter().collect();
    let descriptors: Vec<Value> = rules
        .iter()
        .map(|rule| json!({"id": rule.id(), "shortDescription": {"text": rule.about()}}))
        .collect();
    let results: Vec<Value> =
        problems.iter().map(|problem| result(sources, problem, &rules, prefix)).collect();
    json_text(&json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "guide",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": descriptors,
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    }))
}

fn result(sources: &Sources, problem: &Problem, rules: &[Rule], prefix: &str) -> Value {
    let level = match problem.severity {
        Severity::Error | Severity::Unrunnable => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let mut result = json!({
        "ruleId": problem.rule.id(),
        "ruleIndex": rules.iter().position(|rule| *rule == problem.rule),
        "level": level,
        "message": {"text": whole_message(problem)},
    });
    if let Some(span) = problem.span {
        let path = joined(prefix, &sources.place(span).file.display().to_string());
        let region = region(sources, span);
        result["locations"] = json!([{"physicalLocation": {
            "artifactLocation": {"uri": utf8_percent_encode(&path, NOT_IN_PATHS).to_string()},
            "region": {
                "startLine": region.line,
                "startColumn": region.column,
                "endLine": region.end_line,
                "endColumn": region.end_column,
            },
        }}]);
    }
    result
}

/// A workflow command for each problem.
pub(crate) fn github_text(sources: &Sources, problems: &[Problem], prefix: &str) -> String {
    let mut text = String::new();
    for problem in problems {
        let level = match problem.severity {
            Severity::Error | Severity::Unrunnable => "error",
            Severity::Warning => "warning",
            Severity::Note => "notice",
        };
        let mut properties = String::new();
        if let Some(span) = problem.span {
            let file = joined(prefix, &sources.place(span).file.display().to_string());
            let Region { line, column, end_line, end_column } = region(sources, span);
            properties = format!("file={},line={line},endLine={end_line},", property(&file));
            // GitHub takes columns only of a problem within one line.
            if line == end_line {
                properties += &format!("col={column},endColumn={end_column},");
            }
        }
        let title = property(&format!("guide: {}", problem.rule.id()));
        text +=
            &format!("::{level} {properties}title={title}::{}\n", data(&whole_message(problem)));
    }
    text
}

fn whole_message(problem: &Problem) -> String {
    let hint = problem.hint.iter().map(|hint| format!("\nhint: {}", one_line(hint)));
    std::iter::once(problem.message.clone()).chain(hint).collect()
}

fn joined(prefix: &str, file: &str) -> String {
    if prefix.is_empty() || file.starts_with('/') {
        file.to_owned()
    } else {
        format!("{}/{file}", prefix.trim_end_matches('/'))
    }
}

fn region(sources: &Sources, span: crate::book::Span) -> Region {
    let text = &sources.file(span.source).text;
    let range = span.range();
    let line_start = |at: usize| text[..at].rfind('\n').map_or(0, |end| end + 1);
    let column = |at: usize| text[line_start(at)..at].chars().count() + 1;
    let line = span.line as usize;
    // A span that ends with a line end is of the lines before it.
    let end = range.start + text[range.clone()].trim_end_matches(['\n', '\r']).len();
    let end_line = line + text[range.start..end].matches('\n').count();
    Region { line, column: column(range.start), end_line, end_column: column(end) }
}
