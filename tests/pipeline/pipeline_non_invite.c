/*
 * pipeline_non_invite - the other requests on the virtual clock (RFC 3261 17.1.2, 17.2.2; RFC 4320), outside a dialog
 * and in it; RFC 2543 peers; what came before by another way (8.2.2.2, 16.3).
 */
#include <rte_common.h>
#include <stdio.h>
#include <string.h>

#include "cmocka_all.h"
#include "dialog_case.h"
#include "scene.h"

/* E: doubling up to T2. */
static const uint32_t sent_ms[] = {500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500};

static void send_message(struct scene *scene, struct leg *hq)
{
	scene_prepare(scene, DESK, "MESSAGE", "3000");
	scene_send(scene);
	scene_now(scene);
	scene_expect_request(scene, hq, HQ, "MESSAGE");
	scene_expect_silence(scene);
}

/* E, F; 100 when E has grown to T2, once (RFC 4320 4.1); and no 408 (4.2). */
static void rfc4320_4_nobody_answers_and_the_sender_hears_100_alone(void **state)
{
	struct scene scene;
	struct leg hq, again;

	scene_begin(&scene, state);
	send_message(&scene, &hq);
	for (uint32_t i = 0; i < RTE_DIM(sent_ms); i++) {
		scene_wait_until(&scene, sent_ms[i]);
		scene_expect_request(&scene, &again, HQ, "MESSAGE");
		assert_string_equal(again.text, hq.text);
		if (sent_ms[i] == 3500)
			scene_expect_status(&scene, DESK, 100);
	}
	scene_wait_until(&scene, 32000);
	assert_int_equal(scene_transactions(&scene), 0);
	scene_wait_until(&scene, 70000);
	scene_end(&scene, 0);
}

/* 17.1.2.2: a provisional response sets E to T2, and is not passed (RFC 4320 4.1). */
static void rfc3261_17_1_2_2_provisional_slows_timer_e(void **state)
{
	static const uint32_t slow_ms[] = {1500, 5500, 9500, 13500, 17500, 21500, 25500, 29500};
	struct scene scene;
	struct leg hq, again;

	scene_begin(&scene, state);
	send_message(&scene, &hq);
	scene_wait_until(&scene, 500);
	scene_expect_request(&scene, &again, HQ, "MESSAGE");
	scene_answer(&scene, &hq, 180);
	for (uint32_t i = 0; i < RTE_DIM(slow_ms); i++) {
		if (i == 1) {
			scene_wait_until(&scene, 3500);
			scene_expect_status(&scene, DESK, 100);
		}
		scene_wait_until(&scene, slow_ms[i]);
		scene_expect_request(&scene, &again, HQ, "MESSAGE");
	}
	scene_wait_until(&scene, 70000);
	scene_end(&scene, 0);
}

/* J: the final response answers each repeat for 64*T1; K: the callee's repeats are absorbed. */
static void rfc3261_17_2_2_timer_j_and_17_1_2_2_timer_k(void **state)
{
	static const int statuses[] = {200, 404, 500};
	struct scene scene;
	struct leg hq;
	char first[SIP_TEXT_BYTES_MAX];

	scene_begin(&scene, state);
	for (uint32_t i = 0; i < RTE_DIM(statuses); i++) {
		send_message(&scene, &hq);
		scene_send(&scene); /* nothing to say yet */
		scene_expect_silence(&scene);
		scene_answer(&scene, &hq, statuses[i]);
		scene_now(&scene);
		strcpy(first, scene_expect_status(&scene, DESK, statuses[i]));
		for (uint32_t ms = 1000; ms < 32000; ms += 3000) {
			scene_wait_until(&scene, ms);
			scene_answer(&scene, &hq, statuses[i]);
			scene_expect_silence(&scene);
			scene_send(&scene);
			assert_string_equal(scene_expect_status(&scene, DESK, statuses[i]), first);
		}
		scene_wait_until(&scene, 32000);
		assert_int_equal(scene_transactions(&scene), 0);
		assert_int_equal(pipeline_reason(scene.pipeline, REASON_RESPONSE_ABSORBED), (i + 1) * 11);
		assert_int_equal(pipeline_reason(scene.pipeline, REASON_RESPONSE_STALE), 0);
	}
	scene_end(&scene, 0);
}

/* RFC 4320 4.2: 408 is not passed either. */
static void rfc4320_4_2_408_of_the_far_side_is_not_passed(void **state)
{
	struct scene scene;
	struct leg hq;

	scene_begin(&scene, state);
	send_message(&scene, &hq);
	scene_answer(&scene, &hq, 408);
	scene_expect_silence(&scene);
	scene_wait_until(&scene, 40000);
	assert_int_equal(scene_transactions(&scene), 0);
	scene_end(&scene, 0);
}

