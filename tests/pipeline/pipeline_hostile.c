/*
 * pipeline_hostile - responses that nobody asked for, requests at the edge of what may be, and a router that is full:
 * each ends with a counted reason, and nothing is left of it.
 */
#include <rte_common.h>
#include <rte_mempool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "branch_name.h"
#include "cmocka_all.h"
#include "dataplane.h"
#include "dialog_case.h"
#include "scene.h"
#include "worker.h"

static uint64_t refused_responses(const struct scene *scene)
{
	return pipeline_reason(scene->pipeline, REASON_RESPONSE_FORGED) +
	       pipeline_reason(scene->pipeline, REASON_RESPONSE_STALE);
}

/* Every letter of the branch, changed in each of its bits: no response passes, and the call goes on. */
static void rfc3261_17_1_3_every_bit_of_a_branch_counts(void **state)
{
	struct scene scene;
	struct leg hq;
	char text[SIP_TEXT_BYTES_MAX];

	scene_begin(&scene, state);
	scene_call(&scene, "3000");
	scene_expect_request(&scene, &hq, HQ, "INVITE");
	sip_response_write(text, hq.text, 200, "t", NULL);
	char *branch = strstr(text, "branch=") + strlen("branch=");
	for (uint32_t i = 0; i < BRANCH_NAME_TEXT_BYTES; i++)
		for (uint32_t bit = 0; bit < 7; bit++) {
			branch[i] ^= (char)(1 << bit);
			pipeline_send(scene.pipeline, HQ, text);
			branch[i] ^= (char)(1 << bit);
		}
	scene_expect_silence(&scene);
	assert_int_equal(scene_transactions(&scene), 1);
	assert_true(refused_responses(&scene) > 0);
	assert_int_equal(pipeline_reason(scene.pipeline, REASON_FORWARDED_RESPONSE), 0);
	scene_refuse(&scene, &hq, 486);
	scene_expect_end(&scene, 486);
	scene_end(&scene, 0);
}

/* Secrets are made many at once: no two of a worker are the same, within one lot and across several. */
static void rfc3261_8_1_1_7_every_branch_has_a_secret_of_its_own(void **state)
{
	enum { CALLS = 2 * BRANCH_SECRETS + 2 };
	uint64_t secret[CALLS];
	struct scene scene;
	struct leg hq;

	scene_begin(&scene, state);
	for (uint32_t i = 0; i < CALLS; i++) {
		struct branch_name name;
		scene_call(&scene, "3000");
		scene_expect_request(&scene, &hq, HQ, "INVITE");
		const char *branch = strstr(hq.text, "branch=") + strlen("branch=");
		assert_true(branch_name_read(&name, span_make(branch, BRANCH_NAME_TEXT_BYTES)));
		secret[i] = name.secret;
		for (uint32_t j = 0; j < i; j++)
			assert_true(secret[j] != secret[i]);
		scene_refuse(&scene, &hq, 486);
		scene_expect_end(&scene, 486);
	}
	scene_end(&scene, 0);
}

