/*
 * pipeline_invite - INVITE transactions on the virtual clock (RFC 3261 16, 17.1.1, 17.2.1; RFC 6026): what is repeated
 * when, what is absorbed, and when all is forgotten.
 */
#include <rte_common.h>
#include <stdio.h>
#include <string.h>

#include "cmocka_all.h"
#include "dialog_case.h"
#include "scene.h"

/* A and E; G until H, with T2. */
static const uint32_t doubling_ms[] = {500, 1500, 3500, 7500, 15500, 31500};
static const uint32_t up_to_t2_ms[] = {500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500};

static void rfc3261_17_2_1_100_at_once_and_for_each_repeat(void **state)
{
	struct scene scene;
	struct leg hq;

	scene_begin(&scene, state);
	scene_call(&scene, "3000");
	scene_expect_request(&scene, &hq, HQ, "INVITE");
	for (uint32_t i = 0; i < 3; i++) {
		scene_send(&scene);
		scene_expect_status(&scene, DESK, 100);
		scene_expect_silence(&scene);
	}
	assert_int_equal(pipeline_reason(scene.pipeline, REASON_RETRANSMISSION_ANSWERED), 3);
	scene_refuse(&scene, &hq, 404);
	scene_expect_end(&scene, 404);
	scene_end(&scene, 0);
}

/* Each retransmission is the very message (17.1.1.2); B gives 408, whose ACK is absorbed; nothing more comes. */
static void rfc3261_17_1_1_2_timer_a_doubles_and_timer_b_gives_408(void **state)
{
	struct scene scene;
	struct leg hq, again;

	scene_begin(&scene, state);
	scene_call(&scene, "3000");
	scene_now(&scene);
	scene_expect_request(&scene, &hq, HQ, "INVITE");
	for (uint32_t i = 0; i < RTE_DIM(doubling_ms); i++) {
		scene_wait_until(&scene, doubling_ms[i]);
		scene_expect_request(&scene, &again, HQ, "INVITE");
		assert_string_equal(again.text, hq.text);
	}
	scene_wait_until(&scene, 32000);
	scene_expect_end(&scene, 408);
	assert_int_equal(pipeline_reason(scene.pipeline, REASON_ACK_CONFIRMED), 1);
	/* Too late: it counts as answered. */
	scene_answer(&scene, &hq, 200);
	scene_expect_silence(&scene);
	scene_wait_until(&scene, 80000);
	scene_expect_silence(&scene);
	assert_int_equal(scene_transactions(&scene), 0);
	scene_end(&scene, 0);
}

/* Any provisional response stops A; 100 is not passed on. */
static void rfc3261_17_1_1_2_100_stops_timer_a(void **state)
{
	struct scene scene;
	struct leg hq;

	scene_begin(&scene, state);
	scene_call(&scene, "3000");
	scene_now(&scene);
	scene_expect_request(&scene, &hq, HQ, "INVITE");
	scene_answer(&scene, &hq, 100);
	scene_wait_until(&scene, 60000);
	scene_refuse(&scene, &hq, 480);
	scene_expect_end(&scene, 480);
	scene_end(&scene, 0);
}

/* G: 0.5 s, 1 s, 2 s, then T2, until H at 32 s; the callee is acknowledged by us all the while, and once. */
static void rfc3261_17_2_1_timer_g_until_timer_h(void **state)
{
	struct scene scene;
	struct leg hq;
	char first[SIP_TEXT_BYTES_MAX];

	scene_begin(&scene, state);
	scene_call(&scene, "3000");
	scene_expect_request(&scene, &hq, HQ, "INVITE");
	scene_refuse(&scene, &hq, 486);
	scene_now(&scene);
	strcpy(first, scene_expect_status(&scene, DESK, 486));
	for (uint32_t i = 0; i < RTE_DIM(up_to_t2_ms); i++) {
		scene_wait_until(&scene, up_to_t2_ms[i]);
		assert_string_equal(scene_expect_status(&scene, DESK, 486), first);
	}
	scene_wait_until(&scene, 31990);
	assert_int_equal(scene_transactions(&scene), 1);
	scene_wait_until(&scene, 32010);
	assert_int_equal(scene_transactions(&scene), 0);
	scene_wait_until(&scene, 70000);
	scene_end(&scene, 0);
}

