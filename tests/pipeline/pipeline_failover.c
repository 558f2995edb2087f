/*
 * pipeline_failover - what follows a failure: the next address or carrier (R16), the forwards of a friend (R27, R28),
 * and what limits have to do with it (R18).
 */
#include <rte_common.h>
#include <stdio.h>
#include <string.h>

#include "cmocka_all.h"
#include "dialog_case.h"
#include "scene.h"
#include "carrier.h"
#include "route_cookie.h"
#include "transaction.h"
#include "worker.h"

#define OUTSIDE "600123123"

static void expect_cancel(struct scene *scene, const struct leg *invite)
{
	struct leg cancel;

	scene_expect_request(scene, &cancel, invite->peer, "CANCEL");
	scene_answer_with(scene, &cancel, 200, NULL, NULL);
}

/* The next address, then the next carrier, each with its own branch; the best of them at the end. */
static void r16_next_address_then_next_carrier(void **state)
{
	static const int statuses[] = {408, 500, 503, 504, 580};
	struct scene scene;
	struct leg leg;

	scene_begin(&scene, state);
	for (uint32_t i = 0; i < RTE_DIM(statuses); i++) {
		scene_call(&scene, OUTSIDE);
		scene_expect_request(&scene, &leg, TELCO, "INVITE");
		scene_refuse(&scene, &leg, statuses[i]);
		scene_expect_request(&scene, &leg, SPARE, "INVITE");
		scene_refuse(&scene, &leg, statuses[i]);
		scene_expect_request(&scene, &leg, OTHER, "INVITE");
		scene_refuse(&scene, &leg, 503);
		scene_expect_end(&scene, statuses[i]);
	}
	scene_end(&scene, 0);
}

/* Where the caller came in, as the Record-Route of that INVITE tells it. */
static struct net_entry read_caller_entry(struct scene *scene, const struct leg *invite)
{
	static char plain[ROUTE_COOKIE_PLAIN_BYTES_MAX];
	struct dialog_cookie cookie;
	char route[2200], call_id[128];

	assert_true(sip_find_header(route, sizeof(route), invite->text, "Record-Route", 0));
	assert_true(sip_find_header(call_id, sizeof(call_id), invite->text, "Call-ID", 0));
	const char *text = strstr(route, ";c=");
	assert_non_null(text);
	struct span sealed = span_make(text + 3, strcspn(text + 3, ">;"));
	const struct snapshot *snapshot = atomic_load(&pipeline_dataplane(scene->pipeline)->snapshot);
	assert_true(route_cookie_open_dialog(&cookie, plain, sealed, snapshot->keys, span_of_text(call_id)));
	return cookie.caller_entry;
}

/* The INVITE of a later target is written from the request that was kept: what its callee sends leaves as well by where
 * the caller came in. */
static void r30_the_callers_way_in_is_that_of_every_target(void **state)
{
	const uint8_t none[16] = {0};
	struct scene scene;
	struct leg leg;

	scene_begin(&scene, state);
	scene_call(&scene, OUTSIDE);
	scene_expect_request(&scene, &leg, TELCO, "INVITE");
	struct net_entry first = read_caller_entry(&scene, &leg);
	assert_memory_not_equal(first.ip, none, sizeof(none));
	scene_refuse(&scene, &leg, 503);
	scene_expect_request(&scene, &leg, SPARE, "INVITE");
	struct net_entry second = read_caller_entry(&scene, &leg);
	assert_memory_equal(second.ip, first.ip, sizeof(first.ip));
	assert_int_equal(second.interface, first.interface);
	scene_refuse(&scene, &leg, 486);
	scene_expect_end(&scene, 486);
	scene_end(&scene, 0);
}

static void r16_other_failures_are_the_last_word(void **state)
{
	static const int statuses[] = {302, 403, 404, 480, 486, 600, 603};
	struct scene scene;
	struct leg leg;

	scene_begin(&scene, state);
	for (uint32_t i = 0; i < RTE_DIM(statuses); i++) {
		scene_call(&scene, OUTSIDE);
		scene_expect_request(&scene, &leg, TELCO, "INVITE");
		scene_refuse(&scene, &leg, statuses[i]);
		scene_expect_end(&scene, statuses[i]);
	}
	scene_end(&scene, 0);
}

