/*
 * Calls and their limits against a naive model: a list of calls, each with the things that it counts for; random
 * events on two lcores.
 */
#include "cmocka_all.h"

#include <stdlib.h>

#include <sodium.h>

#include "call_describe.h"
#include "call_rig.h"
#include "call_track.h"
#include "message_parse.h"
#include "random_source.h"
#include "text_write.h"

#define CALLS	     24 /* room in the table of each lcore */
#define EVENTS	     60000
#define CALLEES	     3
#define RESPONSE_MAX 512

static struct call_rig rig;

/* The directory, as far as limits look at it. */
static struct company companies[2] = {
	{.id = 0x1111, .name = SPAN_LITERAL("acme"), .max_calls = 6},
	{.id = 0x2222, .name = SPAN_LITERAL("globex"), .max_calls = 4},
};
static struct carrier carriers[3] = {
	{.name = SPAN_LITERAL("telco-a"), .max_calls = 5},
	{.name = SPAN_LITERAL("telco-b"), .max_calls = 3},
	{.name = SPAN_LITERAL("telco-c")},
};
static struct endpoint endpoints[4] = {
	{.name = SPAN_LITERAL("alice"), .aor_key = {1}, .kind = ENDPOINT_USER, .max_calls = 1},
	{.name = SPAN_LITERAL("hq-pbx"), .aor_key = {2}, .kind = ENDPOINT_FRIEND, .max_calls = 3, .max_cps = 2},
	{.name = SPAN_LITERAL("bob"), .aor_key = {3}, .kind = ENDPOINT_USER},
	{.name = SPAN_LITERAL("branch"), .aor_key = {4}, .kind = ENDPOINT_FRIEND, .max_calls = 2},
};
static struct ddi ddi = {.number = SPAN_LITERAL("+34944000000")};

static struct company *company_of(const struct endpoint *endpoint)
{
	return &companies[(endpoint - endpoints) / 2];
}

static struct packet packet; /* of the event at hand */

static void set_number(struct number *number, const char *text)
{
	number->length = (uint8_t)strlen(text);
	memcpy(number->text, text, number->length + 1u);
}

static void begin_packet(void)
{
	static const char text[] =
		"INVITE sip:2001@acme.example.net SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bKa\r\n"
		"From: <sip:alice@acme.example.net>;tag=a\r\nTo: <sip:2001@acme.example.net>\r\n"
		"Call-ID: one@192.0.2.7\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n";

	memset(&packet, 0, sizeof(packet));
	assert_int_equal(message_parse(&packet.message, SPAN_LITERAL(text)), REASON_NONE);
	packet.kind = PACKET_INITIAL;
	set_number(&packet.decision.dialled, "2001");
	memcpy(packet.decision.rule, "R4.2", 5);
}

static void from_endpoint(const struct endpoint *caller)
{
	packet.request.caller = caller;
	packet.request.company = packet.decision.company = company_of(caller);
}

static void from_carrier(const struct carrier *carrier)
{
	packet.request.carrier = carrier;
}

/* A call to another company, or from a carrier, comes through its DDI (R17, R33). */
static void to_endpoint(const struct endpoint *target)
{
	packet.decision.company = company_of(target);
	packet.decision.target = target;
	packet.decision.outcome = target->kind == ENDPOINT_USER ? ROUTE_OUTCOME_USER : ROUTE_OUTCOME_FRIEND;
	packet.decision.from_outside = packet.request.company != packet.decision.company;
	packet.decision.ddi = packet.decision.from_outside ? &ddi : NULL;
}

static void to_carrier(const struct carrier *carrier)
{
	packet.decision.carrier = carrier;
	packet.decision.outcome = ROUTE_OUTCOME_EXTERNAL;
	set_number(&packet.decision.e164, "+34600000000");
}

/* What the model knows. Things: companies 0-1, carriers 2-4, endpoints 5-8. */
enum { THINGS = 9, NO_THING = -1, MODEL_CALLS_MAX = EVENTS };

struct model_call {
	uint64_t handle;
	int thing[CALL_LIMIT_COUNT];
	uint64_t end_tick, longest_end_tick;
	uint8_t state, worker;
	uint32_t answered, ended; /* bits of callees */
	bool emergency;
};

