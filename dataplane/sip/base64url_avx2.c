#include "base64url_avx2.h"
#include "base64url_tables.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define BOTH(...) _mm256_broadcastsi128_si256(_mm_setr_epi8(__VA_ARGS__))

/* As read_wide() of base64url_read.c does sixteen of them. */
static inline void read_step(uint8_t *bytes, __m256i *wrong, const char *at)
{
	const __m256i not_lower = BOTH(BASE64URL_NOT_LOWER), of_upper = BOTH(BASE64URL_OF_UPPER);
	const __m256i offsets = BOTH(BASE64URL_OFFSETS), pack = BOTH(BASE64URL_PACK);
	const __m256i join = _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 7, 7);
	const __m256i nibble = _mm256_set1_epi8(0x0f), away = _mm256_set1_epi8(BASE64URL_UNDERSCORE_AWAY);
	__m256i digits = _mm256_loadu_si256((const __m256i *)at);
	__m256i upper = _mm256_and_si256(_mm256_srli_epi16(digits, 4), nibble);
	__m256i lower = _mm256_and_si256(digits, nibble);
	__m256i shared = _mm256_and_si256(_mm256_shuffle_epi8(not_lower, lower), _mm256_shuffle_epi8(of_upper, upper));
	__m256i is_underscore = _mm256_cmpeq_epi8(digits, _mm256_set1_epi8('_'));
	__m256i place = _mm256_add_epi8(upper, _mm256_and_si256(is_underscore, away));
	__m256i values = _mm256_add_epi8(digits, _mm256_shuffle_epi8(offsets, place));
	__m256i pairs = _mm256_maddubs_epi16(values, _mm256_set1_epi32(0x01400140));
	__m256i packed = _mm256_shuffle_epi8(_mm256_madd_epi16(pairs, _mm256_set1_epi32(0x00011000)), pack);
	__m256i joined = _mm256_permutevar8x32_epi32(packed, join);

	*wrong = _mm256_or_si256(*wrong, shared);
	_mm_storeu_si128((__m128i *)bytes, _mm256_castsi256_si128(joined));
	_mm_storel_epi64((__m128i *)(bytes + 16), _mm256_extracti128_si256(joined, 1));
}

bool base64url_avx2_read(uint8_t *bytes, const char *digits, uint32_t count)
{
	__m256i wrong = _mm256_setzero_si256();
	uint32_t done = 0;

	for (; done + BASE64URL_AVX2_DIGITS <= count; done += BASE64URL_AVX2_DIGITS, bytes += BASE64URL_AVX2_BYTES)
		read_step(bytes, &wrong, digits + done);
	if (done < count)
		read_step(bytes - (done + BASE64URL_AVX2_DIGITS - count) / 4 * 3, &wrong,
			  digits + count - BASE64URL_AVX2_DIGITS);
	return _mm256_testz_si256(wrong, wrong);
}

/* As base64url_of_twelve() of text_write.c does twelve of them. */
static inline void write_step(char *digits, const uint8_t *at)
{
	/* The upper half begins four bytes early: nothing behind the bytes is read. */
	const __m256i spread = _mm256_setr_epi8(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10, 5, 4, 6, 5, 8, 7, 9,
						8, 11, 10, 12, 11, 14, 13, 15, 14);
	const __m256i offsets = BOTH('A', 'a' - 26, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52,
				     '0' - 52, '0' - 52, '0' - 52, '0' - 52, '-' - 62, '_' - 63, 0, 0);
	__m256i bytes = _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)at)),
						_mm_loadu_si128((const __m128i *)(at + 8)), 1);
	__m256i words = _mm256_shuffle_epi8(bytes, spread);
	__m256i odd = _mm256_mulhi_epu16(_mm256_and_si256(words, _mm256_set1_epi32(0x0fc0fc00)),
					 _mm256_set1_epi32(0x04000040));
	__m256i even = _mm256_mullo_epi16(_mm256_and_si256(words, _mm256_set1_epi32(0x003f03f0)),
					  _mm256_set1_epi32(0x01000010));
	__m256i values = _mm256_or_si256(odd, even);
	__m256i is_not_upper = _mm256_cmpgt_epi8(values, _mm256_set1_epi8(25));
	__m256i range = _mm256_sub_epi8(_mm256_subs_epu8(values, _mm256_set1_epi8(51)), is_not_upper);

	_mm256_storeu_si256((__m256i *)digits, _mm256_add_epi8(values, _mm256_shuffle_epi8(offsets, range)));
}

void base64url_avx2_write(char *digits, const uint8_t *bytes, uint32_t groups)
{
	const uint8_t *last = bytes + (size_t)groups * 3 - BASE64URL_AVX2_BYTES;
	char *last_digits = digits + (size_t)groups * 4 - BASE64URL_AVX2_DIGITS;

	for (; bytes < last; bytes += BASE64URL_AVX2_BYTES, digits += BASE64URL_AVX2_DIGITS)
		write_step(digits, bytes);
	write_step(last_digits, last);
}
#else
bool base64url_avx2_read(uint8_t *bytes, const char *digits, uint32_t count)
{
	(void)bytes, (void)digits, (void)count;
	return false;
}

void base64url_avx2_write(char *digits, const uint8_t *bytes, uint32_t groups)
{
	(void)digits, (void)bytes, (void)groups;
}
#endif