/* R28: challenges of the far side: 502 outside a dialog, passed in one. */
static void r28_challenges_are_502_outside_and_pass_in_a_dialog(void **state)
{
	static const int statuses[] = {401, 407};
	struct scene scene;
	struct dialog_case dialog;
	struct leg hq;

	scene_begin(&scene, state);
	for (uint32_t i = 0; i < RTE_DIM(statuses); i++) {
		send_message(&scene, &hq);
		scene_answer(&scene, &hq, statuses[i]);
		scene_expect_status(&scene, DESK, 502);
	}
	dialog_case_begin(&dialog, &scene, "3000", HQ);
	for (uint32_t i = 0; i < RTE_DIM(statuses); i++) {
		dialog_case_send(&dialog, &scene, true, "INFO", 8 + i);
		scene_expect_request(&scene, &hq, HQ, "INFO");
		scene_answer(&scene, &hq, statuses[i]);
		scene_expect_status(&scene, DESK, statuses[i]);
	}
	scene_end(&scene, 1);
}

/* R29: each passes, in both directions; each is answered again from its transaction, and each ends. */
static void r29_requests_in_a_dialog_pass_both_ways(void **state)
{
	static const char *const methods[] = {"INFO", "UPDATE", "PRACK", "REFER", "NOTIFY", "MESSAGE", "OPTIONS"};
	struct scene scene;
	struct dialog_case dialog;
	struct leg leg;

	scene_begin(&scene, state);
	dialog_case_begin(&dialog, &scene, "3000", HQ);
	for (uint32_t i = 0; i < 2 * RTE_DIM(methods); i++) {
		bool by_caller = i % 2 == 0;
		const char *to = by_caller ? HQ : DESK, *from = by_caller ? DESK : HQ;
		dialog_case_send(&dialog, &scene, by_caller, methods[i / 2], 8 + i);
		scene_expect_request(&scene, &leg, to, methods[i / 2]);
		dialog_case_send_again(&dialog, &scene, by_caller);
		scene_expect_silence(&scene);
		scene_answer(&scene, &leg, 200);
		scene_expect_status(&scene, from, 200);
		dialog_case_send_again(&dialog, &scene, by_caller);
		scene_expect_status(&scene, from, 200);
		scene_expect_silence(&scene);
	}
	dialog_case_send(&dialog, &scene, false, "BYE", 99);
	scene_expect_request(&scene, &leg, DESK, "BYE");
	scene_answer(&scene, &leg, 200);
	scene_expect_status(&scene, HQ, 200);
	scene_end(&scene, 0);
}

/* re-INVITE by either side: 100, 2xx again and again although late, failures acknowledged hop by hop. */
static void r29_reinvite_passes_both_ways(void **state)
{
	struct scene scene;
	struct dialog_case dialog;
	struct leg leg, ack;

	scene_begin(&scene, state);
	dialog_case_begin(&dialog, &scene, "3000", HQ);
	for (uint32_t i = 0; i < 2; i++) {
		bool by_caller = i == 0;
		const char *to = by_caller ? HQ : DESK, *from = by_caller ? DESK : HQ;
		dialog_case_send(&dialog, &scene, by_caller, "INVITE", 8 + i);
		scene_expect_status(&scene, from, 100);
		scene_expect_request(&scene, &leg, to, "INVITE");
		scene_answer_with(&scene, &leg, 200, NULL, NULL);
		scene_expect_status(&scene, from, 200);
		scene_now(&scene);
		scene_wait_until(&scene, 20000);
		scene_answer_with(&scene, &leg, 200, NULL, NULL);
		pipeline_case_expect_header(scene_expect_status(&scene, from, 200), "From",
					    by_caller ? "<sip:desk@acme.example.net>;tag=callertag"
						      : "<sip:3000@acme.example.net>;tag=192.0.2.10:5060");
		dialog_case_send(&dialog, &scene, by_caller, "ACK", 8 + i);
		scene_expect_request(&scene, &ack, to, "ACK");
		snprintf(dialog.branch, sizeof(dialog.branch), "z9hG4bKagain-%u", i);
		dialog_case_send(&dialog, &scene, by_caller, "INVITE", 20 + i);
		scene_expect_status(&scene, from, 100);
		scene_expect_request(&scene, &leg, to, "INVITE");
		scene_refuse(&scene, &leg, 491);
		scene_expect_status(&scene, from, 491);
		dialog_case_send(&dialog, &scene, by_caller, "ACK", 20 + i);
		dialog.branch[0] = '\0';
		scene_expect_silence(&scene);
	}
	assert_int_equal(pipeline_reason(scene.pipeline, REASON_ACK_CONFIRMED), 2);
	scene_end(&scene, 1);
}

