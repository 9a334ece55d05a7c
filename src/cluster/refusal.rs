//! Why the cluster could not be asked, in words, with what to do next.

use std::error::Error;
use std::io;

use super::connection::with_causes;
use super::{Access, stopped};
use crate::diagnostic::Diagnostic;

/// The kinds of refusal, for whoever acts on them (all end a run with exit code 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClusterErrorKind {
    /// The kubeconfig is not there or may not be read.
    NoKubeconfig,
    /// The kubeconfig is not one, or lacks parts.
    BadKubeconfig,
    /// The context is not in it.
    NoContext,
    /// Nobody listens at the server's address.
    Unreachable,
    /// The cluster's node containers are stopped.
    Hibernated,
    /// The server's certificate is not signed by the kubeconfig's CA, or it speaks no TLS.
    Tls,
    /// The server does not know who asks (401).
    Unauthorized,
    /// The server knows who asks, and refuses (403).
    Forbidden,
    /// No answer in time.
    TimedOut,
    /// What is asked for is not there (404).
    NotFound,
    /// Anything else.
    Other,
}

/// The cluster could not be asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ClusterError {
    /// Which kind.
    pub refusal: ClusterErrorKind,
    /// What happened.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
}

impl From<ClusterError> for Diagnostic {
    fn from(error: ClusterError) -> Self {
        Self { message: error.message, hint: error.hint }
    }
}

impl ClusterError {
    pub(super) fn new(refusal: ClusterErrorKind, message: impl Into<String>) -> Self {
        Self { refusal, message: message.into(), hint: None }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Sorts an error of the client. `doing` completes "while …".
    pub(super) fn from_kube(error: &kube::Error, doing: &str) -> Self {
        let kube::Error::Api(status) = error else { return Self::from_transport(error, doing) };
        let said = if status.message.is_empty() { &status.reason } else { &status.message };
        match status.code {
            401 => Self::new(
                ClusterErrorKind::Unauthorized,
                format!(
                    "the cluster does not accept the kubeconfig's credentials ({doing}: {said})"
                ),
            )
            .hint(
                "they may have expired, or belong to an earlier cluster: write the kubeconfig anew",
            ),
            403 => Self::new(
                ClusterErrorKind::Forbidden,
                format!("the cluster refused this user while {doing}: {said}"),
            )
            .hint("give this user the right it names, or use a context that has it"),
            404 => {
                Self::new(ClusterErrorKind::NotFound, format!("not found while {doing}: {said}"))
            }
            code => Self::new(
                ClusterErrorKind::Other,
                format!("the cluster answered {code} while {doing}: {said}"),
            ),
        }
    }

    fn from_transport(error: &kube::Error, doing: &str) -> Self {
        let text = innermost(error);
        let kind = io_kind(error);
        let lower = with_causes(error).to_ascii_lowercase();
        if kind == Some(io::ErrorKind::ConnectionRefused) {
            return Self::new(
                ClusterErrorKind::Unreachable,
                "nothing listens at the cluster's address (connection refused)",
            );
        }
        if ["certificate", "unknownissuer", "invalidcontenttype", "corrupt message"]
            .iter()
            .any(|word| lower.contains(word))
        {
            return Self::new(ClusterErrorKind::Tls, format!("no trusted connection to the cluster while {doing}: {text}"))
                .hint("another server may answer at this address, or the cluster was made anew: write the kubeconfig anew");
        }
        match kind {
            Some(io::ErrorKind::TimedOut) => Self::new(
                ClusterErrorKind::TimedOut,
                format!("the cluster gave no answer while {doing}"),
            ),
            Some(
                io::ErrorKind::UnexpectedEof
                | io::ErrorKind::ConnectionReset
                | io::ErrorKind::BrokenPipe,
            ) => Self::new(
                ClusterErrorKind::Unreachable,
                format!("the cluster closed the connection while {doing}"),
            ),
            Some(_) => Self::new(
                ClusterErrorKind::Unreachable,
                format!("the cluster could not be reached while {doing}: {text}"),
            ),
            None => Self::new(
                ClusterErrorKind::Other,
                format!("the cluster could not be asked while {doing}: {text}"),
            ),
        }
    }

    /// Where nobody answers, looks whether the cluster's node containers are stopped: then the cure is known.
    pub(super) fn with_cure(self, access: &Access) -> Self {
        if !matches!(self.refusal, ClusterErrorKind::Unreachable | ClusterErrorKind::TimedOut) {
            return self;
        }
        let nodes = stopped::stopped_nodes(access);
        if !nodes.is_empty() {
            let message = format!(
                "the cluster does not answer, it is hibernated: node containers are stopped ({})",
                nodes.join(", ")
            );
            return Self::new(ClusterErrorKind::Hibernated, message)
                .hint(format!("docker start {}", nodes.join(" ")));
        }
        if self.hint.is_some() {
            return self;
        }
        self.hint(
            "is the cluster running? `docker ps` shows a kind cluster's nodes; the chapter that makes the cluster makes it anew",
        )
    }
}

/// What the last cause says: those around it only say that they have one.
fn innermost(error: &dyn Error) -> String {
    let mut last = error;
    while let Some(inner) = last.source() {
        last = inner;
    }
    last.to_string()
}

/// The first operating system error among the causes.
fn io_kind(error: &(dyn Error + 'static)) -> Option<io::ErrorKind> {
    let mut cause = Some(error);
    while let Some(inner) = cause {
        if let Some(io) = inner.downcast_ref::<io::Error>() {
            return Some(io.kind());
        }
        cause = inner.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(code: u16, message: &str) -> ClusterError {
        let status = kube::core::Status::failure(message, "Reason").with_code(code);
        ClusterError::from_kube(&kube::Error::Api(status.boxed()), "listing its nodes")
    }

    #[test]
    fn the_server_s_refusals_are_told_apart() {
        assert_eq!(answered(401, "Unauthorized").refusal, ClusterErrorKind::Unauthorized);
        let forbidden =
            answered(403, "nodes is forbidden: User \"bob\" cannot list resource \"nodes\"");
        assert_eq!(forbidden.refusal, ClusterErrorKind::Forbidden);
        assert!(
            forbidden.message.contains("bob")
                && forbidden.message.contains("while listing its nodes")
        );
    }

    #[test]
    fn a_refused_connection_is_found_among_the_causes() {
        let io = io::Error::new(io::ErrorKind::ConnectionRefused, "no");
        let error =
            ClusterError::from_kube(&kube::Error::Service(Box::new(io)), "listing its nodes");
        assert_eq!(error.refusal, ClusterErrorKind::Unreachable);
    }

    #[test]
    fn a_certificate_of_another_ca_is_said_so() {
        let io =
            io::Error::new(io::ErrorKind::InvalidData, "invalid peer certificate: UnknownIssuer");
        let error =
            ClusterError::from_kube(&kube::Error::Service(Box::new(io)), "listing its nodes");
        assert_eq!(error.refusal, ClusterErrorKind::Tls);
        assert!(error.hint.unwrap().contains("made anew"));
    }

    #[test]
    fn a_connection_that_is_cut_is_no_matter_of_certificates() {
        let io = io::Error::new(
            io::ErrorKind::UnexpectedEof,
            "peer closed connection without sending TLS close_notify",
        );
        let error =
            ClusterError::from_kube(&kube::Error::Service(Box::new(io)), "listing its nodes");
        assert_eq!(error.refusal, ClusterErrorKind::Unreachable);
        assert_eq!(error.message, "the cluster closed the connection while listing its nodes");
    }
}
