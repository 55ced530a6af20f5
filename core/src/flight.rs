//! Single flight: what is asked for by many at once is done once, and goes on when those who wait give up.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::watch;

type Running<K, T> = Arc<Mutex<HashMap<K, watch::Receiver<Option<T>>>>>;

/// Work that is under way, by what it is for.
pub(crate) struct Flights<K, T> {
    running: Running<K, T>,
}

/// One piece of work to wait for.
pub(crate) struct Flight<T> {
    result: watch::Receiver<Option<T>>,
}

/// How waiting ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Landing<T> {
    /// With a result.
    Done(T),
    /// The time is over; the work goes on.
    Late,
    /// Without a result: it panicked, or the runtime is gone.
    Lost,
}

impl<K, T> Default for Flights<K, T> {
    fn default() -> Self {
        Self { running: Arc::default() }
    }
}

impl<K, T> Flights<K, T>
where
    K: Clone + Eq + Hash + Send + 'static,
    T: Clone + Send + Sync + 'static,
{
    /// Whether work for `key` is under way.
    pub(crate) fn is_running(&self, key: &K) -> bool {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).contains_key(key)
    }

    /// Joins the work for `key`, or starts it on the runtime.
    pub(crate) fn join<F>(&self, runtime: &Handle, key: K, work: impl FnOnce() -> F) -> Flight<T>
    where
        F: Future<Output = T> + Send + 'static,
    {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(result) = running.get(&key) {
            return Flight { result: result.clone() };
        }
        let (sender, result) = watch::channel(None);
        running.insert(key.clone(), result.clone());
        drop(running);
        // Made before the task: a runtime that is gone drops the task unrun, and the guard with it.
        let guard = Guard { running: Arc::clone(&self.running), key };
        let work = work();
        runtime.spawn(async move {
            let value = work.await;
            // Off the list before it is told: who asks after the result is there starts anew.
            drop(guard);
            sender.send_replace(Some(value));
        });
        Flight { result }
    }
}

impl<T: Clone> Flight<T> {
    /// Waits for the result, at most `within`.
    pub(crate) async fn land(mut self, within: Duration) -> Landing<T> {
        let result = tokio::time::timeout(within, self.result.wait_for(Option::is_some)).await;
        match result.map(|result| result.map(|value| value.clone())) {
            Ok(Ok(Some(value))) => Landing::Done(value),
            Ok(_) => Landing::Lost,
            Err(_) => Landing::Late,
        }
    }
}

/// Takes the work off the list, however it ends.
struct Guard<K: Eq + Hash, T> {
    running: Running<K, T>,
    key: K,
}

impl<K: Eq + Hash, T> Drop for Guard<K, T> {
    fn drop(&mut self) {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

#[cfg(test)]
#[expect(clippy::panic, reason = "a test fails by panicking, and one of them is about a panic")]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};
    use tokio::sync::Notify;

    const LONG: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn many_share_one_flight_and_giving_up_does_not_end_it() {
        let flights = Flights::<u8, u32>::default();
        let (started, go) = (Arc::new(AtomicU32::new(0)), Arc::new(Notify::new()));
        let join = || {
            let (started, go) = (Arc::clone(&started), Arc::clone(&go));
            flights.join(&Handle::current(), 1, || async move {
                started.fetch_add(1, Ordering::SeqCst);
                go.notified().await;
                7
            })
        };
        let (first, second) = (join(), join());
        assert_eq!(first.land(Duration::ZERO).await, Landing::Late);
        go.notify_one();
        assert_eq!(second.land(LONG).await, Landing::Done(7));
        assert_eq!(started.load(Ordering::SeqCst), 1);

        go.notify_one();
        assert_eq!(join().land(LONG).await, Landing::Done(7));
        assert_eq!(started.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn a_panic_ends_the_wait_and_the_next_one_starts_anew() {
        let flights = Flights::<u8, u32>::default();
        let lost = flights.join(&Handle::current(), 1, || async { panic!("for the test") });
        assert_eq!(lost.land(LONG).await, Landing::Lost);
        assert_eq!(flights.join(&Handle::current(), 1, || async { 3 }).land(LONG).await, Landing::Done(3));
    }
}
