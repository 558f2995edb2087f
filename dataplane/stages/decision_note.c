#include "decision_note.h"

#include "packet_name.h"

_Static_assert(DECISION_RULE_BYTES == ROUTE_RULE_BYTES_MAX && CALL_RULE_BYTES == ROUTE_RULE_BYTES_MAX, "rules");

/* Refusals of in-dialog requests count too: somebody will ask why the call could not be put on hold. */
static bool is_told_about(const struct packet *packet)
{
	if (!packet->message.is_request || packet->verdict == VERDICT_ABSORB || packet->message.call_id.length == 0)
		return false;
	return packet->kind == PACKET_INITIAL || reason_rows[packet->reason].severity != SEVERITY_NORMAL;
}

static struct span name_of_caller(const struct packet *packet)
{
	const struct caller *caller = &packet->caller;

	if (caller->carrier)
		return caller->carrier->name;
	return caller->endpoint ? caller->endpoint->name : (struct span){0};
}

static void note_decision(struct decision *decision, const struct packet *packet)
{
	const struct route_decision *routed = &packet->decision;
	struct span target = {0};

	if (routed->outcome == ROUTE_OUTCOME_EXTERNAL)
		target = routed->carrier->name;
	else if (routed->outcome != ROUTE_OUTCOME_REJECT)
		target = routed->target->name;
	memcpy(decision->rule, routed->rule, sizeof(decision->rule));
	decision_log_set_text(decision, DECISION_TEXT_TARGET, target);
	decision_log_set_text(decision, DECISION_TEXT_NUMBER, number_text(&routed->dialled));
}

void decision_note_packet(struct worker *worker, const struct packet *packet)
{
	const struct sip_message *message = &packet->message;

	if (!is_told_about(packet))
		return;
	struct span call_id = sip_message_text(message, message->call_id);
	struct decision *decision = decision_log_add(&worker->decisions);
	decision->kind = DECISION_REQUEST;
	decision->time_ms = worker->now_ms;
	decision->call_id_hash = packet_name_call_id(worker, packet);
	decision->call = packet->call;
	decision->source = packet->source;
	decision->status = packet->verdict == VERDICT_ANSWER ? reason_rows[packet->reason].status : 0;
	decision->reason = packet->reason;
	decision->verdict = packet->verdict;
	decision->method = message->method;
	decision_log_set_text(decision, DECISION_TEXT_CALL_ID, call_id);
	decision_log_set_text(decision, DECISION_TEXT_CALLER, name_of_caller(packet));
	/* The rule tells that routing took place. */
	if (packet->decision.rule[0])
		note_decision(decision, packet);
	else if (packet->kind == PACKET_INITIAL)
		decision_log_set_text(decision, DECISION_TEXT_NUMBER, packet->request_uri.user);
}

void decision_note_call(struct worker *worker, const struct call_record *record)
{
	struct decision *decision = decision_log_add(&worker->decisions);

	decision->kind = DECISION_CALL;
	decision->time_ms = record->ended_ms;
	decision->call_id_hash = record->call_id_hash;
	decision->call = record->handle;
	decision->source = record->source;
	decision->status = record->status;
	decision->reason = record->reason;
	decision->method = SIP_METHOD_INVITE;
	decision->end = record->end;
	memcpy(decision->rule, record->rule, sizeof(decision->rule));
	decision_log_set_text(decision, DECISION_TEXT_CALL_ID, call_record_text(record, CALL_TEXT_CALL_ID));
	decision_log_set_text(decision, DECISION_TEXT_CALLER, call_record_text(record, CALL_TEXT_CALLER));
	decision_log_set_text(decision, DECISION_TEXT_TARGET, call_record_text(record, CALL_TEXT_TARGET));
	decision_log_set_text(decision, DECISION_TEXT_NUMBER, call_record_text(record, CALL_TEXT_DIALLED));
}
