#include "lexis.h"

#define UNRESERVED (LEXIS_USER | LEXIS_PASSWORD | LEXIS_PARAMETER | LEXIS_HEADER | LEXIS_VALUE)
#define ALPHANUM   (UNRESERVED | LEXIS_TOKEN | LEXIS_HOST)

/* clang-format off */
const uint8_t lexis_classes[256] = {
	['a' ... 'z'] = ALPHANUM, ['A' ... 'Z'] = ALPHANUM, ['0' ... '9'] = ALPHANUM,
	['-'] = ALPHANUM, ['.'] = ALPHANUM, ['_'] = ALPHANUM,
	['!'] = UNRESERVED | LEXIS_TOKEN, ['~'] = UNRESERVED | LEXIS_TOKEN,
	['*'] = UNRESERVED | LEXIS_TOKEN, ['\''] = UNRESERVED | LEXIS_TOKEN,
	['('] = UNRESERVED, [')'] = UNRESERVED,
	['+'] = UNRESERVED | LEXIS_TOKEN,
	['%'] = LEXIS_TOKEN | LEXIS_VALUE, ['`'] = LEXIS_TOKEN | LEXIS_VALUE,
	['&'] = UNRESERVED & ~LEXIS_HEADER, ['='] = UNRESERVED, ['$'] = UNRESERVED,
	[','] = LEXIS_USER | LEXIS_PASSWORD,
	[';'] = LEXIS_USER,
	['?'] = LEXIS_USER | LEXIS_HEADER | LEXIS_VALUE,
	['/'] = LEXIS_USER | LEXIS_PARAMETER | LEXIS_HEADER | LEXIS_VALUE,
	['['] = LEXIS_PARAMETER | LEXIS_HEADER | LEXIS_VALUE,
	[']'] = LEXIS_PARAMETER | LEXIS_HEADER | LEXIS_VALUE,
	[':'] = LEXIS_PARAMETER | LEXIS_HEADER | LEXIS_VALUE,
	['#'] = LEXIS_VALUE, ['@'] = LEXIS_VALUE, ['\\'] = LEXIS_VALUE, ['^'] = LEXIS_VALUE,
	['{'] = LEXIS_VALUE, ['|'] = LEXIS_VALUE, ['}'] = LEXIS_VALUE,
	[0x80 ... 0xff] = LEXIS_VALUE,
	[' '] = LEXIS_WHITE, ['\t'] = LEXIS_WHITE, ['\r'] = LEXIS_WHITE, ['\n'] = LEXIS_WHITE,
};

/* The same, sixteen bytes at a time: [class bit][low nibble], bit n for high nibble n. unit_lexis compares the two tables. */
const uint8_t lexis_nibbles[8][16] = {
	{0xe8, 0xfc, 0xf8, 0xf8, 0xf8, 0xfc, 0xf8, 0xfc, 0xf8, 0xf8, 0xf4, 0x54, 0x50, 0x54, 0xd4, 0x70}, /* TOKEN */
	{0x04, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x01, 0x00, 0x00, 0x01, 0x00, 0x00}, /* WHITE */
	{0xa8, 0xf8, 0xf8, 0xf8, 0xf8, 0xf8, 0xf8, 0xf8, 0xf8, 0xf8, 0xf0, 0x50, 0x50, 0x54, 0x54, 0x70}, /* HOST */
	{0xa8, 0xfc, 0xf8, 0xf8, 0xfc, 0xf8, 0xfc, 0xfc, 0xfc, 0xfc, 0xf4, 0x5c, 0x54, 0x5c, 0xd4, 0x7c}, /* USER */
	{0xa8, 0xfc, 0xf8, 0xf8, 0xfc, 0xf8, 0xfc, 0xfc, 0xfc, 0xfc, 0xf4, 0x54, 0x54, 0x5c, 0xd4, 0x70}, /* PASSWORD */
	{0xa8, 0xfc, 0xf8, 0xf8, 0xfc, 0xf8, 0xfc, 0xfc, 0xfc, 0xfc, 0xfc, 0x74, 0x50, 0x7c, 0xd4, 0x74}, /* PARAMETER */
	{0xa8, 0xfc, 0xf8, 0xf8, 0xfc, 0xf8, 0xf8, 0xfc, 0xfc, 0xfc, 0xfc, 0x74, 0x50, 0x7c, 0xd4, 0x7c}, /* HEADER */
	{0xf8, 0xfc, 0xf8, 0xfc, 0xfc, 0xfc, 0xfc, 0xfc, 0xfc, 0xfc, 0xfc, 0xf4, 0xf0, 0xfc, 0xf4, 0x7c}, /* VALUE */
};
/* clang-format on */

