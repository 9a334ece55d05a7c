//! The thread that runs all requests. It lets the rest of the program block, and a book without a cluster does not start it.

use std::io;
use std::sync::mpsc;
use std::time::Duration;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A single-threaded runtime on its own thread. Both end when this is dropped.
pub(super) struct Runtime {
    handle: Handle,
    /// Dropping the sender ends the thread.
    _stop: oneshot::Sender<()>,
}

impl Runtime {
    /// Starts the thread.
    pub(super) fn start() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel::<()>();
        std::thread::Builder::new().name("cluster".to_owned()).spawn(move || {
            // The result is always an error: the sender is only dropped.
            let _ = runtime.block_on(stopped);
        })?;
        Ok(Self { handle, _stop: stop })
    }

    /// Runs a future on the thread and waits for it. Returns `None` when it took longer than `limit` (it is dropped then) or
    /// panicked.
    pub(super) fn wait<T: Send + 'static>(
        &self,
        limit: Duration,
        future: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        let (sender, receiver) = mpsc::sync_channel(1);
        self.handle.spawn(async move {
            if let Ok(answer) = tokio::time::timeout(limit, future).await {
                // The receiver waits as long as the sender exists.
                let _ = sender.send(answer);
            }
        });
        receiver.recv().ok()
    }

    /// Runs a future on the thread without a time limit. The handle can end it.
    pub(super) fn spawn(
        &self,
        future: impl Future<Output = ()> + Send + 'static,
    ) -> JoinHandle<()> {
        self.handle.spawn(future)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_result_is_returned() {
        assert_eq!(Runtime::start().unwrap().wait(Duration::from_secs(5), async { 42 }), Some(42));
    }

    #[test]
    fn a_future_that_takes_too_long_is_dropped() {
        let driver = Runtime::start().unwrap();
        let never = driver.wait(Duration::from_millis(20), std::future::pending::<()>());
        assert_eq!(never, None);
    }

    #[test]
    fn a_future_that_panics_does_not_block() {
        let driver = Runtime::start().unwrap();
        assert_eq!(
            driver.wait::<()>(Duration::from_secs(60), async { panic!("on purpose") }),
            None
        );
    }
}
