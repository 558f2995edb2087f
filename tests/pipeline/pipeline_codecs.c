/*
 * pipeline_codecs - the codecs of both sides in every SDP of a call (R25). What a body turns into is
 * unit_body_filter's; here: which bodies, whose codecs, and what becomes of a call that has none left.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"
#include "dialog_case.h"
#include "scene.h"

#define DEAF  "192.0.2.15:5060" /* 35xx: opus alone; not reached -> 3200 */
#define MUTE  "192.0.2.16:5060" /* 36xx: opus alone, no forward */
#define VIDEO "192.0.2.17:5060" /* 37xx: PCMA and H264 */

static const char provisioning[] =
	"carriers:\n"
	"  - {name: telco, patterns: ['^\\+346', '^112'], address: [\"udp:198.51.100.7:5060\"]}\n"
	"  - {name: tight, patterns: ['^\\+349'], address: [\"udp:198.51.100.9:5060\"], codecs: [g729]}\n"
	"companies:\n"
	"  - name: acme\n"
	"    domain: acme.example.net\n"
	"    country: ES\n"
	"    outgoing_ddi: \"+34944000000\"\n"
	"    emergency: [\"112\"]\n"
	"    friends:\n"
	"      - {name: desk, auth: source, direct: \"udp:192.0.2.20:5060\", codecs: [PCMU, PCMA, G729, H264]}\n"
	"      - {name: hq, password: secret, direct: \"udp:192.0.2.10:5060\", patterns: ['^30']}\n"
	"      - {name: west, password: secret, direct: \"udp:192.0.2.12:5060\", patterns: ['^32'], codecs: [pcmu]}\n"
	"      - name: deaf\n"
	"        password: secret\n"
	"        direct: \"udp:192.0.2.15:5060\"\n"
	"        patterns: ['^35']\n"
	"        codecs: [opus]\n"
	"        forwards: [{when: unregistered, to: {extension: \"3200\"}}]\n"
	"      - {name: mute, password: secret, direct: \"udp:192.0.2.16:5060\", patterns: ['^36'], codecs: [opus]}\n"
	"      - {name: video, password: secret, direct: \"udp:192.0.2.17:5060\", patterns: ['^37'], codecs: [PCMA, "
	"H264]}\n"
	"    extensions:\n"
	"      - {number: \"3200\", route: {friend: \"3200\"}}\n"
	"    ddis:\n"
	"      - {number: \"+34944000000\", route: {friend: \"3000\"}}\n";

#define SDP_TOP	   "v=0\r\no=- 1 1 IN IP4 192.0.2.20\r\ns=-\r\nc=IN IP4 192.0.2.20\r\nt=0 0\r\n"
#define PHONE	   SDP_TOP "m=audio 4000 RTP/AVP 0 18 8 101\r\na=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n"
#define ONLY(n)	   SDP_TOP "m=audio 4000 RTP/AVP " n " 101\r\na=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n"
#define NONE_OF(n) SDP_TOP "m=audio 0 RTP/AVP " n " 101\r\na=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n"

/* The message, which has no body, with this one. */
static void attach(char text[SIP_TEXT_BYTES_MAX], const char *body)
{
	char *end = strstr(text, "Content-Length: 0\r\n\r\n");

	assert_non_null(end);
	snprintf(end, (size_t)(text + SIP_TEXT_BYTES_MAX - end),
		 "Content-Type: application/sdp\r\nContent-Length: %zu\r\n\r\n%s", strlen(body), body);
}

/* What came is this body, and as long as it says. */
static void expect_body(const char *message, const char *expected)
{
	char length[32], expected_length[32];
	const char *body = strstr(message, "\r\n\r\n");

	assert_non_null(body);
	assert_string_equal(body + 4, expected);
	assert_true(sip_find_header(length, sizeof(length), message, "Content-Length", 0));
	snprintf(expected_length, sizeof(expected_length), "%zu", strlen(expected));
	assert_string_equal(length, expected_length);
}

static void begin(struct scene *scene, void **state)
{
	scene_begin_with(scene, state, provisioning, &(struct pipeline_sizes){0});
}

static void offer(struct scene *scene, const char *caller, const char *number, const char *body)
{
	char text[SIP_TEXT_BYTES_MAX];

	scene_prepare(scene, caller, "INVITE", number);
	sip_request_write(text, &scene->request);
	if (body)
		attach(text, body);
	pipeline_send(scene->pipeline, caller, text);
}

/* The call is on its way. */
static void call(struct scene *scene, const char *caller, const char *number, const char *body)
{
	offer(scene, caller, number, body);
	scene_expect_status(scene, caller, 100);
}

