package io.bonafide

/**
 * What the config says of one host.
 *
 * @property listed false for a host that the config does not name: it is allowed, unpinned, and never gets a token.
 * @property enforced true where a mismatch stops the request.
 * @property pinned true where a mismatch is at least reported, so that the chain has to be checked.
 * @property protectedHost true where requests carry a token.
 * @property pinSet equal for hosts with equal pins and mode, so that they may share a connection, and different after
 *   either has changed. Empty where the host is not pinned.
 * @property tokenHeader the name of the header that carries the token.
 */
public class HostRules(
    public val listed: Boolean,
    public val enforced: Boolean,
    public val pinned: Boolean,
    public val protectedHost: Boolean,
    public val pinSet: String,
    public val tokenHeader: String,
)