/* 17.2.3: their branch says nothing: what is a repeat, an ACK or a CANCEL is told by the rest. */
static void rfc2543_peers_without_the_magic_cookie(void **state)
{
	static const char *const branches[] = {"1", "old.1", "z9hG4b"};
	struct scene scene;
	struct leg hq, cancel;

	scene_begin(&scene, state);
	for (uint32_t i = 0; i < RTE_DIM(branches); i++) {
		scene_prepare(&scene, DESK, "INVITE", "3000");
		scene.request.branch = branches[i];
		scene_send(&scene);
		scene_expect_status(&scene, DESK, 100);
		scene_expect_request(&scene, &hq, HQ, "INVITE");
		scene_send(&scene);
		scene_expect_status(&scene, DESK, 100);
		scene_expect_silence(&scene);
		scene_answer(&scene, &hq, 180);
		scene_expect_status(&scene, DESK, 180);
		scene_cancel(&scene);
		scene_expect_status(&scene, DESK, 200);
		scene_expect_request(&scene, &cancel, HQ, "CANCEL");
		scene_answer_with(&scene, &cancel, 200, NULL, NULL);
		scene_refuse(&scene, &hq, 487);
		scene_expect_end(&scene, 487);
		/* Another Request-URI, another From tag: other requests. */
		scene.request.uri = "sip:3001@acme.example.net";
		scene.request.from_tag = "another";
		scene_send(&scene);
		scene_expect_status(&scene, DESK, 100);
		scene_expect_request(&scene, &hq, HQ, "INVITE");
		scene_refuse(&scene, &hq, 486);
		scene_expect_end(&scene, 486);
	}
	assert_int_equal(pipeline_reason(scene.pipeline, REASON_ACK_CONFIRMED), 2 * RTE_DIM(branches));
	scene_end(&scene, 0);
}

/* 8.2.2.2: the same request by another way. When the first has failed, it may be meant. */
static void rfc3261_8_2_2_2_merged_request_is_482(void **state)
{
	struct scene scene;
	struct leg hq;

	scene_begin(&scene, state);
	scene_call(&scene, "3000");
	scene_expect_request(&scene, &hq, HQ, "INVITE");
	scene.request.branch = "z9hG4bKanother-way";
	scene_send(&scene);
	scene_expect_end(&scene, 482);
	scene.request.branch = scene.branch;
	scene_refuse(&scene, &hq, 486);
	scene_expect_end(&scene, 486);
	scene.request.branch = "z9hG4bKanother-way-2";
	scene_send(&scene);
	scene_expect_status(&scene, DESK, 100);
	scene_expect_request(&scene, &hq, HQ, "INVITE");
	scene_refuse(&scene, &hq, 486);
	scene_expect_end(&scene, 486);
	assert_int_equal(pipeline_reason(scene.pipeline, REASON_MERGED_REQUEST), 1);
	scene_end(&scene, 0);
}

/* The callee, which is also the caller, sends the INVITE back as it came, with its own Via above ours. */
static void send_back(struct scene *scene, const struct leg *leg, const char *number, const char *branch)
{
	char text[SIP_TEXT_BYTES_MAX];
	const char *rest = strstr(leg->text, "\r\n") + 2;

	snprintf(text, sizeof(text),
		 "INVITE sip:%s@acme.example.net SIP/2.0\r\nVia: SIP/2.0/UDP " DESK ";branch=%s\r\n%s", number, branch,
		 rest);
	pipeline_send(scene->pipeline, DESK, text);
}

/* 16.3 step 4: a spiral asks for something else each time, a loop for the same again. */
static void rfc3261_16_3_spiral_is_legal_and_a_loop_is_482(void **state)
{
	struct scene scene;
	struct leg desk, hq;
	char line[64];

	scene_begin(&scene, state);
	scene_call(&scene, "2900");
	scene_expect_request(&scene, &desk, DESK, "INVITE");
	send_back(&scene, &desk, "3000", "z9hG4bKback-1");
	scene_expect_status(&scene, DESK, 100);
	scene_expect_request(&scene, &hq, HQ, "INVITE");
	snprintf(line, sizeof(line), "INVITE sip:3000@");
	assert_memory_equal(hq.text, line, strlen(line));
	send_back(&scene, &desk, "2900", "z9hG4bKback-2");
	scene_expect_status(&scene, DESK, 482);
	assert_int_equal(pipeline_reason(scene.pipeline, REASON_LOOP_DETECTED), 1);
	assert_int_equal(pipeline_reason(scene.pipeline, REASON_MERGED_REQUEST), 0);
	scene_refuse(&scene, &hq, 486);
	scene_expect_status(&scene, DESK, 486);
	scene_refuse(&scene, &desk, 486);
	scene_expect_status(&scene, DESK, 486);
	scene_end(&scene, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PIPELINE_CASE_ROWS(rfc4320_4_nobody_answers_and_the_sender_hears_100_alone),
		PIPELINE_CASE_ROWS(rfc3261_17_1_2_2_provisional_slows_timer_e),
		PIPELINE_CASE_ROWS(rfc3261_17_2_2_timer_j_and_17_1_2_2_timer_k),
		PIPELINE_CASE_ROWS(rfc4320_4_2_408_of_the_far_side_is_not_passed),
		PIPELINE_CASE_ROWS(r28_challenges_are_502_outside_and_pass_in_a_dialog),
		PIPELINE_CASE_ROWS(r29_requests_in_a_dialog_pass_both_ways),
		PIPELINE_CASE_ROWS(r29_reinvite_passes_both_ways),
		PIPELINE_CASE_ROWS(rfc2543_peers_without_the_magic_cookie),
		PIPELINE_CASE_ROWS(rfc3261_8_2_2_2_merged_request_is_482),
		PIPELINE_CASE_ROWS(rfc3261_16_3_spiral_is_legal_and_a_loop_is_482),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