struct model {
	struct model_call call[MODEL_CALLS_MAX];
	uint32_t count, live[CALL_RIG_WORKERS];
	uint32_t begun_in_second[4]; /* by endpoint */
	uint32_t second;
	uint32_t refused, expired;
	uint32_t counted[THINGS];
	uint32_t reasons[REASON_COUNT];
};

static struct model model;

static uint32_t most_of(int thing)
{
	return thing < 2   ? companies[thing].max_calls
	       : thing < 5 ? carriers[thing - 2].max_calls
			   : endpoints[thing - 5].max_calls;
}

/* R18 in plain words. */
static void model_things(int thing[CALL_LIMIT_COUNT], uint16_t reason[CALL_LIMIT_COUNT])
{
	bool leaves = packet.decision.outcome == ROUTE_OUTCOME_EXTERNAL, enters = packet.decision.from_outside;

	for (uint32_t i = 0; i < CALL_LIMIT_COUNT; i++)
		thing[i] = NO_THING;
	if ((leaves || enters) && packet.request.company)
		thing[0] = (int)(packet.request.company - companies);
	if ((leaves || enters) && packet.decision.company && packet.decision.company != packet.request.company)
		thing[1] = (int)(packet.decision.company - companies);
	if (packet.request.carrier)
		thing[2] = 2 + (int)(packet.request.carrier - carriers);
	if (leaves)
		thing[3] = 2 + (int)(packet.decision.carrier - carriers);
	else
		thing[4] = 5 + (int)(packet.decision.target - endpoints);
	reason[0] = REASON_COMPANY_CALL_LIMIT;
	reason[1] = enters ? REASON_COMPANY_CALL_LIMIT_INBOUND : REASON_COMPANY_CALL_LIMIT;
	reason[2] = REASON_CARRIER_CALL_LIMIT_INBOUND;
	reason[3] = REASON_CARRIER_CALL_LIMIT;
	reason[4] = REASON_ENDPOINT_CALL_LIMIT;
	for (uint32_t i = 0; i < CALL_LIMIT_COUNT; i++)
		if (thing[i] != NO_THING && most_of(thing[i]) == 0)
			thing[i] = NO_THING;
}

/* `old`: what the call counts for already, part by part; NULL: nothing. */
static enum reason model_take(int thing[CALL_LIMIT_COUNT], const int *old, bool emergency)
{
	uint16_t reason[CALL_LIMIT_COUNT];
	uint32_t counted[THINGS];

	model_things(thing, reason);
	memcpy(counted, model.counted, sizeof(counted));
	for (uint32_t i = 0; i < CALL_LIMIT_COUNT; i++) {
		if (thing[i] == NO_THING || (old && old[i] == thing[i]))
			continue;
		if (counted[thing[i]] >= most_of(thing[i]) && !emergency)
			return (enum reason)reason[i];
		counted[thing[i]]++;
	}
	for (uint32_t i = 0; old && i < CALL_LIMIT_COUNT; i++)
		if (old[i] != NO_THING && old[i] != thing[i])
			counted[old[i]]--;
	memcpy(model.counted, counted, sizeof(counted));
	return REASON_NONE;
}

static uint32_t *model_rate(void)
{
	uint32_t now_s = rig.worker[0]->now_s;

	if (model.second != now_s)
		memset(model.begun_in_second, 0, sizeof(model.begun_in_second));
	model.second = now_s;
	return packet.request.caller ? &model.begun_in_second[packet.request.caller - endpoints] : NULL;
}

static enum reason model_admit(struct model_call *call)
{
	uint32_t *rate = model_rate(), before[THINGS];
	bool emergency = packet.decision.emergency;

	if (rig.dataplane.draining && !emergency)
		return REASON_DRAINING;
	if (model.live[call->worker] == CALLS)
		return emergency ? REASON_NONE : REASON_CALL_TABLE_FULL;
	memcpy(before, model.counted, sizeof(before));
	enum reason reason = model_take(call->thing, NULL, emergency);
	if (reason == REASON_NONE && rate && packet.request.caller->max_cps &&
	    *rate >= packet.request.caller->max_cps && !emergency) {
		memcpy(model.counted, before, sizeof(before));
		reason = REASON_CALLS_PER_SECOND;
	}
	if (reason == REASON_NONE && rate)
		++*rate;
	return reason;
}

