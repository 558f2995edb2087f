/*
 * pipeline_limits - calls as whole routers see them: their limits (R18), drain, emergency calls (R37), their end and
 * records, and what the control thread is told of them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_ring_elem.h>

#include "call_table.h"
#include "cmocka_all.h"
#include "inquiry.h"
#include "pipeline_case.h"
#include "rings.h"
#include "worker.h"

/* Friends that are known by their address call without credentials. */
static const char provisioning[] =
	"carriers:\n"
	"  - {name: telco-a, address: [\"udp:198.51.100.7:5060\"], country: ES, priority: 1, max_calls: 1}\n"
	"  - {name: telco-b, address: [\"udp:198.51.100.8:5060\"], country: ES, priority: 2}\n"
	"companies:\n"
	"  - name: acme\n"
	"    domain: acme.example.net\n"
	"    country: ES\n"
	"    outgoing_ddi: \"+34944000000\"\n"
	"    max_calls: 2\n"
	"    emergency: [\"112\"]\n"
	"    friends:\n"
	"      - {name: hq, auth: source, direct: \"udp:192.0.2.10:5060\"}\n"
	"      - {name: fast, auth: source, direct: \"udp:192.0.2.12:5060\", max_cps: 2}\n"
	"      - {name: lab, auth: source, direct: \"udp:192.0.2.11:5070\", patterns: [\"^20\"], max_calls: 1}\n"
	"      - {name: big, auth: source, direct: \"udp:192.0.2.13:5060\", patterns: [\"^3\"]}\n"
	"    ddis:\n"
	"      - {number: \"+34944000000\", route: {friend: \"3000\"}}\n"
	"  - name: globex\n"
	"    domain: globex.example.net\n"
	"    country: ES\n"
	"    outgoing_ddi: \"+34955000000\"\n"
	"    friends:\n"
	"      - {name: gate, auth: source, direct: \"udp:192.0.2.20:5060\", patterns: [\"^4\"]}\n"
	"    ddis:\n"
	"      - {number: \"+34955000000\", route: {friend: \"4000\"}}\n";

struct party {
	const char *address, *user, *domain;
};

static const struct party hq = {"192.0.2.10:5060", "100", "acme.example.net"};
static const struct party fast = {"192.0.2.12:5060", "120", "acme.example.net"};
static const struct party gate = {"192.0.2.20:5060", "400", "globex.example.net"};
static const struct party telco = {"198.51.100.8:5060", "600111222", "198.51.100.8"};

struct scene {
	struct pipeline *pipeline;
	uint32_t calls;
};

/* One call: what the caller sent, what the callee got. */
struct call_case {
	const struct party *caller;
	char uri[128], from[128], to[128], call_id[32];
	struct pipeline_message invite; /* at the callee, or the refusal */
};

static struct scene begin(void **state)
{
	return (struct scene){.pipeline = pipeline_start(*(const uint32_t *)*state, provisioning)};
}

static void send_request(struct scene *scene, struct call_case *call, const char *method, uint32_t cseq,
			 const char *headers)
{
	char text[SIP_TEXT_BYTES_MAX], branch[64];

	snprintf(branch, sizeof(branch), "z9hG4bK-%s-%u-%s", call->call_id, cseq, method);
	struct sip_request request = {.method = method,
				      .uri = call->uri,
				      .from = call->from,
				      .to = call->to,
				      .via = call->caller->address,
				      .branch = branch,
				      .call_id = call->call_id,
				      .cseq = cseq,
				      .headers = headers};
	sip_request_write(text, &request);
	pipeline_send(scene->pipeline, call->caller->address, text);
}

/* Result: 0: the INVITE left, call->invite; else the status of the refusal. */
static int place(struct scene *scene, struct call_case *call, const struct party *caller, const char *number)
{
	char contact[128];
	const char *host = caller == &telco ? "192.0.2.1" : caller->domain;

	*call = (struct call_case){.caller = caller};
	snprintf(call->uri, sizeof(call->uri), "sip:%s@%s", number, host);
	snprintf(call->from, sizeof(call->from), "<sip:%s@%s>", caller->user, caller->domain);
	snprintf(call->to, sizeof(call->to), "<sip:%s@%s>", number, host);
	snprintf(call->call_id, sizeof(call->call_id), "call-%u", ++scene->calls);
	snprintf(contact, sizeof(contact), "Contact: <sip:x@%s>\r\n", caller->address);
	pipeline_discard_sent(scene->pipeline);
	send_request(scene, call, "INVITE", 1, contact);
	pipeline_case_expect(scene->pipeline, &call->invite);
	return sip_status(call->invite.text);
}

