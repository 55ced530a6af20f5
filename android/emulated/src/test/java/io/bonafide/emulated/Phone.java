package io.bonafide.emulated;

import com.github.unidbg.AndroidEmulator;
import com.github.unidbg.Module;
import com.github.unidbg.Symbol;
import com.github.unidbg.arm.backend.Unicorn2Factory;
import com.github.unidbg.linux.android.AndroidARM64Emulator;
import com.github.unidbg.linux.android.AndroidResolver;
import com.github.unidbg.linux.android.SystemPropertyHook;
import com.github.unidbg.memory.SvcMemory;
import com.github.unidbg.pointer.UnidbgPointer;
import com.github.unidbg.unix.UnixSyscallHandler;
import com.github.unidbg.file.linux.AndroidFileIO;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import unicorn.Arm64Const;

/** An arm64 process with the real bionic of API 23, one library loaded, and a folder of this machine as its file system. */
final class Phone implements AutoCloseable {
    private static final int API = 23;
    private static final int PATIENCE = 10_000;

    private final AndroidEmulator emulator;
    private final Module library;

    Phone(Path library, Path files) {
        this(library, files, Map.of());
    }

    /** With system properties: unidbg answers for the property service, which is a process of its own on a phone. */
    Phone(Path library, Path files, Map<String, String> properties) {
        emulator = new Machine(files.toFile());
        SystemPropertyHook answers = new SystemPropertyHook(emulator);
        // Without an answer of ours bionic reads those of the phone that unidbg was made from.
        answers.setPropertyProvider(name -> properties.getOrDefault(name, ""));
        emulator.getMemory().addHookListener(answers);
        emulator.getMemory().setLibraryResolver(new AndroidResolver(API));
        // Without it a started thread never runs.
        emulator.getSyscallHandler().setEnableThreadDispatcher(true);
        this.library = emulator.loadLibrary(library.toFile(), true);
    }

    /** Calls an exported function of up to eight arguments: integers, and pointers as addresses. */
    long call(String function, long... arguments) {
        return library.callFunction(emulator, address(function), boxed(arguments)).longValue();
    }

    /**
     * Calls a function that returns a struct of more than 16 bytes: by the procedure call standard of arm64 the caller
     * names its place in x8.
     */
    void callInto(long place, String function, long... arguments) {
        emulator.getBackend().reg_write(Arm64Const.UC_ARM64_REG_X8, place);
        library.callFunction(emulator, address(function), boxed(arguments));
    }

    /** Yields until something has come about. Other threads run only while one that was called yields or waits. */
    void letOthersRunUntil(BooleanSupplier done) {
        Module bionic = emulator.getMemory().findModule("libc.so");
        for (int turn = 0; turn < PATIENCE && !done.getAsBoolean(); turn++) bionic.callFunction(emulator, "sched_yield");
        if (!done.getAsBoolean()) throw new AssertionError("the other threads did not come to it");
    }

    AndroidEmulator emulator() {
        return emulator;
    }

    /** Zeroed memory of the process, never freed: a test is short. */
    UnidbgPointer allocate(int bytes) {
        UnidbgPointer place = emulator.getMemory().malloc(bytes, true).getPointer();
        place.write(0, new byte[bytes], 0, bytes);
        return place;
    }

    UnidbgPointer at(long address) {
        return UnidbgPointer.pointer(emulator, address);
    }

    private long address(String function) {
        Symbol symbol = library.findSymbolByName(function, false);
        if (symbol == null) throw new AssertionError("the library does not export " + function);
        return symbol.getAddress() - library.base;
    }

    private static Object[] boxed(long[] arguments) {
        Object[] boxed = new Object[arguments.length];
        for (int index = 0; index < arguments.length; index++) boxed[index] = arguments[index];
        return boxed;
    }

    @Override
    public void close() {
        try {
            emulator.close();
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    /** unidbg's emulator, with the system calls that it lacks. */
    private static final class Machine extends AndroidARM64Emulator {
        Machine(File files) {
            super("io.bonafide.emulated", files, List.of(new Unicorn2Factory(false)));
        }

        @Override
        protected UnixSyscallHandler<AndroidFileIO> createSyscallHandler(SvcMemory memory) {
            return new Kernel(memory);
        }
    }
}