static void check_record(const struct model_call *call, enum call_end end)
{
	struct call_record record;

	assert_true(call_rig_take(&rig, call->worker, &record));
	assert_int_equal(record.handle, call->handle);
	assert_int_equal(record.state, CALL_ENDED);
	assert_int_equal(record.end, end);
	assert_int_equal(record.answered_ms != 0, call->state == CALL_ANSWERED);
	assert_true(record.started_ms <= record.ended_ms);
}

static void model_end(struct model_call *call)
{
	for (uint32_t i = 0; i < CALL_LIMIT_COUNT; i++)
		if (call->thing[i] != NO_THING)
			model.counted[call->thing[i]]--;
	model.live[call->worker]--;
	call->state = CALL_ENDED;
}

static uint64_t key_of(int thing)
{
	uint64_t name;

	if (thing < 2)
		return limit_table_key(LIMIT_COMPANY_CALLS, companies[thing].id);
	if (thing < 5) {
		struct span carrier = carriers[thing - 2].name;
		crypto_shorthash((uint8_t *)&name, (const uint8_t *)carrier.at, carrier.length, rig.keys.aor_key);
		return limit_table_key(LIMIT_CARRIER_CALLS, name);
	}
	memcpy(&name, endpoints[thing - 5].aor_key, sizeof(name));
	return limit_table_key(LIMIT_ENDPOINT_CALLS, name);
}

static void check_counts(void)
{
	for (int thing = 0; thing < THINGS; thing++) {
		uint32_t sum = 0;
		for (uint32_t w = 0; w < CALL_RIG_WORKERS; w++)
			sum += limit_table_read_calls(&rig.worker[w]->limits, key_of(thing));
		assert_int_equal(sum, model.counted[thing]);
	}
	for (uint32_t w = 0; w < CALL_RIG_WORKERS; w++) {
		struct call_record left_over;
		const uint64_t *counted = rig.worker[w]->counters->value;
		assert_int_equal(rig.worker[w]->calls.used_count, model.live[w]);
		assert_int_equal(counted[COUNTER_CALLS_STARTED] - counted[COUNTER_CALLS_ENDED], model.live[w]);
		assert_int_equal(counted[COUNTER_CALL_RECORDS_LOST], 0);
		assert_int_equal(rig.worker[w]->wheel.count, model.live[w]);
		assert_false(call_rig_take(&rig, w, &left_over));
	}
}

static void random_target(struct random_source *random)
{
	if (random_source_once_in(random, 2))
		to_endpoint(&endpoints[random_source_below(random, 4)]);
	else
		to_carrier(&carriers[random_source_below(random, 3)]);
}

static void begin_call(struct random_source *random)
{
	struct model_call *call = &model.call[model.count];

	begin_packet();
	if (random_source_once_in(random, 4)) {
		from_carrier(&carriers[random_source_below(random, 3)]);
		to_endpoint(&endpoints[random_source_below(random, 4)]);
		/* Forwarded out again. */
		if (random_source_once_in(random, 5))
			to_carrier(&carriers[random_source_below(random, 3)]);
	} else {
		from_endpoint(&endpoints[random_source_below(random, 4)]);
		random_target(random);
		packet.decision.emergency =
			packet.decision.outcome == ROUTE_OUTCOME_EXTERNAL && random_source_once_in(random, 6);
	}
	*call = (struct model_call){.worker = (uint8_t)random_source_below(random, CALL_RIG_WORKERS),
				    .emergency = packet.decision.emergency};
	struct worker *worker = rig.worker[call->worker];
	bool full = model.live[call->worker] == CALLS;
	enum reason expected = model_admit(call), reason = call_track_admit(worker, &packet);
	assert_int_equal(reason, expected);
	model.reasons[reason]++;
	assert_int_equal(packet.call != CALL_NONE, reason == REASON_NONE && !full);
	if (packet.call == CALL_NONE)
		return;
	call->handle = packet.call;
	call->state = CALL_TRYING;
	call->longest_end_tick = call->end_tick = worker->now_tick + CALL_RIG_DURATION_S * 100;
	model.live[call->worker]++;
	model.count++;
}

