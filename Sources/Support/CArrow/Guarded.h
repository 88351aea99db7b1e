// Arrow's errors and exceptions as the C face tells them.
#pragma once

#include "CArrow.h"

#include <cerrno>
#include <cstring>
#include <new>

#include <arrow/status.h>
#include <arrow/util/io_util.h>
#include <parquet/exception.h>

namespace {

void fail(c_arrow_status* status, int32_t code, int32_t system_error, const char* message) {
    status->code = code;
    status->system_error = system_error;
    std::strncpy(status->message, message, sizeof status->message - 1);
    status->message[sizeof status->message - 1] = 0;
}

void fail(c_arrow_status* status, const arrow::Status& cause) {
    int32_t code = cause.IsOutOfMemory() ? C_ARROW_MEMORY
        : cause.IsIOError()              ? C_ARROW_IO
        : cause.IsInvalid() || cause.IsTypeError() || cause.IsNotImplemented() ? C_ARROW_INVALID
                                                                             : C_ARROW_OTHER;
    fail(status, code, arrow::internal::ErrnoFromStatus(cause), cause.message().c_str());
}

// Runs `body`, which returns an arrow::Status, and turns whatever comes out of it into `status`.
template <typename Body>
bool guarded(c_arrow_status* status, Body body) {
    std::memset(status, 0, sizeof *status);
    try {
        arrow::Status result = body();
        if (result.ok()) return true;
        fail(status, result);
    } catch (const parquet::ParquetStatusException& error) {
        fail(status, error.status());
    } catch (const std::bad_alloc&) {
        fail(status, C_ARROW_MEMORY, ENOMEM, "out of memory");
    } catch (const std::exception& error) {
        fail(status, C_ARROW_OTHER, 0, error.what());
    } catch (...) {
        fail(status, C_ARROW_OTHER, 0, "unknown exception");
    }
    return false;
}

}  // namespace
