package io.bonafide

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.io.ByteArrayOutputStream
import java.io.IOException
import java.io.ObjectInputStream
import java.io.ObjectOutputStream
import javax.net.ssl.SSLPeerUnverifiedException

class FailureTest {
    private val mismatch = PinVerdict.Mismatch("api.acme.com", listOf("sha256/AAA", "sha256/BBB"), listOf("sha256/LEAF", "sha256/ROOT"))

    @Test
    fun `a mismatch shows what was served, what was expected, and ends with the command to run`() {
        val expected =
            """
            The certificates that api.acme.com served match none of its pins.
              Served, leaf first:
                sha256/LEAF: CN=mitm
                sha256/ROOT
              Expected, any of:
                sha256/AAA
                sha256/BBB
              If it is not the server's certificate that was changed, somebody intercepts. Run next:
                bonafide api check api.acme.com
            """.trimIndent()
        assertEquals(expected, PinMismatchException(mismatch, listOf("CN=mitm")).message)
    }

    @Test
    fun `a mismatch without a validated chain says why`() {
        val bare = PinVerdict.Mismatch("api.acme.com", listOf("sha256/AAA"), emptyList(), reason = "nothing was validated")
        val message = PinMismatchException(bare).message!!
        assertTrue("Reason: nothing was validated" in message && "nothing that could be validated" in message, message)
    }

    @Test
    fun `failures are IOExceptions with a status, facts and a next step that names the host`() {
        val pins: IOException = PinMismatchException(mismatch)
        assertTrue(pins is SSLPeerUnverifiedException)
        val failures = listOf(pins, BonafideException(StatusCode.HOST_NOT_IN_CONFIG, mapOf("host" to "api.acme.com")))
        for (failure in failures) {
            failure as BonafideFailure
            assertEquals("api.acme.com", failure.facts["host"])
            assertTrue("HOST" !in failure.nextStep && "api.acme.com" in failure.nextStep, failure.nextStep)
            assertEquals(failure.code.statusClass, failure.statusClass)
        }
        assertTrue(failures[1].message!!.endsWith("Run `bonafide api add https://api.acme.com`."), failures[1].message)
        assertTrue("(host_not_in_config)" in failures[1].message!!)
    }

    @Test
    fun `failures can be serialised, as crash reporters do`() {
        for (failure in listOf(PinMismatchException(mismatch), BonafideException(StatusCode.NOT_STARTED, mapOf("a" to "b")))) {
            val bytes = ByteArrayOutputStream().also { ObjectOutputStream(it).writeObject(failure) }.toByteArray()
            val copy = ObjectInputStream(bytes.inputStream()).readObject() as BonafideFailure
            assertEquals((failure as BonafideFailure).facts, copy.facts)
            assertEquals(failure.message, (copy as Exception).message)
        }
    }
}