static void move_call(struct random_source *random, struct model_call *call)
{
	struct worker *worker = rig.worker[call->worker];
	const struct call *before = call_table_find(&worker->calls, call->handle);
	int thing[CALL_LIMIT_COUNT];

	begin_packet();
	/* The caller stays who it was. */
	if (before && before->record.caller_kind == CALL_PARTY_CARRIER)
		for (uint32_t i = 0; i < 3; i++) {
			if (span_equals(carriers[i].name, call_record_text(&before->record, CALL_TEXT_CALLER)))
				from_carrier(&carriers[i]);
		}
	else
		for (uint32_t i = 0; before && i < 4; i++)
			if (span_equals(endpoints[i].name, call_record_text(&before->record, CALL_TEXT_CALLER)))
				from_endpoint(&endpoints[i]);
	random_target(random);
	if (call->state == CALL_ENDED) {
		assert_int_equal(call_track_retarget(worker, call->handle, &packet), REASON_NONE);
		return;
	}
	enum reason expected = model_take(thing, call->thing, call->emergency);
	assert_int_equal(call_track_retarget(worker, call->handle, &packet), expected);
	if (expected == REASON_NONE)
		memcpy(call->thing, thing, sizeof(thing));
}

static void read_response(struct sip_message *message, char text[RESPONSE_MAX], const char *method, uint32_t callee,
			  uint32_t session_s)
{
	int length =
		snprintf(text, RESPONSE_MAX,
			 "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bKa\r\n"
			 "From: <sip:alice@acme.example.net>;tag=a\r\nTo: <sip:2001@acme.example.net>;tag=callee%u\r\n"
			 "Call-ID: one@192.0.2.7\r\nCSeq: 1 %s\r\n%s%.0u",
			 callee, method, session_s ? "" : "Content-Length: 0\r\n\r\n", 0u);

	if (session_s)
		length += snprintf(text + length, RESPONSE_MAX - (size_t)length,
				   "Session-Expires: %u;refresher=uac\r\nContent-Length: 0\r\n\r\n", session_s);
	assert_int_equal(message_parse(message, span_make(text, (size_t)length)), REASON_NONE);
}

static void set_model_end(struct model_call *call, uint32_t session_s)
{
	uint64_t now_tick = rig.worker[call->worker]->now_tick;

	call->end_tick = call->longest_end_tick;
	if (session_s && now_tick + (session_s < 90 ? 90 : session_s) * 100 < call->end_tick)
		call->end_tick = now_tick + (session_s < 90 ? 90 : session_s) * 100;
}

static uint32_t random_session(struct random_source *random)
{
	static const uint32_t sessions[] = {0, 1, 90, 600, 1800, 100000};

	return sessions[random_source_below(random, 6)];
}

static void answer_call(struct random_source *random, struct model_call *call)
{
	uint32_t callee = random_source_below(random, CALLEES), session_s = random_session(random);
	struct sip_message message;
	char text[RESPONSE_MAX];

	read_response(&message, text, "INVITE", callee, session_s);
	call_track_answered(rig.worker[call->worker], call->handle, &message);
	if (call->state == CALL_ENDED || call->answered & 1u << callee)
		return;
	if (call->state != CALL_ANSWERED)
		call->longest_end_tick = rig.worker[call->worker]->now_tick + CALL_RIG_DURATION_S * 100;
	call->state = CALL_ANSWERED;
	call->answered |= 1u << callee;
	set_model_end(call, session_s);
}

static void refresh_call(struct random_source *random, struct model_call *call)
{
	uint32_t session_s = random_session(random);
	bool is_update = random_source_once_in(random, 2), is_info = random_source_once_in(random, 5);
	struct sip_message message;
	char text[RESPONSE_MAX];

	read_response(&message, text, is_info ? "INFO" : is_update ? "UPDATE" : "INVITE", 0, session_s);
	call_track_refresh(rig.worker[call->worker], call->handle, &message);
	if (call->state == CALL_ANSWERED && !is_info)
		set_model_end(call, session_s);
}

