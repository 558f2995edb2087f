/*
 * pipeline_burst - messages of one transaction that come in the same burst: what the later ones end, the earlier ones
 * still need. And what is needed when the burst is over.
 */
#include <rte_common.h>
#include <rte_mbuf.h>
#include <stdio.h>
#include <string.h>

#include "cmocka_all.h"
#include "pipeline_case.h"
#include "scene.h"

static void put_request(struct scene *scene, const char *method)
{
	char text[SIP_TEXT_BYTES_MAX];
	struct sip_request request = scene->request;

	request.method = method;
	request.headers = strcmp(method, "INVITE") == 0 ? scene->headers : NULL;
	sip_request_write(text, &request);
	pipeline_put(scene->pipeline, 0, scene->caller, span_of_text(text));
}

static void put_response(struct scene *scene, const struct leg *leg, int status)
{
	char text[SIP_TEXT_BYTES_MAX];

	sip_response_write(text, leg->text, status, "callee", "Contact: <sip:callee@192.0.2.10>\r\n");
	pipeline_put(scene->pipeline, 0, leg->peer, span_of_text(text));
}

/* Another message of the caller, which the router writes anew before it comes to those behind it. */
static void put_other(struct scene *scene)
{
	char text[SIP_TEXT_BYTES_MAX];
	struct sip_request request = scene->request;

	request.method = "MESSAGE";
	request.uri = "sip:3200@acme.example.net";
	request.to = "<sip:3200@acme.example.net>";
	request.branch = "z9hG4bKother";
	request.from_tag = "other";
	request.body = "................................................................................"
		       "................................................................................";
	sip_request_write(text, &request);
	pipeline_put(scene->pipeline, 0, DESK, span_of_text(text));
}

static void end_other(struct scene *scene)
{
	struct leg west;

	scene_expect_request(scene, &west, WEST, "MESSAGE");
	scene_answer(scene, &west, 200);
	scene_expect_status(scene, DESK, 200);
}

/* The next message that the caller got: that status, with the caller's own names (R24). Result: its text. */
static const char *expect_own_names(struct scene *scene, int status)
{
	const char *text = scene_expect_status(scene, DESK, status);
	char to[256];

	snprintf(to, sizeof(to), "%s;tag=", scene->to);
	pipeline_case_expect_header(text, "From", "<sip:desk@acme.example.net>;tag=callertag");
	pipeline_case_expect_header(text, "Call-ID", scene->call_id);
	assert_non_null(strstr(text, to));
	return text;
}

/* The challenge is not passed but answered for (R28), and the transaction needs its request no more. */
static void r24_ringing_and_then_a_challenge(void **state)
{
	struct scene scene;
	struct leg hq;

	scene_begin(&scene, state);
	scene_call(&scene, "3000");
	scene_expect_request(&scene, &hq, HQ, "INVITE");
	put_other(&scene);
	put_response(&scene, &hq, 180);
	put_response(&scene, &hq, 407);
	pipeline_run(scene.pipeline);
	scene_expect_ack(&scene, &hq);
	const char *final = expect_own_names(&scene, 502);
	expect_own_names(&scene, 180);
	scene_acknowledge(&scene, final);
	end_other(&scene);
	scene_end(&scene, 0);
}

/* Who acknowledges what it has not got yet must not get the names of somebody else's message. */
static void r24_refusal_and_an_ack_that_is_too_early(void **state)
{
	struct scene scene;
	struct leg hq;

	scene_begin(&scene, state);
	scene_call(&scene, "3000");
	scene_expect_request(&scene, &hq, HQ, "INVITE");
	put_other(&scene);
	put_response(&scene, &hq, 486);
	put_request(&scene, "ACK");
	pipeline_run(scene.pipeline);
	scene_expect_ack(&scene, &hq);
	expect_own_names(&scene, 486);
	assert_int_equal(pipeline_reason(scene.pipeline, REASON_ACK_CONFIRMED), 1);
	end_other(&scene);
	scene_end(&scene, 0);
}

/* R27: a callee that never says anything is not cancelled, and does not keep the call for ever. */
static void rfc3261_9_1_cancel_at_once_of_who_may_not_ring_long(void **state)
{
	static const uint32_t sent_ms[] = {500, 1500, 3500, 7500, 15500, 31500};
	struct scene scene;
	struct leg ring;

	scene_begin(&scene, state);
	scene_prepare(&scene, DESK, "INVITE", "3300");
	put_request(&scene, "INVITE");
	put_request(&scene, "CANCEL");
	scene_now(&scene);
	pipeline_run(scene.pipeline);
	scene_expect_status(&scene, DESK, 100);
	scene_expect_status(&scene, DESK, 200);
	scene_expect_request(&scene, &ring, RING, "INVITE");
	for (uint32_t i = 0; i < RTE_DIM(sent_ms); i++) {
		scene_wait_until(&scene, sent_ms[i]);
		scene_expect_request(&scene, &ring, RING, "INVITE");
	}
	scene_wait_until(&scene, 32000);
	scene_expect_end(&scene, 487);
	scene_end(&scene, 0);
}

