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

#define FIELD_PLACES 32
#define WORD_BYTES   8
#define CASE_BITS    0x2020202020202020ull

struct field_name {
	char word[WORD_BYTES]; /* its first bytes in lower case, what is missing as spaces: the case bit alone */
	char last;
	uint8_t length;
	uint8_t field;
};

/* By its first letter and its length a name has a place of its own: two in one place would not compile. */
#define PLACE(first, length) (((uint32_t)(first) + (length)) % FIELD_PLACES)

static const struct field_name field_names[FIELD_PLACES] = {
	[PLACE('u', 8)] = {"username", 'e', 8, FIELD_USERNAME}, [PLACE('r', 5)] = {"realm   ", 'm', 5, FIELD_REALM},
	[PLACE('n', 5)] = {"nonce   ", 'e', 5, FIELD_NONCE},	[PLACE('u', 3)] = {"uri     ", 'i', 3, FIELD_URI},
	[PLACE('r', 8)] = {"response", 'e', 8, FIELD_RESPONSE}, [PLACE('c', 6)] = {"cnonce  ", 'e', 6, FIELD_CNONCE},
	[PLACE('q', 3)] = {"qop     ", 'p', 3, FIELD_QOP},	[PLACE('n', 2)] = {"nc      ", 'c', 2, FIELD_NC},
	[PLACE('o', 6)] = {"opaque  ", 'e', 6, FIELD_OPAQUE},	[PLACE('a', 9)] = {"algorith", 'm', 9, FIELD_ALGORITHM},
};

/* The first bytes of a name in lower case; `end` is behind what can be read. */
static inline uint64_t take_word(struct span name, const char *end)
{
	uint64_t word = 0;

	if (end - name.at < WORD_BYTES) {
		memcpy(&word, name.at, name.length < WORD_BYTES ? name.length : WORD_BYTES);
		return word | CASE_BITS;
	}
	memcpy(&word, name.at, sizeof(word));
	if (name.length < WORD_BYTES)
		word &= ~(~0ull << name.length * 8);
	return word | CASE_BITS;
}

/* The names are of letters alone: only a letter has the other bits of one. */
static inline enum field find_field(struct span name, const char *end)
{
	const struct field_name *found = &field_names[PLACE(*name.at | 0x20, name.length)];
	uint64_t word;

	memcpy(&word, found->word, sizeof(word));
	if (found->length != name.length || word != take_word(name, end) ||
	    (name.at[name.length - 1] | 0x20) != found->last)
		return FIELD_COUNT;
	return (enum field)found->field;
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

/* Takes `name = value`; unlike a parameter of a header, the value is not optional. Result: behind it, or NULL. */
static const char *take_field(struct span values[FIELD_COUNT + 1], uint32_t *seen, const char *at, const char *end)
{
	struct lexis_parameter parameter;
	at = lexis_take_parameter(&parameter, at, end);
	if (at == NULL || parameter.value.length == 0)
		return NULL;
	enum field field = find_field(parameter.name, end);
	uint32_t bit = FIELD_BIT(field) & (FIELD_BIT(FIELD_COUNT) - 1);
	if (*seen & bit)
		return NULL;
	*seen |= bit;
	values[field] = cut_quotes(parameter.value);
	return at;
}

/* Result: false when a value cannot be. */
static bool set_fields(struct digest_credentials *credentials, const struct span values[FIELD_COUNT], uint32_t seen)
{
	credentials->username = values[FIELD_USERNAME];
	credentials->realm = values[FIELD_REALM];
	credentials->nonce = values[FIELD_NONCE];
	credentials->uri = values[FIELD_URI];
	credentials->response = values[FIELD_RESPONSE];
	credentials->cnonce = values[FIELD_CNONCE];
	credentials->qop = values[FIELD_QOP];
	credentials->nc_text = values[FIELD_NC];
	credentials->opaque = values[FIELD_OPAQUE];
	if (seen & FIELD_BIT(FIELD_ALGORITHM))
		credentials->algorithm = find_algorithm(values[FIELD_ALGORITHM]);
	if (seen & FIELD_BIT(FIELD_QOP) && credentials->qop.length == 0)
		return false;
	return !(seen & FIELD_BIT(FIELD_NC)) || parse_nonce_count(&credentials->nc, credentials->nc_text);
}

enum credentials_result credentials_parse(struct digest_credentials *credentials, struct span value)
{
	const char *end = value.at + value.length, *from = lexis_skip_white(value.at, end);
	const char *at = lexis_skip(from, end, LEXIS_TOKEN);
	struct span values[FIELD_COUNT + 1] = {0}; /* the last one: of names that mean nothing here */
	uint32_t seen = 0;
	*credentials = (struct digest_credentials){0};

	if (!span_equals_nocase(lexis_span(from, at), SPAN_LITERAL("Digest")))
		return CREDENTIALS_OTHER_SCHEME;
	if (at < end && !lexis_is(*at, LEXIS_WHITE))
		return CREDENTIALS_MALFORMED;
	for (;;) {
		at = take_field(values, &seen, at, end);
		if (at == NULL)
			return CREDENTIALS_MALFORMED;
		if (at == end)
			break;
		if (*at++ != ',')
			return CREDENTIALS_MALFORMED;
	}
	if (!set_fields(credentials, values, seen) || (seen & FIELDS_NEEDED) != FIELDS_NEEDED)
		return CREDENTIALS_MALFORMED;
	if (seen & FIELD_BIT(FIELD_QOP) && (seen & FIELDS_NEEDED_BY_QOP) != FIELDS_NEEDED_BY_QOP)
		return CREDENTIALS_MALFORMED;
	return CREDENTIALS_OK;
}