/* The right branch with another Call-ID, CSeq number or method. */
static void rfc3261_17_1_3_response_to_something_else_is_forged(void **state)
{
	static const struct {
		const char *line, *instead;
	} rows[] = {
		{"Call-ID: scene-1\r\n", "Call-ID: scene-2\r\n"},      {"CSeq: 7 INVITE\r\n", "CSeq: 8 INVITE\r\n"},
		{"CSeq: 7 INVITE\r\n", "CSeq: 4294967295 INVITE\r\n"}, {"CSeq: 7 INVITE\r\n", "CSeq: 7 BYE\r\n"},
		{"CSeq: 7 INVITE\r\n", "CSeq: 7 invite\r\n"},
	};
	struct scene scene;
	struct leg hq;
	char text[SIP_TEXT_BYTES_MAX], changed[SIP_TEXT_BYTES_MAX];

	scene_begin(&scene, state);
	scene_call(&scene, "3000");
	scene_expect_request(&scene, &hq, HQ, "INVITE");
	sip_response_write(text, hq.text, 200, "t", NULL);
	for (uint32_t i = 0; i < RTE_DIM(rows); i++) {
		const char *line = strstr(text, rows[i].line);
		assert_non_null(line);
		snprintf(changed, sizeof(changed), "%.*s%s%s", (int)(line - text), text, rows[i].instead,
			 line + strlen(rows[i].line));
		pipeline_send(scene.pipeline, HQ, changed);
		scene_expect_silence(&scene);
		assert_int_equal(pipeline_reason(scene.pipeline, REASON_RESPONSE_FORGED), i + 1);
	}
	/* 200 to a CANCEL that was never sent changes nothing. */
	const char *line = strstr(text, rows[1].line);
	snprintf(changed, sizeof(changed), "%.*sCSeq: 7 CANCEL\r\n%s", (int)(line - text), text,
		 line + strlen(rows[1].line));
	pipeline_send(scene.pipeline, HQ, changed);
	scene_expect_silence(&scene);
	scene_refuse(&scene, &hq, 486);
	scene_expect_end(&scene, 486);
	scene_end(&scene, 0);
}

static void rfc6026_8_response_of_a_branch_that_is_over_is_stale(void **state)
{
	struct scene scene;
	struct leg old, hq;

	scene_begin(&scene, state);
	scene_call(&scene, "3000");
	scene_expect_request(&scene, &old, HQ, "INVITE");
	scene_refuse(&scene, &old, 486);
	scene_expect_end(&scene, 486);
	scene_now(&scene);
	scene_wait_until(&scene, 40000);
	scene_answer(&scene, &old, 200);
	scene_expect_silence(&scene);
	/* Its slot is taken by the next one. */
	scene_call(&scene, "3000");
	scene_expect_request(&scene, &hq, HQ, "INVITE");
	scene_answer(&scene, &old, 200);
	scene_expect_silence(&scene);
	assert_int_equal(refused_responses(&scene), 2);
	scene_refuse(&scene, &hq, 486);
	scene_expect_end(&scene, 486);
	scene_end(&scene, 0);
}

/* ACK for nothing: dropped, whatever it carries; and of a call that has not been answered yet. */
static void rfc3261_17_1_1_3_ack_for_nothing(void **state)
{
	struct scene scene;
	struct leg hq;

	scene_begin(&scene, state);
	scene_prepare(&scene, DESK, "ACK", "3000");
	scene_send(&scene);
	scene.request.to = "<sip:3000@acme.example.net>;tag=1";
	scene_send(&scene);
	scene_expect_silence(&scene);
	assert_int_equal(pipeline_reason(scene.pipeline, REASON_ACK_WITHOUT_COOKIE), 2);
	scene_call(&scene, "3000");
	scene_expect_request(&scene, &hq, HQ, "INVITE");
	scene_acknowledge(&scene, hq.text);
	scene_expect_silence(&scene);
	scene_refuse(&scene, &hq, 486);
	scene_expect_status(&scene, DESK, 486);
	scene_now(&scene);
	scene_wait_until(&scene, 500);
	scene_expect_end(&scene, 486); /* it was not confirmed */
	scene_end(&scene, 0);
}

/* 8.1.1.5 wants CSeq below 2^31; what is more is passed as it is, up to what 32 bits hold. */
static void rfc3261_8_1_1_5_largest_cseq(void **state)
{
	static const unsigned int cseqs[] = {0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff, 0};
	struct scene scene;
	struct leg hq, cancel;
	char cseq[32];

	scene_begin(&scene, state);
	for (uint32_t i = 0; i + 1 < RTE_DIM(cseqs); i++) {
		scene_prepare(&scene, DESK, "INVITE", "3000");
		scene.request.cseq = cseqs[i];
		scene_send(&scene);
		scene_expect_status(&scene, DESK, 100);
		scene_expect_request(&scene, &hq, HQ, "INVITE");
		snprintf(cseq, sizeof(cseq), "%u INVITE", cseqs[i]);
		pipeline_case_expect_header(hq.text, "CSeq", cseq);
		scene_answer(&scene, &hq, 180);
		scene_expect_status(&scene, DESK, 180);
		scene_cancel(&scene);
		scene_expect_status(&scene, DESK, 200);
		scene_expect_request(&scene, &cancel, HQ, "CANCEL");
		scene_answer_with(&scene, &cancel, 200, NULL, NULL);
		scene_refuse(&scene, &hq, 487);
		scene_expect_end(&scene, 487);
	}
	scene_end(&scene, 0);
}

