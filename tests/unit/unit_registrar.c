/*
 * R34, R35 and R36: REGISTERs in, answers and the location table out. The messages are those of real devices where it
 * matters.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <event2/event.h>
#include <sqlite3.h>

#include "cmocka_all.h"
#include "registrar_rig.h"

#define SOURCE "192.0.2.10:5060"

static struct registrar_rig rig;
static char message_text[65536];

/* A REGISTER of pbx, without NAT. `more`: further header lines. */
static const char *message_of(uint32_t cseq, const char *more)
{
	snprintf(message_text, sizeof(message_text),
		 "REGISTER sip:" RIG_DOMAIN " SIP/2.0\r\n"
		 "Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK%u\r\n"
		 "From: <sip:pbx@" RIG_DOMAIN ">;tag=f1\r\n"
		 "To: <sip:pbx@" RIG_DOMAIN ">\r\n"
		 "Call-ID: call-1\r\n"
		 "CSeq: %u REGISTER\r\n"
		 "%s"
		 "Content-Length: 0\r\n\r\n",
		 cseq, cseq, more);
	return message_text;
}

static int pbx(uint32_t cseq, const char *more)
{
	return registrar_rig_register(&rig, "pbx", SOURCE, message_of(cseq, more));
}

static bool answer_has(const char *text)
{
	return strstr(rig.answer, text) != NULL;
}

static int set_up(void **state)
{
	(void)state;
	if (!registrar_rig_start_eal())
		return -1;
	registrar_rig_open(&rig);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	registrar_rig_close(&rig);
	registrar_rig_remove_state(&rig);
	return 0;
}

/* Of a real Asterisk 16 (chan_sip), addresses changed. */
static const char chan_sip[] =
	"REGISTER sip:acme.example.net SIP/2.0\r\n"
	"Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK3c2a4d1e\r\n"
	"Max-Forwards: 70\r\n"
	"From: <sip:pbx@acme.example.net>;tag=as6d2b1d3c\r\n"
	"To: <sip:pbx@acme.example.net>\r\n"
	"Call-ID: 1d2b6a3c5c9d3e7f@127.0.0.1\r\n"
	"CSeq: 103 REGISTER\r\n"
	"User-Agent: Asterisk PBX 16.28.0~dfsg-0+deb11u4\r\n"
	"Authorization: Digest username=\"pbx\", realm=\"acme.example.net\", algorithm=MD5, "
	"uri=\"sip:acme.example.net\", nonce=\"abc\", response=\"0123\", qop=auth, cnonce=\"12\", nc=00000001\r\n"
	"Expires: 120\r\n"
	"Contact: <sip:s@192.0.2.10:5060>\r\n"
	"Content-Length: 0\r\n\r\n";

/* chan_pjsip: rport before branch, two spaces before the length, two Authorization lines. */
static const char pjsip[] =
	"REGISTER sip:acme.example.net SIP/2.0\r\n"
	"Via: SIP/2.0/UDP 192.0.2.10:5060;rport;branch=z9hG4bKPj8c2f\r\n"
	"From: <sip:pbx@acme.example.net>;tag=0a1b\r\n"
	"To: <sip:pbx@acme.example.net>\r\n"
	"Call-ID: c6b7f1b2-8f1c-4b26-8c3d-2a0a3f3e7d11\r\n"
	"CSeq: 41239 REGISTER\r\n"
	"Contact: <sip:pbx@192.0.2.10:5060>\r\n"
	"Expires: 120\r\n"
	"Allow: OPTIONS, REGISTER, SUBSCRIBE, NOTIFY, PUBLISH, INVITE, ACK, BYE, CANCEL, UPDATE, PRACK, MESSAGE\r\n"
	"Max-Forwards: 70\r\n"
	"User-Agent: Asterisk PBX 16.28.0\r\n"
	"Authorization: Digest username=\"pbx\", realm=\"acme.example.net\", nonce=\"x\", "
	"uri=\"sip:acme.example.net\", "
	"response=\"00\", algorithm=SHA-256\r\n"
	"Authorization: Digest username=\"pbx\", realm=\"acme.example.net\", nonce=\"x\", "
	"uri=\"sip:acme.example.net\", "
	"response=\"00\", algorithm=MD5\r\n"
	"Content-Length:  0\r\n\r\n";

static void r34_chan_sip_registers(void **state)
{
	(void)state;
	assert_int_equal(registrar_rig_register(&rig, "pbx", SOURCE, chan_sip), 200);
	assert_true(answer_has("Contact: <sip:s@192.0.2.10:5060>;expires=120\r\n"));
	assert_true(answer_has("Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK3c2a4d1e\r\n"));
	assert_true(answer_has("From: <sip:pbx@acme.example.net>;tag=as6d2b1d3c\r\n"));
	assert_true(answer_has("To: <sip:pbx@acme.example.net>;tag="));
	assert_true(answer_has("Call-ID: 1d2b6a3c5c9d3e7f@127.0.0.1\r\nCSeq: 103 REGISTER\r\n"));
	const struct binding_set *set = registrar_rig_find(&rig, "pbx");
	assert_non_null(set);
	assert_int_equal(set->count, 1);
	assert_span_equal(binding_contact(&set->binding[0]), SPAN_LITERAL("sip:s@192.0.2.10:5060"));
	assert_false(set->binding[0].behind_nat);
	assert_int_equal(rig.answer_punt.kind, PUNT_SEND);
	assert_int_equal(rig.answer_punt.interface, 1);
	assert_int_equal(rig.answer_punt.peer.port, 5060);
}

static void r34_pjsip_registers(void **state)
{
	(void)state;
	assert_int_equal(registrar_rig_register(&rig, "pbx", SOURCE, pjsip), 200);
	assert_true(answer_has("Contact: <sip:pbx@192.0.2.10:5060>;expires=120\r\n"));
	assert_true(
		answer_has("Via: SIP/2.0/UDP 192.0.2.10:5060;rport=5060;branch=z9hG4bKPj8c2f;received=192.0.2.10\r\n"));
}

