package io.bonafide

/**
 * A [Protection] that can tell at once what most requests leave with: asking [Protection.headersFor] costs several times
 * that, since it may have to wait.
 */
public interface PreparedHeaders {
    /**
     * What [Protection.headersFor] would answer for an unbound `https` request to [host], if that is known and fresh;
     * null where it has to be asked. From any thread; no I/O.
     *
     * @param host in lower case, an IDN as A-labels, an IPv6 address without brackets.
     */
    public fun preparedHeadersFor(host: String): Map<String, String>?
}
