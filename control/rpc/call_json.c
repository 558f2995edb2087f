#include "call_json.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json_text.h"
#include "reason.h"

const struct call_json_key call_json_keys[CDR_KEY_COUNT] = {
#define CDR_KEY(name, help) {#name, help},
#include "cdr_keys.def"
#undef CDR_KEY
};

const char *call_json_write_id(char text[CALL_JSON_ID_BYTES], uint64_t handle)
{
	snprintf(text, CALL_JSON_ID_BYTES, "%016" PRIx64, handle);
	return text;
}

/* ---- values ---- */

static json_t *text_of(const struct call_record *record, enum call_text_kind kind)
{
	struct span text = call_record_text(record, kind);
	return text.length ? json_text_make(text) : json_null();
}

static json_t *address_of(const struct net_address *address)
{
	char text[JSON_TEXT_ADDRESS_BYTES_MAX];

	if (!address->port)
		return json_null();
	return json_string(json_text_write_address(text, address->ip, address->port));
}

static json_t *party_of(uint8_t party)
{
	static const char *const names[] = {
		[CALL_PARTY_USER] = "user", [CALL_PARTY_FRIEND] = "friend", [CALL_PARTY_CARRIER] = "carrier"};

	return party != CALL_PARTY_NONE ? json_string(names[party]) : json_null();
}

/* The clocks of lcores are tied to the system's once a minute: one moment may seem to lie before another. */
static json_t *seconds_between(uint64_t from_ms, uint64_t to_ms)
{
	return json_real(to_ms > from_ms ? (double)(to_ms - from_ms) / 1000 : 0);
}

static uint64_t until_ms(const struct call_record *record, const struct call_json_view *view)
{
	return record->ended_ms ? record->ended_ms : view->now_ms;
}

static json_t *node_of(const struct call_record *record, const struct call_json_view *view)
{
	(void)record;
	return json_integer(view->node_id);
}

static json_t *id_of(const struct call_record *record, const struct call_json_view *view)
{
	char text[CALL_JSON_ID_BYTES];

	(void)view;
	return record->handle == CALL_NONE ? json_null() : json_string(call_json_write_id(text, record->handle));
}

static json_t *carrier_of(const struct call_record *record, const struct call_json_view *view)
{
	(void)view;
	if (record->target_kind == CALL_PARTY_CARRIER)
		return text_of(record, CALL_TEXT_TARGET);
	return record->caller_kind == CALL_PARTY_CARRIER ? text_of(record, CALL_TEXT_CALLER) : json_null();
}

static json_t *rule_of(const struct call_record *record, const struct call_json_view *view)
{
	(void)view;
	return record->rule[0] ? json_string(record->rule) : json_null();
}

static json_t *status_of(const struct call_record *record, const struct call_json_view *view)
{
	(void)view;
	return record->status ? json_integer(record->status) : json_null();
}

static json_t *reason_of(const struct call_record *record, const struct call_json_view *view)
{
	(void)view;
	return record->reason != REASON_NONE ? json_string(reason_rows[record->reason].name) : json_null();
}

static json_t *end_of(const struct call_record *record, const struct call_json_view *view)
{
	static const char *const names[] = {[CALL_END_FAILED] = "failed",
					    [CALL_END_CALLER] = "caller",
					    [CALL_END_CALLEE] = "callee",
					    [CALL_END_EXPIRED] = "expired",
					    [CALL_END_STOPPED] = "stopped"};

	(void)view;
	return record->end != CALL_END_NONE ? json_string(names[record->end]) : json_null();
}

static json_t *ringing_of(const struct call_record *record, const struct call_json_view *view)
{
	uint64_t to_ms = record->answered_ms ? record->answered_ms : until_ms(record, view);
	return record->ringing_ms ? seconds_between(record->ringing_ms, to_ms) : json_null();
}

static json_t *duration_of(const struct call_record *record, const struct call_json_view *view)
{
	return record->answered_ms ? seconds_between(record->answered_ms, until_ms(record, view)) : json_real(0);
}

/* The member that shows a text. */
static const enum cdr_key_id key_of_text[CALL_TEXT_COUNT] = {
	[CALL_TEXT_DIALLED] = CDR_KEY_dialled,
	[CALL_TEXT_CALLER_NUMBER] = CDR_KEY_from_number,
	[CALL_TEXT_CALLER] = CDR_KEY_from,
	[CALL_TEXT_COMPANY] = CDR_KEY_company,
	[CALL_TEXT_CALL_ID] = CDR_KEY_call_id,
	[CALL_TEXT_TARGET] = CDR_KEY_to,
	[CALL_TEXT_DESTINATION] = CDR_KEY_to_number,
	[CALL_TEXT_PRESENTED] = CDR_KEY_presented,
	[CALL_TEXT_DDI] = CDR_KEY_ddi,
	[CALL_TEXT_TARGET_COMPANY] = CDR_KEY_to_company,
};

static json_t *cut_of(const struct call_record *record, const struct call_json_view *view)
{
	json_t *list = json_array();

	(void)view;
	for (uint32_t i = 0; i < CALL_TEXT_COUNT; i++)
		if (record->part[i].cut)
			json_array_append_new(list, json_string(call_json_keys[key_of_text[i]].name));
	return list;
}

/* ---- rows ---- */

enum value_kind {
	VALUE_OTHER, /* `make` */
	VALUE_TEXT,  /* `at`: enum call_text_kind */
	VALUE_TIME,  /* `at` and all below: offset in the record */
	VALUE_ADDRESS,
	VALUE_PARTY,
	VALUE_COUNT,
	VALUE_FLAG, /* `at`: enum call_flag */
};

