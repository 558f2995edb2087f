#include "credentials_parse.h"

#include "byte_block.h"
#include "credentials_field.h"

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

#define EACH_BYTE(byte) (0x0101010101010101ull * (byte))

/* Eight decimal digits. Result: false when one of them is another byte; *count is then undefined. */
static inline bool parse_small_count(uint32_t *count, const char *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	word ^= EACH_BYTE('0');
	if (((word + EACH_BYTE(0x76)) | word) & EACH_BYTE(0x80))
		return false;
	/* The first digit is the lowest byte: pairs, fours and then all of them change places and become one number. */
	word = __builtin_bswap64(word);
	word = (word | word >> 4) & 0x00ff00ff00ff00ffull;
	word = (word | word >> 8) & 0x0000ffff0000ffffull;
	*count = (uint32_t)(word | word >> 16);
	return true;
}

static bool parse_nonce_count(uint32_t *count, struct span text)
{
	if (text.length != 8)
		return false;
	if (parse_small_count(count, text.at)) /* nearly always */
		return true;
	*count = 0;
	for (uint32_t i = 0; i < text.length; i++) {
		int digit = lexis_hex_digit(text.at[i]);
		if (digit < 0)
			return false;
		*count = *count << 4 | (uint32_t)digit;
	}
	return true;
}

/* Of more than 255 blocks a byte could not count the quotes. */
#define CREDENTIALS_PIECES_BYTES (255 * BYTE_BLOCK_BYTES)

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
		bits |= name->bit;
		count++;
		done = to + name->is_quoted;
		if (end - done < 2 || *done != ',')
			break;
		at = done + 1 + (done[1] == ' ');
	}
	*seen = bits;
	return __builtin_popcount(bits) == count ? done : NULL;
}

/* What is seen of the fields on the way. */
struct usual_fields {
	const char *end; /* of all of them */
	uint32_t bits, count;
	uint32_t quotes; /* that belong to values */
};

/* One field, from its name to what separates it from the next one. Result: false when it may not be what it looks like.
 */
static inline bool take_piece(struct usual_fields *fields, struct digest_credentials *credentials, const char *at,
			      const char *to)
{
	const struct credentials_field_name *name = credentials_field_find(byte_block_load(at, fields->end));

	if (name == NULL)
		return false;
	const char *from = at + name->length;
	if (name->is_quoted) {
		to--;
		if (to < from || *to != '"')
			return false;
		fields->quotes += 2;
	} else {
		uint64_t values = byte_block_find_class(byte_block_load(from, fields->end), LEXIS_VALUE);
		if (to <= from || __builtin_ctzll(~values) < to - from)
			return false;
	}
	credentials->text[name->field] = lexis_span(from, to);
	fields->bits |= name->bit;
	fields->count++;
	return true;
}

/*
 * All fields, when each of them is usual (take_usual_fields) and no comma stands in a value. Where the next one begins
 * does not have to wait for what this one is: a core looks at several at a time.
 *
 * A value has no quotes and no backslashes inside when there are none but those that belong to the values.
 *
 * Result: false when something else may be there; nothing that was taken counts then.
 */
static inline bool take_pieces(struct digest_credentials *credentials, uint32_t *seen, const char *at, const char *end)
{
	struct usual_fields fields = {.end = end};
	__m128i quotes = _mm_setzero_si128(), backslashes = _mm_setzero_si128();
	const char *piece = at;

	if (end - at < BYTE_BLOCK_BYTES || end - at > CREDENTIALS_PIECES_BYTES)
		return false;
	for (const char *block_at = at; block_at < end; block_at += BYTE_BLOCK_BYTES) {
		__m128i block = byte_block_load(block_at, end);
		quotes = _mm_sub_epi8(quotes, _mm_cmpeq_epi8(block, _mm_set1_epi8('"')));
		backslashes = _mm_or_si128(backslashes, _mm_cmpeq_epi8(block, _mm_set1_epi8('\\')));
		for (uint32_t commas = byte_block_find(block, ','); commas; commas &= commas - 1) {
			const char *comma = block_at + __builtin_ctz(commas);
			if (comma + 1 == end || !take_piece(&fields, credentials, piece, comma))
				return false;
			piece = comma + 1 + (comma[1] == ' ');
		}
	}
	if (!take_piece(&fields, credentials, piece, end))
		return false;
	__m128i sums = _mm_sad_epu8(quotes, _mm_setzero_si128());
	*seen = fields.bits;
	return (uint32_t)_mm_cvtsi128_si32(sums) + (uint32_t)_mm_extract_epi16(sums, 4) == fields.quotes &&
	       _mm_movemask_epi8(backslashes) == 0 && (uint32_t)__builtin_popcount(fields.bits) == fields.count;
}

static inline bool is_for_blocks(struct span value)
{
	return value.length >= BYTE_BLOCK_BYTES;
}
#else
static inline bool take_pieces(struct digest_credentials *credentials, uint32_t *seen, const char *at, const char *end)
{
	(void)credentials, (void)seen, (void)at, (void)end;
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
	const char *begin = fields.at + (fields.length && *fields.at == ' ');

	if (take_pieces(credentials, seen, begin, fields.at + fields.length)) /* nearly always */
		return true;
	*seen = 0;
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

enum credentials_result credentials_parse(struct digest_credentials *credentials, struct span value)
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
