// A C face over the parts of Apache Arrow C++ that Millrace uses: writing and reading Parquet files
// whose columns come and go through the Arrow C Data Interface. No C++ type, and no exception,
// crosses it. Handles are not thread-safe: one thread at a time may use one.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// The Arrow C Data Interface, word for word as its specification gives it.
#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

struct ArrowSchema {
    const char* format;
    const char* name;
    const char* metadata;
    int64_t flags;
    int64_t n_children;
    struct ArrowSchema** children;
    struct ArrowSchema* dictionary;
    void (*release)(struct ArrowSchema*);
    void* private_data;
};

struct ArrowArray {
    int64_t length;
    int64_t null_count;
    int64_t offset;
    int64_t n_buffers;
    int64_t n_children;
    const void** buffers;
    struct ArrowArray** children;
    struct ArrowArray* dictionary;
    void (*release)(struct ArrowArray*);
    void* private_data;
};

#endif  // ARROW_C_DATA_INTERFACE

enum {
    C_ARROW_OK = 0,
    C_ARROW_INVALID = 1,
    C_ARROW_IO = 2,
    C_ARROW_MEMORY = 3,
    C_ARROW_OTHER = 4,
};

// What a call came to. `system_error` is an errno value, or 0 when the operating system was not the
// cause.
typedef struct c_arrow_status {
    int32_t code;
    int32_t system_error;
    char message[504];
} c_arrow_status;

// Arrow's version, such as "26.0.1".
const char* c_arrow_version(void);

enum { C_ARROW_ENCODING_DEFAULT = 0, C_ARROW_ENCODING_DELTA_BINARY_PACKED = 1 };

// How one leaf column is to be stored; `path` joins the names from the column down with dots.
typedef struct c_arrow_column_hint {
    const char* path;
    int32_t dictionary;
    int32_t encoding;
} c_arrow_column_hint;

typedef struct c_arrow_parquet_options {
    int32_t zstd_level;
    int32_t page_index;
    int32_t page_checksum;
    int64_t data_page_bytes;
    int64_t data_page_rows;
    int64_t dictionary_page_bytes;
    int64_t write_batch_rows;
    const char* created_by;
    const c_arrow_column_hint* hints;
    size_t hint_count;
} c_arrow_parquet_options;

// One stretch of rows.
typedef struct c_arrow_run {
    int64_t start;
    int64_t length;
} c_arrow_run;

// Makes one record batch of the rows of `array` (a struct array laid out as `schema` says) that lie
// in `runs`. Both are moved from, also on failure. `bytes` becomes what the rows take in memory.
void c_arrow_rows(
    struct ArrowArray* array,
    struct ArrowSchema* schema,
    const c_arrow_run* runs,
    size_t run_count,
    struct ArrowArray* rows,
    struct ArrowSchema* rows_schema,
    int64_t* bytes,
    c_arrow_status* status);

typedef struct c_arrow_parquet_writer c_arrow_parquet_writer;

// Creates `path`, which must not exist, for rows of `schema`, which is moved from. Null on failure.
c_arrow_parquet_writer* c_arrow_parquet_writer_open(
    const char* path, struct ArrowSchema* schema, c_arrow_status* status);

// Fixes how the columns are stored; must be called once before anything is written.
void c_arrow_parquet_writer_begin(
    c_arrow_parquet_writer* writer,
    const c_arrow_parquet_options* options,
    c_arrow_status* status);

// Adds a record batch (a struct array) to the row group being built, or, with `starts_row_group`,
// ends that one and begins the next. `array` is moved from, also on failure. After a failure the
// writer can only be freed.
void c_arrow_parquet_writer_write(
    c_arrow_parquet_writer* writer,
    struct ArrowArray* array,
    int32_t starts_row_group,
    c_arrow_status* status);

// In place of `begin` and `write`: the caller makes the pages of every column itself.
void c_arrow_parquet_writer_begin_pages(
    c_arrow_parquet_writer* writer,
    const c_arrow_parquet_options* options,
    c_arrow_status* status);

// One data page (version 1): levels and values, compressed with zstd.
typedef struct c_arrow_page {
    const void* bytes;
    int64_t byte_count;
    int64_t plain_bytes;  // before compression
    int32_t values;       // with nulls
    int32_t is_indices;   // indices into the dictionary, else plain values
} c_arrow_page;

