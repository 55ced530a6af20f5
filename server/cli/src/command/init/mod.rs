//! `bonafide init`: an account's keys, its first config, an operator's token.

mod own_certificate;
pub(crate) mod private_ca;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use bonafide_protocol::pin::Pin;
use bonafide_service::InitOptions;
use clap::Args;
use serde_json::json;
use url::Url;

use crate::command::serve::{Listening, TlsPaths};
use crate::context::Context;
use crate::exit::{Failure, Outcome};
use crate::tls::files::{certificates, pin_of_key_file};
use private_ca::PrivateCa;
use rustls_pki_types::UnixTime;

#[derive(Args)]
pub(crate) struct Init {
    /// The account's name. It can never be changed.
    #[arg(long)]
    account: String,
    /// Where devices reach the service: an https URL.
    #[arg(long)]
    url: String,
    /// Makes a private CA, a certificate by it for the URL's host, and a spare key.
    #[arg(long, conflicts_with_all = ["tls_cert", "tls_key"])]
    private_ca: bool,
    /// The certificate that the service serves: PEM, the leaf first.
    #[arg(long, requires = "tls_key", value_name = "FILE")]
    tls_cert: Option<PathBuf>,
    /// Its key, PEM.
    #[arg(long, requires = "tls_cert", value_name = "FILE")]
    tls_key: Option<PathBuf>,
    /// A pin of the service's leaf, now or later; repeatable. With a certificate or a private CA its pin is added.
    #[arg(long, value_name = "PIN")]
    service_pin: Vec<Pin>,
    /// A spare key, whose pin is added: PEM, private or public.
    #[arg(long, value_name = "FILE")]
    service_backup_key: Vec<PathBuf>,
    /// The root of a CA of your own that issued the certificate; without it the device's platform decides.
    #[arg(long, value_name = "FILE")]
    service_ca: Option<PathBuf>,
    /// The header that carries tokens.
    #[arg(long)]
    token_header: Option<String>,
}

impl Init {
    /// What `bonafide serve` does by itself in an empty folder.
    pub(crate) fn embedded_default() -> Self {
        Self {
            account: "default".into(),
            url: "https://localhost:8443".into(),
            private_ca: true,
            tls_cert: None,
            tls_key: None,
            service_pin: Vec::new(),
            service_backup_key: Vec::new(),
            service_ca: None,
            token_header: None,
        }
    }

    pub(crate) async fn run(&self, context: &Context) -> Outcome {
        self.set_up(context).await?;
        let data = context.data.display();
        let root_key = context.root_key();
        let text = format!(
            "account {} is ready in {data}\n\n  root key    {}  (move it off this machine and back it up)\n  operator    \
             {data}/operator.json\n\nnext: bonafide --data {data} serve",
            self.account,
            root_key.display()
        );
        let machine = json!({
            "account": self.account, "url": self.url, "data": context.data, "root_key": root_key,
            "operator": context.data.join("operator.json"), "tls": context.data.join("tls"),
        });
        context.out.result(text, &machine)
    }

    /// Sets up and prints nothing.
    pub(crate) async fn set_up(&self, context: &Context) -> Outcome {
        let url = Url::parse(&self.url).ok().filter(|url| url.scheme() == "https" && url.host_str().is_some());
        let url = url.ok_or_else(|| {
            Failure::usage(format!("{:?} is no https URL", self.url))
                .next("for instance --url https://bonafide.acme.com")
        })?;
        let data = &context.data;
        if data.join("operator.json").exists() || data.join("tls").exists() {
            return Err(Failure::refused(format!("{} holds a service already", data.display()))
                .next("name another folder with --data, or run `bonafide serve`"));
        }
        let mut pins = self.service_pin.clone();
        for file in &self.service_backup_key {
            pins.push(pin_of_key_file(file)?);
        }
        let mut roots = match &self.service_ca {
            Some(file) => certificates(file)?,
            None => Vec::new(),
        };
        let mut tls = None;
        let mut made = None;
        if let (Some(cert), Some(key)) = (&self.tls_cert, &self.tls_key) {
            let host = url.host_str().unwrap_or_default();
            pins.push(own_certificate::check(cert, key, host, UnixTime::now())?);
            let absolute =
                |path: &Path| std::fs::canonicalize(path).map_err(|error| Failure::io(path.display(), &error));
            tls = Some(TlsPaths { cert: absolute(cert)?, key: absolute(key)? });
        } else if self.private_ca {
            let ca = PrivateCa::make(url.host_str().unwrap_or_default(), &self.account)?;
            pins.extend([ca.server_pin, ca.backup_pin]);
            roots.push(ca.root_der.clone());
            tls = Some(TlsPaths { cert: "tls/server.pem".into(), key: "tls/server.key".into() });
            made = Some(ca);
        }
        pins.sort_unstable();
        pins.dedup();
        if pins.len() < 2 {
            return Err(Failure::usage(format!("the service needs two pins or more, and has {}", pins.len()))
                .next("--private-ca makes all that is needed; or add --service-backup-key FILE or --service-pin PIN"));
        }
        let mut options = InitOptions::new(data, &self.account, self.url.trim_end_matches('/'), pins);
        options.service_roots_der = roots;
        options.token_header.clone_from(&self.token_header);
        options.operator_url = "http://127.0.0.1:8444".into();
        bonafide_service::init(options).await.map_err(|error| service_failure(&error))?;
        if let Some(ca) = made {
            ca.write(&data.join("tls"))?;
        }
        let port = url.port_or_known_default().unwrap_or(443);
        Listening { listen: Some(SocketAddr::from(([0, 0, 0, 0], port))), operator_listen: None, tls }.write(data)
    }
}

/// What the service's library refuses with, as an exit code.
pub(crate) fn service_failure(error: &bonafide_service::ServiceError) -> Failure {
    use bonafide_service::ServiceError as E;
    match error {
        E::AccountName { .. } | E::TooFewServicePins { .. } | E::UnknownDatabase { .. } => {
            Failure::usage(error.to_string())
        }
        E::AlreadyInitialised { .. } | E::Document(_) | E::Trust(_) | E::KeyFileReadable { .. } => {
            Failure::refused(error.to_string())
        }
        _ => Failure::new(crate::exit::Exit::Unreachable, error.to_string()),
    }
}
