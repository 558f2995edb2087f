/*
 * pipeline_apply - 1,000 applies between the messages of calls: each call goes where the revision of its INVITE sends
 * it, and completes there whatever has been applied since.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"
#include "pipeline_case.h"
#include "provision.h"
#include "publish.h"

#define APPLIES	   1000
#define CALLS	   7 /* at once, each one step behind the one before */
#define ALICE	   "192.0.2.7:5060"
#define TEXT_BYTES 512

enum step {
	STEP_INVITE,
	STEP_CREDENTIALS,
	STEP_RINGING,
	STEP_ANSWER,
	STEP_ACK,
	STEP_BYE,
	STEP_BYE_ANSWER,
	STEP_COUNT,
};

struct call {
	uint32_t serial;
	uint32_t step;
	const char *callee; /* as the revision of the INVITE with credentials says */
	char uri[TEXT_BYTES], to[TEXT_BYTES], call_id[TEXT_BYTES], branch[TEXT_BYTES], route[2048];
	struct pipeline_message received; /* the last message of this call that left the router */
};

static const struct sip_account alice = {.user = "alice", .password = "secret-a", .nc = 1};

/* Both friends take the numbers: the lesser priority value wins (R8). */
static void write_provisioning(char *text, size_t size, uint32_t revision)
{
	bool is_odd = revision % 2;

	snprintf(text, size,
		 "companies:\n"
		 "  - name: acme\n"
		 "    domain: acme.example.net\n"
		 "    country: ES\n"
		 "    users:\n"
		 "      - {name: alice, password: secret-a, display: Alice %u}\n"
		 "    friends:\n"
		 "      - {name: hq, password: h, priority: %u, direct: \"udp:192.0.2.10:5060\", patterns: [\"^2\"]}\n"
		 "      - {name: lab, password: l, priority: 50, direct: \"udp:192.0.2.11:5070\", patterns: "
		 "[\"^2%s\"]}\n"
		 "  - name: globex\n"
		 "    domain: globex.example.net\n"
		 "    country: ES\n"
		 "    users:\n"
		 "      - {name: u%u, password: secret}\n",
		 revision, is_odd ? 10 : 90, revision % 4 < 2 ? "[0-9]+$" : "", revision / 8);
}

static const char *callee_of(uint32_t revision)
{
	return revision % 2 ? "192.0.2.10:5060" : "192.0.2.11:5070";
}

static void expect(struct pipeline *pipeline, struct call *call, const char *destination, int status)
{
	pipeline_case_expect(pipeline, &call->received);
	assert_int_equal(sip_status(call->received.text), status);
	pipeline_case_expect_destination(&call->received, destination);
	pipeline_case_expect_header(call->received.text, "Call-ID", call->call_id);
}

static struct sip_request request_of(const struct call *call, const char *method, const char *headers)
{
	return (struct sip_request){.method = method,
				    .uri = call->uri,
				    .from = "<sip:alice@acme.example.net>",
				    .to = call->to,
				    .call_id = call->call_id,
				    .branch = call->branch,
				    .cseq = 1 + call->step,
				    .headers = headers};
}

static void send_request(struct pipeline *pipeline, struct call *call, const char *method, const char *headers)
{
	char text[SIP_TEXT_BYTES_MAX];

	snprintf(call->branch, sizeof(call->branch), "z9hG4bK%u-%u", call->serial, call->step);
	const struct sip_request request = request_of(call, method, headers);
	sip_request_write(text, &request);
	pipeline_send(pipeline, ALICE, text);
}

static void begin(struct pipeline *pipeline, struct call *call)
{
	snprintf(call->uri, sizeof(call->uri), "sip:2%03u@acme.example.net", call->serial % 1000);
	snprintf(call->to, sizeof(call->to), "<%s>", call->uri);
	snprintf(call->call_id, sizeof(call->call_id), "call-%u@test", call->serial);
	send_request(pipeline, call, "INVITE", "Contact: <sip:alice@192.0.2.7:5060>\r\n");
	expect(pipeline, call, ALICE, 407);
}

