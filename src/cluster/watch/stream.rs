//! The events of one watch.

use std::time::Duration;

use futures_util::{Stream, StreamExt};
use kube::api::DynamicObject;
use kube::runtime::watcher::{Error as WatchError, Event};

use crate::cluster::error::with_causes;
use crate::cluster::{ClusterError, ClusterErrorKind};

/// The longest time without an event while a watch receives its first list.
const LIST_LIMIT: Duration = Duration::from_secs(6);

/// The next event of a watch.
pub(super) enum Next {
    Event(Box<Event<DynamicObject>>),
    Failed(WatchError),
    /// The list did not arrive in time, so the other end of the connection is lost.
    Silence,
    End,
}

/// Waits for the next event. `listed`: whether the list is complete, after which silence is no error.
pub(super) async fn next<S>(stream: &mut S, listed: bool) -> Next
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

/// Whether the server cannot send a list as a stream.
pub(super) fn refuses_streaming(error: &WatchError) -> bool {
    matches!(error, WatchError::WatchStartFailed(kube::Error::Api(status))
        if status.code == 422 || (status.code == 400 && status.message.contains("sendInitialEvents")))
}

pub(super) fn cluster_error(error: &WatchError, what: &str) -> ClusterError {
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
