/*
 * pipeline_fork - one request to several bindings (R20, RFC 3261 16.6, 16.7): who is asked when, and what the caller
 * hears of it.
 */
#include <rte_common.h>
#include <stdio.h>
#include <string.h>

#include "cmocka_all.h"
#include "dialog_case.h"
#include "scene.h"
#include "transaction_table.h"

#define BOB_2 "192.0.2.32:5060"
#define BOB_3 "192.0.2.33:5060"

/* Bob at two places with the same q. */
static void call_two(struct scene *scene, void **state, struct leg *first, struct leg *second)
{
	scene_begin(scene, state);
	scene_register(scene, "bob", BOB, "1.0");
	scene_register(scene, "bob", BOB_2, "1.0");
	scene_call(scene, "102");
	scene_now(scene);
	scene_expect_request(scene, first, BOB, "INVITE");
	scene_expect_request(scene, second, BOB_2, "INVITE");
	scene_expect_silence(scene);
}

static void expect_cancel(struct scene *scene, const struct leg *invite)
{
	struct leg cancel;

	scene_expect_request(scene, &cancel, invite->peer, "CANCEL");
	scene_answer_with(scene, &cancel, 200, NULL, NULL);
}

/* All bindings of a q at once, each with its own branch and Request-URI, one 100 to the caller. */
static void r20_bindings_of_one_q_ring_together(void **state)
{
	struct scene scene;
	struct leg one, two;
	char via_one[256], via_two[256];

	call_two(&scene, state, &one, &two);
	assert_true(sip_find_header(via_one, sizeof(via_one), one.text, "Via", 0));
	assert_true(sip_find_header(via_two, sizeof(via_two), two.text, "Via", 0));
	assert_string_not_equal(via_one, via_two);
	assert_non_null(strstr(one.text, "INVITE sip:bob@192.0.2.31:5060 "));
	assert_non_null(strstr(two.text, "INVITE sip:bob@192.0.2.32:5060 "));
	scene_answer(&scene, &one, 180);
	scene_expect_status(&scene, DESK, 180);
	scene_answer(&scene, &two, 180);
	scene_expect_status(&scene, DESK, 180);
	scene_refuse(&scene, &one, 486);
	scene_expect_silence(&scene);
	scene_refuse(&scene, &two, 486);
	scene_expect_end(&scene, 486);
	scene_end(&scene, 0);
}

/* 16.6: the next q when all of one have failed; the best of all goes up at the end. */
static void r20_next_q_when_all_of_one_have_failed(void **state)
{
	struct scene scene;
	struct leg one, two, three;

	scene_begin(&scene, state);
	scene_register(&scene, "bob", BOB, "0.9");
	scene_register(&scene, "bob", BOB_2, "0.9");
	scene_register(&scene, "bob", BOB_3, "0.1");
	scene_call(&scene, "102");
	scene_expect_request(&scene, &one, BOB, "INVITE");
	scene_expect_request(&scene, &two, BOB_2, "INVITE");
	scene_refuse(&scene, &one, 480);
	scene_expect_silence(&scene);
	scene_refuse(&scene, &two, 486);
	scene_expect_request(&scene, &three, BOB_3, "INVITE");
	scene_answer(&scene, &three, 180);
	scene_expect_status(&scene, DESK, 180);
	scene_refuse(&scene, &three, 404);
	scene_expect_end(&scene, 480); /* of the same rank: the first */
	scene_end(&scene, 0);
}

/* A friend's 480 is of class no answer (R28), and still the next of its bindings is asked before any forward. */
static void r20_friend_that_says_480_has_other_bindings(void **state)
{
	static const int statuses[] = {480, 486, 404, 503};
	struct scene scene;
	struct leg one, two;

	scene_begin(&scene, state);
	scene_register(&scene, "pbx", "192.0.2.41:5060", "1.0");
	scene_register(&scene, "pbx", "192.0.2.42:5060", "0.5");
	for (uint32_t i = 0; i < RTE_DIM(statuses); i++) {
		scene_call(&scene, "3600");
		scene_expect_request(&scene, &one, "192.0.2.41:5060", "INVITE");
		scene_refuse(&scene, &one, statuses[i]);
		scene_expect_request(&scene, &two, "192.0.2.42:5060", "INVITE");
		scene_answer(&scene, &two, 200);
		scene_expect_status(&scene, DESK, 200);
	}
	scene_end(&scene, RTE_DIM(statuses));
}

