/*
 * pipeline_call - whole calls through all stages: who is asked, what each side sees, and where everything ends.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "cmocka_all.h"
#include "keyed_hash.h"
#include "pipeline_case.h"
#include "route_cookie.h"
#include "snapshot.h"
#include "text_write.h"

static const struct sip_account alice = {.user = "alice", .password = "secret-a", .nc = 1};
static const struct sip_account hq = {.user = "hq", .password = "secret-h", .nc = 1};

/* Two workers' worth of state must not be needed: the same cases run with one worker and with three. */
static struct pipeline *start(void **state)
{
	return pipeline_start(*(const uint32_t *)*state, pipeline_case_provisioning);
}

static struct sip_request call_from_alice(const char *uri, const char *to)
{
	return (struct sip_request){.uri = uri,
				    .from = "<sip:alice@acme.example.net>",
				    .to = to,
				    .headers = "Contact: <sip:alice@192.0.2.7:5060>\r\n"};
}

static void r2_first_invite_is_challenged_with_407_and_its_ack_absorbed(void **state)
{
	struct pipeline *pipeline = start(state);
	struct pipeline_message message;
	char text[SIP_TEXT_BYTES_MAX], to[256], challenge[512];
	struct sip_request request = call_from_alice("sip:2100@acme.example.net", "<sip:2100@acme.example.net>");

	sip_request_write(text, &request);
	pipeline_send(pipeline, "192.0.2.7:5060", text);
	pipeline_case_expect(pipeline, &message);
	assert_int_equal(sip_status(message.text), 407);
	pipeline_case_expect_destination(&message, "192.0.2.7:5060");
	assert_true(sip_find_header(challenge, sizeof(challenge), message.text, "Proxy-Authenticate", 0));
	assert_non_null(strstr(challenge, "realm=\"acme.example.net\""));
	assert_non_null(strstr(challenge, "algorithm=MD5"));
	assert_true(sip_find_header(challenge, sizeof(challenge), message.text, "Proxy-Authenticate", 1));
	assert_non_null(strstr(challenge, "algorithm=SHA-256"));
	assert_true(sip_find_header(to, sizeof(to), message.text, "To", 0));
	request.method = "ACK";
	request.to = to;
	sip_request_write(text, &request);
	pipeline_send(pipeline, "192.0.2.7:5060", text);
	assert_false(pipeline_take(pipeline, &message));
	assert_int_equal(pipeline_reason(pipeline, REASON_ACK_ABSORBED), 1);
	pipeline_stop(pipeline);
}

static void r8_least_priority_value_takes_the_number(void **state)
{
	struct pipeline *pipeline = start(state);
	struct pipeline_message invite;
	struct sip_request request = call_from_alice("sip:2050@acme.example.net", "<sip:2050@acme.example.net>");

	assert_int_equal(pipeline_case_call(pipeline, "192.0.2.7:5060", &request, &alice, &invite), 0);
	pipeline_case_expect_destination(&invite, "192.0.2.11:5070");
	assert_memory_equal(invite.text, "INVITE sip:2050@192.0.2.11:5070 SIP/2.0\r\n", 41);
	pipeline_stop(pipeline);
}

/* R19, R21: behind NAT the source is called; the Request-URI is the contact's but for the user. */
static void r19_r21_registered_friend_is_called_at_its_source_by_the_number(void **state)
{
	struct pipeline *pipeline = start(state);
	struct pipeline_message invite;
	struct sip_request request = call_from_alice("sip:3001@acme.example.net", "<sip:3001@acme.example.net>");

	pipeline_case_register(pipeline, "pbx", "secret-p", "sip:s@10.0.0.5:5060;line=abc;transport=udp",
			       "192.0.2.98:5066");
	assert_int_equal(pipeline_case_call(pipeline, "192.0.2.7:5060", &request, &alice, &invite), 0);
	pipeline_case_expect_destination(&invite, "192.0.2.98:5066");
	assert_memory_equal(invite.text, "INVITE sip:3001@10.0.0.5;line=abc SIP/2.0\r\n", 43);
	pipeline_stop(pipeline);
}

