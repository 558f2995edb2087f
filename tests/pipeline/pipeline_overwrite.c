/*
 * pipeline_overwrite - responses and ACKs are written over the message that came in (dataplane/stages/send.h): what
 * leaves is what would have been written into a buffer of its own, to the byte; what somebody still holds stays as it
 * came.
 */
#include <rte_common.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <rte_ring.h>
#include <stdio.h>
#include <string.h>

#include "cmocka_all.h"
#include "dialog_case.h"
#include "scene.h"
#include "worker.h"

#define DESK_6 "[2001:db8::20]:5060"
#define HQ_6   "[2001:db8::30]:5060"
#define FAR    "192.0.2.99:5060" /* whose MAC nobody knows */
#define GROWTH 400

static const char provisioning[] =
	"companies:\n"
	"  - name: acme\n"
	"    domain: acme.example.net\n"
	"    country: ES\n"
	"    friends:\n"
	"      - {name: desk, auth: source, direct: \"udp:192.0.2.20:5060\", patterns: [\"^29\"]}\n"
	"      - {name: desk6, auth: source, direct: \"udp:[2001:db8::20]:5060\", patterns: [\"^28\"]}\n"
	"      - {name: hq, password: secret, direct: \"udp:192.0.2.10:5060\", patterns: [\"^30\"]}\n"
	"      - {name: hq6, password: secret, direct: \"udp:[2001:db8::30]:5060\", patterns: [\"^31\"]}\n"
	"      - {name: far, auth: source, direct: \"udp:192.0.2.99:5060\", patterns: [\"^32\"]}\n";

static void begin(struct scene *scene, void **state)
{
	scene_begin_with(scene, state, provisioning, &(struct pipeline_sizes){0});
}

/* A request whose sender gives the callee so long a name that a response grows when it is back in it. */
static void prepare(struct scene *scene, const char *caller, const char *method, const char *number, uint32_t growth)
{
	static char to[GROWTH + 64];

	assert_true(growth <= GROWTH);
	scene_prepare(scene, caller, method, number);
	snprintf(scene->request_uri, sizeof(scene->request_uri), "sip:%s@acme.example.net", number);
	to[0] = '"';
	memset(to + 1, 'n', growth);
	snprintf(to + 1 + growth, sizeof(to) - 1 - growth, "\" <%s>", scene->request_uri);
	scene->request.from = "<sip:desk@acme.example.net>";
	scene->request.to = to;
}

/* A message with as many bytes in front of it as a frame of the port has, and what a port says of it. */
static struct rte_mbuf *make_message(struct scene *scene, const char *peer, const char *text)
{
	bool is_v6 = peer[0] == '[';
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(pipeline_dataplane(scene->pipeline)->pool);

	assert_non_null(mbuf);
	mbuf->data_off = (uint16_t)(mbuf->data_off + 14 + 8 + (is_v6 ? 40 : 20) +
				    (pipeline_interface(scene->pipeline)->vlan ? 4 : 0));
	mbuf->ol_flags |= RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_L4_CKSUM_GOOD;
	mbuf->vlan_tci = 0x6000;
	char *at = rte_pktmbuf_append(mbuf, (uint16_t)strlen(text));
	assert_non_null(at);
	memcpy(at, text, strlen(text));
	return mbuf;
}

static void put(struct scene *scene, const char *peer, const char *text)
{
	pipeline_put_mbuf(scene->pipeline, peer, make_message(scene, peer, text));
}

static void *buffers[20000];

/* The same, and there is no buffer to write it into. */
static void send_without_buffers(struct scene *scene, const char *peer, const char *text)
{
	struct rte_mempool *pool = pipeline_dataplane(scene->pipeline)->pool;
	uint32_t count = 0;

	put(scene, peer, text);
	while (rte_mempool_get(pool, &buffers[count]) == 0)
		assert_true(++count < RTE_DIM(buffers));
	pipeline_run(scene->pipeline);
	rte_mempool_put_bulk(pool, buffers, count);
}

/* The same, and somebody else holds it, who finds it as it was. */
static void send_held(struct scene *scene, const char *peer, const char *text)
{
	struct rte_mbuf *mbuf = make_message(scene, peer, text);
	const char *at = rte_pktmbuf_mtod(mbuf, const char *);

	rte_mbuf_refcnt_update(mbuf, 1);
	pipeline_put_mbuf(scene->pipeline, peer, mbuf);
	pipeline_run(scene->pipeline);
	assert_memory_equal(at, text, strlen(text));
	assert_int_equal(rte_mbuf_refcnt_read(mbuf), 1);
	rte_pktmbuf_free(mbuf);
}

