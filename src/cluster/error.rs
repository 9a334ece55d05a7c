//! The errors of requests to the cluster, with hints.

use std::error::Error;
use std::io;

use super::{Access, hibernation};
use crate::diagnostic::Diagnostic;

/// The kinds of error. All of them end a run with exit code 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClusterErrorKind {
    /// The kubeconfig does not exist or is not readable.
    NoKubeconfig,
    /// The kubeconfig is invalid.
    BadKubeconfig,
    /// The kubeconfig has no such context.
    NoContext,
    /// No server listens at the address.
    Unreachable,
    /// The cluster's node containers are stopped.
    Hibernated,
    /// The server's certificate is not signed by the kubeconfig's CA, or the server does not speak TLS.
    Tls,
    /// The server does not accept the credentials (401).
    Unauthorized,
    /// The user lacks a permission (403).
    Forbidden,
    /// There was no answer within the time limit.
    TimedOut,
    /// The object does not exist (404).
    NotFound,
    /// Any other error.
    Other,
}

/// A failed request to the cluster.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ClusterError {
    pub kind: ClusterErrorKind,
    pub message: String,
    /// The hint for the person.
    pub hint: Option<String>,
}

impl From<ClusterError> for Diagnostic {
    fn from(error: ClusterError) -> Self {
        Self { message: error.message, hint: error.hint }
    }
}

impl ClusterError {
    pub(super) fn new(kind: ClusterErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: None }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Classifies an error of the client. `doing` completes "while …".
    pub(super) fn from_kube(error: &kube::Error, doing: &str) -> Self {
        let kube::Error::Api(status) = error else { return Self::from_transport(error, doing) };
        let message = if status.message.is_empty() { &status.reason } else { &status.message };
        match status.code {
            401 => Self::new(
                ClusterErrorKind::Unauthorized,
                format!(
                    "the cluster does not accept the kubeconfig's credentials ({doing}: {message})"
                ),
            )
            .hint(
                "they may have expired or belong to an earlier cluster: write the kubeconfig again",
            ),
            403 => Self::new(
                ClusterErrorKind::Forbidden,
                format!("the cluster refused this user while {doing}: {message}"),
            )
            .hint("give this user the missing permission, or use a context that has it"),
            404 => {
                Self::new(ClusterErrorKind::NotFound, format!("not found while {doing}: {message}"))
            }
            code => Self::new(
                ClusterErrorKind::Other,
                format!("the cluster answered {code} while {doing}: {message}"),
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
                .hint("another server may answer at this address, or the cluster was created again: write the kubeconfig again");
        }
        match kind {
            Some(io::ErrorKind::TimedOut) => Self::new(
                ClusterErrorKind::TimedOut,
                format!("the cluster did not answer while {doing}"),
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
                format!("the request to the cluster failed while {doing}: {text}"),
            ),
        }
    }

    /// Adds a hint if the cluster does not answer because its node containers are stopped.
    pub(super) fn with_hint(self, access: &Access) -> Self {
        if !matches!(self.kind, ClusterErrorKind::Unreachable | ClusterErrorKind::TimedOut) {
            return self;
        }
        let nodes = hibernation::stopped_nodes(access);
        if !nodes.is_empty() {
            let message = format!(
                "the cluster is hibernated: its node containers are stopped ({})",
                nodes.join(", ")
            );
            return Self::new(ClusterErrorKind::Hibernated, message)
                .hint(format!("docker start {}", nodes.join(" ")));
        }
        if self.hint.is_some() {
            return self;
        }
        self.hint(
            "is the cluster running? `docker ps` lists a kind cluster's nodes; the chapter that creates the cluster can create it again",
        )
    }
}

/// An error and its causes as one text, each part once.
pub(super) fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text.push_str(": ");
            text.push_str(&inner_text);
        }
        cause = inner.source();
    }
    text
}

/// The message of the last cause. The messages around it only say that there is one.
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

    fn api_error(code: u16, message: &str) -> ClusterError {
        let status = kube::core::Status::failure(message, "Reason").with_code(code);
        ClusterError::from_kube(&kube::Error::Api(status.boxed()), "listing its nodes")
    }

    #[test]
    fn errors_of_the_server_are_classified_by_their_code() {
        assert_eq!(api_error(401, "Unauthorized").kind, ClusterErrorKind::Unauthorized);
        let forbidden =
            api_error(403, "nodes is forbidden: User \"bob\" cannot list resource \"nodes\"");
        assert_eq!(forbidden.kind, ClusterErrorKind::Forbidden);
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
        assert_eq!(error.kind, ClusterErrorKind::Unreachable);
    }

    #[test]
    fn a_certificate_of_another_ca_is_a_tls_error() {
        let io =
            io::Error::new(io::ErrorKind::InvalidData, "invalid peer certificate: UnknownIssuer");
        let error =
            ClusterError::from_kube(&kube::Error::Service(Box::new(io)), "listing its nodes");
        assert_eq!(error.kind, ClusterErrorKind::Tls);
        assert!(error.hint.unwrap().contains("created again"));
    }

    #[test]
    fn a_closed_connection_is_not_a_tls_error() {
        let io = io::Error::new(
            io::ErrorKind::UnexpectedEof,
            "peer closed connection without sending TLS close_notify",
        );
        let error =
            ClusterError::from_kube(&kube::Error::Service(Box::new(io)), "listing its nodes");
        assert_eq!(error.kind, ClusterErrorKind::Unreachable);
        assert_eq!(error.message, "the cluster closed the connection while listing its nodes");
    }
}
