//! The `bonafide` command: everything that an operator types.

mod cli;
mod command;
mod context;
mod exit;
mod measure;
mod operator;
mod out;
mod tls;

use clap::Parser as _;

use crate::cli::Cli;
use crate::exit::Exit;

fn main() -> std::process::ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return exit::misread(&error, std::env::args_os()),
    };
    // Losing to another installer would be as good.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let json = cli.globals.json;
    let outcome = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(command::run(cli)),
        Err(error) => Err(exit::Failure::io("no runtime could be started", &error)),
    };
    match outcome {
        Ok(()) => Exit::Done.into(),
        Err(failure) => {
            failure.show(json);
            failure.exit.into()
        }
    }
}