static void write_response(char text[SIP_TEXT_BYTES_MAX], const struct leg *leg, int status, uint32_t more)
{
	char headers[SIP_TEXT_BYTES_MAX];
	int length = snprintf(headers, sizeof(headers), "Contact: <sip:callee@%s>\r\nX-More: ", leg->peer);

	memset(headers + length, 'm', more);
	snprintf(headers + length + more, sizeof(headers) - (size_t)length - more, "\r\n");
	sip_response_write(text, leg->text, status, "callee", headers);
}

static void hang_up(struct scene *scene, const struct leg *leg)
{
	char text[SIP_TEXT_BYTES_MAX];

	sip_response_write(text, leg->text, 486, "callee", NULL);
	put(scene, leg->peer, text);
	pipeline_run(scene->pipeline);
	scene_expect_ack(scene, leg);
	scene_expect_end(scene, 486);
}

/* Written over when it does not grow by more than what its frame had for headers. */
static void check_response(struct scene *scene, const struct leg *leg, const char *caller, uint32_t more)
{
	char text[SIP_TEXT_BYTES_MAX];
	uint32_t headers = (leg->peer[0] == '[' ? 62 : 42) + (pipeline_interface(scene->pipeline)->vlan ? 4 : 0);

	write_response(text, leg, 180, more);
	send_held(scene, leg->peer, text);
	const char *usual = scene_expect_status(scene, caller, 180);
	put(scene, leg->peer, text);
	pipeline_run(scene->pipeline);
	assert_string_equal(scene_expect_status(scene, caller, 180), usual);
	/* Fragments are buffers of their own. */
	bool is_cut = strlen(usual) + (caller[0] == '[' ? 48 : 28) > pipeline_interface(scene->pipeline)->mtu;
	send_without_buffers(scene, leg->peer, text);
	if (strlen(usual) <= strlen(text) + headers && !is_cut)
		assert_string_equal(scene_expect_status(scene, caller, 180), usual);
	scene_expect_silence(scene);
	/* What was kept of it. */
	scene_send(scene);
	assert_string_equal(scene_expect_status(scene, caller, 180), usual);
}

/* Of both families, with and without a tag of a VLAN; Record-Route of the other family grows or shrinks too. */
static void responses_that_grow(void **state)
{
	static const char *const callers[] = {DESK, DESK_6}, *const callees[] = {HQ, HQ_6};
	struct scene scene;
	struct leg leg;

	begin(&scene, state);
	for (uint32_t i = 0; i < 8; i++)
		for (uint32_t growth = 0; growth <= GROWTH; growth += growth < 180 ? 9 : 50) {
			pipeline_interface(scene.pipeline)->vlan = i & 4 ? 100 : 0;
			prepare(&scene, callers[i & 1], "INVITE", i & 2 ? "3100" : "3000", growth);
			scene_send(&scene);
			scene_expect_status(&scene, callers[i & 1], 100);
			scene_expect_request(&scene, &leg, callees[(i & 2) / 2], "INVITE");
			check_response(&scene, &leg, callers[i & 1], 0);
			hang_up(&scene, &leg);
		}
	scene_end(&scene, 0);
}

/* It fits the link when it comes, and not when it leaves; or the link has become narrower. */
static void responses_that_leave_in_fragments(void **state)
{
	struct scene scene;
	struct leg leg;
	uint64_t fragmented = 0;

	begin(&scene, state);
	for (uint32_t growth = 0; growth <= GROWTH; growth += 40) {
		prepare(&scene, DESK, "INVITE", "3000", growth);
		scene_send(&scene);
		scene_expect_status(&scene, DESK, 100);
		scene_expect_request(&scene, &leg, HQ, "INVITE");
		pipeline_interface(scene.pipeline)->mtu = 600;
		check_response(&scene, &leg, DESK, 500);
		assert_true(pipeline_counter(scene.pipeline, COUNTER_FRAGMENTED) > fragmented);
		fragmented = pipeline_counter(scene.pipeline, COUNTER_FRAGMENTED);
		pipeline_interface(scene.pipeline)->mtu = 1500;
		hang_up(&scene, &leg);
	}
	scene_end(&scene, 0);
}