/* A request that has come through 69 others: large, kept, answered to the one before us, all Vias in place. */
static void rfc3261_16_6_seventy_hops(void **state)
{
	struct scene scene;
	struct leg hq;
	char vias[6000] = "", via[256];

	scene_begin(&scene, state);
	scene_prepare(&scene, DESK, "INVITE", "3000");
	for (uint32_t i = 0; i < 69; i++)
		sprintf(vias + strlen(vias), "v: SIP/2.0/UDP h%u.example:5060;branch=z9hG4bK%u\r\n", i, i);
	scene.request.headers = vias;
	scene_send(&scene);
	scene_expect_status(&scene, DESK, 100);
	scene_expect_request(&scene, &hq, HQ, "INVITE");
	assert_non_null(strstr(hq.text, "h68.example"));
	scene_refuse(&scene, &hq, 407);
	const char *bad_gateway = scene_expect_status(&scene, DESK, 502);
	assert_true(sip_find_header(via, sizeof(via), bad_gateway, "Via", 0));
	assert_non_null(strstr(bad_gateway, "h68.example"));
	scene_acknowledge(&scene, bad_gateway);
	scene_end(&scene, 0);
}

/* Every place is taken by calls that ring: 503 with Retry-After, and the calls go on. What lingers gives way. */
static void full_table_is_503_with_retry_after(void **state)
{
	static struct leg leg[64];
	static struct scene scene;
	char retry[32];
	uint32_t workers = *(const uint32_t *)*state, ringing = 0;
	const struct pipeline_sizes sizes = {.transaction_count = 8 * workers};

	scene_begin_with(&scene, state, scene_provisioning, &sizes);
	for (uint32_t i = 0; i < 60; i++) {
		scene_prepare(&scene, DESK, "INVITE", "3000");
		scene_send(&scene);
		const char *response = scene_expect_any(&scene, DESK);
		if (sip_status(response) == 100) {
			scene_expect_request(&scene, &leg[ringing], HQ, "INVITE");
			scene_answer(&scene, &leg[ringing++], 100);
			continue;
		}
		assert_int_equal(sip_status(response), 503);
		assert_true(sip_find_header(retry, sizeof(retry), response, "Retry-After", 0));
		scene_acknowledge(&scene, response);
	}
	assert_int_equal(ringing, 8 * workers);
	assert_int_equal(pipeline_reason(scene.pipeline, REASON_TRANSACTIONS_FULL), 60 - ringing);
	assert_int_equal(scene_calls(&scene), ringing);
	for (uint32_t i = 0; i < ringing; i++) {
		scene_answer(&scene, &leg[i], 200);
		scene_expect_status(&scene, DESK, 200);
	}
	assert_int_equal(scene_lingering(&scene), ringing);
	/* Now each has its place again. */
	for (uint32_t i = 0; i < 8; i++) {
		scene_call(&scene, "3000");
		scene_expect_request(&scene, &leg[i], HQ, "INVITE");
		scene_refuse(&scene, &leg[i], 486);
		scene_expect_end(&scene, 486);
	}
	assert_in_range(pipeline_counter(scene.pipeline, COUNTER_TRANSACTIONS_GAVE_WAY), 1, 8);
	scene_end(&scene, ringing);
}

/* All mbufs of a pool, but so many. */
static uint32_t take_mbufs(struct rte_mempool *pool, void **mbufs, uint32_t most, uint32_t but)
{
	uint32_t count = 0;

	while (count < most && rte_mempool_get(pool, &mbufs[count]) == 0)
		count++;
	assert_true(count < most && count >= but);
	rte_mempool_put_bulk(pool, &mbufs[count - but], but);
	return count - but;
}

