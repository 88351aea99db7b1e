#include "CDuckDB.h"
#include "CArrow.h"
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

// Pointers are written once, before `loaded`, and only read afterwards.
#define FIELD(R, name, parameters, arguments) static R(*bound_##name) parameters;
#define FIELD_VOID(name, parameters, arguments) static void(*bound_##name) parameters;
C_DUCKDB_FUNCTIONS(FIELD)
C_DUCKDB_PROCEDURES(FIELD_VOID)

static bool loaded;
static char problem[1024];

static const char *bind_all(void *library, const char *path) {
    void *symbol;
// The name `destroy_extracted` and `connect` family follow DuckDB's own, but for one that is longer there.
#define BIND_AS(name, foreign) \
    symbol = dlsym(library, foreign); \
    if (!symbol) { \
        snprintf(problem, sizeof problem, "%s has no function %s: it is too old or not DuckDB", path, foreign); \
        return problem; \
    } \
    *(void **)&bound_##name = symbol;
#define BIND(R, name, parameters, arguments) BIND_AS(name, "duckdb_" #name)
#define BIND_VOID(name, parameters, arguments) BIND_AS(name, "duckdb_" #name)
    C_DUCKDB_FUNCTIONS(BIND)
    C_DUCKDB_PROCEDURES(BIND_VOID)
    return NULL;
}

// "v1.5.5"; a build between releases says something else and is refused: nobody has tried it.
static bool is_new_enough(const char *version) {
    int major = 0, minor = 0;
    if (!version || sscanf(version, "v%d.%d", &major, &minor) != 2) return false;
    return major > C_DUCKDB_MAJOR || (major == C_DUCKDB_MAJOR && minor >= C_DUCKDB_MINOR);
}

const char *c_duckdb_load(const char *path, const char *python) {
    if (loaded) return NULL;
    // The wheel's module names symbols of libpython that it never calls here; they must only be found.
    if (python && !dlopen(python, RTLD_NOW | RTLD_GLOBAL)) {
        const char *why = dlerror();
        snprintf(problem, sizeof problem, "%s needs %s: %s", path, python, why ? why : "unknown error");
        return problem;
    }
    void *library = dlopen(path, RTLD_LAZY | RTLD_LOCAL);
    if (!library) {
        const char *why = dlerror();
        snprintf(problem, sizeof problem, "%s", why ? why : "unknown error");
        return problem;
    }
    const char *missing = bind_all(library, path);
    if (!missing && !is_new_enough(bound_library_version())) {
        snprintf(problem, sizeof problem, "%s is DuckDB %s; version %d.%d or later is needed", path,
                 bound_library_version(), C_DUCKDB_MAJOR, C_DUCKDB_MINOR);
        missing = problem;
    }
    if (missing) {
        dlclose(library);
        return missing;
    }
    loaded = true;
    return NULL;
}

bool c_duckdb_is_loaded(void) { return loaded; }

#define NEED(name) if (!bound_##name) abort()
#define CALL(R, name, parameters, arguments) \
    R c_duckdb_##name parameters { \
        NEED(name); \
        return bound_##name arguments; \
    }
#define CALL_VOID(name, parameters, arguments) \
    void c_duckdb_##name parameters { \
        NEED(name); \
        bound_##name arguments; \
    }
C_DUCKDB_FUNCTIONS(CALL)
C_DUCKDB_PROCEDURES(CALL_VOID)

// Rows handed to DuckDB: the Arrow C stream interface over one array, which is taken by the first scan.
struct ArrowArrayStream {
    int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *);
    int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *);
    const char *(*get_last_error)(struct ArrowArrayStream *);
    void (*release)(struct ArrowArrayStream *);
    void *private_data;
};

struct c_duckdb_rows_s {
    struct ArrowArrayStream stream;
    const struct ArrowSchema *schema;
    struct ArrowArray array;
};

static void keep_schema(struct ArrowSchema *schema) { schema->release = NULL; }

// The schema stays ours: DuckDB gets a view of it for every statement it prepares.
static int rows_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out) {
    c_duckdb_rows rows = stream->private_data;
    *out = *rows->schema;
    out->release = keep_schema;
    return 0;
}

static int rows_next(struct ArrowArrayStream *stream, struct ArrowArray *out) {
    c_duckdb_rows rows = stream->private_data;
    *out = rows->array;
    rows->array.release = NULL;
    return 0;
}

static const char *rows_error(struct ArrowArrayStream *stream) {
    (void)stream;
    return NULL;
}

static void rows_release(struct ArrowArrayStream *stream) { stream->release = NULL; }

c_duckdb_rows c_duckdb_rows_make(const void *schema, void *array) {
    c_duckdb_rows rows = malloc(sizeof *rows);
    if (!rows) abort();
    rows->stream = (struct ArrowArrayStream){rows_schema, rows_next, rows_error, rows_release, rows};
    rows->schema = schema;
    rows->array = *(struct ArrowArray *)array;
    ((struct ArrowArray *)array)->release = NULL;
    return rows;
}

void *c_duckdb_rows_stream(c_duckdb_rows rows) { return &rows->stream; }

void c_duckdb_rows_free(c_duckdb_rows rows) {
    if (rows->array.release) rows->array.release(&rows->array);
    free(rows);
}
