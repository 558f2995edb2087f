#include "credentials_parse.h"

#include "byte_block.h"
#include "credentials_avx2.h"
#include "credentials_field.h"
#include "scan.h"

#define FIELDS_ALL (CREDENTIALS_FIELD_BIT(CREDENTIALS_FIELD_COUNT) - 1)
#define FIELDS_NEEDED                                                                                                  \
	(CREDENTIALS_FIELD_BIT(CREDENTIALS_FIELD_USERNAME) | CREDENTIALS_FIELD_BIT(CREDENTIALS_FIELD_REALM) |          \
	 CREDENTIALS_FIELD_BIT(CREDENTIALS_FIELD_NONCE) | CREDENTIALS_FIELD_BIT(CREDENTIALS_FIELD_URI) |               \
	 CREDENTIALS_FIELD_BIT(CREDENTIALS_FIELD_RESPONSE))
#define FIELDS_NEEDED_BY_QOP                                                                                           \
	(CREDENTIALS_FIELD_BIT(CREDENTIALS_FIELD_CNONCE) | CREDENTIALS_FIELD_BIT(CREDENTIALS_FIELD_NC))

static struct span cut_quotes(struct span value)
{
	return value.length >= 2 && value.at[0] == '"' ? span_make(value.at + 1, value.length - 2) : value;
}

static uint8_t find_algorithm(struct span value)
{
	if (span_equals(value, SPAN_LITERAL("MD5"))) /* nearly always */
		return DIGEST_MD5;
	if (span_equals_nocase(value, SPAN_LITERAL("MD5")))
		return DIGEST_MD5;
	return span_equals_nocase(value, SPAN_LITERAL("SHA-256")) ? DIGEST_SHA256 : DIGEST_UNKNOWN;
}

/* Apart, as most have decimal digits only. */
static __attribute__((noinline)) bool parse_count(uint32_t *count, const char *at)
{
	*count = 0;
	for (uint32_t i = 0; i < 8; i++) {
		int digit = lexis_hex_digit(at[i]);
		if (digit < 0)
			return false;
		*count = *count << 4 | (uint32_t)digit;
	}
	return true;
}

#if defined(__SSSE3__)
/* Eight decimal digits. Result: false when one of them is another byte. */
static inline bool parse_small_count(uint32_t *count, const char *at)
{
	__m128i text = _mm_loadl_epi64((const __m128i *)at);
	__m128i digits = _mm_xor_si128(text, _mm_set_epi64x(0, 0x3030303030303030));
	__m128i others = _mm_or_si128(digits, _mm_cmpgt_epi8(digits, _mm_set1_epi8(9)));

	if (_mm_movemask_epi8(others)) /* above 9, or below 0 */
		return false;
	__m128i pairs = _mm_maddubs_epi16(digits, _mm_set1_epi16(0x0110)); /* the first of two is the higher one */
	*count = __builtin_bswap32((uint32_t)_mm_cvtsi128_si32(_mm_packus_epi16(pairs, pairs)));
	return true;
}
#else
static inline bool parse_small_count(uint32_t *count, const char *at)
{
	(void)count, (void)at;
	return false;
}
#endif

static bool parse_nonce_count(uint32_t *count, struct span text)
{
	return text.length == 8 && (parse_small_count(count, text.at) || parse_count(count, text.at));
}

#define FIELD_AT(name) (offsetof(struct digest_credentials, name) / sizeof(struct span))
_Static_assert(FIELD_AT(username) == CREDENTIALS_FIELD_USERNAME && FIELD_AT(realm) == CREDENTIALS_FIELD_REALM &&
		       FIELD_AT(nonce) == CREDENTIALS_FIELD_NONCE && FIELD_AT(uri) == CREDENTIALS_FIELD_URI &&
		       FIELD_AT(response) == CREDENTIALS_FIELD_RESPONSE &&
		       FIELD_AT(cnonce) == CREDENTIALS_FIELD_CNONCE && FIELD_AT(qop) == CREDENTIALS_FIELD_QOP &&
		       FIELD_AT(nc_text) == CREDENTIALS_FIELD_NC && FIELD_AT(opaque) == CREDENTIALS_FIELD_OPAQUE &&
		       FIELD_AT(algorithm_text) == CREDENTIALS_FIELD_ALGORITHM,
	       "the texts are in the order of the fields");

