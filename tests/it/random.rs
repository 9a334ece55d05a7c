//! How often a test that kills and races does so, and the numbers by which it chooses.

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable)
        .ok()
        .map(|text| text.parse().unwrap_or_else(|_| panic!("{variable}={text} is no number")))
}

/// How many times, unless the environment says otherwise.
pub(crate) fn times(few: u64) -> u64 {
    number("GUIDE_TEST_TIMES").unwrap_or(few)
}

/// Numbers that look random and are the same in every run of a test.
pub(crate) struct Random(u64);

impl Random {
    /// Those of one turn of a test.
    pub(crate) fn of(turn: u64) -> Self {
        let seed = number("GUIDE_TEST_SEED").unwrap_or(20_261_128);
        Self((seed << 20) ^ turn.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    /// A number from 0 up to this one.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    /// One of these texts.
    pub(crate) fn one_of<'t>(&mut self, of: &[&'t str]) -> &'t str {
        of[usize::try_from(self.below(of.len() as u64)).expect("an index")]
    }
}