/* Nobody there: B of each, one after the other; the second carrier answers. */
static void r16_no_reply_is_a_failure_too(void **state)
{
	static const uint32_t sent_ms[] = {500, 1500, 3500, 7500, 15500, 31500};
	static const char *const peers[] = {TELCO, SPARE};
	struct scene scene;
	struct leg leg;

	scene_begin(&scene, state);
	scene_call(&scene, OUTSIDE);
	for (uint32_t i = 0; i < RTE_DIM(peers); i++) {
		scene_now(&scene);
		scene_expect_request(&scene, &leg, peers[i], "INVITE");
		for (uint32_t repeat = 0; repeat < RTE_DIM(sent_ms); repeat++) {
			scene_wait_until(&scene, sent_ms[repeat]);
			scene_expect_request(&scene, &leg, peers[i], "INVITE");
		}
		scene_wait_until(&scene, 32000);
	}
	scene_expect_request(&scene, &leg, OTHER, "INVITE");
	scene_answer(&scene, &leg, 200);
	scene_expect_status(&scene, DESK, 200);
	scene_end(&scene, 1);
}

/* The caller who has cancelled does not want another carrier. */
static void r16_cancel_stops_the_failover(void **state)
{
	struct scene scene;
	struct leg leg;

	scene_begin(&scene, state);
	scene_call(&scene, OUTSIDE);
	scene_expect_request(&scene, &leg, TELCO, "INVITE");
	scene_answer(&scene, &leg, 183);
	scene_expect_status(&scene, DESK, 183);
	scene_cancel(&scene);
	scene_expect_status(&scene, DESK, 200);
	expect_cancel(&scene, &leg);
	scene_refuse(&scene, &leg, 503);
	scene_expect_end(&scene, 503);
	scene_end(&scene, 0);
}

/* R28: busy: 486, 600; unreachable: others; the forward's Diversion says which. */
static void r27_r28_forward_after_a_failure(void **state)
{
	static const struct {
		int status;
		const char *reason;
	} rows[] = {
		{486, "user-busy"},   {600, "user-busy"},   {403, "unavailable"}, {404, "unavailable"},
		{407, "unavailable"}, {408, "unavailable"}, {500, "unavailable"}, {603, "unavailable"},
	};
	struct scene scene;
	struct leg line, west;
	char diversion[256];

	scene_begin(&scene, state);
	for (uint32_t i = 0; i < RTE_DIM(rows); i++) {
		scene_call(&scene, "3100");
		scene_expect_request(&scene, &line, LINE, "INVITE");
		assert_false(sip_find_header(diversion, sizeof(diversion), line.text, "Diversion", 0));
		scene_refuse(&scene, &line, rows[i].status);
		scene_expect_request(&scene, &west, WEST, "INVITE");
		assert_true(sip_find_header(diversion, sizeof(diversion), west.text, "Diversion", 0));
		assert_non_null(strstr(diversion, rows[i].reason));
		scene_answer(&scene, &west, 200);
		scene_expect_status(&scene, DESK, 200);
	}
	scene_end(&scene, RTE_DIM(rows));
}

/* 480 is of class no answer: this friend has no such forward, and the caller hears its own code. */
static void r28_without_a_forward_the_friends_own_code(void **state)
{
	struct scene scene;
	struct leg leg;

	scene_begin(&scene, state);
	scene_call(&scene, "3100");
	scene_expect_request(&scene, &leg, LINE, "INVITE");
	scene_refuse(&scene, &leg, 480);
	scene_expect_end(&scene, 480);
	scene_call(&scene, "3000");
	scene_expect_request(&scene, &leg, HQ, "INVITE");
	scene_refuse(&scene, &leg, 410);
	scene_expect_end(&scene, 410);
	scene_end(&scene, 0);
}

static void r27_unregistered_and_always_forward_at_once(void **state)
{
	static const char *const numbers[] = {"3700", "3800"};
	struct scene scene;
	struct leg west;

	scene_begin(&scene, state);
	for (uint32_t i = 0; i < RTE_DIM(numbers); i++) {
		scene_call(&scene, numbers[i]);
		scene_expect_request(&scene, &west, WEST, "INVITE");
		scene_expect_silence(&scene);
		scene_refuse(&scene, &west, 486);
		scene_expect_end(&scene, 486);
	}
	scene_end(&scene, 0);
}

static void ring_too_long(struct scene *scene, void **state, struct leg *ring, struct leg *west)
{
	struct leg cancel;

	scene_begin(scene, state);
	scene_call(scene, "3300");
	scene_now(scene);
	scene_expect_request(scene, ring, RING, "INVITE");
	scene_answer(scene, ring, 180);
	scene_expect_status(scene, DESK, 180);
	scene_wait_until(scene, 20000);
	scene_expect_request(scene, &cancel, RING, "CANCEL");
	scene_answer_with(scene, &cancel, 200, NULL, NULL);
	scene_expect_request(scene, west, WEST, "INVITE");
	scene_expect_silence(scene);
}