/* RFC 3261 16.6 step 4: ours is the topmost, also where another proxy wrote its own above its Via (Kamailio does). */
static void r30_record_route_stands_above_all_others(void **state)
{
	struct pipeline *pipeline = start(state);
	struct pipeline_message invite;
	char text[SIP_TEXT_BYTES_MAX], rest[SIP_TEXT_BYTES_MAX], value[2048];
	struct sip_request request = {.uri = "sip:944000000@192.0.2.1",
				      .from = "<sip:600111222@198.51.100.7>",
				      .to = "<sip:944000000@192.0.2.1>",
				      .via = "198.51.100.7:5060"};

	sip_request_write(rest, &request);
	char *second_line = strstr(rest, "\r\n") + 2;
	snprintf(text, sizeof(text), "%.*sRecord-Route: <sip:198.51.100.7;lr>\r\n%s", (int)(second_line - rest), rest,
		 second_line);
	pipeline_send(pipeline, "198.51.100.7:5060", text);
	pipeline_case_expect(pipeline, &invite);
	pipeline_case_expect_destination(&invite, "192.0.2.10:5060");
	assert_true(sip_find_header(value, sizeof(value), invite.text, "Record-Route", 0));
	assert_memory_equal(value, "<sip:192.0.2.1:5060;lr;c=", 25);
	assert_true(sip_find_header(value, sizeof(value), invite.text, "Record-Route", 1));
	assert_string_equal(value, "<sip:198.51.100.7;lr>");
	pipeline_stop(pipeline);
}

static void r22_r23_callee_sees_extension_display_and_identity(void **state)
{
	struct pipeline *pipeline = start(state);
	struct pipeline_message invite;
	char value[512];
	struct sip_request request = call_from_alice("sip:2050@acme.example.net", "<sip:2050@acme.example.net>");

	request.headers = "Contact: <sip:alice@192.0.2.7:5060>\r\nP-Asserted-Identity: <sip:999@evil.example>\r\n"
			  "Remote-Party-ID: <sip:999@evil.example>\r\n";
	assert_int_equal(pipeline_case_call(pipeline, "192.0.2.7:5060", &request, &alice, &invite), 0);
	pipeline_case_expect_header(invite.text, "From", "\"Alice Doe\" <sip:101@acme.example.net>;tag=callertag");
	pipeline_case_expect_header(invite.text, "P-Asserted-Identity", "<sip:101@acme.example.net>");
	assert_false(sip_find_header(value, sizeof(value), invite.text, "Remote-Party-ID", 0));
	assert_false(sip_find_header(value, sizeof(value), invite.text, "P-Asserted-Identity", 1));
	assert_false(sip_find_header(value, sizeof(value), invite.text, "Proxy-Authorization", 0));
	pipeline_case_expect_header(invite.text, "Max-Forwards", "69");
	pipeline_stop(pipeline);
}