/* No buffer for what would be sent: it is counted as lost, and comes when it is due again. */
static void no_buffer_loses_messages_and_no_state(void **state)
{
	static void *mbufs[20000], *answers[20000];
	struct scene scene;
	struct leg hq, again;
	char text[SIP_TEXT_BYTES_MAX];

	scene_begin(&scene, state);
	struct rte_mempool *pool = pipeline_dataplane(scene.pipeline)->pool;
	struct rte_mempool *answer_pool = pipeline_dataplane(scene.pipeline)->answer_pool;
	scene_prepare(&scene, DESK, "INVITE", "3000");
	sip_request_write(text, &scene.request);
	pipeline_put(scene.pipeline, 0, DESK, span_of_text(text));
	uint32_t count = take_mbufs(pool, mbufs, RTE_DIM(mbufs), 0);
	pipeline_run(scene.pipeline);
	scene_expect_silence(&scene);
	assert_int_equal(scene_transactions(&scene), 0);
	assert_int_equal(scene_calls(&scene), 0);
	rte_mempool_put_bulk(pool, mbufs, count);

	/* One buffer: the INVITE leaves, its 100 does not. */
	pipeline_put(scene.pipeline, 0, DESK, span_of_text(text));
	count = take_mbufs(pool, mbufs, RTE_DIM(mbufs), 1);
	uint32_t answer_count = take_mbufs(answer_pool, answers, RTE_DIM(answers), 0);
	pipeline_run(scene.pipeline);
	rte_mempool_put_bulk(pool, mbufs, count);
	rte_mempool_put_bulk(answer_pool, answers, answer_count);
	scene_now(&scene);
	scene_expect_request(&scene, &hq, HQ, "INVITE");
	scene_expect_silence(&scene);
	scene_send(&scene);
	scene_expect_status(&scene, DESK, 100);

	/* No A either. */
	scene_wait_until(&scene, 490);
	count = take_mbufs(pool, mbufs, RTE_DIM(mbufs), 0);
	scene_wait_until(&scene, 500);
	scene_expect_silence(&scene);
	rte_mempool_put_bulk(pool, mbufs, count);
	scene_wait_until(&scene, 1500);
	scene_expect_request(&scene, &again, HQ, "INVITE");
	scene_refuse(&scene, &hq, 486);
	scene_expect_end(&scene, 486);
	scene_end(&scene, 0);
}

/* The 100 has a pool of its own, and does without it: one of the two is enough. */
static void trying_takes_of_either_pool(void **state)
{
	static void *mbufs[20000];
	struct scene scene;
	struct leg hq;

	scene_begin(&scene, state);
	struct rte_mempool *pool = pipeline_dataplane(scene.pipeline)->pool;
	struct rte_mempool *answer_pool = pipeline_dataplane(scene.pipeline)->answer_pool;
	char text[SIP_TEXT_BYTES_MAX];
	for (uint32_t i = 0; i < 2; i++) {
		struct rte_mempool *taken = i == 0 ? pool : answer_pool;
		scene_prepare(&scene, DESK, "INVITE", "3000");
		sip_request_write(text, &scene.request);
		pipeline_put(scene.pipeline, 0, DESK, span_of_text(text));
		uint32_t count = take_mbufs(taken, mbufs, RTE_DIM(mbufs), i == 0 ? 1 : 0);
		pipeline_run(scene.pipeline);
		rte_mempool_put_bulk(taken, mbufs, count);
		scene_now(&scene);
		scene_expect_status(&scene, DESK, 100);
		scene_expect_request(&scene, &hq, HQ, "INVITE");
		scene_refuse(&scene, &hq, 486);
		scene_expect_end(&scene, 486);
	}
	scene_end(&scene, 0);
}

