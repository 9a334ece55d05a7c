//! The names of the normalizers, and the sets of them that `normalize=` selects. `compare` implements them.

use std::fmt;

use super::problem::Refusal;
use crate::ids::nearest;

/// One normalizer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Normalizer {
    /// Ages: how long ago something was.
    Ages,
    /// How long something took.
    Durations,
    /// When something happened.
    Timestamps,
    /// Suffixes of names that controllers make.
    Hashes,
    /// UUIDs in names that controllers make.
    Uids,
    /// Addresses that the cluster gives.
    Ips,
    /// Node ports that the cluster gives.
    Ports,
    /// Fields of Kubernetes objects that the server writes.
    Fields,
}

impl Normalizer {
    /// All normalizers, in the order in which messages list them.
    pub const ALL: [Self; 8] = [
        Self::Ages,
        Self::Durations,
        Self::Timestamps,
        Self::Hashes,
        Self::Uids,
        Self::Ips,
        Self::Ports,
        Self::Fields,
    ];

    /// Its name in `normalize=`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ages => "ages",
            Self::Durations => "durations",
            Self::Timestamps => "timestamps",
            Self::Hashes => "hashes",
            Self::Uids => "uids",
            Self::Ips => "ips",
            Self::Ports => "ports",
            Self::Fields => "fields",
        }
    }
}

/// A set of normalizers; all of them by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Normalizers(u8);

impl Default for Normalizers {
    fn default() -> Self {
        Self::ALL
    }
}

impl Normalizers {
    /// Every normalizer.
    pub const ALL: Self = Self(u8::MAX);
    /// None.
    pub const NONE: Self = Self(0);

    /// Whether the set contains this normalizer.
    pub fn has(self, one: Normalizer) -> bool {
        self.0 & (1 << one as u8) != 0
    }

    /// Reads `all`, `none`, or names with commas between them.
    ///
    /// # Errors
    /// An unknown name.
    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        match text.trim() {
            "all" => return Ok(Self::ALL),
            "none" => return Ok(Self::NONE),
            _ => {}
        }
        let mut set = 0;
        for word in text.split(',').map(str::trim) {
            match Normalizer::ALL.iter().find(|one| one.name() == word) {
                Some(one) => set |= 1 << *one as u8,
                None => {
                    return Err(Refusal::new(format!("unknown normalizer `{word}`"), hint(word)));
                }
            }
        }
        Ok(Self(set))
    }
}

fn hint(word: &str) -> String {
    let names: Vec<&str> =
        ["all", "none"].into_iter().chain(Normalizer::ALL.iter().map(|one| one.name())).collect();
    match nearest(word, names.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => {
            format!("write all, none, or names with commas between them: {}", names[2..].join(", "))
        }
    }
}

impl fmt::Display for Normalizers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::ALL => f.write_str("all"),
            Self::NONE => f.write_str("none"),
            _ => {
                let names: Vec<&str> = Normalizer::ALL
                    .iter()
                    .filter(|one| self.has(**one))
                    .map(|one| one.name())
                    .collect();
                f.write_str(&names.join(","))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_displayed_as_it_is_written() {
        for text in ["all", "none", "ages,hashes"] {
            assert_eq!(Normalizers::parse(text).unwrap().to_string(), text);
        }
        let set = Normalizers::parse("hashes, ages").unwrap();
        assert!(
            set.has(Normalizer::Ages) && set.has(Normalizer::Hashes) && !set.has(Normalizer::Ips)
        );
    }

    #[test]
    fn an_unknown_name_is_refused_with_the_nearest_one() {
        let Refusal { message, hint } = Normalizers::parse("ages,hashs").unwrap_err();
        assert_eq!(
            (message.as_str(), hint.as_deref()),
            ("unknown normalizer `hashs`", Some("did you mean `hashes`?"))
        );
    }
}
