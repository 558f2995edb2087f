#include "server_transaction.h"

#include <rte_mbuf.h>

#include "answer_make.h"
#include "answer_write.h"
#include "kept_request.h"
#include "message_hold.h"
#include "rewrite_parts.h"
#include "send.h"
#include "sip_timers.h"
#include "via_stamp.h"

/* A number of seconds has no more digits than this. */
#define TIMESTAMP_LINE_BYTES 128

static void start_timer(struct worker *worker, struct transaction *transaction, uint64_t due_tick)
{
	timer_wheel_start(&worker->wheel, &transaction->timer, due_tick);
}

static bool is_asked_by_carrier(const struct packet *packet)
{
	if (packet->kind == PACKET_INITIAL)
		return packet->caller.carrier != NULL;
	return packet->dialog.flags & (packet->from_caller ? DIALOG_CALLER_CARRIER : DIALOG_CALLEE_CARRIER);
}

void server_transaction_begin(struct worker *worker, struct transaction *transaction, struct packet *packet)
{
	const struct sip_message *message = &packet->message;
	const struct caller *caller = &packet->caller;

	transaction->state = TRANSACTION_PROCEEDING;
	transaction->method = message->method;
	transaction->kind = packet->kind;
	transaction->is_invite = message->method == SIP_METHOD_INVITE;
	transaction->asked_by_carrier = is_asked_by_carrier(packet);
	transaction->cseq = message->cseq;
	transaction->call_id_hash = (uint32_t)packet->call_id_hash;
	transaction->source = packet->source;
	transaction->entry = net_entry_make(&packet->local, packet->interface);
	packet->via_stays = !via_stamp_is_needed(message, &packet->source);
	answer_destination(&transaction->upstream, message, &packet->source, packet->via_stays);
	transaction->endpoint = TRANSACTION_NONE;
	transaction->bindings_q = packet->binding ? packet->binding->q : 0;
	transaction->call = packet->call;
	memcpy(transaction->step, packet->step, packet->step_count);
	transaction->step_count = packet->step_count;
	if (packet->kind == PACKET_INITIAL && caller->endpoint) {
		transaction->company_id = caller->company->id;
		transaction->endpoint = (uint32_t)(caller->endpoint - caller->company->endpoint);
		transaction->endpoint_hash = name_table_hash(caller->endpoint->name, false);
	}
	transaction->from = message->from.address;
	transaction->to = message->to.address;
	struct span text = packet->bytes;
	struct rte_mbuf *mbuf = message_hold(&text, worker, packet->mbuf, MESSAGE_HOLD_REQUEST);
	transaction_table_keep(&worker->transactions, &transaction->request, mbuf, text);
	if (!transaction->is_invite)
		start_timer(worker, transaction, worker->now_tick + SIP_TRYING);
}

static void begin_completed(struct worker *worker, struct transaction *transaction)
{
	transaction->state = TRANSACTION_COMPLETED;
	transaction->retransmissions = 0;
	transaction_table_give_back(&worker->transactions, &transaction->response);
	transaction->deadline_tick = worker->now_tick + SIP_TIMEOUT; /* H, J */
	start_timer(worker, transaction,
		    transaction->is_invite ? worker->now_tick + SIP_T1 : transaction->deadline_tick);
}

static void begin_accepted(struct worker *worker, struct transaction *transaction)
{
	transaction->is_answered = true;
	if (transaction->state != TRANSACTION_PROCEEDING)
		return;
	transaction->state = TRANSACTION_ACCEPTED;
	transaction_table_give_back(&worker->transactions, &transaction->response);
	start_timer(worker, transaction, worker->now_tick + SIP_TIMEOUT); /* L */
}

void server_transaction_answered(struct worker *worker, struct transaction *transaction, uint16_t status)
{
	if (transaction->is_invite && status >= 200 && status < 300)
		begin_accepted(worker, transaction);
	else if (transaction->state == TRANSACTION_PROCEEDING && status >= 200)
		begin_completed(worker, transaction);
	transaction->status = status;
}

