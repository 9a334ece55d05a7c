//! The cluster's topology, which the page shows.

use super::namespace::{Namespace, cluster, kubectl};

#[test]
#[ignore = "skipped: no cluster (GUIDE_TEST_KUBECONFIG and GUIDE_TEST_CONTEXT name one)"]
fn the_topology_names_every_node_and_the_node_of_each_pod() {
    let start = std::time::Instant::now();
    let shape = cluster().topology().expect("the cluster answers");
    println!(
        "asked in {:?}: {} nodes, {} pods",
        start.elapsed(),
        shape.nodes.len(),
        shape.pods.len()
    );
    let mut nodes: Vec<&str> = shape.nodes.iter().map(|node| node.name.as_str()).collect();
    nodes.sort_unstable();
    let told = kubectl(&["get", "nodes", "-o", "name"], "");
    let mut expected: Vec<&str> =
        told.lines().map(|line| line.trim_start_matches("node/")).collect();
    expected.sort_unstable();
    assert_eq!(nodes, expected);
    assert!(
        shape.nodes[0].control_plane
            && shape.nodes.iter().all(|node| node.version.starts_with('v'))
    );
    let proxies = shape
        .pods
        .iter()
        .filter(|pod| pod.namespace == "kube-system" && pod.name.starts_with("kube-proxy"));
    assert!(
        proxies.clone().count() >= 1
            && proxies.into_iter().all(|pod| pod.node.is_some() && !pod.host_ports)
    );
}

#[test]
#[ignore = "skipped: no cluster (GUIDE_TEST_KUBECONFIG and GUIDE_TEST_CONTEXT name one)"]
fn an_ingress_is_listed_with_its_hosts() {
    let namespace = Namespace::make("shape");
    namespace.apply(
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: front}\nspec: {rules: [{host: tree.test, http: {paths: \
         [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}}]}\n",
    );
    let shape = cluster().topology().expect("the cluster answers");
    let name = format!("{}/front", namespace.0);
    let told = shape.ingresses.iter().find(|ingress| ingress.name == name).expect("it is told");
    assert_eq!(told.what, "tree.test");
}