/* 180 and 200 back, ACK and BYE through the cookie: each side sees its own From and To all along. */
static void r24_r30_dialog_passes_both_ways_with_each_sides_own_names(void **state)
{
	struct pipeline *pipeline = start(state);
	struct pipeline_message invite, message;
	char text[SIP_TEXT_BYTES_MAX], route[2048], headers[2200], shown_to[512];
	struct sip_request request = call_from_alice("sip:2050@acme.example.net", "<sip:2050@acme.example.net>");

	assert_int_equal(pipeline_case_call(pipeline, "192.0.2.7:5060", &request, &alice, &invite), 0);
	sip_response_write(text, invite.text, 200, "calleetag", "Contact: <sip:2050@192.0.2.11:5070>\r\n");
	pipeline_send(pipeline, "192.0.2.11:5070", text);
	pipeline_case_expect(pipeline, &message);
	assert_int_equal(sip_status(message.text), 200);
	pipeline_case_expect_destination(&message, "192.0.2.7:5060");
	pipeline_case_expect_header(message.text, "From", "<sip:alice@acme.example.net>;tag=callertag");
	pipeline_case_expect_header(message.text, "To", "<sip:2050@acme.example.net>;tag=calleetag");
	pipeline_case_expect_header(message.text, "Via", "SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bKtest2");

	assert_true(sip_find_header(route, sizeof(route), message.text, "Record-Route", 0));
	snprintf(headers, sizeof(headers), "Route: %s\r\n", route);
	struct sip_request ack = {.method = "ACK",
				  .uri = "sip:2050@192.0.2.11:5070",
				  .from = "<sip:alice@acme.example.net>",
				  .to = "<sip:2050@acme.example.net>;tag=calleetag",
				  .cseq = 2,
				  .branch = "z9hG4bKack",
				  .headers = headers};
	sip_request_write(text, &ack);
	pipeline_send(pipeline, "192.0.2.7:5060", text);
	pipeline_case_expect(pipeline, &message);
	assert_memory_equal(message.text, "ACK sip:2050@192.0.2.11:5070 SIP/2.0\r\n", 38);
	pipeline_case_expect_destination(&message, "192.0.2.11:5070");
	pipeline_case_expect_header(message.text, "From", "\"Alice Doe\" <sip:101@acme.example.net>;tag=callertag");
	assert_false(sip_find_header(route, sizeof(route), message.text, "Route", 0));

	/* The callee hangs up: its From is the To that it was shown. */
	assert_true(sip_find_header(shown_to, sizeof(shown_to), invite.text, "To", 0));
	struct sip_request bye = {.method = "BYE",
				  .uri = "sip:alice@192.0.2.7:5060",
				  .from = shown_to,
				  .from_tag = "calleetag",
				  .to = "\"Alice Doe\" <sip:101@acme.example.net>;tag=callertag",
				  .via = "192.0.2.11:5070",
				  .branch = "z9hG4bKbye",
				  .headers = headers};
	sip_request_write(text, &bye);
	pipeline_send(pipeline, "192.0.2.11:5070", text);
	pipeline_case_expect(pipeline, &message);
	pipeline_case_expect_destination(&message, "192.0.2.7:5060");
	pipeline_case_expect_header(message.text, "From", "<sip:2050@acme.example.net>;tag=calleetag");
	pipeline_case_expect_header(message.text, "To", "<sip:alice@acme.example.net>;tag=callertag");
	sip_response_write(text, message.text, 200, NULL, NULL);
	pipeline_send(pipeline, "192.0.2.7:5060", text);
	pipeline_case_expect(pipeline, &message);
	pipeline_case_expect_destination(&message, "192.0.2.11:5070");
	assert_int_equal(pipeline_reason(pipeline, REASON_FORWARDED_IN_DIALOG), 2);
	assert_int_equal(pipeline_reason(pipeline, REASON_FORWARDED_RESPONSE), 2);
	pipeline_stop(pipeline);
}

static void r30_changed_or_foreign_cookie_is_403_and_none_too(void **state)
{
	struct pipeline *pipeline = start(state);
	struct pipeline_message invite, message;
	char text[SIP_TEXT_BYTES_MAX], route[2048], headers[2200];
	struct sip_request request = call_from_alice("sip:2050@acme.example.net", "<sip:2050@acme.example.net>");

	assert_int_equal(pipeline_case_call(pipeline, "192.0.2.7:5060", &request, &alice, &invite), 0);
	assert_true(sip_find_header(route, sizeof(route), invite.text, "Record-Route", 0));
	struct sip_request bye = {.method = "BYE",
				  .uri = "sip:2050@192.0.2.11:5070",
				  .from = "<sip:alice@acme.example.net>",
				  .to = "<sip:2050@acme.example.net>;tag=calleetag",
				  .cseq = 3,
				  .branch = "z9hG4bKbye"};
	sip_request_write(text, &bye);
	pipeline_send(pipeline, "192.0.2.7:5060", text);
	pipeline_case_expect(pipeline, &message);
	assert_int_equal(sip_status(message.text), 403);
	assert_int_equal(pipeline_reason(pipeline, REASON_NO_COOKIE), 1);

	/* The right cookie in another call. */
	snprintf(headers, sizeof(headers), "Route: %s\r\n", route);
	bye.headers = headers;
	bye.call_id = "another@test";
	sip_request_write(text, &bye);
	pipeline_send(pipeline, "192.0.2.7:5060", text);
	pipeline_case_expect(pipeline, &message);
	assert_int_equal(sip_status(message.text), 403);

	/* One letter changed. */
	bye.call_id = NULL;
	char *letter = strstr(headers, ";c=") + 40;
	*letter = *letter == 'A' ? 'B' : 'A';
	sip_request_write(text, &bye);
	pipeline_send(pipeline, "192.0.2.7:5060", text);
	pipeline_case_expect(pipeline, &message);
	assert_int_equal(sip_status(message.text), 403);
	assert_int_equal(pipeline_reason(pipeline, REASON_BAD_COOKIE), 2);
	bye.method = "ACK";
	sip_request_write(text, &bye);
	pipeline_send(pipeline, "192.0.2.7:5060", text);
	assert_false(pipeline_take(pipeline, &message));
	assert_int_equal(pipeline_reason(pipeline, REASON_BAD_COOKIE), 3);
	pipeline_stop(pipeline);
}

