/*
 * message_parse_usual.h - the values of the usual message, on top of its lines: the code of message_parse_vector.h, for
 * the two files that are built with the compiler options of a CPU.
 */
#ifndef AMITY_MESSAGE_PARSE_USUAL_H
#define AMITY_MESSAGE_PARSE_USUAL_H

#include "message_parse_lines.h"

#if defined(__AVX2__)

/* ---- values ---- */

struct value {
	const char *at;
	const char *end; /* its byte is CR: no class has it */
	bool is_there;
};

static inline struct value find_value(const struct usual *usual, enum sip_header_name name)
{
	uint8_t index = usual->message->first[name];
	const struct sip_header *header = &usual->message->header[index & (SIP_HEADERS_MAX - 1)];
	const char *at = usual->bytes + header->value;

	return (struct value){at, at + header->value_length, index != SIP_HEADER_NONE};
}

struct parameter {
	uint64_t name; /* in lower case, of names up to eight bytes */
	uint32_t name_length;
	const char *value;
	uint32_t value_length;
};

static inline uint64_t word_of(const char *name, uint32_t length)
{
	uint64_t word = 0;
	memcpy(&word, name, length);
	return word | CASE_BITS;
}

static inline bool is_named(const struct parameter *parameter, const char *name, uint32_t length)
{
	return parameter->name_length == length && parameter->name == word_of(name, length);
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

/* `at` is a ';'. Takes `name` or `name=value` without white space and quotes. Result: behind it; NULL: it is other. */
static inline const char *take_parameter(struct parameter *parameter, const struct usual *usual, const char *at)
{
	const char *name = at + 1;

	if (name > usual->last_load)
		return NULL;
	uint32_t length = _tzcnt_u32(find_stops(load(name), LEXIS_TOKEN));
	if (length == 0 || length == LOAD_BYTES)
		return NULL;
	parameter->name = _bzhi_u64(load_word(name), length * 8) | CASE_BITS;
	parameter->name_length = length;
	at = name + length;
	parameter->value = at;
	parameter->value_length = 0;
	if (*at != '=')
		return at;
	parameter->value = at + 1;
	at = skip_class(usual, parameter->value, LEXIS_VALUE);
	if (at == NULL || at == parameter->value)
		return NULL;
	parameter->value_length = (uint32_t)(at - parameter->value);
	return at;
}

/* The bits of the first byte of eight that is no digit: its lowest one set is eight times the digits' count plus 7. */
static inline uint64_t find_no_digit(uint64_t word)
{
	uint64_t zeroed = word ^ 0x3030303030303030ull;
	return ((zeroed + 0x7676767676767676ull) | zeroed) & 0x8080808080808080ull;
}

static inline uint32_t count_digits(uint64_t word)
{
	return (uint32_t)_tzcnt_u64(find_no_digit(word)) / 8;
}

/* The number of `count` digits, 1 to 8, that `word` begins with. */
static inline uint32_t read_digits(uint64_t word, uint32_t count)
{
	word = (word << (64 - count * 8)) & 0x0f0f0f0f0f0f0f0full;
	word = (word * 10 + (word >> 8)) & 0x00ff00ff00ff00ffull;
	word = (word * 100 + (word >> 16)) & 0x0000ffff0000ffffull;
	return (uint32_t)(word * 10000 + (word >> 32));
}

/* A value of nothing but digits, up to eight; before it are always as many other bytes. */
static inline bool read_number(uint32_t *number, struct value value)
{
	uint32_t length = (uint32_t)(value.end - value.at);
	if (length == 0 || length > 8)
		return false;
	uint64_t word = load_word(value.end - 8) >> (64 - length * 8);
	*number = read_digits(word, length);
	return count_digits(word) >= length;
}

/* "SIP/2.0/UDP host[:port];parameters", one value. */
static inline bool take_via(const struct usual *usual)
{
	struct sip_message *message = usual->message;
	struct value value = find_value(usual, SIP_HEADER_VIA);
	const char *host = value.at + sizeof("SIP/2.0/UDP ") - 1;
	struct parameter parameter;
	struct slice branch = {0};
	uint32_t port = 0;
	bool has_rport = false;

	if (!value.is_there || value.at > usual->last_load || memcmp(value.at, "SIP/2.0/UDP ", 12) != 0)
		return false;
	const char *at = skip_class(usual, host, LEXIS_HOST);
	if (at == NULL || at == host)
		return false;
	uint32_t host_length = (uint32_t)(at - host);
	if (*at == ':') {
		if (at > usual->last_load)
			return false;
		uint64_t word = load_word(at + 1);
		uint32_t digits = count_digits(word);
		if (digits == 0 || digits > 5)
			return false;
		port = read_digits(word, digits);
		at += 1 + digits;
		if (port == 0 || port > UINT16_MAX)
			return false;
	}
	while (*at == ';') {
		at = take_parameter(&parameter, usual, at);
		if (at == NULL)
			return false;
		if (is_named(&parameter, "branch", 6))
			branch = slice_at(usual, parameter.value, parameter.value_length);
		has_rport |= is_named(&parameter, "rport", 5);
	}
	if (at != value.end)
		return false;
	message->via_host = slice_at(usual, host, host_length);
	message->via_branch = branch;
	message->via_port = (uint16_t)port;
	message->via_has_rport = has_rport;
	return true;
}

/* Result: the '>' behind a sip: URI without white space, or NULL. `at`: behind the '<'. */
static inline const char *skip_uri(const struct usual *usual, const char *at)
{
	const char *from = at;

	for (; at <= usual->last_load; at += LOAD_BYTES) {
		__m256i bytes = load(at);
		uint32_t stops = find_white_or_control(bytes) | find_equal(bytes, '>');
		if (stops == 0)
			continue;
		at += _tzcnt_u32(stops);
		return *at == '>' && at - from > 4 && load_half(from) == load_half("sip:") ? at : NULL;
	}
	return NULL;
}

/* Result: the '<' behind a display name in quotes, or `at` when that is one; NULL when it is other. */
static inline const char *skip_display(struct slice *display, const struct usual *usual, const char *at)
{
	*display = (struct slice){0};
	if (*at == '<')
		return at;
	if (*at != '"' || at >= usual->last_load)
		return NULL;
	__m256i bytes = load(at + 1);
	uint32_t stops = find_equal(bytes, '"') | find_equal(bytes, '\\'), length = _tzcnt_u32(stops);
	if (stops == 0 || at[1 + length] != '"')
		return NULL;
	*display = slice_at(usual, at, length + 2);
	at += length + 2;
	at += *at == ' ';
	return *at == '<' ? at : NULL;
}

/* `["display"] <sip:...>;parameters`, one value. */
static inline bool take_party(struct sip_party *party, struct slice *tag, const struct usual *usual,
			      enum sip_header_name name)
{
	struct value value = find_value(usual, name);
	struct slice display, found = {0};
	struct parameter parameter;

	if (!value.is_there)
		return false;
	const char *bracket = skip_display(&display, usual, value.at);
	const char *uri_end = bracket ? skip_uri(usual, bracket + 1) : NULL;
	if (uri_end == NULL)
		return false;
	const char *at = uri_end + 1;
	while (*at == ';') {
		at = take_parameter(&parameter, usual, at);
		if (at == NULL)
			return false;
		if (found.length == 0 && is_named(&parameter, "tag", 3))
			found = slice_at(usual, parameter.value, parameter.value_length);
	}
	if (at != value.end)
		return false;
	party->address = slice_at(usual, value.at, (uint32_t)(uri_end + 1 - value.at));
	party->display = display;
	party->uri = slice_at(usual, bracket + 1, (uint32_t)(uri_end - bracket - 1));
	*tag = found;
	return true;
}

/* Both or none: where one is missing, the other one is not read either (message_parse.c). */
static inline bool take_parties(const struct usual *usual)
{
	struct sip_message *message = usual->message;
	struct sip_party from, to;
	struct slice from_tag, to_tag;

	if (!take_party(&from, &from_tag, usual, SIP_HEADER_FROM) || !take_party(&to, &to_tag, usual, SIP_HEADER_TO))
		return false;
	message->from = from;
	message->to = to;
	message->from_tag = from_tag;
	message->to_tag = to_tag;
	return true;
}

static inline bool take_call_id(const struct usual *usual)
{
	struct value value = find_value(usual, SIP_HEADER_CALL_ID);

	if (!value.is_there)
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
	struct value value = find_value(usual, SIP_HEADER_CSEQ);

	if (!value.is_there || value.at > usual->last_load)
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
	message->cseq = read_digits(word, digits);
	message->cseq_method_text = slice_at(usual, method, length);
	return true;
}

static inline bool is_max_forwards_right(const struct usual *usual)
{
	struct value value = find_value(usual, SIP_HEADER_MAX_FORWARDS);
	uint32_t number;

	return !value.is_there || read_number(&number, value);
}

static inline bool take_body(const struct usual *usual)
{
	struct sip_message *message = usual->message;
	struct value value = find_value(usual, SIP_HEADER_CONTENT_LENGTH);
	uint32_t start = usual->feeds[usual->line_count] + 1u, room = message->bytes.length - start, length = room;

	if (value.is_there && (!read_number(&length, value) || length > room))
		return false;
	message->body = (struct slice){(uint16_t)start, (uint16_t)length};
	return true;
}

static inline bool begin(struct usual *usual, struct sip_message *message)
{
	struct span bytes = message->bytes;

	if (bytes.length < COPY_BYTES)
		return false;
	const char *rest = bytes.at + bytes.length - COPY_BYTES;
	usual->message = message;
	usual->bytes = bytes.at;
	usual->last_load = bytes.at + bytes.length - LOAD_BYTES;
	memcpy(usual->copy, rest, COPY_BYTES);
	memset(usual->copy + COPY_BYTES, 0, COPY_BYTES);
	return true;
}

static inline uint32_t parse_usual(struct sip_message *message)
{
	struct usual usual;
	uint32_t parts = MESSAGE_PART_LINES;

	if (!begin(&usual, message) || !find_lines(&usual, message->bytes) || !take_start_line(&usual) ||
	    !index_lines(&usual))
		return 0;
	parts |= take_via(&usual) ? MESSAGE_PART_VIA : 0;
	parts |= take_call_id(&usual) ? MESSAGE_PART_CALL_ID : 0;
	parts |= take_parties(&usual) ? MESSAGE_PART_PARTIES : 0;
	parts |= take_cseq(&usual) ? MESSAGE_PART_CSEQ : 0;
	parts |= is_max_forwards_right(&usual) ? MESSAGE_PART_MAX_FORWARDS : 0;
	parts |= take_body(&usual) ? MESSAGE_PART_BODY : 0;
	return parts;
}

#endif

#endif