static const struct value {
	enum value_kind kind;
	size_t at;
	json_t *(*make)(const struct call_record *record, const struct call_json_view *view);
} values[CDR_KEY_COUNT] = {
	[CDR_KEY_time] = {VALUE_TIME, offsetof(struct call_record, ended_ms), NULL},
	[CDR_KEY_node] = {.make = node_of},
	[CDR_KEY_id] = {.make = id_of},
	[CDR_KEY_call_id] = {VALUE_TEXT, CALL_TEXT_CALL_ID, NULL},
	[CDR_KEY_company] = {VALUE_TEXT, CALL_TEXT_COMPANY, NULL},
	[CDR_KEY_from] = {VALUE_TEXT, CALL_TEXT_CALLER, NULL},
	[CDR_KEY_from_kind] = {VALUE_PARTY, offsetof(struct call_record, caller_kind), NULL},
	[CDR_KEY_from_number] = {VALUE_TEXT, CALL_TEXT_CALLER_NUMBER, NULL},
	[CDR_KEY_source] = {VALUE_ADDRESS, offsetof(struct call_record, source), NULL},
	[CDR_KEY_dialled] = {VALUE_TEXT, CALL_TEXT_DIALLED, NULL},
	[CDR_KEY_to] = {VALUE_TEXT, CALL_TEXT_TARGET, NULL},
	[CDR_KEY_to_kind] = {VALUE_PARTY, offsetof(struct call_record, target_kind), NULL},
	[CDR_KEY_to_company] = {VALUE_TEXT, CALL_TEXT_TARGET_COMPANY, NULL},
	[CDR_KEY_to_number] = {VALUE_TEXT, CALL_TEXT_DESTINATION, NULL},
	[CDR_KEY_next_hop] = {VALUE_ADDRESS, offsetof(struct call_record, destination), NULL},
	[CDR_KEY_ddi] = {VALUE_TEXT, CALL_TEXT_DDI, NULL},
	[CDR_KEY_presented] = {VALUE_TEXT, CALL_TEXT_PRESENTED, NULL},
	[CDR_KEY_carrier] = {.make = carrier_of},
	[CDR_KEY_rule] = {.make = rule_of},
	[CDR_KEY_status] = {.make = status_of},
	[CDR_KEY_reason] = {.make = reason_of},
	[CDR_KEY_end] = {.make = end_of},
	[CDR_KEY_started] = {VALUE_TIME, offsetof(struct call_record, started_ms), NULL},
	[CDR_KEY_ringing] = {VALUE_TIME, offsetof(struct call_record, ringing_ms), NULL},
	[CDR_KEY_answered] = {VALUE_TIME, offsetof(struct call_record, answered_ms), NULL},
	[CDR_KEY_ringing_s] = {.make = ringing_of},
	[CDR_KEY_duration_s] = {.make = duration_of},
	[CDR_KEY_forwards] = {VALUE_COUNT, offsetof(struct call_record, forward_count), NULL},
	[CDR_KEY_failovers] = {VALUE_COUNT, offsetof(struct call_record, failover_count), NULL},
	[CDR_KEY_emergency] = {VALUE_FLAG, CALL_EMERGENCY, NULL},
	[CDR_KEY_anonymous] = {VALUE_FLAG, CALL_ANONYMOUS, NULL},
	[CDR_KEY_cut] = {.make = cut_of},
};

static json_t *value_of(const struct value *value, const struct call_record *record, const struct call_json_view *view)
{
	const void *member = (const char *)record + value->at;

	switch (value->kind) {
	case VALUE_TEXT:
		return text_of(record, (enum call_text_kind)value->at);
	case VALUE_TIME:
		return json_text_make_time(*(const uint64_t *)member);
	case VALUE_ADDRESS:
		return address_of(member);
	case VALUE_PARTY:
		return party_of(*(const uint8_t *)member);
	case VALUE_COUNT:
		return json_integer(*(const uint8_t *)member);
	case VALUE_FLAG:
		return json_boolean(record->flags & value->at);
	case VALUE_OTHER:
		break;
	}
	return value->make(record, view);
}

json_t *call_json_record(const struct call_record *record, const struct call_json_view *view)
{
	json_t *object = json_object();

	for (uint32_t i = 0; i < CDR_KEY_COUNT; i++)
		json_object_set_new_nocheck(object, call_json_keys[i].name, value_of(&values[i], record, view));
	return object;
}

const char *call_json_state(const struct call_record *record)
{
	static const char *const names[] = {[CALL_FREE] = "free",
					    [CALL_TRYING] = "trying",
					    [CALL_RINGING] = "ringing",
					    [CALL_ANSWERED] = "answered",
					    [CALL_ENDED] = "ended"};

	return names[record->state];
}

json_t *call_json_row(const struct call_record *record, const struct call_json_view *view)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:s, s:o, s:o}", "id", id_of(record, view), "company",
			 text_of(record, CALL_TEXT_COMPANY), "from", text_of(record, CALL_TEXT_CALLER), "dialled",
			 text_of(record, CALL_TEXT_DIALLED), "to", text_of(record, CALL_TEXT_TARGET), "state",
			 call_json_state(record), "since", json_text_make_time(record->started_ms), "duration_s",
			 record->answered_ms ? seconds_between(record->answered_ms, until_ms(record, view))
					     : json_null());
}

bool call_json_read_id(uint64_t *handle, const char *text)
{
	if (strlen(text) != CALL_JSON_ID_BYTES - 1 || strspn(text, "0123456789abcdefABCDEF") != CALL_JSON_ID_BYTES - 1)
		return false;
	*handle = strtoull(text, NULL, 16);
	return *handle != CALL_NONE;
}
