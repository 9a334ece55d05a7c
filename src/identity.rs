//! IDENTITY: what tells one cluster from another, and whether two of these are the same world. Data only; asking the cluster is
//! `execute::cluster`'s work, keeping the answer (`world.json`) is `store`'s.

use serde::{Deserialize, Serialize};

use crate::diagnostic::Diagnostic;

/// What a cluster is known by: kept once it was made or adopted, compared before every later run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorldIdentity {
    /// The kubeconfig's context. Only a name: it does not decide.
    pub context: String,
    /// The API server's address. Decides only where there is no CA.
    pub server: String,
    /// SHA-256, in hexadecimal, of the certificates that the API server is trusted by; none where the kubeconfig names none.
    pub ca_sha256: Option<String>,
    /// Names of the nodes, sorted; empty where they may not be listed.
    pub nodes: Vec<String>,
}

/// How two identities compare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sameness {
    /// One and the same cluster (nodes may have come and gone).
    Same,
    /// Another cluster than the kept one.
    Different {
        /// Why, in words: what is other, kept → found.
        why: String,
    },
}

impl WorldIdentity {
    /// An identity with its nodes in order.
    pub fn new(
        context: String,
        server: String,
        ca_sha256: Option<String>,
        mut nodes: Vec<String>,
    ) -> Self {
        nodes.sort();
        Self { context, server, ca_sha256, nodes }
    }

    /// What a cluster is told from another by, in one word.
    pub fn key(&self) -> &str {
        self.ca_sha256.as_deref().unwrap_or(&self.server)
    }

    /// Is `found` the cluster that `self` was kept of? The CA decides, then the nodes: they must share one, since a node may be
    /// down, gone or new. Without a CA on either side the server's address must be equal too.
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

    /// Refuses another cluster than the kept one: the error names both. `kept_in` is the file that holds `self`,
    /// as the reader knows it.
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
            "point `context` and `kubeconfig` at the kept cluster again; if it was replaced on purpose, remove {kept_in} and \
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
            [] => f.write_str(", nodes not known"),
            nodes => write!(f, ", nodes {}", nodes.join(", ")),
        }
    }
}

/// The first twelve digits: enough to tell two apart by eye.
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
            panic!("taken for the same")
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
    fn it_survives_being_kept() {
        let kept = world(Some("aa"), &["cp"]);
        assert_eq!(
            serde_json::from_str::<WorldIdentity>(&serde_json::to_string(&kept).unwrap()).unwrap(),
            kept
        );
    }
}
