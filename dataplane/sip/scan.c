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

static struct scan_bitmaps take_bitmaps(const char *block)
{
	struct scan_bitmaps bitmaps = {0};
	for (uint32_t i = 0; i < SCAN_BLOCK_BYTES; i += 8) {
		uint64_t word;
		memcpy(&word, block + i, sizeof(word));
		bitmaps.line_feeds |= zero_bytes(word ^ EACH_BYTE('\n')) << i;
		bitmaps.colons |= zero_bytes(word ^ EACH_BYTE(':')) << i;
		bitmaps.carriage_returns |= zero_bytes(word ^ EACH_BYTE('\r')) << i;
	}
	return bitmaps;
}

static void fill_scalar(struct scan *scan)
{
	scan_clear_window(scan);
	while (!scan->is_done && scan_has_room(scan)) {
		const char *at = scan->bytes.at + scan->offset;
		uint32_t left = scan->bytes.length - scan->offset;
		if (left >= SCAN_BLOCK_BYTES) {
			scan_take_block(scan, take_bitmaps(at), SCAN_BLOCK_BYTES);
			continue;
		}
		char rest[SCAN_BLOCK_BYTES] = {0};
		if (left)
			memcpy(rest, at, left);
		scan_take_block(scan, take_bitmaps(rest), left);
	}
}

/* Written by scan_select before the lcores start, read by all of them. */
static void (*fill_selected)(struct scan *scan) = fill_scalar;

static bool has_avx2(void)
{
#if defined(__x86_64__)
	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi");
#else
	return false;
#endif
}

bool scan_select(enum scan_variant variant)
{
	if (variant == SCAN_AVX2 && !has_avx2())
		return false;
	fill_selected = variant == SCAN_AVX2 ? scan_avx2_fill : fill_scalar;
	return true;
}

enum scan_variant scan_select_best(void)
{
	enum scan_variant best = scan_select(SCAN_AVX2) ? SCAN_AVX2 : SCAN_SCALAR;
	scan_select(best);
	return best;
}

void scan_fill(struct scan *scan)
{
	fill_selected(scan);
}
