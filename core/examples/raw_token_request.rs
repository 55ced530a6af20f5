//! Prints one signed token request, as an attacker with the app's files could make it: to replay it, or to lie in it.
//!
//! ```text
//! raw_token_request --config bonafide.config --state FOLDER --app com.acme.app --version 1.0
//!     [--platform jvm|linux|android|ios] [--build N] [--audience A] [--binding TEXT]
//!     [--artifact NAME=SHA256]… [--code NAME=SHA256]… [--challenge TEXT]
//! ```
//! It fetches a challenge from the service that the config names, unless it is given one, and signs with the install
//! key of the state folder (made there if there is none). Send what it prints with
//! `curl --data-binary @- -H 'content-type: application/jose' SERVICE/v1/tokens`.

use std::error::Error;
use std::io::Write as _;
use std::sync::Arc;

use bonafide_core::adapter::{FileStorage, SoftwareKey, StandardTrust};
use bonafide_core::port::{InstallKey as _, ServerTrust as _};
use bonafide_core::protocol::FORMATS;
use bonafide_core::protocol::config::Config;
use bonafide_core::protocol::encoding::{from_base64, sha256, to_base64};
use bonafide_core::protocol::jws::{Header, join, signing_input};
use bonafide_core::protocol::key::P256Key;
use bonafide_core::protocol::measurement::{App, Artifact, Code, CodeRole, DeviceFacts, Fact, Measurement};
use bonafide_core::protocol::message::{ChallengeRequest, ChallengeResponse, TOKEN_REQUEST_TYPE, TokenRequest};
use bonafide_core::protocol::trust::Trusted;

type Anything = Box<dyn Error + Send + Sync>;

/// The command line's options, in the order given.
struct Options(Vec<(String, String)>);

impl Options {
    fn read() -> Result<Self, Anything> {
        let mut args = std::env::args().skip(1);
        let mut options = Vec::new();
        while let Some(name) = args.next() {
            let value = args.next().ok_or_else(|| format!("{name} needs a value"))?;
            options.push((name, value));
        }
        Ok(Self(options))
    }

    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn optional<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.all(name).last()
    }

    fn required<'a>(&'a self, name: &'a str) -> Result<&'a str, Anything> {
        self.optional(name).ok_or_else(|| format!("{name} is missing").into())
    }
}

fn main() -> Result<(), Anything> {
    let options = Options::read()?;
    let trusted = Trusted::from_initial(&std::fs::read(options.required("--config")?)?)?;
    let config = trusted.config();
    let challenge = match options.optional("--challenge") {
        Some(challenge) => challenge.to_owned(),
        None => tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(fetch(config))?,
    };
    let key = SoftwareKey::new(Arc::new(FileStorage::new(options.required("--state")?)));
    let public = key.load_or_create()?.public;
    let request = TokenRequest {
        challenge,
        account: config.account.clone(),
        audience: options.optional("--audience").unwrap_or(&config.account).to_owned(),
        app: App {
            platform: serde_json::from_value(options.optional("--platform").unwrap_or("jvm").into())?,
            id: options.required("--app")?.to_owned(),
            version: options.required("--version")?.to_owned(),
            build: options.optional("--build").unwrap_or_default().to_owned(),
        },
        sdk_version: env!("CARGO_PKG_VERSION").to_owned(),
        formats: FORMATS.to_vec(),
        epoch: config.epoch,
        version: config.version,
        measurement: measurement(&options)?,
        evidence: Vec::new(),
        previous: None,
        session_key: P256Key::generate()?.public_key()?,
        binding: options.optional("--binding").map(|data| to_base64(&sha256(data.as_bytes()))),
        development: None,
        user: None,
        trace: None,
    };
    let input = signing_input(&Header::with_jwk(TOKEN_REQUEST_TYPE, &public), &serde_json::to_vec(&request)?);
    let jws = join(&input, &key.sign(input.as_bytes())?);
    // No newline: what is printed is the body to send.
    write!(std::io::stdout(), "{jws}")?;
    Ok(())
}

/// Whatever it is told: that is the point.
fn measurement(options: &Options) -> Result<Measurement, Anything> {
    let pair = |text: &str| -> Result<(String, Fact<String>), Anything> {
        let (name, digest) = text.split_once('=').ok_or_else(|| format!("{text:?} is not NAME=SHA256"))?;
        Ok((name.to_owned(), Fact::Known(digest.to_owned())))
    };
    let artifacts = options.all("--artifact").map(|text| pair(text).map(|(name, sha256)| Artifact { name, sha256 }));
    let code = options
        .all("--code")
        .map(|text| pair(text).map(|(name, memory)| Code { name, role: CodeRole::Core, file: memory.clone(), memory }));
    Ok(Measurement {
        artifacts: artifacts.collect::<Result<_, _>>()?,
        code: code.collect::<Result<_, _>>()?,
        device: Some(DeviceFacts::clean()),
        packages: None,
    })
}

async fn fetch(config: &Config) -> Result<String, Anything> {
    let roots: Option<Vec<_>> = config.service.roots.iter().map(|root| Some(from_base64(root)?.into())).collect();
    let verifier = StandardTrust::new().verifier(roots.ok_or("service.roots are not base64")?)?;
    let tls = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    let client = reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy().build()?;
    let url = format!("{}/v1/challenges", config.service.url.trim_end_matches('/'));
    let body = serde_json::to_vec(&ChallengeRequest { account: config.account.clone() })?;
    let response = client.post(url).header("content-type", "application/json").body(body).send().await?;
    let response: ChallengeResponse = serde_json::from_slice(&response.error_for_status()?.bytes().await?)?;
    Ok(response.challenge)
}