/* "198.51.100.7:5060" */
static void address_of(char text[64], const struct pipeline_message *message)
{
	snprintf(text, 64, "%u.%u.%u.%u:%u", message->destination.ip[12], message->destination.ip[13],
		 message->destination.ip[14], message->destination.ip[15], message->destination.port);
}

static void respond(struct scene *scene, const struct pipeline_message *request, int status, const char *headers)
{
	char text[SIP_TEXT_BYTES_MAX], from[64];

	address_of(from, request);
	sip_response_write(text, request->text, status, "calleetag", headers);
	pipeline_send(scene->pipeline, from, text);
}

/* The callee answers 200, the caller acknowledges. */
static void answer(struct scene *scene, struct call_case *call, const char *headers)
{
	struct pipeline_message message;
	char route[2200], value[2100], contact[256];

	snprintf(contact, sizeof(contact), "Contact: <sip:callee@192.0.2.99:5060>\r\n%s", headers);
	respond(scene, &call->invite, 200, contact);
	pipeline_case_expect(scene->pipeline, &message);
	assert_int_equal(sip_status(message.text), 200);
	assert_true(sip_find_header(value, sizeof(value), message.text, "Record-Route", 0));
	snprintf(route, sizeof(route), "Route: %s\r\n", value);
	strcat(call->to, ";tag=calleetag");
	address_of(value, &call->invite);
	snprintf(call->uri, sizeof(call->uri), "sip:callee@%.60s", value);
	send_request(scene, call, "ACK", 1, route);
	pipeline_case_expect(scene->pipeline, &message);
}

static void request_in_dialog(struct scene *scene, struct call_case *call, const char *method, uint32_t cseq,
			      const char *answer_headers)
{
	struct pipeline_message message;
	char route[2200], value[2100];

	pipeline_discard_sent(scene->pipeline);
	assert_true(sip_find_header(value, sizeof(value), call->invite.text, "Record-Route", 0));
	snprintf(route, sizeof(route), "Route: %s\r\n", value);
	send_request(scene, call, method, cseq, route);
	pipeline_case_expect(scene->pipeline, &message);
	respond(scene, &message, 200, answer_headers);
	pipeline_case_expect(scene->pipeline, &message);
	assert_int_equal(sip_status(message.text), 200);
}

static void hang_up(struct scene *scene, struct call_case *call)
{
	request_in_dialog(scene, call, "BYE", 2, "");
}

static bool take_record(struct scene *scene, struct call_record *record)
{
	const struct dataplane *dataplane = pipeline_dataplane(scene->pipeline);

	for (uint32_t i = 0; i < dataplane->worker_count; i++)
		if (rte_ring_dequeue_elem(dataplane->call_record[i], record, sizeof(*record)) == 0)
			return true;
	return false;
}

static void expect_record(struct scene *scene, struct call_record *record, enum call_end end, uint16_t status,
			  enum reason reason)
{
	assert_true(take_record(scene, record));
	assert_int_equal(record->state, CALL_ENDED);
	assert_int_equal(record->end, end);
	assert_int_equal(record->status, status);
	assert_int_equal(record->reason, reason);
}

static void ask(struct scene *scene, struct inquiry *inquiry, uint32_t worker)
{
	struct dataplane *dataplane = pipeline_dataplane(scene->pipeline);

	atomic_store(&inquiry->done, false);
	assert_int_equal(rte_ring_enqueue(dataplane->inquiry[worker], inquiry), 0);
	while (!atomic_load(&inquiry->done))
		pipeline_run(scene->pipeline);
	assert_false(inquiry->abandoned);
}

/* All workers together. */
static struct call_audit audit(struct scene *scene)
{
	struct call_audit sum = {0};

	for (uint32_t i = 0; i < pipeline_dataplane(scene->pipeline)->worker_count; i++) {
		struct inquiry inquiry = {.kind = INQUIRY_AUDIT};
		ask(scene, &inquiry, i);
		sum.calls += inquiry.audit.calls;
		sum.unanswered += inquiry.audit.unanswered;
		sum.transactions += inquiry.audit.transactions;
		sum.limited += inquiry.audit.limited;
		sum.untracked += inquiry.audit.untracked;
		assert_int_equal(inquiry.audit.calls_without_transaction, 0);
		assert_int_equal(inquiry.audit.calls_without_timer, 0);
		assert_int_equal(inquiry.audit.transactions_without_call, 0);
		assert_int_equal(inquiry.audit.limits_wrong, 0);
	}
	return sum;
}

