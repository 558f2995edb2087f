#include "scan.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the bitmaps of the scalar variant are made for little-endian words"
#endif

#define EACH_BYTE(byte) (0x0101010101010101ull * (byte))

/* Bit n: byte n of the eight is zero. Exact, without borrows between bytes. */
static uint64_t zero_bytes(uint64_t word)
{
	uint64_t low = (word & EACH_BYTE(0x7f)) + EACH_BYTE(0x7f);
	uint64_t zero = ~(low | word | EACH_BYTE(0x7f)) >> 7;
	return zero * 0x0102040810204080ull >> 56;
}

static struct scan_bitmaps take_whole_bitmaps(const char *block)
{
	struct scan_bitmaps bitmaps = {0};
	for (uint32_t i = 0; i < SCAN_BLOCK_BYTES; i += 8) {
		uint64_t word;
		memcpy(&word, block + i, sizeof(word));
		bitmaps.line_feeds |= zero_bytes(word ^ EACH_BYTE('\n')) << i;
		bitmaps.carriage_returns |= zero_bytes(word ^ EACH_BYTE('\r')) << i;
	}
	return bitmaps;
}

static struct scan_bitmaps take_bitmaps(struct span bytes, uint32_t offset)
{
	char rest[SCAN_BLOCK_BYTES] = {0};
	if (bytes.length - offset >= SCAN_BLOCK_BYTES)
		return take_whole_bitmaps(bytes.at + offset);
	memcpy(rest, bytes.at + offset, bytes.length - offset);
	return take_whole_bitmaps(rest);
}

static uint32_t find_colon(struct span bytes, uint32_t start, uint32_t feed)
{
	while (start < feed && bytes.at[start] != ':')
		start++;
	return start;
}

static void fill_scalar(struct scan *scan)
{
	scan_fill_by(scan, take_bitmaps, find_colon);
}

/* Written by scan_select before the lcores start, read by all of them. */
static void (*fill_selected)(struct scan *scan) = fill_scalar;
static enum scan_variant variant_selected = SCAN_SCALAR;

#if defined(__x86_64__)
static bool has_variant(enum scan_variant variant)
{
	bool has_avx2 =
		__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
	bool has_avx512 = __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
			  __builtin_cpu_supports("avx512vbmi2");
	return variant == SCAN_SCALAR || (has_avx2 && (variant == SCAN_AVX2 || has_avx512));
}
#else
static bool has_variant(enum scan_variant variant)
{
	return variant == SCAN_SCALAR;
}
#endif

bool scan_select(enum scan_variant variant)
{
	if (!has_variant(variant))
		return false;
	fill_selected = variant == SCAN_SCALAR ? fill_scalar : scan_avx2_fill;
	variant_selected = variant;
	return true;
}

enum scan_variant scan_select_best(void)
{
	enum scan_variant best = SCAN_AVX512;
	while (!scan_select(best))
		best--;
	return best;
}

enum scan_variant scan_selected(void)
{
	return variant_selected;
}

void scan_fill(struct scan *scan)
{
	fill_selected(scan);
}
