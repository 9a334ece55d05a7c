//! Asks about one hunk after the other. Keys and screen are passed in, so that tests can press keys and read the screen.

use super::items::Item;
use crate::compare::{Choice, Hunk, Rules, pattern_for};
use crate::report::{Key, PendingOutput, Style, hunk_text, review_prompt};

/// The decision about an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Decision {
    /// One choice for each hunk.
    pub choices: Vec<Choice>,
    /// Every hunk was accepted or rejected. Otherwise the item stays pending.
    pub decided: bool,
}

/// The walk of a person through the pending items.
pub(super) struct Walk<'w> {
    /// Waits for a key.
    pub next_key: &'w mut dyn FnMut() -> Key,
    /// Writes to the screen.
    pub write: &'w mut dyn FnMut(&str),
    /// The rules by which lines become patterns.
    pub rules: &'w Rules,
    /// The style of the text.
    pub style: &'w Style,
    /// The answer for all following hunks.
    pub all: Option<Answer>,
}

/// An answer about a hunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// Accepts the lines that are shown.
    Accept,
    /// Keeps the accepted lines.
    Reject,
    /// Leaves the hunk pending.
    Skip,
}

impl Walk<'_> {
    /// Asks about every hunk of every item, until all are decided or the person quits. The other hunks stay pending.
    pub(super) fn decide(&mut self, items: &[Item]) -> Vec<Decision> {
        items.iter().map(|item| self.item(&item.output)).collect()
    }

    fn item(&mut self, item: &PendingOutput) -> Decision {
        let mut decision = Decision { choices: Vec::new(), decided: true };
        for (index, hunk) in item.hunks.iter().enumerate() {
            let (answer, lines) = self.hunk(item, index, hunk);
            decision.decided &= answer != Answer::Skip;
            decision.choices.push(match answer {
                Answer::Accept if lines == hunk.new => Choice::Accept,
                Answer::Accept => Choice::Lines(lines),
                Answer::Reject | Answer::Skip => Choice::Keep,
            });
        }
        decision
    }

    /// The answer, and the lines that it is about.
    fn hunk(&mut self, item: &PendingOutput, index: usize, hunk: &Hunk) -> (Answer, Vec<String>) {
        if let Some(all) = &self.all {
            return (all.clone(), hunk.new.clone());
        }
        let mut lines = hunk.new.clone();
        (self.write)(&hunk_text(item, index, &lines, self.style));
        loop {
            (self.write)(&review_prompt(self.style));
            let key = (self.next_key)();
            if let Key::Letter(letter) = key {
                (self.write)(&format!("{letter}\n"));
            }
            let (answer, all) = match key {
                Key::Letter('a' | 'y') => (Answer::Accept, false),
                Key::Letter('r' | 'n') => (Answer::Reject, false),
                Key::Letter('s') => (Answer::Skip, false),
                Key::Letter('A') => (Answer::Accept, true),
                Key::Letter('R') => (Answer::Reject, true),
                Key::Letter('S' | 'q') | Key::Quit => (Answer::Skip, true),
                Key::Letter('p') => {
                    lines = self.toggle_pattern(item, index, lines);
                    continue;
                }
                Key::Letter(_) => {
                    (self.write)("a, r, s, p, A, R, S or q\n");
                    continue;
                }
            };
            if all {
                self.all = Some(answer.clone());
            }
            return (answer, lines);
        }
    }

    /// Shows the hunk as a pattern, or again as its actual text.
    fn toggle_pattern(
        &mut self,
        item: &PendingOutput,
        index: usize,
        lines: Vec<String>,
    ) -> Vec<String> {
        let hunk = &item.hunks[index];
        if lines != hunk.new {
            (self.write)(&hunk_text(item, index, &hunk.new, self.style));
            return hunk.new.clone();
        }
        let pattern = pattern_lines(hunk, self.rules);
        if pattern == lines {
            (self.write)(
                "no part of this text is known to be volatile, and it has no words in common with the expected text\n",
            );
            return lines;
        }
        (self.write)(&hunk_text(item, index, &pattern, self.style));
        pattern
    }
}

