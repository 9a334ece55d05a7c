//! The watching tasks: one watch for each kind and namespace, which is restarted when it breaks.
//! When the connection breaks, all of them are restarted.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use kube::api::{Api, DynamicObject, LogParams, TypeMeta};
use kube::runtime::watcher::{Config, Event, watcher};
use tokio::task::JoinSet;

use super::cache::{Observed, observed};
use super::shared::{Shared, WatchScope};
use super::stream::{Next, cluster_error, next, refuses_streaming};
use super::targets::{Target, targets};
use crate::cluster::client::{Connection, Resolved, well_known};
use crate::cluster::health::{pod_ref, truncate_line};
use crate::cluster::{Access, ClusterError, ClusterErrorKind};

/// The pause before a broken watch is restarted.
const PAUSE: Duration = Duration::from_secs(1);

/// After this many consecutive failures of one watch the connection is made again.
const MOST_FAILURES: u32 = 5;

/// The pause between two searches for kinds that the server did not know.
const KINDS_AGAIN: Duration = Duration::from_secs(5);

/// Why the watches ended.
enum End {
    /// The connection is broken.
    Broken(ClusterError),
    /// The server now knows a kind that it did not know before.
    NewKinds,
}

/// Watches until it is cancelled.
pub(super) async fn supervise(access: Access, scope: WatchScope, shared: Arc<Shared>) {
    loop {
        let end = match connect(&access, &scope, &shared).await {
            Ok((connection, resolved)) => watch_all(&connection, &scope, &resolved, &shared).await,
            Err(error) => End::Broken(error),
        };
        if let End::Broken(error) = end {
            let access = access.clone();
            let with_hint = tokio::task::spawn_blocking(move || error.with_hint(&access)).await;
            shared.set_unreachable(with_hint.ok().map(|error| error.to_string()));
            tokio::time::sleep(PAUSE).await;
        }
    }
}

async fn connect(
    access: &Access,
    scope: &WatchScope,
    shared: &Shared,
) -> Result<(Connection, Vec<Resolved>), ClusterError> {
    let connection = Connection::connect(access, Arc::clone(&shared.requests)).await?;
    if scope.objects.iter().any(|object| well_known(&object.api_version, &object.kind).is_none()) {
        wait_for_rate_limit(shared).await;
        wait_for_rate_limit(shared).await;
    }
    let resolved = connection.resolve(&scope.objects).await?;
    let objects: Vec<_> = resolved.iter().map(|resolved| resolved.object.clone()).collect();
    shared.cache().restart(&objects);
    Ok((connection, resolved))
}

/// Starts every watch. Returns when one of them cannot continue, or when an unknown kind has become known.
async fn watch_all(
    connection: &Connection,
    scope: &WatchScope,
    resolved: &[Resolved],
    shared: &Arc<Shared>,
) -> End {
    let mut tasks = JoinSet::new();
    let (targets, namespaces) = targets(resolved, &scope.namespaces);
    let namespaces = Arc::new(namespaces);
    for target in targets {
        let watch_one = Watcher {
            connection: connection.clone(),
            target,
            namespaces: Arc::clone(&namespaces),
            shared: Arc::clone(shared),
            failures: 0,
        };
        tasks.spawn(watch_one.run());
    }
    if unknown_kinds(resolved) > 0 {
        tasks.spawn(await_kinds(
            connection.clone(),
            scope.clone(),
            unknown_kinds(resolved),
            Arc::clone(shared),
        ));
    }
    loop {
        match tasks.join_next().await {
            Some(Ok(end)) => return end,
            Some(Err(_panicked)) => {}
            None => std::future::pending::<()>().await,
        }
    }
}

fn unknown_kinds(resolved: &[Resolved]) -> usize {
    resolved.iter().filter(|resolved| resolved.kind.is_none()).count()
}

/// Waits until an unknown kind of the scope becomes known.
async fn await_kinds(
    connection: Connection,
    scope: WatchScope,
    before: usize,
    shared: Arc<Shared>,
) -> End {
    loop {
        tokio::time::sleep(KINDS_AGAIN).await;
        wait_for_rate_limit(&shared).await;
        wait_for_rate_limit(&shared).await;
        match connection.forgetting_kinds().resolve(&scope.objects).await {
            Ok(resolved) if unknown_kinds(&resolved) < before => return End::NewKinds,
            _ => {}
        }
    }
}

/// Waits until a request may be sent.
async fn wait_for_rate_limit(shared: &Shared) {
    tokio::time::sleep(shared.rate_limit.reserve(Instant::now())).await;
}

/// One watch.
struct Watcher {
    connection: Connection,
    target: Target,
    /// The namespaces that count (empty = all).
    namespaces: Arc<BTreeSet<String>>,
    shared: Arc<Shared>,
    /// Consecutive failures.
    failures: u32,
}

