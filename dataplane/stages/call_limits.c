#include "call_limits.h"

#include <sodium.h>

/* A part of the call in something limited; key 0: none, or no limit. */
struct wanted {
	uint64_t key;
	uint32_t most;
	uint16_t reason; /* to refuse the call with */
};

static uint64_t name_of_endpoint(const struct endpoint *endpoint)
{
	uint64_t name;

	/* A keyed hash already. */
	memcpy(&name, endpoint->aor_key, sizeof(name));
	return name;
}

static struct wanted want_company(const struct company *company, enum reason reason)
{
	if (company->max_calls == 0)
		return (struct wanted){0};
	return (struct wanted){limit_table_key(LIMIT_COMPANY_CALLS, company->id), company->max_calls, (uint16_t)reason};
}

static struct wanted want_carrier(const struct worker *worker, const struct carrier *carrier, enum reason reason)
{
	uint64_t name;

	if (carrier->max_calls == 0)
		return (struct wanted){0};
	crypto_shorthash((uint8_t *)&name, (const uint8_t *)carrier->name.at, carrier->name.length,
			 worker->snapshot->keys->aor_key);
	return (struct wanted){limit_table_key(LIMIT_CARRIER_CALLS, name), carrier->max_calls, (uint16_t)reason};
}

static struct wanted want_endpoint(const struct endpoint *endpoint)
{
	if (endpoint->max_calls == 0)
		return (struct wanted){0};
	return (struct wanted){limit_table_key(LIMIT_ENDPOINT_CALLS, name_of_endpoint(endpoint)), endpoint->max_calls,
			       REASON_ENDPOINT_CALL_LIMIT};
}

/* An external call is one that leaves by a carrier or came through a DDI (R17, R18). */
static void collect_companies(struct wanted wanted[CALL_LIMIT_COUNT], const struct packet *packet)
{
	const struct route_decision *decision = &packet->decision;
	const struct company *caller = packet->request.company;

	if (decision->outcome != ROUTE_OUTCOME_EXTERNAL && !decision->from_outside)
		return;
	if (caller)
		wanted[CALL_LIMIT_COMPANY] = want_company(caller, REASON_COMPANY_CALL_LIMIT);
	if (decision->company && decision->company != caller)
		wanted[CALL_LIMIT_TARGET_COMPANY] =
			want_company(decision->company, decision->from_outside ? REASON_COMPANY_CALL_LIMIT_INBOUND
									       : REASON_COMPANY_CALL_LIMIT);
}

static void collect(struct wanted wanted[CALL_LIMIT_COUNT], const struct worker *worker, const struct packet *packet)
{
	const struct route_decision *decision = &packet->decision;

	memset(wanted, 0, CALL_LIMIT_COUNT * sizeof(wanted[0]));
	collect_companies(wanted, packet);
	if (packet->request.carrier)
		wanted[CALL_LIMIT_SOURCE_CARRIER] =
			want_carrier(worker, packet->request.carrier, REASON_CARRIER_CALL_LIMIT_INBOUND);
	if (decision->outcome == ROUTE_OUTCOME_EXTERNAL)
		wanted[CALL_LIMIT_TARGET_CARRIER] = want_carrier(worker, decision->carrier, REASON_CARRIER_CALL_LIMIT);
	else if (decision->outcome != ROUTE_OUTCOME_REJECT)
		wanted[CALL_LIMIT_TARGET] = want_endpoint(decision->target);
}

static uint64_t sum_calls(const struct worker *worker, uint64_t key)
{
	const struct dataplane *dataplane = worker->dataplane;
	uint64_t sum = 0;

	for (uint32_t i = 0; i < dataplane->worker_count; i++)
		sum += limit_table_read_calls(dataplane->limits[i], key);
	return sum;
}

/* An audit that has passed the call already has noted its limits: what changes is noted too. */
static uint32_t *audited_of(const struct worker *worker, const struct call *call, uint32_t entry)
{
	return call_handle_slot(call->record.handle) < worker->inquire.tallied ? &worker->limits.audited[entry] : NULL;
}