void server_transaction_keep(struct worker *worker, struct transaction *transaction, struct rte_mbuf *out,
			     uint16_t status)
{
	bool is_repeated =
		status < 200 ? transaction->state == TRANSACTION_PROCEEDING
			     : transaction->state == TRANSACTION_COMPLETED && !(transaction->is_invite && status < 300);

	/* A repeated request can do with 100: buffers are for those who have none yet. */
	bool is_dear = status < 200 && !transaction->response.mbuf && transaction_table_is_short(&worker->transactions);

	if (!is_repeated || is_dear)
		return;
	struct span text = span_make(rte_pktmbuf_mtod(out, const char *), rte_pktmbuf_data_len(out));
	struct rte_mbuf *held = message_hold(&text, worker, out, MESSAGE_HOLD_RESPONSE);
	transaction_table_keep(&worker->transactions, &transaction->response, held, text);
	transaction->final_is_lost = !held && status >= 200;
}

static void send_upstream(struct worker *worker, const struct transaction *transaction, struct rte_mbuf *out)
{
	send_message(worker, out, &transaction->upstream, &transaction->entry);
}

/* RFC 3261 8.2.6.1: the sender measures its round trip. */
static void write_timestamp(struct text_writer *writer, const struct sip_message *request)
{
	if (!sip_message_has(request, SIP_HEADER_TIMESTAMP))
		return;
	text_write_literal(writer, "Timestamp: ");
	text_write_span(writer, sip_message_first(request, SIP_HEADER_TIMESTAMP));
	text_write_literal(writer, "\r\n");
}

void server_transaction_send_trying(struct worker *worker, struct transaction *transaction, struct packet *request)
{
	char text[TIMESTAMP_LINE_BYTES];
	struct text_writer extra = text_write_begin(text, sizeof(text));
	struct rte_mbuf *out;

	write_timestamp(&extra, &request->message);
	struct answer answer = {.status = 100,
				.phrase = SPAN_LITERAL("Trying"),
				.extra_headers = extra.overflowed ? (struct span){0} : text_written(&extra),
				.source = transaction->source,
				.via_stays = request->via_stays};
	if (answer_make(&out, worker, request, &answer) != REASON_NONE)
		return; /* the sender will ask again */
	transaction->status = transaction->status ? transaction->status : 100;
	worker->counters->value[COUNTER_TRYINGS_SENT]++;
	send_upstream(worker, transaction, out);
}

void server_transaction_refuse(struct worker *worker, struct transaction *transaction, enum reason reason)
{
	struct packet *work = &worker->work;
	struct rte_mbuf *out = NULL;

	if (kept_request_read(work, transaction)) {
		work->reason = (uint16_t)reason;
		if (answer_make_refusal(&out, worker, work) != REASON_NONE)
			out = NULL;
	}
	server_transaction_answered(worker, transaction, reason_rows[reason].status);
	transaction->final_is_lost = out == NULL;
	if (!out) {
		worker->counters->value[COUNTER_TRANSMIT_DROPPED]++;
		return;
	}
	server_transaction_keep(worker, transaction, out, reason_rows[reason].status);
	worker->counters->value[COUNTER_FINALS_SENT]++;
	send_upstream(worker, transaction, out);
}

static void resend(struct worker *worker, struct transaction *transaction)
{
	worker->counters->value[COUNTER_RESPONSES_REPEATED]++;
	send_copy(worker, kept_message_text(&transaction->response), &transaction->upstream, &transaction->entry);
}

/*
 * Once more the final response; or, when none could be written so far, one of our own. One that is being written in
 * this burst is neither.
 */
static void repeat_final(struct worker *worker, struct transaction *transaction)
{
	if (transaction->response.mbuf)
		resend(worker, transaction);
	else if (transaction->final_is_lost)
		server_transaction_refuse(worker, transaction, REASON_RESPONSE_NOT_WRITTEN);
}

