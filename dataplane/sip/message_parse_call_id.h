/*
 * message_parse_call_id.h - the Call-ID of the usual message and nothing else, for the two files that are built with
 * the compiler options of a CPU (message_parse_vector.h).
 */
#ifndef AMITY_MESSAGE_PARSE_CALL_ID_H
#define AMITY_MESSAGE_PARSE_CALL_ID_H

#include "message_parse_wide.h"

#if defined(__AVX2__)

struct call_id_bitmaps {
	uint64_t line_feeds;
	uint64_t initials; /* bytes that a Call-ID's line begins with: C or I */
};

#if defined(__AVX512VBMI2__)
static inline struct call_id_bitmaps take_call_id_bitmaps(const char *at)
{
	__m512i block = _mm512_loadu_si512(at), lower = _mm512_or_si512(block, _mm512_set1_epi8(0x20));
	return (struct call_id_bitmaps){_mm512_cmpeq_epi8_mask(block, _mm512_set1_epi8('\n')),
					_mm512_cmpeq_epi8_mask(lower, _mm512_set1_epi8('c')) |
						_mm512_cmpeq_epi8_mask(lower, _mm512_set1_epi8('i'))};
}
#else
static inline uint32_t find_initials(__m256i bytes)
{
	__m256i lower = _mm256_or_si256(bytes, _mm256_set1_epi8(0x20));
	return mask_of(_mm256_or_si256(equal(lower, 'c'), equal(lower, 'i')));
}

static inline struct call_id_bitmaps take_call_id_bitmaps(const char *at)
{
	__m256i low = load(at), high = load(at + LOAD_BYTES);
	return (struct call_id_bitmaps){find_in_block(low, high, '\n'),
					(uint64_t)find_initials(high) << 32 | find_initials(low)};
}
#endif

enum call_id_line {
	CALL_ID_NO,
	CALL_ID_YES,
	CALL_ID_MAYBE, /* white space before the colon, or the message is over */
};

/* Is the line at `at`, which begins with a C or an I, the Call-ID's? *value is behind its colon. */
static inline enum call_id_line read_call_id_line(const char **value, const char *at, const char *end)
{
	if (end - at <= 8)
		return CALL_ID_MAYBE;
	uint64_t differs = (load_word(at) | 0x0020200020202020ull) ^ load_word("call-id:");
	if (differs == 0) {
		*value = at + 8;
		return CALL_ID_YES;
	}
	if (differs << 8 == 0)
		return CALL_ID_MAYBE;
	if ((*at | 0x20) != 'i' || (at[1] != ':' && at[1] != ' ' && at[1] != '\t'))
		return CALL_ID_NO;
	*value = at + 2;
	return at[1] == ':' ? CALL_ID_YES : CALL_ID_MAYBE;
}

/* The value from behind its colon to the CR of a line that ends with CRLF and is not folded. */
static inline bool take_call_id_value(struct span *call_id, const char *at, const char *end)
{
	const char *from = at + (*at == ' ');

	for (at = from; at + LOAD_BYTES + 2 <= end; at += LOAD_BYTES) {
		uint32_t stops = find_white_or_control(load(at));
		if (stops == 0)
			continue;
		at += _tzcnt_u32(stops);
		if (at == from || at[0] != '\r' || at[1] != '\n' || at[2] == ' ' || at[2] == '\t')
			return false;
		*call_id = lexis_span(from, at);
		return true;
	}
	return false;
}

/*
 * Looks only at lines that begin with a C or an I. An empty line, or one of one byte, is where this ends: there is no
 * header behind the first, and the second is left to those who look closer.
 */
static inline bool find_call_id(struct span *call_id, struct span bytes)
{
	const char *end = bytes.at + bytes.length;
	uint64_t carry = 1ull << 63; /* the line feeds of the last block */
	uint64_t is_start_line = 1;

	for (uint32_t offset = 0; bytes.length - offset >= SCAN_BLOCK_BYTES; offset += SCAN_BLOCK_BYTES) {
		struct call_id_bitmaps bitmaps = take_call_id_bitmaps(bytes.at + offset);
		uint64_t starts = bitmaps.line_feeds << 1 | carry >> 63;
		uint64_t ends = bitmaps.line_feeds & (starts | bitmaps.line_feeds << 2 | carry >> 62);
		uint64_t lines = starts & bitmaps.initials & ~is_start_line;
		for (; lines; lines = _blsr_u64(lines)) {
			const char *value, *at = bytes.at + offset + _tzcnt_u64(lines);
			enum call_id_line line = read_call_id_line(&value, at, end);
			if (line == CALL_ID_NO)
				continue;
			return line == CALL_ID_YES && !(ends & (_blsi_u64(lines) - 1)) &&
			       take_call_id_value(call_id, value, end);
		}
		if (ends)
			return false;
		carry = bitmaps.line_feeds;
		is_start_line = 0;
	}
	return false;
}

#endif

#endif
