#include "via_parse.h"

#include "lexis.h"

/* Takes a token and the slash behind it, with white space around both. Result: behind them; NULL when something else
 * stands there. */
static const char *take_token_and_slash(struct span *token, const char *at, const char *end)
{
	const char *from = lexis_skip_white(at, end);
	at = lexis_skip(from, end, LEXIS_TOKEN);
	*token = lexis_span(from, at);
	at = lexis_skip_white(at, end);
	return token->length && at < end && *at == '/' ? lexis_skip_white(at + 1, end) : NULL;
}

/* Takes a token and the white space behind it. Result: behind them; NULL when one of them is missing. */
static const char *take_transport(struct span *transport, const char *at, const char *end)
{
	const char *from = at;
	at = lexis_skip(from, end, LEXIS_TOKEN);
	*transport = lexis_span(from, at);
	if (at == from || at == end || !lexis_is(*at, LEXIS_WHITE))
		return NULL;
	return lexis_skip_white(at, end);
}

/*
 * Takes `SIP / version / transport LWS`, the white space around the slashes being optional (RFC 3261 25.1). A request
 * of another version has it here too (RFC 4475 3.1.2.16), and is answered with 505 by this Via.
 */
static const char *take_protocol(struct span *transport, const char *at, const char *end)
{
	struct span protocol, version;
	if (end - at > 8 && memcmp(at, "SIP/2.0/", 8) == 0)
		return take_transport(transport, lexis_skip_white(at + 8, end), end);
	at = take_token_and_slash(&protocol, at, end);
	if (at == NULL || !span_equals_nocase(protocol, SPAN_LITERAL("SIP")))
		return NULL;
	at = take_token_and_slash(&version, at, end);
	if (at == NULL)
		return NULL;
	return take_transport(transport, at, end);
}

static void note_parameter(struct sip_via *via, const struct lexis_parameter *parameter)
{
	struct span name = parameter->name;
	if (span_equals_nocase(name, SPAN_LITERAL("branch")))
		via->branch = parameter->value;
	else if (span_equals_nocase(name, SPAN_LITERAL("received")))
		via->received = parameter->value;
	else if (span_equals_nocase(name, SPAN_LITERAL("rport"))) {
		via->rport = parameter->value;
		via->has_rport = true;
	}
}

bool via_parse(struct sip_via *via, struct span *rest, struct span text)
{
	const char *end = text.at + text.length, *from = lexis_skip_white(text.at, end);
	struct lexis_parameter parameter;
	*via = (struct sip_via){0};

	const char *at = take_protocol(&via->transport, from, end);
	if (at == NULL)
		return false;
	at = lexis_take_host_port(&via->host, &via->port, at, end, true);
	if (at == NULL) {
		via->host = (struct span){0};
		return false;
	}
	const char *value_end = at;
	at = lexis_skip_white(at, end);
	while (at < end && *at == ';') {
		at = lexis_take_parameter(&parameter, at + 1, end);
		if (at == NULL)
			return false;
		note_parameter(via, &parameter);
		value_end = parameter.value.at + parameter.value.length;
	}
	if (at < end && *at != ',')
		return false;
	via->value = lexis_span(from, value_end);
	bool has_next = at < end;
	at = has_next ? lexis_skip_white(at + 1, end) : end;
	*rest = lexis_span(at, end);
	return !has_next || at < end;
}

static void begin_line(struct via_walk *walk, uint8_t line)
{
	walk->line = line;
	walk->rest = line == SIP_HEADER_NONE ? (struct span){0} : sip_message_header_value(walk->message, line);
}

struct via_walk via_parse_begin(const struct sip_message *message)
{
	struct via_walk walk = {.message = message};

	begin_line(&walk, message->first[SIP_HEADER_VIA]);
	return walk;
}

bool via_parse_next(struct via_walk *walk, struct sip_via *via)
{
	if (walk->line == SIP_HEADER_NONE)
		return false;
	if (!via_parse(via, &walk->rest, walk->rest)) {
		walk->line = SIP_HEADER_NONE;
		return false;
	}
	if (walk->rest.length == 0)
		begin_line(walk, sip_message_next_via(walk->message, walk->line));
	return true;
}

bool via_parse_nth(struct sip_via *via, const struct sip_message *message, uint32_t index)
{
	struct via_walk walk = via_parse_begin(message);

	while (via_parse_next(&walk, via))
		if (index-- == 0)
			return true;
	return false;
}
