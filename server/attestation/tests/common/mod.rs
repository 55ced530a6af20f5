//! What the tests share: the corpus, and chains forged to order.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(dead_code, clippy::allow_attributes, reason = "no test uses everything")]

pub(crate) mod corpus;
pub(crate) mod der;
pub(crate) mod description;
pub(crate) mod forge;
pub(crate) mod judge;
