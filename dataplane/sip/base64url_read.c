#include "base64url_read.h"

#define NO_DIGIT 0x80

/* Value of each byte as a digit, plus one; 0: no digit. The offset lets the initialiser name the digits only. */
static const uint8_t digit_plus_one[256] = {
	['A'] = 1,  ['B'] = 2,	['C'] = 3,  ['D'] = 4,	['E'] = 5,  ['F'] = 6,	['G'] = 7,  ['H'] = 8,
	['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
	['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
	['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
	['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
	['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
	['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
	['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['-'] = 63, ['_'] = 64,
};

/* 0 to 63, or a number with NO_DIGIT set (0 - 1 wraps to all ones). */
static uint32_t digit_value(char byte)
{
	return (uint32_t)digit_plus_one[(uint8_t)byte] - 1;
}

/* The last two or three digits: one or two bytes. */
static bool read_tail(uint8_t *out, const char *at, uint32_t digits)
{
	uint32_t a = digit_value(at[0]), b = digit_value(at[1]), c = digits == 3 ? digit_value(at[2]) : 0;

	if ((a | b | c) & NO_DIGIT)
		return false;
	out[0] = (uint8_t)(a << 2 | b >> 4);
	if (digits == 2)
		return (b & 15) == 0;
	out[1] = (uint8_t)(b << 4 | c >> 2);
	return (c & 3) == 0;
}

int base64url_read(uint8_t *bytes, uint32_t capacity, struct span text)
{
	uint32_t tail = text.length % 4, tail_bytes = tail ? tail - 1 : 0;
	uint64_t length = (uint64_t)(text.length / 4) * 3 + tail_bytes;
	const char *at = text.at;
	uint8_t *out = bytes;
	uint32_t wrong = 0;

	if (tail == 1 || length > capacity)
		return -1;
	for (uint32_t groups = text.length / 4; groups; groups--, at += 4, out += 3) {
		uint32_t a = digit_value(at[0]), b = digit_value(at[1]), c = digit_value(at[2]), d = digit_value(at[3]);
		wrong |= a | b | c | d;
		out[0] = (uint8_t)(a << 2 | b >> 4);
		out[1] = (uint8_t)(b << 4 | c >> 2);
		out[2] = (uint8_t)(c << 6 | d);
	}
	if (wrong & NO_DIGIT)
		return -1;
	if (tail && !read_tail(out, at, tail))
		return -1;
	return (int)length;
}
