//! Tests against a real cluster. They make and delete their own namespaces (`guide-try-…`) and touch nothing else:
//!
//! ```text
//! GUIDE_TEST_KUBECONFIG=FILE GUIDE_TEST_CONTEXT=NAME cargo test --test cluster -- --ignored --test-threads=1
//! ```

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "tests show what they measured, use kubectl and openssl as a person would, and tell a story each"
)]

mod cluster {
    pub(crate) mod drift_and_teardown;
    pub(crate) mod evidence;
    pub(crate) mod identity;
    pub(crate) mod images;
    pub(crate) mod namespace;
    pub(crate) mod topology;
    pub(crate) mod watch;
}