static void end_dialog(struct random_source *random, struct model_call *call)
{
	uint32_t callee = random_source_below(random, CALLEES);
	bool by_caller = random_source_once_in(random, 2);
	char tag[16];

	snprintf(tag, sizeof(tag), "callee%u", callee);
	call_track_bye(rig.worker[call->worker], call->handle, call_track_hash_tag(&rig.keys, span_of_text(tag)),
		       by_caller);
	if (call->state != CALL_ANSWERED || !(call->answered & 1u << callee))
		return;
	call->ended |= 1u << callee;
	if (call->ended != call->answered)
		return;
	check_record(call, by_caller ? CALL_END_CALLER : CALL_END_CALLEE);
	model_end(call);
}

static void fail_call(struct model_call *call)
{
	call_track_failed(rig.worker[call->worker], call->handle, 486, REASON_NONE);
	if (call->state != CALL_TRYING && call->state != CALL_RINGING)
		return;
	check_record(call, CALL_END_FAILED);
	model_end(call);
}

/* Those that expire leave their records in any order. */
static void pass_time(struct random_source *random)
{
	uint64_t ticks = random_source_once_in(random, 40) ? random_source_below(random, 300000)
							   : random_source_below(random, 60);
	struct call_record record;

	call_rig_pass(&rig, ticks);
	for (uint32_t w = 0; w < CALL_RIG_WORKERS; w++)
		while (call_rig_take(&rig, w, &record)) {
			struct model_call *call = NULL;
			for (uint32_t i = 0; i < model.count && !call; i++)
				if (model.call[i].handle == record.handle)
					call = &model.call[i];
			assert_non_null(call);
			assert_int_equal(record.end, CALL_END_EXPIRED);
			assert_int_equal(record.reason, REASON_CALL_EXPIRED);
			assert_int_equal(call->state, CALL_ANSWERED); /* who rings is its transaction's */
			assert_true(call->end_tick <= rig.worker[w]->now_tick);
			model_end(call);
			model.expired++;
		}
	for (uint32_t i = 0; i < model.count; i++)
		assert_true(model.call[i].state != CALL_ANSWERED || model.call[i].end_tick > rig.worker[0]->now_tick);
}

static void happen(struct random_source *random)
{
	uint32_t recent = model.count < 2 * CALLS ? model.count : 2 * CALLS;
	struct model_call *call = recent ? &model.call[model.count - 1 - random_source_below(random, recent)] : NULL;

	switch (random_source_below(random, call ? 12 : 1)) {
	case 0:
	case 1:
	case 2:
		begin_call(random);
		break;
	case 3:
		move_call(random, call);
		break;
	case 4:
		call_track_ringing(rig.worker[call->worker], call->handle, 180);
		if (call->state == CALL_TRYING)
			call->state = CALL_RINGING;
		break;
	case 5:
	case 6:
		answer_call(random, call);
		break;
	case 7:
		fail_call(call);
		break;
	case 8:
		refresh_call(random, call);
		break;
	case 9:
		pass_time(random);
		break;
	default:
		end_dialog(random, call);
	}
	if (random_source_once_in(random, 300))
		rig.dataplane.draining = !rig.dataplane.draining;
	if (rig.dataplane.draining && random_source_once_in(random, 20))
		rig.dataplane.draining = false;
}

static void random_calls_as_a_model_does(void **state)
{
	struct random_source random = random_source_of(18);

	(void)state;
	call_rig_make(&rig, CALLS, 64, 64);
	memset(&model, 0, sizeof(model));
	for (uint32_t i = 0; i < EVENTS; i++) {
		happen(&random);
		check_counts();
	}
	/* Everything that can happen did. */
	static const uint16_t seen[] = {REASON_NONE,
					REASON_COMPANY_CALL_LIMIT,
					REASON_COMPANY_CALL_LIMIT_INBOUND,
					REASON_CARRIER_CALL_LIMIT,
					REASON_CARRIER_CALL_LIMIT_INBOUND,
					REASON_ENDPOINT_CALL_LIMIT,
					REASON_CALLS_PER_SECOND,
					REASON_CALL_TABLE_FULL,
					REASON_DRAINING};
	for (uint32_t i = 0; i < sizeof(seen) / sizeof(seen[0]); i++)
		assert_true(model.reasons[seen[i]] > 5);
	assert_true(model.expired > 50);
	/* Who rings does so until its transaction ends; who talks, for the longest time. */
	for (uint32_t i = 0; i < model.count; i++)
		if (model.call[i].state != CALL_ENDED && model.call[i].state != CALL_ANSWERED)
			call_track_failed(rig.worker[model.call[i].worker], model.call[i].handle, 408, REASON_NO_REPLY);
	call_rig_pass(&rig, CALL_RIG_DURATION_S * 100);
	for (uint32_t w = 0; w < CALL_RIG_WORKERS; w++) {
		assert_int_equal(rig.worker[w]->calls.used_count, 0);
		assert_int_equal(rig.worker[w]->limits.held_count, 0);
	}
	call_rig_free(&rig);
}

