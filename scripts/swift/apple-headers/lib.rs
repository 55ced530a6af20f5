// Cargo wants a target to exist: see Cargo.toml.
