//! `bonafide serve`: the attestation service.

use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use bonafide_service::{Settings, Tls};
use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::command::init::{Init, service_failure};
use crate::context::{Context, read, write};
use crate::exit::{Failure, Outcome};

const SETTINGS_FILE: &str = "settings.json";

#[derive(Args)]
pub(crate) struct Serve {
    /// Where devices call; the default is the port of the service's URL, at every address.
    #[arg(long)]
    listen: Option<SocketAddr>,
    /// Where operators and gateways call: loopback, or a network that only they reach [default: 127.0.0.1:8444].
    #[arg(long)]
    operator_listen: Option<SocketAddr>,
    /// The certificate, PEM; read again when it changes.
    #[arg(long, requires = "tls_key", value_name = "FILE")]
    tls_cert: Option<PathBuf>,
    /// Its key, PEM.
    #[arg(long, requires = "tls_cert", value_name = "FILE")]
    tls_key: Option<PathBuf>,
    /// Serves plain HTTP, behind a proxy that speaks TLS and sets X-Forwarded-For.
    #[arg(long, conflicts_with_all = ["tls_cert", "tls_key"])]
    plain_http: bool,
    /// Serves the JWKS to everybody. Then anybody can tell a decoy from a token.
    #[arg(long)]
    public_jwks: bool,
    /// The database, sqlite:PATH; the default is a file in the folder.
    #[arg(long)]
    database: Option<String>,
    /// How long tokens are good for, in seconds.
    #[arg(long, value_parser = clap::value_parser!(u64).range(10..=3600))]
    token_lifetime: Option<u64>,
}

/// What `init` writes down for `serve`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Listening {
    pub(crate) listen: Option<SocketAddr>,
    pub(crate) operator_listen: Option<SocketAddr>,
    pub(crate) tls: Option<TlsPaths>,
}

/// Relative ones are below the service's folder.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct TlsPaths {
    pub(crate) cert: PathBuf,
    pub(crate) key: PathBuf,
}

impl Listening {
    pub(crate) fn read(data: &Path) -> Outcome<Self> {
        let path = data.join(SETTINGS_FILE);
        if !path.exists() {
            return Ok(Self::default());
        }
        serde_json::from_slice(&read(&path)?)
            .map_err(|error| Failure::io(format!("{} cannot be read", path.display()), &error))
    }

    pub(crate) fn write(&self, data: &Path) -> Outcome {
        // Addresses and paths always serialise.
        write(&data.join(SETTINGS_FILE), &serde_json::to_vec_pretty(self).unwrap_or_default(), false)
    }
}

impl Serve {
    pub(crate) async fn run(&self, context: &Context) -> Outcome {
        start_log();
        let data = &context.data;
        if is_empty(data) {
            context.out.say(format!("{} is empty: making the account `default` for localhost", data.display()))?;
            Init::embedded_default().set_up(context).await?;
        }
        let running = bonafide_service::serve(self.settings(data)?).await.map_err(|error| {
            let failure = service_failure(&error);
            match error {
                bonafide_service::ServiceError::PortTaken { listener, .. }
                | bonafide_service::ServiceError::NoPermission { listener, .. } => {
                    failure.next(if listener == "public" {
                        "choose another with --listen"
                    } else {
                        "choose another with --operator-listen"
                    })
                }
                _ => failure,
            }
        })?;
        let (public, operator) = (running.public_address(), running.operator_address());
        context.remind_of_root_key();
        context.out.result(
            format!("devices    https://{public}\noperators  http://{operator}\nnext: bonafide api add https://HOST"),
            &json!({"public": public.to_string(), "operator": operator.to_string()}),
        )?;
        self.wait(running).await
    }

    fn settings(&self, data: &Path) -> Outcome<Settings> {
        let noted = Listening::read(data)?;
        let tls = match (&self.tls_cert, &self.tls_key) {
            _ if self.plain_http => Tls::PlainHttp,
            (Some(cert), Some(key)) => Tls::Files { cert: cert.clone(), key: key.clone() },
            _ => match &noted.tls {
                Some(paths) => Tls::Files { cert: data.join(&paths.cert), key: data.join(&paths.key) },
                None => {
                    return Err(Failure::usage("no certificate: the service was set up without one")
                        .next("--tls-cert FILE --tls-key FILE, or --plain-http behind a proxy that speaks TLS"));
                }
            },
        };
        let mut settings = Settings::new(data, tls);
        if let Some(listen) = self.listen.or(noted.listen) {
            settings.public_listen = listen;
        }
        if let Some(listen) = self.operator_listen.or(noted.operator_listen) {
            settings.operator_listen = listen;
        }
        if let Some(lifetime) = self.token_lifetime {
            settings.token_lifetime = lifetime;
        }
        settings.public_jwks = self.public_jwks;
        settings.database.clone_from(&self.database);
        settings.master_key = std::env::var("BONAFIDE_MASTER_KEY").ok();
        Ok(settings)
    }

    async fn wait(&self, mut running: bonafide_service::Running) -> Outcome {
        use tokio::signal::unix::{SignalKind, signal};
        let failed = |error: std::io::Error| Failure::io("signals cannot be awaited", &error);
        let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
        let ended = tokio::select! {
            _ = terminate.recv() => None,
            _ = interrupt.recv() => None,
            ended = running.ended() => Some(ended),
        };
        running.stop().await;
        match ended {
            None => Ok(()),
            Some(error) => Err(service_failure(&error)),
        }
    }
}

/// The log on stderr: text on a terminal, JSON in a pipe. `BONAFIDE_LOG` sets the level.
pub(crate) fn start_log() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("BONAFIDE_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // Only a second log in one process could be refused.
    let _ = if std::io::stderr().is_terminal() { log.try_init() } else { log.json().try_init() };
}

fn is_empty(folder: &Path) -> bool {
    match std::fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
    }
}
