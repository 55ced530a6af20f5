//! `bonafide doctor`.
use crate::context::Context;
use crate::exit::Outcome;
use clap::Args;
#[derive(Args)]
pub(crate) struct Doctor {}
impl Doctor {
    pub(crate) async fn run(&self, _context: &Context) -> Outcome {
        Ok(())
    }
}