static void write_old_text(struct text_writer *writer, const char *text)
{
	text_write_span(writer, span_make("\0", 2));
	text_write_char(writer, (char)strlen(text));
	text_write_span(writer, span_of_text(text));
}

/* A cookie of the version that hashed tags by SipHash, in the form of a node without AES: without flows. */
static void write_old_cookie(char text[ROUTE_COOKIE_TEXT_BYTES_MAX], const struct secret_keys *keys,
			     struct span call_id)
{
	static const char zeros[16];
	uint8_t raw[512] = {0x80 | keys->cookie.id[0]}, call_key[32];
	char contents[256];
	uint32_t hash = route_cookie_hash_tag(keys, SPAN_LITERAL("callertag"));
	struct text_writer writer = text_write_begin(contents, sizeof(contents)),
			   sealed = text_write_begin(text, ROUTE_COOKIE_TEXT_BYTES_MAX - 1);
	struct keyed_hash call_hash;

	text_write_span(&writer, span_make("\4\0\0", 3));  /* kind, flags, company */
	text_write_span(&writer, span_make(zeros, 8 + 8)); /* call, codecs */
	text_write_span(&writer, span_make((const char *)&hash, sizeof(hash)));
	write_old_text(&writer, "<sip:alice@acme.example.net>");
	write_old_text(&writer, "<sip:2050@acme.example.net>");
	write_old_text(&writer, "<sip:101@acme.example.net>");
	write_old_text(&writer, "<sip:hq@acme.example.net>");
	keyed_hash_begin(&call_hash, keys->cookie.key[0], 'k');
	keyed_hash_add_number(&call_hash, 0x80);
	keyed_hash_add(&call_hash, call_id);
	keyed_hash_finish(&call_hash, call_key);
	crypto_shorthash_siphashx24(call_key + 16, call_key, 16, keys->cookie.key[0] + 16);
	crypto_aead_chacha20poly1305_ietf_encrypt(raw + 13, NULL, (const uint8_t *)contents, writer.length,
						  (const uint8_t *)call_id.at, call_id.length, NULL, raw + 1, call_key);
	text_write_base64url(&sealed, raw, 13 + writer.length + 16);
	assert_false(writer.overflowed || sealed.overflowed);
	text[sealed.length] = 0;
}

