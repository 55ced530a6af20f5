package io.bonafide.emulated;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** How UniFFI writes records: big endian, every length as four bytes. */
final class Wire {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    Wire bytes(byte[] value) {
        number(value.length);
        bytes.writeBytes(value);
        return this;
    }

    Wire text(String value) {
        return bytes(value.getBytes(StandardCharsets.UTF_8));
    }

    Wire number(int value) {
        bytes.writeBytes(ByteBuffer.allocate(4).putInt(value).array());
        return this;
    }

    Wire longNumber(long value) {
        bytes.writeBytes(ByteBuffer.allocate(8).putLong(value).array());
        return this;
    }

    /** An optional value that is not there. */
    Wire absent() {
        bytes.write(0);
        return this;
    }

    Wire list(List<byte[]> values) {
        number(values.size());
        values.forEach(this::bytes);
        return this;
    }

    byte[] toBytes() {
        return bytes.toByteArray();
    }

    static final class Reader {
        private final ByteBuffer left;

        Reader(byte[] bytes) {
            left = ByteBuffer.wrap(bytes);
        }

        int number() {
            return left.getInt();
        }

        long longNumber() {
            return left.getLong();
        }

        String text() {
            byte[] value = new byte[left.getInt()];
            left.get(value);
            return new String(value, StandardCharsets.UTF_8);
        }

        String optionalText() {
            return left.get() == 0 ? null : text();
        }

        Long optionalNumber() {
            return left.get() == 0 ? null : left.getLong();
        }

        List<String> texts() {
            List<String> values = new ArrayList<>();
            for (int count = left.getInt(); count > 0; count--) values.add(text());
            return values;
        }
    }
}
