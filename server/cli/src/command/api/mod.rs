//! `bonafide api`: the hosts that apps may talk to.

mod add;
mod change;
mod check;
mod list;
mod pin;

pub(crate) use change::{forceable, live};
pub(crate) use check::{examine, target_of};
use clap::Subcommand;

use crate::context::Context;
use crate::exit::Outcome;

#[derive(Subcommand)]
pub(crate) enum Api {
    /// Connects to an API, shows what it serves, proposes pins, publishes them.
    Add(add::Add),
    /// Compares what APIs serve now with the pins of every config that devices hold.
    Check(check::Check),
    /// Changes the pins of a host.
    Pin(pin::PinHost),
    /// Lists the hosts with their pins.
    List,
    /// Removes a host: apps go on talking to it, without pins and without tokens.
    Remove(list::Remove),
}

impl Api {
    pub(crate) async fn run(&self, context: &Context) -> Outcome {
        match self {
            Self::Add(command) => command.run(context).await,
            Self::Check(command) => command.run(context).await,
            Self::Pin(command) => command.run(context).await,
            Self::List => list::list(context).await,
            Self::Remove(command) => command.run(context).await,
        }
    }
}