/* The final response is kept as it left, whatever its buffer was before and the others are used for since. */
static void repeated_final_is_the_first_one(void **state)
{
	struct scene scene;
	struct leg leg;
	char asked[SIP_TEXT_BYTES_MAX], text[SIP_TEXT_BYTES_MAX];

	begin(&scene, state);
	for (uint32_t growth = 0; growth <= GROWTH; growth += 20) {
		prepare(&scene, DESK, "MESSAGE", "3000", growth);
		sip_request_write(asked, &scene.request);
		scene_send(&scene);
		scene_expect_request(&scene, &leg, HQ, "MESSAGE");
		write_response(text, &leg, 200, 0);
		put(&scene, HQ, text);
		pipeline_run(scene.pipeline);
		const char *first = scene_expect_status(&scene, DESK, 200);
		for (uint32_t i = 0; i < 20; i++) {
			prepare(&scene, DESK, "MESSAGE", "3000", growth);
			scene_send(&scene);
			scene_expect_request(&scene, &leg, HQ, "MESSAGE");
			scene_answer(&scene, &leg, 404);
			scene_expect_status(&scene, DESK, 404);
		}
		pipeline_send(scene.pipeline, DESK, asked);
		assert_string_equal(scene_expect_status(&scene, DESK, 200), first);
	}
	scene_end(&scene, 0);
}

/* Of one transaction, and in front of another's: each is itself. */
static void two_responses_in_one_burst(void **state)
{
	struct scene scene;
	struct leg leg;
	char text[2][SIP_TEXT_BYTES_MAX];

	begin(&scene, state);
	for (uint32_t growth = 0; growth <= GROWTH; growth += 25) {
		prepare(&scene, DESK, "INVITE", "3000", growth);
		scene_send(&scene);
		scene_expect_status(&scene, DESK, 100);
		scene_expect_request(&scene, &leg, HQ, "INVITE");
		write_response(text[0], &leg, 180, growth);
		write_response(text[1], &leg, 200, 0);
		send_held(&scene, HQ, text[0]);
		const char *ringing = scene_expect_status(&scene, DESK, 180);
		put(&scene, HQ, text[0]);
		put(&scene, HQ, text[1]);
		pipeline_run(scene.pipeline);
		assert_string_equal(scene_expect_status(&scene, DESK, 180), ringing);
		const char *answered = scene_expect_status(&scene, DESK, 200);
		send_held(&scene, HQ, text[1]);
		assert_string_equal(scene_expect_status(&scene, DESK, 200), answered);
	}
	scene_end(&scene, scene.call_count);
}

static void acks(void **state)
{
	struct scene scene;
	struct dialog_case dialog;
	struct leg held, over;

	begin(&scene, state);
	dialog_case_begin(&dialog, &scene, "3000", HQ);
	/* Names that its sender wrote otherwise grow by those of the dialog. */
	for (uint32_t i = 0; i < 2; i++) {
		dialog_case_write(&dialog, &scene, true, "ACK", 7);
		send_held(&scene, DESK, dialog.text);
		scene_expect_request(&scene, &held, HQ, "ACK");
		send_without_buffers(&scene, DESK, dialog.text);
		scene_expect_request(&scene, &over, HQ, "ACK");
		assert_string_equal(over.text, held.text);
		strcpy(dialog.caller_from, "<sip:a@b>");
		strcpy(dialog.caller_to, "<sip:c@d>");
	}
	scene_end(&scene, 1);
}

/* What the first worker has given to the control thread. */
static void take_punted(struct scene *scene, char text[SIP_TEXT_BYTES_MAX])
{
	void *taken = NULL;

	while (worker_burst(pipeline_worker(scene->pipeline, 0)) > 0)
		;
	assert_int_equal(rte_ring_sc_dequeue(pipeline_dataplane(scene->pipeline)->punt[0], &taken), 0);
	struct rte_mbuf *mbuf = taken;
	assert_int_equal(((struct punt *)rte_mbuf_to_priv(mbuf))->kind, PUNT_KERNEL_SEND);
	snprintf(text, SIP_TEXT_BYTES_MAX, "%.*s", rte_pktmbuf_data_len(mbuf), rte_pktmbuf_mtod(mbuf, const char *));
	assert_int_equal(rte_pktmbuf_pkt_len(mbuf), rte_pktmbuf_data_len(mbuf));
	assert_true(mbuf->ol_flags == 0 && mbuf->vlan_tci == 0);
	rte_pktmbuf_free(mbuf);
	assert_true(rte_ring_empty(pipeline_dataplane(scene->pipeline)->punt[0]));
}

