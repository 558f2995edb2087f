#include "uri_parse.h"

#include "ipv4_read.h"
#include "lexis.h"

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

static bool parse_after_scheme(struct sip_uri *uri, const char *at, const char *end)
{
	at = take_user_info(uri, at, end);
	if (at == NULL)
		return false;
	at = lexis_take_host_port(&uri->host, &uri->port, at, end, false);
	if (at == NULL || !is_ip_reference_valid(uri->host))
		return false;
	if (at < end && *at == ';')
		at = take_list(&uri->parameters, at + 1, end, LEXIS_PARAMETER, ';');
	if (at != NULL && at < end && *at == '?')
		at = take_list(&uri->headers, at + 1, end, LEXIS_HEADER, '&');
	return at == end;
}

bool uri_parse(struct sip_uri *uri, struct span text)
{
	*uri = (struct sip_uri){0};
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

/* Takes one group of up to four hexadecimal digits. Result: its length; 0 when there is none. */
static uint32_t take_group(uint16_t *group, struct span text)
{
	uint32_t length = 0;
	*group = 0;
	while (length < text.length && length < 4 && lexis_hex_digit(text.at[length]) >= 0)
		*group = (uint16_t)(*group << 4 | lexis_hex_digit(text.at[length++]));
	return length;
}

static bool parse_v6(uint8_t ip[16], struct span text)
{
	uint8_t bytes[16] = {0};
	uint32_t count = 0, gap = UINT32_MAX;
	if (span_starts_with(text, SPAN_LITERAL("::"))) {
		gap = 0;
		text = span_skip(text, 2);
	}
	while (text.length) {
		uint16_t group;
		if (count <= 12 && ipv4_read(bytes + count, text)) {
			count += 4;
			break;
		}
		uint32_t length = take_group(&group, text);
		if (length == 0 || count > 14)
			return false;
		bytes[count++] = (uint8_t)(group >> 8);
		bytes[count++] = (uint8_t)group;
		text = span_skip(text, length);
		if (text.length == 0)
			break;
		if (text.length < 2 || text.at[0] != ':')
			return false;
		text = span_skip(text, 1);
		if (text.at[0] == ':') {
			if (gap != UINT32_MAX)
				return false;
			gap = count;
			text = span_skip(text, 1);
		}
	}
	if (gap == UINT32_MAX ? count != 16 : count > 14)
		return false;
	if (gap == UINT32_MAX)
		gap = count;
	memset(ip, 0, 16);
	memcpy(ip, bytes, gap);
	memcpy(ip + 16 - (count - gap), bytes + gap, count - gap);
	return true;
}

bool uri_parse_ip(uint8_t ip[16], struct span host)
{
	uint8_t octets[4];
	if (host.length == 0)
		return false;
	if (host.length >= 2 && host.at[0] == '[') {
		if (host.at[host.length - 1] != ']')
			return false;
		return parse_v6(ip, span_make(host.at + 1, host.length - 2));
	}
	if (!ipv4_read(octets, host))
		return memchr(host.at, ':', host.length) != NULL && parse_v6(ip, host);
	net_address_set_v4(ip, octets);
	return true;
}