static bool keep_listed(void *argument, const struct registrar_listed *listed)
{
	*(struct registrar_listed *)argument = *listed;
	return true;
}

static void r34_binding_holds_everything(void **state)
{
	struct registrar_listed listed = {0};
	(void)state;
	assert_int_equal(pbx(7, "Contact: \"PBX, the\" <sip:pbx@192.0.2.10:5062;transport=udp>;q=0.7;expires=300;"
				"+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-000A95A0E128>\"\r\n"
				"User-Agent: Box 1\r\nSupported: path\r\nPath: <sip:192.0.2.10;lr>\r\n"),
			 200);
	assert_true(answer_has("Contact: <sip:pbx@192.0.2.10:5062;transport=udp>;expires=300;q=0.700;"
			       "+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-000A95A0E128>\"\r\n"));
	registrar_list(rig.registrar, keep_listed, &listed);
	assert_span_equal(listed.aor, SPAN_LITERAL("pbx@acme.example.net"));
	assert_int_equal(listed.company_id, 7);
	assert_span_equal(listed.contact, SPAN_LITERAL("sip:pbx@192.0.2.10:5062;transport=udp"));
	assert_span_equal(listed.path, SPAN_LITERAL("<sip:192.0.2.10;lr>"));
	assert_span_equal(listed.call_id, SPAN_LITERAL("call-1"));
	assert_span_equal(listed.instance, SPAN_LITERAL("\"<urn:uuid:00000000-0000-1000-8000-000A95A0E128>\""));
	assert_span_equal(listed.user_agent, SPAN_LITERAL("Box 1"));
	assert_int_equal(listed.cseq, 7);
	assert_int_equal(listed.q, 700);
	assert_int_equal(listed.received.port, 5060);
	assert_int_equal(listed.expires_unix_s, registrar_rig_now_s + 300);
}

struct counting {
	uint32_t count, wanted;
};

/* Only pbx is at 192.0.2.77. */
static bool count_listed(void *argument, const struct registrar_listed *listed)
{
	struct counting *counting = argument;

	assert_true(span_equals(listed->contact, SPAN_LITERAL("sip:a@192.0.2.77")) ||
		    span_equals(listed->contact, SPAN_LITERAL("sip:b@192.0.2.77")));
	return ++counting->count < counting->wanted;
}

static uint32_t count_of_pbx(uint32_t wanted)
{
	struct counting counting = {.wanted = wanted};
	uint8_t key[AOR_KEY_BYTES];

	registrar_rig_key(key, "pbx@acme.example.net");
	registrar_list_of(rig.registrar, key, count_listed, &counting);
	return counting.count;
}

static void the_bindings_of_one_endpoint_are_listed(void **state)
{
	static const char other[] =
		"REGISTER sip:acme.example.net SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bK1\r\n"
		"From: <sip:alice@acme.example.net>;tag=1\r\nTo: <sip:alice@acme.example.net>\r\nCall-ID: c\r\n"
		"CSeq: 5 REGISTER\r\nContact: <sip:a@192.0.2.10>\r\nContent-Length: 0\r\n\r\n";

	(void)state;
	assert_int_equal(registrar_rig_register(&rig, "alice", SOURCE, other), 200);
	assert_int_equal(count_of_pbx(UINT32_MAX), 0);
	assert_int_equal(pbx(1, "Contact: <sip:a@192.0.2.77>, <sip:b@192.0.2.77>\r\n"), 200);
	assert_int_equal(count_of_pbx(UINT32_MAX), 2);
	assert_int_equal(count_of_pbx(1), 1);
	assert_int_equal(pbx(2, "Contact: *\r\nExpires: 0\r\n"), 200);
	assert_int_equal(count_of_pbx(UINT32_MAX), 0);
}

static void r34_expires_of_contact_before_header(void **state)
{
	(void)state;
	assert_int_equal(pbx(1, "Expires: 200\r\nContact: <sip:a@192.0.2.10>;expires=100, <sip:b@192.0.2.10>\r\n"),
			 200);
	assert_true(answer_has("Contact: <sip:a@192.0.2.10>;expires=100\r\n"));
	assert_true(answer_has("Contact: <sip:b@192.0.2.10>;expires=200\r\n"));
}

static void r34_expires_default_is_an_hour(void **state)
{
	(void)state;
	assert_int_equal(pbx(1, "Contact: <sip:a@192.0.2.10>\r\n"), 200);
	assert_true(answer_has(";expires=3600\r\n"));
	assert_int_equal(pbx(2, "Contact: <sip:a@192.0.2.10>;expires=soon\r\n"), 200);
	assert_true(answer_has(";expires=3600\r\n"));
}

static void r34_expires_floor_is_silent(void **state)
{
	(void)state;
	assert_int_equal(pbx(1, "Contact: <sip:a@192.0.2.10>;expires=5\r\n"), 200);
	assert_true(answer_has(";expires=60\r\n"));
}

static void r34_expires_ceiling(void **state)
{
	(void)state;
	assert_int_equal(pbx(1, "Contact: <sip:a@192.0.2.10>;expires=7201\r\n"), 200);
	assert_true(answer_has(";expires=7200\r\n"));
	assert_int_equal(pbx(2, "Contact: <sip:a@192.0.2.10>\r\nExpires: 99999999999999999999\r\n"), 200);
	assert_true(answer_has(";expires=7200\r\n"));
}

