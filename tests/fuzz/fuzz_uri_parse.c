/* URIs: parts that put together again are the URI; addresses as inet_pton reads them. The first line is the URI, the
 * second the name of a parameter. */
#include "fuzz_input.h"

#include <arpa/inet.h>

#include "text_write.h"
#include "uri_parse.h"

static void write_after(struct text_writer *writer, char separator, struct span part)
{
	if (part.length == 0)
		return;
	text_write_char(writer, separator);
	text_write_span(writer, part);
}

static bool is_same_uri(const struct sip_uri *a, const struct sip_uri *b)
{
	return span_equals(a->scheme_text, b->scheme_text) && span_equals(a->user, b->user) &&
	       span_equals(a->password, b->password) && span_equals(a->host, b->host) &&
	       span_equals(a->parameters, b->parameters) && span_equals(a->headers, b->headers) && a->port == b->port &&
	       a->scheme == b->scheme;
}

/* Written from its parts it is no longer than it was, and parses to the same parts. */
static void check_round_trip(const struct sip_uri *uri, struct span text)
{
	struct sip_uri again;
	char *room = malloc(text.length);
	struct text_writer writer = text_write_begin(room, text.length);

	must(room != NULL);
	text_write_span(&writer, uri->scheme_text);
	text_write_char(&writer, ':');
	text_write_span(&writer, uri->user);
	write_after(&writer, ':', uri->password);
	if (uri->user.length)
		text_write_char(&writer, '@');
	text_write_span(&writer, uri->host);
	if (uri->port) {
		text_write_char(&writer, ':');
		text_write_number(&writer, uri->port);
	}
	write_after(&writer, ';', uri->parameters);
	write_after(&writer, '?', uri->headers);
	must(!writer.overflowed);
	must(uri_parse(&again, text_written(&writer)));
	must(is_same_uri(uri, &again));
	free(room);
}

static void check_uri(const struct sip_uri *uri, struct span text)
{
	fuzz_input_must_hold(text, uri->scheme_text);
	fuzz_input_must_hold(text, uri->user);
	fuzz_input_must_hold(text, uri->password);
	fuzz_input_must_hold(text, uri->host);
	fuzz_input_must_hold(text, uri->parameters);
	fuzz_input_must_hold(text, uri->headers);
	must(uri->scheme_text.length > 0);
	if (uri->scheme == URI_SCHEME_OTHER) {
		must(uri->host.length == 0);
		return;
	}
	must(uri->host.length > 0);
	check_round_trip(uri, text);
}

static void check_decoding(struct span text)
{
	char *room = malloc(text.length + 1);
	must(room != NULL);
	int length = uri_decode(room, text.length, text);

	must(length >= -1 && length <= (int)text.length);
	if (length > 0) {
		char *exact = malloc((size_t)length);
		must(exact != NULL);
		must(uri_decode(exact, (uint32_t)length, text) == length);
		must(memcmp(exact, room, (size_t)length) == 0);
		must(uri_decode(exact, (uint32_t)length - 1, text) == -1);
		free(exact);
	}
	free(room);
}

static bool read_by_system(uint8_t ip[16], struct span host)
{
	bool bracketed = host.length >= 2 && *host.at == '[' && host.at[host.length - 1] == ']';
	char text[INET6_ADDRSTRLEN + 1];
	struct in_addr v4;

	if (bracketed)
		host = span_make(host.at + 1, host.length - 2);
	if (host.length == 0 || host.length >= sizeof(text) || memchr(host.at, '\0', host.length))
		return false;
	memcpy(text, host.at, host.length);
	text[host.length] = '\0';
	if (bracketed || inet_pton(AF_INET, text, &v4) != 1)
		return inet_pton(AF_INET6, text, ip) == 1;
	net_address_set_v4(ip, &v4);
	return true;
}

static void check_ip(struct span host)
{
	uint8_t ip[16], wanted[16], again[16];
	char room[64];
	struct text_writer writer = text_write_begin(room, sizeof(room));
	bool is_ip = uri_parse_ip(ip, host);

	must(is_ip == read_by_system(wanted, host));
	if (!is_ip)
		return;
	must(uri_parse_ip_equals(host, ip));
	ip[15] ^= 1;
	must(!uri_parse_ip_equals(host, ip));
	ip[15] ^= 1;
	must(memcmp(ip, wanted, 16) == 0);
	text_write_ip(&writer, ip);
	must(!writer.overflowed && uri_parse_ip(again, text_written(&writer)));
	must(memcmp(ip, again, 16) == 0);
}

static void check_parameter(struct span parameters, struct span name)
{
	struct span value = {0}, second = {0};
	bool found = uri_find_parameter(&value, parameters, name);

	must(uri_find_parameter(&second, parameters, name) == found);
	must(fuzz_input_same(value, second));
	if (found)
		fuzz_input_must_hold(parameters, value);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct span input = fuzz_input_span(bytes, length);
	struct span text = fuzz_input_copy(fuzz_input_line(&input)), name = fuzz_input_copy(input);
	struct sip_uri uri, second;

	memset(&uri, 0xff, sizeof(uri));
	memset(&second, 0, sizeof(second));
	bool parsed = uri_parse(&uri, text);
	must(uri_parse(&second, text) == parsed);
	if (parsed) {
		must(is_same_uri(&uri, &second));
		check_uri(&uri, text);
		check_decoding(uri.user);
		if (uri.host.length)
			check_ip(uri.host);
		check_parameter(uri.parameters, name);
	}
	check_ip(text);
	check_decoding(text);
	check_parameter(text, name);
	fuzz_input_free(text);
	fuzz_input_free(name);
	return 0;
}
