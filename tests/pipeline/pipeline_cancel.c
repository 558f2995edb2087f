/*
 * pipeline_cancel - CANCEL at every moment of a call (RFC 3261 9, 16.10).
 */
#include <rte_common.h>
#include <stdio.h>
#include <string.h>

#include "cmocka_all.h"
#include "dialog_case.h"
#include "scene.h"

static void call_hq(struct scene *scene, struct leg *hq)
{
	scene_call(scene, "3000");
	scene_now(scene);
	scene_expect_request(scene, hq, HQ, "INVITE");
}

/* The CANCEL has the Via, Request-URI, From, To, Call-ID and CSeq number of the INVITE (9.1), and nothing else of it.
 */
static void expect_cancel_of(struct scene *scene, struct leg *cancel, const struct leg *invite)
{
	static const char *const same[] = {"Via", "From", "To", "Call-ID", "Max-Forwards"};
	char in_invite[512], in_cancel[512];

	scene_expect_request(scene, cancel, invite->peer, "CANCEL");
	size_t uri_length = strcspn(invite->text, "\r") - strlen("INVITE");
	assert_memory_equal(cancel->text + strlen("CANCEL"), invite->text + strlen("INVITE"), uri_length);
	for (uint32_t i = 0; i < RTE_DIM(same); i++) {
		assert_true(sip_find_header(in_invite, sizeof(in_invite), invite->text, same[i], 0));
		assert_true(sip_find_header(in_cancel, sizeof(in_cancel), cancel->text, same[i], 0));
		if (i < 4)
			assert_string_equal(in_invite, in_cancel);
	}
	assert_false(sip_find_header(in_cancel, sizeof(in_cancel), cancel->text, "Via", 1));
	pipeline_case_expect_header(cancel->text, "CSeq", "7 CANCEL");
}

/* 200 to the CANCEL at once, CANCEL to the callee only when it has answered with a 1xx (9.1). */
static void rfc3261_9_1_before_any_1xx_waits_for_one(void **state)
{
	struct scene scene;
	struct leg hq, again, cancel;

	scene_begin(&scene, state);
	call_hq(&scene, &hq);
	scene_cancel(&scene);
	scene_expect_status(&scene, DESK, 200);
	scene_wait_until(&scene, 500);
	scene_expect_request(&scene, &again, HQ, "INVITE");
	scene_answer(&scene, &hq, 100);
	expect_cancel_of(&scene, &cancel, &hq);
	scene_answer(&scene, &cancel, 200);
	scene_refuse(&scene, &hq, 487);
	scene_expect_end(&scene, 487);
	assert_int_equal(pipeline_reason(scene.pipeline, REASON_CANCEL_ANSWERED), 1);
	assert_int_equal(pipeline_reason(scene.pipeline, REASON_CANCEL_CONFIRMED), 1);
	scene_end(&scene, 0);
}

/* The callee never says anything: the INVITE is asked on until B; then the caller hears that it is cancelled. */
static void rfc3261_9_1_callee_that_never_answers_is_never_cancelled(void **state)
{
	static const uint32_t sent_ms[] = {500, 1500, 3500, 7500, 15500, 31500};
	struct scene scene;
	struct leg hq;

	scene_begin(&scene, state);
	call_hq(&scene, &hq);
	scene_cancel(&scene);
	scene_expect_status(&scene, DESK, 200);
	for (uint32_t i = 0; i < RTE_DIM(sent_ms); i++) {
		scene_wait_until(&scene, sent_ms[i]);
		scene_expect_request(&scene, &hq, HQ, "INVITE");
	}
	scene_wait_until(&scene, 32000);
	scene_expect_end(&scene, 487);
	scene_end(&scene, 0);
}