static void answer(struct scene *scene, const struct leg *leg, int status, const char *body)
{
	char text[SIP_TEXT_BYTES_MAX], contact[64];

	snprintf(contact, sizeof(contact), "Contact: <sip:callee@%s>\r\n", leg->peer);
	sip_response_write(text, leg->text, status, leg->peer, contact);
	attach(text, body);
	pipeline_send(scene->pipeline, leg->peer, text);
}

/* A request in the dialog with a body. */
static void ask(struct dialog_case *dialog, struct scene *scene, bool by_caller, const char *method, unsigned int cseq,
		const char *body)
{
	dialog_case_write(dialog, scene, by_caller, method, cseq);
	attach(dialog->text, body);
	dialog_case_send_again(dialog, scene, by_caller);
}

static uint64_t count(const struct scene *scene, enum reason reason)
{
	return pipeline_reason(scene->pipeline, reason);
}

/* desk has PCMU, PCMA, G729; the others what their line says. */
static void r25_offer_and_answer_keep_what_both_sides_allow(void **state)
{
	static const struct {
		const char *number, *callee, *offered;
	} rows[] = {
		{"3000", HQ, ONLY("8")},
		{"3200", WEST, ONLY("0")},
		{"600123123", TELCO, PHONE},
		{"944123123", OTHER, ONLY("18")},
	};
	struct scene scene;
	struct leg leg;

	begin(&scene, state);
	for (uint32_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		call(&scene, DESK, rows[i].number, PHONE);
		scene_expect_request(&scene, &leg, rows[i].callee, "INVITE");
		expect_body(leg.text, rows[i].offered);
		answer(&scene, &leg, 183, PHONE);
		expect_body(scene_expect_status(&scene, DESK, 183), rows[i].offered);
		answer(&scene, &leg, 200, PHONE);
		expect_body(scene_expect_status(&scene, DESK, 200), rows[i].offered);
	}
	assert_int_equal(pipeline_counter(scene.pipeline, COUNTER_ANSWERS_WITHOUT_CODEC), 0);
	scene_end(&scene, sizeof(rows) / sizeof(*rows));
}

/* A carrier's offer meets the endpoint's codecs alone. */
static void r25_offer_from_outside(void **state)
{
	struct scene scene;
	struct leg leg;

	begin(&scene, state);
	call(&scene, TELCO, "+34944000000", PHONE);
	scene_expect_request(&scene, &leg, HQ, "INVITE");
	expect_body(leg.text, ONLY("8"));
	answer(&scene, &leg, 200, PHONE);
	expect_body(scene_expect_status(&scene, TELCO, 200), ONLY("8"));
	scene_end(&scene, 1);
}

static void r25_video_is_a_choice_of_those_who_name_a_codec_of_it(void **state)
{
	static const char both[] =
		SDP_TOP "m=audio 4000 RTP/AVP 8\r\nm=video 4002 RTP/AVP 97 98\r\na=rtpmap:97 VP8/90000\r\n"
			"a=rtpmap:98 h264/90000\r\n";
	static const char h264[] =
		SDP_TOP "m=audio 4000 RTP/AVP 8\r\nm=video 4002 RTP/AVP 98\r\na=rtpmap:98 h264/90000\r\n";
	struct scene scene;
	struct leg leg;

	begin(&scene, state);
	call(&scene, DESK, "3700", both);
	scene_expect_request(&scene, &leg, VIDEO, "INVITE");
	expect_body(leg.text, h264);
	scene_refuse(&scene, &leg, 486);
	scene_expect_end(&scene, 486);
	call(&scene, TELCO, "+34944000000", both); /* hq names no video codec, the carrier nothing at all */
	scene_expect_request(&scene, &leg, HQ, "INVITE");
	expect_body(leg.text, both);
	scene_refuse(&scene, &leg, 486);
	scene_expect_end(&scene, 486);
	scene_end(&scene, 0);
}

/* 488, the called side hears nothing; the ACK ends the transaction, and until then the 488 is repeated. */
static void r25_nothing_left_is_488(void **state)
{
	struct scene scene;
	char phrase[64];

	begin(&scene, state);
	offer(&scene, DESK, "3600", PHONE);
	const char *response = scene_expect_status(&scene, DESK, 488);
	assert_int_equal(sscanf(response, "SIP/2.0 488 %63[^\r]", phrase), 1);
	assert_string_equal(phrase, "Not Acceptable Here");
	scene_expect_silence(&scene);
	assert_int_equal(count(&scene, REASON_NO_COMMON_CODEC), 1);
	scene_now(&scene);
	scene_wait_until(&scene, 500);
	scene_expect_end(&scene, 488);
	assert_int_equal(scene_calls(&scene), 0);
	scene_end(&scene, 0);
}

