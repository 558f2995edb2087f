#include "base64url_read.h"

/* clang-format off */
#define DIGITS(row) \
	row('A', 0) row('B', 1) row('C', 2) row('D', 3) row('E', 4) row('F', 5) row('G', 6) row('H', 7) \
	row('I', 8) row('J', 9) row('K', 10) row('L', 11) row('M', 12) row('N', 13) row('O', 14) row('P', 15) \
	row('Q', 16) row('R', 17) row('S', 18) row('T', 19) row('U', 20) row('V', 21) row('W', 22) row('X', 23) \
	row('Y', 24) row('Z', 25) row('a', 26) row('b', 27) row('c', 28) row('d', 29) row('e', 30) row('f', 31) \
	row('g', 32) row('h', 33) row('i', 34) row('j', 35) row('k', 36) row('l', 37) row('m', 38) row('n', 39) \
	row('o', 40) row('p', 41) row('q', 42) row('r', 43) row('s', 44) row('t', 45) row('u', 46) row('v', 47) \
	row('w', 48) row('x', 49) row('y', 50) row('z', 51) row('0', 52) row('1', 53) row('2', 54) row('3', 55) \
	row('4', 56) row('5', 57) row('6', 58) row('7', 59) row('8', 60) row('9', 61) row('-', 62) row('_', 63)
/* clang-format on */

/*
 * Where the six bits of the first, second, third and fourth digit of a group go in its three bytes, as a little-endian
 * word. The fourth byte of the word says that it is a digit at all: it is 0 for other bytes.
 */
#define IS_DIGIT     0x01000000u
#define FIRST(c, v)  [c] = IS_DIGIT | (v) << 2,
#define SECOND(c, v) [c] = IS_DIGIT | (v) >> 4 | ((v)&15) << 12,
#define THIRD(c, v)  [c] = IS_DIGIT | (v) >> 2 << 8 | ((v)&3) << 22,
#define FOURTH(c, v) [c] = IS_DIGIT | (v) << 16,
static const uint32_t first_bits[256] = {DIGITS(FIRST)};
static const uint32_t second_bits[256] = {DIGITS(SECOND)};
static const uint32_t third_bits[256] = {DIGITS(THIRD)};
static const uint32_t fourth_bits[256] = {DIGITS(FOURTH)};

/* The three bytes, in the low 24 bits; *all loses IS_DIGIT at the first byte that is no digit. */
static uint32_t read_group(uint32_t *all, const uint8_t at[4])
{
	uint32_t a = first_bits[at[0]], b = second_bits[at[1]], c = third_bits[at[2]], d = fourth_bits[at[3]];

	*all &= a & b & c & d;
	return a | b | c | d;
}

int base64url_read(uint8_t *bytes, uint32_t capacity, struct span text)
{
	uint32_t tail = text.length % 4, tail_bytes = tail ? tail - 1 : 0;
	uint64_t length = (uint64_t)(text.length / 4) * 3 + tail_bytes;
	const uint8_t *at = (const uint8_t *)text.at;
	uint32_t all = IS_DIGIT, group;

	if (tail == 1 || length > capacity)
		return -1;
	for (uint32_t groups = text.length / 4; groups; groups--, at += 4, bytes += 3) {
		group = read_group(&all, at);
		memcpy(bytes, &group, 3);
	}
	if (tail) {
		uint8_t padded[4] = {at[0], at[1], tail == 3 ? at[2] : 'A', 'A'};
		group = read_group(&all, padded);
		memcpy(bytes, &group, tail_bytes);
		if ((group & (IS_DIGIT - 1)) >> (8 * tail_bytes))
			return -1;
	}
	return all & IS_DIGIT ? (int)length : -1;
}
