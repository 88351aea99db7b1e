#define _GNU_SOURCE
#include "CLinux.h"
#include <signal.h>
#include <errno.h>
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

static volatile int c_linux_stop_pipe = -1;

static void c_linux_on_stop_signal(int signal_number) {
    int saved = errno;
    unsigned char byte = (unsigned char)signal_number;
    // A full pipe means that nobody reads any more; then there is nobody to tell.
    ssize_t written = write(c_linux_stop_pipe, &byte, 1);
    (void)written;
    errno = saved;
}

int c_linux_catch_stop_signals(int descriptor) {
    c_linux_stop_pipe = descriptor;
    struct sigaction action = {0};
    action.sa_handler = c_linux_on_stop_signal;
    // The second signal of a kind has its default effect: it ends the process.
    action.sa_flags = SA_RESTART | SA_RESETHAND;
    sigemptyset(&action.sa_mask);
    if (sigaction(SIGINT, &action, NULL) != 0) return -1;
    if (sigaction(SIGTERM, &action, NULL) != 0) return -1;
    // A client that goes away must not end the server.
    return signal(SIGPIPE, SIG_IGN) == SIG_ERR ? -1 : 0;
}
