//! The command line: nouns, and what every one of them understands.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::command::{
    api, app, arc, config, device, doctor, evidence, gateway, init, key, lists, pin, policy, root, serve, service,
    token,
};

/// Operates Bonafide: the attestation service, the apps' configs, the gateway in front of an API.
#[derive(Parser)]
#[command(name = "bonafide", version, arg_required_else_help = true)]
#[command(after_help = "Exit codes: `bonafide exit-codes`.")]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) globals: Globals,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Where help lists what every command understands.
const EVERYWHERE: &str = "With every command";

/// Understood by every command. In help they stand apart: by their place alone they would fall between its own.
#[derive(Args, Clone)]
pub(crate) struct Globals {
    /// Prints JSON, for scripts.
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    pub(crate) json: bool,
    /// The service's folder.
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    #[arg(env = "BONAFIDE_DATA", default_value = "./bonafide-data", value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// The service's operator listener; the default is what `init` wrote to operator.json.
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    #[arg(env = "BONAFIDE_OPERATOR_URL", value_name = "URL")]
    pub(crate) operator_url: Option<String>,
    /// The operator's token; the default is what `init` wrote to operator.json.
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    #[arg(env = "BONAFIDE_OPERATOR_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    pub(crate) operator_token: Option<String>,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Makes an account: keys, the first config, an operator's token.
    Init(init::Init),
    /// Runs the attestation service.
    Serve(serve::Serve),
    /// Runs the forward-auth endpoint for nginx, Traefik, Caddy, Envoy.
    Gateway(gateway::Gateway),
    /// The hosts that apps may talk to, their pins and tokens.
    #[command(subcommand)]
    Api(api::Api),
    /// The builds that are genuine.
    #[command(subcommand)]
    App(app::App),
    /// The config that apps embed and follow.
    #[command(subcommand)]
    Config(config::Config),
    /// Tokens: is this one good, what does it say, some for tests.
    #[command(subcommand)]
    Token(token::Token),
    /// Pins of servers and of files.
    #[command(subcommand)]
    Pin(pin::Pin),
    /// What follows from findings: rejection, an annotation, nothing.
    #[command(subcommand)]
    Policy(policy::Policy),
    /// The service's own address and pins.
    #[command(subcommand)]
    Service(service::Service),
    /// What a platform says about a device: is it true, and what does it say.
    #[command(subcommand)]
    Evidence(evidence::Evidence),
    /// Decodes the code that support staff had a user read out.
    Arc(arc::Arc),
    /// The service's token and challenge keys.
    #[command(subcommand)]
    Key(key::Key),
    /// The root of the apps' trust.
    #[command(subcommand)]
    Root(root::Root),
    /// Looks whether all is well, and says what to do if not.
    Doctor(doctor::Doctor),
    /// Appraisals, the newest first: who got a token, who a decoy, and why.
    Appraisals(lists::Appraisals),
    /// Pin mismatches that devices met, the newest first.
    Reports(lists::Limit),
    /// Every change by an operator, the newest first.
    Audit(lists::Limit),
    /// The installations, verdicts forced on single ones, keys of developers' builds; without a verb, the list.
    Device(device::Device),
    /// The service's counters, in Prometheus's form.
    Metrics,
    /// What the exit codes mean.
    ExitCodes,
}