/* Each side is known by its tag; who is neither is refused. */
static void r30_a_dialog_that_an_older_version_began_goes_on(void **state)
{
	static const struct {
		const char *from_tag, *to, *from_shown, *to_shown;
	} rows[] = {
		{"callertag", "<sip:x@y>;tag=calleetag", "<sip:101@acme.example.net>;tag=callertag",
		 "<sip:hq@acme.example.net>;tag=calleetag"},
		{"calleetag", "<sip:x@y>;tag=callertag", "<sip:2050@acme.example.net>;tag=calleetag",
		 "<sip:alice@acme.example.net>;tag=callertag"},
		{"another", "<sip:x@y>;tag=calleetag", NULL, NULL},
	};
	struct pipeline *pipeline = start(state);
	struct pipeline_message message;
	char cookie[ROUTE_COOKIE_TEXT_BYTES_MAX], text[SIP_TEXT_BYTES_MAX], headers[1600];

	write_old_cookie(cookie, atomic_load(&pipeline_dataplane(pipeline)->snapshot)->keys, SPAN_LITERAL("old@test"));
	snprintf(headers, sizeof(headers), "Route: <sip:192.0.2.1:5060;lr;c=%s>\r\n", cookie);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char branch[32];
		snprintf(branch, sizeof(branch), "z9hG4bKold%zu", i);
		struct sip_request bye = {.method = "BYE",
					  .uri = "sip:2050@192.0.2.11:5070",
					  .from = "<sip:x@y>",
					  .from_tag = rows[i].from_tag,
					  .to = rows[i].to,
					  .call_id = "old@test",
					  .branch = branch,
					  .headers = headers};
		sip_request_write(text, &bye);
		pipeline_send(pipeline, "192.0.2.7:5060", text);
		pipeline_case_expect(pipeline, &message);
		if (!rows[i].from_shown) {
			assert_int_equal(sip_status(message.text), 403);
			continue;
		}
		pipeline_case_expect_destination(&message, "192.0.2.11:5070");
		pipeline_case_expect_header(message.text, "From", rows[i].from_shown);
		pipeline_case_expect_header(message.text, "To", rows[i].to_shown);
	}
	assert_int_equal(pipeline_reason(pipeline, REASON_FORWARDED_IN_DIALOG), 2);
	assert_int_equal(pipeline_reason(pipeline, REASON_BAD_COOKIE), 1);
	pipeline_stop(pipeline);
}

static void response_with_forged_branch_is_dropped(void **state)
{
	struct pipeline *pipeline = start(state);
	struct pipeline_message invite, message;
	char text[SIP_TEXT_BYTES_MAX];
	struct sip_request request = call_from_alice("sip:2050@acme.example.net", "<sip:2050@acme.example.net>");

	assert_int_equal(pipeline_case_call(pipeline, "192.0.2.7:5060", &request, &alice, &invite), 0);
	sip_response_write(text, invite.text, 200, "calleetag", "");
	char *letter = strstr(text, "branch=z9hG4bK") + 34; /* of the secret */
	*letter = *letter == 'A' ? 'B' : 'A';
	pipeline_send(pipeline, "192.0.2.11:5070", text);
	assert_false(pipeline_take(pipeline, &message));
	assert_int_equal(pipeline_reason(pipeline, REASON_RESPONSE_FORGED), 1);
	pipeline_stop(pipeline);
}

/* RFC 3261 17, 9, 16.10: the callee sees INVITE, CANCEL and ACK of one transaction; the caller's repeats stay here. */
static void rfc3261_16_10_cancel_and_ack_of_an_invite(void **state)
{
	struct pipeline *pipeline = start(state);
	struct pipeline_message invite, message;
	char text[SIP_TEXT_BYTES_MAX], via[1024], other[1024], shown_to[512];
	struct sip_request request = call_from_alice("sip:2050@acme.example.net", "<sip:2050@acme.example.net>");

	assert_int_equal(pipeline_case_call(pipeline, "192.0.2.7:5060", &request, &alice, &invite), 0);
	assert_true(sip_find_header(via, sizeof(via), invite.text, "Via", 0));
	sip_response_write(text, invite.text, 180, "calleetag", "");
	pipeline_send(pipeline, "192.0.2.11:5070", text);
	pipeline_case_expect(pipeline, &message);
	assert_int_equal(sip_status(message.text), 180);
	sip_request_write(text, &request);
	pipeline_send(pipeline, "192.0.2.7:5060", text);
	pipeline_case_expect(pipeline, &message);
	pipeline_case_expect_destination(&message, "192.0.2.7:5060");
	assert_int_equal(sip_status(message.text), 180);
	assert_int_equal(pipeline_reason(pipeline, REASON_RETRANSMISSION_ANSWERED), 1);

	struct sip_request cancel = request;
	cancel.method = "CANCEL";
	cancel.headers = "";
	sip_request_write(text, &cancel);
	pipeline_send(pipeline, "192.0.2.7:5060", text);
	pipeline_case_expect(pipeline, &message);
	bool to_callee = sip_status(message.text) == 0;
	struct pipeline_message answer = message;
	pipeline_case_expect(pipeline, to_callee ? &answer : &message);
	pipeline_case_expect_destination(&answer, "192.0.2.7:5060");
	assert_int_equal(sip_status(answer.text), 200);
	pipeline_case_expect_destination(&message, "192.0.2.11:5070");
	assert_true(sip_find_header(other, sizeof(other), message.text, "Via", 0));
	assert_string_equal(other, via);
	assert_memory_equal(message.text, "CANCEL sip:2050@192.0.2.11:5070 SIP/2.0\r\n", 41);

	sip_response_write(text, invite.text, 487, "calleetag", "");
	pipeline_send(pipeline, "192.0.2.11:5070", text);
	pipeline_case_expect(pipeline, &message);
	pipeline_case_expect_destination(&message, "192.0.2.11:5070");
	assert_memory_equal(message.text, "ACK sip:2050@192.0.2.11:5070 SIP/2.0\r\n", 38);
	assert_true(sip_find_header(other, sizeof(other), message.text, "Via", 0));
	assert_string_equal(other, via);
	pipeline_case_expect(pipeline, &message);
	pipeline_case_expect_destination(&message, "192.0.2.7:5060");
	assert_int_equal(sip_status(message.text), 487);
	assert_true(sip_find_header(shown_to, sizeof(shown_to), message.text, "To", 0));
	struct sip_request ack = cancel;
	ack.method = "ACK";
	ack.to = shown_to;
	sip_request_write(text, &ack);
	pipeline_send(pipeline, "192.0.2.7:5060", text);
	assert_false(pipeline_take(pipeline, &message));
	assert_int_equal(pipeline_reason(pipeline, REASON_ACK_CONFIRMED), 1);
	pipeline_stop(pipeline);
}