static uint64_t admit_one(uint32_t worker)
{
	assert_int_equal(call_track_admit(rig.worker[worker], &packet), REASON_NONE);
	return packet.call;
}

static void a_record_tells_the_whole_call(void **state)
{
	struct sip_message message;
	struct call_record record;
	char text[RESPONSE_MAX];

	(void)state;
	call_rig_make(&rig, CALLS, 64, 64);
	begin_packet();
	from_endpoint(&endpoints[1]);
	to_endpoint(&endpoints[2]);
	packet.source.port = 5070;
	packet.destination.port = 5080;
	set_number(&packet.decision.caller_number, "+34911000000");
	set_number(&packet.decision.presented, "+34944000001");
	set_number(&packet.decision.matched, "2001");
	uint64_t handle = admit_one(0);
	call_rig_pass(&rig, 100);
	call_track_ringing(rig.worker[0], handle, 183);
	call_rig_pass(&rig, 200);
	read_response(&message, text, "INVITE", 1, 0);
	call_track_answered(rig.worker[0], handle, &message);
	call_rig_pass(&rig, 6000);
	call_track_bye(rig.worker[0], handle, call_track_hash_tag(&rig.keys, SPAN_LITERAL("callee1")), false);
	assert_true(call_rig_take(&rig, 0, &record));
	assert_int_equal(record.started_ms, CALL_RIG_UNIX_S * 1000ull);
	assert_int_equal(record.ringing_ms, CALL_RIG_UNIX_S * 1000ull + 1000);
	assert_int_equal(record.answered_ms, CALL_RIG_UNIX_S * 1000ull + 3000);
	assert_int_equal(record.ended_ms, CALL_RIG_UNIX_S * 1000ull + 63000);
	assert_int_equal(record.company_id, companies[0].id);
	assert_int_equal(record.target_company_id, companies[1].id);
	assert_int_equal(record.caller_kind, CALL_PARTY_FRIEND);
	assert_int_equal(record.target_kind, CALL_PARTY_USER);
	assert_int_equal(record.status, 200);
	assert_int_equal(record.reason, REASON_NONE);
	assert_int_equal(record.end, CALL_END_CALLEE);
	assert_int_equal(record.flags, CALL_FROM_OUTSIDE);
	assert_int_equal(record.source.port, 5070);
	assert_int_equal(record.destination.port, 5080);
	assert_string_equal(record.rule, "R4.2");
	static const struct span expected[CALL_TEXT_COUNT] = {
		[CALL_TEXT_DIALLED] = SPAN_LITERAL("2001"),
		[CALL_TEXT_CALLER_NUMBER] = SPAN_LITERAL("+34911000000"),
		[CALL_TEXT_CALLER] = SPAN_LITERAL("hq-pbx"),
		[CALL_TEXT_COMPANY] = SPAN_LITERAL("acme"),
		[CALL_TEXT_CALL_ID] = SPAN_LITERAL("one@192.0.2.7"),
		[CALL_TEXT_TARGET] = SPAN_LITERAL("bob"),
		[CALL_TEXT_DESTINATION] = SPAN_LITERAL("2001"),
		[CALL_TEXT_PRESENTED] = SPAN_LITERAL("+34944000001"),
		[CALL_TEXT_DDI] = SPAN_LITERAL("+34944000000"),
		[CALL_TEXT_TARGET_COMPANY] = SPAN_LITERAL("globex"),
	};
	for (uint32_t kind = 0; kind < CALL_TEXT_COUNT; kind++)
		assert_span_equal(call_record_text(&record, (enum call_text_kind)kind), expected[kind]);
	call_rig_free(&rig);
}