/// The hunk's new lines as patterns.
fn pattern_lines(hunk: &Hunk, rules: &Rules) -> Vec<String> {
    let paired = hunk.old.len() == hunk.new.len();
    let old = |index: usize| if paired { hunk.old.get(index).map(String::as_str) } else { None };
    hunk.new.iter().enumerate().map(|(index, line)| pattern_for(line, old(index), rules)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::hunks;
    use crate::ids::StepId;
    use crate::ids::{ChapterName, StepName};

    fn pending(old: &str, new: &str) -> PendingOutput {
        PendingOutput {
            step: StepId { chapter: ChapterName::new("chapter-1"), step: StepName::new("pods") },
            place: None,
            file: "x".into(),
            fence: false,
            new: old.is_empty(),
            hidden: Vec::new(),
            hunks: hunks(old, new),
        }
    }

    /// Presses these keys and then Ctrl-C. Returns the decisions, and the text on the screen.
    fn press(keys: &str, items: &[PendingOutput]) -> (Vec<Decision>, String) {
        let mut keys = keys.chars();
        let mut screen = String::new();
        let mut next_key = || keys.next().map_or(Key::Quit, Key::Letter);
        let mut write = |text: &str| screen.push_str(text);
        let style = Style::colourless();
        let mut walk = Walk {
            next_key: &mut next_key,
            write: &mut write,
            rules: &Rules::default(),
            style: &style,
            all: None,
        };
        let decisions = items.iter().map(|item| walk.item(item)).collect();
        (decisions, screen)
    }

    fn decision(choices: &[Choice], decided: bool) -> Decision {
        Decision { choices: choices.to_vec(), decided }
    }

    #[test]
    fn every_hunk_is_asked_about() {
        let items = [pending("a\nb\nc\n", "A\nb\nC\n"), pending("", "new\n")];
        let (decisions, screen) = press("ara", &items);
        assert_eq!(
            decisions,
            [decision(&[Choice::Accept, Choice::Keep], true), decision(&[Choice::Accept], true)]
        );
        assert_eq!(screen.matches("[a]ccept").count(), 3);
    }

    #[test]
    fn a_skipped_hunk_stays_pending() {
        let (decisions, _) = press("as", &[pending("a\nb\nc\n", "A\nb\nC\n")]);
        assert_eq!(decisions, [decision(&[Choice::Accept, Choice::Keep], false)]);
    }

    #[test]
    fn quitting_keeps_the_decisions_and_leaves_the_rest_pending() {
        for keys in ["aq", "a"] {
            let (decisions, _) =
                press(keys, &[pending("a\n", "b\n"), pending("a\n", "b\n"), pending("a\n", "b\n")]);
            assert_eq!(decisions[0], decision(&[Choice::Accept], true));
            assert_eq!(
                decisions[1..],
                [decision(&[Choice::Keep], false), decision(&[Choice::Keep], false)]
            );
        }
    }

    #[test]
    fn capital_letters_answer_for_all_following_hunks() {
        let items = [pending("a\n", "b\n"), pending("a\nb\nc\n", "A\nb\nC\n")];
        assert_eq!(
            press("A", &items).0,
            [decision(&[Choice::Accept], true), decision(&[Choice::Accept, Choice::Accept], true)]
        );
        assert_eq!(
            press("aR", &items).0,
            [decision(&[Choice::Accept], true), decision(&[Choice::Keep, Choice::Keep], true)]
        );
    }

    #[test]
    fn a_hunk_can_be_turned_into_a_pattern_and_accepted() {
        let items = [pending("load 0.50 now\n", "load 0.75 now\n")];
        let (decisions, screen) = press("pa", &items);
        assert_eq!(decisions, [decision(&[Choice::Lines(vec!["load [..] now".to_owned()])], true)]);
        assert!(screen.contains("+ load [..] now"), "{screen}");
        assert_eq!(press("ppa", &items).0, [decision(&[Choice::Accept], true)]);
    }

    #[test]
    fn a_hunk_without_a_pattern_is_reported() {
        let (decisions, screen) = press("pa", &[pending("a\n", "something\n")]);
        assert_eq!(decisions, [decision(&[Choice::Accept], true)]);
        assert!(screen.contains("no part of this text is known to be volatile"), "{screen}");
    }

    #[test]
    fn an_unknown_key_asks_again() {
        let (decisions, screen) = press("xa", &[pending("a\n", "b\n")]);
        assert_eq!(decisions, [decision(&[Choice::Accept], true)]);
        assert!(screen.contains("a, r, s, p, A, R, S or q"), "{screen}");
    }
}
