//! The words in a step's braces → [`Attributes`], with every invalid value, repeated or unknown word, and contradiction.

use std::ops::Range;

use super::attribute_list::STEP_WORDS;
use super::attribute_values::{
    Read, background, cwd, duration, exit, flag, list, looks_at, name, normalize, positive, retry,
    runme_name, snapshot, text, verify,
};
use super::attributes::{Attributes, ExitExpectation, LooksAt};
use super::foreign_words::tool_of;
use super::info_string::{Word, WordError};
use super::problem::Refusal;
use crate::ids::{StepName, is_name, nearest};
use crate::text::word_search::is_variable_name;

/// A problem of a word in an info string.
#[derive(Debug, PartialEq)]
pub(super) struct WordProblem {
    /// The error and its place in the info string.
    pub error: WordError,
    /// The bytes of an earlier word that it contradicts, and a note about that word.
    pub earlier: Option<(Range<usize>, &'static str)>,
}

/// Reads the words of a fence one by one. It is used for all fences of a chapter, so that its lists are allocated once.
#[derive(Debug, Default)]
pub(super) struct AttributeReader {
    seen: Vec<(&'static str, Range<usize>)>,
    /// The problems of this fence so far.
    pub problems: Vec<WordProblem>,
    /// Words that belong to other tools, which guide ignores.
    pub ignored: Vec<WordProblem>,
    /// Whether the braces are a JSON object, the form of Runme, so that values are read as Runme reads them.
    pub json: bool,
    /// The value of `name=`, and its bytes in the info string.
    pub name: Option<(StepName, Range<usize>)>,
    /// The other attributes.
    pub attributes: Attributes,
}

impl AttributeReader {
    /// Takes the next word.
    pub(super) fn take(&mut self, word: Result<Word<'_>, WordError>) {
        let word = match word {
            Ok(word) => word,
            Err(error) => return self.problems.push(WordProblem { error, earlier: None }),
        };
        let Some(key) = STEP_WORDS.iter().find(|known| **known == word.key) else {
            return self.take_unknown(&word);
        };
        if let Some((_, first)) = self.seen.iter().find(|(seen, _)| seen == key) {
            let earlier = Some((first.clone(), "first given here"));
            let error = WordError {
                message: format!("`{key}` is given twice"),
                at: word.whole(),
                hint: None,
            };
            return self.problems.push(WordProblem { error, earlier });
        }
        self.seen.push((key, word.whole()));
        if let Err(Refusal { message, hint }) = self.set(key, &word) {
            self.report(word.value_at, message, hint);
        }
    }

    /// Ignores a word of another tool and reports any other.
    fn take_unknown(&mut self, word: &Word<'_>) {
        match tool_of(&word.key) {
            Some(tool) => self.ignored.push(ignored(&word.key, tool, word.whole())),
            None => self.report(
                word.key_at.clone(),
                format!("unknown attribute `{}`", word.key),
                unknown_hint(word),
            ),
        }
    }

    /// The name, the attributes and the problems of the fence. The reader is empty afterwards.
    pub(super) fn finish(
        &mut self,
    ) -> (Option<(StepName, Range<usize>)>, Attributes, Vec<WordProblem>) {
        self.check_combinations();
        let attributes = std::mem::take(&mut self.attributes);
        self.seen.clear();
        (self.name.take(), attributes, std::mem::take(&mut self.problems))
    }

    fn report(&mut self, at: Range<usize>, message: String, hint: Option<String>) {
        self.problems.push(WordProblem { error: WordError { message, at, hint }, earlier: None });
    }

    fn set(&mut self, key: &'static str, word: &Word<'_>) -> Read<()> {
        let attributes = &mut self.attributes;
        match key {
            "name" if self.json => {
                self.name = runme_name(word).map(|name| (name, word.value_at.clone()));
            }
            "name" => self.name = Some((name(key, word)?, word.value_at.clone())),
            "profile" => {
                attributes.profiles = list(key, word, is_name, "profile names", "sealed,open")?;
            }
            "timeout" => attributes.timeout = Some(positive(key, word)?),
            "exit" => attributes.exit = exit(key, word)?,
            "verify" => attributes.verify = verify(word)?,
            "preexisting" => attributes.preexisting = flag(key, word)?,
            "until" => attributes.until = Some(positive(key, word)?),
            "stable" => {
                attributes.stable = Some(duration(key, word)?).filter(|time| !time.is_zero());
            }
            "retry" => attributes.retry = retry(key, word)?,
            "snapshot" => attributes.snapshot = snapshot(word)?,
            "normalize" => attributes.normalize = Some(normalize(key, word)?),
            "check" => {
                attributes.check = Some(text(key, word, "a condition: `check=\"count > 0\"`")?);
            }
            "when" => {
                attributes.when = Some(text(
                    key,
                    word,
                    "a condition: `when=\"count > 0\"`, or `when='ran(\"chapter-5\")'`",
                )?);
            }
            "background" => attributes.background = background(word)?,
            "ready" => attributes.ready = Some(name(key, word)?),
            "always" => attributes.always = flag(key, word)?,
            "confirm" => {
                attributes.confirm =
                    Some(text(key, word, "the question: `confirm=\"Delete the cluster?\"`")?);
            }
            "secret" => {
                attributes.secrets =
                    list(key, word, is_variable_name, "environment variables", "TOKEN,PASSWORD")?;
            }
            "interactive" => attributes.interactive = flag(key, word)?,
            "sample" => attributes.sample = Some(name(key, word)?.as_str().to_owned()),
            "hidden" => attributes.hidden = flag(key, word)?,
            "where" => attributes.looks_at = looks_at(word)?,
            "cwd" => attributes.cwd = Some(cwd(key, word, self.json)?),
            "excludeFromRunAll" => attributes.only_when_named = flag(key, word)?,
            _ => drop(flag(key, word)?),
        }
        Ok(())
    }

