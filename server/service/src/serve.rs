//! The running service: two listeners, and what happens by itself.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum_server::Handle;
use tokio::task::JoinHandle;

use crate::error::ServiceError;
use crate::http::{Source, limit, measure, no_route};
use crate::init::{ROOT_KEY_FILE, correct_operator_url, database_file};
use crate::issue;
use crate::keys::load_master_key;
use crate::limit::Limiter;
use crate::settings::{Settings, Tls};
use crate::state::State;
use crate::store::{Store, accounts};
use crate::tls::Files;
use crate::{janitor, operator, public};

/// How long a client may take for the TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(5);

/// How long a client may take for a request's head.
const HEAD: Duration = Duration::from_secs(10);

/// How long running requests may take when the service is stopped.
const GRACE: Duration = Duration::from_secs(5);

type Server = JoinHandle<io::Result<()>>;

/// A running service. Dropped, it goes on; [`Running::stop`] ends it.
pub struct Running {
    public: SocketAddr,
    operator: SocketAddr,
    handles: [Handle<SocketAddr>; 2],
    servers: [Server; 2],
    tasks: Vec<JoinHandle<()>>,
    state: Arc<State>,
}

/// Starts the service and returns once both listeners accept calls. Logs through `tracing`; prints nothing.
///
/// # Errors
/// No service in the directory, a wrong master key, an address in use or not permitted, a certificate that does not fit
/// its key.
pub async fn serve(settings: Settings) -> Result<Running, ServiceError> {
    let database = database_file(&settings.data_dir, settings.database.as_deref())?;
    if !database.exists() {
        return Err(ServiceError::NotInitialised { data_dir: settings.data_dir });
    }
    let master = load_master_key(&settings.data_dir, settings.master_key.as_deref())?;
    let store = Store::open(&database, false).await?;
    let mut connection = store.read().await?;
    let account = accounts::name(&mut connection).await?;
    drop(connection);
    let account = account.ok_or_else(|| ServiceError::NotInitialised { data_dir: settings.data_dir.clone() })?;
    let root_key = settings.data_dir.join(ROOT_KEY_FILE);
    if root_key.exists() {
        tracing::warn!(path = %root_key.display(), "the root key lies beside the service: move it away and back it up");
    }
    let limiter = Limiter::new(settings.rate_limit);
    let lifetime = settings.token_lifetime;
    if !issue::LIFETIMES.contains(&lifetime) {
        return Err(ServiceError::TokenLifetime { seconds: lifetime });
    }
    let state = State::open(store, master, account, settings.clock.clone(), limiter, root_key, lifetime).await?;
    let state = Arc::new(state);

    let public_listener = bind("public", settings.public_listen)?;
    let operator_listener = bind("operator", settings.operator_listen)?;
    let (public_at, operator_at) = (address(&public_listener)?, address(&operator_listener)?);
    correct_operator_url(&settings.data_dir, &format!("http://{operator_at}"))?;

    let mut tasks = vec![tokio::spawn(janitor::run(state.clone()))];
    let source = if matches!(settings.tls, Tls::PlainHttp) { Source::Forwarded } else { Source::Peer };
    let public_routes =
        finish(public::routes(settings.public_jwks).layer(from_fn_with_state((state.clone(), source), limit)), &state);
    let operator_routes = finish(operator::routes(), &state);
    let handles = [Handle::new(), Handle::new()];
    let [public_handle, operator_handle] = handles.clone();
    let public_server: Server = match settings.tls {
        Tls::Files { cert, key } => {
            let files = Files::new(cert, key);
            let config = files.load()?;
            tasks.push(tokio::spawn(files.watch(config.clone())));
            let server = axum_server::from_tcp_rustls(public_listener, config).map_err(ServiceError::Ended)?;
            let server = server.map(|acceptor| acceptor.handshake_timeout(HANDSHAKE)).handle(public_handle);
            tokio::spawn(configure(server).serve(public_routes.into_make_service_with_connect_info::<SocketAddr>()))
        }
        Tls::PlainHttp => plain(public_listener, public_handle, public_routes)?,
    };
    let operator_server = plain(operator_listener, operator_handle, operator_routes)?;
    for handle in &handles {
        handle.listening().await;
    }
    tracing::info!(public = %public_at, operator = %operator_at, account = %state.account, "serving");
    let servers = [public_server, operator_server];
    Ok(Running { public: public_at, operator: operator_at, handles, servers, tasks, state })
}

impl Running {
    /// Where devices call.
    pub fn public_address(&self) -> SocketAddr {
        self.public
    }

    /// Where operators call.
    pub fn operator_address(&self) -> SocketAddr {
        self.operator
    }

    /// Waits until a listener ends by itself, which none should.
    ///
    /// # Errors
    /// Always, in the end: with what ended it.
    pub async fn ended(&mut self) -> ServiceError {
        let [public, operator] = &mut self.servers;
        let ended = tokio::select! { ended = public => ended, ended = operator => ended };
        ServiceError::Ended(match ended {
            Ok(Err(error)) => error,
            Ok(Ok(())) => io::Error::other("a listener was closed"),
            Err(error) => io::Error::other(error),
        })
    }

    /// Lets running requests finish (5 seconds at most) and closes the database.
    pub async fn stop(self) {
        for handle in &self.handles {
            handle.graceful_shutdown(Some(GRACE));
        }
        for server in self.servers {
            // Its end is all that is wanted.
            let _ = server.await;
        }
        for task in self.tasks {
            task.abort();
        }
        self.state.store.close().await;
    }
}

fn finish(routes: Router<Arc<State>>, state: &Arc<State>) -> Router {
    routes.fallback(no_route).layer(from_fn_with_state(state.clone(), measure)).with_state(state.clone())
}

fn plain(listener: TcpListener, handle: Handle<SocketAddr>, routes: Router) -> Result<Server, ServiceError> {
    let server = axum_server::from_tcp(listener).map_err(ServiceError::Ended)?.handle(handle);
    Ok(tokio::spawn(configure(server).serve(routes.into_make_service_with_connect_info::<SocketAddr>())))
}

/// HTTP/1.1 only: the device's client speaks nothing else, and there is one state machine less to attack.
fn configure<A>(server: axum_server::Server<SocketAddr, A>) -> axum_server::Server<SocketAddr, A> {
    let mut server = server.http1_only().first_request_timeout(HEAD);
    server.http_builder().http1().timer(hyper_util::rt::TokioTimer::new()).header_read_timeout(HEAD);
    server
}

fn bind(listener: &'static str, address: SocketAddr) -> Result<TcpListener, ServiceError> {
    let bound = TcpListener::bind(address).and_then(|bound| bound.set_nonblocking(true).map(|()| bound));
    bound.map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => ServiceError::PortTaken { listener, address },
        io::ErrorKind::PermissionDenied => ServiceError::NoPermission { listener, address },
        _ => ServiceError::Listen { listener, address, source },
    })
}

fn address(listener: &TcpListener) -> Result<SocketAddr, ServiceError> {
    listener.local_addr().map_err(ServiceError::Ended)
}