/* The same when the response is our own. */
static void rfc3261_17_2_1_timer_g_of_our_own_response(void **state)
{
	struct scene scene;
	struct leg hq;

	scene_begin(&scene, state);
	scene_call(&scene, "3000");
	scene_expect_request(&scene, &hq, HQ, "INVITE");
	scene_refuse(&scene, &hq, 407);
	scene_now(&scene);
	scene_expect_status(&scene, DESK, 502);
	for (uint32_t i = 0; i < RTE_DIM(up_to_t2_ms); i++) {
		scene_wait_until(&scene, up_to_t2_ms[i]);
		scene_expect_status(&scene, DESK, 502);
	}
	scene_wait_until(&scene, 70000);
	scene_end(&scene, 0);
}

/* What a repeated INVITE meets: Proceeding: the last provisional; Completed: the final; Confirmed, Accepted: nothing.
 */
static void rfc3261_17_2_1_repeated_invite_in_every_state(void **state)
{
	struct scene scene;
	struct leg hq;

	scene_begin(&scene, state);
	scene_call(&scene, "3000");
	scene_expect_request(&scene, &hq, HQ, "INVITE");
	scene_answer(&scene, &hq, 180);
	scene_expect_status(&scene, DESK, 180);
	scene_send(&scene);
	scene_expect_status(&scene, DESK, 180);
	scene_answer(&scene, &hq, 183);
	scene_expect_status(&scene, DESK, 183);
	scene_send(&scene);
	scene_expect_status(&scene, DESK, 183);
	scene_refuse(&scene, &hq, 486);
	scene_expect_status(&scene, DESK, 486);
	scene_send(&scene);
	const char *busy = scene_expect_status(&scene, DESK, 486);
	scene_expect_silence(&scene);
	scene_acknowledge(&scene, busy);
	scene_send(&scene);
	scene_expect_silence(&scene);
	/* I. */
	scene_now(&scene);
	scene_wait_until(&scene, 40000);

	scene_call(&scene, "3000");
	scene_expect_request(&scene, &hq, HQ, "INVITE");
	scene_answer(&scene, &hq, 200);
	scene_expect_status(&scene, DESK, 200);
	scene_send(&scene);
	scene_expect_silence(&scene);
	scene_end(&scene, 1);
}

/* I: the INVITE that comes again 5 s after its ACK is absorbed; D: the branch absorbs as long as its final may come. */
static void rfc3261_17_2_1_timer_i_and_17_1_1_2_timer_d(void **state)
{
	struct scene scene;
	struct leg hq;

	scene_begin(&scene, state);
	scene_call(&scene, "3000");
	scene_expect_request(&scene, &hq, HQ, "INVITE");
	scene_refuse(&scene, &hq, 486);
	scene_expect_end(&scene, 486);
	scene_now(&scene);
	for (uint32_t ms = 500; ms < 32000; ms += 500) {
		scene_wait_until(&scene, ms);
		scene_refuse(&scene, &hq, 486);
		scene_expect_silence(&scene);
	}
	scene_wait_until(&scene, 32010);
	scene_answer(&scene, &hq, 486);
	scene_expect_silence(&scene);
	assert_int_equal(pipeline_reason(scene.pipeline, REASON_RESPONSE_STALE), 1);
	assert_int_equal(pipeline_reason(scene.pipeline, REASON_RESPONSE_ABSORBED), 63);
	scene_end(&scene, 0);
}