/* Takes `name = value`; unlike a parameter of a header, the value is not optional. Result: behind it, or NULL. */
static const char *take_field(struct digest_credentials *credentials, uint32_t *seen, const char *at, const char *end)
{
	struct lexis_parameter parameter;
	at = lexis_take_parameter(&parameter, at, end);
	if (at == NULL || parameter.value.length == 0)
		return NULL;
	enum credentials_field field = credentials_field_find_alone(parameter.name);
	if (field == CREDENTIALS_FIELD_COUNT)
		return at;
	if (*seen & CREDENTIALS_FIELD_BIT(field)) /* for the second time */
		return NULL;
	*seen |= CREDENTIALS_FIELD_BIT(field);
	credentials->text[field] = cut_quotes(parameter.value);
	return at;
}

#if defined(__SSSE3__)
/* Up to the closing quote, when no backslash is before it. Result: the quote, or NULL. */
static inline const char *find_quote(const char *at, const char *end)
{
	for (;; at += BYTE_BLOCK_BYTES) {
		uint64_t found = byte_block_find(byte_block_load(at, end), '"');
		if (found) {
			at += __builtin_ctzll(found);
			return at[-1] == '\\' ? NULL : at; /* it may be escaped */
		}
		if (at > end - BYTE_BLOCK_BYTES)
			return NULL;
	}
}

/* A short value without quotes. Result: behind it, or NULL: it has none, or is followed by what could be one's. */
static inline const char *find_end(const char *at, const char *end)
{
	uint64_t values = byte_block_find_class(byte_block_load(at, end), LEXIS_VALUE);
	const char *behind = at + __builtin_ctzll(~values);

	return behind > at && (behind == end || *behind == ',') ? behind : NULL;
}

/*
 * The same as take_field for what clients write, as long as they do: known names, their values at once behind them, a
 * comma and at most one space between them.
 *
 * Result: behind the last one; `at` when there is none; NULL when a field is there for the second time.
 */
static inline const char *take_usual_fields(struct digest_credentials *credentials, uint32_t *seen, const char *at,
					    const char *end)
{
	const char *done = at;
	uint32_t bits = *seen;
	int count = __builtin_popcount(bits);

	for (;;) {
		const struct credentials_field_name *name = credentials_field_find(byte_block_load(at, end));
		if (name == NULL)
			break;
		const char *from = at + name->length;
		const char *to = name->is_quoted ? find_quote(from, end) : find_end(from, end);
		if (to == NULL)
			break;
		credentials->text[name->field] = lexis_span(from, to);
		bits |= CREDENTIALS_FIELD_BIT(name->field);
		count++;
		done = to + name->is_quoted;
		if (end - done < 2 || *done != ',')
			break;
		at = done + 1 + (done[1] == ' ');
	}
	*seen = bits;
	return __builtin_popcount(bits) == count ? done : NULL;
}

/* Behind the usual scheme; nothing follows a comma at the end. Result: as of credentials_avx2_take. */
static inline uint32_t take_usual_value(struct digest_credentials *credentials, struct span value)
{
	static const struct span scheme = SPAN_LITERAL("Digest ");
	const char *end = value.at + value.length;

	if (value.length < scheme.length + CREDENTIALS_AVX2_BYTES || value.length > UINT16_MAX || end[-1] == ',' ||
	    !span_starts_with(value, scheme) || scan_selected() == SCAN_SCALAR)
		return 0;
	return credentials_avx2_take(credentials, span_skip(value, scheme.length));
}

/* Can that be a value without quotes? */
static __attribute__((noinline)) bool is_plain(struct span value, const char *end)
{
	uint64_t values = byte_block_find_class(byte_block_load(value.at, end), LEXIS_VALUE);

	return value.length > 0 && (uint32_t)__builtin_ctzll(~values) >= value.length;
}

/* Are those without quotes? Of complete credentials: nc is digits. The usual ones are known at sight. */
static inline bool are_plain(const struct digest_credentials *credentials, const char *end)
{
	struct span qop = credentials->qop;

	return (credentials->algorithm != DIGEST_UNKNOWN || is_plain(credentials->algorithm_text, end)) &&
	       (qop.length == 0 || span_equals(qop, SPAN_LITERAL("auth")) || is_plain(qop, end));
}

