//! The watching tasks: one watch a kind and namespace, started anew when it breaks, all of them when the connection does.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::{Stream, StreamExt};
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use kube::api::{Api, DynamicObject, LogParams, TypeMeta};
use kube::runtime::watcher::{Config, Error as WatchError, Event, watcher};
use tokio::task::JoinSet;

use super::connection::{Connection, Located, with_causes};
use super::problem::{clipped, pod_ref};
use super::seen::{Item, item_of};
use super::targets::{Target, targets};
use super::watch::{Shared, WatchScope};
use super::wellknown::well_known;
use super::{Access, ClusterError, ClusterErrorKind};

/// Pause before a broken watch is started again.
const PAUSE: Duration = Duration::from_secs(1);

/// So many failures of no known kind in a row of one watch, and the whole connection is made anew.
const MOST_FAILURES: u32 = 5;

/// Longest silence of a watch whose list is not complete yet.
const LIST_LIMIT: Duration = Duration::from_secs(6);

/// How often kinds that the server did not know are looked for again.
const KINDS_AGAIN: Duration = Duration::from_secs(5);

/// Why the watches ended.
enum End {
    /// The connection does not serve any more.
    Broken(ClusterError),
    /// The server knows kinds now that it did not know.
    NewKinds,
}

/// Watches until it is dropped.
pub(super) async fn supervise(access: Access, scope: WatchScope, shared: Arc<Shared>) {
    loop {
        let end = match connect(&access, &scope, &shared).await {
            Ok((connection, located)) => watch_all(&connection, &scope, &located, &shared).await,
            Err(error) => End::Broken(error),
        };
        if let End::Broken(error) = end {
            let access = access.clone();
            let cured = tokio::task::spawn_blocking(move || error.with_cure(&access)).await;
            shared.reached(cured.ok().map(|error| error.to_string()));
            tokio::time::sleep(PAUSE).await;
        }
    }
}

async fn connect(
    access: &Access,
    scope: &WatchScope,
    shared: &Shared,
) -> Result<(Connection, Vec<Located>), ClusterError> {
    let connection = Connection::connect(access, Arc::clone(&shared.requests)).await?;
    if scope.objects.iter().any(|object| well_known(&object.api_version, &object.kind).is_none()) {
        turn(shared).await;
        turn(shared).await;
    }
    let located = connection.located(&scope.objects).await?;
    let objects: Vec<_> = located.iter().map(|located| located.object.clone()).collect();
    shared.seen().expect(&objects);
    Ok((connection, located))
}

/// Starts every watch and returns when one of them can't go on, or when a kind that was unknown has come.
async fn watch_all(
    connection: &Connection,
    scope: &WatchScope,
    located: &[Located],
    shared: &Arc<Shared>,
) -> End {
    let mut tasks = JoinSet::new();
    let (targets, wanted) = targets(located, &scope.namespaces);
    let wanted = Arc::new(wanted);
    for target in targets {
        let follower = Follower {
            connection: connection.clone(),
            target,
            wanted: Arc::clone(&wanted),
            shared: Arc::clone(shared),
            failures: 0,
        };
        tasks.spawn(follower.follow());
    }
    if unknown_kinds(located) > 0 {
        tasks.spawn(await_kinds(
            connection.clone(),
            scope.clone(),
            unknown_kinds(located),
            Arc::clone(shared),
        ));
    }
    loop {
        match tasks.join_next().await {
            Some(Ok(end)) => return end,
            Some(Err(_fell_over)) => {}
            None => std::future::pending::<()>().await,
        }
    }
}

fn unknown_kinds(located: &[Located]) -> usize {
    located.iter().filter(|located| located.kind.is_none()).count()
}

/// Ends when a kind of the scope that was unknown is known.
async fn await_kinds(
    connection: Connection,
    scope: WatchScope,
    before: usize,
    shared: Arc<Shared>,
) -> End {
    loop {
        tokio::time::sleep(KINDS_AGAIN).await;
        turn(&shared).await;
        turn(&shared).await;
        match connection.forgetting_kinds().located(&scope.objects).await {
            Ok(located) if unknown_kinds(&located) < before => return End::NewKinds,
            _ => {}
        }
    }
}

