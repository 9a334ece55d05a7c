//! Whose is it? An object belongs to the chapter when its chain of owners leads to an object of the chapter's manifests. Pure.

use std::collections::{HashMap, HashSet};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use crate::ids::ObjectRef;

/// Most owners followed: no real chain is that long, and a wrong one may go in a circle.
const LONGEST_CHAIN: usize = 10;

/// An object's place, whatever version of its group it is written in.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    group: String,
    kind: String,
    namespace: Option<String>,
    name: String,
}

/// The chapter's own objects and who owns what, as far as seen.
#[derive(Debug, Clone, Default)]
pub(super) struct Ownership {
    roots: HashSet<Key>,
    owners: HashMap<Key, Vec<Key>>,
}

impl Ownership {
    /// The ownership of these objects; their namespaces are those they really are in (see `Connection::located`).
    pub(super) fn of<'a>(objects: impl IntoIterator<Item = &'a ObjectRef>) -> Self {
        Self { roots: objects.into_iter().map(key_of_ref).collect(), owners: HashMap::new() }
    }

    /// Learns who owns this object.
    pub(super) fn learn(&mut self, api_version: &str, kind: &str, metadata: &ObjectMeta) {
        let owners = owners_of(metadata);
        if !owners.is_empty() {
            self.owners.insert(key_of(api_version, kind, metadata), owners);
        }
    }

    /// Forgets an object that is gone.
    pub(super) fn forget(&mut self, api_version: &str, kind: &str, metadata: &ObjectMeta) {
        self.owners.remove(&key_of(api_version, kind, metadata));
    }

    /// Is it one of the chapter's objects, or owned by one?
    pub(super) fn has(&self, api_version: &str, kind: &str, metadata: &ObjectMeta) -> bool {
        self.leads_home(&key_of(api_version, kind, metadata), &owners_of(metadata), 0)
    }

    fn leads_home(&self, key: &Key, owners: &[Key], depth: usize) -> bool {
        if self.roots.contains(key) {
            return true;
        }
        depth < LONGEST_CHAIN
            && owners.iter().any(|owner| {
                let further = self.owners.get(owner).map_or(&[][..], Vec::as_slice);
                self.leads_home(owner, further, depth + 1)
            })
    }
}

fn key_of_ref(object: &ObjectRef) -> Key {
    Key {
        group: group_of(&object.api_version).to_owned(),
        kind: object.kind.clone(),
        namespace: object.namespace.clone(),
        name: object.name.clone(),
    }
}

fn key_of(api_version: &str, kind: &str, metadata: &ObjectMeta) -> Key {
    Key {
        group: group_of(api_version).to_owned(),
        kind: kind.to_owned(),
        namespace: metadata.namespace.clone(),
        name: metadata.name.clone().unwrap_or_default(),
    }
}

/// Owners live in the owned object's namespace, or in none.
fn owners_of(metadata: &ObjectMeta) -> Vec<Key> {
    let owners = metadata.owner_references.iter().flatten();
    let key = |owner: &k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference,
               namespace: Option<String>| Key {
        group: group_of(&owner.api_version).to_owned(),
        kind: owner.kind.clone(),
        namespace,
        name: owner.name.clone(),
    };
    owners.flat_map(|owner| [key(owner, metadata.namespace.clone()), key(owner, None)]).collect()
}

/// `apps/v1` → `apps`; of `v1` it is empty.
pub(super) fn group_of(api_version: &str) -> &str {
    api_version.rsplit_once('/').map_or("", |(group, _)| group)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn meta(name: &str, owner: Option<(&str, &str, &str)>) -> ObjectMeta {
        let owners: Vec<_> = owner
            .into_iter()
            .map(|(api_version, kind, name)| json!({"apiVersion": api_version, "kind": kind, "name": name, "uid": "u"}))
            .collect();
        serde_json::from_value(
            json!({"name": name, "namespace": "shop", "ownerReferences": owners}),
        )
        .unwrap()
    }

    fn web() -> ObjectRef {
        let namespace = Some("shop".to_owned());
        ObjectRef {
            api_version: "apps/v1".into(),
            kind: "Deployment".into(),
            namespace,
            name: "web".into(),
        }
    }

    #[test]
    fn a_pod_belongs_through_its_replica_set() {
        let mut ownership = Ownership::of(&[web()]);
        let pod = meta("web-1-a", Some(("apps/v1", "ReplicaSet", "web-1")));
        assert!(!ownership.has("v1", "Pod", &pod), "the set in between was not seen yet");
        ownership.learn(
            "apps/v1",
            "ReplicaSet",
            &meta("web-1", Some(("apps/v1", "Deployment", "web"))),
        );
        assert!(ownership.has("v1", "Pod", &pod));
    }

    #[test]
    fn a_stranger_s_pod_does_not_belong() {
        let mut ownership = Ownership::of(&[web()]);
        ownership.learn(
            "apps/v1",
            "ReplicaSet",
            &meta("other-1", Some(("apps/v1", "Deployment", "other"))),
        );
        assert!(!ownership.has(
            "v1",
            "Pod",
            &meta("other-1-a", Some(("apps/v1", "ReplicaSet", "other-1")))
        ));
        assert!(
            !ownership.has("v1", "Pod", &meta("web", None)),
            "the same name under another kind"
        );
    }

    #[test]
    fn the_same_names_in_another_namespace_are_strangers() {
        let elsewhere = ObjectRef { namespace: Some("elsewhere".to_owned()), ..web() };
        let mut ownership = Ownership::of(&[elsewhere]);
        ownership.learn(
            "apps/v1",
            "ReplicaSet",
            &meta("web-1", Some(("apps/v1", "Deployment", "web"))),
        );
        assert!(!ownership.has(
            "v1",
            "Pod",
            &meta("web-1-a", Some(("apps/v1", "ReplicaSet", "web-1")))
        ));
        assert!(!ownership.has("apps/v1", "Deployment", &meta("web", None)));
    }

    #[test]
    fn an_owner_may_live_in_no_namespace() {
        let plant = ObjectRef {
            api_version: "garden/v1".into(),
            kind: "Plant".into(),
            namespace: None,
            name: "oak".into(),
        };
        let ownership = Ownership::of(&[plant]);
        assert!(ownership.has(
            "v1",
            "ConfigMap",
            &meta("leaf", Some(("garden/v1", "Plant", "oak")))
        ));
    }

    #[test]
    fn another_version_of_the_same_group_is_the_same_object() {
        assert!(Ownership::of(&[web()]).has("apps/v2", "Deployment", &meta("web", None)));
    }

    #[test]
    fn a_circle_of_owners_ends() {
        let mut ownership = Ownership::of(&[web()]);
        let one = meta("one", Some(("v1", "A", "two")));
        ownership.learn("v1", "A", &one);
        ownership.learn("v1", "A", &meta("two", Some(("v1", "A", "one"))));
        assert!(!ownership.has("v1", "A", &one));
    }

    #[test]
    fn what_is_gone_owns_nothing_any_more() {
        let mut ownership = Ownership::of(&[web()]);
        let set = meta("web-1", Some(("apps/v1", "Deployment", "web")));
        ownership.learn("apps/v1", "ReplicaSet", &set);
        ownership.forget("apps/v1", "ReplicaSet", &set);
        assert!(!ownership.has(
            "v1",
            "Pod",
            &meta("web-1-a", Some(("apps/v1", "ReplicaSet", "web-1")))
        ));
    }
}
