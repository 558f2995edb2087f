/*
 * What the control thread asks an lcore about its calls, answered over several bursts while calls come and go.
 */
#include "cmocka_all.h"

#include <stdlib.h>

#include <rte_ring.h>

#include "call_rig.h"
#include "call_track.h"
#include "decision_note.h"
#include "message_parse.h"
#include "random_source.h"
#include "stages.h"

#define CALLS	     3000 /* more than INQUIRY_SLOTS_PER_BURST */
#define TRANSACTIONS 2500
#define DECISIONS    4096

static struct call_rig rig;
static struct worker *worker;

static struct company companies[2] = {
	{.id = 11, .name = SPAN_LITERAL("acme"), .max_calls = 100000},
	{.id = 22, .name = SPAN_LITERAL("globex"), .max_calls = 100000},
};
static struct endpoint user = {.name = SPAN_LITERAL("alice"), .kind = ENDPOINT_USER, .max_calls = 100000};

static int begin(void **state)
{
	(void)state;
	call_rig_make(&rig, CALLS, TRANSACTIONS, DECISIONS);
	worker = rig.worker[0];
	return 0;
}

static int end(void **state)
{
	(void)state;
	call_rig_free(&rig);
	return 0;
}

/* The INVITE number `i` of one company to the user of another. */
static void make_packet(struct packet *packet, char text[256], uint32_t i, uint32_t from, uint32_t to)
{
	int length = snprintf(
		text, 256,
		"INVITE sip:2001@a.b SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bKa\r\n"
		"From: <sip:alice@a.b>;tag=a\r\nTo: <sip:2001@a.b>\r\nCall-ID: call-%u\r\nCSeq: 1 INVITE\r\n\r\n",
		i);

	memset(packet, 0, sizeof(*packet));
	assert_int_equal(message_parse(&packet->message, span_make(text, (size_t)length)), REASON_NONE);
	packet->kind = PACKET_INITIAL;
	packet->request.company = &companies[from];
	packet->request.caller = &user;
	packet->decision.company = &companies[to];
	packet->decision.from_outside = from != to;
	packet->decision.target = &user;
	packet->decision.outcome = ROUTE_OUTCOME_USER;
}

static uint64_t begin_call(uint32_t i, uint32_t from, uint32_t to)
{
	static struct packet packet;
	char text[256];

	make_packet(&packet, text, i, from, to);
	assert_int_equal(call_track_admit(worker, &packet), REASON_NONE);
	return packet.call;
}

static void answer_call(uint64_t call)
{
	static struct sip_message response;
	static const char text[] =
		"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bKa\r\nFrom: <sip:a@a.b>;tag=a\r\n"
		"To: <sip:b@a.b>;tag=b\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\n\r\n";

	assert_int_equal(message_parse(&response, span_make(text, sizeof(text) - 1)), REASON_NONE);
	call_track_answered(worker, call, &response);
}

/* Result: bursts that it took. */
static uint32_t ask(struct inquiry *inquiry)
{
	uint32_t bursts = 0;

	atomic_store(&inquiry->done, false);
	assert_int_equal(rte_ring_enqueue(rig.dataplane.inquiry[0], inquiry), 0);
	while (!atomic_load(&inquiry->done)) {
		inquire_burst(worker);
		bursts++;
	}
	assert_false(inquiry->abandoned);
	return bursts;
}

static void counts_are_of_now(void **state)
{
	struct inquiry inquiry = {.kind = INQUIRY_COUNT};

	(void)state;
	assert_int_equal(ask(&inquiry), 1);
	assert_int_equal(inquiry.counts.trying + inquiry.counts.ringing + inquiry.counts.answered, 0);
	assert_int_equal(inquiry.counts.capacity, CALLS);
	for (uint32_t i = 0; i < 10; i++) {
		uint64_t call = begin_call(i, 0, 0);
		if (i < 5)
			call_track_ringing(worker, call, 180);
		if (i < 3)
			answer_call(call);
	}
	ask(&inquiry);
	assert_int_equal(inquiry.counts.trying, 5);
	assert_int_equal(inquiry.counts.ringing, 2);
	assert_int_equal(inquiry.counts.answered, 3);
}

