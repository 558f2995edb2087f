#include "address_parse.h"

#include "lexis.h"

/* A URI needs a scheme and a colon; the rest is uri_parse's. Result: false when it has white space or no scheme. */
static bool is_uri_plausible(struct span uri)
{
	const char *end = uri.at + uri.length, *colon = lexis_skip(uri.at, end, LEXIS_TOKEN);
	return colon > uri.at && end - colon > 1 && *colon == ':' && !lexis_has_white_or_control(uri);
}

/* Takes `[display] < uri >`; `bracket` is its '<'. Result: behind the '>'; NULL when it is malformed. */
static const char *take_bracketed(struct sip_address *address, const char *bracket, const char *end)
{
	const char *bracket_end = memchr(bracket, '>', (size_t)(end - bracket));
	if (bracket_end == NULL)
		return NULL;
	address->bracketed = true;
	address->uri = lexis_span(bracket + 1, bracket_end);
	return is_uri_plausible(address->uri) ? bracket_end + 1 : NULL;
}

/* Takes an addr-spec: to the first ';', ',' or white space. Result: behind it; NULL when it is malformed. */
static const char *take_bare(struct sip_address *address, const char *at, const char *end)
{
	const char *from = at;
	while (at < end && *at != ';' && *at != ',' && !lexis_is(*at, LEXIS_WHITE)) {
		if (*at == '?' || *at == '<' || *at == '>' || *at == '"')
			return NULL;
		at++;
	}
	address->uri = lexis_span(from, at);
	return is_uri_plausible(address->uri) ? at : NULL;
}

static const char *take_address(struct sip_address *address, const char *at, const char *end)
{
	const char *from = at, *display_end;
	if (at == end)
		return NULL;
	if (*at == '"') {
		display_end = lexis_skip_quoted(at, end);
		if (display_end == NULL)
			return NULL;
		at = lexis_skip_white(display_end, end);
		if (at == end || *at != '<')
			return NULL;
		address->display = lexis_span(from, display_end);
		return take_bracketed(address, at, end);
	}
	/* Unquoted display names are tokens; peers also send them in UTF-8. */
	for (display_end = at; at < end && (lexis_is(*at, LEXIS_TOKEN | LEXIS_WHITE) || (uint8_t)*at >= 0x80); at++)
		if (!lexis_is(*at, LEXIS_WHITE))
			display_end = at + 1;
	if (at == end || *at != '<')
		return take_bare(address, from, end);
	address->display = lexis_span(from, display_end);
	return take_bracketed(address, at, end);
}

bool address_parse(struct sip_address *address, struct span *rest, struct span text)
{
	struct span tag;
	return address_parse_with_tag(address, &tag, rest, text);
}

bool address_parse_with_tag(struct sip_address *address, struct span *tag, struct span *rest, struct span text)
{
	const char *end = text.at + text.length, *from = lexis_skip_white(text.at, end);
	struct lexis_parameter parameter;
	*address = (struct sip_address){0};
	*tag = (struct span){0};

	const char *at = take_address(address, from, end), *value_end = at;
	if (at == NULL)
		return false;
	at = lexis_skip_white(at, end);
	if (at < end && *at == ';') {
		const char *parameters = at + 1;
		while (at < end && *at == ';') {
			at = lexis_take_parameter(&parameter, at + 1, end);
			if (at == NULL)
				return false;
			value_end = parameter.value.at + parameter.value.length;
			if (tag->length == 0 && span_equals_nocase(parameter.name, SPAN_LITERAL("tag")))
				*tag = parameter.value;
		}
		address->parameters = lexis_span(parameters, value_end);
	}
	if (at < end && *at != ',')
		return false;
	address->value = lexis_span(from, value_end);
	bool has_next = at < end;
	at = has_next ? lexis_skip_white(at + 1, end) : end;
	*rest = lexis_span(at, end);
	return !has_next || at < end;
}
