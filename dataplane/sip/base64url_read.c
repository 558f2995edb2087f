#include "base64url_read.h"
#include "base64url_avx2.h"
#include "base64url_tables.h"
#include "scan.h"

#ifdef __SSSE3__
#include <tmmintrin.h>
#else
#define WIDE_DIGITS UINT32_MAX
#endif

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

#ifdef __SSSE3__
#define WIDE_DIGITS 16
#define WIDE_BYTES  12

/*
 * Sixteen digits at once: each byte gets what lies between its digit and its value; then two multiplications put four
 * times six bits together, and a shuffle drops each fourth byte. *wrong gets what is not 0 where one is no digit.
 * Result: twelve bytes, zeros behind.
 */
static inline __m128i read_wide(__m128i *wrong, __m128i digits)
{
	const __m128i not_lower = _mm_setr_epi8(BASE64URL_NOT_LOWER), of_upper = _mm_setr_epi8(BASE64URL_OF_UPPER);
	const __m128i offsets = _mm_setr_epi8(BASE64URL_OFFSETS), pack = _mm_setr_epi8(BASE64URL_PACK);
	const __m128i nibble = _mm_set1_epi8(0x0f), away = _mm_set1_epi8(BASE64URL_UNDERSCORE_AWAY);
	__m128i upper = _mm_and_si128(_mm_srli_epi16(digits, 4), nibble), lower = _mm_and_si128(digits, nibble);
	__m128i shared = _mm_and_si128(_mm_shuffle_epi8(not_lower, lower), _mm_shuffle_epi8(of_upper, upper));
	__m128i is_underscore = _mm_cmpeq_epi8(digits, _mm_set1_epi8('_'));
	__m128i place = _mm_add_epi8(upper, _mm_and_si128(is_underscore, away));
	__m128i values = _mm_add_epi8(digits, _mm_shuffle_epi8(offsets, place));
	__m128i pairs = _mm_maddubs_epi16(values, _mm_set1_epi32(0x01400140));

	*wrong = _mm_or_si128(*wrong, shared);
	return _mm_shuffle_epi8(_mm_madd_epi16(pairs, _mm_set1_epi32(0x00011000)), pack);
}

/* The last `count` digits of a text that has WIDE_DIGITS at least, and as many A behind them as are missing. */
static inline __m128i load_last(const uint8_t *end, uint32_t count)
{
	static const int8_t places[2 * WIDE_DIGITS] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
						       -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};
	__m128i place = _mm_loadu_si128((const __m128i *)(places + WIDE_DIGITS - count));
	__m128i digits = _mm_loadu_si128((const __m128i *)(end - WIDE_DIGITS));
	__m128i missing = _mm_and_si128(_mm_cmpgt_epi8(_mm_setzero_si128(), place), _mm_set1_epi8('A'));

	return _mm_or_si128(_mm_shuffle_epi8(digits, place), missing);
}

/* 0 to 12 bytes of them, in two parts that may overlap. */
static inline void store_some(uint8_t *bytes, const uint8_t some[WIDE_DIGITS], uint32_t count)
{
	if (count >= 4) {
		memcpy(bytes, some, count >= 8 ? 8 : 4);
		memcpy(bytes + count - 4, some + count - 4, 4);
		return;
	}
	for (uint32_t i = 0; i < count; i++)
		bytes[i] = some[i];
}

/* `text` is WIDE_DIGITS long or longer, and has `length` bytes in it. Result: false when it is broken. Apart, as AVX2
 * takes most of them. */
static __attribute__((noinline)) bool read_long(uint8_t *bytes, uint32_t length, struct span text)
{
	const uint8_t *at = (const uint8_t *)text.at, *end = at + text.length;
	uint32_t left = length;
	__m128i wrong = _mm_setzero_si128();
	uint8_t last[WIDE_DIGITS];

	/* Four bytes too many, which lie within the length and are written over. */
	for (; left >= WIDE_BYTES + 4; left -= WIDE_BYTES, bytes += WIDE_BYTES, at += WIDE_DIGITS)
		_mm_storeu_si128((__m128i *)bytes, read_wide(&wrong, _mm_loadu_si128((const __m128i *)at)));
	if (left >= WIDE_BYTES) {
		_mm_storeu_si128((__m128i *)last, read_wide(&wrong, _mm_loadu_si128((const __m128i *)at)));
		store_some(bytes, last, WIDE_BYTES);
		left -= WIDE_BYTES, bytes += WIDE_BYTES, at += WIDE_DIGITS;
	}
	if (at < end) {
		_mm_storeu_si128((__m128i *)last, read_wide(&wrong, load_last(end, (uint32_t)(end - at))));
		store_some(bytes, last, left);
		if (last[left]) /* bits behind the last byte */
			return false;
	}
	return _mm_movemask_epi8(_mm_cmpeq_epi8(wrong, _mm_setzero_si128())) == 0xffff;
}

