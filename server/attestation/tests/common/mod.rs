//! What the tests share: the corpus, and chains forged to order.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(dead_code, clippy::allow_attributes, reason = "no test uses everything")]

#[allow(unused_imports, clippy::allow_attributes, reason = "no test uses everything")]
pub(crate) use bonafide_forge::android_key::{der, description, forge};

pub(crate) mod corpus;
pub(crate) mod judge;
