// Amazon's S3 and its likes through Arrow's library for it.
#pragma once

#include "CArrow.h"

#include <memory>

#include <arrow/filesystem/filesystem.h>
#include <arrow/result.h>

// Opens S3. Its library is loaded when this is first called: who has no bucket pays nothing for it.
arrow::Result<std::shared_ptr<arrow::fs::FileSystem>> open_s3(
    const c_arrow_store_options& options);
