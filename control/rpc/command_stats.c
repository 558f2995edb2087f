#include "command.h"

#include <stdlib.h>
#include <string.h>

#include "dataplane.h"
#include "registrar.h"
#include "router.h"

static const char *const counter_names[COUNTER_COUNT] = {
#define COUNTER(name, text) [COUNTER_##name] = #name,
#include "counters.def"
#undef COUNTER
};

static const char *const counter_texts[COUNTER_COUNT] = {
#define COUNTER(name, text) [COUNTER_##name] = text,
#include "counters.def"
#undef COUNTER
};

static const char *const severity_names[] = {
	[SEVERITY_NORMAL] = "normal",	[SEVERITY_CALLER] = "caller", [SEVERITY_CONFIG] = "config",
	[SEVERITY_HOSTILE] = "hostile", [SEVERITY_LIMIT] = "limit",
};

/* All lcores' counters, read once so that every line of an answer tells of the same moment. */
struct reading {
	struct counters total;
	struct counters lcore[LCORES_MAX];
	uint32_t lcore_count;
};

static void read_counters(struct counters *copy, const struct counters *live)
{
	/* Verdicts before what came in: a packet under way then makes the right side late, never early. */
	for (uint32_t i = 0; i < VERDICT_COUNT; i++)
		copy->verdict[i] = counters_load(&live->verdict[i]);
	for (uint32_t i = 0; i < REASON_COUNT; i++)
		copy->reason[i] = counters_load(&live->reason[i]);
	for (uint32_t i = 0; i < COUNTER_COUNT; i++)
		copy->value[i] = counters_load(&live->value[i]);
}

static void add_counters(struct counters *sum, const struct counters *one)
{
	for (uint32_t i = 0; i < VERDICT_COUNT; i++)
		sum->verdict[i] += one->verdict[i];
	for (uint32_t i = 0; i < REASON_COUNT; i++)
		sum->reason[i] += one->reason[i];
	for (uint32_t i = 0; i < COUNTER_COUNT; i++)
		sum->value[i] += one->value[i];
}

/* Owner: the caller frees. Result: NULL without memory. */
static struct reading *reading_take(const struct router *router)
{
	struct reading *reading = aligned_alloc(_Alignof(struct reading), sizeof(*reading));

	if (!reading)
		return NULL;
	memset(reading, 0, sizeof(*reading));
	reading->lcore_count = router->dataplane->worker_count;
	for (uint32_t i = 0; i < reading->lcore_count; i++) {
		read_counters(&reading->lcore[i], router->dataplane->counters[i]);
		add_counters(&reading->total, &reading->lcore[i]);
	}
	const struct registrar_counts registrations = registrar_counts(router->registrar);
	for (uint32_t i = 0; i < REASON_COUNT; i++)
		reading->total.reason[i] += registrations.refused[i];
	return reading;
}

/* {"verdict": NAME, "total": n, "lcore_0": n, ...}: the value at `offset` of struct counters. */
static json_t *row_of(const struct reading *reading, const char *column, const char *name, size_t offset)
{
	json_t *row = json_pack("{s:s, s:I}", column, name, "total",
				(json_int_t) * (const uint64_t *)((const char *)&reading->total + offset));

	for (uint32_t i = 0; i < reading->lcore_count; i++) {
		char lcore[24];
		snprintf(lcore, sizeof(lcore), "lcore_%u", i);
		json_object_set_new(
			row, lcore,
			json_integer((json_int_t) * (const uint64_t *)((const char *)&reading->lcore[i] + offset)));
	}
	return row;
}

static json_t *identity_of(const struct counters *total)
{
	uint64_t in = total->value[COUNTER_RECEIVED] + total->value[COUNTER_STEERED_IN];
	uint64_t out = total->value[COUNTER_STEERED_OUT];
	json_t *identity = json_pack("{s:I, s:I}", "received", (json_int_t)total->value[COUNTER_RECEIVED], "steered_in",
				     (json_int_t)total->value[COUNTER_STEERED_IN]);

	for (uint32_t i = VERDICT_NONE + 1; i < VERDICT_COUNT; i++) {
		json_object_set_new(identity, command_verdict_names[i], json_integer((json_int_t)total->verdict[i]));
		out += total->verdict[i];
	}
	json_object_set_new(identity, "steered_out", json_integer((json_int_t)total->value[COUNTER_STEERED_OUT]));
	json_object_set_new(identity, "holds", json_boolean(in == out));
	return identity;
}

void command_stats(struct rpc_call *call, void *context)
{
	struct reading *reading = reading_take(context);

	if (!reading) {
		rpc_call_refuse(call, CTL_ERROR_INTERNAL, NULL, "out of memory");
		return;
	}
	json_t *verdicts = json_array(), *counters = json_array();
	for (uint32_t i = VERDICT_NONE + 1; i < VERDICT_COUNT; i++)
		json_array_append_new(verdicts, row_of(reading, "verdict", command_verdict_names[i],
						       offsetof(struct counters, verdict) + i * sizeof(uint64_t)));
	for (uint32_t i = 0; i < COUNTER_COUNT; i++) {
		json_t *row = row_of(reading, "counter", counter_names[i],
				     offsetof(struct counters, value) + i * sizeof(uint64_t));
		json_object_set_new(row, "text", json_string(counter_texts[i]));
		json_array_append_new(counters, row);
	}
	json_t *identity = identity_of(&reading->total);
	free(reading);
	rpc_call_result(call,
			json_pack("{s:o, s:o, s:o}", "verdicts", verdicts, "counters", counters, "identity", identity));
}

static void add_reason(json_t *list, const struct reading *reading, uint32_t reason)
{
	const struct reason_row *row = &reason_rows[reason];

	json_array_append_new(list, json_pack("{s:s, s:I, s:s, s:o, s:s, s:s}", "reason", row->name, "count",
					      (json_int_t)reading->total.reason[reason], "severity",
					      severity_names[row->severity], "status",
					      row->status ? json_integer(row->status) : json_null(), "rule",
					      row->source, "text", row->text));
}

void command_stats_reasons(struct rpc_call *call, void *context)
{
	struct reading *reading = reading_take(context);
	json_t *list = json_array();

	if (!reading) {
		json_decref(list);
		rpc_call_refuse(call, CTL_ERROR_INTERNAL, NULL, "out of memory");
		return;
	}
	for (uint32_t i = REASON_NONE + 1; i < REASON_COUNT; i++)
		if (reading->total.reason[i])
			add_reason(list, reading, i);
	for (uint32_t i = REASON_NONE + 1; i < REASON_COUNT && rpc_call_flag(call, "all"); i++)
		if (!reading->total.reason[i])
			add_reason(list, reading, i);
	free(reading);
	rpc_call_result(call, list);
}
