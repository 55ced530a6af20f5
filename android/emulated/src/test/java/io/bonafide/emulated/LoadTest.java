package io.bonafide.emulated;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.github.unidbg.linux.android.dvm.VM;
import com.github.unidbg.pointer.UnidbgPointer;
import com.sun.jna.Pointer;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The library loads beside bionic, and is the one that the Kotlin code was generated for. */
class LoadTest {
    private static final long JNI_VERSION_1_6 = 0x10006;

    @TempDir
    Path files;

    @Test
    void javaFindsItsWayIn() {
        try (Phone phone = new Phone(Inputs.LIBRARY, files)) {
            VM machine = phone.emulator().createDalvikVM();
            assertEquals(JNI_VERSION_1_6, phone.call("JNI_OnLoad", address(machine.getJavaVM()), 0));
            // Some loaders ask twice.
            assertEquals(JNI_VERSION_1_6, phone.call("JNI_OnLoad", address(machine.getJavaVM()), 0));
        }
    }

    @Test
    void trustWithoutAContextIsRefusedAndNotACrash() {
        try (Phone phone = new Phone(Inputs.LIBRARY, files)) {
            VM machine = phone.emulator().createDalvikVM();
            phone.call("JNI_OnLoad", address(machine.getJavaVM()), 0);
            long environment = address(machine.getJNIEnv());
            assertEquals(0, phone.call("Java_io_bonafide_internal_PlatformTrust_initialise", environment, 0, 0) & 0xff);
        }
    }

    @Test
    void theKotlinCodeIsTheOneForThisLibrary() {
        try (Phone phone = new Phone(Inputs.LIBRARY, files)) {
            assertEquals(Inputs.expectedContractVersion(), phone.call("ffi_bonafide_uniffi_contract_version"));
            List<String> expected = Inputs.expectedChecksums();
            assertFalse(expected.isEmpty());
            List<String> found = expected.stream()
                .map(entry -> entry.split("=")[0])
                .map(name -> name + "=" + (phone.call(name) & 0xffff))
                .toList();
            assertEquals(expected, found);
        }
    }

    private static long address(Pointer pointer) {
        return ((UnidbgPointer) pointer).peer;
    }
}
