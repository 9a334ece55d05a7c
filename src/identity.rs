//! IDENTITY: what distinguishes one cluster from another, and whether two identities are of the same cluster. This is data only:
//! `cluster` reads the identity, and `store` keeps it in `world.json`.

use serde::{Deserialize, Serialize};

use crate::diagnostic::Diagnostic;

/// A cluster's identity. It is kept once the cluster was created or adopted, and compared before every later run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorldIdentity {
    /// The kubeconfig's context. It is only a name and does not decide.
    pub context: String,
    /// The API server's address. It decides only where there is no CA.
    pub server: String,
    /// SHA-256, in hexadecimal, of the CA certificates in the kubeconfig. `None` where the kubeconfig has none.
    pub ca_sha256: Option<String>,
    /// The names of the nodes, sorted. Empty where the user may not list nodes.
    pub nodes: Vec<String>,
}

/// The result of comparing two identities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sameness {
    /// Both are of the same cluster, though nodes may have been added or removed.
    Same,
    /// They are of two clusters; `why` says what differs.
    Different { why: String },
}

impl WorldIdentity {
    /// An identity with sorted nodes.
    pub fn new(
        context: String,
        server: String,
        ca_sha256: Option<String>,
        mut nodes: Vec<String>,
    ) -> Self {
        nodes.sort();
        Self { context, server, ca_sha256, nodes }
    }

    /// The part of the identity that distinguishes clusters: the CA, or else the address.
    pub fn key(&self) -> &str {
        self.ca_sha256.as_deref().unwrap_or(&self.server)
    }

    /// Compares the kept identity (`self`) with the one that was found. The CA decides, then the nodes: one node must be common to
    /// both, since nodes may be down, removed or new. If one side has no CA, the address must be equal as well.
    pub fn compare(&self, found: &Self) -> Sameness {
        let different = |why: String| Sameness::Different { why };
        match (&self.ca_sha256, &found.ca_sha256) {
            (Some(ours), Some(theirs)) if ours != theirs => {
                return different(format!(
                    "its certificate authority is {}, not {}",
                    short(theirs),
                    short(ours)
                ));
            }
            (Some(_), Some(_)) => {}
            _ if self.server != found.server => {
                return different(format!("its address is {}, not {}", found.server, self.server));
            }
            _ => {}
        }
        let unknown = self.nodes.is_empty() || found.nodes.is_empty();
        if unknown || found.nodes.iter().any(|node| self.nodes.contains(node)) {
            return Sameness::Same;
        }
        different(format!(
            "its nodes are {}, not {}",
            found.nodes.join(", "),
            self.nodes.join(", ")
        ))
    }

    /// Refuses a cluster that is not the kept one: the error names both. `kept_in` is the path of the file
    /// with the kept identity.
    ///
    /// # Errors
    /// When `found` is not the same cluster.
    pub fn refuse_other(&self, found: &Self, kept_in: &str) -> Result<(), Diagnostic> {
        let Sameness::Different { why } = self.compare(found) else { return Ok(()) };
        let message = format!(
            "this is not the cluster the book was run on: {why}\n  kept:  {self}\n  found: {found}\nnothing was run, since a \
             book's commands change the cluster they reach"
        );
        let hint = format!(
            "point `context` and `kubeconfig` at the kept cluster again; if it was replaced on purpose, remove {kept_in}, and \
             the next run adopts the new one"
        );
        Err(Diagnostic::new(message).with_hint(hint))
    }
}

impl std::fmt::Display for WorldIdentity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "context {} at {}", self.context, self.server)?;
        match &self.ca_sha256 {
            Some(hash) => write!(f, ", CA {}", short(hash))?,
            None => f.write_str(", no CA")?,
        }
        match self.nodes.as_slice() {
            [] => f.write_str(", nodes unknown"),
            nodes => write!(f, ", nodes {}", nodes.join(", ")),
        }
    }
}

/// The first twelve digits, which are enough to distinguish two hashes by eye.
fn short(hash: &str) -> &str {
    hash.get(..12).unwrap_or(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world(ca: Option<&str>, nodes: &[&str]) -> WorldIdentity {
        let nodes = nodes.iter().map(ToString::to_string).collect();
        WorldIdentity::new(
            "kind-a".into(),
            "https://127.0.0.1:41079".into(),
            ca.map(str::to_owned),
            nodes,
        )
    }

    #[test]
    fn the_order_of_nodes_does_not_matter() {
        assert_eq!(
            world(Some("aa"), &["w2", "cp"]).compare(&world(Some("aa"), &["cp", "w2"])),
            Sameness::Same
        );
    }

    #[test]
    fn a_node_that_is_gone_or_new_does_not_matter() {
        let kept = world(Some("aa"), &["cp", "w1"]);
        assert_eq!(kept.compare(&world(Some("aa"), &["cp"])), Sameness::Same);
        assert_eq!(kept.compare(&world(Some("aa"), &["cp", "w1", "w9"])), Sameness::Same);
    }

    #[test]
    fn another_ca_is_another_cluster_even_with_the_same_nodes() {
        let Sameness::Different { why } =
            world(Some("aa11"), &["cp"]).compare(&world(Some("bb22"), &["cp"]))
        else {
            panic!("they were taken for the same cluster")
        };
        assert!(why.contains("bb22") && why.contains("aa11"), "{why}");
    }

    #[test]
    fn no_common_node_is_another_cluster_even_with_the_same_ca() {
        assert!(matches!(
            world(Some("aa"), &["a"]).compare(&world(Some("aa"), &["b"])),
            Sameness::Different { .. }
        ));
    }

    #[test]
    fn without_a_ca_the_address_decides() {
        let kept = world(None, &["cp"]);
        let mut found = world(None, &["cp"]);
        assert_eq!(kept.compare(&found), Sameness::Same);
        found.server = "https://10.0.0.1:6443".into();
        assert!(matches!(kept.compare(&found), Sameness::Different { .. }));
    }

    #[test]
    fn a_renamed_context_is_the_same_cluster() {
        let mut found = world(Some("aa"), &["cp"]);
        found.context = "other".into();
        assert_eq!(world(Some("aa"), &["cp"]).compare(&found), Sameness::Same);
    }

    #[test]
    fn the_refusal_names_both_and_the_file() {
        let (kept, found) =
            (world(Some("aaaaaaaaaaaaaaaa"), &["cp"]), world(Some("bbbbbbbbbbbbbbbb"), &["other"]));
        let Diagnostic { message, hint } =
            kept.refuse_other(&found, ".guide/world.json").unwrap_err();
        assert!(
            message.contains("CA aaaaaaaaaaaa, nodes cp")
                && message.contains("CA bbbbbbbbbbbb, nodes other"),
            "{message}"
        );
        assert!(hint.unwrap().contains(".guide/world.json"));
    }

    #[test]
    fn it_is_equal_after_a_round_trip_through_json() {
        let kept = world(Some("aa"), &["cp"]);
        assert_eq!(
            serde_json::from_str::<WorldIdentity>(&serde_json::to_string(&kept).unwrap()).unwrap(),
            kept
        );
    }
}