/* Nothing is left of any call. */
static void end(struct scene *scene)
{
	struct call_record record;

	while (take_record(scene, &record))
		;
	pipeline_settle(scene->pipeline);
	struct call_audit left = audit(scene);
	assert_int_equal(left.calls, 0);
	assert_int_equal(left.limited, 0);
	assert_int_equal(left.transactions, 0);
	assert_int_equal(pipeline_counter(scene->pipeline, COUNTER_CALLS_STARTED),
			 pipeline_counter(scene->pipeline, COUNTER_CALLS_ENDED));
	assert_int_equal(pipeline_counter(scene->pipeline, COUNTER_CALL_RECORDS_LOST), 0);
	pipeline_stop(scene->pipeline);
}

static void a_call_has_one_record_of_its_whole_life(void **state)
{
	static struct call_case call;
	struct scene scene = begin(state);
	struct pipeline_message message;
	struct call_record record;

	assert_int_equal(place(&scene, &call, &hq, "2001"), 0);
	struct call_audit trying = audit(&scene);
	assert_int_equal(trying.calls, 1);
	assert_int_equal(trying.unanswered, 1);
	assert_int_equal(trying.transactions, 1);
	assert_int_equal(trying.limited, 1);
	pipeline_advance_ms(scene.pipeline, 100);
	respond(&scene, &call.invite, 180, "");
	pipeline_case_expect(scene.pipeline, &message);
	pipeline_advance_ms(scene.pipeline, 2000);
	answer(&scene, &call, "");
	struct call_audit answered = audit(&scene);
	assert_int_equal(answered.calls, 1);
	assert_int_equal(answered.unanswered, 0);
	assert_int_equal(answered.transactions, 0);
	pipeline_advance_ms(scene.pipeline, 60000);
	assert_false(take_record(&scene, &record));
	hang_up(&scene, &call);
	expect_record(&scene, &record, CALL_END_CALLER, 200, REASON_NONE);
	assert_int_equal(record.ringing_ms - record.started_ms, 100);
	assert_int_equal(record.answered_ms - record.ringing_ms, 2000);
	assert_int_equal(record.ended_ms - record.answered_ms, 60000);
	assert_string_equal(record.rule, "R4.2");
	assert_span_equal(call_record_text(&record, CALL_TEXT_COMPANY), SPAN_LITERAL("acme"));
	assert_span_equal(call_record_text(&record, CALL_TEXT_CALLER), SPAN_LITERAL("hq"));
	assert_span_equal(call_record_text(&record, CALL_TEXT_TARGET), SPAN_LITERAL("lab"));
	assert_span_equal(call_record_text(&record, CALL_TEXT_DIALLED), SPAN_LITERAL("2001"));
	assert_span_equal(call_record_text(&record, CALL_TEXT_CALL_ID), SPAN_LITERAL("call-1"));
	assert_int_equal(record.source.port, 5060);
	assert_int_equal(record.destination.port, 5070);
	assert_false(take_record(&scene, &record));
	end(&scene);
}

static void a_failed_call_has_the_status_that_the_caller_got(void **state)
{
	static struct call_case call;
	struct scene scene = begin(state);
	struct pipeline_message message;
	struct call_record record;

	assert_int_equal(place(&scene, &call, &hq, "2001"), 0);
	respond(&scene, &call.invite, 404, "");
	while (pipeline_take(scene.pipeline, &message))
		;
	expect_record(&scene, &record, CALL_END_FAILED, 404, REASON_NONE);
	assert_int_equal(record.answered_ms, 0);

	/* Nobody says anything at all. */
	assert_int_equal(place(&scene, &call, &hq, "2002"), 0);
	pipeline_advance_ms(scene.pipeline, 33000);
	expect_record(&scene, &record, CALL_END_FAILED, 408, REASON_NO_REPLY);

	/* Refused by routing: a record, but never a call. */
	assert_int_equal(place(&scene, &call, &hq, "*77"), 501);
	expect_record(&scene, &record, CALL_END_FAILED, 501, REASON_SERVICE_CODE);
	assert_int_equal(record.handle, CALL_NONE);
	end(&scene);
}

