/*
 * differential_prefixes - every message in all its prefixes, read to the last part, between unreadable pages: first so
 * that it ends before one, then so that it starts behind one. The same for every value of a header alone, and for our
 * own sealed texts.
 */
#include <sodium.h>

#include "address_parse.h"
#include "answer_write.h"
#include "base64url_read.h"
#include "branch_name.h"
#include "cmocka_all.h"
#include "corpus.h"
#include "credentials_parse.h"
#include "digest.h"
#include "guard_page.h"
#include "message_parse.h"
#include "nonce.h"
#include "scan.h"
#include "sdp_parse.h"
#include "seal_dialog.h"
#include "uri_parse.h"
#include "via_parse.h"

#define GENERATED_COUNT 200
#define NOW_S		1800000000

static struct corpus corpus;
static struct guard_page guard, plain_guard;
static const struct secret_keys keys = {
	.nonce = {.id = {7, 6}, .key = {"the new key of thirty-two bytes", "the old key of thirty-two bytes"}},
	.cookie = {.id = {3, 2}, .key = {"the new key of thirty-two bytes", "the old key of thirty-two bytes"}},
	.tag_key = "tag key, never..",
};
static const struct span call_id = SPAN_LITERAL("3848276298220188511@192.0.2.4");
static const struct nonce_scope scope = {SPAN_LITERAL("acme.example.net"), SPAN_LITERAL("call")};

typedef struct span (*place_fn)(struct guard_page *guard, struct span input);
static const place_fn places[] = {guard_page_place, guard_page_place_first};

static void read_uri(struct span text)
{
	struct sip_uri uri;
	struct span value;
	char decoded[32];
	uint8_t ip[16];

	uri_parse_ip(ip, text);
	uri_decode(decoded, sizeof(decoded), text);
	if (!uri_parse(&uri, text))
		return;
	uri_parse_ip(ip, uri.host);
	uri_decode(decoded, sizeof(decoded), uri.user);
	uri_find_parameter(&value, uri.parameters, SPAN_LITERAL("transport"));
	uri_find_parameter(&value, uri.parameters, SPAN_LITERAL("c"));
}

static void read_addresses(struct span rest)
{
	struct sip_address address;
	struct span value;

	while (rest.length && address_parse(&address, &rest, rest)) {
		read_uri(address.uri);
		uri_find_parameter(&value, address.parameters, SPAN_LITERAL("tag"));
	}
}

static void read_vias(struct span rest)
{
	struct sip_via via;
	uint8_t ip[16];

	while (rest.length && via_parse(&via, &rest, rest)) {
		uri_parse_ip(ip, via.host);
		uri_parse_ip(ip, via.received);
	}
}

static void read_credentials(struct span text)
{
	static const struct digest_secret secret;
	struct digest_credentials credentials;
	uint32_t issued_s;

	if (credentials_parse(&credentials, text) != CREDENTIALS_OK)
		return;
	nonce_verify(&issued_s, credentials.nonce, &keys.nonce, NOW_S, &scope);
	assert_false(digest_verify(&secret, &credentials, SPAN_LITERAL("INVITE")));
}

static void read_sealed(struct span text)
{
	struct dialog_cookie dialog;
	struct branch_name branch;
	uint32_t issued_s;
	char *plain = guard_page_room(&plain_guard, ROUTE_COOKIE_PLAIN_BYTES_MAX);
	uint8_t bytes[64];

	base64url_read(bytes, sizeof(bytes), text);
	branch_name_read(&branch, text);
	nonce_verify(&issued_s, text, &keys.nonce, NOW_S, &scope);
	route_cookie_open_dialog(&dialog, plain, text, &keys, call_id);
}

static void read_sdp(struct span text)
{
	static struct sdp sdp;
	struct span name, value;

	if (!sdp_parse(&sdp, text))
		return;
	for (uint32_t i = 0; i < sdp.media_count; i++)
		for (struct span cursor = sdp.media[i].section; sdp_next_attribute(&name, &value, &cursor);)
			assert_true(value.at + value.length <= text.at + text.length);
}

static void read_value(struct span text)
{
	read_uri(text);
	read_addresses(text);
	read_vias(text);
	read_credentials(text);
	read_sdp(text);
	read_sealed(text);
}

static void write_answer(const struct sip_message *message)
{
	static char out[SIP_MESSAGE_BYTES_MAX];
	char tag[ANSWER_TAG_BYTES];
	struct answer answer = {.status = 400, .phrase = SPAN_LITERAL("Bad Request"), .source = {.port = 5060}};

	if (message->via_host.length == 0)
		return;
	answer_make_tag(tag, message, keys.tag_key);
	answer_is_own_tag(message, keys.tag_key);
	answer.to_tag = span_make(tag, sizeof(tag));
	assert_true(answer_write(out, sizeof(out), message, &answer) > 0);
	struct net_address destination;
	answer_destination(&destination, message, &answer.source, false);
}