/* 16.7 step 10: who lost is cancelled; its 487 is acknowledged and nobody else's business. */
static void rfc3261_16_7_losers_are_cancelled(void **state)
{
	struct scene scene;
	struct leg one, two;

	call_two(&scene, state, &one, &two);
	scene_answer(&scene, &one, 180);
	scene_expect_status(&scene, DESK, 180);
	scene_answer(&scene, &two, 180);
	scene_expect_status(&scene, DESK, 180);
	scene_answer(&scene, &two, 200);
	scene_expect_status(&scene, DESK, 200);
	expect_cancel(&scene, &one);
	scene_refuse(&scene, &one, 487);
	scene_expect_silence(&scene);
	scene_now(&scene);
	scene_wait_until(&scene, 40000);
	assert_int_equal(scene_transactions(&scene), 0);
	scene_end(&scene, 1);
}

/* Who lost and has said nothing is cancelled when it says something; or it is asked on until B, and forgotten. */
static void rfc3261_9_1_loser_that_said_nothing_is_cancelled_later(void **state)
{
	static const uint32_t sent_ms[] = {500, 1500, 3500, 7500};
	struct scene scene;
	struct leg one, two;

	call_two(&scene, state, &one, &two);
	scene_answer(&scene, &two, 200);
	scene_expect_status(&scene, DESK, 200);
	for (uint32_t i = 0; i < RTE_DIM(sent_ms); i++) {
		scene_wait_until(&scene, sent_ms[i]);
		scene_expect_request(&scene, &one, BOB, "INVITE");
	}
	scene_answer(&scene, &one, 180);
	expect_cancel(&scene, &one);
	scene_refuse(&scene, &one, 487);
	scene_wait_until(&scene, 45000);
	scene_end(&scene, 1);
}

/* 16.7 step 5: both answer before the CANCEL comes: both 2xx pass, each with its own tag. */
static void rfc3261_16_7_several_2xx_are_forwarded(void **state)
{
	struct scene scene;
	struct leg one, two;
	char to[256];

	call_two(&scene, state, &one, &two);
	scene_answer(&scene, &one, 180);
	scene_expect_status(&scene, DESK, 180);
	scene_answer(&scene, &two, 200);
	assert_true(sip_find_header(to, sizeof(to), scene_expect_status(&scene, DESK, 200), "To", 0));
	assert_non_null(strstr(to, ";tag=" BOB_2));
	expect_cancel(&scene, &one);
	scene_answer(&scene, &one, 200);
	assert_true(sip_find_header(to, sizeof(to), scene_expect_status(&scene, DESK, 200), "To", 0));
	assert_non_null(strstr(to, ";tag=" BOB));
	scene_answer(&scene, &one, 200);
	scene_expect_status(&scene, DESK, 200);
	scene_answer(&scene, &two, 200);
	scene_expect_status(&scene, DESK, 200);
	scene_end(&scene, 1);
}

/* 16.7 step 5: 6xx: the others are cancelled, nobody else is asked, and it is what the caller hears. */
static void rfc3261_16_7_6xx_stops(void **state)
{
	struct scene scene;
	struct leg one, two;

	scene_begin(&scene, state);
	scene_register(&scene, "bob", BOB, "1.0");
	scene_register(&scene, "bob", BOB_2, "1.0");
	scene_register(&scene, "bob", BOB_3, "0.5");
	scene_call(&scene, "102");
	scene_expect_request(&scene, &one, BOB, "INVITE");
	scene_expect_request(&scene, &two, BOB_2, "INVITE");
	scene_answer(&scene, &one, 180);
	scene_expect_status(&scene, DESK, 180);
	scene_refuse(&scene, &two, 603);
	expect_cancel(&scene, &one);
	scene_expect_silence(&scene);
	scene_refuse(&scene, &one, 487);
	scene_expect_end(&scene, 603);
	scene_end(&scene, 0);
}

