#include "CArrow.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include <arrow/api.h>
#include <arrow/c/bridge.h>
#include <arrow/io/file.h>
#include <arrow/util/byte_size.h>
#include <arrow/util/io_util.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/writer.h>
#include <parquet/file_reader.h>
#include <parquet/file_writer.h>
#include <parquet/metadata.h>
#include <parquet/schema.h>
#include <parquet/statistics.h>

#include "Guarded.h"
#include "PagedFile.h"
#include "RecyclingPool.h"

namespace {

// A file that did not exist before. After a failure, or once abandoned, it swallows what Arrow's
// destructors still write.
class NewFile : public arrow::io::OutputStream {
 public:
    explicit NewFile(std::string path) : path_(std::move(path)) {
        set_mode(arrow::io::FileMode::WRITE);
        fd_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
        if (fd_ < 0) open_error_ = errno;
        created_ = fd_ >= 0;
    }

    ~NewFile() override {
        if (fd_ >= 0) ::close(fd_);
        if (created_ && !finished_) ::unlink(path_.c_str());
    }

    int open_error() const { return open_error_; }

    void abandon() { abandoned_ = true; }

    arrow::Status finish() {
        if (fd_ < 0) return arrow::Status::Invalid("file is already closed");
        if (!failure_.ok()) return failure_;
        int result = ::close(fd_);
        fd_ = -1;
        if (result != 0) {
            return arrow::internal::IOErrorFromErrno(errno, "close");
        }
        finished_ = true;
        return arrow::Status::OK();
    }

    // Arrow closes its sink; the file itself is closed by `finish`, which can report failure.
    arrow::Status Close() override { return arrow::Status::OK(); }
    bool closed() const override { return false; }
    arrow::Result<int64_t> Tell() const override { return position_; }

    arrow::Status Write(const void* data, int64_t bytes) override {
        if (abandoned_) return arrow::Status::OK();
        if (!failure_.ok()) return failure_;
        auto next = static_cast<const char*>(data);
        while (bytes > 0) {
            ssize_t written = ::write(fd_, next, static_cast<size_t>(bytes));
            if (written < 0) {
                if (errno == EINTR) continue;
                failure_ = arrow::internal::IOErrorFromErrno(errno, "write");
                return failure_;
            }
            next += written;
            bytes -= written;
            position_ += written;
        }
        return arrow::Status::OK();
    }

 private:
    std::string path_;
    int fd_ = -1;
    int open_error_ = 0;
    bool created_ = false;
    bool finished_ = false;
    bool abandoned_ = false;
    int64_t position_ = 0;
    arrow::Status failure_;
};

std::shared_ptr<parquet::WriterProperties> writer_properties(
    const c_arrow_parquet_options& options) {
    parquet::WriterProperties::Builder builder;
    builder.memory_pool(&RecyclingPool::shared())
        ->version(parquet::ParquetVersion::PARQUET_2_6)
        ->data_page_version(parquet::ParquetDataPageVersion::V1)
        ->compression(parquet::Compression::ZSTD)
        ->compression_level(options.zstd_level)
        ->data_pagesize(options.data_page_bytes)
        ->max_rows_per_page(options.data_page_rows)
        ->dictionary_pagesize_limit(options.dictionary_page_bytes)
        ->write_batch_size(options.write_batch_rows)
        // Row groups are ended by the caller alone.
        ->max_row_group_length(INT64_MAX)
        // Iceberg specification, appendix A: decimals of up to 18 digits are stored as integers.
        ->enable_store_decimal_as_integer()
        ->set_size_statistics_level(parquet::SizeStatisticsLevel::None);
    if (options.created_by) builder.created_by(options.created_by);
    if (options.page_index) {
        builder.enable_write_page_index();
    } else {
        builder.disable_write_page_index();
    }
    if (options.page_checksum) builder.enable_page_checksum();
    for (size_t i = 0; i < options.hint_count; ++i) {
        const auto& hint = options.hints[i];
        if (hint.dictionary) {
            builder.enable_dictionary(hint.path);
        } else {
            builder.disable_dictionary(hint.path);
        }
        if (hint.encoding == C_ARROW_ENCODING_DELTA_BINARY_PACKED) {
            builder.encoding(hint.path, parquet::Encoding::DELTA_BINARY_PACKED);
        }
    }
    return builder.build();
}

}  // namespace

