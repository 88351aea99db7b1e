#pragma once
#include <hiredis/hiredis.h>
#include <stdlib.h>

/// Sends a command of `count` arguments, which stand in `bytes` one behind the other, and waits for
/// the answer. Null after a failure of the connection, or when there is no memory.
static inline redisReply *c_redis_command(redisContext *context, int count, const char *bytes,
                                          const size_t *lengths) {
    const char **arguments = malloc(sizeof(*arguments) * (size_t)count);
    if (arguments == NULL) return NULL;
    for (int index = 0; index < count; index++) {
        arguments[index] = bytes;
        bytes += lengths[index];
    }
    redisReply *reply = redisCommandArgv(context, count, arguments, lengths);
    free(arguments);
    return reply;
}

/// What is wrong with the connection; it is an array in C, which Swift imports as a tuple.
static inline const char *c_redis_error(const redisContext *context) { return context->errstr; }
