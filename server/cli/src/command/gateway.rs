//! `bonafide gateway`: the forward-auth endpoint.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::http::HeaderName;
use axum::routing::get;
use bonafide_gateway as gateway;
use bonafide_protocol::development::is_development_audience;
use bonafide_protocol::encoding::from_base64url;
use bonafide_protocol::host::Host;
use clap::Args;
use gateway::{
    Audiences, BindingRule, Clock as _, ForwardAuth, GateSettings, Grace, HostAudiences, HostSource, JwksFile, JwksUrl,
    KeyCache, KeyCacheSettings, Keys, Mode, SystemClock, TokenVerifier, VerifierSettings, forward_auth,
};
use serde_json::json;

use crate::context::{Context, read};
use crate::exit::{Exit, Failure, Outcome};
use crate::out::table::date;

/// RFC 7518 section 3.2: a key of the same size as the hash output or larger.
const MIN_SECRET_BYTES: usize = 32;

#[derive(Args)]
pub(crate) struct Gateway {
    /// Where the proxy asks.
    #[arg(long, default_value = "127.0.0.1:8190")]
    listen: SocketAddr,
    /// Whose tokens to accept.
    #[arg(long)]
    account: String,
    /// The audience, or HOST=AUDIENCE once for each host.
    #[arg(long, required = true, value_name = "[HOST=]AUDIENCE")]
    audience: Vec<String>,
    /// The service's JWKS: a URL, or a file; the default is what a service on this machine publishes at its operator's
    /// listener.
    #[arg(long, value_name = "URL|FILE")]
    jwks: Option<String>,
    /// The decoy keys, so that the log tells decoys from forgeries; needs an operator token of scope `read`.
    #[arg(long, value_name = "URL")]
    decoy_keys: Option<String>,
    /// Accepts HS256 by the secret in this file, and no ES256.
    #[arg(long, conflicts_with = "jwks", value_name = "FILE")]
    hs256_secret: Option<PathBuf>,
    /// The header that carries the token.
    #[arg(long, default_value = "Bonafide-Token")]
    token_header: HeaderName,
    /// The header that the proxy names the client's host in, if not X-Forwarded-Host and its like.
    #[arg(long)]
    host_header: Option<HeaderName>,
    /// The header that tokens have to be bound to, for instance Authorization.
    #[arg(long)]
    binding_header: Option<HeaderName>,
    /// Lets tokens pass that are bound to nothing.
    #[arg(long, requires = "binding_header")]
    bound_only_if_claimed: bool,
    /// Passes every request, and says what it would have refused.
    #[arg(long)]
    monitor: bool,
    /// Emergency: accepts genuine tokens that expired at most so many seconds ago.
    #[arg(long, requires = "grace_until", value_name = "SECONDS")]
    grace: Option<u64>,
    /// When the emergency ends: Unix seconds, or 2026-12-01T18:00:00Z.
    #[arg(long, requires = "grace", value_name = "TIME", value_parser = moment)]
    grace_until: Option<u64>,
}