static void r18_calls_towards_a_friend(void **state)
{
	static struct call_case first, second;
	struct scene scene = begin(state);
	struct call_record record;

	assert_int_equal(place(&scene, &first, &hq, "2001"), 0);
	assert_int_equal(place(&scene, &second, &hq, "2002"), 486);
	expect_record(&scene, &record, CALL_END_FAILED, 486, REASON_ENDPOINT_CALL_LIMIT);
	answer(&scene, &first, "");
	assert_int_equal(place(&scene, &second, &hq, "2002"), 486);
	hang_up(&scene, &first);
	assert_int_equal(place(&scene, &second, &hq, "2002"), 0);
	assert_int_equal(pipeline_reason(scene.pipeline, REASON_ENDPOINT_CALL_LIMIT), 2);
	end(&scene);
}

static void r18_calls_of_a_carrier_go_by_the_next_and_of_a_company_end(void **state)
{
	static struct call_case first, second, third, inbound, between;
	struct scene scene = begin(state);
	struct call_record record;

	assert_int_equal(place(&scene, &first, &hq, "911000001"), 0);
	pipeline_case_expect_destination(&first.invite, "198.51.100.7:5060");
	assert_int_equal(place(&scene, &second, &hq, "911000002"), 0);
	pipeline_case_expect_destination(&second.invite, "198.51.100.8:5060");
	assert_false(take_record(&scene, &record));

	assert_int_equal(place(&scene, &third, &hq, "911000003"), 503);
	assert_memory_equal(third.invite.text, "SIP/2.0 503 Company call limit\r\n", 32);
	expect_record(&scene, &record, CALL_END_FAILED, 503, REASON_COMPANY_CALL_LIMIT);
	assert_int_equal(place(&scene, &inbound, &telco, "944000000"), 486);
	expect_record(&scene, &record, CALL_END_FAILED, 486, REASON_COMPANY_CALL_LIMIT_INBOUND);
	/* R17: of one company to a DDI of the other. */
	assert_int_equal(place(&scene, &between, &gate, "944000000"), 486);
	expect_record(&scene, &record, CALL_END_FAILED, 486, REASON_COMPANY_CALL_LIMIT_INBOUND);
	assert_int_equal(place(&scene, &between, &hq, "955000000"), 503);
	expect_record(&scene, &record, CALL_END_FAILED, 503, REASON_COMPANY_CALL_LIMIT);
	/* Internal calls are not meant. */
	assert_int_equal(place(&scene, &third, &hq, "3001"), 0);

	answer(&scene, &first, "");
	hang_up(&scene, &first);
	assert_int_equal(place(&scene, &between, &hq, "955000000"), 0);
	assert_int_equal(place(&scene, &inbound, &telco, "944000000"), 486);
	audit(&scene);
	end(&scene);
}

/* Neither caller, nor its company, nor the carrier that the call goes on by has a limit. */
static void r18_a_call_that_goes_on_counts_no_more_where_it_was(void **state)
{
	static struct call_case first, second;
	static struct pipeline_message message;
	struct scene scene = begin(state);
	uint32_t invites = 0;

	assert_int_equal(place(&scene, &first, &gate, "911000001"), 0);
	pipeline_case_expect_destination(&first.invite, "198.51.100.7:5060");
	assert_int_equal(audit(&scene).limited, 1);
	respond(&scene, &first.invite, 503, "");
	while (pipeline_take(scene.pipeline, &message))
		if (strncmp(message.text, "INVITE ", 7) == 0) {
			pipeline_case_expect_destination(&message, "198.51.100.8:5060");
			invites++;
		}
	assert_int_equal(invites, 1);
	assert_int_equal(audit(&scene).limited, 0);
	assert_int_equal(place(&scene, &second, &gate, "911000002"), 0);
	pipeline_case_expect_destination(&second.invite, "198.51.100.7:5060");
	end(&scene);
}

static void r18_new_calls_per_second_of_a_friend(void **state)
{
	static struct call_case call;
	struct scene scene = begin(state);

	for (uint32_t second = 0; second < 3; second++) {
		assert_int_equal(place(&scene, &call, &fast, "3001"), 0);
		assert_int_equal(place(&scene, &call, &fast, "3002"), 0);
		assert_int_equal(place(&scene, &call, &fast, "3003"), 503);
		pipeline_case_expect_header(call.invite.text, "Retry-After", "1");
		pipeline_advance_ms(scene.pipeline, 1000);
	}
	assert_int_equal(pipeline_reason(scene.pipeline, REASON_CALLS_PER_SECOND), 3);
	end(&scene);
}