static void r12_user_is_called_at_its_binding_and_480_without(void **state)
{
	struct pipeline *pipeline = start(state);
	struct pipeline_message message;
	struct sip_request request = call_from_alice("sip:102@acme.example.net", "<sip:102@acme.example.net>");

	assert_int_equal(pipeline_case_call(pipeline, "192.0.2.7:5060", &request, &alice, &message), 480);
	assert_int_equal(pipeline_reason(pipeline, REASON_NOT_REGISTERED), 1);
	pipeline_case_register(pipeline, "bob", "secret-b", "sip:bob@192.0.2.8:5062", "192.0.2.8:5062");
	request = call_from_alice("sip:102@acme.example.net", "<sip:102@acme.example.net>");
	request.call_id = "call2@test";
	assert_int_equal(pipeline_case_call(pipeline, "192.0.2.7:5060", &request, &alice, &message), 0);
	assert_memory_equal(message.text, "INVITE sip:bob@192.0.2.8:5062 SIP/2.0\r\n", 38);
	pipeline_case_expect_destination(&message, "192.0.2.8:5062");
	pipeline_stop(pipeline);
}

/* R35: whatever way its Contact is written, a caller with another address there is reached where it was; likewise with
 * another one in its Via. */
static void r35_caller_with_a_contact_elsewhere_is_reached_at_its_source(void **state)
{
	static const struct {
		const char *via, *contact;
	} rows[] = {{NULL, "<sip:alice@10.1.2.3:5060>"},
		    {NULL, "<sip:alice@192.0.2.70:5060>"},
		    {NULL, "<sip:alice@192.0.2.6:5060>"},
		    {NULL, "<sip:10.1.2.3>;x=alice@192.0.2.7"},
		    {NULL, "\"Alice\" <sip:alice@10.1.2.3>"},
		    {NULL, "<sip:10.1.2.3;x=alice>"},
		    {"10.1.2.3:5060", "<sip:alice@192.0.2.7:5060>"},
		    {"192.0.2.7:5060;rport", "<sip:alice@10.1.2.3:5060>"}};
	struct pipeline_message invite, message;
	char text[SIP_TEXT_BYTES_MAX], route[2048], headers[2200], contact[128], shown_to[512];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pipeline *pipeline = start(state);
		struct sip_request request =
			call_from_alice("sip:2050@acme.example.net", "<sip:2050@acme.example.net>");
		snprintf(contact, sizeof(contact), "Contact: %s\r\n", rows[i].contact);
		request.headers = contact;
		request.via = rows[i].via;
		assert_int_equal(pipeline_case_call(pipeline, "192.0.2.7:5060", &request, &alice, &invite), 0);
		assert_true(sip_find_header(route, sizeof(route), invite.text, "Record-Route", 0));
		assert_true(sip_find_header(shown_to, sizeof(shown_to), invite.text, "To", 0));
		snprintf(headers, sizeof(headers), "Route: %s\r\n", route);
		struct sip_request bye = {.method = "BYE",
					  .uri = "sip:alice@10.1.2.3:5060",
					  .from = shown_to,
					  .from_tag = "calleetag",
					  .to = "\"Alice Doe\" <sip:101@acme.example.net>;tag=callertag",
					  .via = "192.0.2.11:5070",
					  .branch = "z9hG4bKbye",
					  .headers = headers};
		sip_request_write(text, &bye);
		pipeline_send(pipeline, "192.0.2.11:5070", text);
		pipeline_case_expect(pipeline, &message);
		pipeline_case_expect_destination(&message, "192.0.2.7:5060");
		pipeline_stop(pipeline);
	}
}