static void r27_no_answer_after_its_time(void **state)
{
	struct scene scene;
	struct leg ring, west;
	char diversion[256];

	ring_too_long(&scene, state, &ring, &west);
	assert_true(sip_find_header(diversion, sizeof(diversion), west.text, "Diversion", 0));
	assert_non_null(strstr(diversion, "no-answer"));
	scene_refuse(&scene, &ring, 487);
	scene_expect_silence(&scene);
	scene_answer(&scene, &west, 180);
	scene_expect_status(&scene, DESK, 180);
	scene_answer(&scene, &west, 200);
	scene_expect_status(&scene, DESK, 200);
	scene_end(&scene, 1);
}

/* The friend answers as its CANCEL is on the way: it has the call, the forward is cancelled. */
static void r27_200_that_crosses_the_forward_wins(void **state)
{
	struct scene scene;
	struct leg ring, west;

	ring_too_long(&scene, state, &ring, &west);
	scene_answer(&scene, &west, 180);
	scene_expect_status(&scene, DESK, 180);
	scene_answer(&scene, &ring, 200);
	scene_expect_status(&scene, DESK, 200);
	expect_cancel(&scene, &west);
	scene_refuse(&scene, &west, 487);
	scene_expect_silence(&scene);
	scene_end(&scene, 1);
}

/* The friend says nothing at all: it may ring all the same, and is cancelled once it says so. */
static void r27_no_answer_of_a_friend_that_said_nothing(void **state)
{
	static const uint32_t sent_ms[] = {500, 1500, 3500, 7500, 15500};
	struct scene scene;
	struct leg ring, west;

	scene_begin(&scene, state);
	scene_call(&scene, "3300");
	scene_now(&scene);
	scene_expect_request(&scene, &ring, RING, "INVITE");
	for (uint32_t i = 0; i < RTE_DIM(sent_ms); i++) {
		scene_wait_until(&scene, sent_ms[i]);
		scene_expect_request(&scene, &ring, RING, "INVITE");
	}
	scene_wait_until(&scene, 20000);
	scene_expect_request(&scene, &west, WEST, "INVITE");
	scene_refuse(&scene, &west, 404);
	scene_expect_silence(&scene);
	scene_answer(&scene, &ring, 180);
	expect_cancel(&scene, &ring);
	scene_refuse(&scene, &ring, 487);
	scene_expect_end(&scene, 404);
	scene_end(&scene, 0);
}

/* A forward to outside goes on to the next carrier, whatever has become of the friend that rang. */
static void r27_late_branch_does_not_hold_up_failover(void **state)
{
	struct scene scene;
	struct leg trunk, leg, cancel;

	for (uint32_t ended = 0; ended < 2; ended++) {
		scene_begin(&scene, state);
		scene_call(&scene, "3400");
		scene_now(&scene);
		scene_expect_request(&scene, &trunk, TRUNK, "INVITE");
		scene_answer(&scene, &trunk, 180);
		scene_expect_status(&scene, DESK, 180);
		scene_wait_until(&scene, 5000);
		scene_expect_request(&scene, &cancel, TRUNK, "CANCEL");
		scene_answer_with(&scene, &cancel, 200, NULL, NULL);
		scene_expect_request(&scene, &leg, TELCO, "INVITE");
		if (ended)
			scene_refuse(&scene, &trunk, 487);
		scene_refuse(&scene, &leg, 503);
		scene_expect_request(&scene, &leg, SPARE, "INVITE");
		scene_refuse(&scene, &leg, 500);
		scene_expect_request(&scene, &leg, OTHER, "INVITE");
		scene_refuse(&scene, &leg, 486);
		if (!ended) {
			scene_expect_silence(&scene);
			scene_refuse(&scene, &trunk, 487);
		}
		scene_expect_end(&scene, 486);
		scene_end(&scene, 0);
	}
}

/* The company goes away while its call fails: what was said goes up. */
static void apply_between_failure_and_next_target(void **state)
{
	static const char nothing[] = "companies:\n  - {name: globex, domain: globex.example.net, country: ES}\n";
	static const char *const numbers[] = {OUTSIDE, "3100", "3300"};
	static const char *const peers[] = {TELCO, LINE, RING};
	static const int statuses[] = {503, 486, 500};
	struct scene scene;
	struct leg leg;

	for (uint32_t i = 0; i < RTE_DIM(numbers); i++) {
		scene_begin(&scene, state);
		scene_call(&scene, numbers[i]);
		scene_expect_request(&scene, &leg, peers[i], "INVITE");
		assert_true(pipeline_apply(scene.pipeline, nothing));
		scene_refuse(&scene, &leg, statuses[i]);
		scene_expect_end(&scene, statuses[i]);
		scene_end(&scene, 0);
	}
}

