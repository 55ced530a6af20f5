// A library for LD_PRELOAD: it answers getrandom, and with HOOK_HIDES wipes its name from the process's environment.
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

ssize_t getrandom(void *buffer, size_t length, unsigned flags) {
    return syscall(SYS_getrandom, buffer, length, flags);
}

__attribute__((constructor)) static void hide(void) {
    char *own = getenv("LD_PRELOAD");
    if (own && getenv("HOOK_HIDES")) {
        memset(own - strlen("LD_PRELOAD="), 'x', strlen(own) + strlen("LD_PRELOAD="));
    }
}
