//! Collects the last log lines of the chapter's pods.

use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use kube::api::{Api, LogParams};

use super::gather::{Gatherer, all, or_none};
use crate::cluster::ClusterError;
use crate::cluster::health::waiting_for;

/// The largest number of pods whose logs are fetched.
const MOST_LOGS: usize = 12;
/// The number of last lines of each log.
const LOG_LINES: i64 = 40;

impl Gatherer {
    /// The last log lines of each container, those of unready pods first.
    pub(super) async fn logs(&self, pods: &[Pod]) -> String {
        let mut pods: Vec<&Pod> = pods.iter().collect();
        pods.sort_by_key(|pod| (waiting_for(pod, None).is_none(), pod.name_any()));
        let mut requests = Vec::new();
        for pod in pods.into_iter().take(MOST_LOGS) {
            for (container, previous) in logs_of(pod) {
                requests.push(self.log(pod, container, previous));
            }
        }
        or_none(all(requests).await.concat())
    }

    async fn log(&self, pod: &Pod, container: String, previous: bool) -> String {
        let title = format!(
            "-- pod {}, container {container}{}\n",
            pod.name_any(),
            if previous { ", before its last restart" } else { "" }
        );
        let api: Api<Pod> =
            Api::namespaced(self.connection.client.clone(), &pod.namespace().unwrap_or_default());
        let which = LogParams {
            container: Some(container),
            previous,
            tail_lines: Some(LOG_LINES),
            limit_bytes: Some(32 * 1024),
            ..LogParams::default()
        };
        let request = async {
            api.logs(&pod.name_any(), &which)
                .await
                .map_err(|error| ClusterError::from_kube(&error, "reading its log"))
        };
        match self.within("reading its log", request).await {
            Ok(text) if text.is_empty() => format!("{title}(empty)\n"),
            Ok(text) => format!("{title}{}\n", text.trim_end()),
            Err(why) => format!("{title}unavailable: {why}\n"),
        }
    }
}

/// The logs of a pod's containers: the current one and, after a restart, the previous one (`true`).
fn logs_of(pod: &Pod) -> Vec<(String, bool)> {
    let Some(status) = &pod.status else { return Vec::new() };
    let mut logs = Vec::new();
    for container in
        status.init_container_statuses.iter().chain(&status.container_statuses).flatten()
    {
        if container
            .state
            .as_ref()
            .is_some_and(|state| state.running.is_some() || state.terminated.is_some())
        {
            logs.push((container.name.clone(), false));
        }
        if container.restart_count > 0 {
            logs.push((container.name.clone(), true));
        }
    }
    logs
}
