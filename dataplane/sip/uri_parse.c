#include "uri_parse.h"

#include "byte_block.h"
#include "digits.h"

/* Takes `user [: password] @`. Result: behind the '@'; `at` when there is no user info; NULL when it is malformed. */
static const char *take_user_info(struct sip_uri *uri, const char *at, const char *end)
{
	const char *commercial_at = memchr(at, '@', (size_t)(end - at));
	if (commercial_at == NULL)
		return at;
	const char *user_end = lexis_skip_escaped(at, commercial_at, LEXIS_USER);
	if (user_end == NULL || user_end == at)
		return NULL;
	uri->user = lexis_span(at, user_end);
	if (user_end < commercial_at && *user_end == ':') {
		const char *password_end = lexis_skip_escaped(user_end + 1, commercial_at, LEXIS_PASSWORD);
		if (password_end == NULL)
			return NULL;
		uri->password = lexis_span(user_end + 1, password_end);
		user_end = password_end;
	}
	return user_end == commercial_at ? commercial_at + 1 : NULL;
}

/* A ';' or '?' list: no element of it may be empty. Result: where it ends; NULL when it is malformed. */
static const char *take_list(struct span *list, const char *at, const char *end, uint8_t class, char separator)
{
	const char *from = at;
	for (;;) {
		const char *element = at;
		at = lexis_skip_escaped(at, end, class);
		if (at == NULL || at == element || *element == '=')
			return NULL;
		if (at == end || *at != separator)
			break;
		at++;
	}
	*list = lexis_span(from, at);
	return at;
}

static bool is_ip_reference_valid(struct span host)
{
	uint8_t ip[16];
	return host.at[0] != '[' || uri_parse_ip(ip, host);
}

/* What follows host and port. */
static bool take_lists(struct sip_uri *uri, const char *at, const char *end)
{
	if (at < end && *at == ';')
		at = take_list(&uri->parameters, at + 1, end, LEXIS_PARAMETER, ';');
	if (at != NULL && at < end && *at == '?')
		at = take_list(&uri->headers, at + 1, end, LEXIS_HEADER, '&');
	return at == end;
}

static bool parse_after_scheme(struct sip_uri *uri, const char *at, const char *end)
{
	at = take_user_info(uri, at, end);
	if (at == NULL)
		return false;
	at = lexis_take_host_port(&uri->host, &uri->port, at, end, false);
	return at != NULL && is_ip_reference_valid(uri->host) && take_lists(uri, at, end);
}

static bool parse_any(struct sip_uri *uri, struct span text)
{
	const char *at = text.at, *end = text.at + text.length;
	while (at < end && (*at == '+' || *at == '-' || *at == '.' || (*at >= '0' && *at <= '9') ||
			    (span_lower_byte(*at) >= 'a' && span_lower_byte(*at) <= 'z')))
		at++;
	if (at == text.at || at == end || *at != ':' || span_lower_byte(*text.at) < 'a')
		return false;
	uri->scheme_text = lexis_span(text.at, at);
	at++;
	if (span_equals_nocase(uri->scheme_text, SPAN_LITERAL("sip")))
		uri->scheme = URI_SCHEME_SIP;
	else if (span_equals_nocase(uri->scheme_text, SPAN_LITERAL("sips")))
		uri->scheme = URI_SCHEME_SIPS;
	else
		return at < end && !lexis_has_white_or_control(lexis_span(at, end)) &&
		       memchr(at, '<', (size_t)(end - at)) == NULL && memchr(at, '>', (size_t)(end - at)) == NULL;
	return parse_after_scheme(uri, at, end);
}

#if defined(__SSSE3__)
#define USUAL_BYTES_MAX 63 /* a bit each in a word, and one behind */

/* Bit n: byte n of a text is it. */
struct usual_bytes {
	uint64_t users; /* what a user may have without escapes */
	uint64_t hosts;
	uint64_t commercial_ats;
};

static inline struct usual_bytes find_usual_bytes(struct span text)
{
	const char *end = text.at + text.length;
	struct usual_bytes found = {0};

	for (uint32_t i = 0; i < text.length; i += BYTE_BLOCK_BYTES) {
		__m128i block = byte_block_load(text.at + i, end);
		found.users |= (uint64_t)byte_block_find_class(block, LEXIS_USER) << i;
		found.hosts |= (uint64_t)byte_block_find_class(block, LEXIS_HOST) << i;
		found.commercial_ats |= (uint64_t)byte_block_find(block, '@') << i;
	}
	return found;
}

