#define _GNU_SOURCE
#include "CLinux.h"
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>
#include <time.h>

int c_linux_accept4(int fd, struct sockaddr *address, socklen_t *length, int flags) {
    return accept4(fd, address, length, flags);
}

int c_linux_fallocate(int fd, int mode, int64_t offset, int64_t length) {
    return fallocate(fd, mode, offset, length);
}

void c_linux_name_thread(const char *name) { pthread_setname_np(pthread_self(), name); }

int64_t c_linux_clock_nanoseconds(int32_t clock) {
    struct timespec time;
    if (clock_gettime((clockid_t)clock, &time) != 0) return -1;
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

char **c_linux_environment(void) { return environ; }
