// Preloaded into the program under test: counts the calls that change the disk below a folder, and at
// the chosen one kills or stops the process, tears the write in two, or lets the call fail once.
//
//   MILLRACE_POINT_BELOW    the folder; calls elsewhere are not counted
//   MILLRACE_POINT_RECORD   a file that gets a line "number call path" for each point, before its deed
//   MILLRACE_POINT_TRIGGER  counting begins when this file is there; from the start when not set
//   MILLRACE_POINT_NUMBER   the point, from 1; only counts when not set
//   MILLRACE_POINT_DEED     before, after, torn (SIGKILL), stop-before, stop-after (SIGSTOP), EIO, ENOSPC

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum deed { NOTHING, BEFORE, AFTER, TORN, STOP_BEFORE, STOP_AFTER, FAIL };

static const char *below, *trigger;
static long chosen, counted;
static int record = -1, failure, triggered;
static enum deed deed;
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

static long number_of(const char *name) {
    const char *text = getenv(name);
    return text ? atol(text) : 0;
}

__attribute__((constructor)) static void set_up(void) {
    static const char *names[] = {"", "before", "after", "torn", "stop-before", "stop-after"};
    const char *path = getenv("MILLRACE_POINT_RECORD"), *wish = getenv("MILLRACE_POINT_DEED");
    below = getenv("MILLRACE_POINT_BELOW");
    trigger = getenv("MILLRACE_POINT_TRIGGER");
    chosen = number_of("MILLRACE_POINT_NUMBER");
    if (path) record = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    for (int i = 1; wish && i < 6; i++)
        if (!strcmp(wish, names[i])) deed = (enum deed)i;
    if (wish && !strcmp(wish, "EIO")) deed = FAIL, failure = EIO;
    if (wish && !strcmp(wish, "ENOSPC")) deed = FAIL, failure = ENOSPC;
}

static void signal_self(int number) {
    syscall(SYS_kill, getpid(), number);
    // A stopped process goes on here; a killed one never comes back from the call.
    while (number == SIGKILL) pause();
}

// What is to be done at this call. Whoever finds the chosen one does the deed that comes first.
static enum deed reach(const char *call, const char *path) {
    if (!below || !path || strncmp(path, below, strlen(below))) return NOTHING;
    int kept = errno;
    if (!triggered && trigger && syscall(SYS_faccessat, AT_FDCWD, trigger, F_OK)) {
        errno = kept;
        return NOTHING;
    }
    triggered = 1;
    pthread_mutex_lock(&turn);
    long number = ++counted;
    char line[PATH_MAX + 64];
    int length = snprintf(line, sizeof line, "%ld %s %s\n", number, call, path + strlen(below));
    if (record >= 0) syscall(SYS_write, record, line, (size_t)length);
    enum deed found = number == chosen ? deed : NOTHING;
    if (found == BEFORE) signal_self(SIGKILL);
    pthread_mutex_unlock(&turn);
    if (found == STOP_BEFORE) signal_self(SIGSTOP);
    errno = found == FAIL ? failure : kept;
    return found;
}

static void leave(enum deed found) {
    int kept = errno;
    if (found == AFTER || found == TORN) signal_self(SIGKILL);
    if (found == STOP_AFTER) signal_self(SIGSTOP);
    errno = kept;
}

static enum deed reach_file(const char *call, int file) {
    char link[64], path[PATH_MAX];
    int kept = errno;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    errno = kept;
    if (length <= 0) return NOTHING;
    path[length] = 0;
    return reach(call, path);
}

// Opening changes the disk only where it makes a file or empties one.
static enum deed reach_open(const char *path, int flags) {
    int kept = errno;
    int changes = (flags & O_TRUNC) || ((flags & O_CREAT) && syscall(SYS_faccessat, AT_FDCWD, path, F_OK));
    errno = kept;
    return changes ? reach("open", path) : NOTHING;
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define POINT(found, failing, body)        \
    do {                                   \
        enum deed at = (found);            \
        if (at == FAIL) return failing;    \
        __typeof__(body) done = (body);    \
        leave(at);                         \
        return done;                       \
    } while (0)

#define OPEN(name)                                             \
    int name(const char *path, int flags, ...) {               \
        va_list rest;                                          \
        va_start(rest, flags);                                 \
        mode_t mode = va_arg(rest, mode_t);                    \
        va_end(rest);                                          \
        POINT(reach_open(path, flags), -1, NEXT(name)(path, flags, mode)); \
    }
OPEN(open)
OPEN(open64)

// The program opens relative to folders only to look; absolute paths are what it writes to.
#define OPENAT(name)                                           \
    int name(int folder, const char *path, int flags, ...) {   \
        va_list rest;                                          \
        va_start(rest, flags);                                 \
        mode_t mode = va_arg(rest, mode_t);                    \
        va_end(rest);                                          \
        POINT(reach_open(path, flags), -1, NEXT(name)(folder, path, flags, mode)); \
    }
OPENAT(openat)
OPENAT(openat64)

ssize_t write(int file, const void *bytes, size_t count) {
    enum deed at = reach_file("write", file);
    if (at == FAIL) return -1;
    ssize_t done = NEXT(write)(file, bytes, at == TORN ? count / 2 : count);
    leave(at);
    return done;
}

#define PWRITE(name)                                                            \
    ssize_t name(int file, const void *bytes, size_t count, off_t position) {   \
        enum deed at = reach_file("pwrite", file);                              \
        if (at == FAIL) return -1;                                              \
        ssize_t done = NEXT(name)(file, bytes, at == TORN ? count / 2 : count, position); \
        leave(at);                                                              \
        return done;                                                            \
    }
PWRITE(pwrite)
PWRITE(pwrite64)

// Torn here is: half of the slices.
#define PWRITEV(name)                                                                 \
    ssize_t name(int file, const struct iovec *slices, int count, off_t position) {   \
        enum deed at = reach_file("pwritev", file);                                   \
        if (at == FAIL) return -1;                                                    \
        ssize_t done = NEXT(name)(file, slices, at == TORN ? (count + 1) / 2 : count, position); \
        leave(at);                                                                    \
        return done;                                                                  \
    }
PWRITEV(pwritev)
PWRITEV(pwritev64)

#define ON_FILE(name) \
    int name(int file) { POINT(reach_file(#name, file), -1, NEXT(name)(file)); }
ON_FILE(fsync)
ON_FILE(fdatasync)

#define RESIZE(name) \
    int name(int file, off_t size) { POINT(reach_file("ftruncate", file), -1, NEXT(name)(file, size)); }
RESIZE(ftruncate)
RESIZE(ftruncate64)

#define RESERVE(name)                                        \
    int name(int file, int mode, off_t from, off_t count) {  \
        POINT(reach_file("fallocate", file), -1, NEXT(name)(file, mode, from, count)); \
    }
RESERVE(fallocate)
RESERVE(fallocate64)

#define ON_PATH(name) \
    int name(const char *path) { POINT(reach(#name, path), -1, NEXT(name)(path)); }
ON_PATH(unlink)
ON_PATH(remove)
ON_PATH(rmdir)

int mkdir(const char *path, mode_t mode) { POINT(reach("mkdir", path), -1, NEXT(mkdir)(path, mode)); }

#define ON_PATHS(name)                             \
    int name(const char *path, const char *target) { \
        POINT(reach(#name, target), -1, NEXT(name)(path, target)); \
    }
ON_PATHS(rename)
ON_PATHS(link)