/* The first sixteen digits, then the last six with A behind them, which have four bits too many. */
bool base64url_read_block(uint8_t bytes[BASE64URL_BLOCK_BYTES], const char digits[BASE64URL_BLOCK_DIGITS])
{
	const __m128i last_six = _mm_setr_epi8(10, 11, 12, 13, 14, 15, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1);
	const __m128i missing = _mm_setr_epi8(0, 0, 0, 0, 0, 0, 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A');
	__m128i end = _mm_loadu_si128((const __m128i *)(digits + BASE64URL_BLOCK_DIGITS - WIDE_DIGITS));
	__m128i wrong = _mm_setzero_si128();
	__m128i first = read_wide(&wrong, _mm_loadu_si128((const __m128i *)digits));
	__m128i last = read_wide(&wrong, _mm_or_si128(_mm_shuffle_epi8(end, last_six), missing));

	wrong = _mm_or_si128(wrong, _mm_srli_si128(last, BASE64URL_BLOCK_BYTES - WIDE_BYTES));
	_mm_storeu_si128((__m128i *)bytes, _mm_or_si128(first, _mm_slli_si128(last, WIDE_BYTES)));
	return _mm_movemask_epi8(_mm_cmpeq_epi8(wrong, _mm_setzero_si128())) == 0xffff;
}
#else
bool base64url_read_block(uint8_t bytes[BASE64URL_BLOCK_BYTES], const char digits[BASE64URL_BLOCK_DIGITS])
{
	return base64url_read(bytes, BASE64URL_BLOCK_BYTES, span_make(digits, BASE64URL_BLOCK_DIGITS)) >= 0;
}

static bool read_long(uint8_t *bytes, uint32_t length, struct span text)
{
	(void)bytes, (void)length, (void)text; /* never asked: no text is so long */
	return false;
}
#endif

/* The last two or three digits. Result: false when they are broken, or have bits behind the last byte. */
static bool read_tail(uint8_t *bytes, const uint8_t *at, uint32_t count)
{
	uint8_t padded[4] = {at[0], at[1], count == 3 ? at[2] : 'A', 'A'};
	uint32_t all = IS_DIGIT, group = read_group(&all, padded);

	memcpy(bytes, &group, 2 - (count == 2));
	return all & IS_DIGIT && (group & (IS_DIGIT - 1)) >> (8 * (count - 1)) == 0;
}

/* Whole groups. Result: false when one of them is broken. */
static __attribute__((noinline)) bool read_whole(uint8_t *bytes, const uint8_t *at, uint32_t count)
{
	uint32_t all = IS_DIGIT;

	for (; count; count -= 4, at += 4, bytes += 3) {
		uint32_t group = read_group(&all, at);
		memcpy(bytes, &group, 3);
	}
	return all & IS_DIGIT;
}

int base64url_read(uint8_t *bytes, uint32_t capacity, struct span text)
{
	uint32_t tail = text.length % 4, tail_bytes = tail ? tail - 1 : 0, whole = text.length - tail;
	uint64_t length = (uint64_t)(text.length / 4) * 3 + tail_bytes;
	bool is_right;

	if (tail == 1 || length > capacity)
		return -1;
	if (whole >= BASE64URL_AVX2_DIGITS && scan_selected() != SCAN_SCALAR)
		is_right = base64url_avx2_read(bytes, text.at, whole);
	else if (text.length >= WIDE_DIGITS)
		return read_long(bytes, (uint32_t)length, text) ? (int)length : -1;
	else
		is_right = read_whole(bytes, (const uint8_t *)text.at, whole);
	if (tail)
		is_right &= read_tail(bytes + length - tail_bytes, (const uint8_t *)text.at + whole, tail);
	return is_right ? (int)length : -1;
}
