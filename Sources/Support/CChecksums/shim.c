#include "CChecksums.h"
#include <stdatomic.h>
#include <string.h>

// Tables for eight bytes at a time ("slicing by 8"), made at load, before any thread runs.
static uint32_t tables[8][256];

__attribute__((constructor)) static void make_tables(void) {
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = byte;
        for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (crc & 1 ? 0x82F63B78u : 0);
        tables[0][byte] = crc;
    }
    for (uint32_t byte = 0; byte < 256; byte++)
        for (int slice = 1; slice < 8; slice++) {
            uint32_t before = tables[slice - 1][byte];
            tables[slice][byte] = (before >> 8) ^ tables[0][before & 0xff];
        }
}

static uint64_t load64(const uint8_t *p) {
    uint64_t word;
    memcpy(&word, p, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

uint32_t c_checksums_crc32c_portable(uint32_t crc, const void *bytes, size_t length) {
    const uint8_t *p = bytes;
    crc = ~crc;
    for (; length >= 8; p += 8, length -= 8) {
        uint64_t word = load64(p) ^ crc;
        crc = tables[7][word & 0xff] ^ tables[6][(word >> 8) & 0xff]
            ^ tables[5][(word >> 16) & 0xff] ^ tables[4][(word >> 24) & 0xff]
            ^ tables[3][(word >> 32) & 0xff] ^ tables[2][(word >> 40) & 0xff]
            ^ tables[1][(word >> 48) & 0xff] ^ tables[0][word >> 56];
    }
    for (; length > 0; p++, length--) crc = (crc >> 8) ^ tables[0][(crc ^ *p) & 0xff];
    return ~crc;
}

#if defined(__x86_64__)
#include <immintrin.h>

// The CRC instruction takes eight bytes with a latency of three cycles but can start one every
// cycle, so three stretches of a block are done side by side and joined afterwards. Joining
// multiplies a stretch's remainder by x^(8n) mod P, n being the bytes that follow it: a carry-less
// product with x^(8n-33) mod P, reduced by the CRC instruction itself.
__attribute__((target("sse4.2,pclmul")))
static inline uint64_t moved(uint64_t crc, uint32_t power) {
    __m128i product = _mm_clmulepi64_si128(
        _mm_cvtsi64_si128((long long)crc), _mm_cvtsi64_si128((long long)power), 0);
    return (uint64_t)_mm_cvtsi128_si64(product);
}

#define THREE_STRETCHES(stretch, power_one, power_two)                                        \
    while (length >= 3 * (stretch)) {                                                          \
        uint64_t a = crc, b = 0, c = 0;                                                        \
        for (size_t i = 0; i < (stretch); i += 8) {                                            \
            a = _mm_crc32_u64(a, load64(p + i));                                               \
            b = _mm_crc32_u64(b, load64(p + (stretch) + i));                                   \
            c = _mm_crc32_u64(c, load64(p + 2 * (stretch) + i));                               \
        }                                                                                      \
        crc = _mm_crc32_u64(0, moved(a, power_two) ^ moved(b, power_one)) ^ c;                 \
        p += 3 * (stretch);                                                                    \
        length -= 3 * (stretch);                                                               \
    }

__attribute__((target("sse4.2,pclmul")))
static uint32_t accelerated(uint32_t start, const void *bytes, size_t length) {
    const uint8_t *p = bytes;
    uint64_t crc = (uint32_t)~start;
    THREE_STRETCHES(4096, 0x82f89c77, 0x54a86326)
    THREE_STRETCHES(256, 0xb9e02b86, 0xdd7e3b0c)
    for (; length >= 8; p += 8, length -= 8) crc = _mm_crc32_u64(crc, load64(p));
    for (; length > 0; p++, length--) crc = _mm_crc32_u8((uint32_t)crc, *p);
    return ~(uint32_t)crc;
}

static int can_accelerate(void) {
    __builtin_cpu_init();
    return __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("pclmul");
}

#elif defined(__aarch64__) && defined(__linux__)
#include <arm_acle.h>
#include <sys/auxv.h>
#ifndef HWCAP_CRC32
#define HWCAP_CRC32 (1 << 7)
#endif

__attribute__((target("+crc")))
static uint32_t accelerated(uint32_t start, const void *bytes, size_t length) {
    const uint8_t *p = bytes;
    uint32_t crc = ~start;
    for (; length >= 8; p += 8, length -= 8) crc = __builtin_arm_crc32cd(crc, load64(p));
    for (; length > 0; p++, length--) crc = __builtin_arm_crc32cb(crc, *p);
    return ~crc;
}

static int can_accelerate(void) { return (getauxval(AT_HWCAP) & HWCAP_CRC32) != 0; }

#else

static uint32_t accelerated(uint32_t start, const void *bytes, size_t length) {
    return c_checksums_crc32c_portable(start, bytes, length);
}

static int can_accelerate(void) { return 0; }

#endif

int c_checksums_crc32c_is_accelerated(void) {
    // 0: not looked yet, 1: tables, 2: instructions. Threads that look at once find the same.
    static atomic_int found;
    int known = atomic_load_explicit(&found, memory_order_relaxed);
    if (known == 0) {
        known = can_accelerate() ? 2 : 1;
        atomic_store_explicit(&found, known, memory_order_relaxed);
    }
    return known == 2;
}

uint32_t c_checksums_crc32c(uint32_t crc, const void *bytes, size_t length) {
    if (c_checksums_crc32c_is_accelerated()) return accelerated(crc, bytes, length);
    return c_checksums_crc32c_portable(crc, bytes, length);
}
