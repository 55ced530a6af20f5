package io.bonafide.platform

/** System properties, as the integrity measurement reads them. May block. */
@PlatformApi
public fun interface SystemProperties {
    /**
     * The value; null where the platform has no such property, or does not say.
     *
     * @param name as `getprop` has it, or one of the core's own, which begin with `bonafide.`.
     */
    public fun property(name: String): String?
}

/** The network, as the platform knows it: a hint, which decides nothing. Does not block. */
@PlatformApi
public interface Connectivity {
    /** Whether there is a network; null where the platform does not say. */
    public fun online(): Boolean?

    /** The HTTP proxy for `https` URLs, as `http://HOST:PORT`; null without one. */
    public fun proxy(): String?
}
