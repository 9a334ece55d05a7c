//! The cluster's identity, which is recorded once and compared before every later run.

use k8s_openapi::api::core::v1::Node;
use kube::Config;
use kube::ResourceExt;
use kube::api::{Api, ListParams, PartialObjectMeta};
use kube::config::{KubeConfigOptions, Kubeconfig};
use sha2::{Digest, Sha256};

use super::client::Connection;
use super::kubeconfig::PrivateKubeconfig;
use super::runtime::Runtime;
use super::{Cluster, ClusterError, ClusterErrorKind, REQUEST_LIMIT};
use crate::identity::WorldIdentity;

impl Cluster {
    /// Reads the cluster's identity.
    pub fn identity(&self) -> Result<WorldIdentity, ClusterError> {
        self.request(REQUEST_LIMIT, identify)
    }

    /// The book's context and the one that a `kubectl` without `--context` would use (the current one of the kubeconfig), if they
    /// differ. `None` also when the current context does not exist. This sends no request.
    pub fn context_mismatch(&self) -> Option<(String, String)> {
        let meant = self.access.context.clone()?;
        let file = Kubeconfig::read_from(&self.access.kubeconfig).ok()?;
        let reached = file.current_context.filter(|current| *current != meant)?;
        file.contexts.iter().any(|context| context.name == reached).then_some((meant, reached))
    }
}

/// The cluster that a kubeconfig names, without a connection, so that its nodes are unknown.
pub(crate) fn configured_identity(copy: &PrivateKubeconfig) -> Option<WorldIdentity> {
    let file = Kubeconfig::from_yaml(&copy.text).ok()?;
    let config = Runtime::start().ok()?.wait(REQUEST_LIMIT, async move {
        Config::from_custom_kubeconfig(file, &KubeConfigOptions::default()).await.ok()
    })??;
    let server = config.cluster_url.to_string().trim_end_matches('/').to_owned();
    let ca_sha256 = config.root_cert.as_deref().filter(|all| !all.is_empty()).map(hash_of);
    Some(WorldIdentity::new(copy.context.clone(), server, ca_sha256, Vec::new()))
}

async fn identify(connection: Connection) -> Result<WorldIdentity, ClusterError> {
    let ca_sha256 = connection
        .config
        .root_cert
        .as_deref()
        .filter(|certificates| !certificates.is_empty())
        .map(hash_of);
    let nodes: Api<PartialObjectMeta<Node>> = Api::all(connection.client.clone());
    let names = match nodes.list(&ListParams::default()).await {
        Ok(list) => list.items.iter().map(ResourceExt::name_any).collect(),
        Err(error) => {
            let error = ClusterError::from_kube(&error, "listing its nodes");
            // For a user who may not list nodes, the CA alone identifies the cluster.
            let anonymous = error.message.contains("system:anonymous");
            if error.kind != ClusterErrorKind::Forbidden || anonymous || ca_sha256.is_none() {
                return Err(error);
            }
            Vec::new()
        }
    };
    Ok(WorldIdentity::new(connection.context.clone(), connection.server(), ca_sha256, names))
}

/// A hash of the certificates' bytes. How the kubeconfig stores them (as a file or as data) does not matter.
pub(super) fn hash_of(certificates: &[Vec<u8>]) -> String {
    let mut hasher = Sha256::new();
    for certificate in certificates {
        hasher.update((certificate.len() as u64).to_le_bytes());
        hasher.update(certificate);
    }
    hasher.finalize().iter().fold(String::new(), |mut text, byte| {
        use std::fmt::Write as _;
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_certificate_is_another_hash() {
        let (one, other) = (hash_of(&[b"a".to_vec()]), hash_of(&[b"b".to_vec()]));
        assert_ne!(one, other);
        assert_eq!(one.len(), 64);
        assert_eq!(one, hash_of(&[b"a".to_vec()]));
    }

    #[test]
    fn the_boundary_between_certificates_matters() {
        assert_ne!(
            hash_of(&[b"ab".to_vec(), b"c".to_vec()]),
            hash_of(&[b"a".to_vec(), b"bc".to_vec()])
        );
    }
}
