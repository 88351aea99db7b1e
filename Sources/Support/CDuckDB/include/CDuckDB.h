// The part of DuckDB's C API that Millrace uses, declared by ourselves and bound when it is first needed.
// The library is not linked: a server that is never asked a question never loads its 50 MB.
// Functions keep DuckDB's names with a c_ before them; all trap when called before c_duckdb_load has succeeded.
// Handles are opaque; layouts below are DuckDB's stable C ABI (1.2 and later).
#pragma once
#include <stdbool.h>
#include <stdint.h>

typedef struct c_duckdb_database_s *c_duckdb_database;
typedef struct c_duckdb_connection_s *c_duckdb_connection;
typedef struct c_duckdb_config_s *c_duckdb_config;
typedef struct c_duckdb_extracted_s *c_duckdb_extracted;
typedef struct c_duckdb_prepared_s *c_duckdb_prepared;
typedef struct c_duckdb_pending_s *c_duckdb_pending;
typedef struct c_duckdb_chunk_s *c_duckdb_chunk;
typedef struct c_duckdb_vector_s *c_duckdb_vector;
typedef struct c_duckdb_type_s *c_duckdb_type;
typedef struct c_duckdb_value_s *c_duckdb_value;
typedef struct c_duckdb_arrow_s *c_duckdb_arrow;
typedef struct c_duckdb_rows_s *c_duckdb_rows;

typedef struct {
    uint64_t unused_counts[3];
    void *unused_columns;
    char *unused_error;
    void *internal;
} c_duckdb_result;

typedef struct {
    uint64_t offset;
    uint64_t length;
} c_duckdb_list_entry;

typedef struct {
    int32_t months;
    int32_t days;
    int64_t micros;
} c_duckdb_interval;

// Sixteen bytes of a VARCHAR, BLOB, BIT or BIGNUM vector: up to 12 bytes stand inside, longer ones behind `pointer`.
typedef struct {
    uint32_t length;
    char prefix[4];
    const char *pointer;
} c_duckdb_string;

// Numbers of DUCKDB_TYPE.
enum {
    c_duckdb_type_boolean = 1,
    c_duckdb_type_tinyint = 2,
    c_duckdb_type_smallint = 3,
    c_duckdb_type_integer = 4,
    c_duckdb_type_bigint = 5,
    c_duckdb_type_utinyint = 6,
    c_duckdb_type_usmallint = 7,
    c_duckdb_type_uinteger = 8,
    c_duckdb_type_ubigint = 9,
    c_duckdb_type_float = 10,
    c_duckdb_type_double = 11,
    c_duckdb_type_timestamp = 12,
    c_duckdb_type_date = 13,
    c_duckdb_type_time = 14,
    c_duckdb_type_interval = 15,
    c_duckdb_type_hugeint = 16,
    c_duckdb_type_varchar = 17,
    c_duckdb_type_blob = 18,
    c_duckdb_type_decimal = 19,
    c_duckdb_type_timestamp_s = 20,
    c_duckdb_type_timestamp_ms = 21,
    c_duckdb_type_timestamp_ns = 22,
    c_duckdb_type_enum = 23,
    c_duckdb_type_list = 24,
    c_duckdb_type_struct = 25,
    c_duckdb_type_map = 26,
    c_duckdb_type_uuid = 27,
    c_duckdb_type_union = 28,
    c_duckdb_type_bit = 29,
    c_duckdb_type_time_tz = 30,
    c_duckdb_type_timestamp_tz = 31,
    c_duckdb_type_uhugeint = 32,
    c_duckdb_type_array = 33,
    c_duckdb_type_bignum = 35,
    c_duckdb_type_null = 36,
    c_duckdb_type_time_ns = 39,
};

// Numbers of duckdb_statement_type that are let through under conditions; every other is refused.
enum {
    c_duckdb_statement_select = 1,
    c_duckdb_statement_insert = 2,
    c_duckdb_statement_update = 3,
    c_duckdb_statement_explain = 4,
    c_duckdb_statement_delete = 5,
    c_duckdb_statement_create = 7,
    c_duckdb_statement_transaction = 10,
    c_duckdb_statement_variable_set = 13,
    c_duckdb_statement_create_func = 14,
    c_duckdb_statement_drop = 15,
    c_duckdb_statement_pragma = 17,
    c_duckdb_statement_set = 20,
    c_duckdb_statement_merge = 30,
};