static void r34_over_ten_contacts_is_503(void **state)
{
	char contact[128];
	(void)state;
	for (uint32_t i = 1; i <= 10; i++) {
		snprintf(contact, sizeof(contact), "Contact: <sip:c%u@192.0.2.10>\r\n", i);
		assert_int_equal(pbx(i, contact), 200);
	}
	assert_int_equal(pbx(11, "Contact: <sip:c11@192.0.2.10>\r\n"), 503);
	assert_true(answer_has("Retry-After: "));
	assert_int_equal(registrar_counts(rig.registrar).refused[REASON_REGISTER_NO_ROOM], 1);
	assert_int_equal(registrar_rig_find(&rig, "pbx")->count, 10);
	/* A known one may still be refreshed, and one replaced by another in one request. */
	assert_int_equal(pbx(12, "Contact: <sip:c1@192.0.2.10>\r\n"), 200);
	assert_int_equal(pbx(13, "Contact: <sip:new@192.0.2.10>, <sip:c2@192.0.2.10>;expires=0\r\n"), 200);
	assert_int_equal(registrar_rig_find(&rig, "pbx")->count, 10);
}

static void r34_max_bindings_is_503(void **state)
{
	static char text[4096];
	(void)state;
	for (uint32_t i = 0; i < RIG_BINDINGS_MAX; i++) {
		snprintf(text, sizeof(text),
			 "REGISTER sip:d%u.example.net SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bK1\r\n"
			 "From: <sip:alice@d%u.example.net>;tag=1\r\nTo: <sip:alice@d%u.example.net>\r\nCall-ID: "
			 "c%u\r\nCSeq: 1 REGISTER\r\n"
			 "Contact: <sip:alice@192.0.2.10>\r\nContent-Length: 0\r\n\r\n",
			 i, i, i, i);
		char aor[64];
		snprintf(aor, sizeof(aor), "alice@d%u.example.net", i);
		assert_int_equal(registrar_rig_register(&rig, aor, SOURCE, text), 200);
	}
	assert_int_equal(registrar_counts(rig.registrar).bindings, RIG_BINDINGS_MAX);
	assert_int_equal(pbx(1, "Contact: <sip:a@192.0.2.10>\r\n"), 503);
	assert_null(registrar_rig_find(&rig, "pbx"));
	assert_int_equal(registrar_counts(rig.registrar).endpoints, RIG_BINDINGS_MAX);
	registrar_rig_restart(&rig);
	assert_int_equal(registrar_counts(rig.registrar).bindings, RIG_BINDINGS_MAX);
}

static void r34_star_removes_all(void **state)
{
	(void)state;
	assert_int_equal(pbx(1, "Contact: <sip:a@192.0.2.10>, <sip:b@192.0.2.10>\r\n"), 200);
	assert_int_equal(pbx(2, "Contact: *\r\nExpires: 0\r\n"), 200);
	assert_false(answer_has("Contact:"));
	assert_null(registrar_rig_find(&rig, "pbx"));
	assert_int_equal(registrar_counts(rig.registrar).bindings, 0);
	assert_int_equal(registrar_counts(rig.registrar).endpoints, 0);
}

static void r34_star_needs_expires_0(void **state)
{
	(void)state;
	assert_int_equal(pbx(1, "Contact: <sip:a@192.0.2.10>\r\n"), 200);
	assert_int_equal(pbx(2, "Contact: *\r\n"), 400);
	assert_int_equal(pbx(3, "Contact: *\r\nExpires: 60\r\n"), 400);
	assert_int_equal(pbx(4, "Contact: *, <sip:a@192.0.2.10>\r\nExpires: 0\r\n"), 400);
	assert_int_equal(registrar_rig_find(&rig, "pbx")->count, 1);
}

static void r34_no_contact_lists(void **state)
{
	(void)state;
	assert_int_equal(pbx(1, "Contact: <sip:a@192.0.2.10>;expires=600\r\n"), 200);
	registrar_rig_now_s += 100;
	assert_int_equal(pbx(2, ""), 200);
	assert_true(answer_has("Contact: <sip:a@192.0.2.10>;expires=500\r\n"));
	assert_int_equal(
		registrar_rig_register(
			&rig, "alice", SOURCE,
			"REGISTER sip:acme.example.net SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bK1\r\n"
			"From: <sip:alice@acme.example.net>;tag=1\r\nTo: <sip:alice@ACME.example.net>\r\nCall-ID: c\r\n"
			"CSeq: 1 REGISTER\r\nContent-Length: 0\r\n\r\n"),
		200);
	assert_false(answer_has("Contact:"));
	assert_int_equal(registrar_counts(rig.registrar).endpoints, 1);
}

static void r34_lower_cseq_is_500(void **state)
{
	(void)state;
	assert_int_equal(pbx(5, "Contact: <sip:a@192.0.2.10>;expires=600\r\n"), 200);
	registrar_rig_now_s += 10;
	assert_int_equal(pbx(4, "Contact: <sip:a@192.0.2.10>;expires=900\r\n"), 500);
	assert_int_equal(pbx(4, "Contact: *\r\nExpires: 0\r\n"), 500);
	assert_int_equal(pbx(6, ""), 200);
	assert_true(answer_has("expires=590\r\n"));
}

static void r34_equal_cseq_is_a_retransmission_or_500(void **state)
{
	(void)state;
	assert_int_equal(pbx(5, "Contact: <sip:a@192.0.2.10>;expires=600\r\n"), 200);
	registrar_rig_now_s += 10;
	assert_int_equal(pbx(5, "Contact: <sip:a@192.0.2.10>;expires=600\r\n"), 200);
	assert_true(answer_has("expires=590\r\n"));
	assert_int_equal(registrar_counts(rig.registrar).retransmissions, 1);
	assert_int_equal(pbx(5, "Contact: <sip:b@192.0.2.10>;expires=600\r\n"), 500);
	assert_int_equal(pbx(5, "Contact: <sip:a@192.0.2.10>;expires=0\r\n"), 500);
	assert_int_equal(registrar_rig_find(&rig, "pbx")->count, 1);
}

