#pragma once
#include <stddef.h>
#include <stdint.h>

// CRC-32C (Castagnoli, reflected 0x82F63B78) of `length` bytes, continuing the finished checksum
// `crc` (0 to begin). Uses the processor's CRC instructions where it has them.
uint32_t c_checksums_crc32c(uint32_t crc, const void *bytes, size_t length);

// The same by tables, on every processor: the reference the fast way is tested against.
uint32_t c_checksums_crc32c_portable(uint32_t crc, const void *bytes, size_t length);

// 1 when `c_checksums_crc32c` uses CRC instructions on this machine.
int c_checksums_crc32c_is_accelerated(void);