struct c_arrow_parquet_footer {
    struct Chunk {
        c_arrow_parquet_chunk values;
        std::string minimum;
        std::string maximum;
    };
    c_arrow_parquet_totals totals{};
    std::vector<Chunk> chunks;

    void fill(const parquet::FileMetaData& metadata, int64_t file_bytes) {
        totals.file_bytes = file_bytes;
        totals.rows = metadata.num_rows();
        totals.row_groups = metadata.num_row_groups();
        totals.columns = metadata.num_columns();
        chunks.clear();
        chunks.reserve(static_cast<size_t>(totals.row_groups * totals.columns));
        for (int group = 0; group < metadata.num_row_groups(); ++group) {
            auto row_group = metadata.RowGroup(group);
            for (int column = 0; column < metadata.num_columns(); ++column) {
                chunks.push_back(chunk(metadata, *row_group->ColumnChunk(column), column));
            }
        }
    }

    static Chunk chunk(
        const parquet::FileMetaData& metadata,
        const parquet::ColumnChunkMetaData& source,
        int column) {
        Chunk chunk{};
        auto& values = chunk.values;
        values.field_id = metadata.schema()->Column(column)->schema_node()->field_id();
        values.start = source.data_page_offset();
        if (source.has_dictionary_page() && source.dictionary_page_offset() > 0) {
            values.start = std::min(values.start, source.dictionary_page_offset());
        }
        values.compressed_bytes = source.total_compressed_size();
        values.uncompressed_bytes = source.total_uncompressed_size();
        values.values = source.num_values();
        if (auto statistics = source.encoded_statistics()) {
            values.has_null_count = statistics->has_null_count;
            values.nulls = statistics->null_count;
            if (statistics->has_min) {
                chunk.minimum = statistics->min();
                values.minimum = "";
            }
            if (statistics->has_max) {
                chunk.maximum = statistics->max();
                values.maximum = "";
            }
        }
        return chunk;
    }
};

struct c_arrow_parquet_writer {
    c_arrow_parquet_writer() { RecyclingPool::shared().begin_writer(); }
    ~c_arrow_parquet_writer() {
        writer.reset();
        RecyclingPool::shared().end_writer();
    }

    std::shared_ptr<NewFile> file;
    std::shared_ptr<arrow::Schema> schema;
    std::unique_ptr<parquet::arrow::FileWriter> writer;
    std::unique_ptr<PagedFile> paged;
    bool row_group_open = false;
    c_arrow_parquet_footer footer;
};

struct c_arrow_parquet_reader {
    std::unique_ptr<parquet::arrow::FileReader> file;
    std::unique_ptr<arrow::RecordBatchReader> batches;
    c_arrow_parquet_footer footer;
};

