/*
 * crc.c - CRC-32 as in PNG (polynomial 0xEDB88320 reflected), borrowed: from libisal, or from zlib where it is missing.
 *
 * Both take and give the finished value, so that a sum may go on where another ended.
 */
#include <assert.h>
#ifdef GW_WITH_LIBISAL
#include <isa-l/crc.h>
#else
#include <zlib.h>
#endif

#include "chunk.h"

uint32_t gw_chunk_crc(uint32_t crc, const void *mem, size_t len)
{
    assert(mem != NULL || len == 0);
    if (len == 0)
        return crc;
#ifdef GW_WITH_LIBISAL
    return crc32_gzip_refl(crc, mem, len);
#else
    return (uint32_t)crc32_z(crc, mem, len);
#endif
}