/// Waits for its turn to send a request.
async fn turn(shared: &Shared) {
    tokio::time::sleep(shared.pace.reserve(Instant::now())).await;
}

/// One watch.
struct Follower {
    connection: Connection,
    target: Target,
    wanted: Arc<BTreeSet<String>>,
    shared: Arc<Shared>,
    /// In a row.
    failures: u32,
}

impl Follower {
    /// Every event goes into what was seen. Returns when it has failed too often in a row.
    async fn follow(mut self) -> End {
        let (client, resource) = (self.connection.client.clone(), &self.target.resource);
        let api: Api<DynamicObject> = match self.target.namespace.as_deref() {
            Some(namespace) => Api::namespaced_with(client, namespace, resource),
            None => Api::all_with(client, resource),
        };
        let mut config = Config::default().streaming_lists();
        loop {
            turn(&self.shared).await;
            let mut stream = Box::pin(watcher(api.clone(), config.clone()));
            let mut listing = Listing::default();
            loop {
                match next(&mut stream, listing.done).await {
                    Next::Event(event) => self.take(*event, &mut listing),
                    Next::Failed(error) if refuses_streaming(&error) => {
                        // Servers before 1.32 don't send the list as a stream: list first, then watch.
                        config = Config::default();
                        break;
                    }
                    Next::Failed(error) => {
                        if let Some(end) =
                            self.failed(told(&error, &self.target.resource.plural)).await
                        {
                            return end;
                        }
                    }
                    Next::Silence => {
                        let silent = ClusterError::new(
                            ClusterErrorKind::TimedOut,
                            format!(
                                "the cluster gave no answer while watching {}",
                                self.target.resource.plural
                            ),
                        );
                        if let Some(end) = self.failed(silent).await {
                            return end;
                        }
                        break;
                    }
                    Next::End => break,
                }
            }
        }
    }

    /// Waits before the next try; or says that the whole connection must be made anew.
    async fn failed(&mut self, error: ClusterError) -> Option<End> {
        self.failures += 1;
        // A kind this user may not watch is left out, the rest still tells enough; but a cluster that has just woken up refuses
        // everyone for a moment.
        if error.refusal == ClusterErrorKind::Forbidden {
            let pause = PAUSE * 2u32.saturating_pow(self.failures.min(6));
            tokio::time::sleep(pause).await;
        } else if error.refusal != ClusterErrorKind::Other || self.failures >= MOST_FAILURES {
            return Some(End::Broken(error));
        } else {
            self.shared.reached(Some(error.to_string()));
            tokio::time::sleep(PAUSE).await;
        }
        turn(&self.shared).await;
        None
    }

    fn take(&mut self, event: Event<DynamicObject>, listing: &mut Listing) {
        // `Init` of a list that is yet to be asked for proves nothing.
        if !matches!(event, Event::Init) {
            self.failures = 0;
            self.shared.reached(None);
        }
        match event {
            Event::Init => {
                listing.fresh.clear();
                listing.done = false;
            }
            Event::InitApply(object) => {
                if let Some(item) = self.item(object) {
                    listing.fresh.insert(item.uid());
                    // No change yet: it may well have been so all the time.
                    self.shared.seen().put(item.clone());
                    self.listen(&item);
                }
            }
            Event::InitDone => {
                let gone: Vec<String> = listing.known.difference(&listing.fresh).cloned().collect();
                listing.known = std::mem::take(&mut listing.fresh);
                listing.done = true;
                self.shared.change(|seen| gone.iter().for_each(|uid| seen.drop_uid(uid)));
            }
            Event::Apply(object) => {
                if let Some(item) = self.item(object) {
                    listing.known.insert(item.uid());
                    self.shared.change(|seen| seen.put(item.clone()));
                    self.listen(&item);
                }
            }
            Event::Delete(object) => {
                let uid = object.uid().unwrap_or_default();
                if listing.known.remove(&uid) {
                    self.shared.change(|seen| seen.drop_uid(&uid));
                }
            }
        }
    }

