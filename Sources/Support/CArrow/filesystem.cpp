#include "CArrow.h"

#include <dlfcn.h>
#include <limits.h>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <arrow/filesystem/filesystem.h>
#include <arrow/io/interfaces.h>
#include <arrow/util/key_value_metadata.h>

#include "Guarded.h"

namespace {

namespace fs = arrow::fs;

// S3 is a library of its own beside Arrow's, which is loaded when the first bucket is opened: who
// has none pays nothing for it.
arrow::Status load_s3() {
    static std::mutex mutex;
    static bool is_loaded = false;
    std::lock_guard<std::mutex> lock(mutex);
    if (is_loaded) return arrow::Status::OK();
    Dl_info place;
    auto* known = reinterpret_cast<void*>(static_cast<void (*)()>(&fs::EnsureFinalized));
    if (dladdr(known, &place) == 0) return arrow::Status::Invalid("Arrow's library is nowhere");
    char resolved[PATH_MAX];
    if (realpath(place.dli_fname, resolved) == nullptr) {
        return arrow::Status::IOError(place.dli_fname, ": ", std::strerror(errno));
    }
    // libarrow.so.2600 has libarrow_s3.so.2600 beside it.
    std::string path = resolved;
    auto at = path.rfind("libarrow.so");
    if (at == std::string::npos) return arrow::Status::Invalid("Arrow is ", path);
    path.replace(at, std::strlen("libarrow"), "libarrow_s3");
    ARROW_RETURN_NOT_OK(fs::LoadFileSystemFactories(path.c_str()));
    is_loaded = true;
    return arrow::Status::OK();
}

// The AWS library wants to be told before the process ends, and before what it has made at its own
// start is taken down: so this is called when it has started.
void finalize_at_exit() {
    static std::once_flag once;
    std::call_once(once, [] { std::atexit([] { fs::EnsureFinalized(); }); });
}

int64_t nanoseconds(fs::TimePoint time) {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
}

void tell(
    const fs::FileInfo& info,
    const char* tag,
    void (*visit)(void*, const c_arrow_object*),
    void* context) {
    c_arrow_object object;
    object.path = info.path().c_str();
    object.bytes = info.IsFile() ? info.size() : -1;
    object.modified_ns = info.mtime() == fs::kNoTime ? 0 : nanoseconds(info.mtime());
    object.tag = tag;
    visit(context, &object);
}

std::string tag_of(arrow::io::RandomAccessFile& file) {
    auto metadata = file.ReadMetadata();
    if (!metadata.ok() || *metadata == nullptr) return "";
    auto tag = (*metadata)->Get("ETag");
    return tag.ok() ? *tag : "";
}

}  // namespace

struct c_arrow_store {
    std::shared_ptr<fs::FileSystem> system;
};

struct c_arrow_object_reader {
    std::shared_ptr<arrow::io::RandomAccessFile> file;
};

extern "C" {

c_arrow_store* c_arrow_store_open(const char* uri, c_arrow_status* status) {
    auto store = std::make_unique<c_arrow_store>();
    bool opened = guarded(status, [&]() -> arrow::Status {
        if (std::strncmp(uri, "s3:", 3) == 0) ARROW_RETURN_NOT_OK(load_s3());
        ARROW_ASSIGN_OR_RAISE(store->system, fs::FileSystemFromUri(uri));
        if (std::strncmp(uri, "s3:", 3) == 0) finalize_at_exit();
        return arrow::Status::OK();
    });
    return opened ? store.release() : nullptr;
}

void c_arrow_store_free(c_arrow_store* store) { delete store; }

void c_arrow_store_list(
    c_arrow_store* store,
    const char* folder,
    int32_t deep,
    void (*visit)(void* context, const c_arrow_object* object),
    void* context,
    c_arrow_status* status) {
    guarded(status, [&]() -> arrow::Status {
        fs::FileSelector selector;
        selector.base_dir = folder;
        selector.recursive = deep != 0;
        selector.allow_not_found = true;
        ARROW_ASSIGN_OR_RAISE(auto found, store->system->GetFileInfo(selector));
        for (const auto& info : found) {
            if (info.IsFile()) tell(info, "", visit, context);
        }
        return arrow::Status::OK();
    });
}

int32_t c_arrow_store_head(
    c_arrow_store* store,
    const char* path,
    void (*visit)(void* context, const c_arrow_object* object),
    void* context,
    c_arrow_status* status) {
    int32_t is_there = 0;
    guarded(status, [&]() -> arrow::Status {
        ARROW_ASSIGN_OR_RAISE(auto info, store->system->GetFileInfo(path));
        if (info.type() == fs::FileType::NotFound) return arrow::Status::OK();
        std::string tag;
        if (info.IsFile()) {
            ARROW_ASSIGN_OR_RAISE(auto file, store->system->OpenInputFile(path));
            tag = tag_of(*file);
        }
        tell(info, tag.c_str(), visit, context);
        is_there = 1;
        return arrow::Status::OK();
    });
    return is_there;
}

c_arrow_object_reader* c_arrow_object_open(
    c_arrow_store* store, const char* path, c_arrow_status* status) {
    auto reader = std::make_unique<c_arrow_object_reader>();
    bool opened = guarded(status, [&]() -> arrow::Status {
        ARROW_ASSIGN_OR_RAISE(reader->file, store->system->OpenInputFile(path));
        return arrow::Status::OK();
    });
    return opened ? reader.release() : nullptr;
}

int64_t c_arrow_object_read(
    c_arrow_object_reader* reader,
    int64_t position,
    int64_t count,
    void* bytes,
    c_arrow_status* status) {
    int64_t got = 0;
    guarded(status, [&]() -> arrow::Status {
        ARROW_ASSIGN_OR_RAISE(got, reader->file->ReadAt(position, count, bytes));
        return arrow::Status::OK();
    });
    return got;
}

void c_arrow_object_free(c_arrow_object_reader* reader) { delete reader; }

}  // extern "C"