static inline bool is_for_blocks(struct span value)
{
	return value.length >= BYTE_BLOCK_BYTES;
}
#else
static inline uint32_t take_usual_value(struct digest_credentials *credentials, struct span value)
{
	(void)credentials, (void)value;
	return 0;
}

static inline bool are_plain(const struct digest_credentials *credentials, const char *end)
{
	(void)credentials, (void)end;
	return false;
}

static inline const char *take_usual_fields(struct digest_credentials *credentials, uint32_t *seen, const char *at,
					    const char *end)
{
	(void)credentials, (void)seen, (void)end;
	return at;
}

static inline bool is_for_blocks(struct span value)
{
	(void)value;
	return false;
}
#endif

/* Behind the scheme. Result: false when it is malformed. */
static inline bool take_fields(struct digest_credentials *credentials, uint32_t *seen, struct span fields,
			       bool is_usual)
{
	for (const char *at = fields.at, *end = at + fields.length;; at++) {
		const char *from = at + (at < end && *at == ' ');
		at = is_usual ? take_usual_fields(credentials, seen, from, end) : from;
		if (at == from)
			at = take_field(credentials, seen, from, end);
		if (at == NULL)
			return false;
		at = lexis_skip_white(at, end);
		if (at == end)
			return true;
		if (*at != ',')
			return false;
	}
}

/* Fills what the fields do not. Result: false when a value cannot be, or one is missing. */
static inline bool complete(struct digest_credentials *credentials, uint32_t seen)
{
	bool has_qop = seen & CREDENTIALS_FIELD_BIT(CREDENTIALS_FIELD_QOP);
	uint32_t needed = FIELDS_NEEDED | (has_qop ? FIELDS_NEEDED_BY_QOP : 0);

	for (uint32_t absent = FIELDS_ALL & ~seen; absent; absent &= absent - 1)
		credentials->text[__builtin_ctz(absent)] = (struct span){0};
	credentials->nc = 0;
	credentials->algorithm = DIGEST_MD5;
	if (seen & CREDENTIALS_FIELD_BIT(CREDENTIALS_FIELD_ALGORITHM))
		credentials->algorithm = find_algorithm(credentials->algorithm_text);
	if ((seen & needed) != needed || (has_qop && credentials->qop.length == 0))
		return false;
	return !(seen & CREDENTIALS_FIELD_BIT(CREDENTIALS_FIELD_NC)) ||
	       parse_nonce_count(&credentials->nc, credentials->nc_text);
}

/* Takes the scheme. Result: behind it; NULL when it is another one. */
static inline const char *take_scheme(const char *at, const char *end)
{
	static const struct span usual = SPAN_LITERAL("Digest ");

	if (span_starts_with(lexis_span(at, end), usual))
		return at + usual.length - 1;
	const char *from = lexis_skip_white(at, end);
	at = lexis_skip(from, end, LEXIS_TOKEN);
	return span_equals_nocase(lexis_span(from, at), SPAN_LITERAL("Digest")) ? at : NULL;
}

/* Apart, as most go another way. */
static __attribute__((noinline)) enum credentials_result parse_unusual(struct digest_credentials *credentials,
								       struct span value)
{
	const char *end = value.at + value.length, *at = take_scheme(value.at, end);
	uint32_t seen = 0;

	if (at == NULL)
		return CREDENTIALS_OTHER_SCHEME;
	if (at < end && !lexis_is(*at, LEXIS_WHITE))
		return CREDENTIALS_MALFORMED;
	if (!take_fields(credentials, &seen, lexis_span(at, end), is_for_blocks(value)) || !complete(credentials, seen))
		return CREDENTIALS_MALFORMED;
	return CREDENTIALS_OK;
}

enum credentials_result credentials_parse(struct digest_credentials *credentials, struct span value)
{
	uint32_t seen = take_usual_value(credentials, value);

	if (seen && complete(credentials, seen) && are_plain(credentials, value.at + value.length)) /* nearly always */
		return CREDENTIALS_OK;
	return parse_unusual(credentials, value);
}
