#include "CArrow.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <arrow/filesystem/azurefs.h>
#include <arrow/filesystem/filesystem.h>
#include <arrow/filesystem/gcsfs.h>
#include <arrow/filesystem/localfs.h>
#include <arrow/io/interfaces.h>
#include <arrow/util/key_value_metadata.h>

#include "Guarded.h"
#include "ObjectStoreS3.h"

namespace {

namespace fs = arrow::fs;

// What is sent in one piece; S3 wants parts of at least 5 MiB, and Arrow sends those of 10 MB as
// they come, without keeping a copy.
constexpr int64_t kPartBytes = 10 << 20;

arrow::Result<std::shared_ptr<fs::FileSystem>> open_gcs(const c_arrow_store_options& options) {
    fs::GcsOptions gcs;
    if (options.is_anonymous) {
        gcs = fs::GcsOptions::Anonymous();
    } else if (options.secret) {
        gcs = fs::GcsOptions::FromServiceAccountCredentials(options.secret);
    } else {
        gcs = fs::GcsOptions::Defaults();
    }
    if (options.scheme) gcs.scheme = options.scheme;
    if (options.endpoint) gcs.endpoint_override = options.endpoint;
    gcs.retry_limit_seconds = options.give_up_seconds;
    return fs::GcsFileSystem::Make(gcs);
}

arrow::Result<std::shared_ptr<fs::FileSystem>> open_azure(const c_arrow_store_options& options) {
    fs::AzureOptions azure;
    azure.account_name = options.account ? options.account : "";
    if (options.scheme) azure.blob_storage_scheme = azure.dfs_storage_scheme = options.scheme;
    if (options.endpoint) {
        azure.blob_storage_authority = azure.dfs_storage_authority = options.endpoint;
    }
    // The caller has threads of its own for what can be sent at the same time.
    azure.background_writes = false;
    if (options.is_anonymous) {
        ARROW_RETURN_NOT_OK(azure.ConfigureAnonymousCredential());
    } else if (options.secret) {
        ARROW_RETURN_NOT_OK(azure.ConfigureAccountKeyCredential(options.secret));
    } else if (options.token) {
        ARROW_RETURN_NOT_OK(azure.ConfigureSASCredential(options.token));
    } else {
        ARROW_RETURN_NOT_OK(azure.ConfigureDefaultCredential());
    }
    return fs::AzureFileSystem::Make(azure);
}

arrow::Result<std::shared_ptr<fs::FileSystem>> open_local() {
    return std::make_shared<fs::LocalFileSystem>();
}

// A file of this machine that is read from front to back.
class Source {
 public:
    explicit Source(const char* path) : fd_(::open(path, O_RDONLY | O_CLOEXEC)) {}
    ~Source() {
        if (fd_ >= 0) ::close(fd_);
    }
    Source(const Source&) = delete;
    Source& operator=(const Source&) = delete;

    bool is_open() const { return fd_ >= 0; }

    // Fills `block` as far as the file goes.
    arrow::Result<int64_t> read(char* block, int64_t bytes) {
        int64_t filled = 0;
        while (filled < bytes) {
            ssize_t got = ::read(fd_, block + filled, static_cast<size_t>(bytes - filled));
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) return arrow::internal::IOErrorFromErrno(errno, "read");
            if (got == 0) break;
            filled += got;
        }
        return filled;
    }

 private:
    int fd_;
};

// A new file of this machine that is written from front to back. It goes when it is not closed.
class Sink {
 public:
    explicit Sink(const char* path)
        : path_(path), fd_(::open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644)) {}
    ~Sink() {
        if (fd_ < 0) return;
        ::close(fd_);
        ::unlink(path_.c_str());
    }
    Sink(const Sink&) = delete;
    Sink& operator=(const Sink&) = delete;

    bool is_open() const { return fd_ >= 0; }

    arrow::Status write(const char* block, int64_t bytes) {
        while (bytes > 0) {
            ssize_t written = ::write(fd_, block, static_cast<size_t>(bytes));
            if (written < 0 && errno == EINTR) continue;
            if (written < 0) return arrow::internal::IOErrorFromErrno(errno, "write ", path_);
            block += written;
            bytes -= written;
        }
        return arrow::Status::OK();
    }

    arrow::Status close() {
        int result = ::close(fd_);
        fd_ = -1;
        if (result == 0) return arrow::Status::OK();
        ::unlink(path_.c_str());
        return arrow::internal::IOErrorFromErrno(errno, "close ", path_);
    }

 private:
    std::string path_;
    int fd_;
};

