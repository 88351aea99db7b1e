// A Parquet file whose pages the caller makes; page headers, statistics and the footer are Arrow's.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>
#include <arrow/status.h>
#include <arrow/util/compression.h>
#include <parquet/arrow/schema.h>
#include <parquet/column_page.h>
#include <parquet/column_writer.h>
#include <parquet/file_writer.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>
#include <parquet/schema.h>
#include <parquet/statistics.h>

#include "CArrow.h"
#include "RecyclingPool.h"

class PagedFile {
 public:
    PagedFile(
        std::shared_ptr<arrow::io::OutputStream> file,
        std::shared_ptr<parquet::WriterProperties> properties)
        : file_(std::move(file)), properties_(std::move(properties)) {}

    arrow::Status begin(const arrow::Schema& schema) {
        ARROW_RETURN_NOT_OK(parquet::arrow::ToParquetSchema(
            &schema, *properties_, *parquet::default_arrow_writer_properties(), &schema_));
        builder_ = parquet::FileMetaDataBuilder::Make(schema_.get(), properties_);
        return file_->Write("PAR1", 4);
    }

    // Writes all pages of the next column of the row group.
    arrow::Status write(const c_arrow_pages& column) {
        if (!group_) group_ = builder_->AppendRowGroup();
        auto* chunk = group_->NextColumnChunk();
        auto path = chunk->descr()->path();
        auto pager = parquet::PageWriter::Open(
            file_, properties_->compression(path), chunk, groups_,
            static_cast<int16_t>(group_->current_column()), &RecyclingPool::shared(), false,
            nullptr, nullptr, properties_->page_checksum_enabled(), nullptr, nullptr,
            *properties_->codec_options(path));
        bool has_dictionary = column.dictionary != nullptr;
        if (has_dictionary) {
            group_bytes_ += pager->WriteDictionaryPage(parquet::DictionaryPage(
                borrowed(column.dictionary, column.dictionary_bytes), column.dictionary_values,
                properties_->dictionary_page_encoding()));
        }
        bool has_plain = false;
        for (size_t i = 0; i < column.page_count; ++i) {
            const auto& page = column.pages[i];
            has_plain = has_plain || !page.is_indices;
            group_bytes_ += pager->WriteDataPage(parquet::DataPageV1(
                borrowed(page.bytes, page.byte_count), page.values,
                page.is_indices ? properties_->dictionary_index_encoding()
                                : parquet::Encoding::PLAIN,
                parquet::Encoding::RLE, parquet::Encoding::RLE, page.plain_bytes));
        }
        chunk->SetStatistics(statistics(column, *chunk->descr()));
        pager->Close(has_dictionary, has_dictionary && has_plain);
        return arrow::Status::OK();
    }

    arrow::Status end_group(int64_t rows) {
        group_->set_num_rows(rows);
        group_->Finish(group_bytes_, groups_);
        group_ = nullptr;
        group_bytes_ = 0;
        ++groups_;
        return arrow::Status::OK();
    }

    std::shared_ptr<parquet::FileMetaData> finish() {
        std::shared_ptr<parquet::FileMetaData> metadata = builder_->Finish();
        parquet::WriteFileMetaData(*metadata, file_.get());
        return metadata;
    }

 private:
    // Lives no longer than the caller's bytes.
    static std::shared_ptr<arrow::Buffer> borrowed(const void* bytes, int64_t count) {
        return std::make_shared<arrow::Buffer>(static_cast<const uint8_t*>(bytes), count);
    }

    parquet::EncodedStatistics statistics(
        const c_arrow_pages& column, const parquet::ColumnDescriptor& described) const {
        parquet::EncodedStatistics statistics;
        statistics.set_null_count(column.nulls);
        if (column.minimum) {
            statistics.set_min({static_cast<const char*>(column.minimum), column.minimum_bytes});
        }
        if (column.maximum) {
            statistics.set_max({static_cast<const char*>(column.maximum), column.maximum_bytes});
        }
        statistics.ApplyStatSizeLimits(properties_->max_statistics_size(described.path()));
        statistics.set_is_signed(described.sort_order() == parquet::SortOrder::SIGNED);
        return statistics;
    }

    std::shared_ptr<arrow::io::OutputStream> file_;
    std::shared_ptr<parquet::WriterProperties> properties_;
    std::shared_ptr<parquet::SchemaDescriptor> schema_;
    std::unique_ptr<parquet::FileMetaDataBuilder> builder_;
    parquet::RowGroupMetaDataBuilder* group_ = nullptr;
    int64_t group_bytes_ = 0;
    int16_t groups_ = 0;
};
