#include "call_describe.h"

#include <rte_common.h>

#include "copy_bytes.h"
#include "packet_name.h"

#define WHOLE_BYTES (CALL_TEXT_BYTES - CALL_DESCRIBE_TARGET_BYTES)
_Static_assert(WHOLE_BYTES <= UINT8_MAX, "call->whole_text_length");

/* A text that fits: `at` is where. Result: where the next one is. */
static inline uint32_t put(struct call_record *record, uint32_t at, enum call_text_kind kind, struct span text)
{
	record->part[kind] = (struct call_text){(uint16_t)at, (uint8_t)text.length, false};
	if (text.length) /* half of them are empty */
		copy_bytes(record->text + at, text.at, text.length);
	return at + text.length;
}

/* Appends a text, of which at most `room` bytes. */
static void append(struct call_record *record, enum call_text_kind kind, struct span text, uint32_t room)
{
	uint32_t most = room < UINT8_MAX ? room : UINT8_MAX, length = text.length < most ? text.length : most;
	bool is_cut = text.length > most;

	record->part[kind] = (struct call_text){record->text_length, (uint8_t)length, is_cut};
	record->flags |= is_cut ? CALL_TEXT_CUT : 0;
	copy_bytes(record->text + record->text_length, text.at, length);
	record->text_length = (uint16_t)(record->text_length + length);
}

static uint8_t party_of(const struct endpoint *endpoint)
{
	return endpoint->kind == ENDPOINT_USER ? CALL_PARTY_USER : CALL_PARTY_FRIEND;
}

/* Result: is one of them cut? */
static __attribute__((noinline)) bool append_cut_whole(struct call_record *record,
						       const struct span text[CALL_TEXT_TARGET])
{
	uint32_t others = 0, call_id_room = CALL_DESCRIBE_CALL_ID_MIN;

	for (uint32_t kind = 0; kind < CALL_TEXT_TARGET; kind++)
		others += kind == CALL_TEXT_CALL_ID ? 0 : text[kind].length;
	if (others + call_id_room < WHOLE_BYTES)
		call_id_room = WHOLE_BYTES - others;
	append(record, CALL_TEXT_CALL_ID, text[CALL_TEXT_CALL_ID], call_id_room);
	for (uint32_t kind = 0; kind < CALL_TEXT_TARGET; kind++)
		if (kind != CALL_TEXT_CALL_ID)
			append(record, (enum call_text_kind)kind, text[kind], WHOLE_BYTES - record->text_length);
	return record->flags & CALL_TEXT_CUT;
}

static __attribute__((noinline)) void append_cut_target(struct call_record *record,
							const struct span text[CALL_TEXT_COUNT - CALL_TEXT_TARGET])
{
	for (uint32_t kind = CALL_TEXT_TARGET; kind < CALL_TEXT_COUNT; kind++)
		append(record, (enum call_text_kind)kind, text[kind - CALL_TEXT_TARGET],
		       CALL_TEXT_BYTES - record->text_length);
}