impl Gateway {
    pub(crate) async fn run(&self, context: &Context) -> Outcome {
        crate::command::serve::start_log();
        let audiences = self.audiences()?;
        let clock = Arc::new(SystemClock::new());
        let mut settings = VerifierSettings::new(&self.account);
        if let (Some(expired_at_most), Some(open_until)) = (self.grace, self.grace_until) {
            settings.grace = Some(Grace { expired_at_most, open_until });
            let state = if clock.unix_seconds() < open_until { "open" } else { "over" };
            context.out.warn(format!(
                "the grace is {state}: it ends at {}",
                date(i64::try_from(open_until).unwrap_or(i64::MAX))
            ));
        }
        for audience in self.audience.iter().filter(|audience| is_development_audience(audience)) {
            context.out.warn(format!("{audience}: development builds pass here, whatever they were made of"));
        }
        let verifier = TokenVerifier::new(self.keys(context, &clock)?, settings, clock);
        let binding = self.binding_header.clone().map(|name| {
            if self.bound_only_if_claimed { BindingRule::IfBound(name) } else { BindingRule::Demanded(name) }
        });
        let mode = if self.monitor { Mode::Monitor } else { Mode::Enforce };
        let gate = gateway::Gate::new(
            verifier.clone(),
            GateSettings { token_header: self.token_header.clone(), mode, binding },
        );
        let metrics = metrics_exporter_prometheus::PrometheusBuilder::new()
            .install_recorder()
            .map_err(|error| Failure::io("the counters cannot be set up", &error))?;
        let host_source = self.host_header.clone().map_or(HostSource::Forwarded, HostSource::Header);
        let router = forward_auth(ForwardAuth { gate, audiences, host_source })
            .route("/metrics", get(move || async move { metrics.render() }));

        let listener = tokio::net::TcpListener::bind(self.listen).await.map_err(|error| listen(self.listen, &error))?;
        let address = listener.local_addr().map_err(|error| listen(self.listen, &error))?;
        if !verifier.warm().await {
            context.out.warn("no keys could be fetched yet: every request is refused until they can");
        }
        context.out.result(
            format!("gateway for account {} at http://{address}/verify", self.account),
            &json!({"listening": address.to_string()}),
        )?;
        let stop = async {
            // Where signals cannot be awaited, the process is simply ended.
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        axum::serve(listener, router)
            .with_graceful_shutdown(stop)
            .await
            .map_err(|error| Failure::io("the gateway ended", &error))
    }

    fn audiences(&self) -> Outcome<Audiences> {
        if let [audience] = self.audience.as_slice()
            && !audience.contains('=')
        {
            return Ok(Audiences::One(audience.clone()));
        }
        let mut by_host = HashMap::new();
        for entry in &self.audience {
            let (host, audience) =
                entry.split_once('=').filter(|(_, audience)| !audience.is_empty()).ok_or_else(|| {
                    Failure::usage(format!("--audience {entry}: with several of them each has to be HOST=AUDIENCE"))
                })?;
            let host = Host::parse(host).map_err(|error| Failure::usage(error.to_string()))?;
            if by_host.insert(host, audience.to_owned()).is_some() {
                return Err(Failure::usage(format!("--audience {entry}: the host is named twice")));
            }
        }
        let by_host = HostAudiences::new(by_host).map_err(|mixed| {
            let next = format!("bonafide gateway --account {} … --audience HOST={}", self.account, mixed.development);
            Failure::usage(mixed.to_string()).next(format!("{next} at a port of its own, for an API of its own"))
        })?;
        Ok(Audiences::PerHost(by_host))
    }

    fn keys(&self, context: &Context, clock: &Arc<SystemClock>) -> Outcome<Keys> {
        if let Some(file) = &self.hs256_secret {
            let text = read(file)?;
            let secret =
                std::str::from_utf8(&text).ok().and_then(|text| from_base64url(text.trim())).ok_or_else(|| {
                    Failure::usage(format!("{} is not base64url, as `bonafide key rotate` shows it", file.display()))
                })?;
            if secret.len() < MIN_SECRET_BYTES {
                return Err(Failure::usage(format!(
                    "{} holds {} bytes, a secret needs {MIN_SECRET_BYTES} at least",
                    file.display(),
                    secret.len()
                ))
                .next("bonafide key rotate token --algorithm HS256"));
            }
            return Ok(Keys::Secret { secret, kid: None });
        }
        let here = || format!("http://127.0.0.1:8444/.well-known/jwks.json?account={}", self.account);
        let jwks = self.jwks.clone().unwrap_or_else(here);
        let live = key_cache(&jwks, None, clock)?;
        let decoys = match &self.decoy_keys {
            Some(url) => Some(key_cache(url, Some(context.operator()?.token().to_owned()), clock)?),
            None => None,
        };
        Ok(Keys::Published { live, decoys })
    }
}

/// Keys from a URL or a file.
pub(crate) fn key_cache(place: &str, bearer: Option<String>, clock: &Arc<SystemClock>) -> Outcome<KeyCache> {
    let settings = KeyCacheSettings { floor: Duration::from_secs(10), ..KeyCacheSettings::default() };
    if !place.starts_with("http://") && !place.starts_with("https://") {
        read(std::path::Path::new(place))?;
        return Ok(KeyCache::new(JwksFile::new(place), clock.clone(), settings));
    }
    let source = JwksUrl::with_bearer(place, bearer).map_err(|error| Failure::io("no HTTP client", &error))?;
    Ok(KeyCache::new(source, clock.clone(), settings))
}

/// Why a port could not be opened, and what to do.
pub(crate) fn listen(address: SocketAddr, error: &std::io::Error) -> Failure {
    let failure = Failure::new(Exit::Unreachable, format!("{address} cannot be listened on: {error}"));
    match error.kind() {
        std::io::ErrorKind::AddrInUse => failure.next("stop what listens there, or choose another with --listen"),
        std::io::ErrorKind::PermissionDenied => failure.next("ports below 1024 need a privilege: choose another"),
        _ => failure,
    }
}

/// Unix seconds, or RFC 3339 in UTC.
fn moment(text: &str) -> Result<u64, String> {
    if let Ok(seconds) = text.parse() {
        return Ok(seconds);
    }
    // The same digits are a certificate's GeneralizedTime.
    let digits: String = text.chars().filter(|letter| !matches!(letter, '-' | ':' | 'T')).collect();
    let der = [&[0x18, 15][..], digits.as_bytes()].concat();
    let time = <x509_parser::asn1_rs::GeneralizedTime as x509_parser::asn1_rs::FromDer<_>>::from_der(&der)
        .ok()
        .filter(|_| digits.len() == 15 && digits.ends_with('Z'))
        .and_then(|(_, time)| time.utc_datetime().ok())
        .and_then(|time| u64::try_from(time.unix_timestamp()).ok());
    time.ok_or_else(|| "expected Unix seconds or 2026-12-01T18:00:00Z".into())
}
