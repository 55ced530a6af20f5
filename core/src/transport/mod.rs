//! The core's own way to the service: its own TLS stack, pinned, so that hooks in the app's client do not reach it.

mod client;
mod connection;
mod error;
mod verifier;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bonafide_protocol::config::Service;
use bonafide_protocol::status::Status;
use tokio::runtime::Handle;

use crate::Failure;
use crate::port::{Clock, Connectivity, Ports, ServerTrust};
pub(crate) use client::{Reply, Request};

/// What TLS asks of the platform.
struct Platform {
    trust: Arc<dyn ServerTrust>,
    connectivity: Arc<dyn Connectivity>,
    clock: Arc<dyn Clock>,
}

/// Calls to the service. Nothing is kept but the client for the service's present pins.
pub(crate) struct Transport {
    platform: Platform,
    runtime: Handle,
    pinned: Mutex<Option<(Service, client::Client)>>,
}

impl Transport {
    pub(crate) fn new(ports: &Ports, runtime: Handle) -> Self {
        let platform = Platform {
            trust: Arc::clone(&ports.trust),
            connectivity: Arc::clone(&ports.connectivity),
            clock: Arc::clone(&ports.clock),
        };
        Self { platform, runtime, pinned: Mutex::new(None) }
    }

    /// One call over the pinned channel.
    pub(crate) async fn call(
        self: &Arc<Self>,
        service: &Service,
        request: Request,
        within: Duration,
    ) -> Result<Reply, Failure> {
        let this = Arc::clone(self);
        self.exchange(service, request, within, move |service| this.pinned_client(service)).await
    }

    /// The one call that may go without pins, after a mismatch of the service's own: the public config, under the
    /// platform's trust (or the config's private roots). A client of its own; no connection or session is shared.
    pub(crate) async fn call_unpinned_for_config(
        self: &Arc<Self>,
        service: &Service,
        position: Position<'_>,
        within: Duration,
    ) -> Result<Reply, Failure> {
        let this = Arc::clone(self);
        let request = Request::config(position);
        self.exchange(service, request, within, move |service| client::build(&this.platform, service, None)).await
    }

    /// Verifiers may block, so the whole exchange is polled by a thread of the blocking pool: the runtime's own thread
    /// never waits for a platform's trust decision.
    async fn exchange(
        &self,
        service: &Service,
        request: Request,
        within: Duration,
        client: impl FnOnce(&Service) -> Result<client::Client, Failure> + Send + 'static,
    ) -> Result<Reply, Failure> {
        let (service, runtime) = (service.clone(), self.runtime.clone());
        let exchange = self.runtime.spawn_blocking(move || {
            let client = client(&service)?;
            runtime.block_on(async {
                tokio::time::timeout(within, request.send(&client, &service))
                    .await
                    .unwrap_or_else(|_| Err(Failure::new(Status::PoorNetwork).with("waited_ms", within.as_millis())))
            })
        });
        exchange.await.unwrap_or_else(|error| Err(Failure::new(Status::Internal).because(error)))
    }

    /// The client for these pins. Another pin set gets another client: no connection and no session outlives a change.
    fn pinned_client(&self, service: &Service) -> Result<client::Client, Failure> {
        let mut pinned = self.pinned.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, client)) = &*pinned
            && known == service
        {
            return Ok(client.clone());
        }
        let pins = service.pins.pins().to_vec();
        let client = client::build(&self.platform, service, Some(pins))?;
        *pinned = Some((service.clone(), client.clone()));
        Ok(client)
    }
}

/// What the device holds, as `GET /v1/config` asks for more.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Position<'a> {
    pub(crate) account: &'a str,
    pub(crate) epoch: u64,
    pub(crate) version: u64,
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::adapter::FileStorage;

    /// As many calls as there are blocking threads must not wait for a name's addresses until their time is over.
    #[test]
    fn a_call_by_name_needs_no_second_blocking_thread() {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(1).build().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let ports = Ports::desktop(Arc::new(FileStorage::new(folder.path())));
        let transport = Arc::new(Transport::new(&ports, runtime.handle().clone()));
        // A port that is taken, and that nobody listens at: the answer is a refused connection, once the name has been
        // looked up.
        let closed = tokio::net::TcpSocket::new_v4().unwrap();
        closed.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let port = closed.local_addr().unwrap().port();
        let service: Service = serde_json::from_value(serde_json::json!({
            "url": format!("https://localhost:{port}"),
            "pins": ["sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="],
        }))
        .unwrap();
        let call = transport.call(&service, Request::challenge(Vec::new()), Duration::from_secs(10));
        assert_eq!(runtime.block_on(call).unwrap_err().status(), Status::NoNetwork);
    }
}