/* The 2xx is the two ends' affair: each that comes goes up, for 64*T1 (L, M), also when the request is not kept. */
static void rfc6026_7_1_each_2xx_passes_for_64_t1(void **state)
{
	struct scene scene;
	struct leg hq;

	scene_begin(&scene, state);
	scene_call(&scene, "3000");
	scene_expect_request(&scene, &hq, HQ, "INVITE");
	scene_answer(&scene, &hq, 200);
	char first[SIP_TEXT_BYTES_MAX];
	strcpy(first, scene_expect_status(&scene, DESK, 200));
	scene_now(&scene);
	for (uint32_t i = 0; i < RTE_DIM(up_to_t2_ms); i++) {
		scene_wait_until(&scene, up_to_t2_ms[i]);
		scene_answer(&scene, &hq, 200);
		assert_string_equal(scene_expect_status(&scene, DESK, 200), first);
	}
	scene_wait_until(&scene, 32010);
	scene_answer(&scene, &hq, 200);
	scene_expect_silence(&scene);
	assert_int_equal(scene_transactions(&scene), 0);
	scene_end(&scene, 1);
}

/* 13.2.2.4: another phone behind the callee answers too; each 2xx makes a dialog of its own. */
static void rfc3261_13_2_2_4_late_2xx_of_another_callee_passes(void **state)
{
	struct scene scene;
	struct leg hq;
	char to[256];

	scene_begin(&scene, state);
	scene_call(&scene, "3000");
	scene_expect_request(&scene, &hq, HQ, "INVITE");
	scene_answer_with(&scene, &hq, 180, "one", NULL);
	scene_expect_status(&scene, DESK, 180);
	scene_answer_with(&scene, &hq, 200, "one", NULL);
	scene_expect_status(&scene, DESK, 200);
	scene_now(&scene);
	scene_wait_until(&scene, 31000);
	scene_answer_with(&scene, &hq, 200, "two", NULL);
	assert_true(sip_find_header(to, sizeof(to), scene_expect_status(&scene, DESK, 200), "To", 0));
	assert_non_null(strstr(to, ";tag=two"));
	/* What is no 2xx does not pass any more. */
	scene_answer_with(&scene, &hq, 180, "three", NULL);
	scene_answer_with(&scene, &hq, 486, "three", NULL);
	scene_expect_silence(&scene);
	scene_end(&scene, 1);
}

/* 16.8: the callee rings for three minutes: CANCEL; it does not answer that either: 408. */
static void rfc3261_16_8_timer_c_cancels_and_gives_408(void **state)
{
	struct scene scene;
	struct leg hq, cancel;

	scene_begin(&scene, state);
	scene_call(&scene, "3000");
	scene_expect_request(&scene, &hq, HQ, "INVITE");
	scene_answer(&scene, &hq, 180);
	scene_now(&scene);
	scene_expect_status(&scene, DESK, 180);
	scene_wait_until(&scene, 181000);
	scene_expect_request(&scene, &cancel, HQ, "CANCEL");
	for (uint32_t i = 0; i < RTE_DIM(up_to_t2_ms); i++) {
		scene_wait_until(&scene, 181000 + up_to_t2_ms[i]);
		scene_expect_request(&scene, &cancel, HQ, "CANCEL");
	}
	scene_wait_until(&scene, 181000 + 32000);
	scene_expect_end(&scene, 408);
	scene_end(&scene, 0);
}

/* 16.7 step 2: each provisional response but 100 starts C anew. */
static void rfc3261_16_7_provisional_resets_timer_c(void **state)
{
	struct scene scene;
	struct leg hq, cancel;

	scene_begin(&scene, state);
	scene_call(&scene, "3000");
	scene_expect_request(&scene, &hq, HQ, "INVITE");
	scene_answer(&scene, &hq, 180);
	scene_expect_status(&scene, DESK, 180);
	scene_now(&scene);
	scene_wait_until(&scene, 180000);
	scene_answer(&scene, &hq, 183);
	scene_expect_status(&scene, DESK, 183);
	scene_wait_until(&scene, 300000);
	scene_answer(&scene, &hq, 100);
	scene_wait_until(&scene, 361000);
	scene_expect_request(&scene, &cancel, HQ, "CANCEL");
	scene_answer(&scene, &cancel, 200);
	scene_refuse(&scene, &hq, 487);
	scene_expect_end(&scene, 487);
	scene_end(&scene, 0);
}

