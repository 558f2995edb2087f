/*
 * message_parse_lines.h - what the header lines of the usual message are called, and where their values are: see
 * message_parse_wide.h.
 *
 * The table is filled from the line ends, as if all names were empty. Then each line is compared with the row of the
 * one word that it can begin with, and its name's length is added.
 */
#ifndef AMITY_MESSAGE_PARSE_LINES_H
#define AMITY_MESSAGE_PARSE_LINES_H

#include "message_parse_wide.h"

#if defined(__AVX2__)

/* A header line with an empty name as a number (struct sip_header): what the LF before it and its own one add to it. */
#define HEADER_BEFORE ((1ull << 16) + 1)
#define HEADER_OWN    (1ull << 32)
#define HEADER_EMPTY  (3 * HEADER_BEFORE - 2 - 4 * HEADER_OWN)

/* What each byte of its name adds to `value` and takes from `value_length`, as one number. */
#define HEADER_NAME (1u - (1u << 16))
_Static_assert(offsetof(struct sip_header, value) == 2 && offsetof(struct sip_header, value_length) == 4,
	       "where these bits are");

#if defined(__AVX512VBMI2__)
#define HEADERS_AT_ONCE 8

static inline void begin_headers(struct sip_header *header, const uint16_t *feeds)
{
	__m512i before = _mm512_cvtepu16_epi64(_mm_loadu_si128((const __m128i *)feeds));
	__m512i own = _mm512_cvtepu16_epi64(_mm_loadu_si128((const __m128i *)(feeds + 1)));
	__m512i starts = _mm512_or_si512(before, _mm512_slli_epi64(before, 16));
	__m512i lengths = _mm512_slli_epi64(_mm512_sub_epi64(own, before), 32);

	_mm512_storeu_si512(
		header, _mm512_add_epi64(_mm512_or_si512(starts, lengths), _mm512_set1_epi64((long long)HEADER_EMPTY)));
}
#else
#define HEADERS_AT_ONCE 4

static inline void begin_headers(struct sip_header *header, const uint16_t *feeds)
{
	__m256i before = _mm256_cvtepu16_epi64(_mm_loadl_epi64((const __m128i *)feeds));
	__m256i own = _mm256_cvtepu16_epi64(_mm_loadl_epi64((const __m128i *)(feeds + 1)));
	__m256i starts = _mm256_or_si256(before, _mm256_slli_epi64(before, 16));
	__m256i lengths = _mm256_slli_epi64(_mm256_sub_epi64(own, before), 32);

	store((char *)header,
	      _mm256_add_epi64(_mm256_or_si256(starts, lengths), _mm256_set1_epi64x((long long)HEADER_EMPTY)));
}
#endif
_Static_assert(SIP_HEADERS_MAX % HEADERS_AT_ONCE == 0, "what is written behind the last line is in the table");

/* A line that no row has begins with a name all the same. */
static inline bool is_other_name(__m256i bytes, const char *at, size_t length)
{
	return length != 0 && _bzhi_u32(find_stops(bytes, LEXIS_TOKEN), (uint32_t)length) == 0 && at[length] == ':' &&
	       at[length + 1] == ' ';
}

/* The row of the one word that the line may begin with. `length`: of what is before the colon. */
static inline const struct token_line *find_row(const char *at, size_t length)
{
	uint64_t key = (_bzhi_u64(load_word(at), (uint32_t)length * 8) | CASE_BITS) + length;
	return &token_name_header_lines.rows[key * token_name_header_lines.multiplier >> (64 - TOKEN_SLOT_BITS)];
}

/*
 * The lines from the one before `end` down to `begin`. `bytes`: where the message's offset 0 is, or would be; behind
 * the start of each line 2 * LOAD_BYTES can be read. `once`: token_line.once of the lines, added. Result: false when a
 * line is not usual.
 */
static inline bool index_range(const struct usual *usual, uint64_t *once, const char *bytes, size_t begin, size_t end)
{
	struct sip_message *message = usual->message;
	uint64_t sum = 0;

	for (size_t i = end; i-- > begin;) {
		struct sip_header *header = &message->header[i];
		const char *at = bytes + usual->feeds[i] + 1;
		__m256i line = load(at);
		size_t length = _tzcnt_u32(mask_of(equal(line, ':')));
		const struct token_line *row = find_row(at, length);
		if ((uint8_t)at[length + 2] <= ' ')
			return false;
		uint32_t value = load_half((const char *)&header->value) + (uint32_t)length * HEADER_NAME;
		memcpy(&header->value, &value, sizeof(value));
		if (__builtin_expect(_mm256_testz_si256(_mm256_xor_si256(line, load(row->text)), load(row->mask)), 1)) {
			header->name = row->name;
			message->first[row->name] = (uint8_t)i;
			sum += row->once;
		} else {
			message->first[SIP_HEADER_OTHER] = (uint8_t)i;
			if (!is_other_name(line, at, length))
				return false;
		}
	}
	*once += sum;
	return true;
}

/* Of the lines that end where the message does: they are read from a copy with zeros behind it. Result: how many lines
 * are before them; 0: a line is not usual. */
static __attribute__((noinline)) size_t index_last_lines(struct usual *usual, uint64_t *once, size_t count)
{
	size_t copied = usual->message->bytes.length - COPY_BYTES, begin = count - 1;

	for (uint32_t i = 0; i < COPY_BYTES; i += LOAD_BYTES) {
		store(usual->copy + i, load(usual->bytes + copied + i));
		store(usual->copy + COPY_BYTES + i, _mm256_setzero_si256());
	}
	while (begin > 0 && usual->feeds[begin - 1] >= copied)
		begin--;
	const char *bytes = (const char *)((uintptr_t)usual->copy - copied);
	return index_range(usual, once, bytes, begin, count) ? begin : 0;
}

/*
 * Fills the table from its end, so that the first of a name is what stays in first[]. Result: false when a line is odd.
 */
static inline bool index_lines(struct usual *usual)
{
	struct sip_message *message = usual->message;
	size_t count = usual->line_count - 1;
	uint64_t once = 0;

	message->header_count = (uint8_t)count;
	message->headers_end = (uint16_t)(usual->feeds[count + 1] - 1);
	for (size_t i = 0; i < count; i += HEADERS_AT_ONCE)
		begin_headers(&message->header[i], &usual->feeds[i]);
	if (usual->feeds[count - 1] >= message->bytes.length - COPY_BYTES)
		count = index_last_lines(usual, &once, count);
	if (count == 0 || !index_range(usual, &once, usual->bytes, 0, count))
		return false;
	message->via_line_count = (uint8_t)once;
	return !(once & 0xfefefefefefefe00ull);
}

#endif

#endif