impl Watcher {
    /// Stores every event in the cache. Returns when the watch has failed too often in a row.
    async fn run(mut self) -> End {
        let (client, resource) = (self.connection.client.clone(), &self.target.resource);
        let api: Api<DynamicObject> = match self.target.namespace.as_deref() {
            Some(namespace) => Api::namespaced_with(client, namespace, resource),
            None => Api::all_with(client, resource),
        };
        let mut config = Config::default().streaming_lists();
        loop {
            wait_for_rate_limit(&self.shared).await;
            let mut stream = Box::pin(watcher(api.clone(), config.clone()));
            let mut listing = Listing::default();
            loop {
                match next(&mut stream, listing.done).await {
                    Next::Event(event) => self.take(*event, &mut listing),
                    Next::Failed(error) if refuses_streaming(&error) => {
                        // Servers before 1.32 do not send the list as a stream: list first, then watch.
                        config = Config::default();
                        break;
                    }
                    Next::Failed(error) => {
                        if let Some(end) =
                            self.failed(cluster_error(&error, &self.target.resource.plural)).await
                        {
                            return end;
                        }
                    }
                    Next::Silence => match self.failed(self.silence_error()).await {
                        Some(end) => return end,
                        None => break,
                    },
                    Next::End => break,
                }
            }
        }
    }

    fn silence_error(&self) -> ClusterError {
        let kind = &self.target.resource.plural;
        ClusterError::new(
            ClusterErrorKind::TimedOut,
            format!("the cluster did not answer while watching {kind}"),
        )
    }

    /// Waits before the next attempt. Returns an end when the whole connection must be made again.
    async fn failed(&mut self, error: ClusterError) -> Option<End> {
        self.failures += 1;
        // A kind that this user may not watch is omitted, and the rest is informative enough.
        // Another attempt follows later, because a cluster that has just started refuses all users
        // for a moment.
        if error.kind == ClusterErrorKind::Forbidden {
            let pause = PAUSE * 2u32.saturating_pow(self.failures.min(6));
            tokio::time::sleep(pause).await;
        } else if error.kind != ClusterErrorKind::Other || self.failures >= MOST_FAILURES {
            return Some(End::Broken(error));
        } else {
            self.shared.set_unreachable(Some(error.to_string()));
            tokio::time::sleep(PAUSE).await;
        }
        wait_for_rate_limit(&self.shared).await;
        None
    }

    fn take(&mut self, event: Event<DynamicObject>, listing: &mut Listing) {
        // `Init` is sent before the list is requested, so it does not prove that the server answers.
        if !matches!(event, Event::Init) {
            self.failures = 0;
            self.shared.set_unreachable(None);
        }
        match event {
            Event::Init => {
                listing.fresh.clear();
                listing.done = false;
            }
            Event::InitApply(object) => {
                if let Some(item) = self.observe(object) {
                    listing.fresh.insert(item.uid());
                    // This is not a change, because the object may have been the same before.
                    self.shared.cache().insert(item.clone());
                    self.fetch_last_line(&item);
                }
            }
            Event::InitDone => {
                let gone: Vec<String> = listing.known.difference(&listing.fresh).cloned().collect();
                listing.known = std::mem::take(&mut listing.fresh);
                listing.done = true;
                self.shared.change(|cache| gone.iter().for_each(|uid| cache.remove(uid)));
            }
            Event::Apply(object) => {
                if let Some(item) = self.observe(object) {
                    listing.known.insert(item.uid());
                    self.shared.change(|cache| cache.insert(item.clone()));
                    self.fetch_last_line(&item);
                }
            }
            Event::Delete(object) => {
                let uid = object.uid().unwrap_or_default();
                if listing.known.remove(&uid) {
                    self.shared.change(|cache| cache.remove(&uid));
                }
            }
        }
    }

    /// The object as it is stored, if its namespace counts: without managed fields and without secret data.
    fn observe(&self, mut object: DynamicObject) -> Option<Observed> {
        let elsewhere = object
            .metadata
            .namespace
            .as_ref()
            .is_some_and(|namespace| !self.namespaces.contains(namespace));
        if elsewhere && !self.namespaces.is_empty() {
            return None;
        }
        let resource = &self.target.resource;
        object.types = Some(TypeMeta {
            api_version: resource.api_version.clone(),
            kind: resource.kind.clone(),
        });
        object.metadata.managed_fields = None;
        observed(object)
    }

    /// Fetches the last log line of a crashed container, once for each restart.
    fn fetch_last_line(&self, item: &Observed) {
        let Observed::Pod(pod) = item else { return };
        let Some(wanted) = self.shared.cache().wanted_log(pod) else { return };
        let logs: Api<Pod> =
            Api::namespaced(self.connection.client.clone(), &pod.namespace().unwrap_or_default());
        let (pod, shared) = (pod_ref(pod), Arc::clone(&self.shared));
        // Until the log arrives, no other task fetches it.
        shared.cache().record_last_line(pod.clone(), &wanted, String::new());
        tokio::spawn(async move {
            wait_for_rate_limit(&shared).await;
            let container = Some(wanted.container.clone());
            let which = LogParams {
                container,
                previous: wanted.previous,
                tail_lines: Some(5),
                ..LogParams::default()
            };
            let text = logs.logs(&pod.name, &which).await.unwrap_or_default();
            shared.change(|cache| cache.record_last_line(pod, &wanted, last_line(&text)));
        });
    }
}

/// The last line with text. The kubelet's message about a log that no longer exists does not count.
fn last_line(log: &str) -> String {
    let has_text = |line: &&str| {
        !line.trim().is_empty() && !line.starts_with("unable to retrieve container logs")
    };
    log.lines().rev().find(has_text).map(truncate_line).unwrap_or_default()
}

/// The objects that one watch has received, to find those that were deleted while it was broken.
#[derive(Default)]
struct Listing {
    known: HashSet<String>,
    fresh: HashSet<String>,
    /// Whether the list is complete. From then on silence means that no object changes.
    done: bool,
}