// Numbers of duckdb_error_type that Millrace tells apart.
enum {
    c_duckdb_error_catalog = 13,
    c_duckdb_error_parser = 14,
    c_duckdb_error_syntax = 22,
    c_duckdb_error_binder = 24,
    c_duckdb_error_io = 28,
    c_duckdb_error_interrupt = 29,
    c_duckdb_error_fatal = 30,
    c_duckdb_error_out_of_memory = 33,
    c_duckdb_error_permission = 34,
};

// Numbers of duckdb_result_type.
enum {
    c_duckdb_result_changed_rows = 1,
    c_duckdb_result_nothing = 2,
    c_duckdb_result_query = 3,
};

// The oldest version whose settings and functions are known to be what Millrace relies on.
#define C_DUCKDB_MAJOR 1
#define C_DUCKDB_MINOR 5

// Opens the library at `path` and binds every function below. `python` may be NULL: the name of a libpython that the
// library needs to be loaded first (DuckDB's Python wheel). Returns NULL when all is bound, else a sentence for a
// person that stays valid until the next call. Not safe to call from two threads at once.
const char *c_duckdb_load(const char *path, const char *python);
// True once c_duckdb_load has succeeded.
bool c_duckdb_is_loaded(void);

// Every function: result type, name after the prefix, parameters, arguments. States are 0 for success.
#define C_DUCKDB_FUNCTIONS(F) \
    F(const char *, library_version, (void), ()) \
    F(int, open_ext, (const char *path, c_duckdb_database *out, c_duckdb_config config, char **error), \
      (path, out, config, error)) \
    F(int, connect, (c_duckdb_database database, c_duckdb_connection *out), (database, out)) \
    F(int, create_config, (c_duckdb_config *out), (out)) \
    F(int, set_config, (c_duckdb_config config, const char *name, const char *value), (config, name, value)) \
    F(int, query, (c_duckdb_connection connection, const char *sql, c_duckdb_result *out), (connection, sql, out)) \
    F(uint64_t, extract_statements, (c_duckdb_connection connection, const char *sql, c_duckdb_extracted *out), \
      (connection, sql, out)) \
    F(const char *, extract_statements_error, (c_duckdb_extracted extracted), (extracted)) \
    F(int, prepare_extracted_statement, \
      (c_duckdb_connection connection, c_duckdb_extracted extracted, uint64_t index, c_duckdb_prepared *out), \
      (connection, extracted, index, out)) \
    F(const char *, prepare_error, (c_duckdb_prepared prepared), (prepared)) \
    F(int, prepared_statement_type, (c_duckdb_prepared prepared), (prepared)) \
    F(uint64_t, nparams, (c_duckdb_prepared prepared), (prepared)) \
    F(int, pending_prepared_streaming, (c_duckdb_prepared prepared, c_duckdb_pending *out), (prepared, out)) \
    F(const char *, pending_error, (c_duckdb_pending pending), (pending)) \
    F(int, execute_pending, (c_duckdb_pending pending, c_duckdb_result *out), (pending, out)) \
    F(c_duckdb_value, get_table_names, (c_duckdb_connection connection, const char *sql, bool qualified), \
      (connection, sql, qualified)) \
    F(uint64_t, get_list_size, (c_duckdb_value value), (value)) \
    F(c_duckdb_value, get_list_child, (c_duckdb_value value, uint64_t index), (value, index)) \
    F(char *, get_varchar, (c_duckdb_value value), (value)) \
    F(const char *, result_error, (c_duckdb_result *result), (result)) \
    F(int, result_error_type, (c_duckdb_result *result), (result)) \
    F(int, result_return_type, (c_duckdb_result result), (result)) \
    F(uint64_t, rows_changed, (c_duckdb_result *result), (result)) \
    F(uint64_t, column_count, (c_duckdb_result *result), (result)) \
    F(const char *, column_name, (c_duckdb_result *result, uint64_t column), (result, column)) \
    F(c_duckdb_type, column_logical_type, (c_duckdb_result *result, uint64_t column), (result, column)) \
    F(c_duckdb_chunk, fetch_chunk, (c_duckdb_result result), (result)) \
    F(uint64_t, data_chunk_get_size, (c_duckdb_chunk chunk), (chunk)) \
    F(c_duckdb_vector, data_chunk_get_vector, (c_duckdb_chunk chunk, uint64_t column), (chunk, column)) \
    F(void *, vector_get_data, (c_duckdb_vector vector), (vector)) \
    F(uint64_t *, vector_get_validity, (c_duckdb_vector vector), (vector)) \
    F(c_duckdb_vector, list_vector_get_child, (c_duckdb_vector vector), (vector)) \
    F(uint64_t, list_vector_get_size, (c_duckdb_vector vector), (vector)) \
    F(c_duckdb_vector, struct_vector_get_child, (c_duckdb_vector vector, uint64_t index), (vector, index)) \
    F(c_duckdb_vector, array_vector_get_child, (c_duckdb_vector vector), (vector)) \
    F(int, arrow_scan, (c_duckdb_connection connection, const char *table, void *stream), \
      (connection, table, stream)) \
    F(int, query_arrow, (c_duckdb_connection connection, const char *sql, c_duckdb_arrow *out), \
      (connection, sql, out)) \
    F(int, query_arrow_schema, (c_duckdb_arrow result, void **schema), (result, schema)) \
    F(int, query_arrow_array, (c_duckdb_arrow result, void **array), (result, array)) \
    F(const char *, query_arrow_error, (c_duckdb_arrow result), (result)) \
    F(int, get_type_id, (c_duckdb_type type), (type)) \
    F(char *, logical_type_get_alias, (c_duckdb_type type), (type)) \
    F(uint8_t, decimal_width, (c_duckdb_type type), (type)) \
    F(uint8_t, decimal_scale, (c_duckdb_type type), (type)) \
    F(int, decimal_internal_type, (c_duckdb_type type), (type)) \
    F(int, enum_internal_type, (c_duckdb_type type), (type)) \
    F(uint32_t, enum_dictionary_size, (c_duckdb_type type), (type)) \
    F(char *, enum_dictionary_value, (c_duckdb_type type, uint64_t index), (type, index)) \
    F(c_duckdb_type, list_type_child_type, (c_duckdb_type type), (type)) \
    F(c_duckdb_type, array_type_child_type, (c_duckdb_type type), (type)) \
    F(uint64_t, array_type_array_size, (c_duckdb_type type), (type)) \
    F(c_duckdb_type, map_type_key_type, (c_duckdb_type type), (type)) \
    F(c_duckdb_type, map_type_value_type, (c_duckdb_type type), (type)) \
    F(uint64_t, struct_type_child_count, (c_duckdb_type type), (type)) \
    F(char *, struct_type_child_name, (c_duckdb_type type, uint64_t index), (type, index)) \
    F(c_duckdb_type, struct_type_child_type, (c_duckdb_type type, uint64_t index), (type, index)) \
    F(uint64_t, union_type_member_count, (c_duckdb_type type), (type)) \
    F(char *, union_type_member_name, (c_duckdb_type type, uint64_t index), (type, index)) \
    F(c_duckdb_type, union_type_member_type, (c_duckdb_type type, uint64_t index), (type, index))