static void give_credentials(struct pipeline *pipeline, struct call *call, uint32_t revision)
{
	char line[1024], headers[1200];

	sip_authorization_write(line, call->received.text, &alice, "INVITE", call->uri);
	snprintf(headers, sizeof(headers), "Contact: <sip:alice@192.0.2.7:5060>\r\n%s", line);
	send_request(pipeline, call, "INVITE", headers);
	call->callee = callee_of(revision);
	expect(pipeline, call, call->callee, 0);
	assert_true(sip_find_header(call->route, sizeof(call->route), call->received.text, "Record-Route", 0));
}

static void answer(struct pipeline *pipeline, struct call *call, int status)
{
	static char invite[PIPELINE_MESSAGE_BYTES_MAX];
	char text[SIP_TEXT_BYTES_MAX];

	memcpy(invite, call->received.text, sizeof(invite));
	sip_response_write(text, invite, status, "calleetag", "Contact: <sip:callee@192.0.2.10:5060>\r\n");
	pipeline_send(pipeline, call->callee, text);
	expect(pipeline, call, ALICE, status);
	if (status == 180)
		memcpy(call->received.text, invite, sizeof(invite)); /* the 200 answers it, too */
}

static void send_in_dialog(struct pipeline *pipeline, struct call *call, const char *method)
{
	char headers[2200];

	snprintf(headers, sizeof(headers), "Route: %s\r\n", call->route);
	snprintf(call->to, sizeof(call->to), "<sip:2%03u@acme.example.net>;tag=calleetag", call->serial % 1000);
	snprintf(call->uri, sizeof(call->uri), "sip:callee@%s", call->callee);
	send_request(pipeline, call, method, headers);
	expect(pipeline, call, call->callee, 0);
}

/* Result: true when the call is over. */
static bool take_step(struct pipeline *pipeline, struct call *call, uint32_t revision)
{
	switch ((enum step)call->step) {
	case STEP_INVITE:
		begin(pipeline, call);
		break;
	case STEP_CREDENTIALS:
		give_credentials(pipeline, call, revision);
		break;
	case STEP_RINGING:
		answer(pipeline, call, 180);
		break;
	case STEP_ANSWER:
		answer(pipeline, call, 200);
		break;
	case STEP_ACK:
		send_in_dialog(pipeline, call, "ACK");
		break;
	case STEP_BYE:
		send_in_dialog(pipeline, call, "BYE");
		break;
	default:
		answer(pipeline, call, 200);
		break;
	}
	return ++call->step == STEP_COUNT;
}

static void every_call_completes_between_1000_applies(void **state)
{
	static struct call call[CALLS];
	char text[2048];
	uint32_t completed = 0, expected = 0, to_hq = 0, serial = 0;

	memset(call, 0, sizeof(call));
	write_provisioning(text, sizeof(text), 0);
	struct pipeline *pipeline = pipeline_start(*(const uint32_t *)*state, text);
	struct publisher *publisher = pipeline_publisher(pipeline);
	uint64_t first = provision_revision(pipeline_provision(pipeline)),
		 generation = publish_current(publisher)->generation;
	for (uint32_t revision = 1; revision <= APPLIES; revision++) {
		write_provisioning(text, sizeof(text), revision);
		assert_true(pipeline_apply(pipeline, text));
		assert_int_equal(provision_revision(pipeline_provision(pipeline)), first + revision);
		for (uint32_t i = 0; i < CALLS && i < revision; i++) {
			if (call[i].step == STEP_INVITE)
				call[i].serial = serial++;
			if (!take_step(pipeline, &call[i], revision))
				continue;
			completed++;
			to_hq += strcmp(call[i].callee, callee_of(1)) == 0;
			call[i].step = STEP_INVITE;
		}
		/* Every worker had bursts since: nothing that was replaced waits any more. */
		assert_int_equal(publish_poll(publisher), 0);
	}
	assert_int_equal(publish_current(publisher)->generation, generation + APPLIES);
	for (uint32_t i = 0; i < CALLS; i++)
		expected += (APPLIES - i) / STEP_COUNT;
	assert_int_equal(completed, expected);
	assert_true(to_hq > completed / 4 && to_hq < completed * 3 / 4);
	assert_int_equal(pipeline_counter(pipeline, COUNTER_TRANSMIT_DROPPED), 0);
	pipeline_stop(pipeline);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PIPELINE_CASE_ROWS(every_call_completes_between_1000_applies),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