/* Every length of Call-ID with long names: what does not fit is cut and marked, and the target keeps its room. */
static void long_texts_are_cut_and_marked(void **state)
{
	static char call_id[400], name[65];
	static struct endpoint caller, target;

	(void)state;
	memset(call_id, 'c', sizeof(call_id));
	memset(name, 'n', sizeof(name));
	caller = target = endpoints[2];
	for (uint32_t length = 1; length < sizeof(call_id); length++) {
		for (uint32_t name_length = 1; name_length <= sizeof(name); name_length += 16) {
			call_rig_make(&rig, 1, 64, 64);
			begin_packet();
			from_endpoint(&endpoints[2]);
			to_endpoint(&endpoints[3]);
			caller.name = target.name = span_make(name, name_length);
			packet.request.caller = &caller;
			packet.decision.target = &target;
			packet.message.bytes = span_make(call_id, sizeof(call_id));
			packet.message.call_id = (struct slice){0, (uint16_t)length};
			admit_one(0);
			const struct call_record *record = &rig.worker[0]->calls.call[0].record;
			struct span shown = call_record_text(record, CALL_TEXT_CALL_ID);
			assert_true(shown.length == length || (shown.length < length && shown.length >= 48));
			assert_int_equal(record->part[CALL_TEXT_CALL_ID].cut, shown.length != length);
			assert_int_equal(call_record_text(record, CALL_TEXT_TARGET).length, name_length);
			bool cut = false;
			for (uint32_t kind = 0; kind < CALL_TEXT_COUNT; kind++)
				cut |= record->part[kind].cut;
			assert_int_equal(cut, (record->flags & CALL_TEXT_CUT) != 0);
			assert_true(record->part[CALL_TEXT_TARGET].offset <=
				    CALL_TEXT_BYTES - CALL_DESCRIBE_TARGET_BYTES);
			assert_true(record->text_length <= CALL_TEXT_BYTES);
			call_rig_free(&rig);
		}
	}
}

/* Every length of a target's name: up to the last byte of the texts it is whole, and what is behind them is untouched.
 */
static void a_target_beyond_the_room_is_cut_and_marked(void **state)
{
	static char name[CALL_TEXT_BYTES + 40];
	static struct endpoint target;

	(void)state;
	for (uint32_t i = 0; i < sizeof(name); i++)
		name[i] = (char)('a' + i % 26);
	target = endpoints[2]; /* a call within the company, of which nothing is limited */
	target.max_calls = 0;
	for (uint32_t length = 1; length < sizeof(name); length++) {
		call_rig_make(&rig, 1, 64, 64);
		begin_packet();
		from_endpoint(&endpoints[2]);
		to_endpoint(&endpoints[2]);
		packet.decision.target = &target;
		target.name = span_make(name, length);
		admit_one(0);
		const struct call *call = &rig.worker[0]->calls.call[0];
		const struct call_record *record = &call->record;
		struct span shown = call_record_text(record, CALL_TEXT_TARGET);
		uint32_t room = CALL_TEXT_BYTES - record->part[CALL_TEXT_TARGET].offset;
		uint32_t most = room < UINT8_MAX ? room : UINT8_MAX;
		assert_span_equal(shown, span_make(name, length < most ? length : most));
		assert_int_equal(record->part[CALL_TEXT_TARGET].cut, length > most);
		bool cut = false;
		for (uint32_t kind = CALL_TEXT_TARGET; kind < CALL_TEXT_COUNT; kind++)
			cut |= record->part[kind].cut;
		assert_int_equal(cut, (record->flags & CALL_TEXT_CUT) != 0);
		assert_true(record->text_length <= CALL_TEXT_BYTES);
		for (uint32_t part = 0; part < CALL_LIMIT_COUNT; part++)
			assert_int_equal(call->limit[part], LIMIT_NONE);
		call_rig_free(&rig);
	}
}