/* An INVITE whose To takes so much more than what the callee is shown that the largest response is not passed. */
static void call_with_a_long_to(struct scene *scene, void **state, struct leg *hq)
{
	static char to[512];

	scene_begin(scene, state);
	for (uint32_t i = 0; i < pipeline_dataplane(scene->pipeline)->worker_count; i++)
		pipeline_worker(scene->pipeline, i)->message_bytes_max = UINT16_MAX;
	scene_prepare(scene, DESK, "INVITE", "3000");
	snprintf(to, sizeof(to), "\"%0300d\" <sip:3000@acme.example.net>", 0);
	scene->request.to = to;
	scene_send(scene);
	scene_expect_status(scene, DESK, 100);
	scene_expect_request(scene, hq, HQ, "INVITE");
}

static struct span write_largest(const struct leg *leg, int status)
{
	static char text[UINT16_MAX + 1], small[SIP_TEXT_BYTES_MAX];

	sip_response_write(small, leg->text, status, "t", NULL);
	const char *length = strstr(small, "Content-Length: 0\r\n\r\n");
	assert_non_null(length);
	uint32_t head = (uint32_t)(length - small) + (uint32_t)strlen("Content-Length: 65000\r\n\r\n");
	uint32_t body = 65500 - head;
	memset(text, 'a', sizeof(text));
	head = (uint32_t)snprintf(text, sizeof(text), "%.*sContent-Length: %u\r\n\r\n", (int)(length - small), small,
				  body);
	text[head] = 'a';
	return span_make(text, head + body);
}

/*
 * A final response that UDP no longer carries once the caller's own To is back in it: the caller gets one of ours, and
 * it is repeated like any other.
 */
static void final_response_that_cannot_be_passed_is_500(void **state)
{
	struct scene scene;
	struct leg hq;

	call_with_a_long_to(&scene, state, &hq);
	pipeline_send_bytes(scene.pipeline, HQ, write_largest(&hq, 486));
	scene_expect_ack(&scene, &hq);
	scene_expect_status(&scene, DESK, 500);
	scene_now(&scene);
	scene_wait_until(&scene, 500);
	scene_expect_end(&scene, 500);
	assert_int_equal(pipeline_reason(scene.pipeline, REASON_TOO_LARGE), 1);
	scene_end(&scene, 0);
}

/* A provisional one is lost; the final one of the same burst is the only one. */
static void ringing_that_cannot_be_passed_is_lost(void **state)
{
	struct scene scene;
	struct leg hq;
	char text[SIP_TEXT_BYTES_MAX];

	call_with_a_long_to(&scene, state, &hq);
	pipeline_put(scene.pipeline, 0, HQ, write_largest(&hq, 180));
	sip_response_write(text, hq.text, 486, "t", NULL);
	pipeline_put(scene.pipeline, 0, HQ, span_of_text(text));
	pipeline_run(scene.pipeline);
	scene_expect_ack(&scene, &hq);
	scene_expect_end(&scene, 486);
	assert_int_equal(pipeline_reason(scene.pipeline, REASON_TOO_LARGE), 1);
	scene_end(&scene, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PIPELINE_CASE_ROWS(rfc3261_17_1_3_every_bit_of_a_branch_counts),
		PIPELINE_CASE_ROWS(rfc3261_8_1_1_7_every_branch_has_a_secret_of_its_own),
		PIPELINE_CASE_ROWS(rfc3261_17_1_3_response_to_something_else_is_forged),
		PIPELINE_CASE_ROWS(rfc6026_8_response_of_a_branch_that_is_over_is_stale),
		PIPELINE_CASE_ROWS(rfc3261_17_1_1_3_ack_for_nothing),
		PIPELINE_CASE_ROWS(rfc3261_8_1_1_5_largest_cseq),
		PIPELINE_CASE_ROWS(rfc3261_16_6_seventy_hops),
		PIPELINE_CASE_ROWS(full_table_is_503_with_retry_after),
		PIPELINE_CASE_ROWS(no_buffer_loses_messages_and_no_state),
		PIPELINE_CASE_ROWS(trying_takes_of_either_pool),
		PIPELINE_CASE_ROWS(final_response_that_cannot_be_passed_is_500),
		PIPELINE_CASE_ROWS(ringing_that_cannot_be_passed_is_lost),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
