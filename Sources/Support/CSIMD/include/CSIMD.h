// Vector instructions that Swift has no words for.
#pragma once
#include <stdint.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

// How many of the 16 bytes at `bytes` stand before the first that ends a run of plain JSON text: a
// quotation mark, a backslash, a control character, or a byte of a longer UTF-8 sequence; 16 if
// none does.
static inline int32_t c_simd_plain_length(const void *bytes) {
#if defined(__SSE2__)
    __m128i text = _mm_loadu_si128((const __m128i *)bytes);
    __m128i quotes = _mm_cmpeq_epi8(text, _mm_set1_epi8('"'));
    __m128i slashes = _mm_cmpeq_epi8(text, _mm_set1_epi8('\\'));
    // As signed numbers, bytes from 0x80 on are below the space too.
    __m128i others = _mm_cmplt_epi8(text, _mm_set1_epi8(' '));
    __m128i stops = _mm_or_si128(_mm_or_si128(quotes, slashes), others);
    return __builtin_ctz((uint32_t)_mm_movemask_epi8(stops) | 0x10000);
#elif defined(__ARM_NEON)
    uint8x16_t text = vld1q_u8((const uint8_t *)bytes);
    uint8x16_t quotes = vceqq_u8(text, vdupq_n_u8('"'));
    uint8x16_t slashes = vceqq_u8(text, vdupq_n_u8('\\'));
    uint8x16_t others = vcltq_s8(vreinterpretq_s8_u8(text), vdupq_n_s8(' '));
    uint8x16_t stops = vorrq_u8(vorrq_u8(quotes, slashes), others);
    // Four bits a byte are left, in order.
    uint8x8_t packed = vshrn_n_u16(vreinterpretq_u16_u8(stops), 4);
    uint64_t bits = vget_lane_u64(vreinterpret_u64_u8(packed), 0);
    return bits ? __builtin_ctzll(bits) >> 2 : 16;
#else
    const uint8_t *text = (const uint8_t *)bytes;
    int32_t length = 0;
    while (length < 16 && text[length] != '"' && text[length] != '\\' && text[length] >= 0x20
           && text[length] < 0x80)
        ++length;
    return length;
#endif
}

// Has `bytes` bytes from `start` on brought near, for whoever reads them soon. The address need not
// be readable: nothing happens then.
static inline void c_simd_prefetch(const void *start, int32_t bytes) {
    for (int32_t offset = 0; offset < bytes; offset += 64)
        __builtin_prefetch((const char *)start + offset);
}
