/*
 * message_parse_wide.h - the wide loads that the usual message is read by: for the files that are built with the
 * compiler options of a CPU, and for no others (message_parse_vector.h).
 */
#ifndef AMITY_MESSAGE_PARSE_WIDE_H
#define AMITY_MESSAGE_PARSE_WIDE_H

#include "lexis.h"
#include "message_parse_vector.h"
#include "scan.h"
#include "token_name.h"

#if defined(__AVX2__)
#include <immintrin.h>

#define CASE_BITS  0x2020202020202020ull
#define LOAD_BYTES 32

/* Header lines are read from the end of the message through a copy with zeros behind it, as loads are longer than they.
 */
#define COPY_BYTES 64

/* The start line and the headers. */
#define LINES_MAX (1 + SIP_HEADERS_MAX)

/* Of a block of SCAN_BLOCK_BYTES: with more, there are lines of less than four bytes, which no header has. */
#define BLOCK_LINES_MAX 16

struct usual {
	struct sip_message *message;
	const char *bytes;
	const char *last_load; /* the last place of which LOAD_BYTES can be read */
	uint32_t line_count;   /* with the start line */
	uint16_t feeds[LINES_MAX + 2 * BLOCK_LINES_MAX];
	char copy[2 * COPY_BYTES] __attribute__((aligned(LOAD_BYTES)));
};

static inline __m256i load(const char *at)
{
	return _mm256_loadu_si256((const __m256i *)at);
}

static inline void store(char *at, __m256i bytes)
{
	_mm256_storeu_si256((__m256i *)at, bytes);
}

static inline uint32_t mask_of(__m256i bytes)
{
	return (uint32_t)_mm256_movemask_epi8(bytes);
}

static inline uint64_t load_word(const char *at)
{
	return token_name_load(at);
}

static inline uint32_t load_half(const char *at)
{
	uint32_t half;
	memcpy(&half, at, sizeof(half));
	return half;
}

/* The two nibbles of a byte: which bit of lexis_nibbles the upper one asks for. */
static const uint8_t high_bits[LOAD_BYTES] __attribute__((aligned(LOAD_BYTES))) = {
	1, 2, 4, 8, 16, 32, 64, 128, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 0, 0, 0, 0, 0, 0, 0, 0,
};

/* Bit n: byte n is not of the class (lexis.h). Bytes above 0x7f never are. */
static inline uint32_t find_stops(__m256i bytes, uint8_t class)
{
	__m256i low_table =
		_mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)lexis_nibbles[__builtin_ctz(class)]));
	__m256i low = _mm256_shuffle_epi8(low_table, bytes);
	__m256i nibble = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), _mm256_set1_epi8(0x0f));
	__m256i high = _mm256_shuffle_epi8(load((const char *)high_bits), nibble);
	return mask_of(_mm256_cmpeq_epi8(_mm256_and_si256(low, high), _mm256_setzero_si256()));
}

static inline __m256i equal(__m256i bytes, char byte)
{
	return _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(byte));
}

static inline __m256i white_or_control(__m256i bytes)
{
	return _mm256_cmpeq_epi8(_mm256_min_epu8(bytes, _mm256_set1_epi8(' ')), bytes);
}

static inline uint32_t find_white_or_control(__m256i bytes)
{
	return mask_of(white_or_control(bytes));
}

static inline uint64_t find_in_block(__m256i low, __m256i high, char byte)
{
	return (uint64_t)mask_of(equal(high, byte)) << 32 | mask_of(equal(low, byte));
}

/* `length` is not 0: the place of an absent part is 0 (sip_message.h). */
static inline struct slice slice_at(const struct usual *usual, const char *from, uint32_t length)
{
	return (struct slice){(uint16_t)(from - usual->bytes), (uint16_t)length};
}

#endif

#endif
