//! Tokens: the cache, and how they are fetched.

mod lease;

pub use lease::TokenLease;