// Functions without a result.
#define C_DUCKDB_PROCEDURES(F) \
    F(close, (c_duckdb_database *database), (database)) \
    F(disconnect, (c_duckdb_connection *connection), (connection)) \
    F(interrupt, (c_duckdb_connection connection), (connection)) \
    F(destroy_config, (c_duckdb_config *config), (config)) \
    F(destroy_extracted, (c_duckdb_extracted *extracted), (extracted)) \
    F(destroy_prepare, (c_duckdb_prepared *prepared), (prepared)) \
    F(destroy_pending, (c_duckdb_pending *pending), (pending)) \
    F(destroy_result, (c_duckdb_result *result), (result)) \
    F(destroy_data_chunk, (c_duckdb_chunk *chunk), (chunk)) \
    F(destroy_logical_type, (c_duckdb_type *type), (type)) \
    F(destroy_arrow, (c_duckdb_arrow *result), (result)) \
    F(destroy_value, (c_duckdb_value *value), (value)) \
    F(free, (void *pointer), (pointer))

#define C_DUCKDB_DECLARE(R, name, parameters, arguments) R c_duckdb_##name parameters;
#define C_DUCKDB_DECLARE_VOID(name, parameters, arguments) void c_duckdb_##name parameters;
C_DUCKDB_FUNCTIONS(C_DUCKDB_DECLARE)
C_DUCKDB_PROCEDURES(C_DUCKDB_DECLARE_VOID)
#undef C_DUCKDB_DECLARE
#undef C_DUCKDB_DECLARE_VOID

// One batch of rows (an ArrowArray of struct type) for DuckDB to read once. Takes the array over and leaves its
// `release` null; the ArrowSchema stays the caller's and must outlive the rows.
c_duckdb_rows c_duckdb_rows_make(const void *schema, void *array);
// The rows as an ArrowArrayStream, for arrow_scan.
void *c_duckdb_rows_stream(c_duckdb_rows rows);
// Frees the rows, and the array if nobody has read it. Not before the last statement over them has ended.
void c_duckdb_rows_free(c_duckdb_rows rows);