/* Before any 1xx, and the callee answers at once with a final response: there is nothing to cancel. */
static void rfc3261_9_1_final_comes_instead_of_1xx(void **state)
{
	static const int statuses[] = {486, 200, 603};
	struct scene scene;
	struct leg hq;

	scene_begin(&scene, state);
	for (uint32_t i = 0; i < RTE_DIM(statuses); i++) {
		call_hq(&scene, &hq);
		scene_cancel(&scene);
		scene_expect_status(&scene, DESK, 200);
		scene_answer(&scene, &hq, statuses[i]);
		if (statuses[i] == 200) {
			scene_expect_status(&scene, DESK, 200);
			continue;
		}
		scene_expect_ack(&scene, &hq);
		scene_expect_end(&scene, statuses[i]);
	}
	scene_end(&scene, 1);
}

static void rfc3261_16_10_after_180(void **state)
{
	struct scene scene;
	struct leg hq, cancel;

	scene_begin(&scene, state);
	call_hq(&scene, &hq);
	scene_answer(&scene, &hq, 180);
	scene_expect_status(&scene, DESK, 180);
	scene_cancel(&scene);
	scene_expect_status(&scene, DESK, 200);
	expect_cancel_of(&scene, &cancel, &hq);
	scene_answer(&scene, &cancel, 200);
	/* It rings on for a moment: nobody wants to hear that. */
	scene_answer(&scene, &hq, 183);
	scene_expect_silence(&scene);
	scene_refuse(&scene, &hq, 487);
	scene_expect_end(&scene, 487);
	scene_end(&scene, 0);
}

/* 9.2: it has no effect on a request that was answered. */
static void rfc3261_9_2_after_the_final_response_200_and_nothing_else(void **state)
{
	struct scene scene;
	struct leg hq;

	scene_begin(&scene, state);
	call_hq(&scene, &hq);
	scene_answer(&scene, &hq, 200);
	scene_expect_status(&scene, DESK, 200);
	scene_cancel(&scene);
	scene_expect_status(&scene, DESK, 200);
	scene_expect_silence(&scene);

	call_hq(&scene, &hq);
	scene_refuse(&scene, &hq, 486);
	const char *busy = scene_expect_status(&scene, DESK, 486);
	scene_cancel(&scene);
	scene_expect_status(&scene, DESK, 200);
	scene_expect_silence(&scene);
	scene_acknowledge(&scene, busy);
	scene_cancel(&scene);
	scene_expect_status(&scene, DESK, 200);
	scene_expect_silence(&scene);
	scene_end(&scene, 1);
}

/* A CANCEL that comes again is answered again, and cancels nothing again. */
static void rfc3261_9_2_twice(void **state)
{
	struct scene scene;
	struct leg hq, cancel;

	scene_begin(&scene, state);
	call_hq(&scene, &hq);
	scene_answer(&scene, &hq, 180);
	scene_expect_status(&scene, DESK, 180);
	scene_cancel(&scene);
	scene_expect_status(&scene, DESK, 200);
	scene_expect_request(&scene, &cancel, HQ, "CANCEL");
	scene_cancel(&scene);
	scene_expect_status(&scene, DESK, 200);
	scene_expect_silence(&scene);
	scene_answer(&scene, &cancel, 200);
	scene_refuse(&scene, &hq, 487);
	scene_expect_end(&scene, 487);
	scene_cancel(&scene);
	scene_expect_status(&scene, DESK, 200);
	scene_expect_silence(&scene);
	scene_end(&scene, 0);
}

static void send_together(struct scene *scene, const struct sip_request *first, const struct sip_request *second)
{
	char text[SIP_TEXT_BYTES_MAX];

	sip_request_write(text, first);
	pipeline_put(scene->pipeline, 0, scene->caller, span_of_text(text));
	sip_request_write(text, second);
	pipeline_put(scene->pipeline, 0, scene->caller, span_of_text(text));
	pipeline_run(scene->pipeline);
}

static struct sip_request cancel_of(const struct scene *scene)
{
	struct sip_request cancel = scene->request;

	cancel.method = "CANCEL";
	cancel.headers = NULL;
	return cancel;
}

