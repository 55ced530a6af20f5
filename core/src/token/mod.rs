//! Tokens: the cache, and how they are fetched.

mod cache;
mod challenges;
mod fetch;
mod lease;
mod source;

pub(crate) use fetch::{Fetched, Fetcher, Parts};
pub use lease::TokenLease;
pub(crate) use source::{Tokens, Wanted};
