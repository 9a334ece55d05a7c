//! Random books with random edits, failures, kills, runs, resumed runs and `down` in any order, against an oracle.
//!
//! The oracle: a run ends well only if every check of the present text passes in the world, and every acting step of the present text has run as it is now.

mod draft;
mod model;
mod ports;
mod simulation;

use proptest::prelude::*;

use self::simulation::Simulation;
use crate::engine::Options;

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_run_ends_well_only_if_everything_is_as_the_text_says(moves in prop::collection::vec(any::<(u8, u8, u8, u8)>(), 1..40)) {
        let mut simulation = Simulation::new();
        for next in moves {
            simulation.make_move(next);
        }
        // As soon as no step fails any more, one run must make everything right again.
        simulation.end_failures();
        let summary = simulation.run(Vec::new(), Options::default());
        prop_assert_eq!((summary.failed, summary.broken), (0, None));
    }
}