// All pages of one leaf column in one row group. Bounds are Parquet's plain encoding without a
// length; null when there is none.
typedef struct c_arrow_pages {
    const void* dictionary;  // plain values, not compressed; null when there is none
    int64_t dictionary_bytes;
    int32_t dictionary_values;
    const c_arrow_page* pages;
    size_t page_count;
    int64_t nulls;
    const void* minimum;
    size_t minimum_bytes;
    const void* maximum;
    size_t maximum_bytes;
} c_arrow_pages;

// Writes the next column of the row group. After a failure the writer can only be freed.
void c_arrow_parquet_writer_pages(
    c_arrow_parquet_writer* writer, const c_arrow_pages* column, c_arrow_status* status);

// Ends the row group, all of whose columns were written, with `rows` rows.
void c_arrow_parquet_writer_end_row_group(
    c_arrow_parquet_writer* writer, int64_t rows, c_arrow_status* status);

// Writes the footer and closes the file, which is not made durable.
void c_arrow_parquet_writer_close(c_arrow_parquet_writer* writer, c_arrow_status* status);

// Frees the writer. A file that was not closed successfully is removed.
void c_arrow_parquet_writer_free(c_arrow_parquet_writer* writer);

typedef struct c_arrow_parquet_reader c_arrow_parquet_reader;

// Opens a Parquet file; null on failure. `batch_rows` is the most rows a batch has.
c_arrow_parquet_reader* c_arrow_parquet_reader_open(
    const char* path, int64_t batch_rows, c_arrow_status* status);

// Has the next batches be of `batch_rows` rows at most, from the first row on again.
void c_arrow_parquet_reader_limit(
    c_arrow_parquet_reader* handle, int64_t batch_rows, c_arrow_status* status);

// Hands out the file's schema as Arrow sees it.
void c_arrow_parquet_reader_schema(
    c_arrow_parquet_reader* reader, struct ArrowSchema* schema, c_arrow_status* status);

// Reads the next batch: 1 when there was one, 0 at the end and on failure.
int32_t c_arrow_parquet_reader_next(
    c_arrow_parquet_reader* reader, struct ArrowArray* array, c_arrow_status* status);

void c_arrow_parquet_reader_free(c_arrow_parquet_reader* reader);

// What the footer says of a file; lives as long as the writer (after close) or reader it comes
// from.
typedef struct c_arrow_parquet_footer c_arrow_parquet_footer;

typedef struct c_arrow_parquet_totals {
    int64_t file_bytes;
    int64_t rows;
    int64_t row_groups;
    int64_t columns;
} c_arrow_parquet_totals;

// One leaf column in one row group. Bounds are Parquet's plain encoding without a length; null when
// there is none.
typedef struct c_arrow_parquet_chunk {
    int32_t field_id;  // -1 when the file gives none
    int32_t has_null_count;
    int64_t start;  // offset of the first page
    int64_t compressed_bytes;
    int64_t uncompressed_bytes;
    int64_t values;  // with nulls
    int64_t nulls;
    const void* minimum;
    size_t minimum_bytes;
    const void* maximum;
    size_t maximum_bytes;
} c_arrow_parquet_chunk;

const c_arrow_parquet_footer* c_arrow_parquet_writer_footer(const c_arrow_parquet_writer*);
const c_arrow_parquet_footer* c_arrow_parquet_reader_footer(const c_arrow_parquet_reader*);
c_arrow_parquet_totals c_arrow_parquet_footer_totals(const c_arrow_parquet_footer*);
c_arrow_parquet_chunk c_arrow_parquet_footer_chunk(
    const c_arrow_parquet_footer*, int64_t row_group, int64_t column);

// Where objects lie that have names: S3, Google Cloud Storage, Azure Blob Storage and what speaks as
// they do. May be used by several threads at a time.
typedef struct c_arrow_store c_arrow_store;

enum {
    C_ARROW_STORE_S3 = 0,
    C_ARROW_STORE_GCS = 1,
    C_ARROW_STORE_AZURE = 2,
    C_ARROW_STORE_LOCAL = 3,  // this machine's files, by their paths
};