static void rfc3261_9_2_in_one_burst_with_its_invite(void **state)
{
	struct scene scene;
	struct leg hq, cancel;

	scene_begin(&scene, state);
	scene_prepare(&scene, DESK, "INVITE", "3000");
	const struct sip_request request = cancel_of(&scene);
	send_together(&scene, &scene.request, &request);
	scene_expect_status(&scene, DESK, 100);
	scene_expect_status(&scene, DESK, 200);
	scene_expect_request(&scene, &hq, HQ, "INVITE");
	scene_expect_silence(&scene);
	scene_answer(&scene, &hq, 180);
	expect_cancel_of(&scene, &cancel, &hq);
	scene_answer(&scene, &cancel, 200);
	scene_refuse(&scene, &hq, 487);
	scene_expect_end(&scene, 487);
	scene_end(&scene, 0);
}

/* The same INVITE twice in one burst is one call. */
static void rfc3261_17_2_3_twins_in_one_burst(void **state)
{
	struct scene scene;
	struct leg hq;

	scene_begin(&scene, state);
	scene_prepare(&scene, DESK, "INVITE", "3000");
	send_together(&scene, &scene.request, &scene.request);
	scene_expect_status(&scene, DESK, 100);
	scene_expect_request(&scene, &hq, HQ, "INVITE");
	scene_expect_silence(&scene);
	scene_refuse(&scene, &hq, 486);
	scene_expect_end(&scene, 486);
	scene_end(&scene, 0);
}

/* 481: no such INVITE: none at all, another branch, another sent-by, another Call-ID, another CSeq number. */
static void rfc3261_9_2_unknown_is_481(void **state)
{
	struct scene scene;
	struct leg hq;
	char text[SIP_TEXT_BYTES_MAX];

	scene_begin(&scene, state);
	call_hq(&scene, &hq);
	scene_answer(&scene, &hq, 180);
	scene_expect_status(&scene, DESK, 180);
	for (uint32_t i = 0; i < 4; i++) {
		struct sip_request cancel = cancel_of(&scene);
		cancel.branch = i == 0 ? "z9hG4bKanother" : cancel.branch;
		cancel.via = i == 1 ? "192.0.2.20:5061" : cancel.via;
		cancel.call_id = i == 2 ? "another" : cancel.call_id;
		cancel.cseq += i == 3;
		sip_request_write(text, &cancel);
		pipeline_send(scene.pipeline, DESK, text);
		scene_expect_status(&scene, i == 1 ? "192.0.2.20:5061" : DESK, 481);
		scene_expect_silence(&scene);
	}
	assert_int_equal(pipeline_reason(scene.pipeline, REASON_UNKNOWN_TRANSACTION), 4);
	scene_refuse(&scene, &hq, 486);
	scene_expect_end(&scene, 486);
	scene_end(&scene, 0);
}

/* 9.1: the Routes of a CANCEL are its INVITE's, which led here. */
static void rfc3261_9_1_route_that_leads_elsewhere_is_481(void **state)
{
	static const struct {
		const char *route;
		bool ours;
	} rows[] = {
		{"Route: <sip:192.0.2.77;lr>\r\n", false},
		{"Route: <sip:proxy.example.com;lr>\r\n", false},
		{"Route: nonsense\r\n", false},
		{"Route: <sip:192.0.2.1;lr>\r\n", true},
	};
	struct scene scene;
	struct leg hq, cancel;
	char text[SIP_TEXT_BYTES_MAX];

	scene_begin(&scene, state);
	call_hq(&scene, &hq);
	scene_answer(&scene, &hq, 180);
	scene_expect_status(&scene, DESK, 180);
	for (uint32_t i = 0; i < RTE_DIM(rows); i++) {
		struct sip_request request = cancel_of(&scene);
		request.headers = rows[i].route;
		sip_request_write(text, &request);
		pipeline_send(scene.pipeline, DESK, text);
		scene_expect_status(&scene, DESK, rows[i].ours ? 200 : 481);
		if (!rows[i].ours)
			scene_expect_silence(&scene);
	}
	expect_cancel_of(&scene, &cancel, &hq);
	scene_answer(&scene, &cancel, 200);
	scene_refuse(&scene, &hq, 487);
	scene_expect_end(&scene, 487);
	scene_end(&scene, 0);
}

/* 9.1: the callee answers neither CANCEL nor INVITE: CANCEL comes again as E says; after 64*T1 it counts as cancelled.
 */