/* The friend cannot be reached with this offer: class unreachable (R28), with its forward. */
static void r25_nothing_left_takes_the_forward_of_the_friend(void **state)
{
	struct scene scene;
	struct leg leg;
	char diversion[256];

	begin(&scene, state);
	call(&scene, DESK, "3500", PHONE);
	scene_expect_request(&scene, &leg, WEST, "INVITE");
	expect_body(leg.text, ONLY("0"));
	assert_true(sip_find_header(diversion, sizeof(diversion), leg.text, "Diversion", 0));
	assert_non_null(strstr(diversion, "3500"));
	answer(&scene, &leg, 200, PHONE);
	expect_body(scene_expect_status(&scene, DESK, 200), ONLY("0"));
	/* Neither the friend nor who it forwards to. */
	offer(&scene, DESK, "3500", ONLY("8"));
	scene_expect_end(&scene, 488);
	assert_int_equal(count(&scene, REASON_NO_COMMON_CODEC), 1);
	scene_end(&scene, 1);
}

/* Later targets likewise: the friend is busy, who takes its calls has no codec of the offer. */
static void r25_nothing_left_at_a_later_target(void **state)
{
	static const char text[] = "companies:\n"
				   "  - name: acme\n"
				   "    domain: acme.example.net\n"
				   "    country: ES\n"
				   "    friends:\n"
				   "      - {name: desk, auth: source, direct: \"udp:192.0.2.20:5060\"}\n"
				   "      - name: hq\n"
				   "        password: secret\n"
				   "        direct: \"udp:192.0.2.10:5060\"\n"
				   "        patterns: ['^30']\n"
				   "        forwards: [{when: busy, to: {extension: \"3200\"}}]\n"
				   "      - {name: west, password: secret, direct: \"udp:192.0.2.12:5060\", patterns: "
				   "['^32'], codecs: [opus]}\n"
				   "    extensions: [{number: \"3200\", route: {friend: \"3200\"}}]\n";
	struct scene scene;
	struct leg leg;

	scene_begin_with(&scene, state, text, &(struct pipeline_sizes){0});
	call(&scene, DESK, "3000", ONLY("8"));
	scene_expect_request(&scene, &leg, HQ, "INVITE");
	scene_refuse(&scene, &leg, 486);
	scene_expect_end(&scene, 486);
	scene_end(&scene, 0);
}

/* INVITE without SDP: the offer is in the 200, the answer in the ACK. */
static void r25_delayed_offer(void **state)
{
	struct scene scene;
	struct dialog_case dialog;
	struct leg leg;

	begin(&scene, state);
	call(&scene, DESK, "3000", NULL);
	scene_expect_request(&scene, &leg, HQ, "INVITE");
	answer(&scene, &leg, 200, PHONE);
	const char *response = scene_expect_status(&scene, DESK, 200);
	expect_body(response, ONLY("8"));
	dialog_case_take(&dialog, &scene, &leg, response);
	ask(&dialog, &scene, true, "ACK", 7, ONLY("0 8"));
	scene_expect_request(&scene, &leg, HQ, "ACK");
	expect_body(leg.text, ONLY("8"));
	scene_end(&scene, 1);
}

/* What cannot be refused is declined for the one who offered. */
static void r25_answer_without_a_codec_has_port_0(void **state)
{
	struct scene scene;
	struct leg leg;

	begin(&scene, state);
	call(&scene, DESK, "3000", PHONE);
	scene_expect_request(&scene, &leg, HQ, "INVITE");
	answer(&scene, &leg, 200, ONLY("0"));
	expect_body(scene_expect_status(&scene, DESK, 200), NONE_OF("0"));
	assert_int_equal(pipeline_counter(scene.pipeline, COUNTER_ANSWERS_WITHOUT_CODEC), 1);
	scene_end(&scene, 1);
}

/* Every other type is to go: more than a message has edits for. */
static void write_stripes(char *text, size_t size)
{
	size_t length = (size_t)snprintf(text, size, "%s", SDP_TOP);

	for (uint32_t line = 0; line < 3; line++) {
		length += (size_t)snprintf(text + length, size - length, "m=audio 4000 RTP/AVP");
		for (uint32_t pair = 0; pair < 64; pair++)
			length += (size_t)snprintf(text + length, size - length, " 0 8");
		length += (size_t)snprintf(text + length, size - length, "\r\n");
	}
	assert_true(length < size);
}