/* What the request itself takes back, or what gives way to its last contact, is no reason to refuse it the second time.
 */
static void r34_retransmission_of_several_contacts(void **state)
{
	static const char two[] =
		"REGISTER sip:acme.example.net SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bK1\r\n"
		"From: <sip:single@acme.example.net>;tag=1\r\nTo: <sip:single@acme.example.net>\r\nCall-ID: c\r\n"
		"CSeq: 5 REGISTER\r\nContact: <sip:a@192.0.2.10>, <sip:b@192.0.2.10>\r\nContent-Length: 0\r\n\r\n";
	static const char there_and_back[] = "Contact: <sip:a@192.0.2.10>\r\nContact: <sip:a@192.0.2.10>;expires=0\r\n";

	(void)state;
	assert_int_equal(registrar_rig_register(&rig, "single", SOURCE, two), 200);
	assert_int_equal(registrar_rig_register(&rig, "single", SOURCE, two), 200);
	assert_int_equal(registrar_rig_find(&rig, "single")->count, 1);
	assert_int_equal(pbx(5, there_and_back), 200);
	assert_int_equal(pbx(5, there_and_back), 200);
	assert_int_equal(registrar_counts(rig.registrar).retransmissions, 2);
}

static void r34_retransmission_within_a_batch(void **state)
{
	(void)state;
	const char *text = message_of(5, "Contact: <sip:a@192.0.2.10>\r\n");
	registrar_rig_take(&rig, "pbx", SOURCE, span_of_text(text));
	registrar_rig_take(&rig, "pbx", SOURCE, span_of_text(text));
	assert_int_equal(registrar_rig_receive(&rig).length, 0); /* nothing leaves before the store has it */
	registrar_flush(rig.registrar);
	assert_true(registrar_rig_receive(&rig).length > 0);
	assert_true(answer_has("SIP/2.0 200 OK"));
	char *first = strdup(rig.answer);
	assert_true(registrar_rig_receive(&rig).length > 0);
	assert_string_equal(first, rig.answer); /* the same To tag, too */
	free(first);
	assert_int_equal(registrar_counts(rig.registrar).bindings, 1);
}

/* What the first one proposed is replaced by what the second one does, and listed with it. */
static void r34_two_contacts_within_a_batch(void **state)
{
	(void)state;
	registrar_rig_take(
		&rig, "pbx", SOURCE,
		span_of_text(message_of(1, "Contact: <sip:first@192.0.2.10>;+sip.instance=\"<urn:1>\"\r\n")));
	registrar_rig_take(&rig, "pbx", SOURCE, span_of_text(message_of(2, "Contact: <sip:second@192.0.2.10>\r\n")));
	registrar_flush(rig.registrar);
	assert_true(registrar_rig_receive(&rig).length > 0);
	assert_true(registrar_rig_receive(&rig).length > 0);
	assert_true(answer_has("CSeq: 2 REGISTER\r\n"));
	assert_true(answer_has("Contact: <sip:first@192.0.2.10>;expires=3600;+sip.instance=\"<urn:1>\"\r\n"));
	assert_true(answer_has("Contact: <sip:second@192.0.2.10>;expires=3600\r\n"));
	assert_int_equal(registrar_rig_find(&rig, "pbx")->count, 2);
}

static void r34_another_call_id_may_start_low(void **state)
{
	(void)state;
	assert_int_equal(registrar_rig_register(&rig, "pbx", SOURCE, chan_sip), 200);
	assert_int_equal(pbx(1, "Contact: <sip:s@192.0.2.10:5060>;expires=900\r\n"), 200);
	assert_int_equal(registrar_rig_find(&rig, "pbx")->count, 1);
	assert_true(answer_has("expires=900\r\n"));
}

static void r34_path_without_supported_is_420(void **state)
{
	(void)state;
	assert_int_equal(pbx(1, "Contact: <sip:a@192.0.2.10>\r\nPath: <sip:192.0.2.10;lr>\r\n"), 420);
	assert_true(answer_has("Unsupported: path\r\n"));
	assert_null(registrar_rig_find(&rig, "pbx"));
}

static void r34_path_is_stored_and_echoed(void **state)
{
	(void)state;
	assert_int_equal(pbx(1, "Contact: <sip:a@10.0.0.5>\r\nk: timer, path\r\nPath: "
				"<sip:192.0.2.10:5070;lr>,<sip:10.0.0.1;lr>\r\n"
				"Path: <sip:10.0.0.2;lr>\r\n"),
			 200);
	assert_true(answer_has("Path: <sip:192.0.2.10:5070;lr>,<sip:10.0.0.1;lr>,<sip:10.0.0.2;lr>\r\n"));
	const struct binding *binding = &registrar_rig_find(&rig, "pbx")->binding[0];
	assert_span_equal(binding_path(binding),
			  SPAN_LITERAL("<sip:192.0.2.10:5070;lr>,<sip:10.0.0.1;lr>,<sip:10.0.0.2;lr>"));
	assert_int_equal(binding_next_hop(binding).port, 5070);
}

static void r34_unknown_require_is_420(void **state)
{
	(void)state;
	assert_int_equal(pbx(1, "Contact: <sip:a@192.0.2.10>\r\nRequire: path, gruu\r\n"), 420);
	assert_true(answer_has("Unsupported: gruu\r\n"));
}

static void r34_date_in_the_200(void **state)
{
	(void)state;
	assert_int_equal(pbx(1, ""), 200);
	assert_true(answer_has("Date: Fri, 15 Jan 2027 08:00:00 GMT\r\n"));
}