/* The no_answer forward has gone by the time it is due; the friend is cancelled all the same, as it was promised. */
static void apply_takes_the_forward_away_while_it_rings(void **state)
{
	static const char without[] =
		"companies:\n"
		"  - name: acme\n"
		"    domain: acme.example.net\n"
		"    country: ES\n"
		"    friends:\n"
		"      - {name: ring, password: secret, direct: \"udp:192.0.2.13:5060\", patterns: "
		"[\"^33\"]}\n"
		"      - {name: desk, auth: source, direct: \"udp:192.0.2.20:5060\"}\n";
	struct scene scene;
	struct leg ring;

	scene_begin(&scene, state);
	scene_call(&scene, "3300");
	scene_now(&scene);
	scene_expect_request(&scene, &ring, RING, "INVITE");
	scene_answer(&scene, &ring, 180);
	scene_expect_status(&scene, DESK, 180);
	assert_true(pipeline_apply(scene.pipeline, without));
	scene_wait_until(&scene, 20000);
	expect_cancel(&scene, &ring);
	scene_refuse(&scene, &ring, 487);
	scene_expect_end(&scene, 487);
	scene_end(&scene, 0);
}

/* R16, bounded: with 24 addresses that all fail, the first one and TRANSACTION_STEPS_MAX more are asked. */
static void r16_failures_of_so_many_targets_end_the_call(void **state)
{
	char provisioning[4096], address[32];
	uint32_t length = (uint32_t)snprintf(provisioning, sizeof(provisioning), "carriers:\n"), last = 11;
	struct scene scene;
	struct leg leg;

	for (uint32_t carrier = 0; carrier < 3; carrier++) {
		length += (uint32_t)snprintf(provisioning + length, sizeof(provisioning) - length,
					     "  - {name: telco-%u, priority: %u, address: [", carrier, carrier);
		for (uint32_t i = 0; i < CARRIER_ADDRESSES_MAX; i++)
			length += (uint32_t)snprintf(provisioning + length, sizeof(provisioning) - length,
						     "%s\"udp:198.51.100.%u:5060\"", i ? ", " : "", last++);
		length += (uint32_t)snprintf(provisioning + length, sizeof(provisioning) - length, "]}\n");
	}
	snprintf(provisioning + length, sizeof(provisioning) - length, "%s", strstr(scene_provisioning, "companies:"));
	scene_begin_with(&scene, state, provisioning, &(struct pipeline_sizes){0});
	scene_call(&scene, "600000000");
	for (uint32_t i = 0; i <= TRANSACTION_STEPS_MAX; i++) {
		snprintf(address, sizeof(address), "198.51.100.%u:5060", 11 + i);
		scene_expect_request(&scene, &leg, address, "INVITE");
		scene_refuse(&scene, &leg, 503);
	}
	scene_expect_end(&scene, 503);
	assert_int_equal(pipeline_counter(scene.pipeline, COUNTER_BRANCHES_SENT), TRANSACTION_STEPS_MAX);
	scene_end(&scene, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PIPELINE_CASE_ROWS(r16_failures_of_so_many_targets_end_the_call),
		PIPELINE_CASE_ROWS(r16_next_address_then_next_carrier),
		PIPELINE_CASE_ROWS(r30_the_callers_way_in_is_that_of_every_target),
		PIPELINE_CASE_ROWS(r16_other_failures_are_the_last_word),
		PIPELINE_CASE_ROWS(r16_no_reply_is_a_failure_too),
		PIPELINE_CASE_ROWS(r16_cancel_stops_the_failover),
		PIPELINE_CASE_ROWS(r27_r28_forward_after_a_failure),
		PIPELINE_CASE_ROWS(r28_without_a_forward_the_friends_own_code),
		PIPELINE_CASE_ROWS(r27_unregistered_and_always_forward_at_once),
		PIPELINE_CASE_ROWS(r27_no_answer_after_its_time),
		PIPELINE_CASE_ROWS(r27_200_that_crosses_the_forward_wins),
		PIPELINE_CASE_ROWS(r27_no_answer_of_a_friend_that_said_nothing),
		PIPELINE_CASE_ROWS(r27_late_branch_does_not_hold_up_failover),
		PIPELINE_CASE_ROWS(apply_between_failure_and_next_target),
		PIPELINE_CASE_ROWS(apply_takes_the_forward_away_while_it_rings),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
