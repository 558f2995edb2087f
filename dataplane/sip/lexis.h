/*
 * lexis.h - the character classes of RFC 3261 25.1 and the few lexical steps that all parsers of this folder share.
 *
 * Positions are pairs (at, end); a step returns where it stopped and never reads `end` itself.
 */
#ifndef AMITY_LEXIS_H
#define AMITY_LEXIS_H

#include "span.h"

#if defined(__SSSE3__)
#include <immintrin.h>
#endif

enum lexis_class {
	LEXIS_TOKEN = 1,
	LEXIS_WHITE = 2, /* SP, HT, and the CR and LF of a fold: values of headers have no other ones */
	LEXIS_HOST = 4,	 /* host name; '_' too, which real hosts have */
	LEXIS_USER = 8,	 /* user part of a URI, without escapes */
	LEXIS_PASSWORD = 16,
	LEXIS_PARAMETER = 32, /* parameters of a URI between ';', '=' included */
	LEXIS_HEADER = 64,    /* headers of a URI between '&', '=' included */
	LEXIS_VALUE = 128,    /* unquoted value of a header parameter; more than token and host, as peers send more */
};

extern const uint8_t lexis_classes[256];
extern const uint8_t lexis_nibbles[8][16];

struct lexis_parameter {
	struct span name;
	struct span value; /* quotes kept; length 0 without '=' */
};

static inline bool lexis_is(char byte, uint8_t class)
{
	return (lexis_classes[(uint8_t)byte] & class) != 0;
}

#if defined(__SSSE3__)
/* Skips as long as whole sixteens of bytes are left. A byte above 0x7f always stops it, so that the caller looks at it
 * again. */
static inline const char *lexis_skip_sixteens(const char *at, const char *end, uint8_t class)
{
	const __m128i low_table = _mm_loadu_si128((const __m128i *)lexis_nibbles[__builtin_ctz(class)]);
	const __m128i high_table = _mm_setr_epi8(1, 2, 4, 8, 16, 32, 64, (char)128, 0, 0, 0, 0, 0, 0, 0, 0);
	const __m128i nibble = _mm_set1_epi8(0x0f);
	while (end - at >= 16) {
		__m128i bytes = _mm_loadu_si128((const __m128i *)at);
		__m128i low = _mm_shuffle_epi8(low_table, _mm_and_si128(bytes, nibble));
		__m128i high = _mm_shuffle_epi8(high_table, _mm_and_si128(_mm_srli_epi16(bytes, 4), nibble));
		__m128i outside = _mm_cmpeq_epi8(_mm_and_si128(low, high), _mm_setzero_si128());
		uint32_t stops = (uint32_t)_mm_movemask_epi8(outside);
		if (stops)
			return at + __builtin_ctz(stops);
		at += 16;
	}
	return at;
}
#else
static inline const char *lexis_skip_sixteens(const char *at, const char *end, uint8_t class)
{
	(void)end;
	(void)class;
	return at;
}
#endif

/* Skips bytes of one class: a single bit of enum lexis_class. */
static inline const char *lexis_skip(const char *at, const char *end, uint8_t class)
{
	const char *from = at;

	at = lexis_skip_sixteens(at, end, class);
	/* The last sixteen once more are quicker than what is left of them one by one. */
	if (end - at < 16 && end - from >= 16)
		at = lexis_skip_sixteens(end - 16, end, class);
	while (at < end && lexis_is(*at, class))
		at++;
	return at;
}

static inline const char *lexis_skip_white(const char *at, const char *end)
{
	while (at < end && lexis_is(*at, LEXIS_WHITE))
		at++;
	return at;
}

static inline struct span lexis_span(const char *from, const char *to)
{
	return span_make(from, (size_t)(to - from));
}

/* As lexis_skip, with %HH as one character of the class. Result: NULL when an escape is broken. Thread: any. */
const char *lexis_skip_escaped(const char *at, const char *end, uint8_t class);

/* `at` is a quote. Result: behind the closing quote; NULL when there is none. Thread: any. */
const char *lexis_skip_quoted(const char *at, const char *end);

/*
 * Takes `name [= value]` with white space around its parts; `at` is behind the ';' or ','.
 *
 * Thread: any.   Result: the first byte behind it that is not white space; NULL when it is malformed.
 */
const char *lexis_take_parameter(struct lexis_parameter *parameter, const char *at, const char *end);

/*
 * Takes `host [: port]`, an IPv6 reference with its brackets; white space around the colon is legal in a Via, so
 * `is_spaced`.
 *
 * Thread: any.   Result: the byte behind it; NULL when it is malformed. *port is 0 when none is given.
 */
const char *lexis_take_host_port(struct span *host, uint16_t *port, const char *at, const char *end, bool is_spaced);

/* Digits to a number. Thread: any. Result: false when `text` is empty, has another byte, or exceeds `greatest`. */
bool lexis_parse_number(uint32_t *number, struct span text, uint32_t greatest);

/* Value of a hexadecimal digit, or -1. Thread: any. */
int lexis_hex_digit(char digit);

/* True when a byte is a control character or a space. Thread: any. */
bool lexis_has_white_or_control(struct span text);

#endif