// How a store is reached. Texts may be null: then what the environment says counts.
typedef struct c_arrow_store_options {
    int32_t kind;
    int32_t is_anonymous;
    const char* scheme;         // http or https; null for https
    const char* endpoint;       // host:port, null for the cloud's own
    const char* region;         // S3
    int32_t is_virtual_hosted;  // S3: buckets are named in host names at other endpoints, too
    const char* bucket;         // S3: whose region is asked for when none is given
    const char* account;        // Azure
    const char* key_id;         // S3: access key
    const char* secret;         // S3: secret key; Azure: account key; GCS: service account as JSON
    const char* token;          // S3: session token; Azure: SAS token
    const char* role;           // S3: ARN of a role that is taken on
    int64_t attempts_max;       // how often a request is sent that fails in passing
    double connect_seconds;
    double give_up_seconds;     // GCS: how long a request is repeated
} c_arrow_store_options;

// Opens a store, which need not be talked to. Null on failure.
c_arrow_store* c_arrow_store_open(const c_arrow_store_options* options, c_arrow_status* status);
void c_arrow_store_free(c_arrow_store* store);

// Puts `count` bytes in the place of whatever has that name. They can be seen when all are there.
void c_arrow_store_put(
    c_arrow_store* store,
    const char* path,
    const void* bytes,
    int64_t count,
    c_arrow_status* status);

// Puts a file of this machine, in parts if it is large. Returns how many bytes were sent.
int64_t c_arrow_store_upload(
    c_arrow_store* store, const char* path, const char* file, c_arrow_status* status);

// Brings an object into a new file of this machine, which goes again on failure. Returns its size.
int64_t c_arrow_store_download(
    c_arrow_store* store, const char* path, const char* file, c_arrow_status* status);

// Removes an object; ENOENT when there is none.
void c_arrow_store_delete(c_arrow_store* store, const char* path, c_arrow_status* status);

// Removes a folder with all that is in it; of a bucket only what is in it.
void c_arrow_store_delete_folder(c_arrow_store* store, const char* path, c_arrow_status* status);

// Copies an object within the store.
void c_arrow_store_copy(
    c_arrow_store* store, const char* from, const char* to, c_arrow_status* status);

// What a store tells of an object without reading it.
typedef struct c_arrow_object {
    const char* path;  // bucket/name; lives as long as the call it is handed to
    int64_t bytes;
    int64_t modified_ns;  // since 1970
    const char* tag;      // what the store calls this version, empty where it has no word for it
} c_arrow_object;

// Calls `visit` with each object below `folder`, and below its folders if `deep`; with none when there
// is no such folder. Folders are told, with -1 bytes, if `folders`. Tags are not told here.
void c_arrow_store_list(
    c_arrow_store* store,
    const char* folder,
    int32_t deep,
    int32_t folders,
    void (*visit)(void* context, const c_arrow_object* object),
    void* context,
    c_arrow_status* status);

// 1 when there is something of that name (a folder or bucket is told with -1 bytes), 0 when there is
// nothing, and on failure.
int32_t c_arrow_store_head(
    c_arrow_store* store,
    const char* path,
    void (*visit)(void* context, const c_arrow_object* object),
    void* context,
    c_arrow_status* status);

typedef struct c_arrow_object_reader c_arrow_object_reader;

// Opens an object for reading; null on failure, with ENOENT when there is none. One thread at a time.
c_arrow_object_reader* c_arrow_object_open(
    c_arrow_store* store, const char* path, c_arrow_status* status);

// The object's size; ENOENT when there is none.
int64_t c_arrow_object_size(c_arrow_object_reader* reader, c_arrow_status* status);

// Reads up to `count` bytes from `position` on; returns how many there were.
int64_t c_arrow_object_read(
    c_arrow_object_reader* reader,
    int64_t position,
    int64_t count,
    void* bytes,
    c_arrow_status* status);

void c_arrow_object_free(c_arrow_object_reader* reader);

// Bytes that writers use now, the most they ever used, and bytes kept for the next use.
int64_t c_arrow_bytes_used(void);
int64_t c_arrow_bytes_used_peak(void);
int64_t c_arrow_bytes_kept(void);

#ifdef __cplusplus
}
#endif