/* ACK of a 2xx has no transaction (17.1.1.3): it passes by the cookie, the same one twice with the same branch. */
static void rfc3261_13_2_2_4_ack_of_2xx_passes_each_time(void **state)
{
	struct scene scene;
	struct dialog_case dialog;
	struct leg ack, again, bye;
	char via[256], via_again[256];

	scene_begin(&scene, state);
	dialog_case_begin(&dialog, &scene, "3000", HQ);
	scene_expect_silence(&scene);
	dialog_case_send(&dialog, &scene, true, "ACK", 7);
	scene_expect_request(&scene, &ack, HQ, "ACK");
	dialog_case_send(&dialog, &scene, true, "ACK", 7);
	scene_expect_request(&scene, &again, HQ, "ACK");
	assert_true(sip_find_header(via, sizeof(via), ack.text, "Via", 0));
	assert_true(sip_find_header(via_again, sizeof(via_again), again.text, "Via", 0));
	assert_string_equal(via, via_again);
	/* ACKs have no responses. */
	scene_answer(&scene, &ack, 200);
	scene_expect_silence(&scene);
	assert_int_equal(pipeline_reason(scene.pipeline, REASON_RESPONSE_STALE), 1);
	dialog_case_send(&dialog, &scene, true, "BYE", 8);
	scene_expect_request(&scene, &bye, HQ, "BYE");
	scene_answer(&scene, &bye, 200);
	scene_expect_status(&scene, DESK, 200);
	scene_end(&scene, 0);
}

/* Peers of RFC 2543, and some that say otherwise, put the branch of their INVITE into the ACK of its 2xx. */
static void rfc2543_ack_of_2xx_with_the_branch_of_the_invite_passes(void **state)
{
	struct scene scene;
	struct dialog_case dialog;
	struct leg ack;

	scene_begin(&scene, state);
	dialog_case_begin(&dialog, &scene, "3000", HQ);
	snprintf(dialog.branch, sizeof(dialog.branch), "%s", scene.branch);
	for (uint32_t i = 0; i < 3; i++) {
		dialog_case_send(&dialog, &scene, true, "ACK", 7);
		scene_expect_request(&scene, &ack, HQ, "ACK");
	}
	scene_end(&scene, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PIPELINE_CASE_ROWS(rfc3261_17_2_1_100_at_once_and_for_each_repeat),
		PIPELINE_CASE_ROWS(rfc3261_17_1_1_2_timer_a_doubles_and_timer_b_gives_408),
		PIPELINE_CASE_ROWS(rfc3261_17_1_1_2_100_stops_timer_a),
		PIPELINE_CASE_ROWS(rfc3261_17_2_1_timer_g_until_timer_h),
		PIPELINE_CASE_ROWS(rfc3261_17_2_1_timer_g_of_our_own_response),
		PIPELINE_CASE_ROWS(rfc3261_17_2_1_repeated_invite_in_every_state),
		PIPELINE_CASE_ROWS(rfc3261_17_2_1_timer_i_and_17_1_1_2_timer_d),
		PIPELINE_CASE_ROWS(rfc6026_7_1_each_2xx_passes_for_64_t1),
		PIPELINE_CASE_ROWS(rfc3261_13_2_2_4_late_2xx_of_another_callee_passes),
		PIPELINE_CASE_ROWS(rfc3261_16_8_timer_c_cancels_and_gives_408),
		PIPELINE_CASE_ROWS(rfc3261_16_7_provisional_resets_timer_c),
		PIPELINE_CASE_ROWS(rfc3261_13_2_2_4_ack_of_2xx_passes_each_time),
		PIPELINE_CASE_ROWS(rfc2543_ack_of_2xx_with_the_branch_of_the_invite_passes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
