//! Looking at servers: what they serve, which path of it is valid, and what its certificates say.

pub(crate) mod certificate;
pub(crate) mod elsewhere;
pub(crate) mod files;
pub(crate) mod roots;
pub(crate) mod survey;
pub(crate) mod target;
pub(crate) mod validate;
