//! Evidence to order, for tests: whole valid pieces of it, under roots of their own, of which a test changes one thing.
//!
//! Nothing here is for use outside of tests: it panics where it is used wrongly.
#![expect(missing_docs, reason = "names of certificate fields; the types say what is made")]
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]
#![expect(clippy::new_without_default, reason = "what is made has random keys: no two are equal")]

pub mod android_key {
    //! Android Key Attestation.
    pub mod der;
    pub mod description;
    pub mod forge;
}

pub mod app_attest {
    //! Apple App Attest.
    pub mod ber;
    pub mod forge;
    pub mod receipt;
}

pub mod play_integrity;
