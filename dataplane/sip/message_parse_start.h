/*
 * message_parse_start.h - the start line of the usual message: see message_parse_wide.h.
 */
#ifndef AMITY_MESSAGE_PARSE_START_H
#define AMITY_MESSAGE_PARSE_START_H

#include "message_parse_wide.h"

#if defined(__AVX2__)

/* Result: false when the token is longer than any method. */
static inline bool find_method(uint8_t *method, const char *at, uint32_t length)
{
	uint32_t bits = length * 8, behind = length > 8 ? length : 8;
	uint64_t head = _bzhi_u64(load_word(at), bits), tail = _bzhi_u64(load_word(at + behind - 8), bits);
	const struct token_table *table = &token_name_methods;
	const struct token_row *row = &table->rows[(tail + length) * table->multiplier >> (64 - TOKEN_SLOT_BITS)];

	if (length > 2 * sizeof(uint64_t))
		return false;
	*method = (row->head ^ head) | (row->tail ^ tail) | (row->length ^ length) ? SIP_METHOD_OTHER : row->name;
	return true;
}

static inline bool take_status_line(struct sip_message *message, const char *line, uint32_t length)
{
	uint32_t hundreds = (uint8_t)line[8] - '0', tens = (uint8_t)line[9] - '0', ones = (uint8_t)line[10] - '0';

	if (length < 11 || (length > 11 && line[11] != ' '))
		return false;
	if (hundreds - 1 > 5 || tens > 9 || ones > 9)
		return false;
	message->is_request = false;
	message->status_code = (uint16_t)(hundreds * 100 + tens * 10 + ones);
	return true;
}

/* What a Request-URI must not have (message_parse.c), before `end`. */
static inline bool is_request_uri_right(const struct usual *usual, const char *at, const char *end)
{
	for (; at < end; at += LOAD_BYTES) {
		if (at > usual->last_load)
			return false;
		__m256i bytes = load(at);
		__m256i wrong =
			_mm256_or_si256(white_or_control(bytes), _mm256_or_si256(equal(bytes, '<'), equal(bytes, '>')));
		if (_bzhi_u32(mask_of(wrong), (uint32_t)(end - at < LOAD_BYTES ? end - at : LOAD_BYTES)))
			return false;
	}
	return true;
}

static inline bool take_request_line(struct usual *usual, const char *line, uint32_t length)
{
	struct sip_message *message = usual->message;
	uint32_t method_length = _tzcnt_u32(find_stops(load(line), LEXIS_TOKEN));
	const char *uri = line + method_length + 1, *uri_end = line + length - sizeof(" SIP/2.0") + 1;

	if (method_length == 0 || method_length == LOAD_BYTES || uri[-1] != ' ' || uri >= uri_end ||
	    memcmp(uri_end, " SIP/2.0", 8) != 0)
		return false;
	if (!is_request_uri_right(usual, uri, uri_end) || !find_method(&message->method, line, method_length))
		return false;
	message->method_text = slice_at(usual, line, method_length);
	message->request_uri = slice_at(usual, uri, (uint32_t)(uri_end - uri));
	return true;
}

static inline bool take_start_line(struct usual *usual)
{
	struct sip_message *message = usual->message;
	uint32_t length = usual->feeds[0] - 1u;

	message->start_line = (struct slice){0, (uint16_t)length};
	if (memcmp(usual->bytes, "SIP/2.0 ", 8) == 0)
		return take_status_line(message, usual->bytes, length);
	return length > sizeof(" SIP/2.0") && take_request_line(usual, usual->bytes, length);
}

#endif

#endif
