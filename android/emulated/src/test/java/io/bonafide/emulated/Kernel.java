package io.bonafide.emulated;

import com.github.unidbg.Emulator;
import com.github.unidbg.arm.context.EditableArm64RegisterContext;
import com.github.unidbg.linux.ARM64SyscallHandler;
import com.github.unidbg.linux.file.EventFD;
import com.github.unidbg.memory.SvcMemory;
import com.github.unidbg.pointer.UnidbgPointer;
import com.github.unidbg.thread.AbstractWaiter;
import com.github.unidbg.thread.RunnableTask;
import com.github.unidbg.thread.ThreadContextSwitchException;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The system calls that the library makes and unidbg lacks: epoll over eventfds, edge-triggered, which is all that a
 * runtime without open connections waits for; and the futex call that Rust waits with, without its time limit. Numbers are arm64's, from the kernel's asm-generic/unistd.h.
 */
final class Kernel extends ARM64SyscallHandler {
    private static final int EVENTFD2 = 19;
    private static final int EPOLL_CREATE1 = 20;
    private static final int EPOLL_CTL = 21;
    private static final int EPOLL_PWAIT = 22;
    private static final int FCNTL = 25;
    private static final int FUTEX = 98;

    private static final int FUTEX_WAIT = 0;
    private static final int FUTEX_WAIT_BITSET = 9;
    private static final int FUTEX_OPERATION = 0x7f;
    private static final int F_DUPFD_CLOEXEC = 1030;
    private static final int EPOLL_CTL_DEL = 2;
    private static final int EPOLLIN = 1;
    /** events, four bytes of padding, data. */
    private static final int EVENT_BYTES = 16;
    private static final int EFD_SEMAPHORE = 1;
    private static final int O_NONBLOCK = 0x800;
    private static final int EBADF = 9;

    private final Map<Integer, Poll> polls = new LinkedHashMap<>();
    private final Map<Integer, Counter> counters = new LinkedHashMap<>();

    Kernel(SvcMemory memory) {
        super(memory);
    }

    @Override
    protected boolean handleSyscall(Emulator<?> emulator, int number) {
        EditableArm64RegisterContext context = emulator.getContext();
        long first = context.getXLong(0);
        switch (number) {
            case EVENTFD2 -> context.setXLong(0, eventfd((int) first, context.getXInt(1)));
            case EPOLL_CREATE1 -> context.setXLong(0, epoll(new Poll()));
            case FCNTL -> {
                Poll poll = polls.get((int) first);
                if (poll == null || context.getXInt(1) != F_DUPFD_CLOEXEC) return false;
                context.setXLong(0, epoll(poll));
            }
            case EPOLL_CTL -> context.setXLong(0, control((int) first, context.getXInt(1), context.getXInt(2), context.getXPointer(3)));
            case EPOLL_PWAIT -> await(emulator, context, (int) first, context.getXPointer(1), context.getXInt(2), context.getXInt(3));
            case FUTEX -> {
                waitWithoutBits(context);
                return false;
            }
            default -> {
                return false;
            }
        }
        return true;
    }

    /** Rust waits for any bit, which is what the older call does, too, and unidbg knows that one. */
    private static void waitWithoutBits(EditableArm64RegisterContext context) {
        int operation = context.getXInt(1);
        if ((operation & FUTEX_OPERATION) != FUTEX_WAIT_BITSET) return;
        context.setXLong(1, operation & ~FUTEX_OPERATION | FUTEX_WAIT);
        context.setXLong(3, 0);
    }

    private int eventfd(int initial, int flags) {
        Counter counter = new Counter(initial, (flags & EFD_SEMAPHORE) != 0, (flags & O_NONBLOCK) != 0);
        int descriptor = addFileIO(counter);
        counters.put(descriptor, counter);
        return descriptor;
    }

    private int epoll(Poll poll) {
        // A descriptor of its own, so that nothing else gets its number; nobody reads from it.
        int descriptor = addFileIO(new Counter(0, false, true));
        polls.put(descriptor, poll);
        return descriptor;
    }

    private int control(int descriptor, int operation, int watched, UnidbgPointer event) {
        Poll poll = polls.get(descriptor);
        Counter counter = counters.get(watched);
        if (poll == null || counter == null) return -EBADF;
        if (operation == EPOLL_CTL_DEL) poll.watched.remove(counter);
        else poll.watched.put(counter, new Watch(event.getInt(0), event.getLong(8)));
        return 0;
    }

    private void await(Emulator<?> emulator, EditableArm64RegisterContext context, int descriptor, UnidbgPointer events, int capacity, int timeout) {
        Poll poll = polls.get(descriptor);
        if (poll == null) {
            context.setXLong(0, -EBADF);
            return;
        }
        RunnableTask task = emulator.getThreadDispatcher().getRunningTask();
        if (poll.ready() || timeout == 0 || task == null) {
            context.setXLong(0, poll.take(events, capacity));
            return;
        }
        task.setWaiter(emulator, new Waiting(poll, events, capacity, timeout));
        throw new ThreadContextSwitchException();
    }

    private record Watch(int events, long data) {}

    /** An eventfd that remembers whether it was written to since it was last reported. */
    private static final class Counter extends EventFD {
        private boolean risen;

        Counter(int initial, boolean semaphore, boolean nonBlocking) {
            super(initial, semaphore, nonBlocking);
            risen = initial != 0;
        }

        @Override
        public int write(byte[] data) {
            risen = true;
            return super.write(data);
        }
    }

    private static final class Poll {
        private final Map<Counter, Watch> watched = new LinkedHashMap<>();

        boolean ready() {
            return watched.keySet().stream().anyMatch(counter -> counter.risen);
        }

        int take(UnidbgPointer events, int capacity) {
            int count = 0;
            for (Map.Entry<Counter, Watch> entry : watched.entrySet()) {
                if (!entry.getKey().risen || count == capacity) continue;
                entry.getKey().risen = false;
                UnidbgPointer event = events.share((long) count++ * EVENT_BYTES, 0);
                event.setInt(0, entry.getValue().events & EPOLLIN);
                event.setLong(8, entry.getValue().data);
            }
            return count;
        }
    }

    /** A thread in epoll_pwait. */
    private static final class Waiting extends AbstractWaiter {
        private final Poll poll;
        private final UnidbgPointer events;
        private final int capacity;
        private final long end;

        Waiting(Poll poll, UnidbgPointer events, int capacity, int timeout) {
            this.poll = poll;
            this.events = events;
            this.capacity = capacity;
            end = timeout < 0 ? Long.MAX_VALUE : System.currentTimeMillis() + timeout;
        }

        @Override
        public boolean canDispatch() {
            return poll.ready() || System.currentTimeMillis() >= end;
        }

        @Override
        public void onContinueRun(Emulator<?> emulator) {
            emulator.<EditableArm64RegisterContext>getContext().setXLong(0, poll.take(events, capacity));
        }
    }
}
