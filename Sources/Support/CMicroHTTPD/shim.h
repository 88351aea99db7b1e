// libmicrohttpd, and what Swift cannot call of it: MHD_start_daemon and MHD_set_connection_option
// are variadic. Every symbol of ours is prefixed c_microhttpd_.
#pragma once
#include <sys/types.h>
#include <sys/socket.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <microhttpd.h>

// Leaves paths and arguments as they came: decoding is done where errors can be reported.
static size_t c_microhttpd_keep(void *cls, struct MHD_Connection *connection, char *text) {
    (void)cls;
    (void)connection;
    return strlen(text);
}

typedef struct c_microhttpd_options {
    int listen_socket;
    unsigned int threads;
    unsigned int connections;
    unsigned int idle_seconds;
    size_t connection_bytes;
    void *context;
    MHD_AccessHandlerCallback access;
    void *(*begin)(void *context, const char *target, struct MHD_Connection *connection);
    MHD_RequestCompletedCallback completed;
} c_microhttpd_options;

// Starts a daemon on a socket that is listening already. NULL when libmicrohttpd refuses.
static inline struct MHD_Daemon *c_microhttpd_start(const c_microhttpd_options *options) {
    unsigned int flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME;
    struct MHD_OptionItem pool[] = {
        {MHD_OPTION_THREAD_POOL_SIZE, (intptr_t)options->threads, NULL},
        {MHD_OPTION_END, 0, NULL},
    };
    if (options->threads < 2) pool[0].option = MHD_OPTION_END;
    return MHD_start_daemon(
        flags, 0, NULL, NULL, options->access, options->context,
        MHD_OPTION_LISTEN_SOCKET, options->listen_socket,
        MHD_OPTION_CONNECTION_LIMIT, options->connections,
        MHD_OPTION_CONNECTION_TIMEOUT, options->idle_seconds,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, options->connection_bytes,
        MHD_OPTION_NOTIFY_COMPLETED, options->completed, options->context,
        MHD_OPTION_URI_LOG_CALLBACK, options->begin, options->context,
        MHD_OPTION_UNESCAPE_CALLBACK, c_microhttpd_keep, NULL,
        MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_ARRAY, pool,
        MHD_OPTION_END);
}

// Macros with casts, which Swift does not import.
static const ssize_t c_microhttpd_end_of_stream = MHD_CONTENT_READER_END_OF_STREAM;
static const ssize_t c_microhttpd_end_with_error = MHD_CONTENT_READER_END_WITH_ERROR;
static const uint64_t c_microhttpd_size_unknown = MHD_SIZE_UNKNOWN;

// libmicrohttpd's closed enumerations lose their names on the way into Swift.
static const enum MHD_Result c_microhttpd_yes = MHD_YES;
static const enum MHD_Result c_microhttpd_no = MHD_NO;

static inline enum MHD_Result c_microhttpd_each_header(
    struct MHD_Connection *connection, MHD_KeyValueIteratorN each, void *context) {
    return MHD_get_connection_values_n(connection, MHD_HEADER_KIND, each, context) >= 0
        ? MHD_YES : MHD_NO;
}

static inline struct MHD_Response *c_microhttpd_copy(const void *bytes, size_t count) {
    return MHD_create_response_from_buffer(count, (void *)bytes, MHD_RESPMEM_MUST_COPY);
}
