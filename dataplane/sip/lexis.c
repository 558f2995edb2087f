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

const char *lexis_skip_quoted(const char *at, const char *end)
{
	for (at++; at < end; at++) {
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

	const char *from = is_spaced ? lexis_skip_white(colon + 1, end) : colon + 1;
	uint32_t number;
	for (at = from; at < end && *at >= '0' && *at <= '9';)
		at++;
	if (!lexis_parse_number(&number, lexis_span(from, at), UINT16_MAX) || number == 0)
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

bool lexis_has_white_or_control(struct span text)
{
	uint64_t found = 0;
	uint32_t i = 0;
	for (; i + 8 <= text.length; i += 8) {
		uint64_t word;
		memcpy(&word, text.at + i, sizeof(word));
		/* The borrow of word - 0x21 reaches bit 7 of a byte below 0x21; a wrong bit only follows a right one.
		 */
		found |= (word - EACH_BYTE(0x21)) & ~word & EACH_BYTE(0x80);
	}
	for (; i < text.length; i++)
		found |= (uint8_t)text.at[i] <= 0x20;
	return found != 0;
}