static void rfc3261_9_1_callee_that_does_not_answer_is_given_up(void **state)
{
	static const uint32_t sent_ms[] = {500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500};
	struct scene scene;
	struct leg hq, cancel;

	scene_begin(&scene, state);
	call_hq(&scene, &hq);
	scene_answer(&scene, &hq, 180);
	scene_expect_status(&scene, DESK, 180);
	scene_cancel(&scene);
	scene_now(&scene);
	scene_expect_status(&scene, DESK, 200);
	scene_expect_request(&scene, &cancel, HQ, "CANCEL");
	for (uint32_t i = 0; i < RTE_DIM(sent_ms); i++) {
		scene_wait_until(&scene, sent_ms[i]);
		scene_expect_request(&scene, &cancel, HQ, "CANCEL");
	}
	scene_wait_until(&scene, 32000);
	scene_expect_end(&scene, 487);
	assert_int_equal(pipeline_counter(scene.pipeline, COUNTER_CANCELS_SENT), 11);
	scene_end(&scene, 0);
}

/* The CANCEL is answered, the INVITE never: CANCEL is not repeated, the INVITE given up. */
static void rfc3261_9_1_answered_cancel_is_not_repeated(void **state)
{
	static const int statuses[] = {200, 481};
	struct scene scene;
	struct leg hq, cancel;

	scene_begin(&scene, state);
	for (uint32_t i = 0; i < RTE_DIM(statuses); i++) {
		call_hq(&scene, &hq);
		scene_answer(&scene, &hq, 180);
		scene_expect_status(&scene, DESK, 180);
		scene_cancel(&scene);
		scene_now(&scene);
		scene_expect_status(&scene, DESK, 200);
		scene_expect_request(&scene, &cancel, HQ, "CANCEL");
		scene_answer_with(&scene, &cancel, statuses[i], NULL, NULL);
		scene_wait_until(&scene, 32000);
		scene_expect_end(&scene, 487);
	}
	scene_end(&scene, 0);
}

/* 9.1: the 200 of the INVITE was on its way: the call is there, and the caller must know. */
static void rfc3261_9_1_200_that_crosses_the_cancel_wins(void **state)
{
	struct scene scene;
	struct leg hq, cancel;

	scene_begin(&scene, state);
	call_hq(&scene, &hq);
	scene_answer(&scene, &hq, 180);
	scene_expect_status(&scene, DESK, 180);
	scene_cancel(&scene);
	scene_expect_status(&scene, DESK, 200);
	scene_expect_request(&scene, &cancel, HQ, "CANCEL");
	scene_answer(&scene, &hq, 200);
	pipeline_case_expect_header(scene_expect_status(&scene, DESK, 200), "CSeq", "7 INVITE");
	scene_answer(&scene, &cancel, 200);
	scene_now(&scene);
	scene_wait_until(&scene, 40000);
	assert_int_equal(scene_transactions(&scene), 0);
	scene_end(&scene, 1);
}

/* A re-INVITE is cancelled as an INVITE is (9); its CANCEL carries the Route of the dialog, with our cookie. */
static void rfc3261_9_cancel_of_a_reinvite(void **state)
{
	struct scene scene;
	struct dialog_case dialog;
	struct leg again, cancel;

	scene_begin(&scene, state);
	dialog_case_begin(&dialog, &scene, "3000", HQ);
	snprintf(dialog.branch, sizeof(dialog.branch), "z9hG4bKagain");
	dialog_case_send(&dialog, &scene, true, "INVITE", 8);
	scene_expect_status(&scene, DESK, 100);
	scene_expect_request(&scene, &again, HQ, "INVITE");
	scene_answer(&scene, &again, 100);
	dialog_case_send(&dialog, &scene, true, "CANCEL", 8);
	scene_expect_status(&scene, DESK, 200);
	scene_expect_request(&scene, &cancel, HQ, "CANCEL");
	scene_answer_with(&scene, &cancel, 200, NULL, NULL);
	scene_refuse(&scene, &again, 487);
	scene_expect_status(&scene, DESK, 487);
	dialog_case_send(&dialog, &scene, true, "ACK", 8);
	scene_expect_silence(&scene);
	assert_int_equal(pipeline_reason(scene.pipeline, REASON_ACK_CONFIRMED), 1);
	scene_end(&scene, 1);
}

