/*
 * pipeline_punt - the ring to the control thread is full: what would go through it is refused at once (503), and taken
 * when there is room again (DESIGN 4).
 */
#include <rte_ring.h>
#include <stdio.h>
#include <string.h>

#include "cmocka_all.h"
#include "pipeline_case.h"
#include "worker.h"

#define PHONE "192.0.2.7:5060"

/* Nothing reads the ring while it is full: the workers run alone. */
static unsigned int fill_ring(struct pipeline *pipeline)
{
	static char nothing;
	unsigned int count = 0;
	while (rte_ring_sp_enqueue(pipeline_dataplane(pipeline)->punt[0], &nothing) == 0)
		count++;
	assert_true(count > 0);
	return count;
}

static void empty_ring(struct pipeline *pipeline, unsigned int count)
{
	void *nothing;
	for (unsigned int i = 0; i < count; i++)
		assert_int_equal(rte_ring_sc_dequeue(pipeline_dataplane(pipeline)->punt[0], &nothing), 0);
	assert_true(rte_ring_empty(pipeline_dataplane(pipeline)->punt[0]));
}

static void send_while_full(struct pipeline *pipeline, const char *source, const char *text)
{
	unsigned int count = fill_ring(pipeline);
	pipeline_put(pipeline, 0, source, (struct span){text, strlen(text)});
	while (worker_burst(pipeline_worker(pipeline, 0)) > 0)
		;
	empty_ring(pipeline, count);
}

static void write_register(char text[SIP_TEXT_BYTES_MAX], unsigned int cseq, const char *authorization)
{
	char headers[1400];
	snprintf(headers, sizeof(headers), "Contact: <sip:alice@" PHONE ">\r\n%s", authorization);
	const struct sip_request request = {.method = "REGISTER",
					    .uri = "sip:acme.example.net",
					    .from = "<sip:alice@acme.example.net>",
					    .to = "<sip:alice@acme.example.net>",
					    .branch = cseq == 1	  ? "z9hG4bK1"
						      : cseq == 2 ? "z9hG4bK2"
								  : "z9hG4bK3",
					    .cseq = cseq,
					    .headers = headers};
	sip_request_write(text, &request);
}

/* What `why` tells. */
static uint32_t count_decisions(struct pipeline *pipeline, enum reason reason)
{
	const struct decision_log *log = &pipeline_worker(pipeline, 0)->decisions;
	uint32_t count = 0;

	for (uint64_t i = 0; i < log->count; i++)
		count += decision_log_find(log, i)->reason == reason;
	return count;
}

static void a_register_gets_503_and_is_taken_when_there_is_room(void **state)
{
	struct pipeline *pipeline = pipeline_start(*(const uint32_t *)*state, pipeline_case_provisioning);
	const struct sip_account alice = {.user = "alice", .password = "secret-a", .nc = 1};
	char text[SIP_TEXT_BYTES_MAX], authorization[1024];
	struct pipeline_message message;

	write_register(text, 1, "");
	pipeline_send(pipeline, PHONE, text);
	pipeline_case_expect(pipeline, &message);
	sip_authorization_write(authorization, message.text, &alice, "REGISTER", "sip:acme.example.net");
	write_register(text, 2, authorization);
	send_while_full(pipeline, PHONE, text);
	pipeline_case_expect(pipeline, &message);
	assert_int_equal(sip_status(message.text), 503);
	pipeline_case_expect_header(message.text, "CSeq", "2 REGISTER");
	pipeline_case_expect_destination(&message, PHONE);
	assert_int_equal(pipeline_reason(pipeline, REASON_PUNT_RING_FULL), 1);
	assert_int_equal(pipeline_verdict(pipeline, VERDICT_PUNT), 0);
	assert_int_equal(count_decisions(pipeline, REASON_PUNT_RING_FULL), 1);
	assert_int_equal(count_decisions(pipeline, REASON_PUNTED_REGISTER), 0);
	pipeline_case_register(pipeline, "alice", "secret-a", "sip:alice@" PHONE, PHONE);
	assert_int_equal(count_decisions(pipeline, REASON_PUNTED_REGISTER), 1);
	pipeline_stop(pipeline);
}

/* A friend whose MAC nobody knows yet is reached through the kernel, which is on the other side of the ring. */
static const char provisioning[] =
	"companies:\n"
	"  - name: acme\n"
	"    domain: acme.example.net\n"
	"    country: ES\n"
	"    friends:\n"
	"      - {name: hq, auth: source, direct: \"udp:192.0.2.10:5060\"}\n"
	"      - {name: far, auth: source, direct: \"udp:192.0.2.99:5060\", patterns: [\"^2\"]}\n";

static void a_call_that_only_the_kernel_can_send_gets_503(void **state)
{
	struct pipeline *pipeline = pipeline_start(*(const uint32_t *)*state, provisioning);
	const struct sip_request request = {.uri = "sip:2001@acme.example.net",
					    .from = "<sip:100@acme.example.net>",
					    .to = "<sip:2001@acme.example.net>",
					    .via = "192.0.2.10:5060",
					    .headers = "Contact: <sip:100@192.0.2.10:5060>\r\n"};
	char text[SIP_TEXT_BYTES_MAX];
	struct pipeline_message message;

	sip_request_write(text, &request);
	send_while_full(pipeline, "192.0.2.10:5060", text);
	pipeline_case_expect(pipeline, &message);
	assert_int_equal(sip_status(message.text), 503);
	assert_int_equal(pipeline_reason(pipeline, REASON_PUNT_RING_FULL), 1);
	assert_int_equal(pipeline_kernel_sent(pipeline), 0);

	struct sip_request again = request;
	again.branch = "z9hG4bKagain";
	again.call_id = "again@test";
	sip_request_write(text, &again);
	pipeline_send(pipeline, "192.0.2.10:5060", text);
	assert_int_equal(pipeline_kernel_sent(pipeline), 1);
	pipeline_stop(pipeline);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{"a_register_gets_503_and_is_taken_when_there_is_room",
		 a_register_gets_503_and_is_taken_when_there_is_room, NULL, NULL, &pipeline_case_one_worker},
		{"a_call_that_only_the_kernel_can_send_gets_503", a_call_that_only_the_kernel_can_send_gets_503, NULL,
		 NULL, &pipeline_case_one_worker},
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
