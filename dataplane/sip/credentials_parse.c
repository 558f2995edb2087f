#include "credentials_parse.h"

#include "lexis.h"

enum field {
	FIELD_USERNAME,
	FIELD_REALM,
	FIELD_NONCE,
	FIELD_URI,
	FIELD_RESPONSE,
	FIELD_CNONCE,
	FIELD_QOP,
	FIELD_NC,
	FIELD_OPAQUE,
	FIELD_ALGORITHM,
	FIELD_COUNT
};

#define FIELD_BIT(field) (1u << (field))
#define FIELDS_NEEDED                                                                                                  \
	(FIELD_BIT(FIELD_USERNAME) | FIELD_BIT(FIELD_REALM) | FIELD_BIT(FIELD_NONCE) | FIELD_BIT(FIELD_URI) |          \
	 FIELD_BIT(FIELD_RESPONSE))
#define FIELDS_NEEDED_BY_QOP (FIELD_BIT(FIELD_CNONCE) | FIELD_BIT(FIELD_NC))

static const struct span field_names[FIELD_COUNT] = {
	[FIELD_USERNAME] = {"username", 8}, [FIELD_REALM] = {"realm", 5},
	[FIELD_NONCE] = {"nonce", 5},	    [FIELD_URI] = {"uri", 3},
	[FIELD_RESPONSE] = {"response", 8}, [FIELD_CNONCE] = {"cnonce", 6},
	[FIELD_QOP] = {"qop", 3},	    [FIELD_NC] = {"nc", 2},
	[FIELD_OPAQUE] = {"opaque", 6},	    [FIELD_ALGORITHM] = {"algorithm", 9},
};

static enum field find_field(struct span name)
{
	for (uint32_t field = 0; field < FIELD_COUNT; field++)
		if (field_names[field].length == name.length && span_equals_nocase(field_names[field], name))
			return (enum field)field;
	return FIELD_COUNT;
}

static struct span cut_quotes(struct span value)
{
	return value.length >= 2 && value.at[0] == '"' ? span_make(value.at + 1, value.length - 2) : value;
}

static uint8_t find_algorithm(struct span value)
{
	if (span_equals_nocase(value, SPAN_LITERAL("MD5")))
		return DIGEST_MD5;
	return span_equals_nocase(value, SPAN_LITERAL("SHA-256")) ? DIGEST_SHA256 : DIGEST_UNKNOWN;
}

static bool parse_nonce_count(uint32_t *count, struct span text)
{
	if (text.length != 8)
		return false;
	*count = 0;
	for (uint32_t i = 0; i < text.length; i++) {
		int digit = lexis_hex_digit(text.at[i]);
		if (digit < 0)
			return false;
		*count = *count << 4 | (uint32_t)digit;
	}
	return true;
}

static bool set_field(struct digest_credentials *credentials, enum field field, struct span value)
{
	switch (field) {
	case FIELD_USERNAME:
		credentials->username = value;
		return true;
	case FIELD_REALM:
		credentials->realm = value;
		return true;
	case FIELD_NONCE:
		credentials->nonce = value;
		return true;
	case FIELD_URI:
		credentials->uri = value;
		return true;
	case FIELD_RESPONSE:
		credentials->response = value;
		return true;
	case FIELD_CNONCE:
		credentials->cnonce = value;
		return true;
	case FIELD_QOP:
		credentials->qop = value;
		return value.length > 0;
	case FIELD_NC:
		credentials->nc_text = value;
		return parse_nonce_count(&credentials->nc, value);
	case FIELD_OPAQUE:
		credentials->opaque = value;
		return true;
	case FIELD_ALGORITHM:
		credentials->algorithm = find_algorithm(value);
		return true;
	case FIELD_COUNT:
		break;
	}
	return true;
}

/* Takes `name = value`; unlike a parameter of a header, the value is not optional. Result: behind it, or NULL. */
static const char *take_field(struct digest_credentials *credentials, uint32_t *seen, const char *at, const char *end)
{
	struct lexis_parameter parameter;
	at = lexis_take_parameter(&parameter, at, end);
	if (at == NULL || parameter.value.length == 0)
		return NULL;
	enum field field = find_field(parameter.name);
	if (field == FIELD_COUNT)
		return at;
	if (*seen & FIELD_BIT(field))
		return NULL;
	*seen |= FIELD_BIT(field);
	return set_field(credentials, field, cut_quotes(parameter.value)) ? at : NULL;
}

enum credentials_result credentials_parse(struct digest_credentials *credentials, struct span value)
{
	const char *end = value.at + value.length, *from = lexis_skip_white(value.at, end);
	const char *at = lexis_skip(from, end, LEXIS_TOKEN);
	uint32_t seen = 0;
	*credentials = (struct digest_credentials){0};

	if (!span_equals_nocase(lexis_span(from, at), SPAN_LITERAL("Digest")))
		return CREDENTIALS_OTHER_SCHEME;
	if (at < end && !lexis_is(*at, LEXIS_WHITE))
		return CREDENTIALS_MALFORMED;
	for (;;) {
		at = take_field(credentials, &seen, at, end);
		if (at == NULL)
			return CREDENTIALS_MALFORMED;
		if (at == end)
			break;
		if (*at++ != ',')
			return CREDENTIALS_MALFORMED;
	}
	if ((seen & FIELDS_NEEDED) != FIELDS_NEEDED)
		return CREDENTIALS_MALFORMED;
	if (seen & FIELD_BIT(FIELD_QOP) && (seen & FIELDS_NEEDED_BY_QOP) != FIELDS_NEEDED_BY_QOP)
		return CREDENTIALS_MALFORMED;
	return CREDENTIALS_OK;
}
