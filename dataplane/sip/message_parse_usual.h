/*
 * message_parse_usual.h - the usual message, put together: the code of message_parse_vector.h, for the two files that
 * are built with the compiler options of a CPU.
 *
 * Line ends come first (message_parse_ends.h), then names (message_parse_lines.h), then the values that every message
 * needs, by first[]. Each of them is right, or left to message_parse.c.
 */
#ifndef AMITY_MESSAGE_PARSE_USUAL_H
#define AMITY_MESSAGE_PARSE_USUAL_H

#include "message_parse_addresses.h"
#include "message_parse_ends.h"
#include "message_parse_lines.h"
#include "message_parse_start.h"

#if defined(__AVX2__)

static inline bool take_call_id(const struct usual *usual)
{
	struct value value;

	if (!find_value(&value, usual, SIP_HEADER_CALL_ID))
		return false;
	for (const char *at = value.at; at < value.end; at += LOAD_BYTES) {
		uint32_t left = (uint32_t)(value.end - at);
		if (at > usual->last_load ||
		    _bzhi_u32(find_white_or_control(load(at)), left < LOAD_BYTES ? left : LOAD_BYTES))
			return false;
	}
	usual->message->call_id = slice_at(usual, value.at, (uint32_t)(value.end - value.at));
	return true;
}

/* "digits SP method": of a request the start line's one. */
static inline bool take_cseq(const struct usual *usual)
{
	struct sip_message *message = usual->message;
	struct value value;

	if (!find_value(&value, usual, SIP_HEADER_CSEQ) || value.at > usual->last_load)
		return false;
	uint64_t word = load_word(value.at);
	uint32_t digits = count_digits(word);
	const char *method = value.at + digits + 1;
	if (digits == 0 || method[-1] != ' ' || method > usual->last_load)
		return false;
	uint32_t length = (uint32_t)(value.end - method);
	if (!message->is_request) {
		if (_tzcnt_u32(find_stops(load(method), LEXIS_TOKEN)) != length || length == 0 ||
		    !find_method(&message->method, method, length))
			return false;
	} else if (length != message->method_text.length ||
		   _bzhi_u32(~mask_of(_mm256_cmpeq_epi8(load(method), load(usual->bytes))), length)) {
		return false;
	}
	message->cseq = digits_read(word, digits);
	message->cseq_method_text = slice_at(usual, method, length);
	return true;
}

static inline bool take_max_forwards(const struct usual *usual)
{
	struct value value;
	uint32_t number;

	if (!find_value(&value, usual, SIP_HEADER_MAX_FORWARDS))
		return true;
	if (!read_number(&number, value))
		return false;
	usual->message->max_forwards = (uint8_t)(number > UINT8_MAX ? UINT8_MAX : number);
	return true;
}

static inline bool take_body(const struct usual *usual)
{
	struct sip_message *message = usual->message;
	struct value value;
	uint32_t start = usual->feeds[usual->line_count] + 1u, room = message->bytes.length - start, length = room;

	if (find_value(&value, usual, SIP_HEADER_CONTENT_LENGTH) && (!read_number(&length, value) || length > room))
		return false;
	message->body = (struct slice){(uint16_t)start, (uint16_t)length};
	return true;
}

static inline bool begin(struct usual *usual, struct sip_message *message)
{
	struct span bytes = message->bytes;

	if (bytes.length < BEFORE_BLOCK + COPY_BYTES)
		return false;
	usual->message = message;
	usual->bytes = bytes.at;
	usual->last_load = bytes.at + bytes.length - LOAD_BYTES;
	return true;
}

static inline uint32_t parse_usual(struct sip_message *message)
{
	struct usual usual;
	uint32_t parts = MESSAGE_PART_LINES;

	if (!begin(&usual, message) || !find_lines(&usual, message->bytes) || !take_start_line(&usual) ||
	    !index_lines(&usual))
		return 0;
	/* What is read last of the lines, the first of them, is what takes longest, and so is last here too. */
	parts |= take_body(&usual) ? MESSAGE_PART_BODY : 0;
	parts |= take_max_forwards(&usual) ? MESSAGE_PART_MAX_FORWARDS : 0;
	parts |= take_cseq(&usual) ? MESSAGE_PART_CSEQ : 0;
	parts |= take_call_id(&usual) ? MESSAGE_PART_CALL_ID : 0;
	parts |= take_parties(&usual) ? MESSAGE_PART_PARTIES : 0;
	parts |= take_via(&usual) ? MESSAGE_PART_VIA : 0;
	return parts;
}

#endif

#endif