/* 16.10: nobody is called after the CANCEL. */
static void rfc3261_16_10_cancel_at_once_of_a_fork(void **state)
{
	struct scene scene;
	struct leg first, cancel;

	scene_begin(&scene, state);
	scene_register(&scene, "bob", BOB, "1.0");
	scene_register(&scene, "bob", "192.0.2.32:5060", "1.0");
	scene_prepare(&scene, DESK, "INVITE", "102");
	put_request(&scene, "INVITE");
	put_request(&scene, "CANCEL");
	pipeline_run(scene.pipeline);
	scene_expect_status(&scene, DESK, 100);
	scene_expect_status(&scene, DESK, 200);
	scene_expect_request(&scene, &first, BOB, "INVITE");
	scene_answer(&scene, &first, 180);
	scene_expect_request(&scene, &cancel, BOB, "CANCEL");
	scene_answer(&scene, &cancel, 200);
	scene_refuse(&scene, &first, 487);
	scene_expect_end(&scene, 487);
	scene_end(&scene, 0);
}

#define FRAMES 31 /* a port's own, of which each has its work (xdp_port.c) */

static void send_frame_of_port(struct scene *scene, struct rte_mempool *frames, const char *peer, const char *text)
{
	struct rte_mbuf *frame = rte_pktmbuf_alloc(frames);

	assert_non_null(frame);
	memcpy(rte_pktmbuf_append(frame, (uint16_t)strlen(text)), text, strlen(text));
	pipeline_put_mbuf(scene->pipeline, peer, frame);
	pipeline_run(scene->pipeline);
	assert_int_equal(rte_mempool_avail_count(frames), FRAMES);
}

/* A request for as long as it may take, the best response for as long as another may be better: all frames are back. */
static void frames_of_a_port_are_not_kept(void **state)
{
	struct scene scene;
	struct leg leg[2];
	char text[SIP_TEXT_BYTES_MAX];
	struct rte_mempool *frames;

	scene_begin(&scene, state);
	frames = rte_pktmbuf_pool_create("frames", FRAMES, 0, RTE_ALIGN_CEIL(sizeof(struct punt), RTE_MBUF_PRIV_ALIGN),
					 RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	assert_non_null(frames);
	scene_register(&scene, "bob", BOB, "1.0");
	scene_register(&scene, "bob", "192.0.2.32:5060", "1.0");
	scene_prepare(&scene, DESK, "INVITE", "102");
	sip_request_write(text, &scene.request);
	send_frame_of_port(&scene, frames, DESK, text);
	scene_expect_status(&scene, DESK, 100);
	scene_expect_request(&scene, &leg[0], BOB, "INVITE");
	scene_expect_request(&scene, &leg[1], "192.0.2.32:5060", "INVITE");
	for (uint32_t i = 0; i < RTE_DIM(leg); i++) {
		sip_response_write(text, leg[i].text, 486, "callee", NULL);
		send_frame_of_port(&scene, frames, leg[i].peer, text);
		scene_expect_ack(&scene, &leg[i]);
	}
	pipeline_case_expect_header(expect_own_names(&scene, 486), "CSeq", "7 INVITE");
	put_request(&scene, "ACK");
	pipeline_run(scene.pipeline);
	scene_end(&scene, 0);
	rte_mempool_free(frames);
}

/* RFC 3261 17.2.2: the request comes again while its final response is being written: it has its answer already. */
static void request_again_beside_its_final_response(void **state)
{
	struct scene scene;
	struct leg hq;

	scene_begin(&scene, state);
	scene_prepare(&scene, DESK, "MESSAGE", "3000");
	scene_send(&scene);
	scene_expect_request(&scene, &hq, HQ, "MESSAGE");
	put_response(&scene, &hq, 200);
	put_request(&scene, "MESSAGE");
	pipeline_run(scene.pipeline);
	scene_expect_status(&scene, DESK, 200);
	scene_expect_silence(&scene);
	put_request(&scene, "MESSAGE");
	pipeline_run(scene.pipeline);
	scene_expect_status(&scene, DESK, 200);
	scene_end(&scene, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PIPELINE_CASE_ROWS(request_again_beside_its_final_response),
		PIPELINE_CASE_ROWS(r24_ringing_and_then_a_challenge),
		PIPELINE_CASE_ROWS(r24_refusal_and_an_ack_that_is_too_early),
		PIPELINE_CASE_ROWS(rfc3261_9_1_cancel_at_once_of_who_may_not_ring_long),
		PIPELINE_CASE_ROWS(rfc3261_16_10_cancel_at_once_of_a_fork),
		PIPELINE_CASE_ROWS(frames_of_a_port_are_not_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
