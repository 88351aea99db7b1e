// What Glibc's Swift module does not offer. Every symbol of ours is prefixed c_linux_. _GNU_SOURCE
// is defined in shim.c alone: in this header it would change types that SwiftGlibc declares.
#pragma once
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/types.h>

int c_linux_accept4(int fd, struct sockaddr *address, socklen_t *length, int flags);
int c_linux_fallocate(int fd, int mode, int64_t offset, int64_t length);
void c_linux_name_thread(const char *name);
// Nanoseconds on the clock with this number (CLOCK_REALTIME, CLOCK_MONOTONIC); negative when there
// is none.
int64_t c_linux_clock_nanoseconds(int32_t clock);
// The environment of the process: name=value strings, then NULL.
char **c_linux_environment(void);

// Makes SIGINT and SIGTERM write their number, one byte, to `descriptor` instead of ending the process; the second of a
// kind ends it. SIGPIPE is ignored. Handlers, not a blocked mask: libdispatch's main thread waits with every signal
// unblocked. 0, or -1 with errno.
int c_linux_catch_stop_signals(int descriptor);
