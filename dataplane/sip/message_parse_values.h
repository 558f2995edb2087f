/*
 * message_parse_values.h - what the values of the usual message are made of: see message_parse_wide.h.
 */
#ifndef AMITY_MESSAGE_PARSE_VALUES_H
#define AMITY_MESSAGE_PARSE_VALUES_H

#include "digits.h"
#include "message_parse_wide.h"

#if defined(__AVX2__)

struct value {
	const char *at;
	const char *end; /* its byte is CR: no class has it */
};

/* Result: false when the message has no such header. */
static inline bool find_value(struct value *value, const struct usual *usual, enum sip_header_name name)
{
	uint8_t index = usual->message->first[name];

	if (index == SIP_HEADER_NONE)
		return false;
	const struct sip_header *header = &usual->message->header[index];
	value->at = usual->bytes + header->value;
	value->end = value->at + header->value_length;
	return true;
}

/* Skips bytes of the class, 32 at a time. Result: NULL when they go on to where no more can be read. */
static inline const char *skip_class(const struct usual *usual, const char *at, uint8_t class)
{
	for (; at <= usual->last_load; at += LOAD_BYTES) {
		uint32_t stops = find_stops(load(at), class);
		if (stops)
			return at + _tzcnt_u32(stops);
	}
	return NULL;
}

/*
 * `text`: ";name" in lower case or ";name=", up to eight bytes. Bytes that differ from a letter by 0x20 are the same
 * letter, and no others are let differ.
 */
static inline bool begins_with(uint64_t word, const char *text, uint32_t length)
{
	uint64_t wanted = 0, letters = 0;

	for (uint32_t i = 0; i < length; i++) {
		wanted |= (uint64_t)(uint8_t)text[i] << 8 * i;
		letters |= (uint64_t)(text[i] >= 'a' && text[i] <= 'z' ? 0x20 : 0) << 8 * i;
	}
	return ((word | letters) ^ wanted) << (64 - 8 * length) == 0;
}

/* `at`: behind "name=". Takes a value without quotes. Result: behind it; NULL: it is other, or empty. */
static inline const char *take_plain(struct slice *plain, const struct usual *usual, const char *at)
{
	const char *from = at;

	at = skip_class(usual, from, LEXIS_VALUE);
	if (at == NULL || at == from)
		return NULL;
	*plain = slice_at(usual, from, (uint32_t)(at - from));
	return at;
}

/* `at` is a ';'. Skips `name` or `name=value` without white space and quotes. Result: behind it; NULL: it is other. */
static inline const char *skip_parameter(const struct usual *usual, const char *at)
{
	struct slice value;

	if (at >= usual->last_load)
		return NULL;
	uint32_t length = _tzcnt_u32(find_stops(load(at + 1), LEXIS_TOKEN));
	if (length == 0 || length == LOAD_BYTES)
		return NULL;
	at += 1 + length;
	return *at == '=' ? take_plain(&value, usual, at + 1) : at;
}

static inline uint32_t count_digits(uint64_t word)
{
	return (uint32_t)_tzcnt_u64(digits_find_other(word)) / 8;
}

/* A value of nothing but digits, up to eight; before it are always as many other bytes. */
static inline bool read_number(uint32_t *number, struct value value)
{
	uint32_t length = (uint32_t)(value.end - value.at);
	if (length == 0 || length > 8)
		return false;
	uint64_t word = load_word(value.end - 8) >> (64 - length * 8);
	*number = digits_read(word, length);
	return count_digits(word) >= length;
}

#endif

#endif