static void r25_more_to_take_out_than_there_are_edits(void **state)
{
	struct scene scene;
	struct leg leg;
	char stripes[2048];

	write_stripes(stripes, sizeof(stripes));
	begin(&scene, state);
	call(&scene, DESK, "3000", PHONE);
	scene_expect_request(&scene, &leg, HQ, "INVITE");
	answer(&scene, &leg, 200, stripes);
	expect_body(scene_expect_status(&scene, DESK, 200), stripes);
	assert_int_equal(pipeline_counter(scene.pipeline, COUNTER_SDP_UNREAD), 1);
	offer(&scene, DESK, "3000", stripes);
	scene_expect_end(&scene, 513);
	scene_end(&scene, 1);
}

static void begin_dialog(struct dialog_case *dialog, struct scene *scene, void **state)
{
	struct leg leg;

	begin(scene, state);
	call(scene, DESK, "3000", PHONE);
	scene_expect_request(scene, &leg, HQ, "INVITE");
	answer(scene, &leg, 200, ONLY("8"));
	dialog_case_take(dialog, scene, &leg, scene_expect_status(scene, DESK, 200));
}

static void r25_re_invite_of_both_sides(void **state)
{
	static const char *const methods[] = {"INVITE", "UPDATE"};
	struct scene scene;
	struct dialog_case dialog;
	struct leg leg;

	begin_dialog(&dialog, &scene, state);
	for (uint32_t i = 0; i < 4; i++) {
		bool by_caller = i % 2;
		const char *asker = by_caller ? DESK : HQ;
		ask(&dialog, &scene, by_caller, methods[i / 2], 20 + i, PHONE);
		if (i / 2 == 0)
			scene_expect_status(&scene, asker, 100);
		scene_expect_request(&scene, &leg, by_caller ? HQ : DESK, methods[i / 2]);
		expect_body(leg.text, ONLY("8"));
		answer(&scene, &leg, 200, PHONE);
		expect_body(scene_expect_status(&scene, asker, 200), ONLY("8"));
	}
	scene_end(&scene, 1);
}

/* The offer in the dialog is refused, the dialog goes on; the ACK is for us. */
static void r25_re_invite_with_nothing_left(void **state)
{
	struct scene scene;
	struct dialog_case dialog;
	struct leg leg;
	char to[256];

	begin_dialog(&dialog, &scene, state);
	ask(&dialog, &scene, false, "INVITE", 20, ONLY("18"));
	assert_true(sip_find_header(to, sizeof(to), scene_expect_status(&scene, HQ, 488), "To", 0));
	assert_non_null(strstr(to, dialog.caller_tag));
	scene_now(&scene);
	scene_wait_until(&scene, 500);
	scene_expect_status(&scene, HQ, 488);
	memcpy(dialog.text, "ACK", 3); /* with the same Via */
	memmove(dialog.text + 3, dialog.text + 6, strlen(dialog.text + 6) + 1);
	char *cseq = strstr(dialog.text, "20 INVITE");
	assert_non_null(cseq);
	memcpy(cseq, "20 ACK   ", 9);
	dialog_case_send_again(&dialog, &scene, false);
	scene_expect_silence(&scene);
	assert_int_equal(count(&scene, REASON_NO_COMMON_CODEC), 1);
	assert_int_equal(count(&scene, REASON_ACK_CONFIRMED), 1);
	dialog_case_send(&dialog, &scene, true, "BYE", 30);
	scene_expect_request(&scene, &leg, HQ, "BYE");
	scene_answer(&scene, &leg, 200);
	scene_expect_status(&scene, DESK, 200);
	scene_end(&scene, 0);
}

/* What the call was set up with holds for all of it, whatever is provisioned meanwhile. */
static void r25_codecs_of_a_dialog_stay_as_they_were(void **state)
{
	struct scene scene;
	struct dialog_case dialog;
	struct leg leg;
	char *changed = strdup(provisioning);

	assert_non_null(changed);
	char *codecs = strstr(changed, "PCMU, PCMA, G729, H264");
	assert_non_null(codecs);
	memcpy(codecs, "PCMU                  ", 22);
	begin_dialog(&dialog, &scene, state);
	assert_true(pipeline_apply(scene.pipeline, changed));
	ask(&dialog, &scene, false, "INVITE", 20, PHONE);
	scene_expect_status(&scene, HQ, 100);
	scene_expect_request(&scene, &leg, DESK, "INVITE");
	expect_body(leg.text, ONLY("8"));
	answer(&scene, &leg, 200, PHONE);
	expect_body(scene_expect_status(&scene, HQ, 200), ONLY("8"));
	scene_end(&scene, 1);
	free(changed);
}

