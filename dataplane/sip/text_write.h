/*
 * text_write.h - appends text to a buffer of the caller, without stdio. A writer that ran out of room stays overflowed,
 * so that one check at the end is enough.
 */
#ifndef AMITY_TEXT_WRITE_H
#define AMITY_TEXT_WRITE_H

#include "base64url_read.h"
#include "net_address.h"
#include "span.h"

struct text_writer {
	char *at;
	uint32_t length;
	uint32_t capacity;
	bool overflowed;
};

static inline struct text_writer text_write_begin(char *buffer, uint32_t capacity)
{
	return (struct text_writer){.at = buffer, .capacity = capacity};
}

static inline struct span text_written(const struct text_writer *writer)
{
	return span_make(writer->at, writer->length);
}

static inline void text_write_span(struct text_writer *writer, struct span text)
{
	if (text.length > writer->capacity - writer->length) {
		writer->overflowed = true;
		return;
	}
	if (text.length)
		memcpy(writer->at + writer->length, text.at, text.length);
	writer->length += text.length;
}

static inline void text_write_char(struct text_writer *writer, char byte)
{
	text_write_span(writer, span_make(&byte, 1));
}

#define text_write_literal(writer, text) text_write_span((writer), SPAN_LITERAL(text))

/* "00" to "99" */
extern const char text_write_digit_pairs[100][3];

void text_write_number(struct text_writer *writer, uint64_t number);
void text_write_hex(struct text_writer *writer, const uint8_t *bytes, uint32_t length);
void text_write_base64url(struct text_writer *writer, const uint8_t *bytes,
			  uint32_t length); /* RFC 4648 5, no padding */

/* What base64url_read_block() reads, of two numbers in network order. Thread: any. */
void text_write_base64url_block(char digits[BASE64URL_BLOCK_DIGITS], uint64_t first, uint64_t second);

#define IP_TEXT_BYTES 41 /* the longest: eight groups of four, seven colons, two brackets */

/* "192.0.2.1" or "[2001:db8::1]" (RFC 5952), without port; _address adds ":port" unless the port is 0. */
void text_write_ip(struct text_writer *writer, const uint8_t ip[16]);
void text_write_address(struct text_writer *writer, const struct net_address *address);

#endif