/* Nothing reads the ring meanwhile. */
static void put_while_ring_is_full(struct scene *scene, const char *peer, const char *text)
{
	static char nothing;
	struct rte_ring *ring = pipeline_dataplane(scene->pipeline)->punt[0];
	unsigned int count = 0;
	void *taken = NULL;

	while (rte_ring_sp_enqueue(ring, &nothing) == 0)
		count++;
	put(scene, peer, text);
	while (worker_burst(pipeline_worker(scene->pipeline, 0)) > 0)
		;
	for (unsigned int i = 0; i < count; i++)
		assert_int_equal(rte_ring_sc_dequeue(ring, &taken), 0);
	assert_true(rte_ring_empty(ring));
}

/* The caller's MAC is unknown: the kernel sends it. */
static void response_through_the_kernel(void **state)
{
	struct scene scene;
	struct leg leg;
	char text[SIP_TEXT_BYTES_MAX], held[SIP_TEXT_BYTES_MAX], over[SIP_TEXT_BYTES_MAX];

	begin(&scene, state);
	for (uint32_t growth = 0; growth <= GROWTH; growth += 100) {
		prepare(&scene, FAR, "INVITE", "3000", growth);
		scene_send(&scene);
		scene_expect_request(&scene, &leg, HQ, "INVITE");
		write_response(text, &leg, 180, 0);
		struct rte_mbuf *mbuf = make_message(&scene, HQ, text);
		rte_mbuf_refcnt_update(mbuf, 1);
		pipeline_put_mbuf(scene.pipeline, HQ, mbuf);
		take_punted(&scene, held);
		rte_pktmbuf_free(mbuf);
		put(&scene, HQ, text);
		take_punted(&scene, over);
		assert_int_equal(sip_status(over), 180);
		assert_string_equal(over, held);
		uint64_t full = pipeline_reason(scene.pipeline, REASON_PUNT_RING_FULL);
		put_while_ring_is_full(&scene, HQ, text);
		assert_int_equal(pipeline_reason(scene.pipeline, REASON_PUNT_RING_FULL), full + 1);
		scene_answer(&scene, &leg, 200);
	}
	scene_end(&scene, scene.call_count);
}

/* The callee's is. What `why` tells of an ACK that was lost has its Call-ID, or is not there. */
static void ack_through_the_kernel(void **state)
{
	struct scene scene;
	struct leg leg = {.peer = FAR};
	struct dialog_case dialog;
	char text[SIP_TEXT_BYTES_MAX];

	begin(&scene, state);
	prepare(&scene, DESK, "INVITE", "3200", 0);
	sip_request_write(text, &scene.request);
	put(&scene, DESK, text);
	take_punted(&scene, leg.text);
	scene_expect_status(&scene, DESK, 100);
	scene_answer(&scene, &leg, 200);
	dialog_case_take(&dialog, &scene, &leg, scene_expect_status(&scene, DESK, 200));
	dialog_case_write(&dialog, &scene, true, "ACK", 7);
	put(&scene, DESK, dialog.text);
	take_punted(&scene, text);
	assert_memory_equal(text, "ACK sip:callee@" FAR " SIP/2.0\r\n", 34);

	put_while_ring_is_full(&scene, DESK, dialog.text);
	assert_int_equal(pipeline_reason(scene.pipeline, REASON_PUNT_RING_FULL), 1);
	const struct decision_log *log = &pipeline_worker(scene.pipeline, 0)->decisions;
	assert_true(log->count > 0);
	for (uint64_t i = 0; i < log->count; i++)
		assert_span_equal(decision_text(decision_log_find(log, i), DECISION_TEXT_CALL_ID),
				  span_of_text(scene.call_id));
	scene_end(&scene, 1);
}

#define ONE_WORKER(test)                                                                                               \
	{                                                                                                              \
#test, test, NULL, NULL, &pipeline_case_one_worker                                                     \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PIPELINE_CASE_ROWS(responses_that_grow),
		PIPELINE_CASE_ROWS(responses_that_leave_in_fragments),
		PIPELINE_CASE_ROWS(repeated_final_is_the_first_one),
		PIPELINE_CASE_ROWS(two_responses_in_one_burst),
		PIPELINE_CASE_ROWS(acks),
		ONE_WORKER(response_through_the_kernel),
		ONE_WORKER(ack_through_the_kernel),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