static void release(struct worker *worker, const struct call *call, uint32_t entry)
{
	uint32_t *audited = audited_of(worker, call, entry);

	limit_table_release(&worker->limits, entry);
	if (audited)
		--*audited;
}

/* Result: REASON_NONE and *entry, which is LIMIT_NONE when the call goes on without being counted. */
static enum reason hold(uint32_t *entry, struct worker *worker, const struct call *call, const struct wanted *wanted)
{
	bool emergency = call->record.flags & CALL_EMERGENCY;

	if (!emergency && sum_calls(worker, wanted->key) >= wanted->most)
		return (enum reason)wanted->reason;
	*entry = limit_table_hold(&worker->limits, wanted->key, worker->now_s);
	if (*entry == LIMIT_NONE) {
		worker->counters->value[COUNTER_LIMITS_UNCOUNTED] += emergency;
		return emergency ? REASON_NONE : REASON_CALL_TABLE_FULL;
	}
	uint32_t *audited = audited_of(worker, call, *entry);
	if (audited)
		++*audited;
	return REASON_NONE;
}

/* Most calls: nothing of theirs has a limit. */
static bool counts_nowhere(const struct call *call, const struct wanted wanted[CALL_LIMIT_COUNT])
{
	uint64_t keys = 0;
	uint32_t entries = LIMIT_NONE;

	for (uint32_t part = 0; part < CALL_LIMIT_COUNT; part++) {
		keys |= wanted[part].key;
		entries &= call->limit[part];
	}
	return keys == 0 && entries == LIMIT_NONE;
}

enum reason call_limits_take(struct worker *worker, struct call *call, const struct packet *packet)
{
	struct wanted wanted[CALL_LIMIT_COUNT];
	uint32_t entry[CALL_LIMIT_COUNT];
	enum reason reason = REASON_NONE;
	uint32_t part = 0;

	collect(wanted, worker, packet);
	if (counts_nowhere(call, wanted))
		return REASON_NONE;
	for (; part < CALL_LIMIT_COUNT && reason == REASON_NONE; part++) {
		entry[part] = LIMIT_NONE;
		if (wanted[part].key == 0)
			continue;
		if (limit_table_holds(&worker->limits, call->limit[part], wanted[part].key))
			entry[part] = call->limit[part];
		else
			reason = hold(&entry[part], worker, call, &wanted[part]);
	}
	if (reason != REASON_NONE) {
		while (part-- > 0)
			if (entry[part] != LIMIT_NONE && entry[part] != call->limit[part])
				release(worker, call, entry[part]);
		return reason;
	}
	for (part = 0; part < CALL_LIMIT_COUNT; part++) {
		if (call->limit[part] != LIMIT_NONE && call->limit[part] != entry[part])
			release(worker, call, call->limit[part]);
		call->limit[part] = entry[part];
	}
	return REASON_NONE;
}

void call_limits_release(struct worker *worker, struct call *call)
{
	for (uint32_t part = 0; part < CALL_LIMIT_COUNT; part++) {
		if (call->limit[part] != LIMIT_NONE)
			release(worker, call, call->limit[part]);
		call->limit[part] = LIMIT_NONE;
	}
}

enum reason call_limits_count_rate(struct worker *worker, const struct packet *packet)
{
	const struct endpoint *caller = packet->request.caller;
	const struct dataplane *dataplane = worker->dataplane;
	uint64_t sum = 0;

	if (!caller || caller->max_cps == 0)
		return REASON_NONE;
	bool emergency = packet->decision.emergency;
	uint64_t key = limit_table_key(LIMIT_ENDPOINT_RATE, name_of_endpoint(caller));
	for (uint32_t i = 0; i < dataplane->worker_count; i++)
		sum += limit_table_read_rate(dataplane->limits[i], key, worker->now_s);
	if (sum >= caller->max_cps && !emergency)
		return REASON_CALLS_PER_SECOND;
	if (limit_table_count_rate(&worker->limits, key, worker->now_s))
		return REASON_NONE;
	worker->counters->value[COUNTER_LIMITS_UNCOUNTED] += emergency;
	return emergency ? REASON_NONE : REASON_CALL_TABLE_FULL;
}