/* 16.7 step 6, in whatever order they come. */
static void rfc3261_16_7_best_response(void **state)
{
	static const struct {
		int one, two, best;
	} rows[] = {
		{404, 503, 404}, {503, 404, 404}, {486, 487, 486}, {487, 486, 486}, {404, 302, 302}, {302, 500, 302},
		{486, 484, 484}, {415, 404, 415}, {500, 503, 500}, {503, 500, 500}, {486, 404, 486}, {404, 486, 404},
		{604, 404, 604}, {404, 604, 604}, {407, 486, 486}, {407, 503, 502}, {408, 404, 404}, {408, 487, 408},
	};
	struct scene scene;
	struct leg one, two;

	scene_begin(&scene, state);
	scene_register(&scene, "bob", BOB, "1.0");
	scene_register(&scene, "bob", BOB_2, "1.0");
	for (uint32_t i = 0; i < RTE_DIM(rows); i++) {
		scene_call(&scene, "102");
		scene_expect_request(&scene, &one, BOB, "INVITE");
		scene_expect_request(&scene, &two, BOB_2, "INVITE");
		scene_refuse(&scene, &one, rows[i].one);
		scene_expect_silence(&scene);
		scene_refuse(&scene, &two, rows[i].two);
		scene_expect_end(&scene, rows[i].best);
	}
	scene_end(&scene, 0);
}

/* One never answers, the other is busy: at B the caller hears what was said. */
static void rfc3261_16_8_408_of_one_and_486_of_another(void **state)
{
	static const uint32_t sent_ms[] = {500, 1500, 3500, 7500, 15500, 31500};
	struct scene scene;
	struct leg one, two;

	call_two(&scene, state, &one, &two);
	scene_refuse(&scene, &two, 486);
	for (uint32_t i = 0; i < RTE_DIM(sent_ms); i++) {
		scene_wait_until(&scene, sent_ms[i]);
		scene_expect_request(&scene, &one, BOB, "INVITE");
	}
	scene_wait_until(&scene, 32000);
	scene_expect_end(&scene, 486);
	scene_end(&scene, 0);
}

/* 16.10: all are cancelled; the caller hears it once, when all have ended. */
static void rfc3261_16_10_cancel_goes_to_all(void **state)
{
	struct scene scene;
	struct leg one, two;

	call_two(&scene, state, &one, &two);
	scene_answer(&scene, &one, 180);
	scene_expect_status(&scene, DESK, 180);
	scene_answer(&scene, &two, 100);
	scene_cancel(&scene);
	scene_expect_status(&scene, DESK, 200);
	expect_cancel(&scene, &one);
	expect_cancel(&scene, &two);
	scene_refuse(&scene, &one, 487);
	scene_expect_silence(&scene);
	scene_refuse(&scene, &two, 487);
	scene_expect_end(&scene, 487);
	scene_end(&scene, 0);
}

/* A caller that has cancelled does not want the next q. */
static void rfc3261_16_10_cancel_stops_the_next_q(void **state)
{
	struct scene scene;
	struct leg one;

	scene_begin(&scene, state);
	scene_register(&scene, "bob", BOB, "1.0");
	scene_register(&scene, "bob", BOB_2, "0.5");
	scene_call(&scene, "102");
	scene_expect_request(&scene, &one, BOB, "INVITE");
	scene_answer(&scene, &one, 180);
	scene_expect_status(&scene, DESK, 180);
	scene_cancel(&scene);
	scene_expect_status(&scene, DESK, 200);
	expect_cancel(&scene, &one);
	scene_refuse(&scene, &one, 486);
	scene_expect_end(&scene, 486);
	scene_end(&scene, 0);
}

/* R12, R19: a binding whose time is over is passed over. */
static void r19_expired_binding_is_skipped(void **state)
{
	struct scene scene;
	struct leg one;

	scene_begin(&scene, state);
	scene_register(&scene, "bob", BOB, "1.0");
	scene_register(&scene, "bob", BOB_2, "1.0;expires=60");
	scene_now(&scene);
	scene_wait_until(&scene, 62000);
	scene_call(&scene, "102");
	scene_expect_request(&scene, &one, BOB, "INVITE");
	scene_expect_silence(&scene);
	scene_refuse(&scene, &one, 486);
	scene_expect_end(&scene, 486);
	scene_end(&scene, 0);
}

/* All that a burst brings of one call: the ringing that is passed on says what the caller wrote, although all has
 * ended before it is written. */
static void r24_ringing_and_the_end_in_one_burst(void **state)
{
	struct scene scene;
	struct leg one, two;
	char text[SIP_TEXT_BYTES_MAX];

	call_two(&scene, state, &one, &two);
	sip_response_write(text, one.text, 180, "t", NULL);
	pipeline_put(scene.pipeline, 0, BOB, span_of_text(text));
	sip_response_write(text, one.text, 486, "t", NULL);
	pipeline_put(scene.pipeline, 0, BOB, span_of_text(text));
	sip_response_write(text, two.text, 404, "t", NULL);
	pipeline_put(scene.pipeline, 0, BOB_2, span_of_text(text));
	pipeline_run(scene.pipeline);
	scene_expect_ack(&scene, &one);
	scene_expect_ack(&scene, &two);
	for (uint32_t i = 0; i < 2; i++) {
		const char *response = scene_expect_any(&scene, DESK);
		pipeline_case_expect_header(response, "From", "<sip:desk@acme.example.net>;tag=callertag");
		pipeline_case_expect_header(response, "To", "<sip:102@acme.example.net>;tag=t");
		if (sip_status(response) != 180)
			scene_acknowledge(&scene, response);
	}
	scene_end(&scene, 0);
}