static void r37_nothing_stops_an_emergency_call(void **state)
{
	static struct call_case call[4], refused;
	struct scene scene = begin(state);

	assert_int_equal(place(&scene, &call[0], &hq, "911000001"), 0);
	assert_int_equal(place(&scene, &call[1], &hq, "911000002"), 0);
	assert_int_equal(place(&scene, &refused, &hq, "911000003"), 503);
	/* Company and carrier are over their limits, the router is drained. */
	atomic_store(&pipeline_dataplane(scene.pipeline)->draining, true);
	assert_int_equal(place(&scene, &call[2], &hq, "112"), 0);
	pipeline_case_expect_destination(&call[2].invite, "198.51.100.7:5060");
	struct call_audit now = audit(&scene);
	assert_int_equal(now.calls, 3);
	/* And the table is full. */
	for (uint32_t i = 0; i < pipeline_dataplane(scene.pipeline)->worker_count; i++)
		pipeline_worker(scene.pipeline, i)->calls.free_calls.top[0] = FREE_SLOTS_NONE;
	assert_int_equal(place(&scene, &call[3], &hq, "112"), 0);
	assert_int_equal(pipeline_counter(scene.pipeline, COUNTER_CALLS_UNTRACKED), 1);
	assert_int_equal(audit(&scene).untracked, 1);
	end(&scene);
}

static void drain_takes_no_new_calls_and_ends_none(void **state)
{
	static struct call_case first, second;
	struct scene scene = begin(state);
	struct call_record record;

	assert_int_equal(place(&scene, &first, &hq, "3001"), 0);
	atomic_store(&pipeline_dataplane(scene.pipeline)->draining, true);
	assert_int_equal(place(&scene, &second, &hq, "3002"), 503);
	pipeline_case_expect_header(second.invite.text, "Retry-After", "60");
	expect_record(&scene, &record, CALL_END_FAILED, 503, REASON_DRAINING);
	answer(&scene, &first, "");
	request_in_dialog(&scene, &first, "INFO", 2, "");
	hang_up(&scene, &first);
	expect_record(&scene, &record, CALL_END_CALLER, 200, REASON_NONE);
	atomic_store(&pipeline_dataplane(scene.pipeline)->draining, false);
	assert_int_equal(place(&scene, &second, &hq, "3002"), 0);
	end(&scene);
}

static void a_full_table_refuses_with_retry_after(void **state)
{
	static struct call_case call;
	struct scene scene = begin(state);
	struct call_record record;

	for (uint32_t i = 0; i < pipeline_dataplane(scene.pipeline)->worker_count; i++)
		while (call_table_add(&pipeline_worker(scene.pipeline, i)->calls))
			;
	assert_int_equal(place(&scene, &call, &hq, "3001"), 503);
	pipeline_case_expect_header(call.invite.text, "Retry-After", "10");
	expect_record(&scene, &record, CALL_END_FAILED, 503, REASON_CALL_TABLE_FULL);
	/* They have no transactions: the audit at the end would say so. */
	for (uint32_t i = 0; i < pipeline_dataplane(scene.pipeline)->worker_count; i++) {
		struct call_table *calls = &pipeline_worker(scene.pipeline, i)->calls;
		for (uint32_t j = 0; j < calls->count; j++)
			call_table_remove(calls, &calls->call[j]);
	}
	pipeline_stop(scene.pipeline);
}

/* RFC 4028: who does not refresh has no session any more; a 2xx to UPDATE or re-INVITE is a refresh. */
static void a_call_ends_with_its_session_timer(void **state)
{
	static struct call_case call, next;
	struct scene scene = begin(state);
	struct call_record record;

	assert_int_equal(place(&scene, &call, &hq, "2001"), 0);
	answer(&scene, &call, "Session-Expires: 200;refresher=uac\r\n");
	pipeline_advance_ms(scene.pipeline, 150000);
	request_in_dialog(&scene, &call, "UPDATE", 2, "Session-Expires: 200;refresher=uac\r\n");
	pipeline_advance_ms(scene.pipeline, 199000);
	assert_false(take_record(&scene, &record));
	assert_int_equal(place(&scene, &next, &hq, "2002"), 486);
	assert_true(take_record(&scene, &record));
	pipeline_advance_ms(scene.pipeline, 2000);
	expect_record(&scene, &record, CALL_END_EXPIRED, 200, REASON_CALL_EXPIRED);
	assert_int_equal(record.ended_ms - record.answered_ms, 350000);
	assert_int_equal(pipeline_counter(scene.pipeline, COUNTER_CALLS_EXPIRED), 1);
	/* Its place is free; what it still says passes all the same (R30). */
	assert_int_equal(place(&scene, &next, &hq, "2002"), 0);
	request_in_dialog(&scene, &call, "BYE", 3, "");
	assert_false(take_record(&scene, &record));
	end(&scene);
}