/* Eight bytes of a text, of which at least as many stand before `end`: with zeros behind it. */
static inline uint64_t load_eight(const char *at, const char *end)
{
	const char *last = end - sizeof(uint64_t);
	uint64_t word;

	memcpy(&word, at < last ? at : last, sizeof(word));
	if (at == end)
		return 0;
	return at < last ? word : word >> 8 * (at - last);
}

/* Up to five digits, of a port that is one. Result: behind them; NULL when it may be none. */
static inline const char *take_usual_port(uint16_t *port, const char *at, const char *end)
{
	uint64_t word = load_eight(at, end);
	uint64_t others = digits_find_other(word);
	uint32_t length = others ? (uint32_t)__builtin_ctzll(others) / 8 : 0;

	if (length == 0 || length > 5)
		return NULL;
	uint32_t number = digits_read(word, length);
	*port = (uint16_t)number;
	return number > 0 && number <= UINT16_MAX ? at + length : NULL;
}

static inline bool is_sip_colon(const char *at)
{
	uint32_t word, usual;

	memcpy(&word, at, sizeof(word));
	memcpy(&usual, "sip:", sizeof(usual));
	return word == usual;
}

/*
 * `sip:[user@]host[:port]`, and lists behind it: no escapes in the user, no password, no IPv6 reference.
 *
 * Result: where the lists may begin; NULL: it may be another shape.
 */
static inline const char *take_usual(struct sip_uri *uri, struct span text)
{
	if (text.length < BYTE_BLOCK_BYTES || text.length > USUAL_BYTES_MAX || !is_sip_colon(text.at))
		return NULL;
	struct usual_bytes bytes = find_usual_bytes(text);
	const uint32_t user = 4;
	uint32_t host = user, user_end = (uint32_t)__builtin_ctzll(~bytes.users & UINT64_MAX << user);
	if (bytes.commercial_ats) {
		if (user_end == user || user_end != (uint32_t)__builtin_ctzll(bytes.commercial_ats))
			return NULL;
		uri->user = span_make(text.at + user, user_end - user);
		host = user_end + 1;
	}
	uint32_t host_end = (uint32_t)__builtin_ctzll(~bytes.hosts & UINT64_MAX << host);
	if (host_end == host)
		return NULL;
	uri->scheme_text = span_make(text.at, 3);
	uri->scheme = URI_SCHEME_SIP;
	uri->host = span_make(text.at + host, host_end - host);
	const char *at = text.at + host_end, *end = text.at + text.length;
	if (at == end || *at != ':')
		return at;
	return take_usual_port(&uri->port, at + 1, end);
}
#else
static inline const char *take_usual(struct sip_uri *uri, struct span text)
{
	(void)uri, (void)text;
	return NULL;
}
#endif

bool uri_parse(struct sip_uri *uri, struct span text)
{
	*uri = (struct sip_uri){0};
	const char *at = take_usual(uri, text), *end = text.at + text.length;
	if (at == end && at != NULL)
		return true;
	if (at != NULL && (*at == ';' || *at == '?'))
		return take_lists(uri, at, end);
	*uri = (struct sip_uri){0};
	return parse_any(uri, text);
}

bool uri_find_parameter(struct span *value, struct span parameters, struct span name)
{
	if (parameters.length == 0)
		return false;
	const char *at = parameters.at, *end = at + parameters.length;
	while (at < end) {
		struct lexis_parameter parameter;
		const char *behind = lexis_take_parameter(&parameter, at, end);
		bool is_whole = behind != NULL && (behind == end || *behind == ';');
		if (is_whole && span_equals_nocase(parameter.name, name)) {
			*value = parameter.value;
			return true;
		}
		/* Names in a URI have bytes that no token has; such a parameter is none that we look for. */
		if (!is_whole)
			behind = memchr(at, ';', (size_t)(end - at));
		at = behind == NULL || behind == end ? end : behind + 1;
	}
	return false;
}

int uri_decode(char *decoded, uint32_t capacity, struct span text)
{
	uint32_t length = 0;
	for (uint32_t i = 0; i < text.length; i++) {
		char byte = text.at[i];
		if (byte == '%') {
			if (text.length - i < 3)
				return -1;
			int high = lexis_hex_digit(text.at[i + 1]), low = lexis_hex_digit(text.at[i + 2]);
			if (high < 0 || low < 0)
				return -1;
			byte = (char)(high << 4 | low);
			i += 2;
		}
		if (length == capacity)
			return -1;
		decoded[length++] = byte;
	}
	return (int)length;
}