/* The same in one burst. */
static void rfc3261_9_cancel_in_one_burst_with_its_reinvite(void **state)
{
	struct scene scene;
	struct dialog_case dialog;
	struct leg again, cancel;
	char invite[SIP_TEXT_BYTES_MAX];

	scene_begin(&scene, state);
	dialog_case_begin(&dialog, &scene, "3000", HQ);
	snprintf(dialog.branch, sizeof(dialog.branch), "z9hG4bKagain");
	dialog_case_write(&dialog, &scene, true, "INVITE", 8);
	strcpy(invite, dialog.text);
	dialog_case_write(&dialog, &scene, true, "CANCEL", 8);
	pipeline_put(scene.pipeline, 0, DESK, span_of_text(invite));
	pipeline_put(scene.pipeline, 0, DESK, span_of_text(dialog.text));
	pipeline_run(scene.pipeline);
	scene_expect_status(&scene, DESK, 100);
	scene_expect_status(&scene, DESK, 200);
	scene_expect_request(&scene, &again, HQ, "INVITE");
	scene_answer(&scene, &again, 100);
	scene_expect_request(&scene, &cancel, HQ, "CANCEL");
	scene_answer_with(&scene, &cancel, 200, NULL, NULL);
	scene_refuse(&scene, &again, 487);
	scene_expect_status(&scene, DESK, 487);
	dialog_case_send(&dialog, &scene, true, "ACK", 8);
	scene_end(&scene, 1);
}

/* Of a re-INVITE that nobody knows: 481, and it goes nowhere. */
static void rfc3261_9_2_unknown_cancel_in_a_dialog_is_481(void **state)
{
	struct scene scene;
	struct dialog_case dialog;

	scene_begin(&scene, state);
	dialog_case_begin(&dialog, &scene, "3000", HQ);
	for (uint32_t i = 0; i < 2; i++) {
		dialog_case_send(&dialog, &scene, i == 0, "CANCEL", 8);
		scene_expect_status(&scene, i == 0 ? DESK : HQ, 481);
		scene_expect_silence(&scene);
	}
	assert_int_equal(pipeline_reason(scene.pipeline, REASON_UNKNOWN_TRANSACTION), 2);
	scene_end(&scene, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PIPELINE_CASE_ROWS(rfc3261_9_1_before_any_1xx_waits_for_one),
		PIPELINE_CASE_ROWS(rfc3261_9_1_callee_that_never_answers_is_never_cancelled),
		PIPELINE_CASE_ROWS(rfc3261_9_1_final_comes_instead_of_1xx),
		PIPELINE_CASE_ROWS(rfc3261_16_10_after_180),
		PIPELINE_CASE_ROWS(rfc3261_9_2_after_the_final_response_200_and_nothing_else),
		PIPELINE_CASE_ROWS(rfc3261_9_2_twice),
		PIPELINE_CASE_ROWS(rfc3261_9_2_in_one_burst_with_its_invite),
		PIPELINE_CASE_ROWS(rfc3261_17_2_3_twins_in_one_burst),
		PIPELINE_CASE_ROWS(rfc3261_9_2_unknown_is_481),
		PIPELINE_CASE_ROWS(rfc3261_9_1_route_that_leads_elsewhere_is_481),
		PIPELINE_CASE_ROWS(rfc3261_9_1_callee_that_does_not_answer_is_given_up),
		PIPELINE_CASE_ROWS(rfc3261_9_1_answered_cancel_is_not_repeated),
		PIPELINE_CASE_ROWS(rfc3261_9_1_200_that_crosses_the_cancel_wins),
		PIPELINE_CASE_ROWS(rfc3261_9_cancel_of_a_reinvite),
		PIPELINE_CASE_ROWS(rfc3261_9_cancel_in_one_burst_with_its_reinvite),
		PIPELINE_CASE_ROWS(rfc3261_9_2_unknown_cancel_in_a_dialog_is_481),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
