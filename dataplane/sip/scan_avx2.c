#include "scan.h"

#include <immintrin.h>

static inline uint64_t equal_bytes(__m256i low, __m256i high, char byte)
{
	__m256i wanted = _mm256_set1_epi8(byte);
	uint32_t low_bits = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, wanted));
	uint32_t high_bits = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, wanted));
	return (uint64_t)high_bits << 32 | low_bits;
}

static inline struct scan_bitmaps take_whole_bitmaps(const char *block)
{
	__m256i low = _mm256_loadu_si256((const __m256i *)block);
	__m256i high = _mm256_loadu_si256((const __m256i *)(block + 32));
	return (struct scan_bitmaps){equal_bytes(low, high, '\n'), equal_bytes(low, high, '\r')};
}

/* The last, short block: read so that it ends with the bytes, what was seen already shifted out. */
static struct scan_bitmaps take_last_bitmaps(struct span bytes, uint32_t left)
{
	if (bytes.length >= SCAN_BLOCK_BYTES) {
		struct scan_bitmaps bitmaps = take_whole_bitmaps(bytes.at + bytes.length - SCAN_BLOCK_BYTES);
		uint32_t seen = SCAN_BLOCK_BYTES - left;
		return (struct scan_bitmaps){bitmaps.line_feeds >> seen, bitmaps.carriage_returns >> seen};
	}
	char rest[SCAN_BLOCK_BYTES] = {0};
	memcpy(rest, bytes.at + bytes.length - left, left);
	return take_whole_bitmaps(rest);
}

static inline struct scan_bitmaps take_bitmaps(struct span bytes, uint32_t offset)
{
	uint32_t left = bytes.length - offset;
	return left >= SCAN_BLOCK_BYTES ? take_whole_bitmaps(bytes.at + offset) : take_last_bitmaps(bytes, left);
}

/* Names of headers are short: their colon is in the first 32 bytes of the line, or the slow search finds it. */
static inline uint32_t find_colon(struct span bytes, uint32_t start, uint32_t feed)
{
	if (bytes.length - start >= 32) {
		__m256i line = _mm256_loadu_si256((const __m256i *)(bytes.at + start));
		uint32_t colons = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(line, _mm256_set1_epi8(':')));
		uint32_t colon = start + (uint32_t)__builtin_ctz(colons | 1u << 31);
		if (colon - start < 31)
			return colon < feed ? colon : feed;
	}
	const char *colon = memchr(bytes.at + start, ':', feed - start);
	return colon ? (uint32_t)(colon - bytes.at) : feed;
}

void scan_avx2_fill(struct scan *scan)
{
	scan_fill_by(scan, take_bitmaps, find_colon);
}
