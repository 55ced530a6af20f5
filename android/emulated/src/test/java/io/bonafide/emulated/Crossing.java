package io.bonafide.emulated;

import com.github.unidbg.pointer.UnidbgPointer;

/** UniFFI's C ABI: buffers by value, and the status that every call writes. */
final class Crossing {
    /** capacity, len, data. */
    private static final int BUFFER_BYTES = 24;
    /** The code, padded to eight bytes, and the buffer of the error. */
    private static final int STATUS_BYTES = 8 + BUFFER_BYTES;

    private final Phone phone;

    Crossing(Phone phone) {
        this.phone = phone;
    }

    /** A failed call: 1 is the function's own error, 2 a panic. */
    static final class Failed extends Exception {
        final int code;
        final transient Wire.Reader content;

        Failed(int code, Wire.Reader content) {
            super("the call failed with code " + code);
            this.code = code;
            this.content = content;
        }
    }

    /** Passes bytes to the library, which takes them over. Structs of this size go as the address of a copy. */
    long lower(byte[] bytes) throws Failed {
        UnidbgPointer buffer = phone.allocate(BUFFER_BYTES);
        UnidbgPointer status = phone.allocate(STATUS_BYTES);
        phone.callInto(buffer.peer, "ffi_bonafide_rustbuffer_alloc", bytes.length, status.peer);
        check(status);
        phone.at(buffer.getLong(16)).write(0, bytes, 0, bytes.length);
        buffer.setLong(8, bytes.length);
        return buffer.peer;
    }

    /** Calls a function that returns a handle or a number. */
    long call(String function, long... arguments) throws Failed {
        UnidbgPointer status = phone.allocate(STATUS_BYTES);
        long result = phone.call(function, with(arguments, status.peer));
        check(status);
        return result;
    }

    /** Calls a function that returns a buffer. */
    Wire.Reader callForBuffer(String function, long... arguments) throws Failed {
        UnidbgPointer status = phone.allocate(STATUS_BYTES);
        UnidbgPointer buffer = phone.allocate(BUFFER_BYTES);
        phone.callInto(buffer.peer, function, with(arguments, status.peer));
        check(status);
        return read(buffer);
    }

    private void check(UnidbgPointer status) throws Failed {
        int code = status.getByte(0);
        if (code != 0) throw new Failed(code, read(status.share(8, 0)));
    }

    private Wire.Reader read(UnidbgPointer buffer) {
        int length = Math.toIntExact(buffer.getLong(8));
        return new Wire.Reader(length == 0 ? new byte[0] : phone.at(buffer.getLong(16)).getByteArray(0, length));
    }

    private static long[] with(long[] arguments, long last) {
        long[] all = java.util.Arrays.copyOf(arguments, arguments.length + 1);
        all[arguments.length] = last;
        return all;
    }
}