extern "C" {

const char* c_arrow_version(void) { return arrow::GetBuildInfo().version_string.c_str(); }

void c_arrow_rows(
    struct ArrowArray* array,
    struct ArrowSchema* schema,
    const c_arrow_run* runs,
    size_t run_count,
    struct ArrowArray* rows,
    struct ArrowSchema* rows_schema,
    int64_t* bytes,
    c_arrow_status* status) {
    guarded(status, [&]() -> arrow::Status {
        ARROW_ASSIGN_OR_RAISE(auto batch, arrow::ImportRecordBatch(array, schema));
        arrow::RecordBatchVector pieces;
        pieces.reserve(run_count);
        for (size_t i = 0; i < run_count; i++) {
            pieces.push_back(batch->Slice(runs[i].start, runs[i].length));
        }
        if (pieces.empty()) pieces.push_back(batch->Slice(0, 0));
        auto kept = pieces.front();
        if (pieces.size() > 1) {
            ARROW_ASSIGN_OR_RAISE(kept, arrow::ConcatenateRecordBatches(pieces));
        }
        ARROW_ASSIGN_OR_RAISE(*bytes, arrow::util::ReferencedBufferSize(*kept));
        return arrow::ExportRecordBatch(*kept, rows, rows_schema);
    });
}

c_arrow_parquet_writer* c_arrow_parquet_writer_open(
    const char* path, struct ArrowSchema* schema, c_arrow_status* status) {
    auto handle = std::make_unique<c_arrow_parquet_writer>();
    bool opened = guarded(status, [&]() -> arrow::Status {
        ARROW_ASSIGN_OR_RAISE(handle->schema, arrow::ImportSchema(schema));
        handle->file = std::make_shared<NewFile>(path);
        if (int error = handle->file->open_error()) {
            return arrow::internal::IOErrorFromErrno(error, "open");
        }
        return arrow::Status::OK();
    });
    if (opened) return handle.release();
    c_arrow_parquet_writer_free(handle.release());
    return nullptr;
}

void c_arrow_parquet_writer_begin(
    c_arrow_parquet_writer* handle,
    const c_arrow_parquet_options* options,
    c_arrow_status* status) {
    guarded(status, [&]() -> arrow::Status {
        ARROW_ASSIGN_OR_RAISE(
            handle->writer,
            parquet::arrow::FileWriter::Open(
                *handle->schema, &RecyclingPool::shared(), handle->file,
                writer_properties(*options), parquet::ArrowWriterProperties::Builder().build()));
        return arrow::Status::OK();
    });
}

void c_arrow_parquet_writer_write(
    c_arrow_parquet_writer* handle,
    struct ArrowArray* array,
    int32_t starts_row_group,
    c_arrow_status* status) {
    guarded(status, [&]() -> arrow::Status {
        ARROW_ASSIGN_OR_RAISE(auto batch, arrow::ImportRecordBatch(array, handle->schema));
        if (starts_row_group || !handle->row_group_open) {
            ARROW_RETURN_NOT_OK(handle->writer->NewBufferedRowGroup());
            handle->row_group_open = true;
        }
        return handle->writer->WriteRecordBatch(*batch);
    });
}

void c_arrow_parquet_writer_begin_pages(
    c_arrow_parquet_writer* handle,
    const c_arrow_parquet_options* options,
    c_arrow_status* status) {
    guarded(status, [&]() -> arrow::Status {
        auto paged = std::make_unique<PagedFile>(handle->file, writer_properties(*options));
        ARROW_RETURN_NOT_OK(paged->begin(*handle->schema));
        handle->paged = std::move(paged);
        return arrow::Status::OK();
    });
}

void c_arrow_parquet_writer_pages(
    c_arrow_parquet_writer* handle, const c_arrow_pages* column, c_arrow_status* status) {
    guarded(status, [&]() { return handle->paged->write(*column); });
}

void c_arrow_parquet_writer_end_row_group(
    c_arrow_parquet_writer* handle, int64_t rows, c_arrow_status* status) {
    guarded(status, [&]() { return handle->paged->end_group(rows); });
}

void c_arrow_parquet_writer_close(c_arrow_parquet_writer* handle, c_arrow_status* status) {
    guarded(status, [&]() -> arrow::Status {
        std::shared_ptr<parquet::FileMetaData> metadata;
        if (handle->paged) {
            metadata = handle->paged->finish();
        } else {
            ARROW_RETURN_NOT_OK(handle->writer->Close());
            metadata = handle->writer->metadata();
        }
        ARROW_ASSIGN_OR_RAISE(int64_t bytes, handle->file->Tell());
        handle->footer.fill(*metadata, bytes);
        return handle->file->finish();
    });
}

void c_arrow_parquet_writer_free(c_arrow_parquet_writer* handle) {
    if (!handle) return;
    // Arrow's destructor finishes the file if nobody did; by then it must not reach the disk any
    // more.
    if (handle->file) handle->file->abandon();
    try {
        handle->writer.reset();
    } catch (...) {
    }
    delete handle;
}

c_arrow_parquet_reader* c_arrow_parquet_reader_open(
    const char* path, int64_t batch_rows, c_arrow_status* status) {
    auto handle = std::make_unique<c_arrow_parquet_reader>();
    bool opened = guarded(status, [&]() -> arrow::Status {
        ARROW_ASSIGN_OR_RAISE(auto file, arrow::io::ReadableFile::Open(path));
        ARROW_ASSIGN_OR_RAISE(int64_t bytes, file->GetSize());
        parquet::arrow::FileReaderBuilder builder;
        ARROW_RETURN_NOT_OK(builder.Open(file));
        auto properties = parquet::default_arrow_reader_properties();
        properties.set_batch_size(batch_rows);
        properties.set_pre_buffer(false);
        ARROW_ASSIGN_OR_RAISE(handle->file, builder.properties(properties)->Build());
        handle->footer.fill(*handle->file->parquet_reader()->metadata(), bytes);
        ARROW_ASSIGN_OR_RAISE(handle->batches, handle->file->GetRecordBatchReader());
        return arrow::Status::OK();
    });
    return opened ? handle.release() : nullptr;
}

void c_arrow_parquet_reader_limit(
    c_arrow_parquet_reader* handle, int64_t batch_rows, c_arrow_status* status) {
    guarded(status, [&]() -> arrow::Status {
        handle->file->set_batch_size(batch_rows);
        ARROW_ASSIGN_OR_RAISE(handle->batches, handle->file->GetRecordBatchReader());
        return arrow::Status::OK();
    });
}

void c_arrow_parquet_reader_schema(
    c_arrow_parquet_reader* handle, struct ArrowSchema* schema, c_arrow_status* status) {
    guarded(status, [&]() { return arrow::ExportSchema(*handle->batches->schema(), schema); });
}

int32_t c_arrow_parquet_reader_next(
    c_arrow_parquet_reader* handle, struct ArrowArray* array, c_arrow_status* status) {
    int32_t found = 0;
    guarded(status, [&]() -> arrow::Status {
        std::shared_ptr<arrow::RecordBatch> batch;
        ARROW_RETURN_NOT_OK(handle->batches->ReadNext(&batch));
        if (!batch) return arrow::Status::OK();
        ARROW_RETURN_NOT_OK(arrow::ExportRecordBatch(*batch, array));
        found = 1;
        return arrow::Status::OK();
    });
    return found;
}

void c_arrow_parquet_reader_free(c_arrow_parquet_reader* handle) { delete handle; }

const c_arrow_parquet_footer* c_arrow_parquet_writer_footer(const c_arrow_parquet_writer* handle) {
    return &handle->footer;
}

const c_arrow_parquet_footer* c_arrow_parquet_reader_footer(const c_arrow_parquet_reader* handle) {
    return &handle->footer;
}

c_arrow_parquet_totals c_arrow_parquet_footer_totals(const c_arrow_parquet_footer* footer) {
    return footer->totals;
}

c_arrow_parquet_chunk c_arrow_parquet_footer_chunk(
    const c_arrow_parquet_footer* footer, int64_t row_group, int64_t column) {
    const auto& chunk =
        footer->chunks[static_cast<size_t>(row_group * footer->totals.columns + column)];
    auto values = chunk.values;
    if (values.minimum) {
        values.minimum = chunk.minimum.data();
        values.minimum_bytes = chunk.minimum.size();
    }
    if (values.maximum) {
        values.maximum = chunk.maximum.data();
        values.maximum_bytes = chunk.maximum.size();
    }
    return values;
}

int64_t c_arrow_bytes_used(void) { return RecyclingPool::shared().bytes_allocated(); }
int64_t c_arrow_bytes_used_peak(void) { return RecyclingPool::shared().max_memory(); }
int64_t c_arrow_bytes_kept(void) { return RecyclingPool::shared().bytes_kept(); }

}  // extern "C"