/* Pages of any size: every call of the company that lives all the time, once, in whatever burst the others begin. */
static void pages_hold_each_call_once(void **state)
{
	static struct call_record page[700];
	static uint64_t call[CALLS];
	static uint32_t seen[CALLS];
	struct random_source random = random_source_of(5);
	uint32_t count = 2400, asked = 0;

	(void)state;
	for (uint32_t i = 0; i < count; i++)
		call[i] = begin_call(i, i % 2, i % 3 == 0);
	struct inquiry inquiry = {.kind = INQUIRY_CALLS, .company_id = 22, .output = page};
	while (inquiry.cursor != INQUIRY_CURSOR_END) {
		inquiry.capacity = random_source_below(&random, sizeof(page) / sizeof(page[0])) + 1;
		ask(&inquiry);
		assert_true(inquiry.count <= inquiry.capacity);
		for (uint32_t i = 0; i < inquiry.count; i++) {
			assert_true(page[i].company_id == 22 || page[i].target_company_id == 22);
			for (uint32_t j = 0; j < count; j++)
				seen[j] += call[j] == page[i].handle;
		}
		/* One ends, another begins in its slot. */
		uint32_t gone = random_source_below(&random, 100);
		call_track_failed(worker, call[gone], 404, REASON_NONE);
		begin_call(count + asked++, 1, 1);
	}
	assert_true(asked > 2);
	for (uint32_t i = 100; i < count; i++)
		assert_int_equal(seen[i], i % 2 == 1 || i % 3 == 0);
	struct inquiry all = {.kind = INQUIRY_CALLS, .output = page, .capacity = 1};
	ask(&all);
	assert_int_equal(all.count, 1);
	assert_int_equal(all.cursor, 1);
}

static void a_burst_looks_at_a_part_of_the_table(void **state)
{
	struct call_record one;
	struct inquiry inquiry = {.kind = INQUIRY_CALLS, .output = &one, .capacity = 1};

	(void)state;
	assert_int_equal(ask(&inquiry), CALLS / INQUIRY_SLOTS_PER_BURST + 1);
	assert_int_equal(inquiry.count, 0);
	assert_int_equal(inquiry.cursor, INQUIRY_CURSOR_END);
}

static void one_call_is_found_by_handle_and_by_call_id(void **state)
{
	struct call_record found[3];
	uint64_t call[2000];

	(void)state;
	for (uint32_t i = 0; i < 2000; i++)
		call[i] = begin_call(i / 2, 0, 0); /* two of each Call-ID, as a spiral makes */
	struct inquiry by_handle = {.kind = INQUIRY_CALL, .handle = call[1234], .output = found, .capacity = 3};
	assert_int_equal(ask(&by_handle), 1);
	assert_int_equal(by_handle.count, 1);
	assert_int_equal(found[0].handle, call[1234]);
	struct inquiry by_call_id = {
		.kind = INQUIRY_CALL, .call_id = SPAN_LITERAL("call-777"), .output = found, .capacity = 3};
	ask(&by_call_id);
	assert_int_equal(by_call_id.count, 2);
	assert_true(found[0].handle == call[1554] || found[0].handle == call[1555]);
	assert_true(found[1].handle == call[1554] || found[1].handle == call[1555]);
	call_track_failed(worker, call[1234], 404, REASON_NONE);
	ask(&by_handle);
	assert_int_equal(by_handle.count, 0);
	by_call_id.call_id = SPAN_LITERAL("call-77777");
	by_call_id.cursor = 0;
	ask(&by_call_id);
	assert_int_equal(by_call_id.count, 0);
}

static void note(uint32_t i, enum reason reason)
{
	static struct packet packet;
	char text[256];

	make_packet(&packet, text, i, 0, 0);
	packet.caller.company = &companies[0];
	packet.caller.endpoint = &user;
	packet.source.port = 5070;
	memcpy(packet.decision.rule, "R4.1", 5);
	memcpy(packet.decision.dialled.text, "2001", 5);
	packet.decision.dialled.length = 4;
	packet.verdict = reason == REASON_FORWARDED_REQUEST ? VERDICT_FORWARD : VERDICT_ANSWER;
	packet.reason = (uint16_t)reason;
	decision_note_packet(worker, &packet);
}

