/*
 * pipeline_large - messages that no frame holds, while transactions keep them: in buffers as small as they can be,
 * whole when they are sent again, and refused one by one when the few large buffers are in use. One worker: each has
 * its share.
 */
#include <rte_mempool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"
#include "dataplane.h"
#include "scene.h"
#include "worker.h"

#define TEXT_BYTES (UINT16_MAX + 1)
#define BIG	   20000 /* bytes of a body for which nothing but a large buffer will do */
#define MIDDLING   5000
#define MANY	   200 /* more than any share of `few` */

static const struct pipeline_sizes few = {.transaction_count = 512};
static char text[TEXT_BYTES];

static void begin(struct scene *scene, void **state)
{
	scene_begin_with(scene, state, scene_provisioning, &few);
	pipeline_worker(scene->pipeline, 0)->message_bytes_max = UINT16_MAX;
}

static struct transaction_table *table_of(const struct scene *scene)
{
	return &pipeline_worker(scene->pipeline, 0)->transactions;
}

static uint32_t kept(const struct scene *scene, enum kept_size size)
{
	return table_of(scene)->size_kept[size];
}

/* `head` ends in Content-Length: 0; the body is letters in a row that show what is missing. Result: it is in `text`. */
static struct span write_with_body(const char *head, uint32_t body_bytes)
{
	const char *length = strstr(head, "Content-Length: 0\r\n\r\n");

	assert_non_null(length);
	uint32_t bytes = (uint32_t)snprintf(text, sizeof(text), "%.*sContent-Length: %u\r\n\r\n", (int)(length - head),
					    head, body_bytes);
	assert_true(bytes + body_bytes < sizeof(text));
	for (uint32_t i = 0; i < body_bytes; i++)
		text[bytes + i] = (char)('a' + i % 26);
	return span_make(text, bytes + body_bytes);
}

static void send_with_body(struct scene *scene, const char *peer, const char *head, uint32_t body_bytes)
{
	pipeline_send_bytes(scene->pipeline, peer, write_with_body(head, body_bytes));
}

static void send_request(struct scene *scene, uint32_t body_bytes)
{
	char head[SIP_TEXT_BYTES_MAX];

	sip_request_write(head, &scene->request);
	send_with_body(scene, scene->caller, head, body_bytes);
}

static void prepare(struct scene *scene, const char *method, const char *number)
{
	scene_prepare(scene, DESK, method, number);
}

/* The body is all there. Result: bytes of the whole message. */
static uint32_t check_body(const char *message, uint32_t body_bytes)
{
	const char *body = strstr(message, "\r\n\r\n");

	assert_non_null(body);
	assert_int_equal(strlen(body + 4), body_bytes);
	for (uint32_t i = 0; i < body_bytes; i++)
		assert_int_equal(body[4 + i], 'a' + i % 26);
	return (uint32_t)strlen(message);
}

/* What `peer` got: the request with its body. The leg has its headers. */
static uint32_t expect_with_body(struct scene *scene, struct leg *leg, const char *peer, uint32_t body_bytes)
{
	const char *message = scene_expect_any(scene, peer);
	const char *end = strstr(message, "\r\n\r\n");

	assert_int_equal(sip_status(message), 0);
	leg->peer = peer;
	snprintf(leg->text, sizeof(leg->text), "%.*s", (int)(end + 4 - message), message);
	return check_body(message, body_bytes);
}

static void answer_with_body(struct scene *scene, const struct leg *leg, int status, uint32_t body_bytes)
{
	char head[SIP_TEXT_BYTES_MAX];

	sip_response_write(head, leg->text, status, "t", NULL);
	send_with_body(scene, leg->peer, head, body_bytes);
}

