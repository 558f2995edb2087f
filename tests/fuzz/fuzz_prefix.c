#include "fuzz_prefix.h"

#include <stdio.h>

#include "branch_name.h"
#include "call_track.h"
#include "fuzz_input.h"
#include "message_parse.h"
#include "nonce.h"
#include "seal_dialog.h"
#include "sip_client.h"
#include "text_write.h"

#define METHOD_BYTES 32
#define NO_INTERFACE 100 /* of a cookie that is older than the configuration */
#define STALE_S	     (NONCE_LIFE_S + 1)

static const struct {
	const char *realm;
	uint32_t age_s; /* of the nonce */
	struct sip_account account;
} accounts[FUZZ_PREFIX_VARIANTS] = {
	{"acme.example.net", 0, {.user = "alice", .password = "secret-a", .nc = 1}},
	{"acme.example.net", 0, {.user = "bob", .password = "secret-b", .nc = 2, .algorithm = "SHA-256"}},
	{"acme.example.net", 0, {.user = "hq", .password = "secret-h"}},
	{"globex.example.net", 0, {.user = "alice", .password = "other", .nc = 1}},
	{"acme.example.net", STALE_S, {.user = "alice", .password = "secret-a", .nc = 1}},
	{"acme.example.net", 0, {.user = "alice", .password = "wrong", .nc = 1}},
};

/* What the challenge to such a message says. */
static void write_challenge(char text[512], const char *header, const char *realm, struct span call_id,
			    const struct rotating_key *keys, uint32_t now_s)
{
	struct nonce_scope scope = {span_of_text(realm), call_id};
	char nonce[NONCE_TEXT_BYTES];

	nonce_issue(nonce, keys, now_s, &scope, 1);
	snprintf(text, 512, "SIP/2.0 401 x\r\n%s: Digest realm=\"%s\", nonce=\"%.*s\"\r\n\r\n", header, realm,
		 NONCE_TEXT_BYTES, nonce);
}

static void write_credentials(struct text_writer *writer, const char *header, uint32_t variant, struct span message,
			      const struct secret_keys *keys, uint32_t now_s)
{
	char line[1024], method[METHOD_BYTES], challenge[512];
	uint32_t length = 0;

	while (length < message.length && length < METHOD_BYTES - 1 && message.at[length] > ' ')
		length++;
	memcpy(method, message.at, length);
	method[length] = '\0';
	write_challenge(challenge, header, accounts[variant].realm, message_find_call_id(message), &keys->nonce,
			now_s - accounts[variant].age_s);
	sip_authorization_write(line, challenge, &accounts[variant].account, method, "sip:acme.example.net");
	text_write_span(writer, span_of_text(line));
}

static void write_route(struct text_writer *writer, uint32_t variant, struct span tag, struct span call_id,
			const struct secret_keys *keys)
{
	char text[ROUTE_COOKIE_TEXT_BYTES_MAX];
	static const uint8_t flags[FUZZ_PREFIX_VARIANTS] = {
		0,
		DIALOG_CALLER_FLOW,
		DIALOG_CALLEE_FLOW,
		DIALOG_CALLER_FLOW | DIALOG_CALLEE_FLOW,
		DIALOG_CALLER_FLOW | DIALOG_CALLER_NAT,
		DIALOG_CALLER_FLOW | DIALOG_CALLER_NAT | DIALOG_CALLEE_FLOW | DIALOG_CALLEE_NAT,
	};
	struct dialog_cookie cookie = {
		.company = 1,
		.caller_tag_hash = call_track_hash_tag(keys, tag),
		.flags = flags[variant],
		.callee_entry = {.interface = NO_INTERFACE},
		.caller_flow = {.port = 5060, .transport = TRANSPORT_UDP},
		.callee_flow = {.port = 5070, .transport = TRANSPORT_UDP},
		.caller_from = SPAN_LITERAL("\"Alice Doe\" <sip:alice@acme.example.net>"),
		.caller_to = SPAN_LITERAL("<sip:2050@acme.example.net>"),
		.callee_from = SPAN_LITERAL("\"Alice Doe\" <sip:101@acme.example.net>"),
		.callee_to = SPAN_LITERAL("<sip:hq@acme.example.net>"),
	};

	net_address_set_v4(cookie.caller_flow.ip, "\xc0\x00\x02\x07");
	net_address_set_v4(cookie.callee_flow.ip, "\xc0\x00\x02\x0b");
	net_address_set_v4(cookie.caller_entry.ip, "\xc0\x00\x02\x01");
	net_address_set_v4(cookie.callee_entry.ip, "\xc0\x00\x02\x02");
	int length = seal_dialog(text, sizeof(text), &cookie, keys, call_id);
	must(length > 0);
	text_write_literal(writer, "Route: <sip:192.0.2.1:5060;lr;c=");
	text_write_span(writer, span_make(text, (size_t)length));
	text_write_literal(writer, ">\r\n");
}

/* Names of branches: of nobody's, of an ACK, of another lcore and node, beyond the table; and of a ping. */
static void write_via(struct text_writer *writer, uint32_t variant)
{
	static const struct branch_name names[] = {
		{.node = 1, .secret = 1},
		{.node = 1, .slot = UINT32_MAX, .secret = 1},
		{.node = 1, .worker = 7, .secret = 1},
		{.node = 9, .secret = 1},
		{.node = 1, .slot = UINT32_MAX - 1},
	};
	char text[BRANCH_NAME_TEXT_BYTES];

	text_write_literal(writer, "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=");
	if (variant < sizeof(names) / sizeof(names[0])) {
		branch_name_write(text, &names[variant]);
		text_write_span(writer, span_make(text, sizeof(text)));
	} else {
		text_write_literal(writer, "z9hG4bKping0123456789abcdef");
	}
	text_write_literal(writer, "\r\n");
}

struct span fuzz_prefix_write(char *line, enum fuzz_prefix prefix, uint32_t variant, struct span message,
			      const struct secret_keys *keys, uint32_t now_s)
{
	static struct sip_message parsed;
	struct text_writer writer = text_write_begin(line, FUZZ_PREFIX_BYTES_MAX);

	message_parse(&parsed, message);
	struct span call_id = message_find_call_id(message);
	switch (prefix) {
	case FUZZ_PREFIX_PROXY_AUTHORIZATION:
		write_credentials(&writer, "Proxy-Authenticate", variant, message, keys, now_s);
		break;
	case FUZZ_PREFIX_AUTHORIZATION:
		write_credentials(&writer, "WWW-Authenticate", variant, message, keys, now_s);
		break;
	case FUZZ_PREFIX_ROUTE_OF_CALLER:
		write_route(&writer, variant, sip_message_text(&parsed, parsed.from_tag), call_id, keys);
		break;
	case FUZZ_PREFIX_ROUTE_OF_CALLEE:
		write_route(&writer, variant, sip_message_text(&parsed, parsed.to_tag), call_id, keys);
		break;
	case FUZZ_PREFIX_VIA:
		write_via(&writer, variant);
		break;
	default:
		break;
	}
	must(!writer.overflowed);
	return text_written(&writer);
}