int lexis_hex_digit(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	digit = span_lower_byte(digit);
	return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

const char *lexis_skip_escaped(const char *at, const char *end, uint8_t class)
{
	for (;;) {
		at = lexis_skip(at, end, class);
		if (at == end || *at != '%')
			return at;
		if (end - at < 3 || lexis_hex_digit(at[1]) < 0 || lexis_hex_digit(at[2]) < 0)
			return NULL;
		at += 3;
	}
}

#if defined(__SSSE3__)
/* Skips what is neither quote nor backslash as long as whole sixteens of bytes are left. */
static inline const char *skip_quoted_sixteens(const char *at, const char *end)
{
	while (end - at >= 16) {
		__m128i bytes = _mm_loadu_si128((const __m128i *)at);
		__m128i stop = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
					    _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
		uint32_t stops = (uint32_t)_mm_movemask_epi8(stop);
		if (stops)
			return at + __builtin_ctz(stops);
		at += 16;
	}
	return at;
}
#else
static inline const char *skip_quoted_sixteens(const char *at, const char *end)
{
	(void)end;
	return at;
}
#endif

const char *lexis_skip_quoted(const char *at, const char *end)
{
	for (at = skip_quoted_sixteens(at + 1, end); at < end; at++) {
		if (*at == '"')
			return at + 1;
		if (*at == '\\')
			at++;
	}
	return NULL;
}

const char *lexis_take_parameter(struct lexis_parameter *parameter, const char *at, const char *end)
{
	const char *from = lexis_skip_white(at, end);
	at = lexis_skip(from, end, LEXIS_TOKEN);
	if (at == from)
		return NULL;
	parameter->name = lexis_span(from, at);
	parameter->value = span_make(at, 0);
	at = lexis_skip_white(at, end);
	if (at == end || *at != '=')
		return at;

	from = lexis_skip_white(at + 1, end);
	if (from < end && *from == '"')
		at = lexis_skip_quoted(from, end);
	else
		at = lexis_skip(from, end, LEXIS_VALUE);
	if (at == NULL || at == from)
		return NULL;
	parameter->value = lexis_span(from, at);
	return lexis_skip_white(at, end);
}

static const char *take_host(struct span *host, const char *at, const char *end)
{
	const char *from = at;
	if (at < end && *at == '[') {
		do
			at++;
		while (at < end && (lexis_hex_digit(*at) >= 0 || *at == ':' || *at == '.'));
		if (at == end || *at != ']' || at - from < 3)
			return NULL;
		at++;
	} else {
		at = lexis_skip(at, end, LEXIS_HOST);
		if (at == from)
			return NULL;
	}
	*host = lexis_span(from, at);
	return at;
}

const char *lexis_take_host_port(struct span *host, uint16_t *port, const char *at, const char *end, bool is_spaced)
{
	*port = 0;
	at = take_host(host, at, end);
	if (at == NULL)
		return NULL;
	const char *colon = is_spaced ? lexis_skip_white(at, end) : at;
	if (colon == end || *colon != ':')
		return at;

	uint32_t number = 0;
	for (at = is_spaced ? lexis_skip_white(colon + 1, end) : colon + 1; at < end && *at >= '0' && *at <= '9'; at++)
		if (number <= UINT16_MAX)
			number = number * 10 + (uint32_t)(*at - '0');
	if (number == 0 || number > UINT16_MAX)
		return NULL;
	*port = (uint16_t)number;
	return at;
}

bool lexis_parse_number(uint32_t *number, struct span text, uint32_t greatest)
{
	uint64_t value = 0;
	if (text.length == 0)
		return false;
	for (uint32_t i = 0; i < text.length; i++) {
		if (text.at[i] < '0' || text.at[i] > '9')
			return false;
		value = value * 10 + (uint64_t)(text.at[i] - '0');
		if (value > greatest)
			return false;
	}
	*number = (uint32_t)value;
	return true;
}

#define EACH_BYTE(byte) (0x0101010101010101ull * (byte))

/* Bit 7 of a byte is set when it is below 0x21; the borrow can set a wrong one, but only above a right one. */
static uint64_t find_below_0x21(const char *at)
{
	uint64_t word;
	memcpy(&word, at, sizeof(word));
	return (word - EACH_BYTE(0x21)) & ~word & EACH_BYTE(0x80);
}

bool lexis_has_white_or_control(struct span text)
{
	uint64_t found = 0;
	if (text.length >= 8) {
		for (uint32_t i = 0; i + 8 < text.length; i += 8)
			found |= find_below_0x21(text.at + i);
		return (found | find_below_0x21(text.at + text.length - 8)) != 0;
	}
	for (uint32_t i = 0; i < text.length; i++)
		found |= (uint8_t)text.at[i] <= 0x20;
	return found != 0;
}