/* Two are kept of each INVITE that rings: as received, as sent. The answer to it is small. */
static void kept_in_the_smallest_buffer_that_holds_it(void **state)
{
	static const struct {
		uint32_t body;
		enum kept_size size;
	} rows[] = {{100, KEPT_SMALL}, {1300, KEPT_SMALL}, {MIDDLING, KEPT_MEDIUM}, {BIG, KEPT_LARGE}};
	struct scene scene;
	struct leg hq;

	begin(&scene, state);
	for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		prepare(&scene, "INVITE", "3000");
		send_request(&scene, rows[i].body);
		scene_expect_status(&scene, DESK, 100);
		expect_with_body(&scene, &hq, HQ, rows[i].body);
		scene_answer(&scene, &hq, 180);
		scene_expect_status(&scene, DESK, 180);
		for (enum kept_size size = 0; size < KEPT_SIZE_COUNT; size++)
			/* Beside the response: the ACKs of the calls before. */
			assert_int_equal(kept(&scene, size),
					 (size == KEPT_SMALL) * (1 + i) + 2 * (size == rows[i].size));
		scene_refuse(&scene, &hq, 486);
		scene_expect_end(&scene, 486);
		assert_int_equal(kept(&scene, KEPT_MEDIUM) + kept(&scene, KEPT_LARGE), 0);
	}
	scene_end(&scene, 0);
}

/* A retransmission, the next target and a repeated final response are read from the copies. */
static void copies_are_whole(void **state)
{
	static const uint32_t bodies[] = {1300, MIDDLING, BIG};
	struct scene scene;
	struct leg line, again, west;

	begin(&scene, state);
	for (uint32_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		prepare(&scene, "INVITE", "3100");
		send_request(&scene, bodies[i]);
		scene_expect_status(&scene, DESK, 100);
		expect_with_body(&scene, &line, LINE, bodies[i]);
		scene_now(&scene);
		scene_wait_until(&scene, 500);
		expect_with_body(&scene, &again, LINE, bodies[i]);
		assert_string_equal(line.text, again.text);
		scene_refuse(&scene, &line, 486);
		expect_with_body(&scene, &west, WEST, bodies[i]);
		answer_with_body(&scene, &west, 603, bodies[i]);
		scene_expect_ack(&scene, &west);
		check_body(scene_expect_status(&scene, DESK, 603), bodies[i]);
		scene_now(&scene);
		scene_wait_until(&scene, 500);
		const char *repeated = scene_expect_status(&scene, DESK, 603);
		check_body(repeated, bodies[i]);
		scene_acknowledge(&scene, repeated);
	}
	scene_end(&scene, 0);
}

/* INVITEs that ring until no more is taken. Result: how many ring. */
static uint32_t fill(struct scene *scene, struct leg *leg, uint32_t body_bytes)
{
	char retry[32];

	for (uint32_t ringing = 0; ringing < MANY; ringing++) {
		prepare(scene, "INVITE", "3000");
		send_request(scene, body_bytes);
		const char *response = scene_expect_any(scene, DESK);
		if (sip_status(response) == 100) {
			expect_with_body(scene, &leg[ringing], HQ, body_bytes);
			scene_answer(scene, &leg[ringing], 100);
			continue;
		}
		assert_int_equal(sip_status(response), 503);
		assert_true(sip_find_header(retry, sizeof(retry), response, "Retry-After", 0));
		scene_acknowledge(scene, response);
		return ringing;
	}
	fail_msg("%d messages with %u bytes were kept", MANY, body_bytes);
	return 0;
}

/*
 * Each size has its share: when that is used up, the next one is 503 with Retry-After, and smaller ones go on. What was
 * answered makes room.
 */
