package io.bonafide.instrumented;

import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertNotEquals;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertTrue;
import static org.junit.Assume.assumeTrue;

import android.os.Build;
import io.bonafide.android.key.AndroidKeyVault;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.List;
import org.junit.After;
import org.junit.Test;

/** AndroidKeyStore itself, through the port that the install key is held behind. In Java, which sees what is internal. */
public class KeyCases {
    private static final byte[] MESSAGE = "a token request".getBytes(StandardCharsets.UTF_8);
    private static final String ATTESTATION = "1.3.6.1.4.1.11129.2.1.17";
    private final String alias = "io.bonafide.instrumented." + Device.INSTANCE.newName();
    private final AndroidKeyVault vault = new AndroidKeyVault(alias + ".probe");

    @After
    public void remove() throws Exception {
        vault.delete(alias);
    }

    @Test
    public void aKeyIsMadeAndKept() throws Exception {
        vault.generate(alias, null, false);
        AndroidKeyVault again = new AndroidKeyVault(alias + ".probe");
        assertEquals(vault.publicKey(alias), again.publicKey(alias));
        Signature check = Signature.getInstance("SHA256withECDSA");
        check.initVerify(vault.publicKey(alias));
        check.update(MESSAGE);
        assertTrue(check.verify(again.sign(alias, MESSAGE)));
        assertTrue(vault.works());
    }

    @Test
    public void aKeyIsAttestedWithTheChallenge() throws Exception {
        byte[] challenge = "a challenge of thirty-two bytes.".getBytes(StandardCharsets.UTF_8);
        vault.generate(alias, challenge, false);
        List<byte[]> chain = vault.chain(alias);
        X509Certificate leaf = (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(chain.get(0)));
        assertArrayEquals(vault.publicKey(alias).getEncoded(), leaf.getPublicKey().getEncoded());
        // Emulators of old images attest nothing.
        assumeTrue("this device attests no keys (API " + Build.VERSION.SDK_INT + ")", leaf.getExtensionValue(ATTESTATION) != null);
        String attested = new String(leaf.getExtensionValue(ATTESTATION), StandardCharsets.ISO_8859_1);
        assertNotEquals(-1, attested.indexOf(new String(challenge, StandardCharsets.ISO_8859_1)));
        assertTrue("the chain has " + chain.size(), chain.size() >= 2);
    }

    @Test
    public void aKeyThatIsGoneIsNoKey() throws Exception {
        assertNull(vault.publicKey(alias));
        vault.generate(alias, null, false);
        vault.delete(alias);
        assertNull(vault.publicKey(alias));
        assertNull(vault.sign(alias, MESSAGE));
    }
}
