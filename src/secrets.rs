//! SECRETS: masks secrets in everything that is shown or written. All outputs share one masker.
//!
//! The following are secret: variables that a step names in `secret=`, the data of Secret objects
//! in the cluster and in the book's own manifests, and the credentials of the kubeconfig
//! ([`kubeconfig`]). [`Masker`] finds their values in every form in which programs write them
//! ([`forms`] reads these forms). [`objects`] finds Secret objects in YAML and JSON.

mod encodings;
mod forms;
mod kubeconfig;
mod masker;
mod objects;
mod patterns;

pub(crate) use kubeconfig::{kubeconfig_credential_files, kubeconfig_credentials};
#[cfg(target_os = "linux")]
pub(crate) use masker::MaskStream;
pub use masker::Masker;
pub(crate) use objects::{secret_values, without_printed_secrets, without_secret_data};

/// The text that replaces a secret.
pub(crate) const MASK: &str = "***";
