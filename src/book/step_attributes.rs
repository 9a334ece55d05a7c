//! The words between a step's braces → [`Attributes`]: each value read, doubled and unknown words and combinations that make
//! no sense refused, all of them and not just the first.

use std::ops::Range;

use super::attribute_list::STEP_WORDS;
use super::attribute_values::{
    Read, background, cwd, duration, exit, flag, list, looks_at, name, normalize, positive, retry,
    runme_name, snapshot, text, verify,
};
use super::attributes::{Attributes, ExitExpectation, LooksAt};
use super::foreign_words::tool_of;
use super::info_string::{Malformed, Word};
use super::problem::Refusal;
use crate::ids::{StepName, is_name, nearest};
use crate::text::word_search::is_variable_name;

/// A complaint about a word, with the earlier place it belongs to.
#[derive(Debug, PartialEq)]
pub(super) struct Complaint {
    /// What is wrong, and where in the info string.
    pub what: Malformed,
    /// An earlier word it clashes with, and what to say of it.
    pub also: Option<(Range<usize>, &'static str)>,
}

/// Reads words one by one. Kept between fences so that its lists are allocated once a chapter.
#[derive(Debug, Default)]
pub(super) struct AttributeReader {
    seen: Vec<(&'static str, Range<usize>)>,
    /// What is wrong so far.
    pub complaints: Vec<Complaint>,
    /// Words that belong to other tools and are left alone.
    pub ignored: Vec<Complaint>,
    /// Are the braces a JSON object, the form that Runme writes? Then its values are read as Runme reads them.
    pub json: bool,
    /// `name=`, with its place.
    pub name: Option<(StepName, Range<usize>)>,
    /// What the other words say.
    pub attributes: Attributes,
}

impl AttributeReader {
    /// Takes the next word.
    pub(super) fn take(&mut self, word: Result<Word<'_>, Malformed>) {
        let word = match word {
            Ok(word) => word,
            Err(what) => return self.complaints.push(Complaint { what, also: None }),
        };
        let Some(key) = STEP_WORDS.iter().find(|known| **known == word.key) else {
            return self.take_unknown(&word);
        };
        if let Some((_, first)) = self.seen.iter().find(|(seen, _)| seen == key) {
            let also = Some((first.clone(), "first given here"));
            let what = Malformed {
                message: format!("`{key}` is given twice"),
                at: word.whole(),
                hint: None,
            };
            return self.complaints.push(Complaint { what, also });
        }
        self.seen.push((key, word.whole()));
        if let Err(Refusal { message, hint }) = self.set(key, &word) {
            self.complain(word.value_at, message, hint);
        }
    }

    /// A word of another tool is left alone; any other is a slip.
    fn take_unknown(&mut self, word: &Word<'_>) {
        match tool_of(&word.key) {
            Some(tool) => self.ignored.push(ignored(&word.key, tool, word.whole())),
            None => self.complain(
                word.key_at.clone(),
                format!("unknown attribute `{}`", word.key),
                unknown_hint(word),
            ),
        }
    }

    /// What was read, with the complaints; the reader is empty again.
    pub(super) fn finish(
        &mut self,
    ) -> (Option<(StepName, Range<usize>)>, Attributes, Vec<Complaint>) {
        self.check_combinations();
        let attributes = std::mem::take(&mut self.attributes);
        self.seen.clear();
        (self.name.take(), attributes, std::mem::take(&mut self.complaints))
    }

    fn complain(&mut self, at: Range<usize>, message: String, hint: Option<String>) {
        self.complaints.push(Complaint { what: Malformed { message, at, hint }, also: None });
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

    /// Words that contradict each other: (given, and that holds, why not).
    #[expect(clippy::too_many_lines, reason = "one arm for each attribute")]
    fn check_combinations(&mut self) {
        // Runme's `interactive` says where the output goes, and it stands beside `background` in Runme's own notebooks.
        self.attributes.interactive &= !(self.json && self.attributes.background.is_some());
        let a = &self.attributes;
        let (verify, background, interactive) =
            (a.verify.is_some(), a.background.is_some(), a.interactive);
        let rules = [
            ("preexisting", a.preexisting && !verify, "`preexisting` is for verify steps"),
            ("until", a.until.is_some() && !verify, "`until` is for verify steps"),
            ("stable", a.stable.is_some() && !verify, "`stable` is for verify steps"),
            ("retry", a.retry > 0 && verify, "`retry` is for acting steps"),
            (
                "where",
                a.looks_at == LooksAt::Machine && !verify,
                "`where` says what a verify step looks at",
            ),
            (
                "confirm",
                a.confirm.is_some() && verify,
                "a verify step changes nothing, so there is nothing to confirm",
            ),
            ("background", background && verify, "a verify step can't go on in the background"),
            (
                "interactive",
                interactive && verify,
                "a verify step is asked by itself, so it can't be interactive",
            ),
            ("ready", a.ready.is_some() && !background, "`ready` is for background steps"),
            ("interactive", interactive && background, "a background step has no terminal"),
            ("retry", a.retry > 0 && background, "a background step is started once"),
            (
                "exit",
                a.exit != ExitExpectation::default() && background,
                "a background step is stopped, so its exit code says nothing",
            ),
            (
                "snapshot",
                a.snapshot.is_some() && background,
                "a background step's output is not compared",
            ),
            (
                "normalize",
                a.normalize.is_some() && a.snapshot.is_none(),
                "`normalize` chooses what a snapshot is compared without, and this step has none",
            ),
            ("check", a.check.is_some() && background, "a background step's output is not checked"),
            (
                "snapshot",
                a.snapshot.is_some() && interactive,
                "what an interactive step writes to the terminal is not kept",
            ),
            (
                "sample",
                a.sample.is_some() && interactive,
                "what an interactive step writes to the terminal is not kept",
            ),
        ];
        for (key, broken, why) in rules {
            let place = self.seen.iter().find(|(seen, _)| *seen == key);
            if let (true, Some((_, at))) = (broken, place) {
                let what = Malformed {
                    message: why.to_owned(),
                    at: at.clone(),
                    hint: combination_hint(key, verify),
                };
                self.complaints.push(Complaint { what, also: None });
            }
        }
    }
}

fn combination_hint(key: &str, verify: bool) -> Option<String> {
    let hint = match key {
        "until" | "stable" => "mark the step `verify`; an acting step may be repeated by `retry=3`",
        "retry" if verify => "let the step repeat by `until=2m`",
        "ready" => "mark the step `background`",
        "where" => {
            "mark the step `verify`, or leave `where` out: an acting step always runs on this machine"
        }
        "normalize" => {
            "add `snapshot`, or leave it out: an `output` fence alone is compared as it is written"
        }
        _ => return None,
    };
    Some(hint.to_owned())
}

/// A word that belongs to another tool.
pub(super) fn ignored(word: &str, tool: &str, at: Range<usize>) -> Complaint {
    let message = format!("`{word}` is an attribute of {tool}, which guide ignores");
    Complaint { what: Malformed { message, at, hint: None }, also: None }
}

fn unknown_hint(word: &Word<'_>) -> Option<String> {
    let lower = word.key.to_lowercase();
    let near = nearest(&word.key, STEP_WORDS).or_else(|| nearest(&lower, STEP_WORDS));
    Some(match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("an attribute is one of {}", STEP_WORDS.join(", ")),
    })
}