    /// The object as it is kept: without what nobody reads, and no secret at all.
    fn item(&self, mut object: DynamicObject) -> Option<Item> {
        let elsewhere = object
            .metadata
            .namespace
            .as_ref()
            .is_some_and(|namespace| !self.wanted.contains(namespace));
        if elsewhere && !self.wanted.is_empty() {
            return None;
        }
        let resource = &self.target.resource;
        object.types = Some(TypeMeta {
            api_version: resource.api_version.clone(),
            kind: resource.kind.clone(),
        });
        object.metadata.managed_fields = None;
        item_of(object)
    }

    /// Fetches a crashed container's last words, once a restart.
    fn listen(&self, item: &Item) {
        let Item::Pod(pod) = item else { return };
        let Some(wanted) = self.shared.seen().wants_words_of(pod) else { return };
        let logs: Api<Pod> =
            Api::namespaced(self.connection.client.clone(), &pod.namespace().unwrap_or_default());
        let (pod, shared) = (pod_ref(pod), Arc::clone(&self.shared));
        // Meanwhile nobody else asks for the same.
        shared.seen().heard(pod.clone(), &wanted, String::new());
        tokio::spawn(async move {
            turn(&shared).await;
            let container = Some(wanted.container.clone());
            let which = LogParams {
                container,
                previous: wanted.previous,
                tail_lines: Some(5),
                ..LogParams::default()
            };
            let text = logs.logs(&pod.name, &which).await.unwrap_or_default();
            shared.change(|seen| seen.heard(pod, &wanted, last_words(&text)));
        });
    }
}

/// The last line that says something; the kubelet's own word for a log that is gone is none.
fn last_words(log: &str) -> String {
    let words = |line: &&str| {
        !line.trim().is_empty() && !line.starts_with("unable to retrieve container logs")
    };
    log.lines().rev().find(words).map(clipped).unwrap_or_default()
}

/// Which objects one watch has brought, to find those that went while it was broken.
#[derive(Default)]
struct Listing {
    known: HashSet<String>,
    fresh: HashSet<String>,
    /// The list is complete: from here on silence means that nothing happens.
    done: bool,
}

/// What a watch brings next.
enum Next {
    Event(Box<Event<DynamicObject>>),
    Failed(WatchError),
    /// Not even the list, for too long: a connection that nobody answers at the other end.
    Silence,
    End,
}

async fn next<S>(stream: &mut S, listed: bool) -> Next
where
    S: Stream<Item = Result<Event<DynamicObject>, WatchError>> + Unpin,
{
    let limit = if listed { Duration::MAX } else { LIST_LIMIT };
    match tokio::time::timeout(limit, stream.next()).await {
        Ok(Some(Ok(event))) => Next::Event(Box::new(event)),
        Ok(Some(Err(error))) => Next::Failed(error),
        Ok(None) => Next::End,
        Err(_) => Next::Silence,
    }
}

/// Does the server not know how to send a list as a stream?
fn refuses_streaming(error: &WatchError) -> bool {
    matches!(error, WatchError::WatchStartFailed(kube::Error::Api(status))
        if status.code == 422 || (status.code == 400 && status.message.contains("sendInitialEvents")))
}

fn told(error: &WatchError, what: &str) -> ClusterError {
    let doing = format!("watching {what}");
    match error {
        WatchError::InitialListFailed(error)
        | WatchError::WatchStartFailed(error)
        | WatchError::WatchFailed(error) => ClusterError::from_kube(error, &doing),
        other => {
            ClusterError::new(ClusterErrorKind::Other, format!("{doing}: {}", with_causes(other)))
        }
    }
}