void server_transaction_repeat(struct worker *worker, struct transaction *transaction, struct packet *request)
{
	if (transaction->state != TRANSACTION_PROCEEDING && transaction->state != TRANSACTION_COMPLETED)
		return;
	if (transaction->state == TRANSACTION_COMPLETED)
		repeat_final(worker, transaction);
	else if (transaction->response.mbuf)
		resend(worker, transaction);
	else if (transaction->state == TRANSACTION_PROCEEDING && (transaction->is_invite || transaction->status == 100))
		server_transaction_send_trying(worker, transaction, request);
}

void server_transaction_acknowledge(struct worker *worker, struct transaction *transaction)
{
	if (transaction->state != TRANSACTION_COMPLETED || !transaction->is_invite)
		return;
	transaction->state = TRANSACTION_CONFIRMED;
	transaction_table_give_back(&worker->transactions, &transaction->response);
	start_timer(worker, transaction, worker->now_tick + SIP_T4); /* I */
}

/* RFC 4320 4.1: a request that takes long is answered 100, once. */
static void expire_proceeding(struct worker *worker, struct transaction *transaction)
{
	struct packet *work = &worker->work;

	if (!transaction->is_invite && transaction->status == 0 && kept_request_read(work, transaction))
		server_transaction_send_trying(worker, transaction, work);
}

static void end(struct worker *worker, struct transaction *transaction)
{
	transaction->state = TRANSACTION_ENDED;
	transaction_table_give_back(&worker->transactions, &transaction->response);
	server_transaction_forget(worker, transaction);
}

void server_transaction_forget(struct worker *worker, struct transaction *transaction)
{
	struct transaction_table *table = &worker->transactions;

	if (transaction->state != TRANSACTION_ENDED)
		return;
	for (struct branch *branch = transaction_first_branch(table, transaction); branch;
	     branch = branch_next(table, branch))
		if (branch->state != BRANCH_ENDED)
			return;
	transaction_table_remove(table, transaction);
}

void server_transaction_expire(struct worker *worker, struct transaction *transaction)
{
	switch (transaction->state) {
	case TRANSACTION_PROCEEDING:
		expire_proceeding(worker, transaction);
		break;
	case TRANSACTION_COMPLETED:
		if (!transaction->is_invite || worker->now_tick >= transaction->deadline_tick) {
			end(worker, transaction);
			break;
		}
		transaction->retransmissions++;
		start_timer(worker, transaction,
			    RTE_MIN(worker->now_tick + sip_timers_interval(transaction->retransmissions, SIP_T2),
				    transaction->deadline_tick));
		repeat_final(worker, transaction);
		break;
	default:
		end(worker, transaction);
	}
}

static bool is_settled(const struct transaction *transaction)
{
	switch (transaction->state) {
	case TRANSACTION_ACCEPTED:
	case TRANSACTION_CONFIRMED:
	case TRANSACTION_ENDED:
		return transaction->pending_count == 0;
	case TRANSACTION_COMPLETED:
		return transaction->pending_count == 0 && !transaction->is_invite;
	default:
		return false;
	}
}

/*
 * Later 2xx of a new dialog bring back what they need in our Record-Route; those of a re-INVITE do not. A final
 * response that could not be written is made anew.
 */
static bool needs_request(const struct transaction *transaction)
{
	if (transaction->state == TRANSACTION_ACCEPTED)
		return transaction->kind != PACKET_INITIAL;
	return transaction->state == TRANSACTION_COMPLETED && transaction->final_is_lost;
}

void server_transaction_settle(struct worker *worker, struct transaction *transaction)
{
	struct transaction_table *table = &worker->transactions;

	if (transaction->state < TRANSACTION_COMPLETED || transaction->pending_count > 0)
		return;
	transaction_table_give_back(table, &transaction->best);
	if (!needs_request(transaction))
		transaction_table_give_back(table, &transaction->request);
	if (is_settled(transaction))
		transaction_table_linger(table, transaction);
	server_transaction_forget(worker, transaction);
}
