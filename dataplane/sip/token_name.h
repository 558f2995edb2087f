/*
 * token_name.h - which word of sip_tokens.def a header name or a method is, and which row of codecs.def a codec.
 *
 * A perfect hash, generated at build time by token_table.py, names the one candidate; it is then compared in full.
 */
#ifndef AMITY_TOKEN_NAME_H
#define AMITY_TOKEN_NAME_H

#include "codec.h"
#include "sip_message.h"

#include <stddef.h>

#define TOKEN_SLOT_BITS 8

/* A word in three words of the machine; one of up to eight bytes stands in `head` and `tail` alike, the rest being
 * zero. */
struct token_row {
	uint64_t head;
	uint64_t middle; /* of words longer than 16 bytes */
	uint64_t tail;
	uint8_t length; /* 0: no word in this slot */
	uint8_t name;
};

struct token_table {
	uint64_t multiplier;
	struct token_row rows[1 << TOKEN_SLOT_BITS];
};

/*
 * How a header line begins: the word, its colon and a space. A line that begins so differs from `text` in no bit of
 * `mask`, which leaves the case of letters free, and what is behind the space.
 */
struct token_line {
	char text[23];
	uint8_t name;
	uint64_t once; /* 1 in a byte of its own for a header that a message has once; in the lowest byte for Via alone
			*/
	char mask[32];
};
_Static_assert(offsetof(struct token_line, mask) == 32 && sizeof(struct token_line) == 64,
	       "a cache line, and two loads of 32 bytes");

/* By another hash than token_table, of the first bytes. A slot without a word is as a line that begins with a line
 * feed. */
struct token_lines {
	struct token_line rows[1 << TOKEN_SLOT_BITS] __attribute__((aligned(64)));
	uint64_t multiplier;
};

extern const struct token_table token_name_headers;
extern const struct token_lines token_name_header_lines;
extern const struct token_table token_name_methods;
extern const struct token_table token_name_codecs;

/* Long and compact forms, without case. Thread: any. Result: SIP_HEADER_OTHER for any other text. */
enum sip_header_name token_name_find_header(struct span text);

/* With case (RFC 3261 7.1). Thread: any. Result: SIP_METHOD_OTHER for any other text. */
enum sip_method token_name_find_method(struct span text);

static inline uint64_t token_name_load(const char *at)
{
	uint64_t word;
	memcpy(&word, at, sizeof(word));
	return word;
}

/* Of a row in lower case, of letters, digits and '-': letters alone have bit 0x40. */
static inline uint64_t token_name_case_bits(uint64_t row)
{
	return (row & 0x4040404040404040ull) >> 1;
}

/*
 * Finds a name without case that has eight readable bytes before it: what else is in the message. Three loads without a
 * branch on the length, as the lengths of names follow no pattern: short names are shifted out of the bytes before
 * them. Result: NULL when no row has it.
 */
static inline const struct token_row *token_name_find_behind(const struct token_table *table, const char *at,
							     uint32_t length)
{
	uint32_t missing = length < 8 ? 8 - length : 0, shift = missing * 8 & 63;
	uint64_t tail = token_name_load(at + length - 8) >> shift, head = token_name_load(at - missing) >> shift;
	uint64_t key = (tail | 0x2020202020202020ull) + length;
	const struct token_row *row = &table->rows[key * table->multiplier >> (64 - TOKEN_SLOT_BITS)];
	uint64_t differs = ((tail | token_name_case_bits(row->tail)) ^ row->tail) |
			   ((head | token_name_case_bits(row->head)) ^ row->head) | (length ^ row->length);
	if (differs || length == 0)
		return NULL;
	if (length > 16 && (token_name_load(at + 8) | token_name_case_bits(row->middle)) != row->middle)
		return NULL;
	return row;
}

/* The same as token_name_find_header for a name with eight readable bytes before it. */
static inline enum sip_header_name token_name_find_header_behind(const char *at, uint32_t length)
{
	const struct token_row *row = token_name_find_behind(&token_name_headers, at, length);
	return row ? (enum sip_header_name)row->name : SIP_HEADER_OTHER;
}

/* The same as codec_find for a name with eight readable bytes before it. */
static inline enum codec token_name_find_codec_behind(const char *at, uint32_t length)
{
	const struct token_row *row = token_name_find_behind(&token_name_codecs, at, length);
	return row ? (enum codec)row->name : CODEC_COUNT;
}

#endif
