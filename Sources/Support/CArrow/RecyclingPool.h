// Memory for Arrow's Parquet writer, kept for its next use instead of given back.
//
// A writer asks for page buffers and hash tables of the same sizes again and again, of 64 KiB to a
// few MiB each. General allocators return such blocks to the system and get them back zeroed, page
// by page: that took a quarter of all time spent on writing a file. Here a freed block goes onto a
// list of its size. What is kept is bounded, and given back when the last writer is gone.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>
#include <vector>

#include <arrow/memory_pool.h>
#include <arrow/status.h>

class RecyclingPool : public arrow::MemoryPool {
 public:
    static RecyclingPool& shared() {
        // Never destroyed: Arrow's own statics may free memory after ours would be gone.
        static RecyclingPool* pool = new RecyclingPool();
        return *pool;
    }

    arrow::Status Allocate(int64_t size, int64_t alignment, uint8_t** out) override {
        if (size < 0) return arrow::Status::Invalid("negative allocation");
        if (size == 0) {
            *out = empty_;
            return arrow::Status::OK();
        }
        *out = nullptr;
        size_t capacity = rounded(size);
        if (alignment <= kAlignment && capacity >= kSmallest) *out = take(capacity);
        if (!*out) {
            void* block = nullptr;
            size_t align = static_cast<size_t>(std::max(alignment, kAlignment));
            if (posix_memalign(&block, align, capacity) != 0) {
                return arrow::Status::OutOfMemory("malloc of ", capacity, " bytes failed");
            }
            *out = static_cast<uint8_t*>(block);
        }
        count(size);
        return arrow::Status::OK();
    }

    arrow::Status Reallocate(
        int64_t old_size, int64_t new_size, int64_t alignment, uint8_t** block) override {
        if (old_size > 0 && new_size > 0 && rounded(old_size) == rounded(new_size)) {
            count(new_size - old_size);
            return arrow::Status::OK();
        }
        uint8_t* moved = nullptr;
        ARROW_RETURN_NOT_OK(Allocate(new_size, alignment, &moved));
        std::memcpy(moved, *block, static_cast<size_t>(std::min(old_size, new_size)));
        Free(*block, old_size, alignment);
        *block = moved;
        return arrow::Status::OK();
    }

    void Free(uint8_t* block, int64_t size, int64_t alignment) override {
        if (size == 0) return;
        size_t capacity = rounded(size);
        std::unique_lock<std::mutex> lock(mutex_);
        used_ -= size;
        bool keeps = alignment <= kAlignment && capacity >= kSmallest && writers_ > 0
            && kept_ + capacity <= kKeptMost;
        if (keeps) {
            kept_ += capacity;
            shelf(capacity).push_back(block);
            return;
        }
        lock.unlock();
        std::free(block);
    }

    // Between these two a writer is at work and freed blocks are kept.
    void begin_writer() {
        std::lock_guard<std::mutex> lock(mutex_);
        ++writers_;
    }

    void end_writer() {
        std::lock_guard<std::mutex> lock(mutex_);
        if (--writers_ == 0) give_back();
    }

    void ReleaseUnused() override {
        std::lock_guard<std::mutex> lock(mutex_);
        give_back();
    }

    int64_t bytes_allocated() const override { return locked(used_); }
    int64_t max_memory() const override { return locked(peak_); }
    int64_t total_bytes_allocated() const override { return locked(total_); }
    int64_t num_allocations() const override { return locked(allocations_); }
    int64_t bytes_kept() const { return static_cast<int64_t>(locked(kept_)); }
    std::string backend_name() const override { return "millrace"; }

 private:
    static constexpr int64_t kAlignment = 64;
    static constexpr size_t kSmallest = 4096;
    static constexpr size_t kKeptMost = 48 << 20;
    // Four sizes between one power of two and the next.
    static constexpr int kSteps = 4;

    RecyclingPool() : shelves_(64 * kSteps) {}

    // The size of block that holds `size` bytes: at most a quarter more, for large ones.
    static size_t rounded(int64_t size) {
        auto bytes = static_cast<size_t>(size);
        if (bytes <= kSmallest) return bytes;
        int power = 63 - __builtin_clzll(bytes - 1);
        size_t step = (size_t{1} << power) / kSteps;
        return (bytes + step - 1) / step * step;
    }

    std::vector<uint8_t*>& shelf(size_t capacity) {
        int power = 63 - __builtin_clzll(capacity);
        size_t step = (size_t{1} << power) / kSteps;
        return shelves_[static_cast<size_t>(power) * kSteps + (capacity / step) % kSteps];
    }

    uint8_t* take(size_t capacity) {
        std::lock_guard<std::mutex> lock(mutex_);
        auto& blocks = shelf(capacity);
        if (blocks.empty()) return nullptr;
        uint8_t* block = blocks.back();
        blocks.pop_back();
        kept_ -= capacity;
        return block;
    }

    void count(int64_t bytes) {
        std::lock_guard<std::mutex> lock(mutex_);
        used_ += bytes;
        if (bytes > 0) total_ += bytes;
        ++allocations_;
        if (used_ > peak_) peak_ = used_;
    }

    void give_back() {
        for (auto& blocks : shelves_) {
            for (uint8_t* block : blocks) std::free(block);
            blocks.clear();
        }
        kept_ = 0;
    }

    template <typename Value>
    Value locked(const Value& value) const {
        std::lock_guard<std::mutex> lock(mutex_);
        return value;
    }

    mutable std::mutex mutex_;
    std::vector<std::vector<uint8_t*>> shelves_;
    size_t kept_ = 0;
    int64_t used_ = 0;
    int64_t peak_ = 0;
    int64_t total_ = 0;
    int64_t allocations_ = 0;
    int writers_ = 0;
    alignas(64) uint8_t empty_[64] = {};
};