static void why_tells_the_newest_last(void **state)
{
	struct decision told[8];
	struct inquiry inquiry = {
		.kind = INQUIRY_WHY, .call_id = SPAN_LITERAL("call-5"), .output = told, .capacity = 8};

	(void)state;
	assert_int_equal(ask(&inquiry), 1);
	assert_int_equal(inquiry.count, 0);
	note(5, REASON_CHALLENGED);
	call_rig_pass(&rig, 100);
	for (uint32_t i = 0; i < 3000; i++)
		note(10 + i, REASON_CHALLENGED);
	note(5, REASON_FORWARDED_REQUEST);
	call_rig_pass(&rig, 100);
	call_track_failed(worker, begin_call(5, 0, 0), 486, REASON_NONE);
	assert_int_equal(ask(&inquiry), 3);
	assert_int_equal(inquiry.count, 3);
	assert_int_equal(told[0].reason, REASON_CHALLENGED);
	assert_int_equal(told[0].status, 407);
	assert_int_equal(told[0].verdict, VERDICT_ANSWER);
	assert_int_equal(told[0].kind, DECISION_REQUEST);
	assert_int_equal(told[0].time_ms, CALL_RIG_UNIX_S * 1000ull);
	assert_int_equal(told[1].reason, REASON_FORWARDED_REQUEST);
	assert_int_equal(told[1].status, 0);
	assert_int_equal(told[1].method, SIP_METHOD_INVITE);
	assert_int_equal(told[1].source.port, 5070);
	assert_string_equal(told[1].rule, "R4.1");
	assert_span_equal(decision_text(&told[1], DECISION_TEXT_CALLER), SPAN_LITERAL("alice"));
	assert_span_equal(decision_text(&told[1], DECISION_TEXT_TARGET), SPAN_LITERAL("alice"));
	assert_span_equal(decision_text(&told[1], DECISION_TEXT_NUMBER), SPAN_LITERAL("2001"));
	assert_int_equal(told[1].time_ms, CALL_RIG_UNIX_S * 1000ull + 1000);
	assert_int_equal(told[2].kind, DECISION_CALL);
	assert_int_equal(told[2].status, 486);
	assert_int_equal(told[2].end, CALL_END_FAILED);
	assert_int_equal(told[2].time_ms, CALL_RIG_UNIX_S * 1000ull + 2000);

	inquiry.capacity = 2;
	ask(&inquiry);
	assert_int_equal(inquiry.count, 2);
	assert_int_equal(told[0].reason, REASON_FORWARDED_REQUEST);
	assert_int_equal(told[1].kind, DECISION_CALL);
	/* The oldest of them gives way. */
	for (uint32_t i = 0; i < DECISIONS - 3001; i++)
		note(10 + i, REASON_CHALLENGED);
	inquiry.capacity = 8;
	ask(&inquiry);
	assert_int_equal(inquiry.count, 2);
}

static void what_is_no_request_is_not_told_about(void **state)
{
	static struct packet packet;
	char text[256];

	(void)state;
	make_packet(&packet, text, 5, 0, 0);
	packet.verdict = VERDICT_ABSORB;
	decision_note_packet(worker, &packet);
	packet.verdict = VERDICT_FORWARD;
	packet.reason = REASON_FORWARDED_IN_DIALOG;
	packet.kind = PACKET_IN_DIALOG;
	decision_note_packet(worker, &packet);
	packet.message.is_request = false;
	packet.kind = PACKET_INITIAL;
	decision_note_packet(worker, &packet);
	assert_int_equal(worker->decisions.count, 0);
	/* But why a re-INVITE was refused is asked for. */
	packet.message.is_request = true;
	packet.kind = PACKET_IN_DIALOG;
	packet.reason = REASON_BAD_COOKIE;
	packet.verdict = VERDICT_ANSWER;
	decision_note_packet(worker, &packet);
	assert_int_equal(worker->decisions.count, 1);
}

static struct transaction *begin_transaction(uint64_t call)
{
	static uint64_t names;
	uint8_t key[TRANSACTION_KEY_BYTES] = {0};

	names++;
	memcpy(key, &names, sizeof(names));
	struct transaction *transaction = transaction_table_add(&worker->transactions, key, 0, 0);
	assert_non_null(transaction);
	transaction->state = TRANSACTION_PROCEEDING;
	transaction->is_invite = true;
	transaction->kind = PACKET_INITIAL;
	transaction->call = call;
	return transaction;
}

static void assert_sound(const struct call_audit *audit)
{
	assert_int_equal(audit->calls_without_transaction, 0);
	assert_int_equal(audit->calls_without_timer, 0);
	assert_int_equal(audit->transactions_without_call, 0);
	assert_int_equal(audit->limits_wrong, 0);
	assert_int_equal(audit->example, CALL_NONE);
}

struct live {
	uint64_t call;
	struct transaction *transaction;
};

static void end_live(struct live *live)
{
	if (live->transaction) {
		transaction_table_remove(&worker->transactions, live->transaction);
		call_track_failed(worker, live->call, 404, REASON_NONE);
	} else {
		call_track_bye(worker, live->call, call_track_hash_tag(&rig.keys, SPAN_LITERAL("b")), true);
	}
}