/* `amityctl why`: the last decisions about a Call-ID. */
static void why_tells_what_was_decided(void **state)
{
	static struct call_case first, second;
	struct scene scene = begin(state);
	struct decision told[8];
	uint32_t count = 0;

	assert_int_equal(place(&scene, &first, &hq, "2001"), 0);
	assert_int_equal(place(&scene, &second, &hq, "2002"), 486);
	answer(&scene, &first, "");
	hang_up(&scene, &first);
	for (uint32_t i = 0; i < pipeline_dataplane(scene.pipeline)->worker_count; i++) {
		struct inquiry inquiry = {.kind = INQUIRY_WHY,
					  .call_id = span_of_text(first.call_id),
					  .output = told + count,
					  .capacity = 8 - count};
		ask(&scene, &inquiry, i);
		count += inquiry.count;
		inquiry.call_id = span_of_text(second.call_id);
		inquiry.output = told + count;
		inquiry.capacity = 8 - count;
		ask(&scene, &inquiry, i);
		if (inquiry.count == 0)
			continue;
		assert_int_equal(inquiry.count, 1);
		const struct decision *refusal = &told[count];
		assert_int_equal(refusal->reason, REASON_ENDPOINT_CALL_LIMIT);
		assert_int_equal(refusal->status, 486);
		assert_string_equal(refusal->rule, "R4.2");
		assert_span_equal(decision_text(refusal, DECISION_TEXT_TARGET), SPAN_LITERAL("lab"));
		assert_span_equal(decision_text(refusal, DECISION_TEXT_NUMBER), SPAN_LITERAL("2002"));
	}
	assert_int_equal(count, 2);
	assert_int_equal(told[0].kind, DECISION_REQUEST);
	assert_int_equal(told[0].reason, REASON_FORWARDED_REQUEST);
	assert_span_equal(decision_text(&told[0], DECISION_TEXT_CALLER), SPAN_LITERAL("hq"));
	assert_int_equal(told[1].kind, DECISION_CALL);
	assert_int_equal(told[1].end, CALL_END_CALLER);
	assert_int_equal(told[1].status, 200);
	end(&scene);
}

static void questions_that_nobody_answers_are_given_back(void **state)
{
	struct scene scene = begin(state);
	struct dataplane *dataplane = pipeline_dataplane(scene.pipeline);
	struct inquiry inquiry[2] = {{.kind = INQUIRY_AUDIT}, {.kind = INQUIRY_COUNT}};
	struct worker *worker = pipeline_worker(scene.pipeline, 0);

	for (uint32_t i = 0; i < 2; i++)
		assert_int_equal(rte_ring_enqueue(dataplane->inquiry[0], &inquiry[i]), 0);
	worker_burst(worker);
	assert_ptr_equal(worker->inquire.inquiry, &inquiry[0]);
	assert_false(atomic_load(&inquiry[0].done));
	rings_drain((struct setup *)dataplane);
	for (uint32_t i = 0; i < 2; i++) {
		assert_true(atomic_load(&inquiry[i].done));
		assert_true(inquiry[i].abandoned);
	}
	assert_null(worker->inquire.inquiry);
	pipeline_stop(scene.pipeline);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PIPELINE_CASE_ROWS(a_call_has_one_record_of_its_whole_life),
		PIPELINE_CASE_ROWS(a_failed_call_has_the_status_that_the_caller_got),
		PIPELINE_CASE_ROWS(r18_calls_towards_a_friend),
		PIPELINE_CASE_ROWS(r18_calls_of_a_carrier_go_by_the_next_and_of_a_company_end),
		PIPELINE_CASE_ROWS(r18_a_call_that_goes_on_counts_no_more_where_it_was),
		PIPELINE_CASE_ROWS(r18_new_calls_per_second_of_a_friend),
		PIPELINE_CASE_ROWS(r37_nothing_stops_an_emergency_call),
		PIPELINE_CASE_ROWS(drain_takes_no_new_calls_and_ends_none),
		PIPELINE_CASE_ROWS(a_full_table_refuses_with_retry_after),
		PIPELINE_CASE_ROWS(a_call_ends_with_its_session_timer),
		PIPELINE_CASE_ROWS(why_tells_what_was_decided),
		PIPELINE_CASE_ROWS(questions_that_nobody_answers_are_given_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
