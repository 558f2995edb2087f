#include "call_describe.h"

#include <rte_common.h>

#include "copy_bytes.h"
#include "packet_name.h"

#define WHOLE_BYTES (CALL_TEXT_BYTES - CALL_DESCRIBE_TARGET_BYTES)

/* Appends a text, of which at most `room` bytes. */
static inline void append(struct call_record *record, enum call_text_kind kind, struct span text, uint32_t room)
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

static void append_whole_texts(struct call_record *record, struct span text[CALL_TEXT_TARGET])
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
}

void call_describe_whole(struct call *call, const struct worker *worker, const struct packet *packet)
{
	const struct route_request *request = &packet->request;
	const struct route_decision *decision = &packet->decision;
	const struct company *company = request->company ? request->company : decision->company;
	const struct sip_message *message = &packet->message;
	struct call_record *record = &call->record;
	struct span text[CALL_TEXT_TARGET] = {
		[CALL_TEXT_DIALLED] = number_text(&decision->dialled),
		[CALL_TEXT_CALLER_NUMBER] = number_text(&decision->caller_number),
		[CALL_TEXT_CALL_ID] = sip_message_text(message, message->call_id),
	};

	if (company) {
		record->company_id = company->id;
		text[CALL_TEXT_COMPANY] = company->name;
	}
	if (request->carrier) {
		record->caller_kind = CALL_PARTY_CARRIER;
		text[CALL_TEXT_CALLER] = request->carrier->name;
	} else if (request->caller) {
		record->caller_kind = party_of(request->caller);
		text[CALL_TEXT_CALLER] = request->caller->name;
	}
	record->call_id_hash = packet_name_call_id(worker, packet);
	record->started_ms = worker->now_ms;
	record->source = packet->source;
	record->flags |= (decision->emergency ? CALL_EMERGENCY : 0) | (request->anonymous ? CALL_ANONYMOUS : 0);
	append_whole_texts(record, text);
	call->whole_text_length = record->text_length;
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

/* Marks of the texts that stay. */
static bool is_whole_text_cut(const struct call_record *record)
{
	for (uint32_t kind = 0; kind < CALL_TEXT_TARGET; kind++)
		if (record->part[kind].cut)
			return true;
	return false;
}

static void append_target_texts(struct call_record *record, const struct route_decision *decision)
{
	bool external = decision->outcome == ROUTE_OUTCOME_EXTERNAL;
	const struct company *company = decision->company;
	const struct span text[] = {
		target_name(record, decision),
		number_text(external ? &decision->e164 : &decision->matched),
		number_text(&decision->presented),
		decision->ddi ? decision->ddi->number : (struct span){0},
		company && company->id != record->company_id ? company->name : (struct span){0},
	};

	_Static_assert(RTE_DIM(text) == CALL_TEXT_COUNT - CALL_TEXT_TARGET, "in the order of their kinds");
	for (uint32_t i = 0; i < RTE_DIM(text); i++)
		append(record, (enum call_text_kind)(CALL_TEXT_TARGET + i), text[i],
		       CALL_TEXT_BYTES - record->text_length);
}

void call_describe_target(struct call *call, const struct packet *packet)
{
	const struct route_decision *decision = &packet->decision;
	struct call_record *record = &call->record;

	record->flags &= (uint8_t) ~(CALL_TEXT_CUT | CALL_FROM_OUTSIDE);
	record->flags |=
		(is_whole_text_cut(record) ? CALL_TEXT_CUT : 0) | (decision->from_outside ? CALL_FROM_OUTSIDE : 0);
	record->text_length = call->whole_text_length;
	record->destination = decision->outcome == ROUTE_OUTCOME_REJECT ? (struct net_address){0} : packet->destination;
	record->forward_count = decision->forward_count;
	memcpy(record->rule, decision->rule, sizeof(record->rule));
	record->target_company_id = decision->company ? decision->company->id : 0;
	append_target_texts(record, decision);
}