/* The caller's ACK in one burst with what is still said. */
static void r24_ringing_and_the_ack_in_one_burst(void **state)
{
	struct scene scene;
	struct leg one, two;
	char text[SIP_TEXT_BYTES_MAX];

	call_two(&scene, state, &one, &two);
	scene_answer(&scene, &one, 200);
	scene_expect_status(&scene, DESK, 200);
	sip_response_write(text, one.text, 200, "t", NULL);
	struct sip_request ack = scene.request;
	ack.method = "ACK";
	pipeline_put(scene.pipeline, 0, BOB, span_of_text(text));
	sip_request_write(text, &ack);
	pipeline_put(scene.pipeline, 0, DESK, span_of_text(text));
	sip_response_write(text, two.text, 486, "t", NULL);
	pipeline_put(scene.pipeline, 0, BOB_2, span_of_text(text));
	pipeline_run(scene.pipeline);
	scene_expect_ack(&scene, &two);
	pipeline_case_expect_header(scene_expect_status(&scene, DESK, 200), "From",
				    "<sip:desk@acme.example.net>;tag=callertag");
	scene_end(&scene, 1);
}

/* Ten bindings are the most that an AoR has (R34); four of them come in a row. */
static void r34_ten_bindings_ring(void **state)
{
	struct scene scene;
	struct leg leg[10];
	char address[10][32];

	scene_begin(&scene, state);
	for (uint32_t i = 0; i < 10; i++) {
		snprintf(address[i], sizeof(address[i]), "192.0.2.%u:5060", 100 + i);
		scene_register(&scene, "bob", address[i], i < 6 ? "1.0" : "0.2");
	}
	scene_call(&scene, "102");
	for (uint32_t i = 0; i < 6; i++)
		scene_expect_request(&scene, &leg[i], address[i], "INVITE");
	for (uint32_t i = 0; i < 6; i++) {
		scene_expect_silence(&scene);
		scene_refuse(&scene, &leg[i], 486);
	}
	for (uint32_t i = 6; i < 10; i++)
		scene_expect_request(&scene, &leg[i], address[i], "INVITE");
	assert_int_equal(pipeline_counter(scene.pipeline, COUNTER_BRANCHES_SENT),
			 9); /* the first left with its burst */
	for (uint32_t i = 6; i < 10; i++)
		scene_refuse(&scene, &leg[i], 486);
	scene_expect_end(&scene, 486);
	scene_end(&scene, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PIPELINE_CASE_ROWS(r20_bindings_of_one_q_ring_together),
		PIPELINE_CASE_ROWS(r20_next_q_when_all_of_one_have_failed),
		PIPELINE_CASE_ROWS(r20_friend_that_says_480_has_other_bindings),
		PIPELINE_CASE_ROWS(rfc3261_16_7_losers_are_cancelled),
		PIPELINE_CASE_ROWS(rfc3261_9_1_loser_that_said_nothing_is_cancelled_later),
		PIPELINE_CASE_ROWS(rfc3261_16_7_several_2xx_are_forwarded),
		PIPELINE_CASE_ROWS(rfc3261_16_7_6xx_stops),
		PIPELINE_CASE_ROWS(rfc3261_16_7_best_response),
		PIPELINE_CASE_ROWS(rfc3261_16_8_408_of_one_and_486_of_another),
		PIPELINE_CASE_ROWS(rfc3261_16_10_cancel_goes_to_all),
		PIPELINE_CASE_ROWS(rfc3261_16_10_cancel_stops_the_next_q),
		PIPELINE_CASE_ROWS(r19_expired_binding_is_skipped),
		PIPELINE_CASE_ROWS(r24_ringing_and_the_end_in_one_burst),
		PIPELINE_CASE_ROWS(r24_ringing_and_the_ack_in_one_burst),
		PIPELINE_CASE_ROWS(r34_ten_bindings_ring),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
