// A library for LD_PRELOAD: it maps the file that MAPPED_PACKAGE names, as Android maps an app's packages.
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>

__attribute__((constructor)) static void map(void) {
    char *path = getenv("MAPPED_PACKAGE");
    int file = path ? open(path, O_RDONLY) : -1;
    if (file >= 0) {
        mmap(0, 4096, PROT_READ, MAP_SHARED, file, 0);
    }
}
