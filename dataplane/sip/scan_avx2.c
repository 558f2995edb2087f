#include "scan.h"

#include <immintrin.h>

static inline uint64_t equal_bytes(__m256i low, __m256i high, char byte)
{
	__m256i wanted = _mm256_set1_epi8(byte);
	uint32_t low_bits = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, wanted));
	uint32_t high_bits = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, wanted));
	return (uint64_t)high_bits << 32 | low_bits;
}

static inline struct scan_bitmaps take_bitmaps(const char *block)
{
	__m256i low = _mm256_loadu_si256((const __m256i *)block);
	__m256i high = _mm256_loadu_si256((const __m256i *)(block + 32));
	return (struct scan_bitmaps){
		.line_feeds = equal_bytes(low, high, '\n'),
		.colons = equal_bytes(low, high, ':'),
		.carriage_returns = equal_bytes(low, high, '\r'),
	};
}

/* The last, short block: read so that it ends with the bytes, what was seen already shifted out. */
static struct scan_bitmaps take_last_bitmaps(struct span bytes, uint32_t left)
{
	if (bytes.length >= SCAN_BLOCK_BYTES && left) {
		struct scan_bitmaps bitmaps = take_bitmaps(bytes.at + bytes.length - SCAN_BLOCK_BYTES);
		uint32_t seen = SCAN_BLOCK_BYTES - left;
		bitmaps.line_feeds >>= seen;
		bitmaps.colons >>= seen;
		bitmaps.carriage_returns >>= seen;
		return bitmaps;
	}
	char rest[SCAN_BLOCK_BYTES] = {0};
	if (left)
		memcpy(rest, bytes.at + bytes.length - left, left);
	return take_bitmaps(rest);
}

void scan_avx2_fill(struct scan *scan)
{
	scan_clear_window(scan);
	while (!scan->is_done && scan_has_room(scan)) {
		uint32_t left = scan->bytes.length - scan->offset;
		if (left >= SCAN_BLOCK_BYTES)
			scan_take_block(scan, take_bitmaps(scan->bytes.at + scan->offset), SCAN_BLOCK_BYTES);
		else
			scan_take_block(scan, take_last_bitmaps(scan->bytes, left), left);
	}
}