static void r35_binding_behind_nat_is_called_at_its_source(void **state)
{
	struct pipeline *pipeline = start(state);
	struct pipeline_message message;
	struct sip_request request = call_from_alice("sip:3001@acme.example.net", "<sip:3001@acme.example.net>");

	pipeline_case_register(pipeline, "pbx", "secret-p", "sip:s@10.1.2.3:5060", "192.0.2.20:40000");
	assert_int_equal(pipeline_case_call(pipeline, "192.0.2.7:5060", &request, &alice, &message), 0);
	pipeline_case_expect_destination(&message, "192.0.2.20:40000");
	pipeline_stop(pipeline);
}

static void r16_external_call_leaves_through_the_carrier(void **state)
{
	struct pipeline *pipeline = start(state);
	struct pipeline_message invite;
	char value[512];
	struct sip_request request =
		call_from_alice("sip:600000000@acme.example.net", "<sip:600000000@acme.example.net>");

	request.headers = "Contact: <sip:alice@192.0.2.7:5060>\r\nX-Secret: 1\r\nP-Charge-Info: <sip:1@x>\r\n";
	assert_int_equal(pipeline_case_call(pipeline, "192.0.2.7:5060", &request, &alice, &invite), 0);
	pipeline_case_expect_destination(&invite, "198.51.100.7:5060");
	assert_memory_equal(invite.text, "INVITE sip:600000000@198.51.100.7 SIP/2.0\r\n", 43);
	pipeline_case_expect_header(invite.text, "To", "<sip:600000000@198.51.100.7>");
	assert_true(sip_find_header(value, sizeof(value), invite.text, "From", 0));
	assert_non_null(strstr(value, "<sip:944000000@192.0.2.1>;tag=callertag"));
	pipeline_case_expect_header(invite.text, "P-Asserted-Identity", "<sip:944000000@192.0.2.1>");
	assert_false(sip_find_header(value, sizeof(value), invite.text, "X-Secret", 0));
	assert_false(sip_find_header(value, sizeof(value), invite.text, "P-Charge-Info", 0));
	pipeline_stop(pipeline);
}

static void r33_call_from_a_carrier_to_a_ddi_reaches_the_friend_without_challenge(void **state)
{
	struct pipeline *pipeline = start(state);
	struct pipeline_message invite;
	char text[SIP_TEXT_BYTES_MAX];
	struct sip_request request = {.uri = "sip:944000000@192.0.2.1",
				      .from = "<sip:600111222@198.51.100.7>",
				      .to = "<sip:944000000@192.0.2.1>",
				      .via = "198.51.100.7:5060",
				      .headers = "Contact: <sip:198.51.100.7>\r\n"};

	sip_request_write(text, &request);
	pipeline_send(pipeline, "198.51.100.7:5060", text);
	pipeline_case_expect(pipeline, &invite);
	assert_int_equal(sip_status(invite.text), 0);
	pipeline_case_expect_destination(&invite, "192.0.2.10:5060");
	pipeline_case_expect_header(invite.text, "P-Asserted-Identity", "<sip:600111222@acme.example.net>");
	request.uri = "sip:944999999@192.0.2.1";
	request.call_id = "call2@test";
	sip_request_write(text, &request);
	pipeline_send(pipeline, "198.51.100.7:5060", text);
	pipeline_case_expect(pipeline, &invite);
	assert_int_equal(sip_status(invite.text), 404);
	pipeline_stop(pipeline);
}