static void r34_single_contact_replaces(void **state)
{
	static const char text[] =
		"REGISTER sip:acme.example.net SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bK1\r\n"
		"From: <sip:single@acme.example.net>;tag=1\r\nTo: <sip:single@acme.example.net>\r\nCall-ID: c%d\r\n"
		"CSeq: 1 REGISTER\r\nContact: <sip:d%d@192.0.2.10>\r\nContent-Length: 0\r\n\r\n";
	char first[1024], second[1024];
	(void)state;
	snprintf(first, sizeof(first), text, 1, 1);
	snprintf(second, sizeof(second), text, 2, 2);
	assert_int_equal(registrar_rig_register(&rig, "single", SOURCE, first), 200);
	assert_int_equal(registrar_rig_register(&rig, "single", SOURCE, second), 200);
	assert_false(answer_has("sip:d1@"));
	const struct binding_set *set = registrar_rig_find(&rig, "single");
	assert_int_equal(set->count, 1);
	assert_span_equal(binding_contact(&set->binding[0]), SPAN_LITERAL("sip:d2@192.0.2.10"));
	registrar_rig_restart(&rig);
	assert_int_equal(registrar_rig_find(&rig, "single")->count, 1);
}

static void r34_best_contact_first(void **state)
{
	(void)state;
	assert_int_equal(pbx(1, "Contact: <sip:low@192.0.2.10>;q=0.1, <sip:high@192.0.2.10>;q=0.9\r\n"), 200);
	registrar_rig_now_s += 1;
	assert_int_equal(pbx(2, "Contact: <sip:newer@192.0.2.10>;q=0.9\r\n"), 200);
	const struct binding_set *set = registrar_rig_find(&rig, "pbx");
	assert_span_equal(binding_contact(&set->binding[0]), SPAN_LITERAL("sip:newer@192.0.2.10"));
	assert_span_equal(binding_contact(&set->binding[1]), SPAN_LITERAL("sip:high@192.0.2.10"));
	assert_span_equal(binding_contact(&set->binding[2]), SPAN_LITERAL("sip:low@192.0.2.10"));
}

static void r34_bindings_end(void **state)
{
	(void)state;
	assert_int_equal(pbx(1, "Contact: <sip:a@192.0.2.10>;expires=60, <sip:b@192.0.2.10>;expires=90\r\n"), 200);
	registrar_rig_now_s += 59;
	registrar_expire(rig.registrar);
	assert_int_equal(registrar_rig_find(&rig, "pbx")->count, 2);
	registrar_rig_now_s += 1;
	registrar_expire(rig.registrar);
	assert_int_equal(registrar_rig_find(&rig, "pbx")->count, 1);
	registrar_rig_now_s += 30;
	registrar_expire(rig.registrar);
	assert_null(registrar_rig_find(&rig, "pbx"));
	assert_int_equal(registrar_counts(rig.registrar).expired, 2);
	assert_int_equal(registrar_counts(rig.registrar).bindings, 0);
	registrar_rig_now_s -= 60; /* the store does not have them either */
	registrar_rig_restart(&rig);
	assert_null(registrar_rig_find(&rig, "pbx"));
}

static void r35_answer_goes_to_rport_or_sent_by_or_through_the_nat(void **state)
{
	static char text[2048];
	(void)state;
	snprintf(text, sizeof(text), "%s", chan_sip);
	assert_int_equal(registrar_rig_register(&rig, "pbx", "203.0.113.9:40000", text), 200);
	assert_true(answer_has("Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK3c2a4d1e;received=203.0.113.9\r\n"));
	assert_int_equal(rig.answer_punt.peer.port, 40000); /* R35: behind NAT */
	assert_int_equal(registrar_rig_register(&rig, "pbx", "192.0.2.10:40000", text), 200);
	assert_int_equal(rig.answer_punt.peer.port, 5060);
	memcpy(strstr(text, "192.0.2.10:5060"), "pbx.test00:5060", 15);
	assert_int_equal(registrar_rig_register(&rig, "pbx", "192.0.2.10:40000", text), 200);
	assert_int_equal(rig.answer_punt.peer.port, 5060);
	assert_int_equal(registrar_rig_register(&rig, "pbx", "203.0.113.9:40000", pjsip), 200);
	assert_true(answer_has(";rport=40000;branch=z9hG4bKPj8c2f;received=203.0.113.9\r\n"));
	assert_int_equal(rig.answer_punt.peer.port, 40000);
}

static void r35_nat_by_contact_host(void **state)
{
	(void)state;
	assert_int_equal(pbx(1, "Contact: <sip:a@10.0.0.5:5066>\r\n"), 200);
	const struct binding *binding = &registrar_rig_find(&rig, "pbx")->binding[0];
	assert_true(binding->behind_nat);
	struct net_address source = registrar_rig_address(SOURCE), next_hop = binding_next_hop(binding);
	assert_true(net_address_equals(&next_hop, &source));
}

static void r35_nat_by_via(void **state)
{
	(void)state;
	assert_int_equal(registrar_rig_register(&rig, "pbx", "203.0.113.9:40000",
						message_of(1, "Contact: <sip:a@203.0.113.9:5066>\r\n")),
			 200);
	const struct binding *binding = &registrar_rig_find(&rig, "pbx")->binding[0];
	assert_true(binding->behind_nat);
	assert_int_equal(binding_next_hop(binding).port, 40000);
}

static void r35_no_nat_contact_port_counts(void **state)
{
	(void)state;
	assert_int_equal(pbx(1, "Contact: <sip:a@192.0.2.10:5066>\r\n"), 200);
	const struct binding *binding = &registrar_rig_find(&rig, "pbx")->binding[0];
	assert_false(binding->behind_nat);
	assert_int_equal(binding_next_hop(binding).port, 5066);
}

