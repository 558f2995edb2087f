/*
 * message_parse_lines.h - what the header lines of the usual message are called, and where their values are: see
 * message_parse_wide.h.
 */
#ifndef AMITY_MESSAGE_PARSE_LINES_H
#define AMITY_MESSAGE_PARSE_LINES_H

#include "message_parse_wide.h"

#if defined(__AVX2__)

#define NAME_BYTES_MAX 31 /* with its colon it is a load; a longer one is odd */

struct usual_name {
	size_t length; /* of what is before the colon */
	const struct token_line *line;
};

/* What a name is that no row has. */
static const struct token_line no_line = {.name = SIP_HEADER_OTHER};

/* What makes a line odd, of all lines: to be asked for once. */
struct oddity {
	uint32_t bits; /* one of ODD_BITS, where a line is */
	uint64_t once; /* token_line.once of the lines, added */
};

#define ODD_NAME 0x80u /* of ODD_BITS */

/* `at`: LOAD_BYTES can be read. What is before the colon is right when a row has it; else it is looked at. */
static inline struct usual_name read_name(struct oddity *odd, const char *at)
{
	__m256i bytes = load(at);
	size_t length = _tzcnt_u32(mask_of(equal(bytes, ':')) | 1u << NAME_BYTES_MAX);
	uint64_t key = (_bzhi_u64(load_word(at), (uint32_t)length * 8) | CASE_BITS) + length;
	const struct token_line *line =
		&token_name_header_lines.rows[key * token_name_header_lines.multiplier >> (64 - TOKEN_SLOT_BITS)];
	__m256i lower = _mm256_or_si256(bytes, load(line->case_bits));
	uint32_t differs = ~mask_of(_mm256_cmpeq_epi8(lower, load(line->text)));

	if (__builtin_expect(_bzhi_u32(differs, (uint32_t)length + 1) != 0, 0)) {
		line = &no_line;
		odd->bits |= _bzhi_u32(find_stops(bytes, LEXIS_TOKEN), (uint32_t)length) ? ODD_NAME : 0;
	}
	return (struct usual_name){length, line};
}

/*
 * The last byte of the name, the colon, the space and the first byte of the value, from which the least that they may
 * be is subtracted. The colon and the space are zero then. The others are negative when they are white or a control
 * character, as the LF before an empty name is, and above 0xa0, too, which is seldom. So is the last byte of the value.
 */
#define LEAST_BYTES ((uint32_t)'!' | ':' << 8 | ' ' << 16 | '!' << 24)
#define ODD_BITS    0x80ffff80u

/*
 * `at`: the line from `start`, with 2 * LOAD_BYTES that can be read, and the byte before it.
 */
static inline void index_line(struct sip_message *message, struct oddity *odd, size_t index, const char *at,
			      size_t start, size_t feed)
{
	struct sip_header *header = &message->header[index];
	struct usual_name found = read_name(odd, at);
	size_t value = start + found.length + 2;
	uint16_t name = found.line->name; /* and no flags */

	odd->bits |= load_half(at + found.length - 1) - LEAST_BYTES;
	odd->once += found.line->once;
	header->start = (uint16_t)start;
	header->value = (uint16_t)value;
	header->value_length = (uint16_t)(feed - 1 - value);
	memcpy(&header->name, &name, sizeof(name));
	message->first[name] = (uint8_t)index;
}

/*
 * Fills the table from its end, so that the first of a name is what stays in first[]. Result: false when a line is odd.
 */
static inline bool index_lines(struct usual *usual)
{
	struct sip_message *message = usual->message;
	const char *bytes = usual->bytes;
	size_t copied = message->bytes.length - COPY_BYTES, feed = usual->feeds[usual->line_count - 1];
	uintptr_t whole = (uintptr_t)bytes, copy = (uintptr_t)usual->copy - copied; /* where offset 0 is, or would be */
	struct oddity odd = {0};

	message->header_count = (uint8_t)(usual->line_count - 1);
	message->headers_end = (uint16_t)(usual->feeds[usual->line_count] - 1);
	for (size_t i = usual->line_count - 1; i > 0; i--) {
		size_t start = usual->feeds[i - 1] + 1u;
		const char *at = (const char *)((start <= copied ? whole : copy) + start);
		odd.bits |= (uint8_t)bytes[feed - 2] - (uint32_t)'!';
		index_line(message, &odd, i - 1, at, start, feed);
		feed = start - 1;
	}
	message->via_line_count = (uint8_t)odd.once;
	return !((odd.bits & ODD_BITS) | (odd.once & 0xfefefefefefefe00ull));
}

#endif

#endif