void call_describe_whole(struct call *call, const struct worker *worker, const struct packet *packet)
{
	const struct route_request *request = &packet->request;
	const struct route_decision *decision = &packet->decision;
	const struct company *company = request->company ? request->company : decision->company;
	const struct sip_message *message = &packet->message;
	struct call_record *record = &call->record;

	record->call_id_hash = packet_name_call_id(worker, packet);
	struct span call_id = sip_message_text(message, message->call_id), dialled = number_text(&decision->dialled);
	struct span caller_number = number_text(&decision->caller_number), caller = {0}, company_name = {0};
	if (company) {
		record->company_id = company->id;
		company_name = company->name;
	}
	if (request->carrier) {
		record->caller_kind = CALL_PARTY_CARRIER;
		caller = request->carrier->name;
	} else if (request->caller) {
		record->caller_kind = party_of(request->caller);
		caller = request->caller->name;
	}
	record->started_ms = worker->now_ms;
	record->source = packet->source;
	record->flags |= (decision->emergency ? CALL_EMERGENCY : 0) | (request->anonymous ? CALL_ANONYMOUS : 0);
	uint32_t length = call_id.length + dialled.length + caller_number.length + caller.length + company_name.length;
	if (length <= WHOLE_BYTES) {
		uint32_t at = put(record, 0, CALL_TEXT_CALL_ID, call_id);
		at = put(record, at, CALL_TEXT_DIALLED, dialled);
		at = put(record, at, CALL_TEXT_CALLER_NUMBER, caller_number);
		at = put(record, at, CALL_TEXT_CALLER, caller);
		put(record, at, CALL_TEXT_COMPANY, company_name);
		record->text_length = (uint16_t)length;
		call->whole_text_is_cut = false;
	} else {
		const struct span text[] = {[CALL_TEXT_DIALLED] = dialled,
					    [CALL_TEXT_CALLER_NUMBER] = caller_number,
					    [CALL_TEXT_CALLER] = caller,
					    [CALL_TEXT_COMPANY] = company_name,
					    [CALL_TEXT_CALL_ID] = call_id};
		call->whole_text_is_cut = append_cut_whole(record, text);
	}
	call->whole_text_length = (uint8_t)record->text_length;
}

static struct span target_name(struct call_record *record, const struct route_decision *decision)
{
	switch (decision->outcome) {
	case ROUTE_OUTCOME_EXTERNAL:
		record->target_kind = CALL_PARTY_CARRIER;
		return decision->carrier->name;
	case ROUTE_OUTCOME_FRIEND:
	case ROUTE_OUTCOME_USER:
		record->target_kind = party_of(decision->target);
		return decision->target->name;
	default:
		record->target_kind = CALL_PARTY_NONE;
		return (struct span){0};
	}
}

static void append_target_texts(struct call_record *record, const struct route_decision *decision)
{
	bool external = decision->outcome == ROUTE_OUTCOME_EXTERNAL;
	const struct company *company = decision->company;
	struct span target = target_name(record, decision);
	struct span destination = number_text(external ? &decision->e164 : &decision->matched);
	struct span presented = number_text(&decision->presented);
	struct span ddi = decision->ddi ? decision->ddi->number : (struct span){0};
	struct span company_name = company && company->id != record->company_id ? company->name : (struct span){0};
	uint32_t at = record->text_length;
	uint32_t length = target.length + destination.length + presented.length + ddi.length + company_name.length;

	if (length > UINT8_MAX || at + length > CALL_TEXT_BYTES) {
		const struct span text[] = {target, destination, presented, ddi, company_name};
		_Static_assert(RTE_DIM(text) == CALL_TEXT_COUNT - CALL_TEXT_TARGET, "in the order of their kinds");
		append_cut_target(record, text);
		return;
	}
	record->text_length = (uint16_t)(at + length);
	at = put(record, at, CALL_TEXT_TARGET, target);
	at = put(record, at, CALL_TEXT_DESTINATION, destination);
	at = put(record, at, CALL_TEXT_PRESENTED, presented);
	at = put(record, at, CALL_TEXT_DDI, ddi);
	put(record, at, CALL_TEXT_TARGET_COMPANY, company_name);
}

void call_describe_target(struct call *call, const struct packet *packet)
{
	const struct route_decision *decision = &packet->decision;
	struct call_record *record = &call->record;

	record->flags &= (uint8_t) ~(CALL_TEXT_CUT | CALL_FROM_OUTSIDE);
	record->flags |=
		(call->whole_text_is_cut ? CALL_TEXT_CUT : 0) | (decision->from_outside ? CALL_FROM_OUTSIDE : 0);
	record->text_length = call->whole_text_length;
	record->destination = decision->outcome == ROUTE_OUTCOME_REJECT ? (struct net_address){0} : packet->destination;
	record->forward_count = decision->forward_count;
	memcpy(record->rule, decision->rule, sizeof(record->rule));
	record->target_company_id = decision->company ? decision->company->id : 0;
	append_target_texts(record, decision);
}
