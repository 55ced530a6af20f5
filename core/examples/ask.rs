//! Starts a core from an initial config, asks for the token of a host, and says how it went.
//!
//! `ask CONFIG STATE_FOLDER APP_ID VERSION HOST`: a native client of a few lines, to try a service with.

use std::error::Error;
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use bonafide_core::adapter::FileStorage;
use bonafide_core::port::Ports;
use bonafide_core::protocol::measurement::{App, Platform};
use bonafide_core::{Core, Settings};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<_> = std::env::args().skip(1).collect();
    let [config, state, id, version, host] = args.as_slice() else {
        return Err("expected CONFIG STATE_FOLDER APP_ID VERSION HOST".into());
    };
    let settings = Settings {
        initial_config: std::fs::read(config)?,
        app: App { platform: Platform::Linux, id: id.clone(), version: version.clone(), build: String::new() },
        artifacts: vec![std::env::current_exe()?],
        sdk_version: env!("CARGO_PKG_VERSION").into(),
        development_key: None,
        request_deadline: Settings::DEFAULT_DEADLINE,
        runtime: tokio::runtime::Handle::current(),
    };
    let core = Core::start(settings, Ports::desktop(Arc::new(FileStorage::new(state))))?;
    let mut out = std::io::stdout();
    let newer = core.refresh_config(Duration::from_secs(5)).await;
    writeln!(out, "newer config: {newer:?}")?;
    let lease = core.token(host, Some(b"user-1"), Duration::from_secs(5)).await?;
    writeln!(out, "{}: {}", lease.header, lease.token.as_deref().unwrap_or("none"))?;
    writeln!(out, "status: {:?}, valid for {:?}", lease.status, lease.valid_for)?;
    writeln!(out, "installation: {:?}\n{:#?}", core.installation_id(), core.status())?;
    core.shutdown().await;
    Ok(())
}
