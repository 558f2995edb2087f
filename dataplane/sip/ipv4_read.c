#include "ipv4_read.h"

#ifdef __SSSE3__
#include <tmmintrin.h>
#endif

#define OCTETS	       4
#define DIGITS_MAX     3
#define LENGTH_MAX     15 /* of the text */
#define LENGTH_AT_ONCE 8  /* to LENGTH_MAX: two words that overlap */

static bool read_bytewise(uint8_t octets[OCTETS], struct span text)
{
	uint32_t at = 0;

	for (uint32_t i = 0; i < OCTETS; i++) {
		uint32_t from = at, value = 0;
		for (; at < text.length && at - from < DIGITS_MAX && text.at[at] >= '0' && text.at[at] <= '9'; at++)
			value = value * 10 + (uint32_t)(text.at[at] - '0');
		if (at == from || value > UINT8_MAX || (at - from > 1 && text.at[from] == '0'))
			return false;
		octets[i] = (uint8_t)value;
		if (i < OCTETS - 1 && (at == text.length || text.at[at++] != '.'))
			return false;
	}
	return at == text.length;
}

#ifdef __SSSE3__
#define NO_DIGIT   0x80u /* for a shuffle: zero */
#define EACH_PLACE 0x00010101u

/*
 * By the number of digits: from where in the text they come when it ends at 0, hundreds, tens, ones in the three low
 * bytes of a word. The end is added to each; none of the sums leaves its byte. 0: so many are too many, or none; what
 * stands at the end comes in the place of all three then, and makes a number that is too large.
 */
static const uint32_t digit_places[LENGTH_MAX + 1] = {
	[1] = (NO_DIGIT << 24) + NO_DIGIT + (NO_DIGIT << 8) - (1 << 16),
	[2] = (NO_DIGIT << 24) + NO_DIGIT - (2 << 8) - (1 << 16),
	[3] = (NO_DIGIT << 24) - 3 - (2 << 8) - (1 << 16),
};

/* The text, zeros behind it. */
static __m128i load_text(struct span text)
{
	uint64_t head, tail;

	memcpy(&head, text.at, sizeof(head));
	memcpy(&tail, text.at + text.length - sizeof(tail), sizeof(tail));
	tail = tail >> 8 >> 8 * (LENGTH_MAX - text.length);
	return _mm_set_epi64x((long long)tail, (long long)head);
}

/* Places of the digits of the number between *from and the first of the ends; then what is behind it. */
static inline uint32_t take_places(uint32_t *from, uint32_t *ends)
{
	uint32_t end = (uint32_t)__builtin_ctz(*ends);
	uint32_t places = digit_places[end - *from] + end * EACH_PLACE;

	*from = end + 1;
	*ends &= *ends - 1;
	return places;
}

/* There are OCTETS ends. */
static inline __m128i find_places(uint32_t ends)
{
	uint32_t from = 0;
	uint32_t first = take_places(&from, &ends), second = take_places(&from, &ends);
	uint32_t third = take_places(&from, &ends), fourth = take_places(&from, &ends);

	return _mm_set_epi64x((long long)((uint64_t)fourth << 32 | third), (long long)((uint64_t)second << 32 | first));
}

static bool read_at_once(uint8_t octets[OCTETS], struct span text)
{
	__m128i bytes = load_text(text), digits = _mm_sub_epi8(bytes, _mm_set1_epi8('0'));
	__m128i is_digit = _mm_cmpeq_epi8(_mm_min_epu8(digits, _mm_set1_epi8(9)), digits);
	uint32_t digit = (uint32_t)_mm_movemask_epi8(is_digit);
	uint32_t dot = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('.')));
	uint32_t zero = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(digits, _mm_setzero_si128()));
	uint32_t leading_zero = zero & (dot << 1 | 1) & digit >> 1;

	if ((digit | dot) != (1u << text.length) - 1 || __builtin_popcount(dot) != OCTETS - 1 || leading_zero)
		return false;
	__m128i places = find_places(dot | 1u << text.length);
	__m128i numbers = _mm_maddubs_epi16(_mm_shuffle_epi8(digits, places), _mm_set1_epi32(100 | 10 << 8 | 1 << 16));
	numbers = _mm_madd_epi16(numbers, _mm_set1_epi16(1));
	if (_mm_movemask_epi8(_mm_cmpgt_epi32(numbers, _mm_set1_epi32(UINT8_MAX))))
		return false;
	numbers = _mm_packs_epi32(numbers, numbers);
	uint32_t packed = (uint32_t)_mm_cvtsi128_si32(_mm_packus_epi16(numbers, numbers));
	memcpy(octets, &packed, sizeof(packed));
	return true;
}
#else
static bool read_at_once(uint8_t octets[OCTETS], struct span text)
{
	return read_bytewise(octets, text);
}
#endif

bool ipv4_read(uint8_t octets[4], struct span text)
{
	if (text.length < LENGTH_AT_ONCE || text.length > LENGTH_MAX)
		return read_bytewise(octets, text);
	return read_at_once(octets, text);
}
