/// What the platform thinks of the network. Only ever a hint: it delays or hurries retries and decides nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Connection {
    /// There is a network.
    Online,
    /// There is none.
    Offline,
    /// The platform does not say.
    #[default]
    Unknown,
}

/// The network, as the platform knows it. Cheap, does not block.
pub trait Connectivity: Send + Sync {
    /// Whether there is a network.
    fn connection(&self) -> Connection;

    /// The HTTP proxy that the platform names for `https` URLs, as `http://HOST:PORT`; `None` without one.
    ///
    /// The core tunnels its own TLS through it (`CONNECT`, RFC 9110 section 9.3.6): the pins hold end to end, and a
    /// proxy that looks inside is a mismatch. The core never reads `HTTPS_PROXY` and the like itself: who can set an
    /// app's environment could otherwise move its traffic, and on phones and JVMs the setting is not there anyway.
    fn proxy(&self) -> Option<String> {
        None
    }
}