static void r35_ipv6(void **state)
{
	static const char text[] =
		"REGISTER sip:acme.example.net SIP/2.0\r\nVia: SIP/2.0/UDP [2001:db8:0::1]:5060;branch=z9hG4bK1\r\n"
		"From: <sip:pbx@acme.example.net>;tag=1\r\nTo: <sip:pbx@acme.example.net>\r\nCall-ID: c\r\n"
		"CSeq: 1 REGISTER\r\nContact: <sip:pbx@[2001:db8::1]:5064>\r\nContent-Length: 0\r\n\r\n";
	(void)state;
	assert_int_equal(registrar_rig_register(&rig, "pbx", "[2001:db8::1]:5060", text), 200);
	const struct binding *binding = &registrar_rig_find(&rig, "pbx")->binding[0];
	assert_false(binding->behind_nat);
	assert_int_equal(binding_next_hop(binding).port, 5064);
	assert_true(answer_has("Via: SIP/2.0/UDP [2001:db8:0::1]:5060;branch=z9hG4bK1\r\n"));
}

static void r36_bindings_survive_a_restart(void **state)
{
	struct registrar_listed listed = {0};
	(void)state;
	assert_int_equal(pbx(1, "Contact: <sip:a@10.0.0.5:5066>;expires=600;q=0.5\r\nUser-Agent: Box 1\r\n"), 200);
	registrar_rig_now_s += 100;
	registrar_rig_restart(&rig);
	const struct binding_set *set = registrar_rig_find(&rig, "pbx");
	assert_non_null(set);
	assert_span_equal(binding_contact(&set->binding[0]), SPAN_LITERAL("sip:a@10.0.0.5:5066"));
	assert_true(set->binding[0].behind_nat);
	assert_int_equal(set->binding[0].q, 500);
	struct net_address source = registrar_rig_address(SOURCE), next_hop = binding_next_hop(&set->binding[0]);
	assert_true(net_address_equals(&next_hop, &source));
	uint64_t left = set->binding[0].expires_tsc - location_table_tsc_in(rig.location, 0);
	uint64_t second = location_table_tsc_in(rig.location, 1000) - location_table_tsc_in(rig.location, 0);
	assert_true(left > second / 1000 * 495 && left < second / 1000 * 505);
	registrar_list(rig.registrar, keep_listed, &listed);
	assert_span_equal(listed.user_agent, SPAN_LITERAL("Box 1"));
	assert_int_equal(registrar_counts(rig.registrar).behind_nat, 1);
	/* Order of CSeq is known as before. */
	assert_int_equal(pbx(0, "Contact: <sip:a@10.0.0.5:5066>\r\n"), 500);
}

static void r36_ended_bindings_do_not_come_back(void **state)
{
	(void)state;
	assert_int_equal(pbx(1, "Contact: <sip:a@192.0.2.10>;expires=600\r\n"), 200);
	registrar_rig_close(&rig);
	registrar_rig_now_s += 600;
	assert_int_equal(registrar_rig_try_open(&rig), STATUS_OK);
	assert_null(registrar_rig_find(&rig, "pbx"));
}

static void r36_200_survives_sigkill(void **state)
{
	(void)state;
	registrar_rig_close(&rig);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct registrar_rig inner = rig;
		if (registrar_rig_try_open(&inner) == STATUS_OK &&
		    registrar_rig_register(&inner, "pbx", SOURCE, chan_sip) == 200)
			kill(getpid(), SIGKILL);
		_exit(1);
	}
	int result;
	assert_int_equal(waitpid(child, &result, 0), child);
	assert_true(WIFSIGNALED(result) && WTERMSIG(result) == SIGKILL);
	assert_int_equal(registrar_rig_try_open(&rig), STATUS_OK);
	assert_non_null(registrar_rig_find(&rig, "pbx"));
}

static void r36_removed_endpoints_are_dropped(void **state)
{
	(void)state;
	assert_int_equal(pbx(1, "Contact: <sip:a@10.0.0.5>\r\n"), 200);
	registrar_rig_pbx_exists = false;
	uint8_t keys[3 * AOR_KEY_BYTES] = {0};
	registrar_rig_key(keys + AOR_KEY_BYTES, "pbx@" RIG_DOMAIN);
	registrar_rig_key(keys + 2 * AOR_KEY_BYTES, "alice@" RIG_DOMAIN); /* has not registered */
	assert_int_equal(registrar_drop(rig.registrar, keys, 3), 1);
	assert_null(registrar_rig_find(&rig, "pbx"));
	assert_int_equal(registrar_counts(rig.registrar).behind_nat, 0);
	assert_int_equal(pbx(2, "Contact: <sip:a@10.0.0.5>\r\n"), 404);
	registrar_rig_pbx_exists = true;
	assert_int_equal(pbx(3, "Contact: <sip:a@10.0.0.5>\r\n"), 200);
	registrar_rig_pbx_exists = false;
	registrar_rig_restart(&rig);
	assert_null(registrar_rig_find(&rig, "pbx"));
	assert_int_equal(registrar_counts(rig.registrar).dropped, 1);
	registrar_rig_pbx_exists = true;
	registrar_rig_restart(&rig);
	assert_null(registrar_rig_find(&rig, "pbx"));
}