/* All that the stages and the registrar's way ask of a message, whatever the parser said of it. */
static void read_message(struct span bytes)
{
	static struct sip_message message;
	struct sip_via via;

	enum reason reason = message_parse(&message, bytes);
	message_find_call_id(bytes);
	if (reason == REASON_NONE && message_unfold(&message, (char *)(uintptr_t)bytes.at))
		message_parse(&message, bytes);
	read_uri(sip_message_text(&message, message.request_uri));
	read_sealed(sip_message_text(&message, message.via_branch));
	for (uint32_t i = 0; via_parse_nth(&via, &message, i); i++)
		;
	for (uint8_t i = 0; i < message.header_count; i++) {
		struct span value = sip_message_header_value(&message, i);
		if (message.header[i].name == SIP_HEADER_VIA)
			read_vias(value);
		else if (message.header[i].name == SIP_HEADER_AUTHORIZATION ||
			 message.header[i].name == SIP_HEADER_PROXY_AUTHORIZATION)
			read_credentials(value);
		else
			read_addresses(value);
	}
	read_sdp(sip_message_text(&message, message.body));
	if (message.is_request)
		write_answer(&message);
}

static void read_prefixes(struct span whole, void (*read)(struct span text))
{
	for (uint32_t length = 0; length <= whole.length; length++)
		for (uint32_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
			read(places[i](&guard, span_make(whole.at, length)));
}

/* The files, and the first generated messages. */
static bool take_message(struct span *bytes, uint32_t index)
{
	if (index >= corpus.file_count + GENERATED_COUNT)
		return false;
	*bytes = corpus_take(&corpus, index < corpus.file_count ? index : (index + 1ull) * 4).bytes;
	return true;
}

static void messages_in_all_their_prefixes(enum scan_variant variant)
{
	struct span bytes;

	if (!scan_select(variant))
		fail_msg("this CPU has no AVX2: its scan cannot be tried here");
	for (uint32_t i = 0; take_message(&bytes, i); i++)
		read_prefixes(bytes, read_message);
}

static void messages_by_avx2(void **state)
{
	(void)state;
	messages_in_all_their_prefixes(SCAN_AVX2);
}

static void messages_by_avx512(void **state)
{
	(void)state;
	if (!scan_select(SCAN_AVX512))
		skip();
	messages_in_all_their_prefixes(SCAN_AVX512);
}

static void messages_by_scalar(void **state)
{
	(void)state;
	messages_in_all_their_prefixes(SCAN_SCALAR);
}

/* Every text of up to six bytes that could be a start of a message: header lines sooner than any real one has them. */
static void all_short_texts(void **state)
{
	static const char bytes[] = "v: \r\n";
	const uint32_t byte_count = sizeof(bytes) - 1, length_max = 6;
	char text[6];
	(void)state;

	for (uint32_t length = 0, count = 1; length <= length_max; length++, count *= byte_count)
		for (uint32_t number = 0; number < count; number++) {
			uint32_t rest = number;
			for (uint32_t i = 0; i < length; i++, rest /= byte_count)
				text[i] = bytes[rest % byte_count];
			for (uint32_t i = 0; i < SCAN_VARIANTS * sizeof(places) / sizeof(places[0]); i++) {
				scan_select((enum scan_variant)(i % SCAN_VARIANTS));
				read_message(places[i / SCAN_VARIANTS](&guard, span_make(text, length)));
			}
		}
}

static void values_alone_in_all_their_prefixes(void **state)
{
	static struct sip_message message;
	struct span bytes;
	(void)state;

	scan_select_best();
	for (uint32_t i = 0; take_message(&bytes, i); i++) {
		message_parse(&message, bytes);
		read_prefixes(sip_message_text(&message, message.request_uri), read_value);
		read_prefixes(sip_message_text(&message, message.body), read_value);
		for (uint8_t j = 0; j < message.header_count; j++)
			read_prefixes(sip_message_header_value(&message, j), read_value);
	}
}

static void sealed_texts_in_all_their_prefixes(void **state)
{
	static char text[ROUTE_COOKIE_TEXT_BYTES_MAX];
	struct dialog_cookie dialog = {.caller_from = SPAN_LITERAL("<sip:a@b>"),
				       .callee_to = SPAN_LITERAL("<sip:c@d>")};
	const struct branch_name branch = {.node = 1, .worker = 2, .slot = 3, .secret = 4};
	(void)state;

	int length = seal_dialog(text, sizeof(text), &dialog, &keys, call_id);
	assert_true(length > 0);
	read_prefixes(span_make(text, (size_t)length), read_value);
	branch_name_write(text, &branch);
	read_prefixes(span_make(text, BRANCH_NAME_TEXT_BYTES), read_value);
	nonce_issue(text, &keys.nonce, NOW_S, &scope, 1);
	read_prefixes(span_make(text, NONCE_TEXT_BYTES), read_value);
}

static int set_up(void **state)
{
	(void)state;
	assert_true(sodium_init() >= 0);
	guard_page_build(&guard, SIP_MESSAGE_BYTES_MAX);
	guard_page_build(&plain_guard, ROUTE_COOKIE_PLAIN_BYTES_MAX);
	corpus_load(&corpus);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	corpus_free(&corpus);
	guard_page_free(&plain_guard);
	guard_page_free(&guard);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_by_avx2),
		cmocka_unit_test(messages_by_avx512),
		cmocka_unit_test(messages_by_scalar),
		cmocka_unit_test(all_short_texts),
		cmocka_unit_test(values_alone_in_all_their_prefixes),
		cmocka_unit_test(sealed_texts_in_all_their_prefixes),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