arrow::Result<int64_t> send(arrow::io::OutputStream& stream, Source& source) {
    std::vector<char> block(static_cast<size_t>(kPartBytes));
    int64_t sent = 0;
    while (true) {
        ARROW_ASSIGN_OR_RAISE(int64_t got, source.read(block.data(), kPartBytes));
        if (got > 0) ARROW_RETURN_NOT_OK(stream.Write(block.data(), got));
        sent += got;
        if (got < kPartBytes) break;
    }
    ARROW_RETURN_NOT_OK(stream.Close());
    return sent;
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

c_arrow_store* c_arrow_store_open(const c_arrow_store_options* options, c_arrow_status* status) {
    auto store = std::make_unique<c_arrow_store>();
    bool opened = guarded(status, [&]() -> arrow::Status {
        ARROW_ASSIGN_OR_RAISE(
            store->system,
            options->kind == C_ARROW_STORE_S3          ? open_s3(*options)
                : options->kind == C_ARROW_STORE_GCS   ? open_gcs(*options)
                : options->kind == C_ARROW_STORE_AZURE ? open_azure(*options)
                                                       : open_local());
        return arrow::Status::OK();
    });
    return opened ? store.release() : nullptr;
}

void c_arrow_store_free(c_arrow_store* store) { delete store; }

void c_arrow_store_put(
    c_arrow_store* store,
    const char* path,
    const void* bytes,
    int64_t count,
    c_arrow_status* status) {
    guarded(status, [&]() -> arrow::Status {
        ARROW_ASSIGN_OR_RAISE(auto stream, store->system->OpenOutputStream(path));
        auto outcome = stream->Write(bytes, count);
        if (outcome.ok()) outcome = stream->Close();
        if (!outcome.ok()) (void)stream->Abort();
        return outcome;
    });
}

int64_t c_arrow_store_upload(
    c_arrow_store* store, const char* path, const char* file, c_arrow_status* status) {
    int64_t sent = 0;
    guarded(status, [&]() -> arrow::Status {
        Source source(file);
        if (!source.is_open()) return arrow::internal::IOErrorFromErrno(errno, "open ", file);
        ARROW_ASSIGN_OR_RAISE(auto stream, store->system->OpenOutputStream(path));
        auto outcome = send(*stream, source);
        if (outcome.ok()) {
            sent = *outcome;
        } else {
            (void)stream->Abort();
        }
        return outcome.status();
    });
    return sent;
}

int64_t c_arrow_store_download(
    c_arrow_store* store, const char* path, const char* file, c_arrow_status* status) {
    int64_t written = 0;
    guarded(status, [&]() -> arrow::Status {
        ARROW_ASSIGN_OR_RAISE(auto object, store->system->OpenInputFile(path));
        ARROW_ASSIGN_OR_RAISE(int64_t bytes, object->GetSize());
        Sink sink(file);
        if (!sink.is_open()) return arrow::internal::IOErrorFromErrno(errno, "open ", file);
        std::vector<char> block(static_cast<size_t>(std::min(kPartBytes, bytes)));
        while (written < bytes) {
            ARROW_ASSIGN_OR_RAISE(
                int64_t got, object->ReadAt(written, std::min(kPartBytes, bytes - written), block.data()));
            if (got == 0) return arrow::Status::IOError("the object ends after ", written, " bytes");
            ARROW_RETURN_NOT_OK(sink.write(block.data(), got));
            written += got;
        }
        return sink.close();
    });
    return written;
}

void c_arrow_store_delete(c_arrow_store* store, const char* path, c_arrow_status* status) {
    guarded(status, [&]() { return store->system->DeleteFile(path); });
}

void c_arrow_store_delete_folder(
    c_arrow_store* store, const char* path, c_arrow_status* status) {
    guarded(status, [&]() {
        bool is_bucket = std::strchr(path, '/') == nullptr;
        // Google's folders need not have an object of their own, which DeleteDir asks for.
        bool is_loose = is_bucket || store->system->type_name() == "gcs";
        return is_loose ? store->system->DeleteDirContents(path, true)
                        : store->system->DeleteDir(path);
    });
}

void c_arrow_store_copy(
    c_arrow_store* store, const char* from, const char* to, c_arrow_status* status) {
    guarded(status, [&]() { return store->system->CopyFile(from, to); });
}

void c_arrow_store_list(
    c_arrow_store* store,
    const char* folder,
    int32_t deep,
    int32_t folders,
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
            if (info.IsFile() || folders) tell(info, "", visit, context);
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

int64_t c_arrow_object_size(c_arrow_object_reader* reader, c_arrow_status* status) {
    int64_t bytes = -1;
    guarded(status, [&]() -> arrow::Status {
        ARROW_ASSIGN_OR_RAISE(bytes, reader->file->GetSize());
        return arrow::Status::OK();
    });
    return bytes;
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