/* Calls begin, are answered and end between any two bursts of the audit: never a false alarm. */
static void a_sound_router_is_found_sound_at_any_time(void **state)
{
	static struct live live[1500];
	struct random_source random = random_source_of(7);
	uint32_t count = 0, audits = 0;
	struct inquiry inquiry = {.kind = INQUIRY_AUDIT};
	struct call_record record;

	(void)state;
	assert_int_equal(rte_ring_enqueue(rig.dataplane.inquiry[0], &inquiry), 0);
	for (uint32_t i = 0; i < 60000; i++) {
		uint32_t pick = count ? random_source_below(&random, count) : 0;
		if (random_source_below(&random, 1500) > count) {
			live[count].call =
				begin_call(i, random_source_below(&random, 2), random_source_below(&random, 2));
			live[count].transaction = begin_transaction(live[count].call);
			count++;
		} else if (live[pick].transaction && random_source_once_in(&random, 2)) {
			transaction_table_remove(&worker->transactions, live[pick].transaction);
			live[pick].transaction = NULL;
			answer_call(live[pick].call);
		} else {
			end_live(&live[pick]);
			live[pick] = live[--count];
		}
		while (call_rig_take(&rig, 0, &record))
			;
		if (random_source_once_in(&random, 10))
			inquire_burst(worker);
		if (!atomic_load(&inquiry.done))
			continue;
		assert_sound(&inquiry.audit);
		assert_true(inquiry.audit.calls >= inquiry.audit.unanswered);
		audits++;
		inquiry = (struct inquiry){.kind = INQUIRY_AUDIT};
		assert_int_equal(rte_ring_enqueue(rig.dataplane.inquiry[0], &inquiry), 0);
	}
	assert_true(audits > 100);
	while (!atomic_load(&inquiry.done))
		inquire_burst(worker);
	ask(&inquiry);
	assert_int_equal(inquiry.audit.calls, count);
	assert_int_equal(inquiry.audit.limited, 3);
	while (count)
		end_live(&live[--count]);
	ask(&inquiry);
	assert_int_equal(inquiry.audit.calls, 0);
	assert_int_equal(inquiry.audit.limited, 0);
}

static void what_does_not_fit_is_found(void **state)
{
	struct inquiry inquiry = {.kind = INQUIRY_AUDIT};

	(void)state;
	for (uint32_t i = 0; i < 1500; i++)
		begin_transaction(begin_call(i, 0, 1));
	ask(&inquiry);
	assert_sound(&inquiry.audit);
	assert_int_equal(inquiry.audit.calls, 1500);
	assert_int_equal(inquiry.audit.unanswered, 1500);
	assert_int_equal(inquiry.audit.transactions, 1500);
	assert_int_equal(inquiry.audit.limited, 3);

	uint64_t orphan = begin_call(1, 0, 0);
	ask(&inquiry);
	assert_int_equal(inquiry.audit.calls_without_transaction, 1);
	assert_int_equal(inquiry.audit.example, orphan);
	struct transaction *transaction = begin_transaction(orphan);
	ask(&inquiry);
	assert_sound(&inquiry.audit);

	timer_wheel_stop(&worker->wheel, &call_table_find(&worker->calls, orphan)->timer);
	ask(&inquiry);
	assert_int_equal(inquiry.audit.calls_without_timer, 1);
	assert_int_equal(inquiry.audit.example, orphan);

	call_track_failed(worker, orphan, 404, REASON_NONE);
	ask(&inquiry);
	assert_int_equal(inquiry.audit.transactions_without_call, 1);
	assert_int_equal(inquiry.audit.example, orphan);
	transaction->call = CALL_NONE;
	ask(&inquiry);
	assert_sound(&inquiry.audit);
	assert_int_equal(inquiry.audit.untracked, 1);
	transaction->state = TRANSACTION_COMPLETED;

	/* A call that stopped counting, and one that never did. */
	struct call *call = &worker->calls.call[1200];
	uint32_t entry = call->limit[CALL_LIMIT_TARGET];
	limit_table_release(&worker->limits, entry);
	ask(&inquiry);
	assert_int_equal(inquiry.audit.limits_wrong, 1);
	call->limit[CALL_LIMIT_TARGET] = LIMIT_NONE;
	ask(&inquiry);
	assert_sound(&inquiry.audit);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(counts_are_of_now, begin, end),
		cmocka_unit_test_setup_teardown(pages_hold_each_call_once, begin, end),
		cmocka_unit_test_setup_teardown(a_burst_looks_at_a_part_of_the_table, begin, end),
		cmocka_unit_test_setup_teardown(one_call_is_found_by_handle_and_by_call_id, begin, end),
		cmocka_unit_test_setup_teardown(why_tells_the_newest_last, begin, end),
		cmocka_unit_test_setup_teardown(what_is_no_request_is_not_told_about, begin, end),
		cmocka_unit_test_setup_teardown(a_sound_router_is_found_sound_at_any_time, begin, end),
		cmocka_unit_test_setup_teardown(what_does_not_fit_is_found, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