static void r1_caller_is_told_by_its_digest_name_whatever_from_says(void **state)
{
	struct pipeline *pipeline = start(state);
	struct pipeline_message invite;
	struct sip_request request = {.uri = "sip:101@acme.example.net",
				      .to = "<sip:101@acme.example.net>",
				      .from = "\"Anonymous\" <sip:anonymous@acme.example.net>",
				      .via = "192.0.2.10:5060",
				      .headers = "Contact: <sip:192.0.2.10:5060>\r\n"};

	pipeline_case_register(pipeline, "alice", "secret-a", "sip:alice@192.0.2.7:5060", "192.0.2.7:5060");
	assert_int_equal(pipeline_case_call(pipeline, "192.0.2.10:5060", &request, &hq, &invite), 0);
	pipeline_case_expect_destination(&invite, "192.0.2.7:5060");
	pipeline_case_expect_header(invite.text, "From",
				    "\"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=callertag");
	pipeline_stop(pipeline);
}

static void ipv6_call_passes(void **state)
{
	struct pipeline *pipeline = start(state);
	struct pipeline_message invite, message;
	char text[SIP_TEXT_BYTES_MAX];
	struct sip_request request = call_from_alice("sip:2050@acme.example.net", "<sip:2050@acme.example.net>");

	request.via = "[2001:db8::7]:5060";
	request.headers = "Contact: <sip:alice@[2001:db8::7]:5060>\r\n";
	assert_int_equal(pipeline_case_call(pipeline, "[2001:db8::7]:5060", &request, &alice, &invite), 0);
	sip_response_write(text, invite.text, 200, "calleetag", "Contact: <sip:192.0.2.11:5070>\r\n");
	pipeline_send(pipeline, "192.0.2.11:5070", text);
	pipeline_case_expect(pipeline, &message);
	pipeline_case_expect_destination(&message, "[2001:db8::7]:5060");
	/* The caller's way back into the dialog is the address that it can reach. */
	assert_true(sip_find_header(text, sizeof(text), message.text, "Record-Route", 0));
	assert_memory_equal(text, "<sip:[2001:db8::1]:5060;lr;c=", 29);
	pipeline_stop(pipeline);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PIPELINE_CASE_ROWS(r2_first_invite_is_challenged_with_407_and_its_ack_absorbed),
		PIPELINE_CASE_ROWS(r8_least_priority_value_takes_the_number),
		PIPELINE_CASE_ROWS(r19_r21_registered_friend_is_called_at_its_source_by_the_number),
		PIPELINE_CASE_ROWS(r30_record_route_stands_above_all_others),
		PIPELINE_CASE_ROWS(r22_r23_callee_sees_extension_display_and_identity),
		PIPELINE_CASE_ROWS(r24_r30_dialog_passes_both_ways_with_each_sides_own_names),
		PIPELINE_CASE_ROWS(r30_changed_or_foreign_cookie_is_403_and_none_too),
		PIPELINE_CASE_ROWS(r30_a_dialog_that_an_older_version_began_goes_on),
		PIPELINE_CASE_ROWS(response_with_forged_branch_is_dropped),
		PIPELINE_CASE_ROWS(rfc3261_16_10_cancel_and_ack_of_an_invite),
		PIPELINE_CASE_ROWS(r12_user_is_called_at_its_binding_and_480_without),
		PIPELINE_CASE_ROWS(r35_caller_with_a_contact_elsewhere_is_reached_at_its_source),
		PIPELINE_CASE_ROWS(r35_binding_behind_nat_is_called_at_its_source),
		PIPELINE_CASE_ROWS(r16_external_call_leaves_through_the_carrier),
		PIPELINE_CASE_ROWS(r33_call_from_a_carrier_to_a_ddi_reaches_the_friend_without_challenge),
		PIPELINE_CASE_ROWS(r1_caller_is_told_by_its_digest_name_whatever_from_says),
		PIPELINE_CASE_ROWS(ipv6_call_passes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