static void each_size_has_its_share(void **state)
{
	static struct leg big[MANY], middling[MANY];
	struct scene scene;
	struct leg hq;

	begin(&scene, state);
	uint32_t bigs = fill(&scene, big, BIG), middlings = fill(&scene, middling, MIDDLING);
	assert_int_equal(bigs, table_of(&scene)->size_max[KEPT_LARGE] / 2);
	assert_int_equal(middlings, table_of(&scene)->size_max[KEPT_MEDIUM] / 2);
	assert_int_equal(kept(&scene, KEPT_LARGE), 2 * bigs);
	assert_int_equal(kept(&scene, KEPT_MEDIUM), 2 * middlings);
	assert_int_equal(pipeline_reason(scene.pipeline, REASON_TRANSACTIONS_FULL), 2);
	/* A call as calls are, and one that came in fragments but fits a frame. */
	for (uint32_t body = 0; body <= 1300; body += 1300) {
		prepare(&scene, "INVITE", "3000");
		send_request(&scene, body);
		scene_expect_status(&scene, DESK, 100);
		expect_with_body(&scene, &hq, HQ, body);
		scene_refuse(&scene, &hq, 486);
		scene_expect_end(&scene, 486);
	}
	for (uint32_t i = 0; i < bigs; i++) {
		scene_answer(&scene, &big[i], 200);
		scene_expect_status(&scene, DESK, 200);
	}
	assert_int_equal(kept(&scene, KEPT_LARGE), 0);
	uint32_t more = fill(&scene, big, BIG);
	assert_int_equal(more, bigs);
	/* Nobody answers the rest: timer C, then all of it is back. */
	for (uint32_t i = 0; i < more; i++) {
		scene_answer(&scene, &big[i], 200);
		scene_expect_status(&scene, DESK, 200);
	}
	for (uint32_t i = 0; i < middlings; i++) {
		scene_answer(&scene, &middling[i], 200);
		scene_expect_status(&scene, DESK, 200);
	}
	scene_end(&scene, bigs + more + middlings);
}

/* What comes in a medium buffer's length leaves longer: with our Via and Record-Route it needs a large one. */
static void refused_when_what_it_grows_to_has_no_room(void **state)
{
	static struct leg big[MANY];
	struct scene scene;
	struct leg hq;
	char head[SIP_TEXT_BYTES_MAX];

	begin(&scene, state);
	fill(&scene, big, BIG);
	prepare(&scene, "INVITE", "3000");
	sip_request_write(head, &scene.request);
	uint32_t body = KEPT_MESSAGE_MEDIUM_BYTES - (uint32_t)strlen(head) - 10;
	uint32_t before = kept(&scene, KEPT_MEDIUM);
	send_request(&scene, body);
	scene_expect_end(&scene, 503);
	assert_int_equal(kept(&scene, KEPT_MEDIUM), before);
	assert_int_equal(pipeline_reason(scene.pipeline, REASON_TRANSACTIONS_FULL), 2);
	/* One that was answered makes room. */
	scene_refuse(&scene, &big[0], 486);
	scene_expect_status(&scene, DESK, 486);
	prepare(&scene, "INVITE", "3000");
	send_request(&scene, body);
	scene_expect_status(&scene, DESK, 100);
	assert_true(expect_with_body(&scene, &hq, HQ, body) > KEPT_MESSAGE_MEDIUM_BYTES);
	scene_refuse(&scene, &hq, 486);
	scene_expect_end(&scene, 486);
	table_of(&scene)->size_max[KEPT_LARGE] = UINT32_MAX; /* the rest ends by its timers */
	pipeline_settle(scene.pipeline);
	static struct pipeline_message message;
	while (pipeline_take_any(scene.pipeline, &message))
		;
	scene_end(&scene, 0);
}

/* Room for one, or for one and what the other one came in, and two in one burst: the first one has it. */
static void two_in_a_burst(void **state, uint32_t room)
{
	struct scene scene;
	struct leg hq;
	char head[SIP_TEXT_BYTES_MAX];

	begin(&scene, state);
	table_of(&scene)->size_max[KEPT_LARGE] = room;
	for (uint32_t i = 0; i < 2; i++) {
		prepare(&scene, "INVITE", "3000");
		sip_request_write(head, &scene.request);
		pipeline_put(scene.pipeline, 0, DESK, write_with_body(head, BIG));
	}
	pipeline_run(scene.pipeline);
	assert_true(kept(&scene, KEPT_LARGE) <= room);
	expect_with_body(&scene, &hq, HQ, BIG);
	const char *refusal = scene_expect_any(&scene, DESK);
	if (sip_status(refusal) == 100)
		refusal = scene_expect_any(&scene, DESK);
	else
		scene_expect_status(&scene, DESK, 100);
	assert_int_equal(sip_status(refusal), 503);
	scene_acknowledge(&scene, refusal);
	scene_answer(&scene, &hq, 200);
	scene_expect_status(&scene, DESK, 200);
	scene_end(&scene, 1);
}

