//! The one runtime: a current-thread tokio runtime on one named thread that its object owns.

use std::future::Future;
use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll};
use std::time::Duration;
use std::{io, thread};

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;
use tokio::task::{JoinError, JoinHandle};

/// A running runtime. Dropping it, or [`Runtime::stop`], ends its thread; tasks that still run end with it.
pub(crate) struct Runtime {
    handle: Handle,
    stop: Mutex<Option<oneshot::Sender<()>>>,
}

/// Why a task gave no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unfinished {
    /// It panicked.
    Panicked,
    /// The runtime has been stopped.
    Stopped,
}

impl Runtime {
    /// Starts the thread.
    pub(crate) fn start() -> io::Result<Self> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(BLOCKING_THREADS)
            .thread_keep_alive(KEEP_ALIVE)
            .thread_name("bonafide-blocking")
            .build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel();
        thread::Builder::new().name("bonafide".to_owned()).spawn(move || {
            // Ends when told to, and also when the object is dropped with its sender.
            let _ = runtime.block_on(stopped);
            // A port that blocks for ever must not keep this thread with it.
            runtime.shutdown_background();
        })?;
        Ok(Self { handle, stop: Mutex::new(Some(stop)) })
    }

    /// Where the core spawns its own work.
    pub(crate) fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Runs a future on the runtime's thread; whoever drops the wait aborts the work.
    pub(crate) async fn run<F>(&self, future: F) -> Result<F::Output, Unfinished>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        Aborting(self.handle.spawn(future)).await.map_err(|error| match error.is_panic() {
            true => Unfinished::Panicked,
            false => Unfinished::Stopped,
        })
    }

    /// Ends the thread and everything on it, without waiting for it. Doing so twice is harmless.
    pub(crate) fn stop(&self) {
        if let Ok(mut stop) = self.stop.lock() {
            // Dropping the sender is the signal.
            stop.take();
        }
    }
}

/// A task that ends when nobody waits for it any more: a cancelled coroutine cancels its work.
struct Aborting<T>(JoinHandle<T>);

impl<T> Future for Aborting<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context)
    }
}

impl<T> Drop for Aborting<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What may block at the same time: calls to the service, each with its verifier and name look-up, and platform ports.
const BLOCKING_THREADS: usize = 16;

/// How long an idle blocking thread stays.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn wait<F: Future>(future: F) -> F::Output {
        Builder::new_current_thread().build().unwrap().block_on(future)
    }

    struct Dropped(Option<oneshot::Sender<()>>);

    impl Drop for Dropped {
        fn drop(&mut self) {
            if let Some(sender) = self.0.take() {
                let _ = sender.send(());
            }
        }
    }

    #[test]
    fn work_runs_on_the_named_thread() {
        let runtime = Runtime::start().unwrap();
        let name = wait(runtime.run(async { thread::current().name().map(str::to_owned) })).unwrap();
        assert_eq!(name.as_deref(), Some("bonafide"));
    }

    #[test]
    fn a_panic_is_an_answer_and_the_runtime_lives_on() {
        let runtime = Runtime::start().unwrap();
        assert_eq!(wait(runtime.run(async { panic!("on purpose") })), Err::<(), _>(Unfinished::Panicked));
        assert_eq!(wait(runtime.run(async { 7 })), Ok(7));
    }

    #[test]
    fn dropping_the_wait_drops_the_work() {
        let runtime = Arc::new(Runtime::start().unwrap());
        let (sender, gone) = oneshot::channel();
        let (started, running) = oneshot::channel();
        wait(async {
            let work = async move {
                let _dropped = Dropped(Some(sender));
                let _ = started.send(());
                std::future::pending::<()>().await;
            };
            let mut waiting = Box::pin(runtime.run(work));
            tokio::select! {
                _ = &mut waiting => panic!("it never ends"),
                started = running => started.unwrap(),
            }
            drop(waiting);
            gone.await.unwrap();
        });
    }

    #[test]
    fn a_stopped_runtime_answers_waiting_and_new_calls() {
        let runtime = Arc::new(Runtime::start().unwrap());
        wait(async {
            let (started, running) = oneshot::channel();
            let mut waiting = Box::pin(runtime.run(async move {
                let _ = started.send(());
                std::future::pending::<()>().await;
            }));
            tokio::select! {
                _ = &mut waiting => panic!("it never ends"),
                started = running => started.unwrap(),
            }
            runtime.stop();
            runtime.stop();
            assert_eq!(waiting.await, Err(Unfinished::Stopped));
            assert_eq!(runtime.run(async {}).await, Err(Unfinished::Stopped));
        });
    }
}