    /// Reports attributes that contradict each other.
    fn check_combinations(&mut self) {
        // Runme's `interactive` decides where the output goes, so that Runme's own notebooks combine it with `background`.
        self.attributes.interactive &= !(self.json && self.attributes.background.is_some());
        let is_check = self.attributes.verify.is_some();
        let rules = check_rules(&self.attributes)
            .into_iter()
            .chain(background_rules(&self.attributes))
            .chain(output_rules(&self.attributes));
        for (key, is_broken, why) in rules {
            let place = self.seen.iter().find(|(seen, _)| *seen == key);
            if let (true, Some((_, at))) = (is_broken, place) {
                let error = WordError {
                    message: why.to_owned(),
                    at: at.clone(),
                    hint: combination_hint(key, is_check),
                };
                self.problems.push(WordProblem { error, earlier: None });
            }
        }
    }
}

/// An attribute, whether it contradicts another one, and why it does.
type CombinationRule = (&'static str, bool, &'static str);

/// Attributes that only checks can have, or only acting steps.
fn check_rules(a: &Attributes) -> [CombinationRule; 8] {
    let is_check = a.verify.is_some();
    [
        ("preexisting", a.preexisting && !is_check, "`preexisting` is for verify steps"),
        ("until", a.until.is_some() && !is_check, "`until` is for verify steps"),
        ("stable", a.stable.is_some() && !is_check, "`stable` is for verify steps"),
        ("retry", a.retry > 0 && is_check, "`retry` is for acting steps"),
        (
            "where",
            a.looks_at == LooksAt::Machine && !is_check,
            "`where` says what a verify step looks at",
        ),
        (
            "confirm",
            a.confirm.is_some() && is_check,
            "a verify step changes nothing, so there is nothing to confirm",
        ),
        (
            "background",
            a.background.is_some() && is_check,
            "a verify step cannot continue in the background",
        ),
        (
            "interactive",
            a.interactive && is_check,
            "a verify step runs without a person, so it cannot be interactive",
        ),
    ]
}

/// Attributes that a background step cannot have, or only a background step.
fn background_rules(a: &Attributes) -> [CombinationRule; 6] {
    let is_background = a.background.is_some();
    [
        ("ready", a.ready.is_some() && !is_background, "`ready` is for background steps"),
        ("interactive", a.interactive && is_background, "a background step has no terminal"),
        ("retry", a.retry > 0 && is_background, "a background step is started once"),
        (
            "exit",
            a.exit != ExitExpectation::default() && is_background,
            "a background step is stopped, so its exit code means nothing",
        ),
        (
            "snapshot",
            a.snapshot.is_some() && is_background,
            "the output of a background step is not compared",
        ),
        (
            "check",
            a.check.is_some() && is_background,
            "the output of a background step is not checked",
        ),
    ]
}

/// Attributes that need an output.
fn output_rules(a: &Attributes) -> [CombinationRule; 3] {
    [
        (
            "normalize",
            a.normalize.is_some() && a.snapshot.is_none(),
            "`normalize` selects what a snapshot hides, and this step has no snapshot",
        ),
        (
            "snapshot",
            a.snapshot.is_some() && a.interactive,
            "the output of an interactive step is not kept",
        ),
        (
            "sample",
            a.sample.is_some() && a.interactive,
            "the output of an interactive step is not kept",
        ),
    ]
}

/// What to do about an attribute that contradicts another one.
fn combination_hint(key: &str, verify: bool) -> Option<String> {
    let hint = match key {
        "until" | "stable" => {
            "mark the step `verify`; an acting step can be repeated with `retry=3`"
        }
        "retry" if verify => "repeat the step with `until=2m`",
        "ready" => "mark the step `background`",
        "where" => {
            "mark the step `verify`, or remove `where`: an acting step always runs on this machine"
        }
        "normalize" => {
            "add `snapshot`, or remove `normalize`: an `output` fence alone is compared as written"
        }
        _ => return None,
    };
    Some(hint.to_owned())
}

/// The note about a word that belongs to another tool.
pub(super) fn ignored(word: &str, tool: &str, at: Range<usize>) -> WordProblem {
    let message = format!("`{word}` is an attribute of {tool}, which guide ignores");
    WordProblem { error: WordError { message, at, hint: None }, earlier: None }
}

fn unknown_hint(word: &Word<'_>) -> Option<String> {
    let lower = word.key.to_lowercase();
    let near = nearest(&word.key, STEP_WORDS).or_else(|| nearest(&lower, STEP_WORDS));
    Some(match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("an attribute is one of {}", STEP_WORDS.join(", ")),
    })
}
