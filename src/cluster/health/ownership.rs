//! Ownership: an object belongs to the chapter if its `ownerReferences` lead to an object of the
//! chapter's manifests. This file also finds the ReplicaSets of earlier versions of a Deployment,
//! because problems of their pods do not matter any more.

use std::collections::{HashMap, HashSet};

use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::DynamicObject;

use crate::ids::ObjectRef;

/// The largest number of owners followed. No real chain is that long, but a wrong one may be a circle.
const LONGEST_CHAIN: usize = 10;

/// An object's identity, independent of the version of its group.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    group: String,
    kind: String,
    namespace: Option<String>,
    name: String,
}

/// The chapter's own objects and the known owners of all objects.
#[derive(Debug, Clone, Default)]
pub(in crate::cluster) struct Ownership {
    roots: HashSet<Key>,
    owners: HashMap<Key, Vec<Key>>,
}

impl Ownership {
    /// The ownership of these objects, whose namespaces must be resolved (see `Connection::resolve`).
    pub(in crate::cluster) fn of<'a>(objects: impl IntoIterator<Item = &'a ObjectRef>) -> Self {
        Self { roots: objects.into_iter().map(key_of_ref).collect(), owners: HashMap::new() }
    }

    /// Adds the owners of this object.
    pub(in crate::cluster) fn learn(
        &mut self,
        api_version: &str,
        kind: &str,
        metadata: &ObjectMeta,
    ) {
        let owners = owners_of(metadata);
        if !owners.is_empty() {
            self.owners.insert(key_of(api_version, kind, metadata), owners);
        }
    }

    /// Removes an object that was deleted.
    pub(in crate::cluster) fn forget(
        &mut self,
        api_version: &str,
        kind: &str,
        metadata: &ObjectMeta,
    ) {
        self.owners.remove(&key_of(api_version, kind, metadata));
    }

    /// Whether this is one of the chapter's objects, or one of them owns it.
    pub(in crate::cluster) fn has(
        &self,
        api_version: &str,
        kind: &str,
        metadata: &ObjectMeta,
    ) -> bool {
        self.reaches_root(&key_of(api_version, kind, metadata), &owners_of(metadata), 0)
    }

    fn reaches_root(&self, key: &Key, owners: &[Key], depth: usize) -> bool {
        if self.roots.contains(key) {
            return true;
        }
        depth < LONGEST_CHAIN
            && owners.iter().any(|owner| {
                let further = self.owners.get(owner).map_or(&[][..], Vec::as_slice);
                self.reaches_root(owner, further, depth + 1)
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

/// The possible owners. An owner is in the owned object's namespace, or in none.
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

/// `apps/v1` → `apps`. The group of `v1` is empty.
pub(in crate::cluster) fn group_of(api_version: &str) -> &str {
    api_version.rsplit_once('/').map_or("", |(group, _)| group)
}

/// The annotation with the version of a Deployment and of each of its ReplicaSets. A rollback makes an old set the newest.
const REVISION: &str = "deployment.kubernetes.io/revision";

/// An object's namespace and name.
type Name<'a> = (&'a str, &'a str);

/// The ReplicaSets that are not their Deployment's newest.
#[derive(Debug, Default)]
pub(in crate::cluster) struct OldReplicaSets<'a> {
    /// The Deployment and version of each set.
    sets: HashMap<Name<'a>, (Name<'a>, u64)>,
    /// The newest version of each Deployment. `u64::MAX` stands for a set that does not exist yet.
    newest: HashMap<Name<'a>, u64>,
}

impl<'a> OldReplicaSets<'a> {
    /// Finds these ReplicaSets among all observed objects.
    pub(in crate::cluster) fn among(objects: impl IntoIterator<Item = &'a DynamicObject>) -> Self {
        let mut all = Self::default();
        for object in objects {
            let kind = object.types.as_ref().map_or("", |types| types.kind.as_str());
            match kind {
                "Deployment" => {
                    let revision =
                        if is_observed(object) { revision(&object.metadata) } else { u64::MAX };
                    all.raise(name_of(&object.metadata), revision);
                }
                "ReplicaSet" => {
                    let Some(owner) = owner(&object.metadata, "Deployment") else { continue };
                    let revision = revision(&object.metadata);
                    all.sets.insert(name_of(&object.metadata), (owner, revision));
                    all.raise(owner, revision);
                }
                _ => {}
            }
        }
        all
    }

    fn raise(&mut self, deployment: Name<'a>, revision: u64) {
        let newest = self.newest.entry(deployment).or_default();
        *newest = revision.max(*newest);
    }

    /// Whether this pod belongs to an earlier version.
    pub(in crate::cluster) fn has_pod(&self, pod: &Pod) -> bool {
        owner(&pod.metadata, "ReplicaSet").is_some_and(|set| self.has_set(set))
    }

    /// Whether this object is a ReplicaSet of an earlier version.
    pub(in crate::cluster) fn has(&self, object: &DynamicObject) -> bool {
        let is_set = object.types.as_ref().is_some_and(|types| types.kind == "ReplicaSet");
        is_set && self.has_set(name_of(&object.metadata))
    }

    fn has_set(&self, set: Name<'_>) -> bool {
        self.sets.get(&set).is_some_and(|(deployment, revision)| {
            self.newest.get(deployment).is_some_and(|newest| newest > revision)
        })
    }
}

/// Whether the controller has processed the Deployment's present version. A Deployment without a known status counts as processed.
fn is_observed(deployment: &DynamicObject) -> bool {
    let status = &deployment.data["status"];
    let observed = status["observedGeneration"].as_i64().unwrap_or(0);
    !status.is_object() || observed >= deployment.metadata.generation.unwrap_or(0)
}

fn revision(metadata: &ObjectMeta) -> u64 {
    metadata.annotations.as_ref().and_then(|all| all.get(REVISION)?.parse().ok()).unwrap_or(0)
}

fn name_of(metadata: &ObjectMeta) -> Name<'_> {
    (
        metadata.namespace.as_deref().unwrap_or_default(),
        metadata.name.as_deref().unwrap_or_default(),
    )
}

/// The owner of this kind, which is in the same namespace.
fn owner<'a>(metadata: &'a ObjectMeta, kind: &str) -> Option<Name<'a>> {
    let owner = metadata.owner_references.iter().flatten().find(|owner| owner.kind == kind)?;
    Some((metadata.namespace.as_deref().unwrap_or_default(), &owner.name))
}

#[cfg(test)]
mod tests;