static void r25_malformed_sdp(void **state)
{
	static const char broken[] = "v=0\r\nm=audio\r\n";
	struct scene scene;
	struct dialog_case dialog;
	struct leg leg;
	char phrase[64];

	begin_dialog(&dialog, &scene, state);
	offer(&scene, DESK, "3000", broken);
	const char *response = scene_expect_status(&scene, DESK, 400);
	assert_int_equal(sscanf(response, "SIP/2.0 400 %63[^\r]", phrase), 1);
	assert_string_equal(phrase, "Bad SDP");
	scene_acknowledge(&scene, response);
	scene_expect_silence(&scene);
	ask(&dialog, &scene, false, "UPDATE", 20, broken);
	scene_expect_status(&scene, HQ, 400);
	assert_int_equal(count(&scene, REASON_MALFORMED_SDP), 2);
	/* Nobody would be told. */
	ask(&dialog, &scene, false, "INFO", 21, broken);
	scene_expect_request(&scene, &leg, DESK, "INFO");
	expect_body(leg.text, broken);
	answer(&scene, &leg, 200, broken);
	expect_body(scene_expect_status(&scene, HQ, 200), broken);
	assert_int_equal(pipeline_counter(scene.pipeline, COUNTER_SDP_UNREAD), 2);
	scene_end(&scene, 1);
}

/* No choice of codecs stops it. */
static void r25_r37_emergency_call_goes_out_as_offered(void **state)
{
	static const char gsm[] = SDP_TOP "m=audio 4000 RTP/AVP 3\r\n";
	struct scene scene;
	struct leg leg;

	begin(&scene, state);
	call(&scene, DESK, "112", gsm);
	scene_expect_request(&scene, &leg, TELCO, "INVITE");
	expect_body(leg.text, gsm);
	answer(&scene, &leg, 200, gsm);
	expect_body(scene_expect_status(&scene, DESK, 200), gsm);
	scene_end(&scene, 1);
}

/* Not looked at: both sides take everything. */
static void r25_as_offered_is_not_looked_at(void **state)
{
	static const char text[] = "carriers:\n"
				   "  - {name: telco, address: [\"udp:198.51.100.7:5060\"]}\n"
				   "companies:\n"
				   "  - name: acme\n"
				   "    domain: acme.example.net\n"
				   "    country: ES\n"
				   "    outgoing_ddi: \"+34944000000\"\n"
				   "    extensions: [{number: \"900\", route: {number: \"+34600123123\"}}]\n"
				   "    ddis: [{number: \"+34944000000\", route: {extension: \"900\"}}]\n";
	static const char broken[] = "v=0\r\nm=audio\r\n";
	struct scene scene;
	struct leg leg;

	scene_begin_with(&scene, state, text, &(struct pipeline_sizes){0});
	call(&scene, TELCO, "+34944000000", broken);
	scene_expect_request(&scene, &leg, TELCO, "INVITE");
	expect_body(leg.text, broken);
	scene_refuse(&scene, &leg, 486);
	scene_expect_end(&scene, 486);
	scene_end(&scene, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PIPELINE_CASE_ROWS(r25_offer_and_answer_keep_what_both_sides_allow),
		PIPELINE_CASE_ROWS(r25_offer_from_outside),
		PIPELINE_CASE_ROWS(r25_video_is_a_choice_of_those_who_name_a_codec_of_it),
		PIPELINE_CASE_ROWS(r25_nothing_left_is_488),
		PIPELINE_CASE_ROWS(r25_nothing_left_takes_the_forward_of_the_friend),
		PIPELINE_CASE_ROWS(r25_nothing_left_at_a_later_target),
		PIPELINE_CASE_ROWS(r25_delayed_offer),
		PIPELINE_CASE_ROWS(r25_answer_without_a_codec_has_port_0),
		PIPELINE_CASE_ROWS(r25_more_to_take_out_than_there_are_edits),
		PIPELINE_CASE_ROWS(r25_re_invite_of_both_sides),
		PIPELINE_CASE_ROWS(r25_re_invite_with_nothing_left),
		PIPELINE_CASE_ROWS(r25_codecs_of_a_dialog_stay_as_they_were),
		PIPELINE_CASE_ROWS(r25_malformed_sdp),
		PIPELINE_CASE_ROWS(r25_r37_emergency_call_goes_out_as_offered),
		PIPELINE_CASE_ROWS(r25_as_offered_is_not_looked_at),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
