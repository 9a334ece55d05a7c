//! Kubernetes' own kinds, known without asking the server which it has. Taken from the generated types, not written by hand.

use k8s_openapi::api::{
    admissionregistration, apps, autoscaling, batch, core, networking, policy, rbac, scheduling,
    storage,
};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::ApiResource;
use kube::discovery::{ApiCapabilities, Scope, verbs};

/// A kind of Kubernetes itself, under this very version.
pub(super) fn well_known(api_version: &str, kind: &str) -> Option<(ApiResource, ApiCapabilities)> {
    let namespaced = namespaced().into_iter().map(|resource| (resource, Scope::Namespaced));
    let everywhere = without_namespaces().into_iter().map(|resource| (resource, Scope::Cluster));
    let (resource, scope) = namespaced
        .chain(everywhere)
        .find(|(resource, _)| resource.kind == kind && resource.api_version == api_version)?;
    let operations = [verbs::GET, verbs::LIST, verbs::WATCH, verbs::DELETE, verbs::PATCH]
        .map(str::to_owned)
        .to_vec();
    Some((resource, ApiCapabilities { scope, subresources: Vec::new(), operations }))
}

macro_rules! resources {
    ($($kind:path),* $(,)?) => { [$(ApiResource::erase::<$kind>(&())),*] };
}

fn namespaced() -> [ApiResource; 20] {
    resources![
        core::v1::Pod,
        core::v1::Service,
        core::v1::ConfigMap,
        core::v1::Secret,
        core::v1::ServiceAccount,
        core::v1::PersistentVolumeClaim,
        core::v1::ResourceQuota,
        core::v1::LimitRange,
        apps::v1::Deployment,
        apps::v1::StatefulSet,
        apps::v1::DaemonSet,
        apps::v1::ReplicaSet,
        batch::v1::Job,
        batch::v1::CronJob,
        autoscaling::v2::HorizontalPodAutoscaler,
        networking::v1::Ingress,
        networking::v1::NetworkPolicy,
        policy::v1::PodDisruptionBudget,
        rbac::v1::Role,
        rbac::v1::RoleBinding,
    ]
}

fn without_namespaces() -> [ApiResource; 11] {
    resources![
        core::v1::Namespace,
        core::v1::Node,
        core::v1::PersistentVolume,
        rbac::v1::ClusterRole,
        rbac::v1::ClusterRoleBinding,
        storage::v1::StorageClass,
        networking::v1::IngressClass,
        scheduling::v1::PriorityClass,
        admissionregistration::v1::ValidatingWebhookConfiguration,
        admissionregistration::v1::MutatingWebhookConfiguration,
        CustomResourceDefinition,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_kinds_are_known_with_their_scope_and_plural() {
        let (resource, capabilities) = well_known("networking.k8s.io/v1", "Ingress").unwrap();
        assert_eq!(
            (resource.plural.as_str(), capabilities.scope),
            ("ingresses", Scope::Namespaced)
        );
        assert_eq!(well_known("v1", "Namespace").unwrap().1.scope, Scope::Cluster);
    }

    #[test]
    fn other_versions_and_strangers_are_asked_for() {
        assert!(well_known("autoscaling/v1", "HorizontalPodAutoscaler").is_none());
        assert!(well_known("argoproj.io/v1alpha1", "Application").is_none());
    }
}
