package io.bonafide

import io.bonafide.internal.generated.NativeFailure
import io.bonafide.internal.generated.NativeLease
import io.bonafide.internal.generated.NativeMismatch
import io.bonafide.internal.generated.NativeRules
import io.bonafide.internal.generated.NativeStatus
import io.bonafide.internal.generated.NativeVerdict

internal fun NativeRules.toPublic(): HostRules = HostRules(listed, enforced, pinned, protectedHost, pinSet, tokenHeader)

internal fun NativeVerdict.toPublic(): PinVerdict =
    when (this) {
        is NativeVerdict.Pinned -> PinVerdict.Pinned(pin)
        is NativeVerdict.Unpinned -> PinVerdict.Unpinned
        is NativeVerdict.ReportOnly -> PinVerdict.ReportOnly(mismatch.toPublic())
        is NativeVerdict.Mismatch -> mismatch.toPublic()
    }

internal fun NativeMismatch.toPublic(): PinVerdict.Mismatch = PinVerdict.Mismatch(host, expected, served, reason)

internal fun PinVerdict.Mismatch.toNative(): NativeMismatch = NativeMismatch(host, expected, served, reason)

internal fun NativeLease.toPublic(): Lease = Lease(header, token, status?.let(::statusCode), freshForMs.toLong())

internal fun NativeStatus.toPublic(installationId: String?): ProtectionStatus =
    ProtectionStatus(
        phase = ProtectionStatus.Phase.RUNNING,
        configRevision = revision.toLong(),
        epoch = epoch.toLong(),
        version = version.toLong(),
        lastContactMillis = lastContactMs?.toLong(),
        configFailure = configFailure?.let(::statusCode),
        tokenFailure = tokenFailure?.let(::statusCode),
        reportFailure = reportFailure?.let(::statusCode),
        memoryOnly = memoryOnly,
        storedRecord = storedRecord,
        keyLevel = keyLevel,
        installationId = installationId,
        developmentKey = developmentKey,
        tokenTrace = tokenTrace,
    )

/** What a call into the library threw, as the status that it means. */
internal fun Throwable.toBonafide(): BonafideException =
    when (this) {
        is NativeFailure.Failed -> BonafideException(statusCode(code), facts.withRetry(retryAfterMs), cause = this)

        // The generated object after its end.
        is IllegalStateException -> closed(this)

        is LinkageError -> internalError("The native library cannot be used: ${message ?: cause?.message}", this)

        else -> internalError(javaClass.name, this)
    }

private fun internalError(
    detail: String,
    cause: Throwable,
) = BonafideException(StatusCode.INTERNAL_ERROR, detail = detail, cause = cause)

/** What every call answers after close(). */
internal fun closed(cause: Throwable? = null): BonafideException =
    BonafideException(StatusCode.NOT_STARTED, detail = "This protection was closed.", cause = cause)

private fun Map<String, String>.withRetry(millis: ULong?): Map<String, String> =
    if (millis == null) this else this + ("retry_after_ms" to millis.toString())

/** Facade and library are built together; a code that is not in the table is a defect. */
private fun statusCode(wireName: String): StatusCode = StatusCode.of(wireName) ?: StatusCode.INTERNAL_ERROR
