#include "sip_generate.h"

#include <stdarg.h>
#include <stdio.h>

#include "must.h"
#include "random_source.h"

#define COUNT(list) ((uint32_t)(sizeof(list) / sizeof((list)[0])))

struct generator {
	struct sip_generated *message;
	struct random_source random;
};

static const char token_bytes[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.!%*_+`'~";
static const char word_bytes[] = "abcXYZ019-.!%*_+`'~()<>:\\\"/[]?{}";
static const char user_bytes[] = "abcXYZ019-_.!~*'()&=+$,;?/";
static const char password_bytes[] = "abcXYZ019-_.!~*'()&=+$,";
static const char parameter_bytes[] = "abcXYZ019-_.!~*'()[]/:&+$";
static const char header_bytes[] = "abcXYZ019-_.!~*'()[]/?:+$";
static const char host_bytes[] = "abcdefghijklmnopqrstuvwxyz0123456789";

static bool once_in(struct generator *generator, uint32_t times)
{
	return random_source_once_in(&generator->random, times);
}

static uint32_t below(struct generator *generator, uint32_t count)
{
	return random_source_below(&generator->random, count);
}

static char *here(const struct generator *generator)
{
	return generator->message->bytes + generator->message->length;
}

static void put(struct generator *generator, const char *text)
{
	size_t length = strlen(text);
	must(generator->message->length + length < SIP_GENERATED_BYTES_MAX);
	memcpy(here(generator), text, length);
	generator->message->length += (uint32_t)length;
}

static void put_byte(struct generator *generator, char byte)
{
	char text[2] = {byte, '\0'};
	put(generator, text);
}

static void put_number(struct generator *generator, uint32_t number)
{
	char text[16];
	snprintf(text, sizeof(text), "%u", number);
	put(generator, text);
}

static void put_one(struct generator *generator, const char *const *list, uint32_t count)
{
	put(generator, list[below(generator, count)]);
}

static void put_bytes_of(struct generator *generator, const char *class, uint32_t least, uint32_t most)
{
	uint32_t length = least + below(generator, most - least + 1), count = (uint32_t)strlen(class);
	for (uint32_t i = 0; i < length; i++)
		put_byte(generator, class[below(generator, count)]);
}

/* The same, with %HH here and there. */
static void put_escaped(struct generator *generator, const char *class, uint32_t least, uint32_t most)
{
	static const char *const escapes[] = {"%20", "%40", "%3A", "%3b", "%00", "%ff", "%25"};
	uint32_t length = least + below(generator, most - least + 1);
	for (uint32_t i = 0; i < length; i++)
		if (once_in(generator, 8))
			put_one(generator, escapes, COUNT(escapes));
		else
			put_bytes_of(generator, class, 1, 1);
}

static struct span span_from(const struct generator *generator, const char *start)
{
	return span_make(start, (size_t)(here(generator) - start));
}

/* LWS */
static void put_white(struct generator *generator)
{
	static const char *const whites[] = {" ", " ", " ", "  ", "\t", " \t ", "\r\n ", " \r\n\t", "  \r\n  "};
	put_one(generator, whites, COUNT(whites));
}

/* SWS: mostly nothing. */
static void put_maybe_white(struct generator *generator)
{
	if (once_in(generator, 8))
		put_white(generator);
}

static void put_spaced(struct generator *generator, char separator)
{
	put_maybe_white(generator);
	put_byte(generator, separator);
	put_maybe_white(generator);
}

static void put_token(struct generator *generator)
{
	put_bytes_of(generator, token_bytes, 1, once_in(generator, 10) ? 40 : 10);
}

static void put_quoted(struct generator *generator)
{
	static const char *const pieces[] = {"a", "Z", " ",   "<",    ">",    ";",	  ",",
					     "@", ":", "%41", "\\\"", "\\\\", "\xc3\xa9", "\xe2\x82\xac",
					     "?", "'", "  "};
	put_byte(generator, '"');
	for (uint32_t i = below(generator, 12); i > 0; i--)
		put_one(generator, pieces, COUNT(pieces));
	put_byte(generator, '"');
}

static void put_host_name(struct generator *generator)
{
	for (uint32_t i = below(generator, 4); i > 0; i--) {
		put_bytes_of(generator, host_bytes, 1, 8);
		if (once_in(generator, 4))
			put(generator, "-x");
		put_byte(generator, '.');
	}
	put_byte(generator, (char)('a' + below(generator, 26)));
	put_bytes_of(generator, host_bytes, 0, 8);
	if (once_in(generator, 20))
		put_byte(generator, '.');
}

static void put_ipv4(struct generator *generator)
{
	for (uint32_t i = 0; i < 4; i++) {
		if (i)
			put_byte(generator, '.');
		put_number(generator, below(generator, 256));
	}
}

static void put_ipv6(struct generator *generator)
{
	char text[8];
	uint32_t groups = 2 + below(generator, 7), gap = groups == 8 ? 8 : below(generator, groups + 1);
	if (groups == 8 && once_in(generator, 2))
		gap = 8;
	for (uint32_t i = 0; i < groups; i++) {
		if (i == gap)
			put(generator, "::");
		else if (i)
			put_byte(generator, ':');
		snprintf(text, sizeof(text), once_in(generator, 2) ? "%x" : "%X", below(generator, 0x10000));
		put(generator, text);
	}
	if (gap == groups && groups < 8)
		put(generator, "::");
	else if (groups < 7 && gap < groups && once_in(generator, 4)) {
		put_byte(generator, ':');
		put_ipv4(generator);
	}
}

/* Result: the host, brackets included. */
static struct span put_host(struct generator *generator)
{
	const char *start = here(generator);
	uint32_t kind = below(generator, 3);
	if (kind == 0) {
		put_ipv4(generator);
	} else if (kind == 1) {
		put_byte(generator, '[');
		put_ipv6(generator);
		put_byte(generator, ']');
	} else {
		put_host_name(generator);
	}
	return span_from(generator, start);
}

static void put_uri_parameters(struct generator *generator)
{
	static const char *const known[] = {";transport=udp",	";lr",		 ";user=phone", ";ttl=15",
					    ";maddr=192.0.2.9", ";method=INVITE"};
	for (uint32_t i = below(generator, 3); i > 0; i--) {
		if (once_in(generator, 2)) {
			put_one(generator, known, COUNT(known));
			continue;
		}
		put_byte(generator, ';');
		put_escaped(generator, parameter_bytes, 1, 6);
		if (once_in(generator, 2)) {
			put_byte(generator, '=');
			put_escaped(generator, parameter_bytes, 1, 6);
		}
	}
}

static void put_sip_uri(struct generator *generator, bool with_headers)
{
	static const char *const schemes[] = {"sip:", "sip:", "sip:", "sips:", "SIP:"};
	put_one(generator, schemes, COUNT(schemes));
	if (!once_in(generator, 4)) {
		put_escaped(generator, user_bytes, 1, 12);
		if (once_in(generator, 6)) {
			put_byte(generator, ':');
			put_escaped(generator, password_bytes, 0, 6);
		}
		put_byte(generator, '@');
	}
	put_host(generator);
	if (once_in(generator, 3)) {
		put_byte(generator, ':');
		put_number(generator, 1 + below(generator, 65535));
	}
	put_uri_parameters(generator);
	for (uint32_t i = 0; with_headers && i < below(generator, 3); i++) {
		put_byte(generator, i ? '&' : '?');
		put_escaped(generator, header_bytes, 1, 6);
		put_byte(generator, '=');
		put_escaped(generator, header_bytes, 0, 6);
	}
}

static void put_uri(struct generator *generator, bool with_headers)
{
	static const char *const others[] = {"tel:+34944000000", "tel:2001;phone-context=example.net",
					     "isbn:2983792873", "http://www.example.net/a?b=c", "urn:service:sos"};
	if (once_in(generator, 10))
		put_one(generator, others, COUNT(others));
	else
		put_sip_uri(generator, with_headers);
}

static void put_generic_parameter(struct generator *generator)
{
	put_token(generator);
	if (once_in(generator, 4))
		return;
	put_spaced(generator, '=');
	switch (below(generator, 3)) {
	case 0:
		put_quoted(generator);
		break;
	case 1:
		put_host(generator);
		break;
	default:
		put_token(generator);
	}
}

static void put_display(struct generator *generator)
{
	if (once_in(generator, 2)) {
		put_quoted(generator);
		put_maybe_white(generator);
		return;
	}
	for (uint32_t i = 1 + below(generator, 3); i > 0; i--) {
		put_token(generator);
		put_white(generator);
	}
}

/* name-addr or addr-spec, with header parameters. Result: the tag, when `tagged`. */
static struct span put_address(struct generator *generator, bool tagged)
{
	struct span tag = {0};
	if (once_in(generator, 4)) {
		/* Without brackets a URI has no ';', ',' or '?' (RFC 3261 20). */
		put(generator, "sip:");
		put_escaped(generator, "abcXYZ019-_.!~*'()&=+$/", 1, 8);
		put_byte(generator, '@');
		put_host(generator);
	} else {
		if (once_in(generator, 2))
			put_display(generator);
		put_byte(generator, '<');
		put_uri(generator, false);
		put_byte(generator, '>');
	}
	uint32_t before = below(generator, 2), after = below(generator, 2);
	for (uint32_t i = 0; i < before + after + tagged; i++) {
		put_spaced(generator, ';');
		if (i == before && tagged) {
			put(generator, once_in(generator, 4) ? "TAG" : "tag");
			put_spaced(generator, '=');
			const char *start = here(generator);
			put_token(generator);
			tag = span_from(generator, start);
		} else {
			put_byte(generator, 'x'); /* no other tag by chance */
			put_generic_parameter(generator);
		}
	}
	return tag;
}

static void put_via_value(struct generator *generator, bool topmost)
{
	static const char *const transports[] = {"UDP", "TCP", "TLS", "SCTP", "WS", "udp", "x-y"};
	struct sip_generated *message = generator->message;
	put(generator, "SIP");
	put_spaced(generator, '/');
	put(generator, "2.0");
	put_spaced(generator, '/');
	put_one(generator, transports, COUNT(transports));
	put_white(generator);
	struct span host = put_host(generator), branch = {0};
	uint32_t port = 0;
	if (once_in(generator, 2)) {
		port = 1 + below(generator, 65535);
		put_spaced(generator, ':');
		put_number(generator, port);
	}
	if (once_in(generator, 4))
		put(generator, ";rport");
	if (!once_in(generator, 6)) {
		put_spaced(generator, ';');
		put(generator, "branch");
		put_spaced(generator, '=');
		const char *start = here(generator);
		put(generator, once_in(generator, 4) ? "" : "z9hG4bK");
		put_token(generator);
		branch = span_from(generator, start);
	}
	if (once_in(generator, 4)) {
		put(generator, ";received=");
		if (once_in(generator, 2))
			put_ipv4(generator);
		else
			put_ipv6(generator);
	}
	if (once_in(generator, 4)) {
		put(generator, ";x");
		put_generic_parameter(generator);
	}
	if (topmost) {
		message->via_host = host;
		message->via_port = (uint16_t)port;
		message->via_branch = branch;
	}
	message->via_count++;
}

/* The name in one of its forms, and HCOLON. */
static void put_name(struct generator *generator, const char *name, char compact)
{
	if (compact && once_in(generator, 4)) {
		put_byte(generator, (char)(once_in(generator, 2) ? compact : compact - 'a' + 'A'));
	} else {
		uint32_t style = below(generator, 8);
		for (const char *at = name; *at; at++) {
			bool is_letter = (*at | 0x20) >= 'a' && (*at | 0x20) <= 'z';
			bool flip = is_letter && (style == 0 || (style == 1 && once_in(generator, 2)));
			put_byte(generator, (char)(flip ? *at ^ 0x20 : *at));
		}
	}
	if (once_in(generator, 12))
		put(generator, once_in(generator, 2) ? " " : " \t");
	put_byte(generator, ':');
	if (once_in(generator, 12))
		put_white(generator);
	else if (!once_in(generator, 12))
		put_byte(generator, ' ');
	generator->message->header_count++;
}

static void end_line(struct generator *generator)
{
	if (once_in(generator, 16))
		put(generator, once_in(generator, 2) ? " " : "\t ");
	put(generator, "\r\n");
}

static void put_via(struct generator *generator)
{
	bool first = generator->message->via_count == 0;
	put_name(generator, "Via", 'v');
	put_via_value(generator, first);
	while (once_in(generator, 4)) {
		put_spaced(generator, ',');
		put_via_value(generator, false);
	}
	end_line(generator);
}

static void put_from(struct generator *generator)
{
	put_name(generator, "From", 'f');
	generator->message->from_tag = put_address(generator, !once_in(generator, 6));
	end_line(generator);
}

static void put_to(struct generator *generator)
{
	put_name(generator, "To", 't');
	generator->message->to_tag = put_address(generator, once_in(generator, 2));
	end_line(generator);
}

static void put_call_id(struct generator *generator)
{
	put_name(generator, "Call-ID", 'i');
	const char *start = here(generator);
	put_bytes_of(generator, word_bytes, 1, 20);
	if (once_in(generator, 2)) {
		put_byte(generator, '@');
		put_bytes_of(generator, word_bytes, 1, 20);
	}
	generator->message->call_id = span_from(generator, start);
	end_line(generator);
}

static void put_cseq(struct generator *generator)
{
	struct sip_generated *message = generator->message;
	uint32_t range = below(generator, 4);
	message->cseq =
		range == 0 ? UINT32_MAX - below(generator, 3) : below(generator, range == 1 ? 0x7fffffff : 1000);
	put_name(generator, "CSeq", 0);
	if (once_in(generator, 12))
		put(generator, "00");
	put_number(generator, message->cseq);
	put_white(generator);
	char method[64];
	snprintf(method, sizeof(method), SPAN_FORMAT, SPAN_ARGUMENTS(message->method));
	put(generator, method);
	end_line(generator);
}

static void put_addresses(struct generator *generator)
{
	static const char *const names[] = {"Route", "Record-Route", "P-Asserted-Identity"};
	if (once_in(generator, 2)) {
		put_name(generator, "Contact", 'm');
		for (bool more = true; more; generator->message->contact_count++) {
			put(generator, once_in(generator, 2) ? "C <" : "<");
			put_sip_uri(generator, true);
			put_byte(generator, '>');
			more = once_in(generator, 4);
			if (more)
				put_spaced(generator, ',');
		}
	} else {
		put_name(generator, names[below(generator, COUNT(names))], 0);
		put_byte(generator, '<');
		put_sip_uri(generator, false);
		put_byte(generator, '>');
	}
	end_line(generator);
}

static void put_extension(struct generator *generator)
{
	static const char *const lines[] = {
		"Max-Forwards: 70",
		"Expires: 3600",
		"Supported: 100rel, timer",
		"k: path",
		"Allow: INVITE, ACK, BYE",
		"s: lunch",
		"Subject:",
		"Date: Sat, 13 Nov 2010 23:29:00 GMT",
		"User-Agent: x/1.0 (\xc3\xa9)",
		"e: gzip",
		"Accept: application/sdp;level=1, text/html",
		"Authorization: Digest username=\"a\", realm=\"b\", nonce=\"c\", "
		"uri=\"sip:d\", response=\"00000000000000000000000000000000\"",
		"Proxy-Authorization: Digest username=\"a\",realm=\"b\",nonce=\"c\",uri=\"sip:d\","
		"response=\"0123456789abcdef0123456789abcdef\",cnonce=\"e\",nc=00000001,qop=auth,"
		"algorithm=MD5,opaque=\"f\"",
		"Warning: 307 isi.edu \"Session parameter 'foo' not understood\"",
		"Retry-After: 18000;duration=3600",
		"Require: 100rel",
		"Privacy: id"};
	if (once_in(generator, 3)) {
		put(generator, "X-");
		put_token(generator);
		put(generator, ": ");
		put_quoted(generator);
		put_maybe_white(generator);
		put_token(generator);
		generator->message->header_count++;
		end_line(generator);
		return;
	}
	/* Each at most once: some may stand once only. */
	const char *line = lines[below(generator, COUNT(lines))];
	if (memmem(generator->message->bytes, generator->message->length, line, strlen(line)))
		return;
	put(generator, line);
	generator->message->header_count++;
	end_line(generator);
}

static void put_start_line(struct generator *generator)
{
	static const char *const methods[] = {"INVITE",	 "ACK",	    "BYE",    "CANCEL",	      "REGISTER", "OPTIONS",
					      "PRACK",	 "UPDATE",  "INFO",   "REFER",	      "NOTIFY",	  "SUBSCRIBE",
					      "MESSAGE", "PUBLISH", "invite", "X.y-z!%*_+`'~"};
	static const char *const phrases[] = {"OK", "", "Not Found", "\xd0\xbd\xd0\xbe", "a:b;c", "%41 = 2**3"};
	struct sip_generated *message = generator->message;
	const char *method = methods[below(generator, COUNT(methods))], *start = here(generator);
	message->method = span_of_text(method);
	if (once_in(generator, 3)) {
		message->status_code = (uint16_t)(100 + below(generator, 600));
		put(generator, once_in(generator, 10) ? "sip/2.0 " : "SIP/2.0 ");
		put_number(generator, message->status_code);
		put_byte(generator, ' ');
		put_one(generator, phrases, COUNT(phrases));
	} else {
		put(generator, method);
		message->method = span_from(generator, start);
		put_byte(generator, ' ');
		start = here(generator);
		put_uri(generator, false);
		message->request_uri = span_from(generator, start);
		put(generator, once_in(generator, 10) ? " Sip/2.0" : " SIP/2.0");
	}
	put(generator, "\r\n");
}

static void put_body(struct generator *generator)
{
	static const char sdp[] = "v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\n"
				  "m=audio 4000 RTP/AVP 8 0 101\r\na=rtpmap:101 telephone-event/8000\r\n";
	static const char *const bodies[] = {"", "", sdp, "text", "\r\n\r\n", "v=0"};
	struct sip_generated *message = generator->message;
	const char *body = bodies[below(generator, COUNT(bodies))];
	bool has_length = !once_in(generator, 6), has_more = has_length && once_in(generator, 8);
	if (body == sdp || once_in(generator, 4)) {
		put_name(generator, "Content-Type", 'c');
		put(generator, "application/sdp");
		end_line(generator);
	}
	if (has_length) {
		put_name(generator, "Content-Length", 'l');
		put_number(generator, (uint32_t)strlen(body));
		end_line(generator);
	}
	put(generator, "\r\n");
	const char *start = here(generator);
	put(generator, body);
	message->body = span_from(generator, start);
	if (has_more)
		put(generator, "\r\nINVITE sip:not@this SIP/2.0\r\n\r\n");
}

void sip_generate(struct sip_generated *message, uint64_t seed)
{
	static void (*const mandatory[])(struct generator * generator) = {put_via, put_from, put_to, put_call_id,
									  put_cseq};
	struct generator generator = {message, random_source_of(seed)};
	uint32_t first = below(&generator, COUNT(mandatory));

	memset(message, 0, offsetof(struct sip_generated, bytes));
	put_start_line(&generator);
	for (uint32_t i = 0; i < COUNT(mandatory); i++) {
		mandatory[(first + i) % COUNT(mandatory)](&generator);
		while (once_in(&generator, 2))
			(once_in(&generator, 2) ? put_extension : put_addresses)(&generator);
		while (message->via_count && once_in(&generator, 8))
			put_via(&generator);
	}
	put_body(&generator);
}