static void a_target_takes_the_place_of_the_one_before(void **state)
{
	(void)state;
	call_rig_make(&rig, 1, 64, 64);
	begin_packet();
	from_endpoint(&endpoints[2]);
	to_endpoint(&endpoints[3]);
	uint64_t handle = admit_one(0);
	const struct call_record *record = &rig.worker[0]->calls.call[0].record;
	uint16_t length = record->text_length;
	for (uint32_t i = 0; i < 100; i++) {
		to_carrier(&carriers[2]);
		assert_int_equal(call_track_retarget(rig.worker[0], handle, &packet), REASON_NONE);
		assert_span_equal(call_record_text(record, CALL_TEXT_TARGET), carriers[2].name);
		assert_span_equal(call_record_text(record, CALL_TEXT_DESTINATION), SPAN_LITERAL("+34600000000"));
		to_endpoint(&endpoints[3]);
		assert_int_equal(call_track_retarget(rig.worker[0], handle, &packet), REASON_NONE);
		assert_span_equal(call_record_text(record, CALL_TEXT_TARGET), endpoints[3].name);
	}
	assert_int_equal(record->text_length, length);
	assert_span_equal(call_record_text(record, CALL_TEXT_CALL_ID), SPAN_LITERAL("one@192.0.2.7"));
	call_rig_free(&rig);
}

static void a_full_ring_loses_records_and_counts_them(void **state)
{
	(void)state;
	call_rig_make(&rig, CALLS, 64, 64);
	begin_packet();
	from_endpoint(&endpoints[2]);
	to_endpoint(&endpoints[2]);
	for (uint32_t i = 0; i < CALL_RIG_RECORDS + 9; i++) {
		uint64_t handle = admit_one(0);
		call_track_failed(rig.worker[0], handle, 404, REASON_NONE);
	}
	assert_int_equal(rig.worker[0]->counters->value[COUNTER_CALL_RECORDS_LOST], 10);
	assert_int_equal(rig.worker[0]->calls.used_count, 0);
	call_rig_free(&rig);
}

static void a_refusal_has_a_record_of_its_own(void **state)
{
	struct call_record record;

	(void)state;
	call_rig_make(&rig, CALLS, 64, 64);
	begin_packet();
	from_endpoint(&endpoints[2]);
	packet.decision.outcome = ROUTE_OUTCOME_REJECT;
	call_track_refused(rig.worker[1], &packet, REASON_NO_CARRIER);
	assert_true(call_rig_take(&rig, 1, &record));
	assert_int_equal(record.handle, CALL_NONE);
	assert_int_equal(record.status, 404);
	assert_int_equal(record.reason, REASON_NO_CARRIER);
	assert_int_equal(record.end, CALL_END_FAILED);
	assert_int_equal(record.target_kind, CALL_PARTY_NONE);
	assert_span_equal(call_record_text(&record, CALL_TEXT_CALLER), SPAN_LITERAL("bob"));
	assert_span_equal(call_record_text(&record, CALL_TEXT_TARGET), SPAN_LITERAL(""));
	assert_int_equal(rig.worker[1]->calls.used_count, 0);
	call_rig_free(&rig);
}

static void an_emergency_call_goes_on_when_the_table_is_full(void **state)
{
	(void)state;
	call_rig_make(&rig, 1, 64, 64);
	begin_packet();
	from_endpoint(&endpoints[2]);
	to_carrier(&carriers[2]);
	admit_one(0);
	assert_int_equal(call_track_admit(rig.worker[0], &packet), REASON_CALL_TABLE_FULL);
	packet.decision.emergency = true;
	assert_int_equal(admit_one(0), CALL_NONE);
	assert_int_equal(rig.worker[0]->counters->value[COUNTER_CALLS_UNTRACKED], 1);
	call_rig_free(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_calls_as_a_model_does),
		cmocka_unit_test(a_record_tells_the_whole_call),
		cmocka_unit_test(long_texts_are_cut_and_marked),
		cmocka_unit_test(a_target_beyond_the_room_is_cut_and_marked),
		cmocka_unit_test(a_target_takes_the_place_of_the_one_before),
		cmocka_unit_test(a_full_ring_loses_records_and_counts_them),
		cmocka_unit_test(a_refusal_has_a_record_of_its_own),
		cmocka_unit_test(an_emergency_call_goes_on_when_the_table_is_full),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