static void the_first_of_a_burst_has_the_room(void **state)
{
	two_in_a_burst(state, 2);
	two_in_a_burst(state, 3);
}

/*
 * Responses are kept while half of the share is free: they never keep a request out. One that is not kept is passed all
 * the same; when the request comes again, its answer is one of ours.
 */
static void responses_leave_half_of_the_share(void **state)
{
	struct scene scene;
	struct leg hq;

	begin(&scene, state);
	uint32_t half = table_of(&scene)->size_max[KEPT_LARGE] / 2;
	for (uint32_t i = 0; i < half + 3; i++) {
		prepare(&scene, "MESSAGE", "3000");
		send_request(&scene, 0);
		scene_expect_request(&scene, &hq, HQ, "MESSAGE");
		answer_with_body(&scene, &hq, 200, BIG);
		check_body(scene_expect_status(&scene, DESK, 200), BIG);
		bool is_kept = i < half;
		assert_int_equal(kept(&scene, KEPT_LARGE), is_kept ? i + 1 : half);
		send_request(&scene, 0);
		const char *again = scene_expect_any(&scene, DESK);
		assert_int_equal(sip_status(again), is_kept ? 200 : 500);
		if (is_kept)
			check_body(again, BIG);
	}
	assert_int_equal(pipeline_reason(scene.pipeline, REASON_TRANSACTIONS_FULL), 0);
	scene_end(&scene, 0);
}

/* A collected response that is not kept while others are asked: its status counts, the answer is ours. */
static void best_response_without_room_is_500(void **state)
{
	struct scene scene;
	struct leg first, second;

	begin(&scene, state);
	scene_register(&scene, "bob", BOB, "0.5");
	scene_register(&scene, "bob", "192.0.2.32:5060", "0.5");
	table_of(&scene)->size_max[KEPT_LARGE] = 0;
	scene_call(&scene, "102");
	scene_expect_request(&scene, &first, BOB, "INVITE");
	scene_expect_request(&scene, &second, "192.0.2.32:5060", "INVITE");
	answer_with_body(&scene, &first, 404, BIG);
	scene_expect_ack(&scene, &first);
	scene_refuse(&scene, &second, 486);
	scene_expect_end(&scene, 500);
	scene_end(&scene, 0);
}

/* No buffer for the copy: the request stays in the large one that it came in, and the share holds. */
static void no_buffer_for_the_copy(void **state)
{
	struct scene scene;
	struct leg hq;
	struct rte_mempool *pool;
	static void *taken[4096];

	begin(&scene, state);
	pool = pipeline_dataplane(scene.pipeline)->medium_pool;
	uint32_t count = rte_mempool_avail_count(pool);
	assert_true(count <= sizeof(taken) / sizeof(taken[0]) && rte_mempool_get_bulk(pool, taken, count) == 0);
	prepare(&scene, "INVITE", "3000");
	send_request(&scene, MIDDLING);
	scene_expect_status(&scene, DESK, 100);
	expect_with_body(&scene, &hq, HQ, MIDDLING);
	assert_int_equal(kept(&scene, KEPT_LARGE), 2);
	rte_mempool_put_bulk(pool, taken, count);
	scene_refuse(&scene, &hq, 486);
	scene_expect_end(&scene, 486);
	assert_int_equal(kept(&scene, KEPT_LARGE), 0);
	scene_end(&scene, 0);
}

#define ONE_WORKER(test)                                                                                               \
	{                                                                                                              \
#test, test, NULL, NULL, &pipeline_case_one_worker                                                     \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ONE_WORKER(kept_in_the_smallest_buffer_that_holds_it),
		ONE_WORKER(copies_are_whole),
		ONE_WORKER(each_size_has_its_share),
		ONE_WORKER(refused_when_what_it_grows_to_has_no_room),
		ONE_WORKER(the_first_of_a_burst_has_the_room),
		ONE_WORKER(responses_leave_half_of_the_share),
		ONE_WORKER(best_response_without_room_is_500),
		ONE_WORKER(no_buffer_for_the_copy),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
