//! A login API behind the layer: what an axum API has to write, and the demo's API.
//!
//! `POST /login` is protected, `GET /public` is not. Each request is one line of JSON on stdout. The certificate and
//! its key are read again when their files change.
#![expect(clippy::print_stdout, reason = "the request log is this program's output")]

use std::error::Error;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::extract::{Json, Request};
use axum::http::{HeaderName, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Extension, Router};
use axum_server::tls_rustls::RustlsConfig;
use bonafide_gateway::{
    BindingRule, BonafideLayer, Clock, Gate, GateSettings, Grace, Judgement, JwksUrl, KeyCache, KeyCacheSettings, Keys,
    Mode, SystemClock, TokenVerifier, VerifierSettings,
};
use bonafide_protocol::claims::Claims;
use clap::Parser;
use serde_json::{Value, json};

#[derive(Parser)]
struct Args {
    /// Where to listen; port 0 takes a free one, which the first line on stdout names.
    #[arg(long)]
    listen: SocketAddr,
    /// The certificate chain, PEM.
    #[arg(long)]
    cert: PathBuf,
    /// Its key, PEM.
    #[arg(long)]
    key: PathBuf,
    /// The JWKS of the service.
    #[arg(long)]
    jwks: String,
    /// Whose tokens to accept.
    #[arg(long)]
    account: String,
    /// This API's audience.
    #[arg(long)]
    audience: String,
    /// The JWKS of the decoy keys, so that the log tells decoys from forgeries.
    #[arg(long, requires = "operator_token_file")]
    decoy_keys: Option<String>,
    /// A file with an operator token of scope `read`, or the service's operator.json.
    #[arg(long)]
    operator_token_file: Option<PathBuf>,
    /// The header that bound tokens have to be bound to; nobody has logged in yet, so others pass.
    #[arg(long)]
    binding_header: Option<HeaderName>,
    /// Passes everything, and only logs what would have been refused.
    #[arg(long)]
    monitor: bool,
    /// Seconds since their end that expired tokens may have, for the next --grace-for seconds.
    #[arg(long, requires = "grace_for")]
    grace: Option<u64>,
    /// How long the grace stays open, in seconds.
    #[arg(long)]
    grace_for: Option<u64>,
    /// Fetches of the JWKS are at least so many seconds apart.
    #[arg(long, default_value_t = 10)]
    jwks_floor: u64,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    // Losing to another installer would be as good.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let router = Router::new()
        .route("/login", post(login))
        .layer(BonafideLayer::new(gate(&args)?, args.audience.as_str()))
        .route("/public", get(|| async { Json(json!({"public": true})) }))
        .layer(from_fn(log_request));

    let tls = RustlsConfig::from_pem_file(&args.cert, &args.key).await?;
    tokio::spawn(reload_when_changed(tls.clone(), args.cert.clone(), args.key.clone()));
    let listener = std::net::TcpListener::bind(args.listen)?;
    listener.set_nonblocking(true)?;
    println!("{}", json!({"listening": listener.local_addr()?.to_string()}));
    axum_server::from_tcp_rustls(listener, tls)?.serve(router.into_make_service()).await?;
    Ok(())
}

fn gate(args: &Args) -> Result<Gate, Box<dyn Error>> {
    let clock = Arc::new(SystemClock::new());
    let floor = Duration::from_secs(args.jwks_floor);
    let cache =
        |source: JwksUrl| KeyCache::new(source, clock.clone(), KeyCacheSettings { floor, ..Default::default() });
    let decoys = match (&args.decoy_keys, &args.operator_token_file) {
        (Some(url), Some(file)) => Some(cache(JwksUrl::with_bearer(url, Some(operator_token(file)?))?)),
        _ => None,
    };
    let keys = Keys::Published { live: cache(JwksUrl::new(&args.jwks)?), decoys };
    let mut settings = VerifierSettings::new(&args.account);
    if let (Some(expired_at_most), Some(open)) = (args.grace, args.grace_for) {
        settings.grace = Some(Grace { expired_at_most, open_until: clock.unix_seconds() + open });
    }
    let verifier = TokenVerifier::new(keys, settings, clock);
    let mode = if args.monitor { Mode::Monitor } else { Mode::Enforce };
    let binding = args.binding_header.clone().map(BindingRule::IfBound);
    Ok(Gate::new(verifier, GateSettings { mode, binding, ..Default::default() }))
}

/// The token itself, or the member `token` of operator.json.
fn operator_token(file: &Path) -> Result<String, Box<dyn Error>> {
    let text = std::fs::read_to_string(file)?;
    let from_json =
        serde_json::from_str::<Value>(&text).ok().and_then(|json| json.get("token")?.as_str().map(str::to_owned));
    Ok(from_json.unwrap_or_else(|| text.trim().to_owned()))
}

/// The layer has let the request in: the claims are there, except in monitoring.
async fn login(claims: Option<Extension<Claims>>, Json(body): Json<Value>) -> (StatusCode, Json<Value>) {
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    if text("user").is_empty() || text("password").is_empty() {
        return (StatusCode::BAD_REQUEST, Json(json!({"error": "user and password, please"})));
    }
    let app = claims.map(|claims| claims.0.app.id);
    (StatusCode::OK, Json(json!({"welcome": text("user"), "app": app})))
}

/// One line for each request. No query, no header, no body: nothing of the user's.
async fn log_request(request: Request, next: Next) -> Response {
    let (method, path) = (request.method().to_string(), request.uri().path().to_owned());
    let response = next.run(request).await;
    let judgement = response.extensions().get::<Judgement>();
    let line = json!({
        "time": SystemClock::new().unix_seconds(),
        "method": method,
        "path": path,
        "status": response.status().as_u16(),
        "verdict": judgement.map(|judgement| match judgement.reason() {
            "verified" => "accepted",
            reason => reason,
        }),
        "installation": judgement.and_then(Judgement::installation),
        "device_status": judgement.and_then(|judgement| judgement.device_status).map(|status| status.code()),
    });
    println!("{line}");
    response
}

/// Looks at the two files five times a second. A half-written pair does not load; the next look takes the whole one.
async fn reload_when_changed(tls: RustlsConfig, cert: PathBuf, key: PathBuf) {
    let stamp =
        |path: &Path| std::fs::metadata(path).and_then(|data| data.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
    let mut loaded = (stamp(&cert), stamp(&key));
    loop {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let now = (stamp(&cert), stamp(&key));
        if now != loaded && tls.reload_from_pem_file(&cert, &key).await.is_ok() {
            loaded = now;
            println!("{}", json!({"reloaded": cert.display().to_string()}));
        }
    }
}
