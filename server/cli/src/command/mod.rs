//! One module for each noun.

pub(crate) mod api;
pub(crate) mod app;
pub(crate) mod arc;
pub(crate) mod config;
pub(crate) mod device;
pub(crate) mod doctor;
pub(crate) mod evidence;
pub(crate) mod gateway;
pub(crate) mod init;
pub(crate) mod key;
pub(crate) mod lists;
pub(crate) mod pin;
pub(crate) mod policy;
pub(crate) mod root;
pub(crate) mod serve;
pub(crate) mod service;
pub(crate) mod token;

use crate::cli::{Cli, Command};
use crate::context::Context;
use crate::exit::Outcome;

/// Runs what was typed.
pub(crate) async fn run(cli: Cli) -> Outcome {
    let context = Context::new(cli.globals);
    match cli.command {
        Command::Init(command) => command.run(&context).await,
        Command::Serve(command) => command.run(&context).await,
        Command::Gateway(command) => command.run(&context).await,
        Command::Api(command) => command.run(&context).await,
        Command::App(command) => command.run(&context).await,
        Command::Config(command) => command.run(&context).await,
        Command::Token(command) => command.run(&context).await,
        Command::Pin(command) => command.run(&context).await,
        Command::Policy(command) => command.run(&context).await,
        Command::Service(command) => command.run(&context).await,
        Command::Evidence(command) => command.run(&context).await,
        Command::Arc(command) => command.run(&context).await,
        Command::Key(command) => command.run(&context).await,
        Command::Root(command) => command.run(&context).await,
        Command::Doctor(command) => command.run(&context).await,
        Command::Appraisals(command) => command.run(&context).await,
        Command::Reports(limit) => limit.reports(&context).await,
        Command::Audit(limit) => limit.audit(&context).await,
        Command::Device(command) => command.run(&context).await,
        Command::Metrics => lists::metrics(&context).await,
        Command::ExitCodes => lists::exit_codes(&context),
    }
}