static void change_database(const char *statement)
{
	char path[128];
	sqlite3 *database;
	snprintf(path, sizeof(path), "%s/bindings.db", rig.state_dir);
	assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
	assert_int_equal(sqlite3_exec(database, statement, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(database);
}

/* More than limits.max_bindings, but nobody's. */
static void r36_rows_of_removed_endpoints_do_not_count(void **state)
{
	(void)state;
	assert_int_equal(pbx(1, "Contact: <sip:a@10.0.0.5>\r\n"), 200);
	change_database(
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200) "
		"INSERT INTO binding SELECT 100 + i, 'gone' || i || '@acme.example.net', contact, path, call_id, "
		"instance, user_agent, received, local, next_hop, registered_unix_s, expires_unix_s, cseq, interface, "
		"q, behind_nat FROM binding, n WHERE row = 1");
	registrar_rig_restart(&rig);
	assert_non_null(registrar_rig_find(&rig, "pbx"));
	assert_int_equal(registrar_counts(rig.registrar).bindings, 1);
	assert_int_equal(registrar_counts(rig.registrar).endpoints, 1);
	assert_int_equal(registrar_counts(rig.registrar).behind_nat, 1);
	assert_int_equal(registrar_counts(rig.registrar).dropped, 200);
	registrar_rig_restart(&rig);
	assert_int_equal(registrar_counts(rig.registrar).dropped, 0);
}

static void r36_a_row_that_is_too_long_is_damage(void **state)
{
	(void)state;
	assert_int_equal(pbx(1, "Contact: <sip:a@10.0.0.5>\r\n"), 200);
	registrar_rig_close(&rig);
	change_database("UPDATE binding SET contact = 'sip:' || hex(zeroblob(255)) || '@h'");
	assert_int_equal(registrar_rig_try_open(&rig), STATUS_STORE);
	assert_non_null(strstr(rig.problem, "a row that amity did not write"));
}

static void r36_failed_transaction_is_503_and_no_change(void **state)
{
	(void)state;
	assert_int_equal(pbx(1, "Contact: <sip:a@192.0.2.10>\r\n"), 200);
	/* The table is gone: every statement fails, as with a full disk. */
	change_database("ALTER TABLE binding RENAME TO hidden");
	registrar_rig_take(&rig, "pbx", SOURCE, span_of_text(message_of(2, "Contact: <sip:b@192.0.2.10>\r\n")));
	registrar_rig_take(
		&rig, "alice", SOURCE,
		SPAN_LITERAL(
			"REGISTER sip:acme.example.net SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bK1\r\n"
			"From: <sip:alice@acme.example.net>;tag=1\r\nTo: <sip:alice@acme.example.net>\r\nCall-ID: c\r\n"
			"CSeq: 1 REGISTER\r\nContact: <sip:alice@192.0.2.10>\r\nContent-Length: 0\r\n\r\n"));
	registrar_flush(rig.registrar);
	for (int i = 0; i < 2; i++) {
		assert_true(registrar_rig_receive(&rig).length > 0);
		assert_true(answer_has("SIP/2.0 503 Service Unavailable\r\nVia: SIP/2.0/UDP 192.0.2.10"));
		assert_true(answer_has("Retry-After: "));
	}
	assert_int_equal(registrar_rig_find(&rig, "pbx")->count, 1);
	assert_null(registrar_rig_find(&rig, "alice"));
	assert_int_equal(registrar_counts(rig.registrar).bindings, 1);
	assert_int_equal(registrar_counts(rig.registrar).store_failures, 1);
	change_database("ALTER TABLE hidden RENAME TO binding");
	assert_int_equal(pbx(2, "Contact: <sip:b@192.0.2.10>\r\n"), 200);
	assert_int_equal(registrar_rig_find(&rig, "pbx")->count, 2);
}

/* What a registrar does not read cannot be wrong. */
static void headers_of_no_concern(void **state)
{
	(void)state;
	assert_int_equal(pbx(1, "Contact: <sip:a@192.0.2.10>\r\nContent-Type: nonsense\r\nDate: never\r\n"), 200);
	assert_int_equal(pbx(2, "Contact: <sip:a@192.0.2.10>\r\nContent-Type: a/b\r\nContent-Type: c/d\r\n"), 200);
	assert_int_equal(pbx(3, "Contact: <sip:a@192.0.2.10>\r\nMIME-Version: 1.0\r\nMIME-Version: 1.0\r\n"), 200);
	assert_int_equal(registrar_rig_find(&rig, "pbx")->count, 1);
}

static int torture(const char *file, const char *aor)
{
	static char text[65536];
	char path[256];
	snprintf(path, sizeof(path), "%s/rfc4475/%s.dat", TORTURE_MESSAGES, file);
	FILE *stream = fopen(path, "rb");
	assert_non_null(stream);
	text[fread(text, 1, sizeof(text) - 1, stream)] = '\0';
	fclose(stream);
	return registrar_rig_register(&rig, aor, "192.0.2.1:5060", text);
}

static void torture_contact_parameter(void **state)
{
	(void)state;
	assert_int_equal(torture("cparam01", "watson@example.com"), 200);
	assert_true(answer_has("Contact: <sip:+19725552222@gw1.example.net>;expires=3600\r\n"));
}

static void torture_uri_parameter(void **state)
{
	(void)state;
	assert_int_equal(torture("cparam02", "watson@example.com"), 200);
	assert_true(answer_has("Contact: <sip:+19725552222@gw1.example.net;unknownparam>;expires=3600\r\n"));
}

static void torture_escaped_header_in_contact(void **state)
{
	(void)state;
	assert_int_equal(torture("regescrt", "user@example.com"), 200);
	assert_true(answer_has("Contact: <sip:user@example.com?Route=%3Csip:sip.example.com%3E>;expires=3600\r\n"));
}

static void torture_escaped_nulls(void **state)
{
	(void)state;
	assert_int_equal(torture("escnull", "null-%00-null@example.com"), 200);
	assert_true(answer_has("Contact: <sip:%00@host5.example.com>;expires=3600\r\n"));
	assert_true(answer_has("Contact: <sip:%00%00@host5.example.com>;expires=3600\r\n"));
	assert_int_equal(registrar_rig_find(&rig, "null-%00-null@example.com")->count, 2);
}

static void torture_contact_without_brackets(void **state)
{
	(void)state;
	assert_int_equal(torture("regbadct", "user@example.com"), 400);
}

static void torture_trailing_octets(void **state)
{
	(void)state;
	assert_int_equal(torture("dblreq", "j.user@example.com"), 404); /* read to its end, but no endpoint of ours */
}

/* Every prefix of a valid message, and the message with any one byte replaced: an answer or none, never a crash. */
static void garbage_is_survived(void **state)
{
	static const char bytes[] = {'\0', '\r', '\n', '"', '<', '>', ',', ';', ':', '[', '%', '\xff', ' ', '*'};
	(void)state;
	for (size_t length = 0; length < sizeof(pjsip); length++) {
		char *copy = malloc(length + 1); /* exactly as long: sanitizers see one byte too far */
		memcpy(copy, pjsip, length);
		registrar_rig_take(&rig, "pbx", SOURCE, span_make(copy, length));
		free(copy);
	}
	for (size_t i = 0; i < sizeof(pjsip) - 1; i++) {
		char *copy = malloc(sizeof(pjsip) - 1);
		memcpy(copy, pjsip, sizeof(pjsip) - 1);
		copy[i] = bytes[i % sizeof(bytes)];
		registrar_rig_take(&rig, "pbx", SOURCE, span_make(copy, sizeof(pjsip) - 1));
		free(copy);
		while (registrar_rig_receive(&rig).length)
			;
	}
	registrar_flush(rig.registrar);
	while (registrar_rig_receive(&rig).length)
		;
	assert_int_equal(
		registrar_rig_register(
			&rig, "alice", SOURCE,
			"REGISTER sip:acme.example.net SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bK1\r\n"
			"From: <sip:alice@acme.example.net>;tag=1\r\nTo: <sip:alice@acme.example.net>\r\nCall-ID: c\r\n"
			"CSeq: 1 REGISTER\r\nContact: <sip:alice@192.0.2.10>\r\nContent-Length: 0\r\n\r\n"),
		200);
}

static void long_contact_is_400(void **state)
{
	static char contact[2048];
	(void)state;
	snprintf(contact, sizeof(contact), "Contact: <sip:%0*d@192.0.2.10>\r\n", 600, 1);
	assert_int_equal(pbx(1, contact), 400);
}

static void ten_long_contacts_fit_an_answer(void **state)
{
	static char contacts[16384];
	size_t length = 0;
	(void)state;
	for (int i = 0; i < 10; i++)
		length += (size_t)snprintf(contacts + length, sizeof(contacts) - length,
					   "Contact: <sip:%0*d@192.0.2.10>\r\n", 480, i);
	assert_int_equal(pbx(1, contacts), 200);
	assert_int_equal(registrar_rig_find(&rig, "pbx")->count, 10);
}

/* Whoever comes alone does not wait for others: in the same turn of the loop, without registrar_flush() from here. */
static void what_came_together_is_stored_and_answered_at_once(void **state)
{
	struct event_base *base = event_base_new();

	(void)state;
	assert_non_null(base);
	rig.base = base;
	registrar_rig_restart(&rig);
	for (uint32_t cseq = 1; cseq <= 2; cseq++) {
		registrar_rig_take(&rig, "pbx", SOURCE,
				   span_of_text(message_of(cseq, "Contact: <sip:pbx@192.0.2.10:5060>\r\n")));
		assert_int_equal(registrar_rig_receive(&rig).length, 0);
		assert_int_equal(event_base_loop(base, EVLOOP_NONBLOCK), 0);
		assert_true(registrar_rig_receive(&rig).length > 0 && answer_has("SIP/2.0 200 OK"));
		assert_non_null(registrar_rig_find(&rig, "pbx"));
	}
	rig.base = NULL;
	registrar_rig_restart(&rig);
	event_base_free(base);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest cases[] = {
		CASE(r34_chan_sip_registers),
		CASE(r34_pjsip_registers),
		CASE(r34_binding_holds_everything),
		CASE(the_bindings_of_one_endpoint_are_listed),
		CASE(r34_expires_of_contact_before_header),
		CASE(r34_expires_default_is_an_hour),
		CASE(r34_expires_floor_is_silent),
		CASE(r34_expires_ceiling),
		CASE(r34_over_ten_contacts_is_503),
		CASE(r34_max_bindings_is_503),
		CASE(r34_star_removes_all),
		CASE(r34_star_needs_expires_0),
		CASE(r34_no_contact_lists),
		CASE(r34_lower_cseq_is_500),
		CASE(r34_equal_cseq_is_a_retransmission_or_500),
		CASE(r34_retransmission_of_several_contacts),
		CASE(r34_retransmission_within_a_batch),
		CASE(r34_two_contacts_within_a_batch),
		CASE(r34_another_call_id_may_start_low),
		CASE(r34_path_without_supported_is_420),
		CASE(r34_path_is_stored_and_echoed),
		CASE(r34_unknown_require_is_420),
		CASE(r34_date_in_the_200),
		CASE(r34_single_contact_replaces),
		CASE(r34_best_contact_first),
		CASE(r34_bindings_end),
		CASE(r35_answer_goes_to_rport_or_sent_by_or_through_the_nat),
		CASE(r35_nat_by_contact_host),
		CASE(r35_nat_by_via),
		CASE(r35_no_nat_contact_port_counts),
		CASE(r35_ipv6),
		CASE(r36_bindings_survive_a_restart),
		CASE(r36_ended_bindings_do_not_come_back),
		CASE(r36_200_survives_sigkill),
		CASE(r36_removed_endpoints_are_dropped),
		CASE(r36_rows_of_removed_endpoints_do_not_count),
		CASE(r36_a_row_that_is_too_long_is_damage),
		CASE(r36_failed_transaction_is_503_and_no_change),
		CASE(headers_of_no_concern),
		CASE(torture_contact_parameter),
		CASE(torture_uri_parameter),
		CASE(torture_escaped_header_in_contact),
		CASE(torture_escaped_nulls),
		CASE(torture_contact_without_brackets),
		CASE(torture_trailing_octets),
		CASE(garbage_is_survived),
		CASE(long_contact_is_400),
		CASE(ten_long_contacts_fit_an_answer),
		CASE(what_came_together_is_stored_and_answered_at_once),
	};
	return cmocka_run_group_tests(cases, NULL, NULL);
}
