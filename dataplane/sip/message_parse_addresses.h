/*
 * message_parse_addresses.h - Via, From and To of the usual message: see message_parse_wide.h.
 */
#ifndef AMITY_MESSAGE_PARSE_ADDRESSES_H
#define AMITY_MESSAGE_PARSE_ADDRESSES_H

#include "message_parse_values.h"

#if defined(__AVX2__)

/* `at`: behind the colon. Result: behind the port; NULL: it is none. */
static inline const char *take_port(uint16_t *port, const struct usual *usual, const char *at)
{
	if (at > usual->last_load)
		return NULL;
	uint64_t word = load_word(at);
	uint32_t digits = count_digits(word);
	if (digits == 0 || digits > 5)
		return NULL;
	uint32_t number = digits_read(word, digits);
	*port = (uint16_t)number;
	return number != 0 && number <= UINT16_MAX ? at + digits : NULL;
}

/* What is said of a Via behind its host. */
struct via_tail {
	struct slice branch;
	uint16_t port;
	bool has_rport;
};

/* `at` is a ';'. Result: behind the parameter; NULL: it is other. */
static inline const char *take_via_parameter(struct via_tail *tail, const struct usual *usual, const char *at)
{
	if (at > usual->last_load)
		return NULL;
	uint64_t word = load_word(at);
	if (begins_with(word, ";branch=", 8))
		return take_plain(&tail->branch, usual, at + 8);
	if (begins_with(word, ";branch", 7))
		return NULL;
	if (begins_with(word, ";rport", 6) && !lexis_is(at[6], LEXIS_TOKEN)) {
		tail->has_rport = true;
		if (at[6] != '=')
			return at + 6;
	}
	return skip_parameter(usual, at);
}

/* "SIP/2.0/UDP host[:port];parameters", one value. */
static inline bool take_via(const struct usual *usual)
{
	struct sip_message *message = usual->message;
	struct via_tail tail = {0};
	struct value value;

	if (!find_value(&value, usual, SIP_HEADER_VIA) || value.at > usual->last_load ||
	    memcmp(value.at, "SIP/2.0/UDP ", 12) != 0)
		return false;
	const char *host = value.at + 12, *at = skip_class(usual, host, LEXIS_HOST);
	if (at == NULL || at == host)
		return false;
	uint32_t host_length = (uint32_t)(at - host);
	if (*at == ':')
		at = take_port(&tail.port, usual, at + 1);
	while (at != NULL && *at == ';')
		at = take_via_parameter(&tail, usual, at);
	if (at != value.end)
		return false;
	message->via_host = slice_at(usual, host, host_length);
	message->via_branch = tail.branch;
	message->via_port = tail.port;
	message->via_has_rport = tail.has_rport;
	message->via_is_alone = true;
	return true;
}

/* Result: the '>' behind a sip: URI without white space, or NULL. `at`: behind the '<'. */
static inline const char *skip_uri(const struct usual *usual, const char *at)
{
	const char *from = at;

	for (; at <= usual->last_load; at += LOAD_BYTES) {
		__m256i bytes = load(at);
		uint32_t stops = mask_of(_mm256_or_si256(white_or_control(bytes), equal(bytes, '>')));
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
	if (*at == '<')
		return at;
	if (*at != '"' || at >= usual->last_load)
		return NULL;
	__m256i bytes = load(at + 1);
	uint32_t stops = mask_of(_mm256_or_si256(equal(bytes, '"'), equal(bytes, '\\'))), length = _tzcnt_u32(stops);
	if (stops == 0 || at[1 + length] != '"')
		return NULL;
	*display = slice_at(usual, at, length + 2);
	at += length + 2;
	at += *at == ' ';
	return *at == '<' ? at : NULL;
}

/* `at`: behind the address. The first tag counts. Result: false when the parameters are other. */
static inline bool take_tag(struct slice *tag, const struct usual *usual, const char *at, const char *end)
{
	while (*at == ';' && at <= usual->last_load) {
		struct slice found = {0};
		uint64_t word = load_word(at);
		if (begins_with(word, ";tag=", 5))
			at = take_plain(&found, usual, at + 5);
		else
			at = skip_parameter(usual, at);
		if (at == NULL)
			return false;
		*tag = tag->length ? *tag : found;
	}
	return at == end;
}

/* `["display"] <sip:...>;parameters`, one value. Result: false when it is other; what it fills is then not empty. */
static inline bool take_party(struct sip_party *party, struct slice *tag, const struct usual *usual,
			      enum sip_header_name name)
{
	struct value value;

	if (!find_value(&value, usual, name))
		return false;
	const char *bracket = skip_display(&party->display, usual, value.at);
	const char *uri_end = bracket ? skip_uri(usual, bracket + 1) : NULL;
	if (uri_end == NULL)
		return false;
	party->address = slice_at(usual, value.at, (uint32_t)(uri_end + 1 - value.at));
	party->uri = slice_at(usual, bracket + 1, (uint32_t)(uri_end - bracket - 1));
	return take_tag(tag, usual, uri_end + 1, value.end);
}

/* Both or none: where one is missing, the other one is not read either (message_parse.c). */
static inline bool take_parties(const struct usual *usual)
{
	struct sip_message *message = usual->message;

	if (take_party(&message->from, &message->from_tag, usual, SIP_HEADER_FROM) &&
	    take_party(&message->to, &message->to_tag, usual, SIP_HEADER_TO))
		return true;
	message->from = message->to = (struct sip_party){0};
	message->from_tag = message->to_tag = (struct slice){0};
	return false;
}

#endif

#endif
